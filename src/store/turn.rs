//! One delivery at a time works on the same message (A5).
//!
//! An MTA may hand in a message twice at the same moment: an alias names the ticket twice, an
//! attempt that was given up is still at work. Both would write the same answers to the outbox,
//! under the same names, and take away each other's. Only these two wait for each other: what is
//! locked is one byte of an empty file, at an offset made from the message's digest. The lock is
//! the kernel's and goes with the process; mail programs do not look at this file.

use super::Store;
use super::lock::{Patience, fcntl_lock_range};
use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use std::fs::File;

/// The right to work on a message; it goes when dropped.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

impl Store {
    /// Waits until nobody else works on the message with this digest.
    ///
    /// # Errors
    /// Status 75 if somebody still does after `patience`.
    pub fn turn(&self, digest: &[u8; 16], patience: Patience) -> Result<Turn> {
        let (path, file) = self.private_file("turns")?;
        let mut start = [0; 8];
        start.copy_from_slice(&digest[..8]);
        // One byte is locked, and the last offset there is has none behind it.
        let start = i64::from_be_bytes(start) & (i64::MAX >> 1);
        let doing = || format!("cannot lock {}", path.display());
        if !fcntl_lock_range(&file, start, 1, patience).with_context(doing)? {
            let text = "cannot file the message: another delivery of it is still at work";
            return Err(Fault::new(Status::TempFail, text).into());
        }
        Ok(Turn { _file: file })
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
        let first = store.turn(&[0xff; 16], now()).unwrap();
        let other = store.turn(&[0xfe; 16], now()).unwrap();
        let error = store.turn(&[0xff; 16], now()).unwrap_err();
        assert_eq!(
            crate::error::line(&error),
            "cannot file the message: another delivery of it is still at work"
        );
        drop(first);
        store.turn(&[0xff; 16], now()).unwrap();
        drop(other);
    }
}
