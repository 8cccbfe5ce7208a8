//! An index that is made anew beside the one in use, and takes its place when it is complete.

use super::{Index, schema};
use anyhow::Result;
use std::fs::{File, rename};
use std::path::{Path, PathBuf};

/// An index that is being made beside the one in use.
pub(crate) struct IndexDraft {
    index: Index,
    target: PathBuf,
}

impl IndexDraft {
    /// Begins a draft of the index at `target`. If it is `followed`, a follower reads the messages in
    /// the same pass, and what is written to the draft is not added to the backlog.
    pub(crate) fn begin(target: &Path, followed: bool) -> Result<IndexDraft> {
        let path = path(target);
        schema::remove(&path);
        let index = schema::create(&path, false)?;
        index.set_meta("boot", boot())?;
        index.set_meta("followed", i64::from(followed))?;
        Self::over(index, target, followed)
    }

    /// The draft that was begun in this way and not finished; `None` if there is none, or the machine
    /// was started since: a draft is not synced before it is in use.
    pub(crate) fn resume(target: &Path, followed: bool) -> Result<Option<IndexDraft>> {
        let fits = |index: &Index| -> super::Result<bool> {
            Ok(index.meta("boot")? == Some(boot())
                && index.meta("followed")? == Some(i64::from(followed)))
        };
        let kept = schema::connect(&path(target)).ok().flatten();
        let kept = kept.filter(|index| fits(index).unwrap_or(false));
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

    /// The draft, for writing.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The number up to which tickets are in it.
    pub(crate) fn done(&self) -> super::Result<u32> {
        Ok(self.index.meta("done")?.unwrap_or(0) as u32)
    }

    /// Notes that the tickets up to this number are in it.
    pub(crate) fn set_done(&self, number: u32) -> super::Result<()> {
        self.index.set_meta("done", i64::from(number))
    }

    /// Puts the draft in the place of the index. `catch_up` reads what came in since the pass over all
    /// tickets: most of it while others may work, the rest while nobody else can apply the journal.
    /// `swap` puts a follower's new file in place.
    pub(crate) fn finish(
        self,
        catch_up: impl Fn(&Index) -> Result<()>,
        swap: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let IndexDraft { index, target } = self;
        // The follower has ended its pass, too: what it has not read goes to its backlog.
        index.followed.set(false);
        catch_up(&index)?;
        index.put_in_order()?;
        let _lock = schema::lock(&target)?;
        index.apply_journal(&Index::journal(&target))?;
        // What the journal says is older than what is read now.
        catch_up(&index)?;
        index.set_complete(true)?;
        let path = index.path.clone();
        drop(index);
        File::open(&path)?.sync_all()?;
        // The backlog belongs to the follower's file: a crash in between must leave no index, which the
        // next command then makes anew with all messages in its backlog.
        schema::remove(&target);
        swap()?;
        Ok(rename(&path, &target)?)
    }
}

/// Where the draft of the index at `target` lies.
fn path(target: &Path) -> PathBuf {
    target.with_extension("new")
}

/// Changes whenever the machine is started.
fn boot() -> i64 {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    crate::ticket::summary::key(&id)
}
