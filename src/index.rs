//! The cache over the store: which messages are filed where, and what `list` shows (D9).
//!
//! SQLite in `.tickets/index.db`. It holds nothing that the mboxes do not hold, so it can be
//! deleted at any time and needs no durability, only consistency: WAL with `synchronous=NORMAL`
//! never syncs in a delivery. A power cut may take its last commits; a row whose stamp is not
//! its file's is simply read again.

mod error;

use crate::mail::decode::Mailbox;
use crate::store::{Place, Stamp};
use crate::ticket::TicketId;
use crate::ticket::summary::{Identity, Summary};
use anyhow::Context;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::IndexError;
use error::{in_the_systems_words, is_damage};

type Result<T, E = IndexError> = std::result::Result<T, E>;

/// Version of the tables; another version's file is thrown away and made again.
const VERSION: i64 = 2;
/// `application_id` of an index that has every ticket of the store in it.
const COMPLETE: i64 = 0x5449_434b;
/// Bytes of the log from which on a delivery tidies up. The first to open the index reads all
/// of the log; tidying up costs two syncs.
const LONG_LOG: u64 = 128 << 10;

/// How long a writer waits for another: many may come at once, and each is short.
const BUSY: Duration = Duration::from_secs(30);
/// The same while a ticket's locks are held, for which mutt waits five seconds.
const BUSY_UNDER_LOCKS: Duration = Duration::from_secs(2);

const TABLES: &str = "
CREATE TABLE ticket(
  id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
  inode INTEGER NOT NULL, size INTEGER NOT NULL, ctime INTEGER NOT NULL,
  entries INTEGER NOT NULL, opened INTEGER NOT NULL, active INTEGER NOT NULL,
  name TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
  last_from TEXT NOT NULL, last_automatic INTEGER NOT NULL, sound INTEGER NOT NULL);
CREATE TABLE entry(
  ticket INTEGER NOT NULL, seq INTEGER NOT NULL,
  key INTEGER NOT NULL, digest BLOB NOT NULL, at INTEGER NOT NULL, people TEXT NOT NULL,
  PRIMARY KEY(ticket, seq)) WITHOUT ROWID;
CREATE INDEX entry_key ON entry(key);
CREATE INDEX ticket_address ON ticket(address COLLATE NOCASE, opened);
";

/// What the index knows of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Its number.
    pub id: TicketId,
    /// Where it was when it was last looked at; `None` if its file was gone.
    pub place: Option<Place>,
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
}

impl Index {
    /// Opens the index at `path`, or makes an empty one if it is missing, of another version or
    /// no database at all.
    pub fn open(path: &Path) -> anyhow::Result<Index> {
        match Self::connect(path) {
            Ok(index) => Ok(index),
            Err(e) if is_damage(&e) => {
                Self::remove(path);
                Self::connect(path)
            }
            Err(e) => Err(e),
        }
        .map_err(|e| in_the_systems_words(e, path))
        .with_context(|| format!("cannot open {}", path.display()))
    }

    fn connect(path: &Path) -> rusqlite::Result<Index> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let mut db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        let version: i64 = db.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if version != VERSION {
            // A delivery changes a few hundred bytes on three pages, and each goes to the log.
            db.pragma_update(None, "page_size", 1024)?;
            db.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
            let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another process may have been faster.
            let version: i64 = change.query_row("PRAGMA user_version", [], |r| r.get(0))?;
            if version != VERSION {
                change.execute_batch("DROP TABLE IF EXISTS ticket; DROP TABLE IF EXISTS entry;")?;
                change.execute_batch(TABLES)?;
                change.pragma_update(None, "application_id", 0)?;
                change.pragma_update(None, "user_version", VERSION)?;
            }
            change.commit()?;
        }
        Ok(Index {
            db,
            path: path.to_owned(),
        })
    }

    /// Removes the index at `path`; the next command makes it again.
    pub fn remove(path: &Path) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(with_suffix(path, suffix));
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if every ticket of the store has been in it at least once.
    pub fn is_complete(&self) -> Result<bool> {
        let id: i64 = self
            .db
            .query_row("PRAGMA application_id", [], |r| r.get(0))?;
        Ok(id == COMPLETE)
    }

    /// Marks it as complete.
    pub fn set_complete(&self) -> Result<()> {
        Ok(self.db.pragma_update(None, "application_id", COMPLETE)?)
    }

    /// The highest number it knows, 0 if none.
    pub fn highest(&self) -> Result<u32> {
        let sql = "SELECT ifnull(max(id), 0) FROM ticket";
        Ok(self.db.query_row(sql, [], |r| r.get(0))?)
    }

    /// What it knows of a ticket.
    pub fn ticket(&self, id: TicketId) -> Result<Option<Overview>> {
        let sql = "SELECT * FROM ticket WHERE id = ?1";
        let mut select = self.db.prepare_cached(sql)?;
        Ok(select.query_row([id.get()], overview).optional()?)
    }

    /// All tickets, in ascending order; with `place`, those that lay there.
    pub fn tickets(&self, place: Option<Place>) -> Result<Vec<Overview>> {
        let sql = match place {
            None => "SELECT * FROM ticket WHERE place < 2 ORDER BY id",
            Some(Place::Open) => "SELECT * FROM ticket WHERE place = 0 ORDER BY id",
            Some(Place::Archived) => "SELECT * FROM ticket WHERE place = 1 ORDER BY id",
        };
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map([], overview)?;
        Ok(rows.collect::<Result<_, _>>()?)
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
        Ok(select.exists(params![id.get(), digest])?)
    }

    /// The tickets that this very message opened, lowest first.
    pub fn opened_by(&self, message: &Identity) -> Result<Vec<TicketId>> {
        let sql = "SELECT ticket FROM entry
                   WHERE key = ?1 AND seq = 0 AND digest = ?2 ORDER BY ticket";
        self.ids(sql, params![message.key, message.digest])
    }

    /// The tickets that hold a message with this key, newest first (B5).
    pub fn holders(&self, key: i64) -> Result<Vec<TicketId>> {
        let sql = "SELECT DISTINCT ticket FROM entry WHERE key = ?1 ORDER BY ticket DESC";
        self.ids(sql, params![key])
    }

    fn ids(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<TicketId>> {
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map(parameters, |r| r.get::<_, u32>(0))?;
        let ids: Vec<u32> = rows.collect::<Result<_, _>>()?;
        Ok(ids.into_iter().filter_map(TicketId::new).collect())
    }

    /// Addresses in From, To and Cc of a ticket's messages, each once (C5).
    pub fn people(&self, id: TicketId) -> Result<Vec<String>> {
        let sql = "SELECT people FROM entry WHERE ticket = ?1 ORDER BY seq";
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
        let sql = "SELECT count(*) FROM ticket
                   WHERE address = ?1 COLLATE NOCASE AND opened >= ?2";
        let mut select = self.db.prepare(sql)?;
        Ok(select.query_row(params![address, since], |r| r.get(0))?)
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

    /// Notes all messages of a ticket anew.
    pub fn replace(
        &mut self,
        id: TicketId,
        place: Place,
        stamp: Stamp,
        summaries: &[Summary],
        sound: bool,
    ) -> Result<()> {
        let change = self.begin()?;
        change.execute("DELETE FROM entry WHERE ticket = ?1", [id.get()])?;
        for (seq, summary) in summaries.iter().enumerate() {
            insert_entry(&change, id, seq as u64, summary)?;
        }
        upsert_ticket(&change, id, place, stamp, summaries, sound)?;
        Ok(change.commit()?)
    }

    /// Waits less from now on, or as usual again: while a ticket's locks are held it is better not
    /// to note a message than to keep others from the ticket. It is read again later.
    pub fn under_locks(&self, held: bool) -> Result<()> {
        Ok(self
            .db
            .busy_timeout(if held { BUSY_UNDER_LOCKS } else { BUSY })?)
    }

    /// Notes one more message of a ticket, the `seq`th (from 0).
    pub fn add(
        &mut self,
        id: TicketId,
        place: Place,
        stamp: Stamp,
        seq: u64,
        summary: &Summary,
    ) -> Result<()> {
        let change = self.begin()?;
        insert_entry(&change, id, seq, summary)?;
        if seq == 0 {
            let only = std::slice::from_ref(summary);
            upsert_ticket(&change, id, place, stamp, only, true)?;
        } else {
            let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5,
                       entries = ?6, active = ?7, last_from = ?8, last_automatic = ?9,
                       sound = 1
                       WHERE id = ?1";
            change.execute(
                sql,
                params![
                    id.get(),
                    place_number(place),
                    stamp.inode as i64,
                    stamp.size as i64,
                    stamp.ctime,
                    seq as i64 + 1,
                    summary.at,
                    summary.from,
                    summary.automatic,
                ],
            )?;
        }
        Ok(change.commit()?)
    }

    /// Notes that a ticket's file lies in `place` now, with this stamp and the same messages.
    pub fn moved(&mut self, id: TicketId, place: Place, stamp: Stamp) -> Result<()> {
        let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5 WHERE id = ?1";
        let (inode, size) = (stamp.inode as i64, stamp.size as i64);
        let values = params![id.get(), place_number(place), inode, size, stamp.ctime];
        self.db.execute(sql, values)?;
        Ok(())
    }

    /// Notes that a ticket's file is gone. Its number stays known: it is never used again (B7).
    pub fn gone(&mut self, id: TicketId) -> Result<()> {
        let change = self.begin()?;
        change.execute("DELETE FROM entry WHERE ticket = ?1", [id.get()])?;
        change.execute(
            "UPDATE ticket SET place = 2, size = 0 WHERE id = ?1",
            [id.get()],
        )?;
        Ok(change.commit()?)
    }

    fn begin(&mut self) -> Result<rusqlite::Transaction<'_>> {
        let immediate = rusqlite::TransactionBehavior::Immediate;
        Ok(self.db.transaction_with_behavior(immediate)?)
    }

    /// Leaves without closing: the last one to close would copy the whole log into the database
    /// and sync it, which is not every delivery's business, only that of each thirtieth or so.
    pub fn leave(self) {
        let log = std::fs::metadata(with_suffix(&self.path, "-wal"));
        if log.is_ok_and(|log| log.len() > LONG_LOG) {
            // While others are at work nobody waits: one of them does it.
            let tidy = "PRAGMA wal_checkpoint(TRUNCATE)";
            let _ = self.db.busy_timeout(Duration::ZERO);
            let _ = self.db.query_row(tidy, [], |_| Ok(()));
        }
        std::mem::forget(self.db);
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn place_number(place: Place) -> i64 {
    match place {
        Place::Open => 0,
        Place::Archived => 1,
    }
}

fn insert_entry(db: &Connection, id: TicketId, seq: u64, s: &Summary) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO entry VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
    let Identity { key, digest } = s.identity;
    db.execute(
        sql,
        params![id.get(), seq as i64, key, digest, s.at, s.people],
    )
}

fn upsert_ticket(
    db: &Connection,
    id: TicketId,
    place: Place,
    stamp: Stamp,
    summaries: &[Summary],
    sound: bool,
) -> rusqlite::Result<usize> {
    let (first, last) = (summaries.first(), summaries.last());
    let author = first.and_then(|s| s.author.as_ref());
    let sql = "INSERT OR REPLACE INTO ticket VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,
               ?14)";
    db.execute(
        sql,
        params![
            id.get(),
            place_number(place),
            stamp.inode as i64,
            stamp.size as i64,
            stamp.ctime,
            summaries.len() as i64,
            first.map_or(0, |s| s.at),
            last.map_or(0, |s| s.at),
            author.map_or("", |a| a.name.as_str()),
            author.map_or("", |a| a.address.as_str()),
            first.map_or("", |s| s.subject.as_str()),
            last.map_or("", |s| s.from.as_str()),
            last.is_some_and(|s| s.automatic),
            sound,
        ],
    )
}

fn overview(row: &Row) -> rusqlite::Result<Overview> {
    let (name, address): (String, String) = (row.get("name")?, row.get("address")?);
    let number: u32 = row.get("id")?;
    Ok(Overview {
        id: TicketId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?,
        place: match row.get("place")? {
            0 => Some(Place::Open),
            1 => Some(Place::Archived),
            _ => None,
        },
        stamp: Stamp {
            inode: row.get::<_, i64>("inode")? as u64,
            size: row.get::<_, i64>("size")? as u64,
            ctime: row.get("ctime")?,
        },
        entries: row.get::<_, i64>("entries")? as u64,
        opened: row.get("opened")?,
        active: row.get("active")?,
        submitter: (!address.is_empty()).then_some(Mailbox { name, address }),
        subject: row.get("subject")?,
        last_from: row.get("last_from")?,
        last_automatic: row.get("last_automatic")?,
        sound: row.get("sound")?,
    })
}

#[cfg(test)]
mod tests;
