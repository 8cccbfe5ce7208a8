//! Which existing ticket each group of an archive's messages belongs to.

use crate::ticket::TicketId;
use std::collections::{HashMap, HashSet};

/// A group, and an existing ticket that may be the group's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The index of the group.
    pub(crate) group: u32,
    pub(crate) ticket: TicketId,
    /// How many messages of the group the ticket holds.
    pub(crate) common: u32,
    /// How many of these belong to no other group.
    pub(crate) exclusive: u32,
    /// How many messages the group has.
    pub(crate) in_group: u32,
    /// How many messages the ticket has.
    pub(crate) in_ticket: u32,
    /// The group's first message opened the ticket.
    pub(crate) same_opener: bool,
    /// A message of the group answers one that the ticket holds.
    pub(crate) answers: bool,
    /// The group is a whole ticket: none of its messages is missing in the archive.
    pub(crate) whole: bool,
    /// The archive gives the group the number of the ticket.
    pub(crate) same_number: bool,
}

impl Candidate {
    /// One message may be in several tickets, so a common message alone does not make a whole ticket
    /// the same.
    fn is_possible(&self) -> bool {
        match self.whole {
            // Messages may have been added since, or removed by hand.
            true => self.same_opener || (self.common > 0 && self.common == self.in_ticket),
            false => self.common > 0 || self.answers,
        }
    }

    /// The Jaccard index of the two sets of messages, in millionths.
    fn similarity(&self) -> u64 {
        let all = u64::from(self.in_group) + u64::from(self.in_ticket);
        let common = u64::from(self.common);
        common * 1_000_000 / all.saturating_sub(common).max(1)
    }
}

/// The ticket of each group that has one. The most similar pairs are matched first, and each ticket is
/// matched with one group at most.
pub(crate) fn match_tickets(mut candidates: Vec<Candidate>) -> HashMap<u32, TicketId> {
    candidates.retain(Candidate::is_possible);
    candidates.sort_by_key(|c| {
        let rank = (
            c.whole && c.same_opener,
            c.exclusive > 0,
            c.similarity(),
            c.same_number,
        );
        (std::cmp::Reverse(rank), c.ticket, c.group)
    });
    let mut matched = HashMap::new();
    let mut taken = HashSet::new();
    for candidate in candidates {
        if !matched.contains_key(&candidate.group) && taken.insert(candidate.ticket) {
            matched.insert(candidate.group, candidate.ticket);
        }
    }
    matched
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
