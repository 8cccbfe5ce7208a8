//! A ticket as it is at one moment, for an export.

use super::entry::{self, ExportedEntry, ExportedFrom};
use crate::desk::Desk;
use crate::store::lock::{PATIENCE, Patience};
use crate::ticket::address::Addresses;
use crate::ticket::{State, TicketId};
use anyhow::{Result, bail};
use mail::mbox;

/// A ticket's state and messages, all at one moment. A message that a delivery is just about to append
/// is not among them.
pub(crate) struct Snapshot {
    id: TicketId,
    state: State,
    bytes: Vec<u8>,
    /// The number of whole entries in `bytes`; the last one may be torn.
    whole: usize,
}

impl Snapshot {
    /// Reads a ticket; `None` if it does not exist.
    ///
    /// # Errors
    /// The ticket cannot be read, or keeps changing.
    pub(crate) fn read(desk: &Desk, id: TicketId) -> Result<Option<Snapshot>> {
        let patience = Patience::new(PATIENCE);
        loop {
            let Some((state, stamp, bytes)) = desk.store.read(id)? else {
                return Ok(None);
            };
            if desk.store.stamp(id)? == Some((state, stamp)) && bytes.len() as u64 == stamp.size {
                let end = desk.whole_end(id, &bytes);
                return Ok(Some(Snapshot {
                    id,
                    state,
                    whole: mbox::entries(&bytes[..end], 0).count(),
                    bytes,
                }));
            }
            if !patience.wait() {
                bail!("cannot read ticket {id}: it keeps changing");
            }
        }
    }

    /// The messages of the ticket in order; `addresses` are the desk's.
    pub(crate) fn messages<'a>(
        &'a self,
        addresses: &'a Addresses,
    ) -> impl Iterator<Item = ExportedEntry> + 'a {
        let entries = mbox::entries(&self.bytes, 0).take(self.whole);
        (1..).zip(entries).map(move |(position, found)| {
            let from = ExportedFrom {
                ticket: self.id,
                state: self.state,
                position,
                addresses,
            };
            entry::export(&found, &from)
        })
    }
}
