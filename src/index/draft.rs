//! Rebuilds the index beside the one in use, and replaces that when it is complete.

use super::{Index, moved, schema};
use crate::files::place_at;
use crate::patience::Patience;
use anyhow::Result;
use nix::fcntl::OFlag;
use std::path::{Path, PathBuf};

/// An index that is being built beside the one in use.
pub(crate) struct IndexDraft {
    index: Index,
    target: PathBuf,
}

impl IndexDraft {
    /// Begins a draft of the index at `target`. If it is `followed`, a follower reads the messages in the
    /// same pass, so they are not added to the backlog.
    pub(crate) fn begin(target: &Path, followed: bool) -> Result<IndexDraft> {
        let path = path(target);
        schema::remove(&path);
        let index = schema::create(&path, false)?;
        index.set_meta("boot", boot())?;
        index.set_meta("followed", i64::from(followed))?;
        Self::over(index, target, followed)
    }

    /// An unfinished draft that was begun with the same arguments. `None` if there is none, or if the machine
    /// was restarted since: a draft is not synced before it is finished.
    pub(crate) fn resume(target: &Path, followed: bool) -> Result<Option<IndexDraft>> {
        let fits = |index: &Index| -> super::Result<bool> {
            Ok(index.meta("boot")? == Some(boot())
                && index.meta("followed")? == Some(i64::from(followed)))
        };
        let kept = schema::connect(&path(target)).ok().flatten();
        let kept = kept.filter(|index| fits(index).unwrap_or(false) && moved::is_of(index));
        kept.map(|index| Self::over(index, target, followed))
            .transpose()
    }

    fn over(index: Index, target: &Path, followed: bool) -> Result<IndexDraft> {
        let quick = "PRAGMA synchronous = OFF; PRAGMA cache_size = -32768";
        index.db.execute_batch(quick)?;
        index.followed.set(followed);
        Ok(IndexDraft {
            index,
            target: target.to_owned(),
        })
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The number up to which all tickets have been added.
    pub(crate) fn done(&self) -> super::Result<u32> {
        Ok(self.index.meta("done")?.unwrap_or(0) as u32)
    }

    pub(crate) fn set_done(&self, number: u32) -> super::Result<()> {
        self.index.set_meta("done", i64::from(number))
    }

    /// Replaces the index by the draft. `catch_up` reads the tickets that have changed since the pass over
    /// all tickets. It is called twice: first while others may use the index, then for the rest while nobody
    /// else can apply the journal. `swap` puts a follower's new file in place.
    pub(crate) fn finish(
        self,
        catch_up: impl Fn(&Index) -> Result<()>,
        swap: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let IndexDraft { index, target } = self;
        // The follower's pass is over as well: from now on, changes go to its backlog.
        index.followed.set(false);
        catch_up(&index)?;
        index.create_secondary_indexes()?;
        let _lock = schema::lock(&target, Patience::default())?;
        index.wait_at_most(Patience::default())?;
        index.apply_journal(&Index::journal(&target))?;
        // This comes after the journal, which contains older changes.
        catch_up(&index)?;
        index.set_complete(true)?;
        let path = index.path.clone();
        drop(index);
        place_at(&path)?.open(OFlag::O_RDONLY)?.sync_all()?;
        moved::replace(&path, &target)?;
        // The backlog matches the follower's new file only. After a crash between the two renames there must
        // be no index: the next command then creates one with all messages in the backlog.
        schema::remove(&target);
        swap()?;
        Ok(place_at(&path)?.rename(&place_at(&target)?)?)
    }
}

/// The path of the draft of the index at `target`.
fn path(target: &Path) -> PathBuf {
    target.with_extension("new")
}

/// A number that changes whenever the machine is started.
fn boot() -> i64 {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    crate::ticket::identity::key(&id)
}
