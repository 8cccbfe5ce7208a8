//! Entries that were filed and are in their mbox no more (D10).

use super::{Desk, answers};
use crate::store::Recent;
use crate::store::lock::{PATIENCE, Patience};
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use mail::mbox;
use mail::{entry, message::Message};

/// An entry that is kept, but no longer in its mbox: a program overwrote it, or an operator
/// deleted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The copy.
    pub copy: Recent,
    /// From of the message, as it would be shown.
    pub author: String,
    /// Its Subject in one line.
    pub subject: String,
}

impl Desk {
    /// The entries filed within the last days that are not in their mbox any more. A ticket whose
    /// whole file is gone was removed by somebody, and is not missed.
    pub fn missing(&mut self) -> Result<Vec<Missing>> {
        let mut missing = Vec::new();
        for copy in self.store.recent()? {
            if self.known(copy.ticket)?.is_none() || self.is_held(&copy)? {
                continue;
            }
            let bytes = self.read_copy(&copy)?;
            let Some(found) = mbox::entries(&bytes, 0).next() else {
                continue;
            };
            let decoded = entry::decode(found.content);
            let message = Message::new(&decoded.raw);
            let author = message.from().into_iter().next();
            missing.push(Missing {
                author: author.map(|a| a.address).unwrap_or_default(),
                subject: message.subject(),
                copy,
            });
        }
        Ok(missing)
    }

    fn is_held(&self, copy: &Recent) -> Result<bool> {
        match answers::from_hex(&copy.digest) {
            Some(digest) => Ok(self.index()?.holds(copy.ticket, &digest)?),
            None => Ok(true),
        }
    }

    fn read_copy(&self, copy: &Recent) -> Result<Vec<u8>> {
        std::fs::read(&copy.path).with_context(|| format!("cannot read {}", copy.path.display()))
    }

    /// Puts an entry back at the end of its mbox, where the ticket lies now; false if it is there
    /// after all, or the ticket is gone.
    pub fn restore(&mut self, copy: &Recent) -> Result<bool> {
        let bytes = self.read_copy(copy)?;
        let store = self.store.clone();
        let Some(mut locked) = store.lock(copy.ticket, Patience::new(PATIENCE))? else {
            return Ok(false);
        };
        self.known_locked(&mut locked)?;
        if self.is_held(copy)? {
            return Ok(false);
        }
        locked.append(&bytes)?;
        drop(locked);
        let id: TicketId = copy.ticket;
        self.known(id)?;
        Ok(true)
    }
}
