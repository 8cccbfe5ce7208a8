//! What the entries of a desk add up to: how many tickets, how fast, when, from whom, how large.
//!
//! Entries come in ticket by ticket, each ticket's in the order of its mbox ([`Tally::add`]), and
//! are forgotten at once. What stays is a number or two for each ticket, and a few for each day.
//!
//! What counts, and as what:
//! - A ticket that a machine opened (a bounce, a cron job) is no customer's: unless
//!   [`Scope::automatic`] is set, it is counted as such and is in no other number about tickets.
//!   Its messages are messages.
//! - An entry is dated by when it was filed. What lies before 1971 is no date but a machine without
//!   a clock: such an entry still opens and closes its ticket, and counts in nothing else. What
//!   lies after [`Scope::until`] has not happened yet.
//! - First reply: from a ticket's first mail by a customer to the first by the desk after it
//!   that the customer gets (a closing does, `-quiet` does not).
//! - Closing: from a ticket's opening to its last closing in the stretch, if it is closed at the
//!   end. One that was re-opened in between was not done: it counts once, and its whole time.
//! - A span that would end before it began (entries copied in by hand) is none.
//! - A ticket whose mbox was moved by hand is closed, or open again, since its last entry; nobody
//!   knows better. It was closed by no mail and is in no other number.

pub mod calendar;
mod tally;
#[cfg(test)]
mod tests;
mod times;
mod top;

use crate::ticket::TicketId;
use crate::ticket::staff::Staff;
use calendar::{Day, Unit};
use jiff::tz::TimeZone;
pub use tally::Tally;
pub use times::Times;
pub use top::Submitter;

/// What is asked for.
pub struct Scope<'a> {
    /// The first second of the stretch, since 1970; `None` is the very beginning.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: i64,
    /// The present, in seconds since 1970.
    pub now: i64,
    /// What the numbers are added up by; `None` is whatever suits the stretch.
    pub unit: Option<Unit>,
    /// Whose days and hours they are.
    pub zone: TimeZone,
    /// Count the tickets that machines opened like any others.
    pub automatic: bool,
    /// How many submitters, and how many of the largest tickets.
    pub most: usize,
    /// Who works here.
    pub staff: Staff<'a>,
}

/// What happened in some stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tickets opened.
    pub opened: u64,
    /// Closings.
    pub closed: u64,
    /// Closed tickets that came back.
    pub reopened: u64,
    /// Messages by customers.
    pub mail: u64,
    /// Messages by the desk.
    pub replies: u64,
    /// Messages by machines.
    pub automatic: u64,
}

impl Counts {
    /// All messages.
    pub fn messages(&self) -> u64 {
        self.mail + self.replies + self.automatic
    }

    fn add(&mut self, more: &Counts) {
        self.opened += more.opened;
        self.closed += more.closed;
        self.reopened += more.reopened;
        self.mail += more.mail;
        self.replies += more.replies;
        self.automatic += more.automatic;
    }
}

/// A day, week, month or year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub start: Day,
    /// What happened in it.
    pub counts: Counts,
    /// Tickets that were open at its end.
    pub open: u64,
    /// The first replies that were given in it.
    pub first_reply: Times,
    /// The tickets that were closed, for good so far, in it.
    pub closing: Times,
}

/// A large ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// Its number.
    pub ticket: TicketId,
    /// Subject of its first entry.
    pub subject: String,
    /// Messages in the stretch.
    pub messages: u64,
    /// Their bytes in the mbox.
    pub bytes: u64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The first and the last day of the stretch: as far as it was asked for, and else as far as
    /// there are entries, and until today.
    pub days: Option<(Day, Day)>,
    /// What `periods` are.
    pub unit: Unit,
    /// One after the other, empty ones among them; the first and the last may be cut short by the
    /// ends of the stretch.
    pub periods: Vec<Period>,
    /// What happened in the whole stretch.
    pub total: Counts,
    /// Tickets that were open at its end.
    pub open: u64,
    /// Those of them that had no reply yet.
    pub unanswered: u64,
    /// Tickets with a message in it.
    pub tickets: u64,
    /// Tickets that a machine opened in it.
    pub by_machines: u64,
    /// They are counted like any others.
    pub automatic: bool,
    /// Bytes of the messages in their mboxes.
    pub bytes: u64,
    /// Attachments of the messages.
    pub attachments: u64,
    /// First replies.
    pub first_reply: Times,
    /// Closings.
    pub closing: Times,
    /// Messages by customers, by weekday (the first is Monday) and hour.
    pub hours: [[u64; 24]; 7],
    /// How many addresses opened tickets.
    pub submitters: u64,
    /// Those that opened most, most first.
    pub top: Vec<Submitter>,
    /// The largest tickets, largest first.
    pub largest: Vec<Large>,
    /// Entries of the desk without a date that can be.
    pub undated: u64,
    /// Entries of the desk that are dated in the future.
    pub future: u64,
}
