//! The numbers of a desk.

use super::calendar::Unit;
use super::times::Times;
use super::top::TopSubmitter;
use crate::ticket::TicketId;
use crate::ticket::staff::Staff;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What is to be counted.
pub(crate) struct Scope<'a> {
    /// The first second of the stretch, since 1970; `None` for the beginning of all.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: i64,
    /// The present, in seconds since 1970.
    pub now: i64,
    /// What the numbers are added up by; `None` for what suits the stretch.
    pub unit: Option<Unit>,
    /// The zone whose days and hours count.
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
pub(crate) struct Counts {
    /// Tickets opened.
    pub opened: u64,
    /// Closings.
    pub closed: u64,
    /// Tickets re-opened.
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
    pub(crate) fn messages(&self) -> u64 {
        self.mail + self.replies + self.automatic
    }

    pub(super) fn add(&mut self, more: &Counts) {
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
pub(crate) struct Period {
    /// Its first day.
    pub start: Date,
    /// What happened in it.
    pub counts: Counts,
    /// Tickets that were open at its end.
    pub open: u64,
    /// The first replies in it.
    pub first_reply: Times,
    /// The last closings of tickets, if they lie in it.
    pub closing: Times,
}

/// A large ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LargeTicket {
    /// Its number.
    pub ticket: TicketId,
    /// Subject of its first entry.
    pub subject: String,
    /// Messages in the stretch.
    pub messages: u64,
    /// Their bytes in the mbox.
    pub bytes: u64,
}

/// The numbers of a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeskStats {
    /// The first and the last day: those that were asked for, else those of the first entry and of today.
    pub days: Option<(Date, Date)>,
    /// What `periods` are.
    pub unit: Unit,
    /// One after the other, empty ones among them. The ends of the stretch may cut the first and the last
    /// short.
    pub periods: Vec<Period>,
    /// What happened in the whole stretch.
    pub total: Counts,
    /// Tickets that were open at its end.
    pub open: u64,
    /// Those of them that have had no reply.
    pub unanswered: u64,
    /// Tickets with a message in it.
    pub tickets: u64,
    /// Tickets that a machine opened in it.
    pub by_machines: u64,
    /// These are counted like any others.
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
    /// Those who opened most, most first.
    pub top: Vec<TopSubmitter>,
    /// The largest tickets, largest first.
    pub largest: Vec<LargeTicket>,
    /// Entries of the desk with a date that cannot be.
    pub undated: u64,
    /// Entries of the desk that are dated in the future.
    pub future: u64,
}

impl DeskStats {
    /// The days, in words: `2026-10-05 to 2026-10-25`.
    pub(crate) fn stretch(&self) -> String {
        match self.days {
            None => "no messages".to_owned(),
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first} to {last}"),
        }
    }

    /// Messages by customers in each hour of the day.
    pub(crate) fn by_hour(&self) -> Vec<u64> {
        let sum = |hour: usize| self.hours.iter().map(|day| day[hour]).sum();
        (0..24).map(sum).collect()
    }

    /// Messages by customers on each day of the week, from Monday.
    pub(crate) fn by_weekday(&self) -> Vec<u64> {
        self.hours.iter().map(|day| day.iter().sum()).collect()
    }
}
