//! The index at hand: opened when it is asked for, told what happens, and done without when it is
//! removed or broken. It is a cache (D9).

use super::Desk;
use crate::index::journal::{Change, Journal, Touched};
use crate::index::{Index, IndexError};
use crate::ticket::State;
use anyhow::Result;
use std::path::Path;

/// How often something is tried again whose index was removed, or broken, under its hands.
const RETRIES: usize = 5;

impl Desk {
    /// The index, opened when first asked for.
    pub fn index(&self) -> Result<&Index> {
        let index = self.index_by(Index::open)?;
        index.settle().map(|()| index)
    }

    /// The same for a delivery, which leaves to others what others can do.
    pub(crate) fn glance(&self) -> Result<&Index> {
        self.index_by(Index::glance)
    }

    /// True if there is an index already, of whatever kind.
    pub fn has_index(&self) -> bool {
        self.store.private().join("index.db").exists()
    }

    fn index_by(&self, open: fn(&Path) -> Result<Index>) -> Result<&Index> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = open(&self.store.private().join("index.db"))?;
        Ok(self.index.get_or_init(|| index))
    }

    /// Tells the index what was done to a ticket's file.
    pub(crate) fn tell(&self, change: &Change) -> Result<()> {
        if Journal::at(&self.store.private()).append(change)? {
            self.much_is_told.set(true);
        }
        Ok(())
    }

    /// Tells the index that archived/ was changed by nobody but us since `before`.
    pub(crate) fn tell_of_archived(&self, before: Option<i64>) {
        let Some(archived_before) = before else {
            return;
        };
        // Not told is no harm: all that lies there is looked at once more.
        if let Ok(Some(archived_after)) = self.store.changed(State::Closed) {
            let touched = Touched {
                archived_before,
                archived_after,
            };
            let _ = Journal::at(&self.store.private()).touched(&touched);
        }
    }

    /// Does `work`, and again if somebody removed the index meanwhile, or it is damaged: then it goes
    /// first, with `forget`. It holds nothing that the mboxes do not hold.
    pub(crate) fn despite_index<T>(
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
                forget(self, &self.store.private().join("index.db"))?;
            }
            done = work(self);
        }
        done
    }
}
