//! The cache over the store: which messages are filed where, and what `list` shows (D9).
//!
//! SQLite in `.tickets/index.db`. It holds nothing that the mboxes do not hold, so it can be
//! deleted at any time. A row whose stamp is not its file's is read again.
//!
//! Deliveries write no row, only a line in the journal: see [`journal`]. So the database has a
//! rollback journal and no WAL: to open it for a look costs a fifth.

mod backlog;
pub mod draft;
mod error;
pub mod history;
pub mod journal;
mod open;
mod schema;
mod write;

use crate::files::Stamp;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::summary::Identity;
use journal::{Added, Change};
use mail::decode::Mailbox;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::cell::Cell;
use std::path::{Path, PathBuf};

pub(crate) use backlog::Unread;
pub use error::IndexError;
pub use write::Reading;
pub(crate) use write::together;

pub(crate) type Result<T, E = IndexError> = std::result::Result<T, E>;

/// `cache_size` for reading all rows once, in pages.
const FEW_PAGES: i64 = 64;
/// That of SQLite by itself: minus KiB.
const USUAL_CACHE: i64 = -2000;

/// What the index knows of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Its number.
    pub id: TicketId,
    /// Where it was when it was last looked at; `None` if its file was gone.
    pub state: Option<State>,
    /// Its file then.
    pub stamp: Stamp,
    /// Number of messages.
    pub entries: u64,
    /// When the first message was filed, in seconds since 1970.
    pub opened: i64,
    /// When the last one was.
    pub active: i64,
    /// Who wrote first, and where answers go.
    pub submitter: Option<Mailbox>,
    /// Subject of the first message.
    pub subject: String,
    /// From of the last message, in lower case.
    pub last_from: String,
    /// A machine wrote the last message.
    pub last_automatic: bool,
    /// The file ended in a whole entry; if not, it wants mending before the next.
    pub sound: bool,
}

/// The index, open.
pub struct Index {
    db: Connection,
    path: PathBuf,
    /// Journal lines that are not in the database yet.
    pending: Vec<Change>,
    /// Those lines were read, but not applied.
    journal_unapplied: Cell<bool>,
    /// A transaction is open that only reads.
    in_read: Cell<bool>,
    /// A follower reads what is written here in the same pass; it is not added to the backlog.
    followed: Cell<bool>,
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
        }
    }

    /// Ends the read that [`Index::open_to_read`] began, so that others can write.
    pub fn end_read(&self) {
        if self.in_read.replace(false) {
            // Nothing was written. Should it fail, closing ends it.
            let _ = self.db.execute_batch("COMMIT");
        }
    }

    /// Where it lies.
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
            let values = params![path.to_string_lossy(), name];
            self.db.execute("ATTACH ?1 AS ?2", values)?;
        }
        Ok(())
    }

    /// The highest number it knows, 0 if none.
    pub fn highest(&self) -> Result<u32> {
        let sql = "SELECT ifnull(max(id), 0) FROM ticket";
        let highest: u32 = self.db.query_row(sql, [], |r| r.get(0))?;
        let pending = self.pending.iter().map(|change| change.ticket.get());
        Ok(pending.fold(highest, u32::max))
    }

    /// How many tickets and messages there are.
    pub fn count(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), ifnull(sum(entries), 0) FROM ticket WHERE place < 2";
        let count = |r: &Row| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64));
        Ok(self.db.query_row(sql, [], count)?)
    }

    /// What it knows of a ticket.
    pub fn ticket(&self, id: TicketId) -> Result<Option<Overview>> {
        let sql = format!("SELECT {COLUMNS} FROM ticket WHERE id = ?1");
        let mut select = self.db.prepare_cached(&sql)?;
        Ok(select.query_row([id.get()], overview).optional()?)
    }

    /// What it knows of some tickets, in their order, less those it does not know.
    pub fn tickets(&self, ids: &[TicketId]) -> Result<Vec<Overview>> {
        // One look for all of them, or each would take SQLite's lock for itself.
        let _look = match self.db.is_autocommit() {
            true => Some(self.db.unchecked_transaction()?),
            false => None,
        };
        let rows = ids.iter().map(|&id| self.ticket(id));
        rows.filter_map(Result::transpose).collect()
    }

    /// Hands out all tickets in `place`, in ascending order.
    pub fn each<E: From<IndexError>>(
        &self,
        state: State,
        mut visit: impl FnMut(Overview) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = match state {
            // The open ones lie together there, however many are closed.
            State::Open => "ticket INDEXED BY ticket_open WHERE place = 0",
            State::Closed => "ticket WHERE place = 1 ORDER BY id",
        };
        // No page of them is read twice: to keep them all is memory that wants to be found.
        self.db
            .pragma_update(None, "cache_size", FEW_PAGES)
            .map_err(IndexError::from)?;
        let sql = format!("SELECT {COLUMNS} FROM {sql}");
        let mut select = self.db.prepare_cached(&sql).map_err(IndexError::from)?;
        let mut rows = select.query([]).map_err(IndexError::from)?;
        while let Some(row) = rows.next().map_err(IndexError::from)? {
            visit(overview(row).map_err(IndexError::from)?)?;
        }
        let usual = self.db.pragma_update(None, "cache_size", USUAL_CACHE);
        Ok(usual.map_err(IndexError::from)?)
    }

    /// Hands out what the files of all tickets in `place` looked like when they were last looked at,
    /// in ascending order.
    pub fn each_stamp(&self, state: State, mut visit: impl FnMut(TicketId, Stamp)) -> Result<()> {
        let sql = match state {
            State::Open => "ticket INDEXED BY ticket_open WHERE place = 0",
            State::Closed => "ticket WHERE place = 1 ORDER BY id",
        };
        let sql = format!("SELECT id, inode, size, ctime FROM {sql}");
        let mut select = self.db.prepare_cached(&sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let stamp = Stamp {
                inode: row.get::<_, i64>(1)? as u64,
                size: row.get::<_, i64>(2)? as u64,
                ctime: row.get(3)?,
            };
            if let Some(id) = TicketId::new(row.get(0)?) {
                visit(id, stamp);
            }
        }
        Ok(())
    }

    /// The position (from 0) of this very message in a ticket, if it is filed there (A5).
    pub fn position(&self, id: TicketId, message: &Identity) -> Result<Option<u64>> {
        let sql = "SELECT seq FROM entry WHERE key = ?1 AND ticket = ?2 AND digest = ?3";
        let mut select = self.db.prepare(sql)?;
        let at = params![message.key, id.get(), message.digest];
        let seq: Option<i64> = select.query_row(at, |r| r.get(0)).optional()?;
        Ok(seq.map(|seq| seq as u64))
    }

    /// True if a message with this digest is filed in a ticket.
    pub fn holds(&self, id: TicketId, digest: &[u8]) -> Result<bool> {
        let sql = "SELECT 1 FROM entry WHERE ticket = ?1 AND digest = ?2";
        let mut select = self.db.prepare(sql)?;
        let mut pending = self.pending_with(|added| added.summary.identity.digest == digest);
        Ok(
            pending.any(|change| change.ticket == id)
                || select.exists(params![id.get(), digest])?,
        )
    }

    /// The tickets that this very message opened, lowest first.
    pub fn opened_by(&self, message: &Identity) -> Result<Vec<TicketId>> {
        let sql = "SELECT ticket FROM entry WHERE key = ?1 AND seq = 0 AND digest = ?2";
        let mut ids = self.ids(sql, params![message.key, message.digest])?;
        let pending =
            self.pending_with(|added| added.seq == 0 && added.summary.identity == *message);
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The tickets that hold a message with this key, newest first (B5).
    pub fn holders(&self, key: i64) -> Result<Vec<TicketId>> {
        let sql = "SELECT DISTINCT ticket FROM entry WHERE key = ?1";
        let mut ids = self.ids(sql, params![key])?;
        let pending = self.pending_with(|added| added.summary.identity.key == key);
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        Ok(ids)
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

    /// Addresses in From, To and Cc of a ticket's messages, each once (C5).
    pub fn people(&self, id: TicketId) -> Result<Vec<String>> {
        let sql = "SELECT author || ' ' || people FROM entry WHERE ticket = ?1 ORDER BY seq";
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

    /// How many tickets `address` opened since `since`, in seconds since 1970 (C7).
    pub fn opened_since(&self, address: &str, since: i64) -> Result<u32> {
        let sql = "SELECT id FROM ticket WHERE address = ?1 COLLATE NOCASE AND opened >= ?2";
        let mut ids = self.ids(sql, params![address, since])?;
        let pending = self.pending_with(|added| {
            let author = added.summary.author.as_ref();
            let wrote = author.is_some_and(|a| a.address.eq_ignore_ascii_case(address));
            wrote && added.seq == 0 && added.summary.at >= since
        });
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable();
        ids.dedup();
        Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }

    /// How many messages of a ticket were filed since `since`, in seconds since 1970; at most
    /// `most`, which is all that is looked at (C7).
    pub fn filed_since(&self, id: TicketId, since: i64, most: u32) -> Result<u32> {
        let sql = "SELECT count(*) FROM
                     (SELECT at FROM entry WHERE ticket = ?1 ORDER BY seq DESC LIMIT ?2)
                   WHERE at >= ?3";
        let mut select = self.db.prepare(sql)?;
        Ok(select.query_row(params![id.get(), most, since], |r| r.get(0))?)
    }
}

/// The columns of `ticket` that [`overview`] reads, in its order.
const COLUMNS: &str = "id, place, inode, size, ctime, entries, opened, active, name, address, \
                       subject, last_from, last_automatic, sound";

fn overview(row: &Row) -> rusqlite::Result<Overview> {
    // By position: to look for a name costs more than to read what it names.
    let (name, address): (String, String) = (row.get(8)?, row.get(9)?);
    let number: u32 = row.get(0)?;
    Ok(Overview {
        id: TicketId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?,
        state: match row.get(1)? {
            0 => Some(State::Open),
            1 => Some(State::Closed),
            _ => None,
        },
        stamp: Stamp {
            inode: row.get::<_, i64>(2)? as u64,
            size: row.get::<_, i64>(3)? as u64,
            ctime: row.get(4)?,
        },
        entries: row.get::<_, i64>(5)? as u64,
        opened: row.get(6)?,
        active: row.get(7)?,
        submitter: (!address.is_empty()).then_some(Mailbox { name, address }),
        subject: row.get(10)?,
        last_from: row.get(11)?,
        last_automatic: row.get(12)?,
        sound: row.get(13)?,
    })
}

#[cfg(test)]
mod tests;
