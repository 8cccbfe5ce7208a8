//! Opening and removing the index.

use super::error::{is_damage, with_system_error};
use super::journal::Journal;
use super::{Index, IndexError, OfIndex, moved, schema};
use crate::files::absent;
use crate::patience::Patience;
use anyhow::{Context, Result};
use std::path::Path;

/// How often to try again if the index was removed. More removals in a row cannot be chance.
const RETRIES: usize = 5;

/// What stands in the place of the index. Whoever opens it makes what is not [`IndexKind::Ours`] anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// An index of this version of the program, sound or not.
    Ours,
    /// A database of an older or newer program.
    OfAnotherVersion,
    /// No database at all.
    NoIndex,
}

impl Index {
    /// Opens the index at `path` and applies the journal to it. Creates an empty index if the file is
    /// missing, has another version or is not a database.
    ///
    /// # Errors
    /// Status 75 if others hold a lock for longer than `patience`.
    pub fn open(path: &Path, patience: Patience) -> Result<Index> {
        again_if_removed(|| {
            let _lock = schema::lock(path, patience)?;
            let index = match Self::existing(path)? {
                Some(index) => index,
                None => {
                    schema::remove(path);
                    schema::create(path, true)?
                }
            };
            index.wait_at_most(patience)?;
            index.apply_journal(&Self::journal(path))?;
            Ok(index)
        })
        .with_context(|| OfIndex(format!("cannot open {}", path.display())))
    }

    /// False if the database is damaged: all of it is read.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_sound(&self) -> Result<bool> {
        let found: String = (self.db).query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(found == "ok")
    }

    /// Opens read-only. Pending journal lines are read but not applied.
    pub fn open_to_read(path: &Path, patience: Patience) -> Result<Index> {
        let lines = Self::journal(path).read()?;
        let doing = || format!("cannot open {}", path.display());
        let found = again_if_removed(|| Self::existing(path)).with_context(doing)?;
        let Some(mut index) = found.filter(|_| lines.all_valid) else {
            return Self::open(path, patience);
        };
        index.wait_at_most(patience)?;
        index.pending = lines.changes;
        index.journal_unapplied.set(true);
        // One read transaction for all queries. Nobody can write meanwhile.
        index.db.execute_batch("BEGIN")?;
        index.in_read.set(true);
        Ok(index)
    }

    /// Applies the lines that [`Index::open_to_read`] only read. This must come before any write. Once a
    /// ticket has a row, tickets with lower numbers are expected to have one, too; but a power cut could
    /// still remove the lines that add theirs.
    pub fn apply_pending(&self) -> Result<()> {
        if self.journal_unapplied.get() {
            self.end_read();
            let lock = schema::lock(&self.path, self.patience.get());
            let _lock =
                lock.with_context(|| OfIndex(format!("cannot lock {}", self.path.display())))?;
            self.apply_journal(&Self::journal(&self.path))?;
            self.journal_unapplied.set(false);
        }
        Ok(())
    }

    /// From now on, all waits for other processes end with `patience`.
    ///
    /// # Errors
    /// SQLite does not take it.
    pub fn wait_at_most(&self, patience: Patience) -> super::Result<()> {
        self.patience.set(patience);
        Ok(self.db.busy_timeout(patience.left())?)
    }

    /// The existing index, if it can be used.
    fn existing(path: &Path) -> Result<Option<Index>> {
        match schema::connect(path) {
            Ok(index) => Ok(index),
            Err(e) if is_damage(e.cause()) => Ok(None),
            Err(e) => Err(with_system_error(e, path)),
        }
    }

    /// What the file at `path` is, whoever wrote it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn kind(path: &Path) -> std::io::Result<IndexKind> {
        Ok(match schema::version(path)? {
            Some(schema::VERSION) => IndexKind::Ours,
            Some(_) => IndexKind::OfAnotherVersion,
            None => IndexKind::NoIndex,
        })
    }

    /// False if no filter has sent the message with this digest elsewhere. Where that cannot be told without opening the
    /// index at `path`, it is true.
    pub(crate) fn may_be_moved(path: &Path, digest: &[u8; 16]) -> bool {
        match moved::look(path, digest) {
            // What the index has not read may be anything.
            Ok((number, false)) => schema::number_if_complete(path).ok().flatten() != Some(number),
            Ok((_, true)) | Err(_) => true,
        }
    }

    /// True if a filter is known to have sent the message with this digest elsewhere, or another one that has the same
    /// place in the table beside the index at `path`.
    pub(crate) fn is_noted_as_moved(path: &Path, digest: &[u8; 16]) -> bool {
        moved::look(path, digest).is_ok_and(|(_, is_noted)| is_noted)
    }

    pub(super) fn journal(path: &Path) -> Journal {
        Journal::at(path.parent().unwrap_or(Path::new("")))
    }

    /// Removes the index at `path`, even if another process holds its lock for longer than a moment. The next command
    /// creates it again.
    pub fn remove(path: &Path) {
        let _lock = schema::lock(path, Patience::brief());
        schema::remove(path);
    }
}

/// Does `work`, and repeats it if the index was removed meanwhile, which anyone may do at any time.
pub(super) fn again_if_removed<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..RETRIES {
        match work() {
            Err(e) if IndexError::among(&e).is_some_and(IndexError::is_removal) => {}
            Err(e) if e.downcast_ref::<std::io::Error>().is_some_and(absent) => {}
            done => return done,
        }
    }
    work()
}
