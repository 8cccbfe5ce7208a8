//! Messages that a follower of the index has not read yet. A follower keeps data about every message, such
//! as its words, in a file of its own.
//!
//! A message is added to the backlog in the transaction that changes its ticket, so none is missed. There
//! is at most one follower.

use super::{Index, Result};
use crate::ticket::TicketId;
use rusqlite::params;

/// A ticket with messages that the follower has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub ticket: TicketId,
    /// The position of the first of these messages, from 0.
    pub seq: u64,
    /// Grows when the ticket changes again.
    turn: i64,
}

impl Index {
    /// Adds the messages of a ticket from `seq` on, unless the follower reads them in the same pass.
    pub(super) fn add_to_backlog(&self, id: TicketId, seq: u64) -> Result<()> {
        if self.followed.get() {
            return Ok(());
        }
        let sql = "INSERT INTO dirty VALUES(?1, ?2, 0)
                   ON CONFLICT(ticket) DO UPDATE SET seq = min(seq, excluded.seq), turn = turn + 1";
        let values = params![id.get(), seq as i64];
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Adds all messages, for a follower that starts from the beginning.
    pub(crate) fn fill_backlog(&self) -> Result<()> {
        self.end_read();
        let sql = "INSERT OR REPLACE INTO dirty SELECT id, 0, 0 FROM ticket WHERE place < 2";
        Ok(self.db.execute_batch(sql)?)
    }

    /// How many tickets are in the backlog.
    pub(crate) fn backlog_len(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM dirty";
        Ok(self.db.query_row(sql, [], |r| r.get::<_, i64>(0))? as u64)
    }

    /// At most `most` tickets of the backlog.
    pub(crate) fn backlog(&self, most: usize) -> Result<Vec<Unread>> {
        let sql = "SELECT ticket, seq, turn FROM dirty LIMIT ?1";
        let mut select = self.db.prepare_cached(sql)?;
        let mut rows = select.query([most as i64])?;
        let mut backlog = Vec::new();
        while let Some(row) = rows.next()? {
            let ticket = TicketId::new(row.get(0)?);
            let (seq, turn) = (row.get::<_, i64>(1)? as u64, row.get(2)?);
            backlog.extend(ticket.map(|ticket| Unread { ticket, seq, turn }));
        }
        Ok(backlog)
    }

    /// Removes these tickets from the backlog, except those that have changed since they were returned.
    pub(crate) fn remove_from_backlog(&self, read: &[Unread]) -> Result<()> {
        self.in_transaction(|| {
            let sql = "DELETE FROM dirty WHERE ticket = ?1 AND turn = ?2";
            let mut delete = self.db.prepare_cached(sql)?;
            for unread in read {
                delete.execute(params![unread.ticket.get(), unread.turn])?;
            }
            Ok(())
        })
    }
}
