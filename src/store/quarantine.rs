//! Quarantine: a Maildir in the store, `quarantine/`, for messages that a filter kept from the tickets (G5).
//!
//! The name of a file is made of the message and its recipients, so that a message which comes again is found there. It
//! appears whole, by link(2), or not at all. A mail program may move it to `cur/` and add flags.

use super::recent::{day, days, first_kept};
use super::{StagedFile, Store};
use crate::files::{Dir, Place, absent};
use crate::ticket::State;
use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// Its name in the store.
pub(crate) const QUARANTINE: &str = "quarantine";

/// The directories of a Maildir in which mail lies, in the order in which a mail program moves it.
const HELD: [&str; 2] = ["new", "cur"];

impl Store {
    /// The directory.
    pub(crate) fn quarantine_dir(&self) -> PathBuf {
        self.root().join(QUARANTINE)
    }

    /// Puts a message there, in pieces, and returns when it is on the disk. If it is there already, nothing changes.
    ///
    /// # Errors
    /// It is not known to be there.
    pub(crate) fn put_in_quarantine(&self, name: &str, pieces: &[&[u8]]) -> Result<Place> {
        let doing = || format!("cannot write in {}", self.quarantine_dir().display());
        let staged = StagedFile::create(self.opened_private()?).with_context(doing)?;
        if let Some(gid) = self.group {
            nix::unistd::fchown(&staged.file, None, Some(gid))
                .map_err(std::io::Error::from)
                .with_context(doing)?;
        }
        for piece in pieces {
            (&staged.file).write_all(piece).with_context(doing)?;
        }
        staged.file.sync_all().with_context(doing)?;
        let new = match self.quarantine("new")? {
            Some(new) => new,
            None => {
                let root = self.opened(State::Open)?;
                self.create_directory(root, QUARANTINE, 0o700)?;
                let quarantine = root.below(QUARANTINE).with_context(doing)?;
                // Where the last one exists, all do.
                for sub in ["tmp", "cur", "new"] {
                    self.create_directory(&quarantine, sub, 0o700)?;
                }
                quarantine.below("new").with_context(doing)?
            }
        };
        let place = new.at(name);
        match staged.link(&place) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            linked => linked.with_context(doing)?,
        }
        // Also where it exists: whoever put it there may have died before it was on the disk.
        new.sync().with_context(doing)?;
        Ok(place)
    }

    /// The message of this name, if it is there. Then it is on the disk.
    ///
    /// # Errors
    /// That cannot be told.
    pub(crate) fn in_quarantine(&self, name: &str) -> Result<Option<Place>> {
        for sub in HELD {
            let Some(dir) = self.quarantine(sub)? else {
                return Ok(None);
            };
            let mut found = None;
            let looked = match sub {
                "new" => dir.at(name).found().map(|it| {
                    found = it.map(|_| dir.at(name));
                }),
                _ => dir.each(|other, is_file| {
                    let is_it = is_file && id_in(other) == name;
                    if is_it {
                        found = Some(dir.at(other));
                    }
                    Ok(!is_it)
                }),
            };
            let doing = || format!("cannot read {}", dir.path().display());
            looked.with_context(doing)?;
            if found.is_some() {
                dir.sync().with_context(doing)?;
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Every message that is there.
    ///
    /// # Errors
    /// That cannot be told.
    pub(crate) fn quarantined(&self) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        for sub in HELD {
            let Some(dir) = self.quarantine(sub)? else {
                continue;
            };
            let read = dir.each_of_all(|name, is_file| {
                if is_file && !name.as_bytes().starts_with(b".") {
                    places.push(dir.at(name));
                }
                Ok(true)
            });
            read.with_context(|| format!("cannot read {}", dir.path().display()))?;
        }
        Ok(places)
    }

    /// Where a message lies that lay at `place`, since a mail program may have moved it; `None` if it is gone.
    ///
    /// # Errors
    /// That cannot be told.
    pub(crate) fn still_in_quarantine(&self, place: &Place) -> Result<Option<Place>> {
        let found = place.found();
        let found = found.with_context(|| format!("cannot read {}", place.path().display()))?;
        match (found, id_in(place.name())) {
            (Some(_), _) => Ok(Some(place.clone())),
            (None, "") => Ok(None),
            (None, id) => self.in_quarantine(id),
        }
    }

    /// Removes a message. False if somebody else has done so.
    ///
    /// # Errors
    /// It is still there, or may come back after a power cut.
    pub(crate) fn remove_from_quarantine(&self, place: &Place) -> Result<bool> {
        let doing = || format!("cannot remove {}", place.path().display());
        let is_ours = match place.remove() {
            Err(e) if absent(&e) => false,
            removed => removed.map(|()| true).with_context(doing)?,
        };
        place.dir().sync().with_context(doing)?;
        Ok(is_ours)
    }

    /// The first day, in UTC, of which messages are kept, where each is kept for `keep`; `None` if all are. As for
    /// copies, the days before this one count on which something came in: no single reading of the clock removes any.
    ///
    /// # Errors
    /// The copies of filed messages cannot be read.
    pub(crate) fn first_day_in_quarantine(
        &self,
        came: &[i64],
        now: i64,
        keep: Duration,
    ) -> Result<Option<String>> {
        let mut known: Vec<String> = came.iter().map(|&at| day(at)).collect();
        if let Some(recent) = self.recent()? {
            known.extend(days(&recent)?.into_iter().map(|(day, _)| day));
        }
        Ok(first_kept(&known, &day(now), keep))
    }

    /// The directory `sub` of it, opened; `None` if it is missing.
    fn quarantine(&self, sub: &str) -> Result<Option<Dir>> {
        let open = || self.dir_of(State::Open)?.below(QUARANTINE)?.below(sub);
        match open() {
            Err(e) if absent(&e) => Ok(None),
            dir => {
                let doing = || format!("cannot open {}", self.quarantine_dir().join(sub).display());
                dir.map(Some).with_context(doing)
            }
        }
    }
}

/// The name under which a message was put there, without the flags that a mail program added.
fn id_in(name: &str) -> &str {
    name.split_once(':').map_or(name, |(id, _flags)| id)
}

/// The same as text: bytes that are none of it are written as `%FF`.
pub(crate) fn id_of(place: &Place) -> String {
    let mut id = String::new();
    for chunk in place.os_name().as_bytes().utf8_chunks() {
        id.push_str(chunk.valid());
        for byte in chunk.invalid() {
            id.push_str(&format!("%{byte:02X}"));
        }
    }
    id_in(&id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_lies_there_once_and_whole() {
        // G5
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        assert_eq!(store.quarantined().unwrap(), []);
        assert_eq!(store.in_quarantine("a").unwrap(), None);
        let first = store.put_in_quarantine("a", &[b"x", b"y"]).unwrap();
        let again = store.put_in_quarantine("a", &[b"z"]).unwrap();
        assert_eq!(first, again);
        assert_eq!(first.read().unwrap(), b"xy");
        store.put_in_quarantine("ab", &[b"z"]).unwrap();
        assert_eq!(store.in_quarantine("a").unwrap(), Some(first.clone()));
        // mutt has shown it.
        let shown = store.quarantine("cur").unwrap().unwrap().at("a:2,S");
        first.move_to(&shown).unwrap();
        assert_eq!(store.in_quarantine("a").unwrap(), Some(shown.clone()));
        assert_eq!(store.quarantined().unwrap().len(), 2);
        assert_eq!(
            store.still_in_quarantine(&first).unwrap(),
            Some(shown.clone())
        );
        assert!(store.remove_from_quarantine(&shown).unwrap());
        assert!(!store.remove_from_quarantine(&shown).unwrap());
        assert_eq!(store.still_in_quarantine(&first).unwrap(), None);
        assert_eq!(store.in_quarantine("a").unwrap(), None);
        let names = std::fs::read_dir(store.quarantine_dir()).unwrap().count();
        assert_eq!(names, 3);
    }

    #[test]
    fn nothing_is_put_beside_a_link() {
        // D8
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), store.quarantine_dir()).unwrap();
        assert!(store.put_in_quarantine("a", &[b"x"]).is_err());
        assert!(store.in_quarantine("a").is_err());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_old_goes_by_the_days_on_which_something_came() {
        // G5
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let keep = Duration::from_secs(30 * 86_400);
        let at = |day: i64| day * 86_400 + 3600;
        let first = |came: &[i64], now: i64| {
            let came: Vec<i64> = came.iter().map(|&day| at(day)).collect();
            store.first_day_in_quarantine(&came, at(now), keep).unwrap()
        };
        assert_eq!(first(&[], 100), None);
        assert_eq!(first(&[60, 99], 100).as_deref(), Some("1970-03-12"));
        // The clock is wrong now: what came on the last days stays.
        assert_eq!(first(&[60, 99], 40_000).as_deref(), Some("1970-03-12"));
        // Mail that was filed counts, too.
        let copy = store.stage_copy(b"x").unwrap();
        let id = crate::ticket::TicketId::new(1).unwrap();
        let keep_copies = Duration::from_secs(86_400);
        store
            .keep_recent(&copy, id, "a", at(99), keep_copies)
            .unwrap();
        assert_eq!(first(&[60], 100).as_deref(), Some("1970-03-12"));
    }
}
