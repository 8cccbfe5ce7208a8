//! A message as it lies in an archive, and what its file says of its ticket.

use crate::ticket::{State, TicketId, identity};

/// A message as it lies in an archive.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawMessage {
    /// Its From_ line without the line end; empty if it has none.
    pub(crate) from_line: Vec<u8>,
    /// Header and body.
    pub(crate) content: Vec<u8>,
    /// The mail program has marked it as deleted, as the name of its file says.
    pub(crate) deleted: bool,
    /// It lies in an mbox, where lines are quoted.
    pub(crate) in_mbox: bool,
    /// When it came in, as its file says, in seconds since 1970.
    pub(crate) at: Option<i64>,
    /// The ticket, if its file is a whole ticket.
    pub(crate) whole: Option<WholeTicket>,
}

/// What the file of a whole ticket says of a message in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WholeTicket {
    pub(crate) number: ArchiveNumber,
    /// The message's position in the ticket, from 1.
    pub(crate) position: u32,
    /// The ticket's state, if the archive knows it.
    pub(crate) state: Option<State>,
}

/// The number that an archive gives a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ArchiveNumber {
    pub(crate) space: NumberSpace,
    pub(crate) id: TicketId,
}

/// Whose number it is: two systems give the same numbers to different tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NumberSpace(u64);

impl NumberSpace {
    /// All numbers found in Subjects and addresses are taken for those of one system.
    pub(crate) const TAGS: NumberSpace = NumberSpace(0);
    /// The number is that of a ticket in a copy of a store. All that is known of that store is the
    /// message that opened the ticket: the survey replaces this by [`NumberSpace::by_key`] of it.
    pub(crate) const COPY: NumberSpace = NumberSpace(1);

    /// The numbers of the desk with this name.
    pub(crate) fn of_desk(name: &str) -> NumberSpace {
        Self::by_key(identity::key(name))
    }

    /// The numbers of the system that is identified by `key`.
    pub(crate) fn by_key(key: i64) -> NumberSpace {
        // Never one of the two constants above.
        NumberSpace(key as u64 | 2)
    }
}
