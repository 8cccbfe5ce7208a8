//! The index of a desk: opened when it is first asked for, and done without when it is removed or
//! broken. It is a cache (D9).

use super::Desk;
use crate::files::Dir;
use crate::index::journal::{ArchiveChange, Change, Journal};
use crate::index::{Index, IndexError, OfIndex};
use crate::patience::Patience;
use crate::store::lock::lock_file;
use crate::ticket::State;
use anyhow::{Context, Result};
use std::cell::OnceCell;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How often something is tried again whose index was removed, or broken, under its hands.
const RETRIES: usize = 5;

impl Desk {
    /// The index, opened when first asked for.
    pub fn index(&self) -> Result<&Index> {
        let index = self.index_by(Index::open)?;
        index.apply_pending().map(|()| index)
    }

    /// The index for a delivery, which reads the journal but leaves it to others to apply it. The read
    /// goes on until [`Desk::ends_read`] ends it, and nobody can write meanwhile.
    pub(super) fn index_to_read(&self) -> Result<&Index> {
        self.index_by(Index::open_to_read)
    }

    /// Ends a read of the index when it is dropped, whether one was begun or not.
    pub(super) fn ends_read(&self) -> ReadEnd<'_> {
        ReadEnd(&self.index)
    }

    /// Makes an index for this command alone, in the directory for temporary files, or in memory if
    /// that one is on the disk of the store: that disk cannot be written.
    ///
    /// # Errors
    /// No directory can be created.
    pub(crate) fn put_index_elsewhere(&mut self) -> Result<()> {
        let temporary = std::env::temp_dir();
        let memory = Path::new("/dev/shm");
        let device = |dir: &Path| std::fs::metadata(dir).map(|meta| meta.dev()).ok();
        let dirs = match device(&temporary) == device(self.store.root()) {
            true => [memory, &temporary],
            false => [&temporary, memory],
        };
        let create = |dir| {
            tempfile::Builder::new()
                .prefix("tickets-index-")
                .tempdir_in(dir)
        };
        let made = create(dirs[0]).or_else(|_| create(dirs[1]));
        let doing = || format!("cannot make an index in {}", dirs[0].display());
        self.index.take();
        self.index_elsewhere = Some(made.with_context(doing)?);
        Ok(())
    }

    /// The file of the index.
    pub(super) fn index_path(&self) -> PathBuf {
        self.index_dir().join("index.db")
    }

    /// The directory of the index, and of what follows it.
    pub(crate) fn index_dir(&self) -> PathBuf {
        match &self.index_elsewhere {
            Some(dir) => dir.path().to_owned(),
            None => self.store.private(),
        }
    }

    /// Waits for an exclusive flock on a file beside the index.
    pub(crate) fn lock_beside_index(&self, name: &str, patience: Patience) -> Result<File> {
        let path = self.index_dir();
        let dir = Dir::open(&path).with_context(|| format!("cannot open {}", path.display()));
        let locked = dir.and_then(|dir| lock_file(&dir.at(name), patience));
        locked.context(OfIndex("cannot use the index".into()))
    }

    fn index_by(&self, open: fn(&Path, Patience) -> Result<Index>) -> Result<&Index> {
        let patience = self.patience.get().unwrap_or_default();
        if let Some(index) = self.index.get() {
            index.wait_at_most(patience)?;
            return Ok(index);
        }
        let index = open(&self.index_path(), patience)?;
        Ok(self.index.get_or_init(|| index))
    }

    /// Appends to the journal what was done to a ticket's file.
    pub(super) fn append_to_journal(&self, change: &Change) -> Result<()> {
        if Journal::at(&self.store.private()).append(change)? {
            self.journal_is_long.set(true);
        }
        Ok(())
    }

    /// Notes in the journal that nobody but us has changed `archived/` since `before`, when it was last
    /// changed. Where that fails no harm is done: all that lies there is looked at once more.
    pub(super) fn note_change_of_closed(&self, before: Option<i64>) {
        let Some(archived_before) = before else {
            return;
        };
        if let Ok(Some(archived_after)) = self.store.directory_mtime(State::Closed) {
            let change = ArchiveChange {
                archived_before,
                archived_after,
            };
            let _ = Journal::at(&self.store.private()).append_archive_change(&change);
        }
    }

    /// Does `work`, and does it again if somebody removed or replaced the index meanwhile, or if it is damaged: then
    /// it is removed first. It holds nothing that the mboxes do not hold.
    ///
    /// # Errors
    /// Those of `work`, of which it may do a part more than once.
    pub(crate) fn despite_index<T>(
        &mut self,
        work: impl FnMut(&mut Desk) -> Result<T>,
    ) -> Result<T> {
        self.despite_index_and(work, |_, index| {
            Index::remove(index);
            Ok(())
        })
    }

    /// The same where `forget` removes a damaged index, together with what follows it.
    ///
    /// # Errors
    /// Those of `work` and of `forget`.
    pub(crate) fn despite_index_and<T>(
        &mut self,
        mut work: impl FnMut(&mut Desk) -> Result<T>,
        forget: impl Fn(&Desk, &Path) -> Result<()>,
    ) -> Result<T> {
        let mut done = work(self);
        for _ in 0..RETRIES {
            let Some(index) = done.as_ref().err().and_then(IndexError::among) else {
                break;
            };
            let damaged = index.is_damage();
            if !damaged && !index.is_removal() {
                break;
            }
            self.index.take();
            if damaged {
                forget(self, &self.index_path())?;
            }
            done = work(self);
        }
        done
    }
}

/// Ends a read of the index when it is dropped, so that others can write to it.
pub(super) struct ReadEnd<'d>(&'d OnceCell<Index>);

impl Drop for ReadEnd<'_> {
    fn drop(&mut self) {
        if let Some(index) = self.0.get() {
            index.end_read();
        }
    }
}
