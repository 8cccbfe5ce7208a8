//! Who wrote what in the past, as far as it decides about a message that comes in (C3, C5, C7).

use super::journal::Added;
use super::{Index, Result};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use rusqlite::{OptionalExtension, Row, params};

/// Who wrote an earlier message of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// The writer's address, in lower case; empty if there is none.
    pub(crate) from: String,
    /// The writer's display name.
    pub(crate) name: String,
    /// A machine wrote it.
    pub(crate) automatic: bool,
    /// The addresses in From, Reply-To, To and Cc, in lower case, separated by blanks.
    pub(crate) people: String,
}

/// The columns of [`Earlier`], in its order.
const EARLIER: &str = "author, name, automatic, replace(people, char(31), author)";

fn earlier(row: &Row) -> rusqlite::Result<Earlier> {
    Ok(Earlier {
        from: row.get(0)?,
        name: row.get(1)?,
        automatic: row.get(2)?,
        people: row.get(3)?,
    })
}

/// A message that may have been answered because a stranger sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answerable {
    ticket: TicketId,
    seq: u64,
    /// Whom the answer went to, if there was one: the ticket's submitter.
    pub(crate) to: String,
    /// Who closed the ticket, in lower case; `None` if the message opened it.
    pub(crate) closed_by: Option<String>,
}

impl Index {
    /// Addresses in From, Reply-To, To and Cc of a ticket's messages, each once (C5).
    pub fn people(&self, id: TicketId) -> Result<Vec<String>> {
        let sql = "SELECT replace(people, char(31), author) FROM entry
                   WHERE ticket = ?1 ORDER BY seq";
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map([id.get()], |r| r.get::<_, String>(0))?;
        let mut people: Vec<String> = Vec::new();
        for row in rows {
            for address in row?.split(' ').filter(|a| !a.is_empty()) {
                if !people.iter().any(|p| p == address) {
                    people.push(address.to_owned());
                }
            }
        }
        Ok(people)
    }

    /// Who wrote the first `most` messages of a ticket, in their order.
    pub(crate) fn writers(&self, id: TicketId, most: usize) -> Result<Vec<Earlier>> {
        let sql = format!("SELECT {EARLIER} FROM entry WHERE ticket = ?1 ORDER BY seq LIMIT ?2");
        let mut select = self.db.prepare(&sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = select.query_map(params![id.get(), most], earlier)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// True if the last message of a ticket closed it.
    pub(crate) fn ends_closed(&self, id: TicketId) -> Result<bool> {
        let sql = "SELECT event = 2 FROM entry WHERE ticket = ?1 ORDER BY seq DESC LIMIT 1";
        let mut select = self.db.prepare(sql)?;
        let last = select.query_row([id.get()], |r| r.get(0)).optional()?;
        Ok(last.unwrap_or(false))
    }

    /// Who wrote the message of a ticket with this key.
    pub(crate) fn writer_by_key(&self, id: TicketId, key: i64) -> Result<Option<Earlier>> {
        let sql = format!("SELECT {EARLIER} FROM entry WHERE key = ?2 AND ticket = ?1");
        let mut select = self.db.prepare(&sql)?;
        let found = select.query_row(params![id.get(), key], earlier);
        Ok(found.optional()?)
    }

    /// Who wrote the message of a ticket with this digest.
    pub(crate) fn writer_by_digest(&self, id: TicketId, digest: &[u8]) -> Result<Option<Earlier>> {
        let sql = format!("SELECT {EARLIER} FROM entry WHERE ticket = ?1 AND digest = ?2");
        let mut select = self.db.prepare(&sql)?;
        let found = select.query_row(params![id.get(), digest], earlier);
        Ok(found.optional()?)
    }

    /// The messages after `since` and not after `now`, in seconds since 1970, that opened a ticket or
    /// closed one, newest first; at most `most` (C7). What a wrong clock dated into the future is none.
    pub(crate) fn answerable(&self, since: i64, now: i64, most: u32) -> Result<Vec<Answerable>> {
        let sql = "SELECT e.ticket, e.seq, t.address, e.author FROM entry e
                   JOIN ticket t ON t.id = e.ticket
                   WHERE e.at > ?1 AND e.at <= ?2
                     AND ((e.seq = 0 AND e.automatic = 0) OR e.event = 2)
                   ORDER BY e.at DESC LIMIT ?3";
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map(params![since, now, most], |r| {
            let seq = r.get::<_, i64>(1)? as u64;
            Ok((r.get(0)?, seq, r.get(2)?, r.get::<_, String>(3)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (number, seq, to, author): (u32, _, _, _) = row?;
            found.extend(TicketId::new(number).map(|ticket| Answerable {
                ticket,
                seq,
                to,
                closed_by: (seq > 0).then_some(author),
            }));
        }
        for change in &self.pending {
            let Some(added) = &change.added else { continue };
            let summary = &added.summary;
            let opens = added.seq == 0 && !summary.automatic;
            if !(opens || added.asked == Some(Verb::Done))
                || summary.at <= since
                || summary.at > now
            {
                continue;
            }
            let submitter = match self.pending_opening(change.ticket) {
                Some(opening) => opening.summary.author.clone(),
                None => self.ticket(change.ticket)?.and_then(|row| row.submitter),
            };
            found.push(Answerable {
                ticket: change.ticket,
                seq: added.seq,
                to: submitter.map(|m| m.address).unwrap_or_default(),
                closed_by: (added.seq > 0).then(|| summary.from.clone()),
            });
        }
        // A pending line may have been applied meanwhile.
        let mut seen = std::collections::HashSet::new();
        found.retain(|it| seen.insert((it.ticket, it.seq)));
        Ok(found)
    }

    /// The entry that opened a ticket, if its journal line is pending.
    fn pending_opening(&self, id: TicketId) -> Option<&Added> {
        let added = self.pending.iter().filter(|change| change.ticket == id);
        added
            .filter_map(|change| change.added.as_ref())
            .find(|added| added.seq == 0)
    }
}
