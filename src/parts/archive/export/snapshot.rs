//! A ticket as it is at one moment, for an export.

use super::entry::{self, ExportedEntry, ExportedFrom};
use crate::desk::Desk;
use crate::files::Stamp;
use crate::patience::Patience;
use crate::store::OpenMbox;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result, bail};
use mail::mbox::FileEntries;
use std::io::{Cursor, Read, Seek};

/// A ticket up to this size is read at once; in bytes.
const SMALL: u64 = 4 << 20;

/// A ticket's state and messages, all at one moment. A message that a delivery is just about to append
/// is not among them.
pub(crate) struct Snapshot<'d> {
    desk: &'d Desk,
    id: TicketId,
    mbox: OpenMbox,
    /// Its bytes, if it is small: nobody can change those.
    bytes: Option<Vec<u8>>,
    /// Where its last whole entry ends, in bytes.
    end: u64,
}

impl Snapshot<'_> {
    pub(crate) fn ticket(&self) -> TicketId {
        self.id
    }

    /// Its state at that moment.
    pub(crate) fn state(&self) -> State {
        self.mbox.state
    }

    /// Its file's stamp at that moment.
    pub(crate) fn stamp(&self) -> Stamp {
        self.mbox.stamp
    }

    /// True if its file ends in a whole message.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == self.mbox.stamp.size
    }

    /// Opens a ticket; `None` if it does not exist.
    ///
    /// # Errors
    /// The ticket cannot be read, or keeps changing.
    pub(crate) fn open(desk: &Desk, id: TicketId) -> Result<Option<Snapshot<'_>>> {
        let patience = Patience::default();
        loop {
            let Some(mut mbox) = desk.store.open(id)? else {
                return Ok(None);
            };
            let (state, stamp) = (mbox.state, mbox.stamp);
            let bytes = match stamp.size <= SMALL {
                true => Some(mbox.read()?),
                false => None,
            };
            let length = bytes.as_ref().map_or(stamp.size, |all| all.len() as u64);
            if length == stamp.size && desk.store.stamp(id)? == Some((state, stamp)) {
                let end = desk.whole_end(id, &mbox, bytes.as_deref())?;
                return Ok(Some(Snapshot {
                    desk,
                    id,
                    mbox,
                    bytes,
                    end,
                }));
            }
            if !patience.wait() {
                bail!("cannot read ticket {id}: it keeps changing");
            }
        }
    }

    /// Visits the messages of the ticket in order, one in memory at a time, and returns how many there are.
    ///
    /// # Errors
    /// Those of `visit`; and the ticket cannot be read, or another program changed what was read.
    pub(crate) fn each(&self, visit: &mut dyn FnMut(&ExportedEntry) -> Result<()>) -> Result<u64> {
        let id = self.id;
        let doing = || format!("cannot read ticket {id}");
        let input: &mut dyn Input = match &self.bytes {
            Some(bytes) => &mut Cursor::new(bytes),
            None => &mut self.mbox.file(),
        };
        let mut entries = FileEntries::new(input, self.end).with_context(doing)?;
        let mut bytes = Vec::new();
        let mut position = 0_u32;
        while let Some(found) = entries.next_into(&mut bytes).with_context(doing)? {
            position += 1;
            let from = ExportedFrom {
                ticket: id,
                state: self.mbox.state,
                position,
                addresses: &self.desk.config.addresses,
            };
            visit(&entry::export(&found, &from))?;
        }
        if self.bytes.is_none() && self.was_changed().with_context(doing)? {
            bail!("cannot read ticket {id}: it was changed while it was read");
        }
        Ok(u64::from(position))
    }

    /// Whether what was read may have been changed meanwhile. A delivery appends, and a closing moves the file:
    /// neither changes what was there.
    fn was_changed(&self) -> Result<bool> {
        let before = self.mbox.stamp;
        let now = Stamp::of(&self.mbox.file().metadata()?);
        let moved = self.desk.store.locate(self.id)? != Some(self.mbox.state);
        Ok(now.size < before.size || (now.size == before.size && now != before && !moved))
    }
}

/// An mbox, in memory or not.
trait Input: Read + Seek {}

impl<T: Read + Seek> Input for T {}
