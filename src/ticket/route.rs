//! Which ticket a message belongs to. The first rule that fits decides (section B).

use super::TicketId;
use super::address::{Addresses, Target, Verb};
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
    /// Finds the ticket numbers in a Subject that lead somewhere, in order (B4).
    pub tags: &'a dyn Fn(&str) -> Result<Vec<TicketId>>,
    /// B8.
    pub unknown_ticket: UnknownTicket,
    /// B9.
    pub catch_all: CatchAll,
}

/// Says where `message` goes.
pub fn route(
    envelope: &Envelope,
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Route> {
    let mut route = Route::default();
    for (recipient, target) in targets(envelope, message, rules) {
        let refusal = match target {
            None => {
                route.refusals.push(Refusal::NotOurs(recipient));
                continue;
            }
            Some(Target::Submit) => match submitted(message, rules, known)? {
                Ok(destination) => {
                    add(&mut route.destinations, destination);
                    continue;
                }
                Err(tag) => Refusal::UnknownTicket(tag),
            },
            Some(Target::Ticket(id, verb)) if known.exists(id)? => {
                add(&mut route.destinations, Destination::Ticket(id, verb));
                continue;
            }
            Some(Target::Ticket(..) | Target::Impossible) => Refusal::UnknownTicket(recipient),
            Some(Target::Guessed) => Refusal::Guessed(recipient),
        };
        match rules.unknown_ticket {
            UnknownTicket::Open => add(&mut route.destinations, Destination::Open),
            UnknownTicket::Reject => route.refusals.push(refusal),
        }
    }
    Ok(route)
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
        let target = match rules.catch_all {
            CatchAll::Submit => Some(Target::Submit),
            CatchAll::Reject => None,
        };
        ours.push((first, target));
    }
    ours
}

/// B4 to B6. `Err` holds a tag that names no ticket.
fn submitted(
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Result<Destination, String>> {
    let tagged = (rules.tags)(&message.subject())?;
    for &id in &tagged {
        if known.exists(id)? {
            return Ok(Ok(Destination::Ticket(id, Verb::Update)));
        }
    }
    if let Some(first) = tagged.first() {
        return Ok(Err(first.to_string()));
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
