//! Who wrote what in the past, as far as it decides about a message that comes in (C3, C5).

use super::{Index, Result};
use crate::ticket::TicketId;
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
}
