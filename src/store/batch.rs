//! Many new tickets at once: each is written to a file without a name, all are synced together, and
//! then they get their numbers one after the other.
//!
//! A delivery syncs each file, since the MTA forgets the message then. Who files a whole archive still
//! has it, so one sync for many tickets is enough, as long as no name is given to what is not on the
//! disk.

use super::{Store, Unnumbered};
use crate::error::{Fault, Status};
use crate::files::sync_directory;
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{ErrorKind, Write};

/// The right to file an archive: two at once would not see what the other files. It goes when dropped.
#[derive(Debug)]
pub struct ImportLock {
    file: File,
    /// syncfs(2) says what went wrong since the file was opened, as it does since Linux 5.8.
    syncs_report: bool,
}

impl Unnumbered {
    /// Adds an entry to a ticket that has no number yet.
    pub fn add(&self, entry: &[u8]) -> Result<()> {
        (&self.file)
            .write_all(entry)
            .context("cannot write a new ticket")
    }

    /// Waits until it is on the disk.
    pub fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.context("cannot write a new ticket")
    }
}

impl Store {
    /// Takes the right to file an archive.
    ///
    /// # Errors
    /// Status 75 if somebody else does it just now.
    pub fn lock_import(&self) -> Result<ImportLock> {
        let (path, file) = self.private_file("import")?;
        match fs2::FileExt::try_lock_exclusive(&file) {
            Ok(()) => Ok(ImportLock {
                file,
                syncs_report: is_linux_from(5, 8),
            }),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                let text = "cannot import: another import is at work in this store";
                Err(Fault::new(Status::TempFail, text).into())
            }
            Err(e) => Err(e).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// Waits until all of `staged` are on the disk.
    pub fn sync_staged<'a>(
        &self,
        right: &ImportLock,
        mut staged: impl Iterator<Item = &'a Unnumbered>,
    ) -> Result<()> {
        // Each fsync has the disk empty its cache; this does it once for all of them.
        if right.syncs_report && nix::unistd::syncfs(&right.file).is_ok() {
            return Ok(());
        }
        staged.try_for_each(Unnumbered::sync)
    }

    /// Gives a staged mbox, which is on the disk, its number and its state; false if the number is
    /// taken. The name lasts when [`Store::sync_names`] has returned.
    pub fn name(&self, staged: &Unnumbered, id: TicketId, state: State) -> Result<bool> {
        let path = self.path(id, state);
        if self.path(id, state.other()).symlink_metadata().is_ok() {
            return Ok(false);
        }
        match staged.link(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e).with_context(|| format!("cannot create {}", path.display())),
        }
    }

    /// Makes the names that were given in `state` last.
    pub fn sync_names(&self, state: State) -> Result<()> {
        sync_directory(&self.dir(state))
    }
}

/// True if the kernel is at least that new.
fn is_linux_from(major: u32, minor: u32) -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split('.').map(|n| n.parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    (next(), next()) >= (Some(major), Some(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_get_their_numbers_together() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let staged: Vec<Unnumbered> = (0..3).map(|_| store.stage_copy(b"").unwrap()).collect();
        for (nth, staged) in staged.iter().enumerate() {
            staged.add(format!("first of {nth}\n").as_bytes()).unwrap();
            staged.add(b"second\n").unwrap();
        }
        let right = store.lock_import().unwrap();
        store.sync_staged(&right, staged.iter()).unwrap();
        let id = |n| TicketId::new(n).unwrap();
        assert!(store.name(&staged[0], id(1), State::Open).unwrap());
        assert!(!store.name(&staged[1], id(1), State::Open).unwrap());
        assert!(!store.name(&staged[1], id(1), State::Closed).unwrap());
        assert!(store.name(&staged[1], id(2), State::Closed).unwrap());
        assert!(!store.name(&staged[2], id(2), State::Open).unwrap());
        store.sync_names(State::Open).unwrap();
        store.sync_names(State::Closed).unwrap();
        let read = |name| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("1"), "first of 0\nsecond\n");
        assert_eq!(read("archived/2"), "first of 1\nsecond\n");
    }

    #[test]
    fn kernels_are_compared_by_number() {
        assert!(is_linux_from(2, 6) && is_linux_from(3, 15));
        assert!(!is_linux_from(99, 0));
    }

    #[test]
    fn one_import_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let first = store.lock_import().unwrap();
        let error = crate::error::line(&store.lock_import().unwrap_err());
        assert_eq!(
            error,
            "cannot import: another import is at work in this store"
        );
        drop(first);
        store.lock_import().unwrap();
    }
}
