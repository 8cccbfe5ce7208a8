//! Which ticket a message belongs to. The first rule that fits decides (section B).

use super::address::{Addresses, Target, Verb};
use super::{TicketId, tag};
use crate::ticket::policy::{CatchAll, UnknownTicket};
use anyhow::Result;
use mail::envelope::{self, Envelope, RecipientSource};
use mail::message::Message;

/// What routing may ask of the store.
pub trait Known {
    /// True if the ticket is there, open or closed.
    fn exists(&self, id: TicketId) -> Result<bool>;
    /// The ticket in which a message with this Message-ID is filed, or of which it is an answer.
    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>>;
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A new ticket.
    Open,
    /// A ticket that is there, and what is asked of it.
    Ticket(TicketId, Verb),
}

/// Why a recipient gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It names a ticket that does not exist.
    UnknownTicket(String),
    /// It names a ticket, there or not, without the right digest.
    Guessed(String),
    /// It is no address of this desk.
    NotOurs(String),
}

impl Refusal {
    /// One plain sentence that says what to do instead, for whoever wrote the mail. `submit` is the
    /// address that opens tickets.
    pub fn sentence(&self, submit: &str) -> String {
        let clean = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).collect() };
        match self {
            Refusal::UnknownTicket(name) if name.contains('@') => format!(
                "There is no ticket {}: please write to {submit} to open a new one.",
                clean(name)
            ),
            Refusal::UnknownTicket(number) => format!(
                "There is no ticket {}, which your subject names: please write to {submit} \
                 without that number to open a new one.",
                clean(number)
            ),
            Refusal::Guessed(name) => format!(
                "There is no address {}. The right one is in every mail about your ticket: reply to \
                 one of those, or write to {submit}.",
                clean(name)
            ),
            Refusal::NotOurs(name) if name.is_empty() => {
                format!("No recipient is named; the address for support is {submit}.")
            }
            Refusal::NotOurs(name) => format!(
                "{} is no address of this desk: please write to {submit}.",
                clean(name)
            ),
        }
    }

    /// The same with the status code of RFC 3463 in front, as an MTA wants to have it (A3).
    pub fn status_line(&self, submit: &str) -> String {
        format!("5.1.1 {}", self.sentence(submit))
    }
}

/// Where one message goes, for all its recipients together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Each ticket once, with the most that any recipient asks of it.
    pub destinations: Vec<Destination>,
    /// Recipients that are refused.
    pub refusals: Vec<Refusal>,
}

/// What routing needs of the configuration.
pub struct Rules<'a> {
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// The patterns that find a ticket's number in a Subject (B4); none where a number that anybody can
    /// write there must not lead anywhere.
    pub subject_tags: &'a [String],
    /// B8.
    pub unknown_ticket: UnknownTicket,
    /// B9.
    pub catch_all: CatchAll,
}

/// Says where `message` goes.
///
/// # Errors
/// The store cannot be asked, or a pattern for Subjects cannot be used.
pub fn route(
    envelope: &Envelope,
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Route> {
    let mut route = Route::default();
    for (recipient, target) in targets(envelope, message, rules) {
        let decided = match decide(recipient, target, rules, known)? {
            Ok(None) => submitted(message, rules, known)?,
            Ok(Some(destination)) => Ok(destination),
            Err(refusal) => Err(refusal),
        };
        match decided {
            Ok(destination) => add(&mut route.destinations, destination),
            Err(refusal) => route.refusals.push(refusal),
        }
    }
    Ok(route)
}

/// Why mail to `recipient` would be refused whatever it says, for an MTA that asks before it takes the
/// mail; `None` if it may be taken (B8, B9).
///
/// # Errors
/// The store cannot be asked.
pub fn refusal(recipient: &str, rules: &Rules, known: &dyn Known) -> Result<Option<Refusal>> {
    let target = rules.addresses.target(recipient).or(catch_all(rules));
    Ok(decide(recipient.to_owned(), target, rules, known)?.err())
}

/// What the address alone decides: a destination, a refusal, or nothing (`None`) if it is for the
/// message to say, since it is sent to submit@.
fn decide(
    recipient: String,
    target: Option<Target>,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Result<Option<Destination>, Refusal>> {
    Ok(match target {
        None => Err(Refusal::NotOurs(recipient)),
        Some(Target::Submit) => Ok(None),
        Some(Target::Ticket(id, verb)) if known.exists(id)? => {
            Ok(Some(Destination::Ticket(id, verb)))
        }
        Some(Target::Ticket(..) | Target::Impossible) => {
            unknown(Refusal::UnknownTicket(recipient), rules).map(Some)
        }
        Some(Target::Guessed) => unknown(Refusal::Guessed(recipient), rules).map(Some),
    })
}

/// What becomes of mail to a ticket that does not exist (B8).
fn unknown(refusal: Refusal, rules: &Rules) -> Result<Destination, Refusal> {
    match rules.unknown_ticket {
        UnknownTicket::Open => Ok(Destination::Open),
        UnknownTicket::Reject => Err(refusal),
    }
}

/// What an address that is none of ours is taken for (B9).
fn catch_all(rules: &Rules) -> Option<Target> {
    match rules.catch_all {
        CatchAll::Submit => Some(Target::Submit),
        CatchAll::Reject => None,
    }
}

/// Each recipient that matters, and which of our addresses it is.
fn targets(envelope: &Envelope, message: &Message, rules: &Rules) -> Vec<(String, Option<Target>)> {
    let aim = |address: &String| (address.clone(), rules.addresses.target(address));
    let named: Vec<_> = envelope.recipients.iter().map(aim).collect();
    if !named.is_empty() && named.iter().all(|(_, t)| t.is_some()) {
        return named;
    }
    let (mut ours, others): (Vec<_>, Vec<_>) = named.into_iter().partition(|(_, t)| t.is_some());
    if envelope.recipients_from == RecipientSource::Envelope && !ours.is_empty() {
        // Sent to us and, by the same call, to somebody who is not here.
        ours.extend(others);
        return ours;
    }
    if ours.is_empty() {
        // A whole mailbox is piped in, or fetched (B9): the header may name us.
        ours = envelope::in_header(message).iter().map(aim).collect();
        ours.retain(|(_, t)| t.is_some());
    }
    if ours.is_empty() {
        let first = others
            .into_iter()
            .next()
            .map(|(r, _)| r)
            .unwrap_or_default();
        ours.push((first, catch_all(rules)));
    }
    ours
}

/// Where a message goes that is sent to submit@ (B4 to B6).
fn submitted(
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Result<Destination, Refusal>> {
    let tagged = tag::find(rules.subject_tags, &message.subject())?;
    for &id in &tagged {
        if known.exists(id)? {
            return Ok(Ok(Destination::Ticket(id, Verb::Update)));
        }
    }
    if let Some(first) = tagged.first() {
        return Ok(unknown(Refusal::UnknownTicket(first.to_string()), rules));
    }
    for parent in message.parents() {
        if let Some(id) = known.holder(&parent)?
            && known.exists(id)?
        {
            return Ok(Ok(Destination::Ticket(id, Verb::Update)));
        }
    }
    Ok(Ok(Destination::Open))
}

/// Adds `new`, unless its ticket is there already: To: and Cc: may name the same ticket twice.
fn add(destinations: &mut Vec<Destination>, new: Destination) {
    for old in destinations.iter_mut() {
        match (old, new) {
            (Destination::Open, Destination::Open) => return,
            (Destination::Ticket(id, verb), Destination::Ticket(new_id, new_verb))
                if *id == new_id =>
            {
                *verb = (*verb).max(new_verb);
                return;
            }
            _ => {}
        }
    }
    destinations.push(new);
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
