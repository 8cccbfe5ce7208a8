//! The last number ever used, and the lock under which the next one is given (B7).
//!
//! A file of its own: it must outlive the index, and a rebuild of the index must not keep new
//! tickets waiting. flock is right here, since no mail program looks at this file.

use super::lock::Patience;
use super::{Place, Store};
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;

/// The right to give the next number; it goes when dropped.
#[derive(Debug)]
pub struct Sequence {
    file: File,
    path: PathBuf,
    last: u32,
}

impl Store {
    /// Waits for the right to give numbers.
    ///
    /// # Errors
    /// Status 75 if somebody keeps it for longer than `patience`.
    pub fn sequence(&self, patience: Patience) -> Result<Sequence> {
        let path = self.private().join("sequence");
        let doing = || format!("cannot open {}", path.display());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o660)
            .open(&path)
            .with_context(doing)?;
        loop {
            match fs2::FileExt::try_lock_exclusive(&file) {
                Ok(()) => break,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    if !patience.wait() {
                        let text = format!("cannot lock {}: it is busy", path.display());
                        return Err(Fault::new(Status::TempFail, text).into());
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(e).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
        let mut text = [0; 16];
        let length = file.read_at(&mut text, 0).with_context(doing)?;
        let text = std::str::from_utf8(&text[..length]).unwrap_or_default();
        let last = match text.trim_end().parse() {
            Ok(last) => last,
            // Missing, or torn by a power cut: the files know.
            Err(_) => self.highest()?,
        };
        Ok(Sequence { file, path, last })
    }

    /// The highest number of all tickets there are.
    fn highest(&self) -> Result<u32> {
        let mut highest = 0;
        for place in [Place::Open, Place::Archived] {
            let last = self.ids(place)?.pop().map_or(0, TicketId::get);
            highest = highest.max(last);
        }
        Ok(highest)
    }
}

impl Sequence {
    /// The last number that was given, 0 if none was.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Notes that `last` is given. Not synced: the file of that number is, and is looked at
    /// before the next one is given.
    pub fn set(&mut self, last: u32) -> Result<()> {
        let doing = || format!("cannot write {}", self.path.display());
        let text = format!("{last:<10}\n");
        self.file
            .write_all_at(text.as_bytes(), 0)
            .with_context(doing)?;
        self.last = last;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_files_know_when_the_sequence_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let patience = Patience::new(Duration::ZERO);
        assert_eq!(store.sequence(patience).unwrap().last(), 0);
        let mut sequence = store.sequence(patience).unwrap();
        sequence.set(41).unwrap();
        assert!(store.sequence(patience).is_err(), "one at a time");
        drop(sequence);
        assert_eq!(store.sequence(patience).unwrap().last(), 41);
        std::fs::write(dir.path().join("archived/77"), "").unwrap();
        std::fs::write(dir.path().join("99.lock"), "").unwrap();
        assert_eq!(store.sequence(patience).unwrap().last(), 41);
        std::fs::remove_file(store.private().join("sequence")).unwrap();
        assert_eq!(store.sequence(patience).unwrap().last(), 77);
    }
}
