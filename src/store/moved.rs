//! Which messages a filter may have sent elsewhere than they would have gone (G5).
//!
//! Such a message, when it comes again, goes where it went before, and the index knows where that was. To open the index
//! costs a good part of a delivery, and hardly any message is one of these. So a table says which may be: one byte for
//! each, at a place made from its digest. It is set and on the disk before the message is filed, or as soon as the index
//! has read the message, and never taken back. Two messages may have the same place; then the index is asked in vain.

use super::Store;
use super::lock::open_to_lock;
use crate::files::absent;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::os::unix::fs::FileExt;

/// The file in `.tickets/`.
const NAME: &str = "moved";

/// Places in the table, which takes up to 1 MiB.
const PLACES: u32 = 1 << 20;

impl Store {
    /// False if no filter has sent the message with this digest elsewhere, as far as anybody has noted. Where that cannot
    /// be told, it is true.
    pub(crate) fn may_be_moved(&self, digest: &[u8; 16]) -> bool {
        let table = (self.private_dir()).and_then(|private| private.at(NAME).open(OFlag::O_RDONLY));
        let mut byte = [0];
        match table {
            Ok(table) => match table.read_at(&mut byte, place(digest)) {
                // Behind the end nothing was ever set.
                Ok(read) => read != 0 && byte != [0],
                Err(_) => true,
            },
            Err(e) => !absent(&e),
        }
    }

    /// Notes messages that a filter has sent elsewhere, or is about to, by their digests. Returns when that is on the
    /// disk.
    pub(crate) fn note_moved(&self, digests: &[[u8; 16]]) -> Result<()> {
        if digests.is_empty() {
            return Ok(());
        }
        let private = self.opened_private()?;
        let table = private.at(NAME);
        let file = open_to_lock(&table)?;
        let note = || {
            for digest in digests {
                file.write_all_at(&[1], place(digest))?;
            }
            file.sync_all()?;
            private.sync()
        };
        note().with_context(|| format!("cannot write {}", table.path().display()))
    }
}

/// The place of a message in the table.
fn place(digest: &[u8; 16]) -> u64 {
    let end = u32::from_le_bytes(std::array::from_fn(|at| digest[at + 12]));
    u64::from(end % PLACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    // G5
    #[test]
    fn what_was_noted_may_be_moved_and_hardly_anything_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let digest = |n: u8| std::array::from_fn(|at| if at == 12 { n } else { 7 });
        assert!(!store.may_be_moved(&digest(3)));
        store.note_moved(&[]).unwrap();
        assert!(!store.private().join(NAME).exists());
        store.note_moved(&[digest(3), digest(9)]).unwrap();
        let moved = (0..12).filter(|&n| store.may_be_moved(&digest(n)));
        assert_eq!(moved.collect::<Vec<_>>(), [3, 9]);
        // Another one that has the same place.
        let mut same = digest(3);
        same[0] = 1;
        assert!(store.may_be_moved(&same));
        // It stays within its bounds.
        store.note_moved(&[[255; 16]]).unwrap();
        let length = store.private().join(NAME).metadata().unwrap().len();
        assert!(length <= u64::from(PLACES), "{length}");
        assert!(store.may_be_moved(&[255; 16]));
    }

    #[test]
    fn what_cannot_be_read_is_no_reason_to_say_no() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        std::fs::create_dir(store.private().join(NAME)).unwrap();
        assert!(store.may_be_moved(&[7; 16]));
        assert!(store.note_moved(&[[7; 16]]).is_err());
    }
}
