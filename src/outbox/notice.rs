//! Mail that is about no ticket, and mail that is not to go out after all.

use super::{Key, NEVER_FILED, Outbox, Released, Staged, entry};
use crate::files::absent;
use crate::ticket::compose::Outgoing;
use anyhow::{Context, Result};

impl Outbox {
    /// Removes what is staged for a message that is not to be answered after all.
    ///
    /// # Errors
    /// What is staged cannot be told.
    pub fn discard(&self, key: &Key) -> Result<()> {
        drop(Staged(self.staged(key)?));
        Ok(())
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
