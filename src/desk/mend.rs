//! Mends the end of an mbox where a crash left a part of an entry, before anything is appended (D7).

use super::Desk;
use crate::index::Index;
use crate::store::Mbox;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use mail::entry::{self, Tail};
use mail::mbox;

impl Desk {
    /// Mends the end of a locked file, so that an entry can follow, and returns the file's bytes.
    pub(super) fn mend(&self, mbox: &mut Mbox) -> Result<Vec<u8>> {
        loop {
            let bytes = mbox.read()?;
            match self.tail(mbox.id(), &bytes)? {
                Tail::Whole => return Ok(bytes),
                Tail::Missing(newlines) => mbox.append(newlines)?,
                Tail::Torn { keep } => mbox.truncate(keep)?,
                Tail::SetAside { keep } => {
                    self.set_aside(mbox.id(), &bytes[keep as usize..])?;
                    mbox.truncate(keep)?;
                }
            }
        }
    }

    /// What the end of a file needs. If its last entry was whole when the index saw it, and is not now,
    /// then it was edited by hand, and that is to stay (D1): it is not what a delivery left.
    pub(super) fn tail(&self, id: TicketId, bytes: &[u8]) -> Result<Tail> {
        tail(|| self.index(), id, bytes)
    }

    /// Where the last whole entry of a file ends. What the index has seen of the file counts where the
    /// index can be read: else a ticket could not be saved from a disk that is full or failing.
    pub(crate) fn whole_end(&self, id: TicketId, bytes: &[u8]) -> usize {
        match self
            .tail(id, bytes)
            .unwrap_or_else(|_| entry::tail(bytes, 0))
        {
            Tail::Whole | Tail::Missing(_) => bytes.len(),
            Tail::Torn { keep } | Tail::SetAside { keep } => keep as usize,
        }
    }

    /// Saves in `.tickets/torn/`, synced, what cannot be told from mail.
    fn set_aside(&self, id: TicketId, bytes: &[u8]) -> Result<()> {
        use std::io::Write;
        let dir = self.store.torn()?;
        let doing = || {
            format!(
                "cannot save the torn end of ticket {id} in {}",
                dir.display()
            )
        };
        let mut file = tempfile::Builder::new()
            .prefix(&format!("{id}.{}.", self.now()))
            .tempfile_in(&dir)
            .with_context(doing)?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .with_context(doing)?;
        file.keep().map_err(|e| e.error).with_context(doing)?;
        crate::files::sync_directory(&dir)
    }
}

/// [`Desk::tail`] with another index, which is only opened if it is needed.
pub(super) fn tail<'i>(
    index: impl FnOnce() -> Result<&'i Index>,
    id: TicketId,
    bytes: &[u8],
) -> Result<Tail> {
    let tail = entry::tail(bytes, 0);
    let keep = match tail {
        Tail::Torn { keep } | Tail::SetAside { keep } if !bytes.ends_with(b"\0") => keep as usize,
        _ => return Ok(tail),
    };
    let seen = match index()?.ticket(id)? {
        Some(row) if row.state.is_some() => row.entries,
        _ => 0,
    };
    if mbox::entries(&bytes[..keep], 0).count() as u64 >= seen {
        return Ok(tail);
    }
    Ok(match bytes {
        [.., b'\n', b'\n'] => Tail::Whole,
        [.., b'\n'] => Tail::Missing(b"\n"),
        _ => Tail::Missing(b"\n\n"),
    })
}
