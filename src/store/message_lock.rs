//! Keeps two deliveries from processing the same message at once (A5).
//!
//! An MTA may deliver a message twice at the same moment: an alias names the ticket twice, or an attempt
//! that the MTA gave up is still running. Both would stage the same answers under the same names and
//! remove each other's. Or a list's copy comes at the same moment as the message itself, and each would
//! open a ticket. Only deliveries of one origin wait for each other: the lock covers one byte of an empty
//! file, at an offset computed from the origin. It is a kernel lock, so it
//! ends with the process. Mail programs do not use this file.

use super::Store;
use super::lock::{Patience, fcntl_lock_range};
use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use std::fs::File;

/// The lock on a message. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct MessageLock {
    _file: File,
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
        Ok(MessageLock { _file: file })
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
}
