//! An index that is made anew beside the one in use, and takes its place when it is complete.

use super::text::{Text, beside};
use super::{Index, IndexError, Result, schema};
use std::path::{Path, PathBuf};

/// An index that is being made beside the one in use.
pub struct Draft {
    index: Index,
    text: Option<Text>,
    target: PathBuf,
}

impl Draft {
    /// Begins a draft of the index at `target`, or goes on with one that was not finished since
    /// the machine was started; what is in it is not synced before it is in use.
    pub fn begin(target: &Path, with_text: bool) -> anyhow::Result<Draft> {
        let path = target.with_extension("new");
        let kept = schema::connect(&path).ok().flatten();
        let boot = boot();
        let fits = |index: &Index| -> Result<bool> {
            Ok(index.meta("boot")? == Some(boot)
                && index.meta("text")? == Some(i64::from(with_text)))
        };
        let index = match kept.filter(|index| fits(index).unwrap_or(false)) {
            Some(index) => index,
            None => {
                schema::remove(&path);
                Index::remove_text(&path);
                let index = schema::create(&path, false)?;
                index.set_meta("boot", boot)?;
                index.set_meta("text", i64::from(with_text))?;
                index
            }
        };
        let quick = "PRAGMA synchronous = OFF; PRAGMA cache_size = -32768";
        index.db.execute_batch(quick)?;
        let text = match with_text {
            true => {
                let (text, _) = Text::open(&path)?;
                text.db.execute_batch(quick)?;
                text.expect_many(true)?;
                index.keep_clean();
                Some(text)
            }
            false => None,
        };
        Ok(Draft {
            index,
            text,
            target: target.to_owned(),
        })
    }

    /// The draft of the index, for writing.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// That of the full text, if it is made, too.
    pub fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    /// Does all of `work` in one transaction of each, or nothing of it. After a crash the one may
    /// have it and the other not; then it is done once more.
    pub fn together<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.index.together(|| match &self.text {
            Some(text) => text.together(work),
            None => work(),
        })
    }

    /// The number up to which tickets are in it.
    pub fn done(&self) -> Result<u32> {
        Ok(self.index.meta("done")?.unwrap_or(0) as u32)
    }

    /// Notes that they are.
    pub fn set_done(&self, number: u32) -> Result<()> {
        self.index.set_meta("done", i64::from(number))
    }

    /// Puts it in the place of the index. `last` is done when nobody else can take over what
    /// deliveries tell: whatever they told before is older than what `last` looks at.
    pub fn finish(self, last: impl FnOnce(&Index) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Draft {
            index,
            text,
            target,
        } = self;
        let has_text = text.is_some();
        if let Some(text) = text {
            text.expect_many(false)?;
        }
        index.put_in_order()?;
        // From here on what changes is noted for the next search.
        index.clean.set(false);
        let _lock = schema::lock(&target)?;
        index.apply_journal(&Index::journal(&target))?;
        last(&index)?;
        index.set_complete(true)?;
        let path = index.path.clone();
        drop(index);
        let (text, new_text) = (beside(&target), beside(&path));
        for file in [Some(&path), has_text.then_some(&new_text)]
            .into_iter()
            .flatten()
        {
            std::fs::File::open(file)?.sync_all()?;
        }
        // In between the index would not know which words are missing; so none are there.
        schema::remove(&target);
        Index::remove_text(&target);
        if has_text {
            std::fs::rename(&new_text, &text)?;
        }
        std::fs::rename(&path, &target)?;
        Ok(())
    }
}

/// Changes whenever the machine is started: what was not synced before may be gone.
fn boot() -> i64 {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    crate::ticket::summary::key(&id)
}
