//! The last number ever used, and the lock for assigning the next one (B7).
//!
//! It has a file of its own, since it must outlive the index, and since a rebuild of the index must not
//! hold up new tickets. The lock is a flock, because no mail program uses this file.

use super::Store;
use crate::files::{Place, absent};
use crate::patience::{Patience, held};
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

/// Each delivery holds the lock for milliseconds only, but a whole mailing may arrive at once. As long as numbers are
/// given, a delivery stands in the queue for so long. Exim's pipe transport allows five minutes.
const QUEUE: Duration = Duration::from_secs(120);

/// How often to look whether the queue moves.
const LOOK: Duration = Duration::from_millis(500);

/// The name of the file.
const SEQUENCE: &str = "sequence";

/// The lock for assigning numbers. Dropping it releases the lock.
#[derive(Debug)]
pub struct Sequence {
    file: File,
    path: PathBuf,
    last: u32,
}

impl Store {
    /// Waits for the lock for assigning numbers.
    ///
    /// # Errors
    /// Those of a wait with the usual patience, status 75.
    pub fn sequence(&self) -> Result<Sequence> {
        self.sequence_within(Patience::default())
    }

    /// Waits for the lock for assigning numbers.
    ///
    /// # Errors
    /// Status 75 if `patience` is at its end and nobody was given a number for 25 seconds, and after two minutes.
    pub(crate) fn sequence_within(&self, patience: Patience) -> Result<Sequence> {
        let (place, file) = self.private_file(SEQUENCE)?;
        let file = locked(file, &place, patience)?;
        let path = place.path();
        let text = content(&file).with_context(|| format!("cannot read {}", path.display()))?;
        let last = self.parse_last(&text)?;
        Ok(Sequence { file, path, last })
    }

    /// The last number assigned. It is read without the lock, so it may be out of date at once.
    pub(crate) fn last_number(&self) -> Result<u32> {
        let place = self.private_dir().map(|dir| dir.at(SEQUENCE));
        let file = place.and_then(|place| place.open(OFlag::O_RDONLY));
        let text = match file.and_then(|file| content(&file)) {
            Err(e) if !absent(&e) => {
                let path = self.private().join(SEQUENCE);
                return Err(e).with_context(|| format!("cannot read {}", path.display()));
            }
            text => text.unwrap_or_default(),
        };
        self.parse_last(&text)
    }

    fn parse_last(&self, text: &str) -> Result<u32> {
        match text.trim_end().parse() {
            Ok(last) => Ok(last),
            // The file is new, or a power cut damaged it: the tickets' files tell.
            Err(_) => self.highest(),
        }
    }

    /// The highest number of all existing tickets, and of those that were put away.
    fn highest(&self) -> Result<u32> {
        let mut highest = self.highest_put_away()?;
        for state in [State::Open, State::Closed] {
            let last = self.ids(state)?.pop().map_or(0, TicketId::get);
            highest = highest.max(last);
        }
        Ok(highest)
    }
}

/// What the file says; nothing if that is no text.
fn content(file: &File) -> std::io::Result<String> {
    let mut text = [0; 16];
    let length = file.read_at(&mut text, 0)?;
    Ok(String::from_utf8_lossy(&text[..length]).into_owned())
}

/// Waits for the lock in the kernel's queue, which is first come, first served. With repeated attempts,
/// some of two hundred simultaneous deliveries would starve.
fn locked(file: File, place: &Place, mut patience: Patience) -> Result<File> {
    let path = &place.path();
    let doing = || format!("cannot lock {}", path.display());
    match fs2::FileExt::try_lock_exclusive(&file) {
        Ok(()) => return Ok(file),
        Err(e) if e.kind() == ErrorKind::WouldBlock => {}
        Err(e) => return Err(e).with_context(doing),
    }
    // Opened anew: a copy of the descriptor would keep the lock that the thread may get when nobody waits any more.
    let watched = place.open(OFlag::O_RDONLY).with_context(doing)?;
    let (done, waiting) = std::sync::mpsc::channel();
    let wait = move || {
        let locked = loop {
            match fs2::FileExt::lock_exclusive(&file) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                ended => break ended,
            }
        };
        // If nobody waits any more, this closes the file and releases the lock.
        let _ = done.send(locked.map(|()| file));
    };
    std::thread::Builder::new()
        .spawn(wait)
        .with_context(doing)?;
    let most = Patience::new(QUEUE);
    let mut seen = content(&watched).with_context(doing)?;
    loop {
        let pause = LOOK.min(patience.left()).min(most.left());
        match waiting.recv_timeout(pause) {
            Ok(locked) => return locked.with_context(doing),
            Err(_) if most.left().is_zero() => return Err(held(&watched, path).into()),
            Err(_) => {}
        }
        let now = content(&watched).with_context(doing)?;
        if now != seen {
            // The queue moves.
            seen = now;
            patience = Patience::default();
        } else if patience.left().is_zero() {
            return Err(held(&watched, path).into());
        }
    }
}

impl Sequence {
    /// The last number assigned, 0 if there was none.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// Makes sure that no number up to `last` is assigned again, when the file of that ticket is gone: this is synced.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn keep(&mut self, last: u32) -> Result<()> {
        if last > self.last {
            self.set(last)?;
        }
        let synced = self.file.sync_all();
        synced.with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Records that `last` is assigned. This is not synced. The ticket's file is, and the next number is
    /// only assigned if no such file exists.
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

    #[test]
    fn a_lost_sequence_is_restored_from_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        assert_eq!(store.sequence().unwrap().last(), 0);
        store.sequence().unwrap().set(41).unwrap();
        assert_eq!(store.sequence().unwrap().last(), 41);
        std::fs::write(dir.path().join("archived/77"), "").unwrap();
        std::fs::write(dir.path().join("99.lock"), "").unwrap();
        assert_eq!(store.sequence().unwrap().last(), 41);
        std::fs::remove_file(store.private().join("sequence")).unwrap();
        assert_eq!(store.sequence().unwrap().last(), 77);
    }

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let mut sequence = store.sequence().unwrap();
                        let next = sequence.last() + 1;
                        std::thread::yield_now();
                        sequence.set(next).unwrap();
                    }
                });
            }
        });
        assert_eq!(store.sequence().unwrap().last(), 160);
    }
}
