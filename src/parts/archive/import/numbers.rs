//! The numbers that new tickets get: those of the archive, where they may be kept, else the next ones.

use crate::desk::Desk;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::collections::{HashMap, HashSet};

/// The highest number that is kept. A Subject may contain any number, and all later tickets are
/// numbered above it.
pub(crate) const HIGHEST_KEPT: u32 = 99_999_999;

const NONE_LEFT: &str = "cannot open a ticket: no number is left";

/// The numbers that new tickets get. Each is expected first, when the ticket is written, and given
/// later, under the lock of the sequence.
pub(crate) struct Numbers {
    keep: bool,
    /// The highest number that is in use or may be kept; tickets without a kept number come after it.
    last: u32,
    /// The highest number that is expected to be given.
    last_expected: u32,
    /// The index has all tickets up to this number.
    last_indexed: u32,
    /// The tickets that were put away, and the messages that opened them: nothing else gets their numbers.
    away: HashMap<TicketId, [u8; 16]>,
    /// Kept numbers that are expected already.
    expected: HashSet<TicketId>,
}

impl Numbers {
    /// `archived` are the numbers that the archive gives to tickets that do not exist; they are used
    /// only if `keep` is set.
    pub(crate) fn new(
        desk: &Desk,
        keep: bool,
        archived: impl Iterator<Item = TicketId>,
    ) -> Result<Numbers> {
        let (mut last, mut last_indexed) = (0, 0);
        if desk.store.private().is_dir() {
            last_indexed = desk.store.sequence()?.last();
            last = last_indexed.max(desk.index()?.highest()?);
        }
        if keep {
            let kept = archived
                .filter(|&id| is_keepable(id))
                .map(TicketId::get)
                .max();
            last = last.max(kept.unwrap_or(0));
        }
        Ok(Numbers {
            keep,
            last,
            last_expected: last,
            last_indexed,
            away: match keep {
                true => desk.store.all_put_away()?,
                false => HashMap::new(),
            },
            expected: HashSet::new(),
        })
    }

    /// The number that the next new ticket will most likely get.
    pub(crate) fn expect(
        &mut self,
        desk: &Desk,
        archived: Option<TicketId>,
        opening: Option<[u8; 16]>,
    ) -> Result<TicketId> {
        if let Some(id) = self.kept(desk, archived, opening)?
            && self.expected.insert(id)
        {
            return Ok(id);
        }
        self.last_expected += 1;
        TicketId::new(self.last_expected).context(NONE_LEFT)
    }

    /// The number that the archive gives a ticket, if it is to be kept and was never used (B7), or if it is the ticket's
    /// that was put away: `opening` is the digest of its first message.
    pub(crate) fn kept(
        &self,
        desk: &Desk,
        archived: Option<TicketId>,
        opening: Option<[u8; 16]>,
    ) -> Result<Option<TicketId>> {
        let Some(id) = archived.filter(|&id| self.keep && is_keepable(id)) else {
            return Ok(None);
        };
        let is_another = || match self.away.get(&id) {
            Some(&away) => Ok(opening != Some(away)),
            None => Ok::<_, anyhow::Error>(desk.index()?.ticket(id)?.is_some()),
        };
        let used =
            desk.store.private().is_dir() && (desk.store.locate(id)?.is_some() || is_another()?);
        Ok(Some(id).filter(|_| !used))
    }

    /// The number that the archive gives a ticket, where it was to be kept, and the ticket got the number `id`.
    pub(crate) fn not_kept(&self, archived: Option<TicketId>, id: TicketId) -> Option<TicketId> {
        archived.filter(|&archived| self.keep && archived != id)
    }

    /// The next number that is not kept for another ticket.
    pub(crate) fn next(&self) -> Result<TicketId> {
        TicketId::new(self.last.saturating_add(1)).context(NONE_LEFT)
    }

    /// Records that a number is used.
    pub(crate) fn used(&mut self, number: u32) {
        self.last = self.last.max(number);
    }

    /// Before a batch is numbered: brings the index up to date with the tickets that others opened.
    /// `last` is the last number of the sequence, which is locked.
    pub(crate) fn begin_batch(&mut self, desk: &mut Desk, last: u32) -> Result<()> {
        self.used(last);
        let others = self.last_indexed + 1..=last;
        desk.despite_index(|desk| desk.look_at(others.clone()))?;
        self.last_indexed = last;
        Ok(())
    }

    /// After a batch was numbered and its tickets are in the index.
    pub(crate) fn end_batch(&mut self, last: u32) {
        self.last_indexed = last;
        self.last_expected = self.last;
    }
}

fn is_keepable(id: TicketId) -> bool {
    id.get() <= HIGHEST_KEPT
}
