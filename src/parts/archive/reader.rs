//! Reads tickets as they are at one moment, message by message, for an export.

use crate::desk::Desk;
use crate::ticket::State;
use crate::store::lock::{PATIENCE, Patience};
use crate::ticket::TicketId;
use crate::parts::archive::exported::{self, Exported, Origin};
use anyhow::{Result, bail};
use mail::mbox;

impl Desk {
    /// Hands each message of a ticket to `each`, with its place in it, from 1; how many there were,
    /// or `None` if there is no such ticket. What a delivery is just about to append is not among
    /// them.
    ///
    /// # Errors
    /// The ticket cannot be read, or `each` fails.
    pub fn export(
        &mut self,
        id: TicketId,
        each: &mut dyn FnMut(u32, &Exported) -> Result<()>,
    ) -> Result<Option<u32>> {
        let Some((state, bytes, whole)) = self.settled(id)? else {
            return Ok(None);
        };
        let mut entry = 0;
        // Half a message is none; the index knows how many are whole.
        for found in mbox::entries(&bytes, 0).take(whole) {
            entry += 1;
            let origin = Origin {
                ticket: id,
                closed: state == State::Closed,
                entry,
                addresses: &self.config.addresses,
            };
            each(entry, &exported::export(&found, &origin))?;
        }
        Ok(Some(entry))
    }

    /// A ticket's place, its bytes and how many whole entries they are, all at one moment.
    fn settled(&mut self, id: TicketId) -> Result<Option<(State, Vec<u8>, usize)>> {
        let patience = Patience::new(PATIENCE);
        loop {
            let Some(row) = self.known(id)? else {
                return Ok(None);
            };
            if let Some((state, stamp, bytes)) = self.store.read(id)?
                && (row.state, row.stamp) == (Some(state), stamp)
                && self.store.stamp(id)? == Some((state, stamp))
                && bytes.len() as u64 == stamp.size
            {
                return Ok(Some((state, bytes, row.entries as usize)));
            }
            if !patience.wait() {
                bail!("cannot read ticket {id}: it changes all the time");
            }
        }
    }
}
