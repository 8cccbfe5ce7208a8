//! Which messages a filter may have sent elsewhere than they would have gone (G5).
//!
//! Such a message, when it comes again, goes where it went before, and the index knows where that was. To open the index
//! costs a good part of a delivery, and hardly any message is one of these. So a table beside the index says which may be:
//! one byte for each, at a place made from its digest. It is set and on the disk before the message is filed, and before
//! the index has a row for the message, and never taken back. Two messages may have the same place; then the index is
//! asked in vain.
//!
//! Each index is made with a table of its own, and both bear the same number. What stood in the table before is carried
//! over, since a message may be noted and not yet filed. Where the table is missing, cut off, or that of another index, it
//! says nothing, and the index is asked about every message until it is made anew.

use super::{Index, OfIndex};
use crate::files::{Found, Place, absent, is_no_file, place_at};
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Its name, in the directory of the index.
const NAME: &str = "moved";

/// How it begins. The number of its index follows, in four bytes.
const MARK: [u8; 12] = *b"moved mails\n";

/// Where the first place is.
const HEAD: u64 = MARK.len() as u64 + 4;

/// Places in the table.
const PLACES: u32 = 1 << 20;

/// Its length in bytes, of which hardly any are on the disk.
const LENGTH: u64 = HEAD + PLACES as u64;

/// The number of the table beside the index at `path`, and whether the message with this digest is noted there.
///
/// # Errors
/// There is no whole table, or it cannot be read.
pub(super) fn look(path: &Path, digest: &[u8; 16]) -> io::Result<(u32, bool)> {
    let file = table(path)?.open(OFlag::O_RDONLY)?;
    let number = number(&file)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, place(digest))?;
    Ok((number, byte != [0]))
}

/// Notes messages that a filter has sent elsewhere, or is about to, by their digests. Returns when that is on the disk; for
/// an index that is being made, where it will be when the index is.
///
/// # Errors
/// The table beside the index at `path` cannot be written. That there is none, or none that is whole, is no error.
pub(crate) fn note_moved(path: &Path, digests: &[[u8; 16]]) -> Result<()> {
    let note = || -> io::Result<()> {
        let table = table(path)?;
        loop {
            let file = match table.open(OFlag::O_RDWR) {
                Err(e) if absent(&e) || is_no_file(&e) => return Ok(()),
                opened => opened?,
            };
            // What is written into a table that is cut off might make it look whole.
            if number(&file).is_err() {
                return Ok(());
            }
            for digest in digests {
                file.write_all_at(&[1], place(digest))?;
            }
            if !is_draft(path) {
                file.sync_all()?;
            }
            // If another table took this one's place meanwhile, the note may have come too late to be carried over.
            let found = table.found()?;
            if found.is_none_or(|found| Found::of(&file).is_ok_and(|own| own.is_same_file(&found)))
            {
                return Ok(());
            }
        }
    };
    if digests.is_empty() {
        return Ok(());
    }
    note().with_context(|| OfIndex(format!("cannot write {NAME} beside {}", path.display())))
}

/// Makes a table for an index that is being made at `path`, in the place of another one, and gives it a number.
///
/// # Errors
/// Those of writing it.
pub(super) fn create(path: &Path) -> io::Result<u32> {
    let table = table(path)?;
    if let Some(e) = table.obstacle() {
        return Err(e);
    }
    let new = table.with_ending("-new");
    // A process that died here may have left it.
    let _ = new.remove();
    let number = new_number();
    let file = new.create(0o660)?;
    file.write_all_at(&MARK, 0)?;
    file.write_all_at(&number.to_le_bytes(), MARK.len() as u64)?;
    file.set_len(LENGTH)?;
    put(&new, &table)?;
    Ok(number)
}

/// A number that no other index is likely to have. It is never 0, which stands for an index that is not complete.
pub(super) fn new_number() -> u32 {
    (RandomState::new().hash_one(()) as u32 >> 1).max(1)
}

/// True if the table beside this index is its own.
pub(super) fn is_of(index: &Index) -> bool {
    let own = || Some((table(&index.path).ok()?, index.number().ok()?));
    own().is_some_and(|(table, own)| {
        let found = table.open(OFlag::O_RDONLY).and_then(|file| number(&file));
        found.is_ok_and(|number| i64::from(number) == own)
    })
}

/// Puts the table of the index at `draft` in the place of that at `path`.
///
/// # Errors
/// `NotFound` if the draft has no table, and those of writing it.
pub(super) fn replace(draft: &Path, path: &Path) -> io::Result<()> {
    put(&table(draft)?, &table(path)?)
}

fn put(new: &Place, table: &Place) -> io::Result<()> {
    let file = new.open(OFlag::O_RDWR)?;
    // Nothing is carried over from a table that cannot be read.
    let old = table.open(OFlag::O_RDONLY).ok();
    let carry_over = || -> io::Result<()> {
        let mut bytes = Vec::new();
        if let Some(old) = old.as_ref().filter(|old| number(old).is_ok()) {
            old.take(LENGTH).read_to_end(&mut bytes)?;
        }
        for (at, _) in (0..)
            .zip(&bytes)
            .filter(|(at, byte)| *at >= HEAD && **byte != 0)
        {
            file.write_all_at(&[1], at)?;
        }
        file.sync_all()
    };
    carry_over()?;
    new.rename(table)?;
    table.dir().sync()?;
    // Another process may have opened the old table before that, and written to it since.
    carry_over()
}

/// The number of a table.
fn number(file: &File) -> io::Result<u32> {
    let mut head = [0; HEAD as usize];
    file.read_exact_at(&mut head, 0)?;
    let (mark, number) = head.split_at(MARK.len());
    match mark == MARK && file.metadata()?.len() == LENGTH {
        true => Ok(number
            .iter()
            .rfold(0, |number, byte| number << 8 | u32::from(*byte))),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// True for the index that [`super::draft`] makes, which nobody asks.
fn is_draft(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "new")
}

fn table(path: &Path) -> io::Result<Place> {
    let table = place_at(path)?.dir().at(NAME);
    Ok(match is_draft(path) {
        true => table.with_ending(".new"),
        false => table,
    })
}

/// The place of a message in the table.
fn place(digest: &[u8; 16]) -> u64 {
    let end = u32::from_le_bytes(std::array::from_fn(|at| digest[at + 12]));
    HEAD + u64::from(end % PLACES)
}

#[cfg(test)]
#[path = "moved_tests.rs"]
mod tests;
