//! Mends the end of an mbox where a crash left a part of an entry, before anything is appended (D7).

use super::Desk;
use crate::index::Index;
use crate::store::{Mbox, OpenMbox};
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use mail::entry::{self, Tail};
use mail::mbox::{self, FileEntries};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

impl Desk {
    /// Mends the end of a locked file, so that an entry can follow.
    pub(super) fn mend(&self, mbox: &mut Mbox) -> Result<()> {
        loop {
            let size = mbox.stamp()?.size;
            match tail_of_file(|| self.index(), mbox.id(), mbox.file(), size)? {
                Tail::Whole => return Ok(()),
                Tail::Missing(newlines) => mbox.append(newlines)?,
                Tail::Torn { keep } => mbox.truncate(keep)?,
                Tail::SetAside { keep } => {
                    let mut torn = mbox.file();
                    let doing = || format!("cannot read ticket {}", mbox.id());
                    torn.seek(SeekFrom::Start(keep)).with_context(doing)?;
                    let name = format!("{}.{}", mbox.id(), self.now());
                    self.store.save_torn(&name, torn)?;
                    mbox.truncate(keep)?;
                }
            }
        }
    }

    /// Where the last whole entry of a ticket's file ends, of which `bytes` are all or none are in memory.
    /// What the index has seen of the file counts where the index can be read: else a ticket could not be
    /// saved from a disk that is full or failing.
    pub(crate) fn whole_end(
        &self,
        id: TicketId,
        mbox: &OpenMbox,
        bytes: Option<&[u8]>,
    ) -> Result<u64> {
        let size = mbox.stamp.size;
        let tail = match bytes {
            Some(bytes) => {
                tail(|| self.index(), id, bytes).unwrap_or_else(|_| entry::tail(bytes, 0))
            }
            None => match tail_of_file(|| self.index(), id, mbox.file(), size) {
                Ok(tail) => tail,
                Err(_) => entry::tail_of_file(&mut mbox.file(), size)
                    .with_context(|| format!("cannot read ticket {id}"))?,
            },
        };
        Ok(match tail {
            Tail::Whole | Tail::Missing(_) => size,
            Tail::Torn { keep } | Tail::SetAside { keep } => keep,
        })
    }
}

/// What the end of a file needs. If its last entry was whole when the index saw it, and is not now, then it
/// was edited by hand, and that is to stay (D1): it is not what a delivery left. The index is only opened if
/// it is needed.
pub(super) fn tail<'i>(
    index: impl FnOnce() -> Result<&'i Index>,
    id: TicketId,
    bytes: &[u8],
) -> Result<Tail> {
    let count = |keep| Ok(mbox::entries(&bytes[..keep as usize], 0).count() as u64);
    let end = &bytes[bytes.len().saturating_sub(2)..];
    if_unseen(index, id, entry::tail(bytes, 0), end, count)
}

/// The same for the first `size` bytes of a file, of which only the last entry is in memory.
pub(super) fn tail_of_file<'i>(
    index: impl FnOnce() -> Result<&'i Index>,
    id: TicketId,
    mut file: &File,
    size: u64,
) -> Result<Tail> {
    let doing = || format!("cannot read ticket {id}");
    let tail = entry::tail_of_file(&mut file, size).with_context(doing)?;
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(size.saturating_sub(2)))
        .and_then(|_| file.take(size.min(2)).read_to_end(&mut end))
        .with_context(doing)?;
    let count = |keep| -> std::io::Result<u64> {
        let mut entries = FileEntries::new(file, keep)?;
        let mut count = 0;
        while entries.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    };
    if_unseen(index, id, tail, &end, |keep| {
        count(keep).with_context(doing)
    })
}

/// `tail`, unless the index has seen more entries than `count` finds in what would be kept; `end` are the last
/// two bytes.
fn if_unseen<'i>(
    index: impl FnOnce() -> Result<&'i Index>,
    id: TicketId,
    tail: Tail,
    end: &[u8],
    count: impl FnOnce(u64) -> Result<u64>,
) -> Result<Tail> {
    let keep = match tail {
        Tail::Torn { keep } | Tail::SetAside { keep } if !end.ends_with(b"\0") => keep,
        _ => return Ok(tail),
    };
    let seen = match index()?.ticket(id)? {
        Some(row) if row.state.is_some() => row.entries,
        _ => 0,
    };
    if count(keep)? >= seen {
        return Ok(tail);
    }
    Ok(match end {
        [.., b'\n', b'\n'] => Tail::Whole,
        [.., b'\n'] => Tail::Missing(b"\n"),
        _ => Tail::Missing(b"\n\n"),
    })
}
