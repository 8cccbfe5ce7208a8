//! Mail that is not to be sent before its time: `held/DUE.K.I.KIND`. Nothing is sent from there.

use super::entry::{self, Key, Mail};
use super::{Outbox, Released, oldest_first};
use crate::files::{Dir, Place, absent};
use crate::ticket::compose::Outgoing;
use anyhow::{Context, Result};
use std::io::ErrorKind;

/// No mail is held for longer, in seconds.
const LONGEST: i64 = 10 * DAY;

const DAY: i64 = 24 * 3600;

/// True if mail that is held until `due` has to wait longer. What was held when the clock was wrong, as its own date says
/// by more than a day, has not: nobody knows for how long that would be.
fn is_early(place: &Place, due: i64, now: i64) -> bool {
    let since = || place.found().ok().flatten().map(|it| entry::seconds(&it));
    now < due && since().is_some_and(|since| since - now <= DAY && due - since <= LONGEST)
}

impl Outbox {
    /// Holds a mail until `due`, both in seconds since 1970, as the mail of this number for this key, in the place of
    /// those that are held for a key with the same digest.
    ///
    /// # Errors
    /// It cannot be written; those that were held stay.
    pub fn hold(
        &self,
        key: &Key,
        number: usize,
        mail: &Outgoing,
        due: i64,
        now: i64,
    ) -> Result<()> {
        let before = self.held_for(&key.digest)?;
        self.create_directories()?;
        let held = self.for_held()?;
        let staged = self.opened("tmp")?.at(key.name(number, mail.kind));
        let doing = || format!("cannot write {}", staged.path().display());
        let head = entry::head(mail, self.is_guess.then_some(&self.domain)).with_context(doing)?;
        self.write(&staged, [head.as_bytes(), &mail.bytes], now)
            .with_context(doing)?;
        let to = held.at(format!("{due}.{}", staged.name()));
        staged.rename(&to).with_context(doing)?;
        for place in before.into_iter().filter(|place| *place != to) {
            place.remove().with_context(doing)?;
        }
        Ok(())
    }

    /// The number of the mail that is held for a key with this digest, and when it is due.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn held_number(&self, digest: &str) -> Result<Option<(usize, i64)>> {
        let held = self.held_for(digest)?;
        let number = |place: &Place| {
            let mut parts = place.name().split('.');
            let due = parts.next()?.parse().ok()?;
            Some((parts.nth(2)?.parse().ok()?, due))
        };
        Ok(held.iter().filter_map(number).max())
    }

    /// Lets mail go out whose time has come.
    ///
    /// # Errors
    /// What cannot be moved stays.
    pub fn release_held(&self, now: i64) -> Result<Released> {
        let mut released = Released::default();
        for place in self.places("held")? {
            let Some((due, rest)) = place.name().split_once('.') else {
                continue;
            };
            if due.parse().is_ok_and(|due| is_early(&place, due, now)) {
                continue;
            }
            let to = self.opened("new")?.at(format!("{now}.{rest}"));
            match place.rename(&to) {
                Ok(()) => released.0.push(to),
                // Another process was faster.
                Err(e) if absent(&e) => {}
                Err(e) => {
                    let path = place.path();
                    return Err(e).with_context(|| format!("cannot move {}", path.display()));
                }
            }
        }
        Ok(released)
    }

    /// The mail that is held, the one that is due first of all.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn held(&self) -> Result<Vec<Mail>> {
        Ok(oldest_first(&self.places("held")?))
    }

    /// The directory for it. Its name is on the disk before any mail is moved there.
    pub(super) fn for_held(&self) -> Result<Dir> {
        if let Some(held) = self.find("held")? {
            return Ok(held);
        }
        let outbox = self.opened("")?;
        let mode = if self.group { 0o770 } else { 0o700 };
        let created = match outbox.create_dir("held", mode) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
            created => created,
        };
        let synced = created.and_then(|()| outbox.sync());
        synced.context("cannot create outbox/held")?;
        self.opened("held")
    }

    fn held_for(&self, digest: &str) -> Result<Vec<Place>> {
        let mut places = self.places("held")?;
        places.retain(|place| place.name().split('.').nth(2) == Some(digest));
        Ok(places)
    }
}
