//! Who wrote what in the past, as far as it decides about a message that comes in (C3, C5).

use super::{Index, Result};
use crate::ticket::TicketId;
use crate::ticket::summary::people_among;
use mail::decode::Mailbox;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashSet;

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

/// The text in the first column of a row, which is not copied.
fn text<'r>(row: &'r Row) -> rusqlite::Result<&'r str> {
    Ok(row.get_ref(0)?.as_str()?)
}

impl Index {
    /// Those of `asked` that are in From, Reply-To, To or Cc of a ticket's messages (C5).
    pub fn people(&self, id: TicketId, asked: &HashSet<String>) -> Result<HashSet<String>> {
        let sql = "SELECT replace(people, char(31), author) FROM entry
                   WHERE ticket = ?1 ORDER BY seq";
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query([id.get()])?;
        let mut found = HashSet::new();
        while let Some(row) = rows.next()? {
            found.extend(people_among(text(row)?, asked));
        }
        Ok(found)
    }

    /// Who wrote the first message of a ticket.
    pub(crate) fn first_writer(&self, id: TicketId) -> Result<Option<Earlier>> {
        let sql = format!("SELECT {EARLIER} FROM entry WHERE ticket = ?1 ORDER BY seq LIMIT 1");
        let mut select = self.db.prepare(&sql)?;
        Ok(select.query_row([id.get()], earlier).optional()?)
    }

    /// Whether any message of a ticket `is_it`: by its writer's address, in lower case, and whether a machine
    /// wrote it.
    pub(crate) fn has_writer(
        &self,
        id: TicketId,
        is_it: &dyn Fn(&str, bool) -> bool,
    ) -> Result<bool> {
        let sql = "SELECT author, automatic FROM entry WHERE ticket = ?1 ORDER BY seq";
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query([id.get()])?;
        while let Some(row) = rows.next()? {
            if is_it(text(row)?, row.get(1)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if the last message of a ticket closed it.
    pub(crate) fn ends_closed(&self, id: TicketId) -> Result<bool> {
        let sql = "SELECT event = 2 FROM entry WHERE ticket = ?1 ORDER BY seq DESC LIMIT 1";
        let mut select = self.db.prepare(sql)?;
        let last = select.query_row([id.get()], |r| r.get(0)).optional()?;
        Ok(last.unwrap_or(false))
    }

    /// What `who` says of the writer of the last message for which it says anything: of those that people added to a
    /// ticket and that were not filed quietly.
    pub(crate) fn last_writer<T>(
        &self,
        id: TicketId,
        who: &dyn Fn(&Mailbox) -> Option<T>,
    ) -> Result<Option<T>> {
        let sql = "SELECT author, name FROM entry WHERE ticket = ?1 AND seq > 0
                   AND author <> '' AND automatic = 0 AND event <> 4 ORDER BY seq DESC";
        let mut select = self.db.prepare_cached(sql)?;
        let mut rows = select.query([id.get()])?;
        while let Some(row) = rows.next()? {
            let writer = Mailbox {
                address: row.get(0)?,
                name: row.get(1)?,
            };
            if let Some(found) = who(&writer) {
                return Ok(Some(found));
            }
        }
        Ok(None)
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
