//! Whether a command that reads may be begun anew, because it failed for the sake of the index.

use crate::desk::Desk;
use crate::index::{Index, IndexError};
use crate::screen;
use anyhow::Result;
use std::cell::Cell;

/// How often a command that reads is begun anew because the index was removed or replaced. More in a row are hardly
/// chance.
const REPLACEMENTS: usize = 5;

/// Why a command was begun anew so far.
#[derive(Default)]
pub(super) struct Again {
    /// The index of the store cannot be written, so that a command that reads makes one of its own.
    index_elsewhere: Cell<bool>,
    /// It was damaged, and is removed.
    index_removed: Cell<bool>,
    /// How often it was replaced by another process under the hands of a command that reads.
    replaced: Cell<usize>,
}

impl Again {
    /// True if the index is to be made elsewhere.
    pub(super) fn needs_index_elsewhere(&self) -> bool {
        self.index_elsewhere.get()
    }

    /// True if a command that reads failed so because of the index, and may be begun anew: with the one that is there
    /// now, or one of its own.
    pub(super) fn may_help(
        &self,
        error: &anyhow::Error,
        desk: impl FnOnce() -> Result<Desk>,
    ) -> bool {
        if screen::has_begun() {
            // What was printed would stand there twice. The next command finds no damaged index.
            self.removes_index(error, desk);
            return false;
        }
        self.is_replaced(error)
            || self.removes_index(error, desk)
            || self.put_index_elsewhere(error)
    }

    /// True if a command failed so because somebody removed or replaced the index while it had it open. If that
    /// happens again and again, it is the disk that fails.
    fn is_replaced(&self, error: &anyhow::Error) -> bool {
        let times = self.replaced.get();
        let is_it =
            times < REPLACEMENTS && IndexError::among(error).is_some_and(IndexError::is_removal);
        self.replaced.set(times + usize::from(is_it));
        is_it
    }

    /// True if a command failed so because the index is damaged. That is removed then, so that the command may be begun
    /// anew.
    fn removes_index(&self, error: &anyhow::Error, desk: impl FnOnce() -> Result<Desk>) -> bool {
        let is_damaged = IndexError::among(error).is_some_and(IndexError::is_damage);
        if !is_damaged || self.index_removed.replace(true) {
            return false;
        }
        desk().is_ok_and(|desk| {
            Index::remove(&desk.index_dir().join("index.db"));
            true
        })
    }

    /// True, and said so, if a command that failed so may be begun anew with an index elsewhere.
    fn put_index_elsewhere(&self, error: &anyhow::Error) -> bool {
        let why = IndexError::unusable(error).filter(|_| !self.index_elsewhere.get());
        let Some(why) = why else {
            return false;
        };
        screen::remark(format_args!(
            "{why}; all tickets are read, which takes longer"
        ));
        self.index_elsewhere.set(true);
        true
    }
}
