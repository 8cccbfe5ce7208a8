//! A cache over the store: which messages are filed where, and what `list` shows (D9).
//!
//! It is an SQLite database in `.tickets/index.db`. All of its content comes from the mboxes, so it can
//! be deleted at any time. If a row's stamp differs from that of its file, the file is read again.
//!
//! Deliveries do not write to the database, only a line to the [`journal`]. So the database uses a
//! rollback journal instead of a WAL: opening it for reading then takes a fifth of the time.

mod backlog;
pub mod draft;
mod error;
mod held;
pub mod history;
pub mod journal;
mod moved;
mod open;
mod past;
mod schema;
mod write;

use crate::files::Stamp;
use crate::patience::Patience;
use crate::ticket::State;
use crate::ticket::TicketId;
use journal::{Added, Change};
use mail::decode::Mailbox;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::cell::Cell;
use std::path::{Path, PathBuf};

pub(crate) use backlog::Unread;
pub use error::{IndexError, OfIndex};
pub use held::Presence;
pub(crate) use moved::note_moved;
pub use open::IndexKind;
pub(crate) use past::Earlier;
pub use write::TicketFile;
pub(crate) use write::in_transaction;

pub(crate) type Result<T, E = IndexError> = std::result::Result<T, E>;

/// `cache_size` for reading all rows once, in pages.
const FEW_PAGES: i64 = 64;
/// SQLite's default `cache_size`. A negative number stands for KiB.
const DEFAULT_CACHE: i64 = -2000;

/// A ticket in the index, as of when its file was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    pub id: TicketId,
    /// `None` if the file was gone.
    pub state: Option<State>,
    pub stamp: Stamp,
    /// Number of messages.
    pub entries: u64,
    /// When the first message was filed, in seconds since 1970.
    pub opened: i64,
    /// When the last message was filed, in seconds since 1970.
    pub active: i64,
    /// The author of the first message: where answers go.
    pub submitter: Option<Mailbox>,
    /// What the first message says of its author instead, if it names no address.
    pub said: String,
    /// Subject of the first message.
    pub subject: String,
    /// From of the last message, in lower case.
    pub last_from: String,
    /// From of the last message that said something to somebody, in lower case; `None` if there is none, or it closed
    /// the ticket, so that nobody waits for a reply.
    pub word_from: Option<String>,
    /// The last message says that a mail of the desk did not arrive.
    pub last_undelivered: bool,
    /// The file ends in a whole entry. If not, it must be mended before the next append.
    pub whole: bool,
}

/// The open index.
pub struct Index {
    db: Connection,
    path: PathBuf,
    /// Journal lines that are not in the database yet.
    pending: Vec<Change>,
    /// The pending lines were read but not applied.
    journal_unapplied: Cell<bool>,
    /// A read transaction is open.
    in_read: Cell<bool>,
    /// A follower reads what is written here in the same pass, so it is not added to the backlog.
    followed: Cell<bool>,
    /// How long to wait for other processes.
    patience: Cell<Patience>,
}

impl Index {
    fn over(db: Connection, path: &Path) -> Index {
        Index {
            db,
            path: path.to_owned(),
            pending: Vec::new(),
            journal_unapplied: Cell::new(false),
            in_read: Cell::new(false),
            followed: Cell::new(false),
            patience: Cell::new(Patience::default()),
        }
    }

    /// Ends the read transaction of [`Index::open_to_read`], so that others can write.
    pub fn end_read(&self) {
        if self.in_read.replace(false) {
            // Nothing was written. If this fails, closing the database ends the transaction.
            let _ = self.db.execute_batch("COMMIT");
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database, for questions in SQL.
    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Attaches the database at `path` as `name`, for questions that join its tables with those here.
    pub(crate) fn attach(&self, path: &Path, name: &str) -> Result<()> {
        self.end_read();
        let attached = "SELECT 1 FROM pragma_database_list WHERE name = ?1";
        if !self.db.prepare(attached)?.exists([name])? {
            let path = crate::files::resolved(path).unwrap_or_else(|_| path.to_owned());
            let values = params![path.to_string_lossy(), name];
            self.db.execute("ATTACH ?1 AS ?2", values)?;
        }
        Ok(())
    }

    /// The highest number in the index, 0 if it is empty.
    pub fn highest(&self) -> Result<u32> {
        let sql = "SELECT ifnull(max(id), 0) FROM ticket";
        let highest: u32 = self.db.query_row(sql, [], |r| r.get(0))?;
        let pending = self.pending.iter().map(|change| change.ticket.get());
        Ok(pending.fold(highest, u32::max))
    }

    /// The numbers of tickets and of messages.
    pub fn count(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), ifnull(sum(entries), 0) FROM ticket WHERE place < 2";
        let count = |r: &Row| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64));
        Ok(self.db.query_row(sql, [], count)?)
    }

    pub fn ticket(&self, id: TicketId) -> Result<Option<Overview>> {
        let sql = format!("SELECT {COLUMNS} FROM ticket WHERE id = ?1");
        let mut select = self.db.prepare_cached(&sql)?;
        Ok(select.query_row([id.get()], overview).optional()?)
    }

    /// The tickets with these numbers, in this order, without those that are not in the index.
    pub fn tickets(&self, ids: &[TicketId]) -> Result<Vec<Overview>> {
        // In one transaction, or each query would take SQLite's lock.
        let _transaction = match self.db.is_autocommit() {
            true => Some(self.db.unchecked_transaction()?),
            false => None,
        };
        let rows = ids.iter().map(|&id| self.ticket(id));
        rows.filter_map(Result::transpose).collect()
    }

    /// Visits all tickets in `state`, in ascending order.
    pub fn each<E: From<IndexError>>(
        &self,
        state: State,
        mut visit: impl FnMut(Overview) -> Result<(), E>,
    ) -> Result<(), E> {
        // No page is read twice, so a large cache would only cost memory.
        self.db
            .pragma_update(None, "cache_size", FEW_PAGES)
            .map_err(IndexError::from)?;
        let sql = format!("SELECT {COLUMNS} FROM {}", rows_in(state));
        let mut select = self.db.prepare_cached(&sql).map_err(IndexError::from)?;
        let mut rows = select.query([]).map_err(IndexError::from)?;
        while let Some(row) = rows.next().map_err(IndexError::from)? {
            visit(overview(row).map_err(IndexError::from)?)?;
        }
        let restored = self.db.pragma_update(None, "cache_size", DEFAULT_CACHE);
        Ok(restored.map_err(IndexError::from)?)
    }

    /// Visits the recorded stamps of all tickets in `state`, in ascending order.
    pub fn each_stamp(&self, state: State, mut visit: impl FnMut(TicketId, Stamp)) -> Result<()> {
        let sql = format!("SELECT id, inode, size, ctime FROM {}", rows_in(state));
        let mut select = self.db.prepare_cached(&sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(id) = TicketId::new(row.get(0)?) {
                visit(id, stamp(row, 1)?);
            }
        }
        Ok(())
    }

    /// The additions among the pending journal lines that `fit`.
    fn pending_with(&self, fit: impl Fn(&Added) -> bool) -> impl Iterator<Item = &Change> {
        let fits = move |change: &&Change| change.added.as_ref().is_some_and(&fit);
        self.pending.iter().filter(fits)
    }

    fn ids(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<TicketId>> {
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map(parameters, |r| r.get::<_, u32>(0))?;
        let ids: Vec<u32> = rows.collect::<Result<_, _>>()?;
        Ok(ids.into_iter().filter_map(TicketId::new).collect())
    }

    /// How many messages of a ticket were filed in `span`, in seconds since 1970, among its last `most` (C7).
    pub fn filed_in(
        &self,
        id: TicketId,
        span: &std::ops::RangeInclusive<i64>,
        most: u32,
    ) -> Result<u32> {
        let sql = "SELECT count(*) FROM
                     (SELECT at FROM entry WHERE ticket = ?1 ORDER BY seq DESC LIMIT ?2)
                   WHERE at BETWEEN ?3 AND ?4";
        let mut select = self.db.prepare(sql)?;
        let values = params![id.get(), most, span.start(), span.end()];
        Ok(select.query_row(values, |r| r.get(0))?)
    }
}

/// The rows of `ticket` in `state`, in ascending order.
fn rows_in(state: State) -> &'static str {
    match state {
        // In that index, open tickets are adjacent, however many are closed.
        State::Open => "ticket INDEXED BY ticket_open WHERE place = 0",
        State::Closed => "ticket WHERE place = 1 ORDER BY id",
    }
}

/// The columns `inode`, `size` and `ctime`, the first of which is number `at`.
fn stamp(row: &Row, at: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        inode: row.get::<_, i64>(at)? as u64,
        size: row.get::<_, i64>(at + 1)? as u64,
        ctime: row.get(at + 2)?,
    })
}

/// The columns of `ticket` that [`overview`] reads, in its order.
const COLUMNS: &str = "id, place, inode, size, ctime, entries, opened, active, name, address, \
                       subject, last_from, last_undelivered, word_from, sound";

fn overview(row: &Row) -> rusqlite::Result<Overview> {
    // By position: looking up a column by name takes longer than reading it.
    let (name, address): (String, String) = (row.get(8)?, row.get(9)?);
    let number: u32 = row.get(0)?;
    Ok(Overview {
        id: TicketId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?,
        state: match row.get(1)? {
            0 => Some(State::Open),
            1 => Some(State::Closed),
            _ => None,
        },
        stamp: stamp(row, 2)?,
        entries: row.get::<_, i64>(5)? as u64,
        opened: row.get(6)?,
        active: row.get(7)?,
        said: match address.is_empty() {
            true => name.clone(),
            false => String::new(),
        },
        submitter: (!address.is_empty()).then_some(Mailbox { name, address }),
        subject: row.get(10)?,
        last_from: row.get(11)?,
        last_undelivered: row.get(12)?,
        word_from: row.get(13)?,
        whole: row.get(14)?,
    })
}

#[cfg(test)]
mod tests;
