//! How the index is opened, and removed.

use super::error::{in_the_systems_words, is_damage};
use super::journal::Journal;
use super::{Index, IndexError, schema};
use crate::files::absent;
use anyhow::{Context, Result};
use std::path::Path;

/// Nobody removes it so often by chance.
const RETRIES: usize = 5;

impl Index {
    /// Opens the index at `path` and applies the journal to it. Makes an empty index if there is none, or
    /// one of another version, or a file that is no database.
    pub fn open(path: &Path) -> Result<Index> {
        again_if_removed(|| {
            let _lock = schema::lock(path)?;
            let index = match Self::sound(path)? {
                Some(index) => index,
                None => {
                    schema::remove(path);
                    schema::create(path, true)?
                }
            };
            index.apply_journal(&Self::journal(path))?;
            Ok(index)
        })
        .with_context(|| format!("cannot open {}", path.display()))
    }

    /// Opens read-only. Pending journal lines are read but not applied.
    pub fn open_to_read(path: &Path) -> Result<Index> {
        let lines = Self::journal(path).read()?;
        let doing = || format!("cannot open {}", path.display());
        let found = again_if_removed(|| Self::sound(path)).with_context(doing)?;
        let Some(mut index) = found.filter(|_| lines.sound) else {
            return Self::open(path);
        };
        index.pending = lines.changes;
        index.journal_unapplied.set(true);
        // One read transaction for all questions; nobody can write meanwhile.
        index.db.execute_batch("BEGIN")?;
        index.in_read.set(true);
        Ok(index)
    }

    /// Applies what [`Index::open_to_read`] only read. To be done before anything is written: where a
    /// ticket has a row, nobody looks for tickets with lower numbers that have none, and a power cut would
    /// take the lines about those.
    pub fn apply_pending(&self) -> Result<()> {
        if self.journal_unapplied.get() {
            self.end_read();
            let _lock = schema::lock(&self.path)?;
            self.apply_journal(&Self::journal(&self.path))?;
            self.journal_unapplied.set(false);
        }
        Ok(())
    }

    /// What is there, if it can be used.
    fn sound(path: &Path) -> Result<Option<Index>> {
        match schema::connect(path) {
            Ok(index) => Ok(index),
            Err(e) if is_damage(e.cause()) => Ok(None),
            Err(e) => Err(in_the_systems_words(e, path)),
        }
    }

    pub(super) fn journal(path: &Path) -> Journal {
        Journal::at(path.parent().unwrap_or(Path::new("")))
    }

    /// Removes the index at `path`; the next command makes it again.
    pub fn remove(path: &Path) {
        let _lock = schema::lock(path);
        schema::remove(path);
    }
}

/// Does `work`, and again if the index was removed meanwhile, which anybody may do at any moment.
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
