//! Decides what to do with a message whose ticket is known: the address it is filed under, the
//! ticket's new state, and who is notified (sections B and C).

mod decide;
mod notified;
mod opening;
mod update;

use super::address::{Addresses, Verb};
use super::forward::{Forwarded, Unclear};
use super::person::Person;
use super::reach;
use super::staff::{Authorship, Staff};
use crate::ticket::policy::{Acknowledge, CloseBy, Notify};
use mail::automatic::Degree;
use mail::decode::Mailbox;
use mail::message::Message;
use std::collections::HashSet;

pub use decide::plan;

/// The part of the configuration that planning needs.
#[derive(Clone, Copy, Debug)]
pub struct PlanRules<'a> {
    pub addresses: &'a Addresses,
    pub people: &'a [Person],
    /// How admins are notified (C2).
    pub notify: Notify,
    /// Who gets an acknowledgement (C1).
    pub ack: &'a Acknowledge,
    /// Who may close a ticket (C5).
    pub close_by: CloseBy,
    /// Answers an hour to one address (C7).
    pub ack_limit: u32,
    /// Answers an hour to all strangers together (C7).
    pub ack_total: u32,
    /// The rights of an author need a proof, so that Reply-To gives none.
    pub asks_proof: bool,
}

impl<'a> PlanRules<'a> {
    /// At this many messages in a ticket within an hour, nothing more is passed on (C7). People do not
    /// write so many.
    pub fn pass_limit(&self) -> u32 {
        self.ack_limit.saturating_mul(10)
    }

    /// Answers an hour to all addresses of one domain: half of all, so that the robots of one domain
    /// cannot use up what everybody else needs (C7).
    pub fn domain_limit(&self) -> u32 {
        self.ack_total.div_ceil(2)
    }

    pub fn staff(&self) -> Staff<'a> {
        Staff {
            people: self.people,
            addresses: self.addresses,
        }
    }

    /// False for our own addresses: mail to those comes back.
    fn may_write_to(&self, address: &str) -> bool {
        !reach::is_ours(self.addresses, address)
    }
}

/// The ticket before this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub open: bool,
    /// The author of its first message.
    pub submitter: Option<Mailbox>,
    /// A machine wrote its first message, so nothing is sent to the submitter (C3).
    pub opened_by_machine: bool,
    /// One of the staff has written in it before.
    pub staff_wrote: bool,
    /// The author of this message has written in it before.
    pub writer_wrote: bool,
    /// Those of the authors of this message whom From, Reply-To, To or Cc of its messages name, in lower
    /// case (C5).
    pub people: HashSet<String>,
    /// The author of its last message, in lower case.
    pub last_from: String,
    /// Its number is also that of another file among the closed tickets, so it cannot be closed.
    pub in_both_places: bool,
}

/// What a message replies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RepliesTo {
    /// A copy of ours of somebody else's mail: only admins get those.
    Copy,
    /// A mail by the submitter, or our copy of one.
    Submitter {
        /// The addresses that it named, in lower case.
        with: Vec<String>,
    },
    /// A mail by somebody else who is no admin, or our copy of one.
    ThirdParty {
        writer: Mailbox,
        /// The submitter did not get it.
        in_private: bool,
    },
    /// Anything else, or nothing.
    #[default]
    Other,
}

/// Answers to strangers within the last hour, not counting those to this message (C7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// To the mailbox that this message would be answered to.
    pub to_mailbox: u32,
    /// To its domain.
    pub to_domain: u32,
    /// To anybody.
    pub to_all: u32,
    /// What the admins were notified of within that hour.
    pub reported: Reported,
}

/// Limits of which the admins know that they are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// That of this mailbox.
    pub of_mailbox: bool,
    /// That of its domain.
    pub of_domain: bool,
    /// That of all together.
    pub of_all: bool,
}

/// A message and what is known about it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub message: &'a Message<'a>,
    /// Whom it names as its author.
    pub by: &'a Authorship,
    /// Whether a machine wrote it.
    pub degree: &'a Degree,
    /// What the address asks for; `None` for a new ticket.
    pub verb: Option<Verb>,
    /// `None` for a new ticket.
    pub ticket: Option<&'a Ticket>,
    /// The number of messages in the ticket within the last hour, not counting this one (C7).
    pub recent: u32,
    /// What strangers were answered.
    pub answered: Answered,
    /// What it replies to.
    pub replies_to: RepliesTo,
    /// From is trusted to name the author.
    pub believed: bool,
    /// One of the staff forwards it, to open a ticket for somebody else.
    pub forwarded: Option<&'a Result<Forwarded, Unclear>>,
    /// Nobody is to be told.
    pub quiet: bool,
}

impl Situation<'_> {
    /// True if it may be the answer of a machine to what the admins were told, so that to tell them of it brings the
    /// next one: a machine wrote it, or somebody who answers what only admins get and is none.
    fn comes_back(&self) -> bool {
        !self.by.is_staff && (self.degree.is_automatic() || self.replies_to == RepliesTo::Copy)
    }
}

/// Mail that the program sends by itself because of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The acknowledgement of a new ticket.
    Ack(Mailbox),
    /// The mail itself, to admins.
    Copy(Vec<String>),
    /// A short note to admins.
    Note(Vec<String>),
    /// An admin's mail, passed on to the submitter.
    PassOn(Mailbox),
    /// The notice that the ticket is closed.
    Closed(Mailbox),
    /// A note to admins that the message asked for something that was not done.
    Refused(Vec<String>),
    /// A note to somebody who answered an admin's copy and is no admin: it is not passed on.
    NotPassedOn(Mailbox),
    /// A note to whoever forwarded a mail: in whose name it opened the ticket.
    Understood(Vec<String>),
}

/// Why something was not done. The admins are notified of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The author may not close the ticket (C5).
    ClosingRefused,
    /// It asks to close the ticket, but nothing proves who wrote it.
    ClosingUnproven,
    /// It asks to close a ticket that is closed.
    ClosedAlready,
    /// It asks to close a ticket whose number is also that of another file among the closed ones.
    InBothPlaces,
    /// It is not passed on, since nothing proves that an admin wrote it (C3).
    Unproven,
    /// It is not passed on, since it also went to somebody who is not of the desk (C3).
    ThirdParty,
    /// The submitter hears nothing, since a machine opened the ticket (C3).
    OpenedByMachine,
    /// It is not acknowledged, since it names no address that can be written to (C1).
    Unanswerable,
    /// The submitter hears nothing, since there is no address that can be written to (C1).
    Unreachable,
    /// It is not answered: its author got enough answers within the hour (C7).
    AckLimit,
    /// It is not answered: those of its domain got enough within the hour (C7).
    AckDomain,
    /// It is not answered: all strangers together got enough within the hour (C7).
    AckTotal,
    /// It is not passed on: the ticket got too many messages within the hour (C7).
    PassLimit,
    /// Mail of its kind is no longer told to the admins: the ticket got too many messages within the hour (C7).
    TellLimit,
    /// It was to open a ticket for somebody else, but it is unclear for whom.
    Unclear(Unclear),
}

impl Remark {
    /// True if the copy itself says so, in its From: one mail, not two (C5).
    pub fn is_in_copy(self) -> bool {
        matches!(
            self,
            Remark::ClosingRefused
                | Remark::ClosingUnproven
                | Remark::ClosedAlready
                | Remark::InBothPlaces
                | Remark::Unproven
                | Remark::Unanswerable
        )
    }
}

/// What is done with a message in a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The verb of the address that it has come by, as far as its author may use it; `None` for submit@.
    pub filed_under: Option<Verb>,
    /// One of the desk wrote it, and it answers nobody.
    pub apart: bool,
    /// The ticket is open afterwards.
    pub open: bool,
    /// The message closes an open ticket.
    pub closes: bool,
    /// The message re-opens a closed ticket.
    pub reopens: bool,
    /// Mail to send once the message is filed.
    pub answers: Vec<Answer>,
    pub remark: Option<Remark>,
}

impl Plan {
    /// The verb of the address that its entry is filed under, from which everybody can tell later what it did (D3).
    pub fn entry_under(&self) -> Option<Verb> {
        match self.apart {
            true => Some(Verb::Apart),
            false => self.filed_under,
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
