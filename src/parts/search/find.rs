//! Questions to the full text: finds the tickets that fit a [`Query`], the best first.
//!
//! No query takes long: where very many messages fit, only the newest of them are weighed.

mod select;
#[cfg(test)]
mod tests;

use super::query::Query;
use crate::index::{Index, Result};
use crate::ticket::TicketId;
use select::{FittingMessage, Select};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// Messages that are weighed: the newest of those that fit.
const WEIGHED: usize = 10_000;

/// With so many words fewer messages are weighed, since the work for each grows with their square.
const MANY_WORDS: usize = 8;

/// With so many words none is weighed.
const TOO_MANY_WORDS: usize = 32;

/// Messages that are looked at for each of several words that may stand in different messages.
const APART: usize = 100_000;

/// Messages that are named of one ticket.
const NAMED: usize = 3;

/// A ticket that fits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hit {
    /// The ticket.
    pub ticket: TicketId,
    /// Positions (from 0) of the messages that fit best, at most three; the best first.
    pub messages: Vec<u64>,
}

/// The tickets that fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hits {
    /// As many as were asked for, the best first.
    pub best: Vec<Hit>,
    /// How many there are in all, as far as they were counted.
    pub count: usize,
    /// There may be more than were counted.
    pub and_more: bool,
}

/// What is to be found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    /// What the messages are like.
    pub query: &'q Query,
    /// The tickets in which somebody waits, for a query that asks for them.
    pub waiting: &'q [TicketId],
    /// How many tickets are wanted; `None` for all, those with the newest activity first.
    pub most: Option<usize>,
}

/// The tickets that fit, once the full text is up to date and attached.
///
/// A ticket fits if one of its messages does. Those come first; after them the tickets in which the
/// words stand in different messages ([`Query::apart`]).
///
/// # Errors
/// The database cannot be read.
pub(crate) fn find(index: &Index, question: &Question) -> Result<Hits> {
    let Question {
        query,
        waiting,
        most,
    } = *question;
    let weighed = match query.wanted().len() {
        0 | TOO_MANY_WORDS.. => 0,
        MANY_WORDS.. => WEIGHED / 10,
        _ => WEIGHED,
    };
    let weighs = most.is_some() && weighed > 0;
    let limit = match weighs {
        true => most.map(|most| weighed.max(8 * most)),
        false => most.map(|most| WEIGHED.max(8 * most)),
    };
    let messages = Select::messages(query, waiting, index.db(), limit, weighs)?;
    let mut and_more = limit.is_some_and(|limit| messages.len() >= limit);
    let mut tickets = by_ticket(messages, weighs);
    let wanted = most.unwrap_or(usize::MAX);
    if tickets.len() < wanted && !and_more {
        let there: HashSet<TicketId> = tickets.iter().map(|found| found.ticket).collect();
        let (apart, more) = find_apart(index, query, waiting, most.map(|_| APART))?;
        and_more |= more;
        let new = apart.into_iter();
        tickets.extend(new.filter(|found| !there.contains(&found.ticket)));
    }
    let count = tickets.len();
    tickets.truncate(wanted);
    let hit = |found: FittingTicket| Hit {
        ticket: found.ticket,
        messages: found.messages.into_iter().map(|(_, seq)| seq).collect(),
    };
    Ok(Hits {
        best: tickets.into_iter().map(hit).collect(),
        count,
        and_more,
    })
}

/// The tickets in which the words stand in different messages, newest activity first; and whether
/// there may be more.
fn find_apart(
    index: &Index,
    query: &Query,
    waiting: &[TicketId],
    limit: Option<usize>,
) -> Result<(Vec<FittingTicket>, bool)> {
    // The tickets that have all the words so far.
    let mut common: Option<HashMap<TicketId, FittingTicket>> = None;
    let mut and_more = false;
    for one_word in query.apart() {
        let messages = Select::messages(&one_word, waiting, index.db(), limit, false)?;
        and_more |= limit.is_some_and(|limit| messages.len() >= limit);
        let mut found: HashMap<TicketId, FittingTicket> = HashMap::new();
        for mut ticket in by_ticket(messages, false) {
            // One message for each word.
            ticket.messages.truncate(1);
            match &mut common {
                None => {}
                Some(common) => {
                    let Some(mut before) = common.remove(&ticket.ticket) else {
                        continue;
                    };
                    before.messages.append(&mut ticket.messages);
                    before.messages.dedup_by_key(|&mut (_, seq)| seq);
                    before.messages.truncate(NAMED);
                    ticket.messages = before.messages;
                }
            }
            found.insert(ticket.ticket, ticket);
        }
        common = Some(found);
    }
    let mut found: Vec<FittingTicket> = common.unwrap_or_default().into_values().collect();
    found.sort_by_key(|ticket| Reverse((ticket.active, ticket.ticket)));
    Ok((found, and_more))
}

/// A ticket that fits, and its messages that do.
struct FittingTicket {
    ticket: TicketId,
    /// When its last message was filed.
    active: i64,
    /// What the words of a message are worth, and its position.
    messages: Vec<(f64, u64)>,
}

/// Puts messages together by ticket. Tickets come in the order of their best message or of their last
/// activity, the messages of a ticket in the order of their worth.
fn by_ticket(messages: Vec<FittingMessage>, weighed: bool) -> Vec<FittingTicket> {
    let newest = messages.iter().map(|it| it.active).max().unwrap_or(0);
    let mut tickets: Vec<FittingTicket> = Vec::new();
    // The messages of a ticket come one after the other.
    for it in messages {
        let message = (it.worth, it.seq);
        match tickets.last_mut() {
            Some(last) if last.ticket == it.ticket => last.messages.push(message),
            _ => tickets.push(FittingTicket {
                ticket: it.ticket,
                active: it.active,
                messages: vec![message],
            }),
        }
    }
    for ticket in &mut tickets {
        let order = |a: &(f64, u64), b: &(f64, u64)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
        ticket.messages.sort_by(order);
        ticket.messages.truncate(NAMED);
    }
    tickets.sort_by_key(|ticket| Reverse((ticket.active, ticket.ticket)));
    if weighed {
        let worth = |ticket: &FittingTicket| {
            let best = ticket.messages.first().map_or(0.0, |(worth, _)| *worth);
            // A ticket of today is worth twice as much as an old one; a year takes half of that away.
            let years = (newest - ticket.active) as f64 / (365.25 * 86_400.0);
            best * (1.0 + 1.0 / (1.0 + years))
        };
        tickets.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    }
    tickets
}
