//! The tables, and the file they lie in.

use super::error::in_the_systems_words;
use super::{Index, Result};
use crate::files::absent;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `application_id` of an index that has every ticket of the store in it.
const COMPLETE: i64 = 0x5449_434b;

/// Version of the tables; another version's file is thrown away and made again.
pub(super) const VERSION: i32 = 3;

/// A tenth of a second's worth of looks.
const MANY_ARCHIVED: i64 = 50_000;

/// How long a writer waits for another: many may come at once, and each is short.
const BUSY: Duration = Duration::from_secs(30);

/// `entry.subject` leaves out what only repeats the ticket's, see `write::REPEATED`; the author is not among
/// `entry.people`.
/// `dirty` is the backlog, see `backlog.rs`. `ticket_open` has whole rows: ten thousand open ones among a million would else lie on ten
/// thousand pages.
const TABLES: &str = "
CREATE TABLE ticket(
  id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
  inode INTEGER NOT NULL, size INTEGER NOT NULL, ctime INTEGER NOT NULL,
  entries INTEGER NOT NULL, opened INTEGER NOT NULL, active INTEGER NOT NULL,
  name TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
  last_from TEXT NOT NULL, last_automatic INTEGER NOT NULL, sound INTEGER NOT NULL);
CREATE TABLE entry(
  ticket INTEGER NOT NULL, seq INTEGER NOT NULL,
  key INTEGER NOT NULL, digest BLOB NOT NULL, at INTEGER NOT NULL, event INTEGER NOT NULL,
  name TEXT NOT NULL, author TEXT NOT NULL, subject TEXT, people TEXT NOT NULL,
  automatic INTEGER NOT NULL, attachments INTEGER NOT NULL,
  offset INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(ticket, seq)) WITHOUT ROWID;
CREATE INDEX ticket_open ON ticket(id, inode, size, ctime, entries, opened, active, name, address,
  subject, last_from, last_automatic, sound, place) WHERE place = 0;
CREATE TABLE dirty(ticket INTEGER PRIMARY KEY, seq INTEGER NOT NULL, turn INTEGER NOT NULL);
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// What has an order of its own: a row goes anywhere in it, so that many rows one by one take many
/// times longer than all at once.
const ORDERS: &str = "
CREATE INDEX IF NOT EXISTS entry_key ON entry(key);
CREATE INDEX IF NOT EXISTS entry_at ON entry(at);
CREATE INDEX IF NOT EXISTS ticket_address ON ticket(address COLLATE NOCASE, opened);
";

/// Held while the file appears, disappears or is replaced, and while the journal is taken over. Not
/// named like the index: `rm index.db*` must not let two in.
pub(super) fn lock(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o660)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path.with_extension("lock"))?;
    fs2::FileExt::lock_exclusive(&file)?;
    Ok(file)
}

/// Opens what is there; `None` if it is no index of this version.
pub(super) fn connect(path: &Path) -> Result<Option<Index>> {
    // Two numbers of the file's head, which SQLite would tell for ten times the price.
    match head(path) {
        Ok(Some(VERSION)) => {}
        Ok(_) => return Ok(None),
        Err(e) if absent(&e) => return Ok(None),
        // SQLite says what is wrong.
        Err(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    Ok(Some(Index::over(db, path)))
}

/// The version of the tables in the file at `path`; `None` if it is no database. The file is
/// closed before SQLite opens it: to close it later would drop SQLite's locks.
fn head(path: &Path) -> std::io::Result<Option<i32>> {
    let mut head = [0; 100];
    let read = File::open(path)?.read_at(&mut head, 0)?;
    let version = [head[60], head[61], head[62], head[63]];
    let is_database = read == head.len() && head.starts_with(b"SQLite format 3\0");
    Ok(is_database.then(|| i32::from_be_bytes(version)))
}

/// Makes an empty one at `path`, where there is none. It appears when it is whole and on the disk:
/// half of one would have its version in the head, and not its tables.
/// Without `orders` it is for writing only, until [`Index::put_in_order`].
pub(super) fn create(path: &Path, orders: bool) -> anyhow::Result<Index> {
    let new = with_suffix(path, "-new");
    // Of a process that died here.
    remove(&new);
    make(&new, orders).map_err(|e| in_the_systems_words(e, &new))?;
    std::fs::rename(&new, path)?;
    match connect(path).map_err(|e| in_the_systems_words(e, path))? {
        Some(index) => Ok(index),
        None => anyhow::bail!("it was taken away"),
    }
}

fn make(path: &Path, orders: bool) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let db = Connection::open_with_flags(path, flags)?;
    // There is nothing to go back to.
    db.execute_batch("PRAGMA journal_mode = OFF; BEGIN")?;
    db.execute_batch(TABLES)?;
    if orders {
        db.execute_batch(ORDERS)?;
    }
    db.pragma_update(None, "user_version", VERSION)?;
    Ok(db.execute_batch("COMMIT")?)
}

/// Removes the files of the index at `path`.
pub(super) fn remove(path: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(path, suffix));
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Index {
    /// Makes what [`create`] left out, if it did.
    pub(super) fn put_in_order(&self) -> Result<()> {
        Ok(self.db.execute_batch(ORDERS)?)
    }

    /// True if every ticket of the store has been in it at least once.
    pub fn is_complete(&self) -> Result<bool> {
        let sql = "PRAGMA application_id";
        let id: i64 = self.db.query_row(sql, [], |r| r.get(0))?;
        Ok(id == COMPLETE)
    }

    /// Marks it as complete, or not.
    pub fn set_complete(&self, complete: bool) -> Result<()> {
        self.end_read();
        let id = if complete { COMPLETE } else { 0 };
        Ok(self.db.pragma_update(None, "application_id", id)?)
    }

    /// All tickets from this number on were looked at since the index was lost.
    pub fn looked_down_to(&self) -> Result<Option<u32>> {
        Ok(self.meta("looked_down_to")?.map(|number| number as u32))
    }

    /// Notes that they were.
    pub fn set_looked_down_to(&self, number: u32) -> Result<()> {
        self.set_meta("looked_down_to", i64::from(number))
    }

    /// When archived/ had last changed when all its tickets were last looked at; see
    /// `Store::changed`. `None` if nobody knows, and they have to be looked at again.
    pub fn archived_seen(&self) -> Result<Option<i64>> {
        self.meta("archived_seen")
    }

    /// Notes when it had.
    pub fn set_archived_seen(&self, changed: i64) -> Result<()> {
        self.set_meta("archived_seen", changed)
    }

    /// True if so many tickets are archived that to look at each would keep somebody waiting.
    pub fn holds_many_archived(&self) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE place = 1 LIMIT ?1)";
        let count: i64 = self.db.query_row(sql, [MANY_ARCHIVED], |r| r.get(0))?;
        Ok(count == MANY_ARCHIVED)
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<i64>> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        let mut select = self.db.prepare_cached(sql)?;
        Ok(select.query_row([name], |r| r.get(0)).optional()?)
    }

    pub(super) fn set_meta(&self, name: &str, value: i64) -> Result<()> {
        self.end_read();
        let sql = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)";
        let values = rusqlite::params![name, value];
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
