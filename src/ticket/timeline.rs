//! A ticket's entries as events: what each of them did, who wrote it, and when.

use super::TicketId;
use crate::mail::decode::Mailbox;

/// What an entry did to its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was the first one.
    Opened,
    /// It was added.
    Filed,
    /// It was added, and the ticket went to archived/.
    Closed,
    /// It was added, and the ticket came back.
    Reopened,
    /// It was added quietly: nobody was told (B3).
    Quiet,
}

/// One entry of a ticket, as far as a history of the desk wants to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The ticket.
    pub ticket: TicketId,
    /// The entry's position in it, from 0.
    pub seq: u64,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// What it did.
    pub event: Event,
    /// Who wrote it: From, in lower case what the address is; `None` if it says nobody.
    pub author: Option<Mailbox>,
    /// A machine wrote it (C6).
    pub automatic: bool,
    /// Its Subject in one line.
    pub subject: String,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}
