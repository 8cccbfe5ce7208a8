//! Keeps two deliveries from processing the same message at once (A5).
//!
//! An MTA may deliver a message twice at the same moment: an alias names the ticket twice, or an attempt
//! that the MTA gave up is still running. Both would stage the same answers under the same names and
//! remove each other's. Only deliveries of the same message wait for each other: the lock covers one
//! byte of an empty file, at an offset computed from the message's digest. It is a kernel lock, so it
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
    /// Waits until no other delivery processes the message with this digest.
    ///
    /// # Errors
    /// Status 75 if another one still does after `patience`.
    pub(crate) fn lock_message(
        &self,
        digest: &[u8; 16],
        patience: Patience,
    ) -> Result<MessageLock> {
        let (path, file) = self.private_file("turns")?;
        let mut start = [0; 8];
        start.copy_from_slice(&digest[..8]);
        // Halved, since a range that ends beyond the highest offset is invalid.
        let start = i64::from_be_bytes(start) & (i64::MAX >> 1);
        let doing = || format!("cannot lock {}", path.display());
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
        let first = store.lock_message(&[0xff; 16], now()).unwrap();
        let other = store.lock_message(&[0xfe; 16], now()).unwrap();
        let error = store.lock_message(&[0xff; 16], now()).unwrap_err();
        assert_eq!(
            crate::error::line(&error),
            "cannot file the message: another delivery of it is still running"
        );
        drop(first);
        store.lock_message(&[0xff; 16], now()).unwrap();
        drop(other);
    }
}
