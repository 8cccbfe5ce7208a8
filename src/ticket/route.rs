//! Decides which ticket a message belongs to. The first rule that fits applies (section B).

use super::address::{Addresses, Target, Verb};
use super::{TicketId, tag};
use crate::ticket::policy::{CatchAll, UnknownTicket};
use anyhow::Result;
use mail::decode::clean;
use mail::envelope::{self, Envelope, RecipientSource};
use mail::message::Message;

/// What routing asks about the store.
pub trait Known {
    /// True if there is such a ticket, open or closed.
    fn exists(&self, id: TicketId) -> Result<bool>;
    /// True if there is none any more, since it was put away (D11).
    fn is_put_away(&self, id: TicketId) -> Result<bool>;
    /// The ticket that holds the message with this Message-ID, or that we sent it from.
    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>>;
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A new ticket.
    Open,
    /// An existing ticket, and what is asked of it.
    Ticket(TicketId, Verb),
}

/// Why a recipient is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It names a ticket that does not exist.
    UnknownTicket(String),
    /// It names a ticket without the right digest, whether or not the ticket exists.
    WrongDigest(String),
    /// It is not an address of this desk.
    NotOurs(String),
}

impl Refusal {
    /// Tells the author of the mail in plain words what to do instead. `submit` is the address that
    /// opens tickets.
    pub fn sentence(&self, submit: &str) -> String {
        match self {
            Refusal::UnknownTicket(name) if name.contains('@') => format!(
                "There is no ticket {}: please write to {submit} to open a new one.",
                clean(name)
            ),
            Refusal::UnknownTicket(number) => format!(
                "Your subject names ticket {}, which does not exist: please write to {submit} \
                 without that number to open a new one.",
                clean(number)
            ),
            Refusal::WrongDigest(name) => format!(
                "There is no address {}. The right one is in every mail about your ticket: reply to \
                 one of those, or write to {submit}.",
                clean(name)
            ),
            Refusal::NotOurs(name) if name.is_empty() => {
                format!("The mail names no recipient: please write to {submit}.")
            }
            Refusal::NotOurs(name) => format!(
                "{} is not an address of this desk: please write to {submit}.",
                clean(name)
            ),
        }
    }

    /// The sentence after a status code of RFC 3463, as MTAs expect it (A3).
    pub fn status_line(&self, submit: &str) -> String {
        format!("5.1.1 {}", self.sentence(submit))
    }
}

/// Where a message goes, for all its recipients together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Each ticket once, with the strongest verb of all recipients.
    pub destinations: Vec<Destination>,
    pub refusals: Vec<Refusal>,
    /// The ticket that it is about, and that was put away: it opens a new one.
    pub put_away: Option<TicketId>,
}

/// The part of the configuration that routing needs.
pub struct Rules<'a> {
    pub addresses: &'a Addresses,
    /// The patterns that find a ticket's number in a Subject (B4). Empty if addresses have digests: a
    /// number that anyone can guess must not lead to a ticket then.
    pub subject_tags: &'a [String],
    /// What happens to mail for a ticket that does not exist (B8).
    pub unknown_ticket: UnknownTicket,
    /// What happens to mail for an address that is not ours (B9).
    pub catch_all: CatchAll,
    /// Mail to submit@ opens a ticket, whatever it answers: one of the staff forwards it in the name of
    /// somebody else.
    pub opens: bool,
    /// One of the staff wrote it, so that whatever closes a ticket is meant to.
    pub by_staff: bool,
}

/// Decides where `message` goes.
///
/// # Errors
/// If the store cannot be read or a pattern for Subjects is invalid.
pub fn route(
    envelope: &Envelope,
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
) -> Result<Route> {
    let mut route = Route::default();
    for (recipient, target) in targets(envelope, message, rules) {
        let put_away = &mut route.put_away;
        let decided = match decide(recipient, target, rules, known, put_away)? {
            Ok(None) => submitted(message, rules, known, put_away)?,
            Ok(Some(Destination::Ticket(id, Verb::Done))) if adds_only(message, rules, id) => {
                Ok(Destination::Ticket(id, Verb::Update))
            }
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

/// True if a customer's mail names both the address of ticket `id` and the one that closes it: it is a reply to all of a
/// mail that closed the ticket, and says that this was too early.
fn adds_only(message: &Message, rules: &Rules, id: TicketId) -> bool {
    if rules.by_staff {
        return false;
    }
    let named = message.to_cc();
    let names = |verb| {
        let wanted = Some(Target::Ticket(id, verb));
        named
            .iter()
            .any(|it| rules.addresses.target(&it.address) == wanted)
    };
    names(Verb::Update) && names(Verb::Done)
}

/// Why any mail to `recipient` would be refused, for an MTA that asks before it accepts the mail; `None`
/// if it may accept it (B8, B9).
pub fn refusal(recipient: &str, rules: &Rules, known: &dyn Known) -> Result<Option<Refusal>> {
    let target = rules.addresses.target(recipient).or(catch_all(rules));
    Ok(decide(recipient.to_owned(), target, rules, known, &mut None)?.err())
}

/// What the address alone decides: a destination or a refusal. `None` for submit@, where it depends on
/// the message. A ticket that was put away is noted in `put_away`, and a new one is opened (D11).
fn decide(
    recipient: String,
    target: Option<Target>,
    rules: &Rules,
    known: &dyn Known,
    put_away: &mut Option<TicketId>,
) -> Result<Result<Option<Destination>, Refusal>> {
    Ok(match target {
        None => Err(Refusal::NotOurs(recipient)),
        Some(Target::Submit | Target::SubmitFor) => Ok(None),
        Some(Target::Ticket(id, verb)) if known.exists(id)? => {
            Ok(Some(Destination::Ticket(id, verb)))
        }
        // Whoever writes there answers a mail of the desk.
        Some(Target::Ticket(id, _)) if known.is_put_away(id)? => {
            *put_away = Some(id);
            Ok(Some(Destination::Open))
        }
        Some(Target::Ticket(..) | Target::Impossible) => {
            unknown(Refusal::UnknownTicket(recipient), rules).map(Some)
        }
        Some(Target::WrongDigest) => unknown(Refusal::WrongDigest(recipient), rules).map(Some),
    })
}

/// What happens to mail for a ticket that does not exist (B8).
fn unknown(refusal: Refusal, rules: &Rules) -> Result<Destination, Refusal> {
    match rules.unknown_ticket {
        UnknownTicket::Open => Ok(Destination::Open),
        UnknownTicket::Reject => Err(refusal),
    }
}

/// What an address that is not ours is treated as (B9).
fn catch_all(rules: &Rules) -> Option<Target> {
    match rules.catch_all {
        CatchAll::Submit => Some(Target::Submit),
        CatchAll::Reject => None,
    }
}

/// The recipients to decide about, and which of our addresses each is.
pub fn targets(
    envelope: &Envelope,
    message: &Message,
    rules: &Rules,
) -> Vec<(String, Option<Target>)> {
    let with_target = |address: &String| (address.clone(), rules.addresses.target(address));
    let named: Vec<_> = envelope.recipients.iter().map(with_target).collect();
    if !named.is_empty() && named.iter().all(|(_, t)| t.is_some()) {
        return named;
    }
    let (mut ours, others): (Vec<_>, Vec<_>) = named.into_iter().partition(|(_, t)| t.is_some());
    if envelope.recipients_from == RecipientSource::Envelope && !ours.is_empty() {
        // The same call also names recipients that are not ours.
        ours.extend(others);
        return ours;
    }
    if ours.is_empty() {
        // A whole mailbox is piped in or fetched (B9): the header may name us.
        ours = envelope::in_header(message)
            .iter()
            .map(with_target)
            .collect();
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

/// Where a message to submit@ goes (B4 to B6).
fn submitted(
    message: &Message,
    rules: &Rules,
    known: &dyn Known,
    put_away: &mut Option<TicketId>,
) -> Result<Result<Destination, Refusal>> {
    if rules.opens {
        return Ok(Ok(Destination::Open));
    }
    // What it answers comes before the tag: another tracker may write the same tag, but no other desk
    // has our messages.
    let mut gone = None;
    for parent in message.parents() {
        match known.holder(&parent)? {
            Some(id) if known.exists(id)? => {
                return Ok(Ok(Destination::Ticket(id, Verb::Update)));
            }
            Some(id) => gone = gone.or(Some(id)),
            None => {}
        }
    }
    let tagged = tag::find(rules.subject_tags, &message.subject())?;
    for &id in &tagged {
        if known.exists(id)? {
            return Ok(Ok(Destination::Ticket(id, Verb::Update)));
        }
    }
    // Of all that it names, one is looked up: to do that costs time.
    let first = tagged.first();
    if let Some(id) = first.copied().or(gone)
        && known.is_put_away(id)?
    {
        *put_away = Some(id);
        return Ok(Ok(Destination::Open));
    }
    if let Some(first) = first {
        return Ok(unknown(Refusal::UnknownTicket(first.to_string()), rules));
    }
    Ok(Ok(Destination::Open))
}

/// Adds `new`, unless its ticket is already in the list: To and Cc may name the same ticket.
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
