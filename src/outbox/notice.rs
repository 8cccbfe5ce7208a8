//! Mail that is about no ticket, and what is staged where there is no mail.

use super::{Key, NEVER_FILED, Outbox, Released, Staged, entry};
use crate::files::{Place, absent};
use crate::ticket::TicketId;
use crate::ticket::compose::Outgoing;
use anyhow::{Context, Result};

impl Outbox {
    /// Writes to the disk that the message named by `key` is being filed in that ticket, where no mail says so. Like mail,
    /// it is staged and then released, which removes it.
    ///
    /// # Errors
    /// It cannot be written and synced.
    pub fn stage_mark(&self, key: &Key, now: i64) -> Result<Staged> {
        self.create_directories()?;
        let tmp = self.opened("tmp")?;
        let place = tmp.at(entry::mark_name(key));
        let doing = || format!("cannot write {}", place.path().display());
        let staged = Staged(vec![place.clone()]);
        let written = self.write(&place, [b"", b""], now);
        written.and_then(|()| tmp.sync()).with_context(doing)?;
        Ok(staged)
    }

    /// The tickets for which the outbox has something that depends on a message with this digest: attempts to file it
    /// there were begun, or have come to an end.
    ///
    /// # Errors
    /// The directories cannot be read.
    pub fn tickets_of(&self, digest: &str) -> Result<Vec<TicketId>> {
        let staged = self.places("tmp")?;
        let mut released = self.released()?;
        released.extend(self.places("held")?);
        let released = released
            .iter()
            .filter_map(|place| Some(place.name().split_once('.')?.1));
        let names = staged.iter().map(Place::name).chain(released);
        let keys = names.filter_map(Key::of).filter(|key| key.digest == digest);
        let mut tickets: Vec<TicketId> = keys.map(|key| key.ticket).collect();
        tickets.sort_unstable();
        tickets.dedup();
        Ok(tickets)
    }

    /// Queues a mail that is about no message and no ticket. `digest` is its own: letters and digits.
    ///
    /// # Errors
    /// It cannot be written and synced.
    pub fn queue_notice(&self, digest: &str, mail: &Outgoing, now: i64) -> Result<Released> {
        if mail.recipients.is_empty() {
            return Ok(Released::default());
        }
        self.create_directories()?;
        let place = self
            .opened("tmp")?
            .at(entry::notice_name(digest, mail.kind));
        let staged = Staged(vec![place.clone()]);
        let doing = || format!("cannot write {}", place.path().display());
        let head = entry::head(mail, self.is_guess.then_some(&self.domain)).with_context(doing)?;
        self.write(&place, [head.as_bytes(), &mail.bytes], now)
            .with_context(doing)?;
        self.release(staged.of_filed_message(), now)
    }

    /// Removes such mail that was begun more than a day ago and never queued. Returns how much that was.
    ///
    /// # Errors
    /// It cannot be read or removed.
    pub fn remove_begun(&self, now: i64) -> Result<usize> {
        let mut removed = 0;
        for place in self.places("tmp")? {
            let found = place.found().ok().flatten();
            let begun = found.filter(|_| place.name().starts_with(entry::NO_TICKET));
            let Some(found) = begun else { continue };
            if now.saturating_sub(entry::seconds(&found)) < NEVER_FILED {
                continue;
            }
            match place.remove() {
                Err(e) if !absent(&e) => {
                    let doing = || format!("cannot remove {}", place.path().display());
                    return Err(e).with_context(doing);
                }
                _ => removed += 1,
            }
        }
        Ok(removed)
    }
}
