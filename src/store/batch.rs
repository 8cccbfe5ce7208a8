//! Many new tickets at once, for an import: each is written to a file without a name, all are synced
//! together, and then they get their numbers one after the other.
//!
//! A delivery has to sync every file, since the MTA then removes the message. The archive of an import
//! is not removed, so one sync for many tickets is enough, provided that no file gets a name before it
//! is on the disk.

use super::{StagedFile, Store};
use crate::error::{Fault, Status};
use crate::patience::Locked;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};

/// The lock of an import: two at once would file the same message twice. It is released when dropped.
#[derive(Debug)]
pub(crate) struct ImportLock {
    file: Locked,
    /// syncfs(2) reports every write error since the file was opened, as it does from Linux 5.8 on.
    syncfs_reports: bool,
}

impl StagedFile {
    /// Appends an entry to the mbox of a ticket that has no number yet.
    pub(crate) fn add(&self, entry: &[u8]) -> Result<()> {
        (&self.file)
            .write_all(entry)
            .context("cannot write a new ticket")
    }

    /// Returns when it is on the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.context("cannot write a new ticket")
    }
}

impl Store {
    /// Takes the lock of an import, without waiting for it.
    ///
    /// # Errors
    /// Status 75 if another import is running.
    pub(crate) fn lock_import(&self) -> Result<ImportLock> {
        let (place, file) = self.private_file("import")?;
        let locked =
            Locked::now(file).with_context(|| format!("cannot lock {}", place.path().display()))?;
        let Some(file) = locked else {
            let text = "cannot import: another import is running in this store";
            return Err(Fault::new(Status::TempFail, text).into());
        };
        Ok(ImportLock {
            file,
            syncfs_reports: is_linux_from(5, 8),
        })
    }

    /// Returns when all of `staged` are on the disk.
    pub(crate) fn sync_staged<'a>(
        &self,
        lock: &ImportLock,
        mut staged: impl Iterator<Item = &'a StagedFile>,
    ) -> Result<()> {
        // Each fsync flushes the cache of the disk; this flushes it once for all files.
        if lock.syncfs_reports && nix::unistd::syncfs(&*lock.file).is_ok() {
            return Ok(());
        }
        staged.try_for_each(StagedFile::sync)
    }

    /// Gives a staged mbox, which is on the disk, its number and state; false if the number is taken.
    /// The name is durable when [`Store::sync_names`] has returned.
    pub(crate) fn name(&self, staged: &StagedFile, id: TicketId, state: State) -> Result<bool> {
        if self.found(id, state.other())?.is_some() {
            return Ok(false);
        }
        match staged.link(&self.opened(state)?.at(id.to_string())) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => {
                Err(e).with_context(|| format!("cannot create {}", self.path(id, state).display()))
            }
        }
    }

    /// Makes the names of the tickets in `state` durable.
    pub(crate) fn sync_names(&self, state: State) -> Result<()> {
        self.sync_directory(state)
    }
}

/// True if the kernel has at least this version.
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
    fn many_tickets_get_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let staged: Vec<StagedFile> = (0..3).map(|_| store.stage_copy(b"").unwrap()).collect();
        for (nth, staged) in staged.iter().enumerate() {
            staged.add(format!("first of {nth}\n").as_bytes()).unwrap();
            staged.add(b"second\n").unwrap();
        }
        let lock = store.lock_import().unwrap();
        store.sync_staged(&lock, staged.iter()).unwrap();
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
            "cannot import: another import is running in this store"
        );
        drop(first);
        store.lock_import().unwrap();
    }
}
