//! Which numbers new tickets get: their own, where that may be kept, else the next one.

use super::HIGHEST_KEPT;
use super::write::Filing;
use super::group::Group;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::collections::HashSet;

/// The numbers that new tickets get.
pub(super) struct Numbers {
    /// The last one that is used, or must not be used by tickets without a number of their own.
    pub last: u32,
    /// The last one that was guessed, before the sequence could be asked.
    pub guessed: u32,
    /// Up to here the index knows all tickets.
    pub looked: u32,
    /// Numbers that were guessed for those who have their own.
    promised: HashSet<TicketId>,
}

impl Numbers {
    pub fn new(filing: &Filing) -> Result<Numbers> {
        let (mut last, mut looked) = (0, 0);
        if filing.desk.store.private().is_dir() {
            let given = filing.desk.store.sequence()?.last();
            last = given.max(filing.desk.index()?.highest()?);
            looked = given;
        }
        if filing.order.keep_numbers {
            let groups = filing.groups.groups.iter().filter(|g| g.home.is_none());
            let kept = groups.filter_map(keepable).map(TicketId::get).max();
            last = last.max(kept.unwrap_or(0));
        }
        Ok(Numbers {
            last,
            guessed: last,
            looked,
            promised: HashSet::new(),
        })
    }

    /// Takes note of the tickets that others opened meanwhile, up to number `last`.
    pub fn look(&mut self, filing: &mut Filing, last: u32) -> Result<()> {
        filing.desk.look_at(self.looked + 1..=last)?;
        self.looked = last;
        Ok(())
    }

    /// The number that a group will most likely get.
    pub fn guess(&mut self, filing: &Filing, group: &Group) -> Result<TicketId> {
        if let Some(id) = self.wanted(filing, group)?
            && self.promised.insert(id)
        {
            return Ok(id);
        }
        self.guessed += 1;
        TicketId::new(self.guessed).context(NONE_LEFT)
    }

    /// The number that the archive gives a group, if it is to be kept and was never used (B7).
    pub fn wanted(&self, filing: &Filing, group: &Group) -> Result<Option<TicketId>> {
        let Some(id) = keepable(group).filter(|_| filing.order.keep_numbers) else {
            return Ok(None);
        };
        let there = filing.desk.store.private().is_dir();
        let used = there
            && (filing.desk.store.locate(id)?.is_some()
                || filing.desk.index()?.ticket(id)?.is_some());
        Ok(Some(id).filter(|_| !used))
    }

    pub fn next(&self) -> Result<TicketId> {
        TicketId::new(self.last.saturating_add(1)).context(NONE_LEFT)
    }
}

const NONE_LEFT: &str = "cannot open a ticket: no number is left";

fn keepable(group: &Group) -> Option<TicketId> {
    group.number.filter(|id| id.get() <= HIGHEST_KEPT)
}
