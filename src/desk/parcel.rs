//! A message on its way in, and what is known and said of it.

use super::Desk;
use crate::limits;
use crate::outbox::Key;
use crate::patience::Patience;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::filter::Go;
use crate::ticket::forward::{Forwarded, Unclear};
use crate::ticket::identity::{self, Identity};
use crate::ticket::reach::counted_as;
use crate::ticket::route::Destination;
use crate::ticket::staff::Authorship;
use crate::ticket::summary::Summary;
use crate::ticket::trust::{Asked, Proof};
use anyhow::Result;
use mail::automatic::Degree;
use mail::envelope::{Envelope, Sender};
use mail::message::Message;
use std::collections::HashSet;
use std::path::PathBuf;

/// What a key has behind the digest of a message that is proven.
pub(super) const PROVEN: char = 'p';

/// A message on its way in.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The message, without a From_ line.
    pub message: &'a Message<'a>,
    /// Its envelope.
    pub envelope: &'a Envelope,
}

/// A message and what is known of it, whatever number of tickets it goes to.
pub(super) struct Parcel<'a> {
    pub(super) incoming: Incoming<'a>,
    pub(super) summary: Summary,
    pub(super) by: Authorship,
    pub(super) degree: Degree,
    pub(super) proof: Proof,
    /// The tickets that its recipients name.
    pub(super) addressed: Vec<TicketId>,
    /// One of the staff forwards it, to open a ticket for somebody else.
    pub(super) forwarded: Option<Result<Forwarded, Unclear>>,
    /// The ticket that it is about, and that was put away (D11).
    pub(super) put_away: Option<TicketId>,
    /// The operator brings it, on the shell.
    pub(super) by_operator: bool,
    /// The operator wants nobody to be told.
    pub(super) quiet: bool,
    /// An MTA brought it, and once it is in this ticket, it is filed wherever it belongs.
    pub(super) is_last: bool,
    /// What modules said of it, for its trace.
    pub(super) modules: Vec<String>,
    /// When the delivery began, in seconds since 1970.
    pub(super) now: i64,
    /// How long this attempt may wait for locks, all waits together (D5).
    pub(super) patience: Patience,
}

impl Parcel<'_> {
    /// True if From is to be believed for what the message asks of a ticket; `None` is a new one.
    pub(super) fn is_believed(&self, desk: &Desk, asked: Option<(TicketId, Verb)>) -> bool {
        let asked = asked.map(|(ticket, verb)| Asked {
            ticket,
            verb,
            by_address: self.addressed.contains(&ticket),
        });
        let addresses = &desk.config.addresses;
        self.proof.covers(self.incoming.message, addresses, asked)
    }

    /// True if somebody of the desk wrote it, as far as that must be proven for what it asks of a ticket.
    pub(super) fn is_by_the_desk(&self, desk: &Desk, id: TicketId, verb: Verb) -> bool {
        self.by.is_staff && self.is_believed(desk, Some((id, verb)))
    }

    /// True if it comes from one of these mailboxes, as they are counted: by its header, or by its envelope.
    pub(super) fn is_by_one_of(&self, mailboxes: &HashSet<String>) -> bool {
        if mailboxes.is_empty() {
            return false;
        }
        let sender = match &self.incoming.envelope.sender {
            Sender::Address(address) => Some(address.clone()),
            Sender::Null | Sender::Unknown => None,
        };
        let mut own = self.by.own_addresses().into_iter().chain(sender);
        own.any(|own| mailboxes.contains(&counted_as(&own)))
    }

    /// Says that it is filed, and on the disk.
    pub(super) fn is_filed(&self) {
        if self.is_last {
            limits::all_is_filed();
        }
    }

    /// The summary of the message in the ticket that it opens: if it is forwarded, it is the submitter's.
    pub(super) fn opening(&self) -> Summary {
        match &self.forwarded {
            Some(Ok(forwarded)) => forwarded.opening(self.summary.clone(), self.incoming.message),
            _ => self.summary.clone(),
        }
    }

    /// The name under which the answers to the message lie in the outbox, the same at every attempt.
    pub(super) fn key(&self, id: TicketId) -> Key {
        Key {
            ticket: id,
            digest: self.digest(),
        }
    }

    /// What names the message, and no other.
    pub(super) fn digest(&self) -> String {
        let mut digest = self.summary.identity.hex();
        if matches!(self.proof, Proof::LoggedIn | Proof::ByDomain) && !self.by_operator {
            // A message like it that nothing proves has answers of its own, with other msg-ids.
            digest.push(PROVEN);
        }
        digest
    }

    /// The name under which version 0.1.0 put them there.
    pub(super) fn old_key(&self, id: TicketId) -> Key {
        Key {
            ticket: id,
            digest: identity::hex(&Identity::old_digest(self.incoming.message)),
        }
    }
}

/// What is known of a message when filters are asked.
pub(super) struct Question<'a> {
    pub(super) incoming: Incoming<'a>,
    pub(super) by: &'a Authorship,
    pub(super) degree: &'a Degree,
    pub(super) proof: Proof,
    pub(super) route: &'a [Destination],
    pub(super) now: i64,
}

/// What was made of a message by those who were asked.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Where it goes.
    pub(super) go: Go,
    /// The ticket to which a filter sent it, and that was put away: it opens a new one (D11).
    pub(super) put_away: Option<TicketId>,
    /// What was said, for its trace.
    pub(super) said: Vec<String>,
    /// The filters without whose word it goes on, each with why.
    pub(super) silent: Vec<String>,
    /// The operator lets it out of quarantine: it is not held there.
    pub(super) is_released: bool,
}

/// Where a message goes in the end.
pub(super) enum Settled {
    Tickets(Vec<Destination>),
    Quarantine(Quarantined),
}

/// A message that went into quarantine.
#[derive(Debug)]
pub struct Quarantined {
    /// The module that said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Its file.
    pub path: PathBuf,
}
