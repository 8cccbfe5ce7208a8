//! Entries that were filed and are no longer in their mbox (D10).

use super::reading::first_entry;
use super::{Desk, answers};
use crate::store::RecentCopy;
use crate::store::lock::{PATIENCE, Patience};
use crate::ticket::identity::Identity;
use anyhow::{Context, Result};
use mail::message::Message;

/// An entry of which there is a copy, but which is no longer in its mbox: a program overwrote it, or
/// an operator deleted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub copy: RecentCopy,
    /// The address in From; empty if there is none.
    pub author: String,
    /// The Subject in one line.
    pub subject: String,
    /// Digest of the message as it came in, in hexadecimal.
    pub sha256: Option<String>,
}

impl Desk {
    /// The entries filed within `keep_recent` that are no longer in their mbox. A ticket whose whole
    /// file is gone was removed on purpose, so nothing of it is missing.
    pub fn missing(&mut self) -> Result<Vec<Missing>> {
        let mut missing = Vec::new();
        for copy in self.store.recent_copies()? {
            let is_there = |desk: &mut Desk| {
                let known = desk.known(copy.ticket)?;
                Ok(known.is_none() || desk.is_held(&copy)?)
            };
            if self.despite_index(is_there)? {
                continue;
            }
            let bytes = self.read_copy(&copy)?;
            let Some(decoded) = first_entry(&bytes) else {
                continue;
            };
            let message = Message::new(&decoded.raw);
            let author = message.from().into_iter().next();
            missing.push(Missing {
                author: author.map(|a| a.address).unwrap_or_default(),
                subject: message.subject(),
                sha256: decoded.sha256,
                copy,
            });
        }
        Ok(missing)
    }

    /// True if the entry is in its mbox. The name of a copy tells, and if it was written by version 0.1.0,
    /// which gave other names, the copy itself.
    fn is_held(&self, copy: &RecentCopy) -> Result<bool> {
        let Some(digest) = answers::from_hex(&copy.digest) else {
            return Ok(true);
        };
        let index = self.index()?;
        if index.holds(copy.ticket, &digest)? {
            return Ok(true);
        }
        let bytes = self.read_copy(copy)?;
        let Some(decoded) = first_entry(&bytes) else {
            return Ok(false);
        };
        let identity = Identity::of(&Message::new(&decoded.raw));
        Ok(index.holds(copy.ticket, &identity.digest)?)
    }

    /// The bytes of a copy: one entry.
    pub(crate) fn read_copy(&self, copy: &RecentCopy) -> Result<Vec<u8>> {
        let read = copy.place.read();
        read.with_context(|| format!("cannot read {}", copy.place.path().display()))
    }

    /// Puts an entry back at the end of its mbox, whether the ticket is open or closed now. False if
    /// the entry is there after all, or the ticket is gone.
    pub fn restore(&mut self, copy: &RecentCopy) -> Result<bool> {
        let bytes = self.read_copy(copy)?;
        let store = self.store.clone();
        let Some(mut locked) = store.lock(copy.ticket, Patience::new(PATIENCE))? else {
            return Ok(false);
        };
        let is_held = |desk: &mut Desk| {
            desk.known_locked(&mut locked)?;
            desk.is_held(copy)
        };
        if self.despite_index(is_held)? {
            return Ok(false);
        }
        locked.append(&bytes)?;
        // It is back. The next command sees that the file has changed, if the index cannot be told now.
        drop(locked);
        let _ = self.known(copy.ticket);
        Ok(true)
    }
}
