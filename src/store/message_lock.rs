//! Keeps two deliveries from processing the same message at once (A5).
//!
//! An MTA may deliver a message twice at the same moment: an alias names the ticket twice, or an attempt
//! that the MTA gave up is still running. Both would stage the same answers under the same names and
//! remove each other's. Or a list's copy comes at the same moment as the message itself, and each would
//! open a ticket. Only deliveries of one origin wait for each other: the lock covers one byte of a
//! file, at an offset computed from the origin. It is a kernel lock, so it
//! ends with the process. Mail programs do not use this file.
//!
//! An MTA may also start the program once for each recipient of a message. So the same file counts in how many tickets
//! a message did something, however many processes bring it (A6): in a table of slots, each with the first bytes of the
//! digest of a message and a number. A message takes the slot of another that has the same one; what is lost is a count.

use super::Store;
use super::lock::{Patience, fcntl_lock_range};
use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Slots of the table, which takes up to 512 KiB.
const SLOTS: u64 = 1 << 16;

/// Bytes of a slot: seven of a digest, and the number.
const SLOT: usize = 8;

/// The lock on a message. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct MessageLock {
    file: File,
}

impl MessageLock {
    /// In how many tickets the message with this digest did something; 0 if nobody knows.
    pub(crate) fn deeds(&self, digest: &[u8; 16]) -> u8 {
        let mut slot = [0; SLOT];
        let read = self.file.read_exact_at(&mut slot, place(digest));
        match read.is_ok() && slot[..SLOT - 1] == digest[..SLOT - 1] {
            true => slot[SLOT - 1],
            false => 0,
        }
    }

    /// Notes it. It is a count and no record: if it cannot be written, the message may do something in more tickets.
    pub(crate) fn set_deeds(&self, digest: &[u8; 16], deeds: u8) {
        let mut slot = [deeds; SLOT];
        slot[..SLOT - 1].copy_from_slice(&digest[..SLOT - 1]);
        let _ = self.file.write_all_at(&slot, place(digest));
    }
}

/// Where the slot of a message begins in the file.
fn place(digest: &[u8; 16]) -> u64 {
    let end = u64::from_le_bytes(std::array::from_fn(|at| digest[at + 8]));
    end % SLOTS * SLOT as u64
}

impl Store {
    /// Waits until no other delivery processes the message of this origin.
    ///
    /// # Errors
    /// Status 75 if another one still does after `patience`.
    pub(crate) fn lock_message(&self, origin: i64, patience: Patience) -> Result<MessageLock> {
        let (place, file) = self.private_file("turns")?;
        // Halved, since a range that ends beyond the highest offset is invalid.
        let start = origin & (i64::MAX >> 1);
        let doing = || format!("cannot lock {}", place.path().display());
        if !fcntl_lock_range(&file, start, 1, patience).with_context(doing)? {
            let text = "cannot file the message: another delivery of it is still running";
            return Err(Fault::new(Status::TempFail, text).into());
        }
        Ok(MessageLock { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_the_same_message_waits() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let now = || Patience::new(Duration::ZERO);
        let first = store.lock_message(-1, now()).unwrap();
        let other = store.lock_message(-2, now()).unwrap();
        let error = store.lock_message(-1, now()).unwrap_err();
        assert_eq!(
            crate::error::line(&error),
            "cannot file the message: another delivery of it is still running"
        );
        drop(first);
        store.lock_message(-1, now()).unwrap();
        drop(other);
    }

    #[test]
    fn deeds_are_counted_for_each_message() {
        // A6
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let now = Patience::new(Duration::ZERO);
        let count = |digest: &[u8; 16]| store.lock_message(1, now).unwrap().deeds(digest);
        let (first, mut second) = ([7; 16], [7; 16]);
        assert_eq!(count(&first), 0);
        store.lock_message(1, now).unwrap().set_deeds(&first, 5);
        assert_eq!(count(&first), 5);
        // Another one that has the same slot, and then one that has another.
        second[0] = 8;
        assert_eq!(count(&second), 0);
        store.lock_message(1, now).unwrap().set_deeds(&second, 1);
        assert_eq!((count(&first), count(&second)), (0, 1));
        second[15] = 8;
        second[8] = 9;
        assert_eq!(count(&second), 0);
        store.lock_message(1, now).unwrap().set_deeds(&second, 2);
        assert_eq!(count(&second), 2);
    }
}
