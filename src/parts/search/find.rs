//! Questions to the full text: a [`Query`] as SQL, and the messages that fit, the best first.
//!
//! A query is never slow: of what very many messages say only the newest are weighed.

mod select;

use crate::index::{Index, Result};
use crate::ticket::TicketId;
use crate::parts::search::query::Query;
pub(crate) use select::quoted;
use select::{Row, Select};
use std::collections::{HashMap, HashSet};

/// So many messages are weighed, the newest of those that fit.
const WEIGHED: usize = 10_000;

/// With more words than this fewer are weighed: the price of a message grows with their square.
const MANY_WORDS: usize = 8;

/// With more words than this none is.
const TOO_MANY_WORDS: usize = 32;

/// So many messages are looked at for each of the words that may stand in different messages.
const APART: usize = 100_000;

/// Messages of one ticket that are named.
const NAMED: usize = 3;

/// A ticket that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The ticket.
    pub ticket: TicketId,
    /// Positions (from 0) of the messages that fit best, at most three; the best first.
    pub messages: Vec<u64>,
}

/// The tickets that fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// As many as were asked for, the best first.
    pub best: Vec<Hit>,
    /// How many there are in all, as far as they were counted.
    pub count: usize,
    /// There may be more than were counted.
    pub and_more: bool,
}

/// What is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// What the messages are like.
    pub query: &'q Query,
    /// The tickets in which somebody waits, for a query that asks for them.
    pub waiting: &'q [TicketId],
    /// How many tickets are wanted; `None` for all, those with the newest activity first.
    pub most: Option<usize>,
}

impl Index {
    /// The tickets that fit, after [`Index::with_text`] and when all words are noted.
    ///
    /// A ticket fits if one of its messages does. Those come first; after them those in which
    /// the words stand in different messages ([`Query::apart`]).
    pub fn search(&self, question: &Question) -> Result<Hits> {
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
        let rows = Select::rows(query, waiting, self.db(), limit, weighs)?;
        let mut and_more = limit.is_some_and(|limit| rows.len() >= limit);
        let mut tickets = by_ticket(rows, weighs);
        let wanted = most.unwrap_or(usize::MAX);
        if tickets.len() < wanted && !and_more {
            let there: HashSet<TicketId> = tickets.iter().map(|hit| hit.ticket).collect();
            let (apart, more) = self.apart(query, waiting, most.map(|_| APART))?;
            and_more |= more;
            let new = apart.into_iter().filter(|hit| !there.contains(&hit.ticket));
            tickets.extend(new);
        }
        let count = tickets.len();
        tickets.truncate(wanted);
        let hit = |found: Found| Hit {
            ticket: found.ticket,
            messages: found.messages.into_iter().map(|(_, seq)| seq).collect(),
        };
        Ok(Hits {
            best: tickets.into_iter().map(hit).collect(),
            count,
            and_more,
        })
    }

    /// The tickets in which the words stand in different messages, newest activity first; and
    /// whether there may be more.
    fn apart(
        &self,
        query: &Query,
        waiting: &[TicketId],
        limit: Option<usize>,
    ) -> Result<(Vec<Found>, bool)> {
        let mut common: Option<HashMap<TicketId, Found>> = None;
        let mut and_more = false;
        for part in query.apart() {
            let rows = Select::rows(&part, waiting, self.db(), limit, false)?;
            and_more |= limit.is_some_and(|limit| rows.len() >= limit);
            let mut found: HashMap<TicketId, Found> = HashMap::new();
            for ticket in by_ticket(rows, false) {
                if common
                    .as_ref()
                    .is_none_or(|common| common.contains_key(&ticket.ticket))
                {
                    found.insert(ticket.ticket, ticket);
                }
            }
            // One message for each word.
            for (id, ticket) in &mut found {
                ticket.messages.truncate(1);
                if let Some(before) = common.as_mut().and_then(|common| common.remove(id)) {
                    let mut messages = before.messages;
                    messages.append(&mut ticket.messages);
                    messages.dedup_by_key(|&mut (_, seq)| seq);
                    messages.truncate(NAMED);
                    ticket.messages = messages;
                }
            }
            common = Some(found);
        }
        let mut found: Vec<Found> = common.unwrap_or_default().into_values().collect();
        found.sort_by_key(|ticket| std::cmp::Reverse((ticket.active, ticket.ticket)));
        Ok((found, and_more))
    }

    /// Where a message lies in its ticket's file: its first byte, and how many there are.
    pub fn extent(&self, id: TicketId, seq: u64) -> Result<Option<(u64, u64)>> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT offset, size FROM entry WHERE ticket = ?1 AND seq = ?2";
        let mut select = self.db().prepare_cached(sql)?;
        let extent =
            |r: &rusqlite::Row| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64));
        let values = rusqlite::params![id.get(), seq as i64];
        Ok(select.query_row(values, extent).optional()?)
    }
}

/// A ticket that fits, and its messages that do.
struct Found {
    ticket: TicketId,
    active: i64,
    messages: Vec<(f64, u64)>,
}

/// Tickets by their best message, or by their last activity; messages by worth.
fn by_ticket(rows: Vec<Row>, weighed: bool) -> Vec<Found> {
    let newest = rows.iter().map(|row| row.active).max().unwrap_or(0);
    let mut found: Vec<Found> = Vec::new();
    // The rows of a ticket stand together.
    for row in rows {
        let message = (row.worth, row.seq);
        match found.last_mut() {
            Some(last) if last.ticket == row.ticket => last.messages.push(message),
            _ => found.push(Found {
                ticket: row.ticket,
                active: row.active,
                messages: vec![message],
            }),
        }
    }
    let worth = |found: &Found| {
        // A year makes as much of a difference as a word more or less.
        let years = (newest - found.active) as f64 / (365.25 * 86_400.0);
        found.messages[0].0 * (1.0 + 1.0 / (1.0 + years))
    };
    for ticket in &mut found {
        let order = |a: &(f64, u64), b: &(f64, u64)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
        ticket.messages.sort_by(order);
        ticket.messages.truncate(NAMED);
    }
    found.sort_by_key(|ticket| std::cmp::Reverse((ticket.active, ticket.ticket)));
    if weighed {
        found.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    }
    found
}

#[cfg(test)]
mod tests;
