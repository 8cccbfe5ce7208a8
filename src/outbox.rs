//! Mail that waits to be sent: a Maildir, so that mutt can open it and `ls` can count it.
//!
//! A mail is written to `tmp/` before the message it answers is filed. Nothing sends from `tmp/`, so it is inert
//! there. Once the message is filed, a rename to `new/` releases the mail, and any later process may send it. Each
//! step is one system call on a synced file, so a crash leaves nothing, an inert file, or a mail that will be sent:
//!
//! | crash                      | left behind      | what the MTA's next attempt does                            |
//! |----------------------------|------------------|-------------------------------------------------------------|
//! | while staging              | part of `tmp/K`  | the message is not filed: stages again, under the same name |
//! | after filing               | whole `tmp/K`    | finds the message filed: [`Outbox::adopt`] releases `K`     |
//! | after releasing            | `new/T.K`        | adopts and sends it as well                                 |
//! | after sendmail accepted it | `new/T.K`        | sends it twice, with the same msg-id: the only such case    |
//!
//! All state is in names and times: `T` in `new/T.K` is when the mail was released, and the file's mtime is when
//! sending was last tried. The envelope is kept in fields above the mail, which are not sent.

mod answered;
mod carrier;
mod claim;
mod dirs;
mod entry;
mod give;
mod held;
mod notice;
mod report;
mod send;

pub use answered::{Ledger, Line, the_last_hour};
pub use carrier::{Carrier, Carriers, PATIENCE, Uncarried};
pub use entry::{Key, Mail, ToObserver};
pub use report::Report;

use crate::files::{Dir, Place, absent};
use crate::ticket::TicketId;
use crate::ticket::compose::Outgoing;
use anyhow::{Context, Result, ensure};
use nix::fcntl::OFlag;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Seconds after which no delivery can still be working on a staged mail. Generous: locks are waited for much less.
const ABANDONED: i64 = 10 * 60;

/// Seconds after which a staged mail whose message was never filed is removed.
const NEVER_FILED: i64 = 24 * 3600;

/// The outbox of one store. Its directories are created when the first mail is staged.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    store: PathBuf,
    group: bool,
    /// The desk's domain, and whether that is a guess; then mail says so.
    domain: String,
    is_guess: bool,
    /// Opened when it is first needed.
    dir: Arc<OnceLock<Dir>>,
}

/// Mail in `tmp/`, written and inert. Dropping it removes the files; if one cannot be removed, it stays inert.
#[derive(Debug)]
#[must_use = "staged mail is removed when it is dropped"]
pub struct Staged(Vec<Place>);

impl Staged {
    /// True if there was nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Marks the mail's message as filed. From now on it has to go out, and dropping it removes nothing.
    pub fn of_filed_message(mut self) -> Due {
        Due(std::mem::take(&mut self.0))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for place in &self.0 {
            let _ = place.remove();
        }
    }
}

/// Mail in `tmp/` whose message is filed; to be released.
#[derive(Debug)]
#[must_use = "mail is sent only if it is released"]
pub struct Due(Vec<Place>);

/// Mail that may be sent, and events that may be told.
#[derive(Debug, Default)]
pub struct Released(Vec<Place>);

impl Released {
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of them are mails.
    #[must_use]
    pub fn mails(&self) -> usize {
        let is_mail = |place: &&Place| entry::event_at(place).is_none();
        self.0.iter().filter(is_mail).count()
    }

    pub fn append(&mut self, other: Released) {
        self.0.extend(other.0);
    }
}

/// What [`Outbox::recover`] did, as numbers of mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Their message is filed, so they now wait to be sent.
    pub released: usize,
    /// Their message was never filed, so they were deleted.
    pub removed: usize,
}

impl Outbox {
    /// The outbox of the store at `dir`: `DIR/.tickets/outbox`. Nothing is created yet.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self {
            store: dir.to_owned(),
            ..Self::default()
        }
    }

    /// Lets the group read and send the mail, as far as the umask allows (D8).
    #[must_use]
    pub fn shared(mut self, group: bool) -> Self {
        self.group = group;
        self
    }

    /// Says which domain is the desk's, and whether it is only a guess. Mail written in the name of one is never sent if
    /// the domain turns out to be another (E7).
    #[must_use]
    pub fn of_domain(mut self, domain: &str, is_guess: bool) -> Self {
        domain.clone_into(&mut self.domain);
        self.is_guess = is_guess;
        self
    }

    /// Writes `mails` to the disk, to be sent once the message named by `key` is filed. `now` is in seconds since
    /// 1970, as everywhere here.
    ///
    /// Staging again for the same key replaces what was staged before. A mail without recipients is left out.
    ///
    /// # Errors
    /// If one mail cannot be written and synced, none is staged.
    pub fn stage(&self, key: &Key, mails: &[Outgoing], now: i64) -> Result<Staged> {
        self.stage_with_events(key, mails, &[], now)
    }

    /// The same, together with what observers are to be told of the message.
    ///
    /// # Errors
    /// As for [`Outbox::stage`].
    pub fn stage_with_events(
        &self,
        key: &Key,
        mails: &[Outgoing],
        events: &[ToObserver],
        now: i64,
    ) -> Result<Staged> {
        let mut staged = Staged(Vec::new());
        // An earlier attempt may have staged more mails. They must not be released with these, nor if there are none now.
        drop(Staged(self.staged(key)?));
        if mails.iter().all(|mail| mail.recipients.is_empty()) && events.is_empty() {
            return Ok(staged);
        }
        ensure!(
            key.is_plain(),
            "cannot queue mail: {key:?} cannot be part of a file name"
        );
        self.create_directories()?;
        let tmp = self.opened("tmp")?;
        if mails.iter().any(|mail| mail.held_until.is_some()) {
            self.for_held()?;
        }
        for (index, mail) in mails.iter().enumerate() {
            if mail.recipients.is_empty() {
                continue;
            }
            let place = tmp.at(key.name_of(index, mail));
            let head = entry::head(mail, self.is_guess.then_some(&self.domain));
            let doing = || format!("cannot write {}", place.path().display());
            staged.0.push(place.clone());
            head.and_then(|head| self.write(&place, [head.as_bytes(), &mail.bytes], now))
                .with_context(doing)?;
        }
        let behind = match events {
            [] => 0,
            _ => self.next_of_events(key.ticket)?,
        };
        for (index, event) in events.iter().enumerate() {
            let number = event.number.max(behind);
            let place = tmp.at(key.event_name(mails.len() + index, event.observer, number));
            let doing = || format!("cannot write {}", place.path().display());
            staged.0.push(place.clone());
            let message = event.message.unwrap_or(b"\n");
            self.write(&place, [event.line.as_bytes(), message], now)
                .with_context(doing)?;
        }
        let doing = || format!("cannot sync {}", tmp.path().display());
        tmp.sync().with_context(doing)?;
        Ok(staged)
    }

    /// Moves mail to `new/`, now that its message is filed, or to `held/` if it may not be sent yet; that is not returned.
    /// This is not synced: after a power cut the file is in `tmp/` again, where [`Outbox::adopt`] and [`Outbox::recover`] find it.
    ///
    /// # Errors
    /// A mail that cannot be moved stays staged.
    pub fn release(&self, due: Due, now: i64) -> Result<Released> {
        let mut released = Released::default();
        if due.0.is_empty() {
            return Ok(released);
        }
        let new = self.opened("new")?;
        for from in due.0 {
            if entry::is_mark(&from) {
                // It has served its purpose. If it cannot be removed, it is inert.
                let _ = from.remove();
                continue;
            }
            let (name, until) = entry::held_until(from.name());
            let until = until.filter(|until| *until > now);
            let to = match until {
                None => new.at(format!("{now}.{name}")),
                Some(until) => self.for_held()?.at(format!("{until}.{name}")),
            };
            match from.rename(&to) {
                Ok(()) if until.is_some() => {}
                Ok(()) => released.0.push(to),
                // Another attempt at the same delivery was faster.
                Err(cause) if absent(&cause) => {}
                Err(cause) => {
                    let from = from.path();
                    return Err(cause).with_context(|| format!("cannot move {}", from.display()));
                }
            }
        }
        Ok(released)
    }

    /// Takes over the mail of an earlier delivery that died after filing the message. Mail that is still staged is
    /// released; it is returned together with mail that was released but not sent.
    pub fn adopt(&self, key: &Key, now: i64) -> Result<Released> {
        let mut released = self.release(Due(self.staged(key)?), now)?;
        let waiting = self
            .released()?
            .into_iter()
            .filter(|place| entry::has_key(place, key));
        let waiting: Vec<Place> = waiting.filter(|it| !released.0.contains(it)).collect();
        released.0.extend(waiting);
        Ok(released)
    }

    /// The files staged for a message.
    fn staged(&self, key: &Key) -> Result<Vec<Place>> {
        let mut places = self.places("tmp")?;
        places.retain(|place| place.name().starts_with(&key.prefix()));
        Ok(places)
    }

    /// Handles staged mail that no delivery came back for. It is released if `is_filed` finds its message (by ticket
    /// and digest), and removed if the message is still not filed after a day. Costs little when `tmp/` is empty.
    pub fn recover(
        &self,
        is_filed: &dyn Fn(TicketId, &str) -> Result<bool>,
        now: i64,
    ) -> Result<Recovered> {
        let mut recovered = Recovered::default();
        for place in self.places("tmp")? {
            let Ok(Some(found)) = place.found() else {
                continue;
            };
            let age = now.saturating_sub(entry::seconds(&found));
            // The clock was wrong when it was staged, or it is now.
            let in_future = age <= -ABANDONED;
            let key = Key::of(place.name()).filter(|_| age >= ABANDONED || in_future);
            let Some(key) = key else { continue };
            let path = place.path();
            if is_filed(key.ticket, &key.digest)? {
                recovered.released += self.release(Due(vec![place]), now)?.len();
            } else if in_future {
                // Nobody knows how old it is, so its day begins now.
                let file = place.open(OFlag::O_WRONLY);
                let dated = file.and_then(|file| file.set_modified(entry::time(now)));
                dated.with_context(|| format!("cannot write {}", path.display()))?;
            } else if age >= NEVER_FILED {
                let removed = place.remove();
                removed.with_context(|| format!("cannot remove {}", path.display()))?;
                recovered.removed += 1;
            }
        }
        Ok(recovered)
    }

    /// The mail that waits to be sent, oldest first.
    pub fn waiting(&self) -> Result<Vec<Mail>> {
        Ok(oldest_first(&self.released()?))
    }

    /// The mail that was given up after five days, oldest first.
    pub fn failed(&self) -> Result<Vec<Mail>> {
        let mut places = self.places("failed/new")?;
        places.extend(self.places("failed/cur")?);
        Ok(oldest_first(&places))
    }

    fn write(&self, place: &Place, content: [&[u8]; 2], now: i64) -> io::Result<()> {
        // Create a new file instead of truncating the old one: `new/` may still hold a link to that.
        if let Err(cause) = place.remove()
            && !absent(&cause)
        {
            return Err(cause);
        }
        let mut file = place.create(if self.group { 0o660 } else { 0o600 })?;
        for part in content {
            file.write_all(part)?;
        }
        file.set_modified(entry::time(now))?;
        file.sync_all()
    }
}

/// The mails at these places that exist, oldest first.
fn oldest_first(places: &[Place]) -> Vec<Mail> {
    let mut mails: Vec<Mail> = places.iter().filter_map(Mail::read).collect();
    mails.sort_by_cached_key(|mail| (mail.since, mail.path()));
    mails
}

#[cfg(test)]
mod tests;
