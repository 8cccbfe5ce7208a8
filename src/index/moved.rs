//! Which messages a filter may have sent elsewhere than they would have gone (G5).
//!
//! Such a message, when it comes again, goes where it went before, and the index knows where that was. To open the index
//! costs a good part of a delivery, and hardly any message is one of these. So a table beside the index says which may be:
//! one byte for each, at a place made from its digest. It is set and on the disk before the message is filed, and before
//! the index says that it has read the message, and never taken back. Two messages may have the same place; then the index
//! is asked in vain.
//!
//! The table is made with the index, and by nobody else: if it alone is removed, nothing is known of what stood in it, and
//! the index is asked about every message until it is made anew.

use super::OfIndex;
use crate::files::{Place, absent, place_at};
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Its name, in the directory of the index.
const NAME: &str = "moved";

/// Places in the table, which takes up to 1 MiB.
const PLACES: u32 = 1 << 20;

/// True if the message with this digest is noted in the table beside the index at `path`.
///
/// # Errors
/// There is no table, or it cannot be read.
pub(super) fn is_noted(path: &Path, digest: &[u8; 16]) -> io::Result<bool> {
    let mut byte = [0];
    let table = table(path)?.open(OFlag::O_RDONLY)?;
    // Behind the end nothing was ever set.
    let read = table.read_at(&mut byte, place(digest))?;
    Ok(read != 0 && byte != [0])
}

/// Notes messages that a filter has sent elsewhere, or is about to, by their digests. Returns when that is on the disk.
///
/// # Errors
/// The table beside the index at `path` cannot be written. That there is none is no error.
pub(crate) fn note_moved(path: &Path, digests: &[[u8; 16]]) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    let note = || -> io::Result<()> {
        let table = table(path)?;
        let file = match table.open(OFlag::O_RDWR) {
            Err(e) if absent(&e) => return Ok(()),
            opened => opened?,
        };
        for digest in digests {
            file.write_all_at(&[1], place(digest))?;
        }
        file.sync_all()?;
        // Whoever made it did not wait until its name was on the disk.
        table.dir().sync()
    };
    note().with_context(|| OfIndex(format!("cannot write {NAME} beside {}", path.display())))
}

/// Makes the table beside an index that is being made, unless it is there: what stands in it remains true.
pub(super) fn create(path: &Path) -> io::Result<()> {
    table(path)?.open(OFlag::O_RDWR | OFlag::O_CREAT).map(drop)
}

fn table(path: &Path) -> io::Result<Place> {
    Ok(place_at(path)?.dir().at(NAME))
}

/// The place of a message in the table.
fn place(digest: &[u8; 16]) -> u64 {
    let end = u32::from_le_bytes(std::array::from_fn(|at| digest[at + 12]));
    u64::from(end % PLACES)
}
