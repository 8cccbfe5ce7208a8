//! The tables, and creating the file that contains them.

use super::error::{side_files, with_system_error};
use super::{Index, IndexError, Result, moved};
use crate::files::{absent, is_no_file, obstacle, place_at, resolved};
use crate::patience::{PATIENCE, Patience, Share, flock};
use anyhow::Context;
use nix::fcntl::OFlag;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Version of the tables. A file of another version is discarded and created again.
pub(super) const VERSION: i32 = 10;

/// The row of `meta` with the number of this index. It becomes the `application_id` once every ticket has been added, where
/// a delivery sees it without SQLite.
const NUMBER: &str = "number";

/// The number of closed tickets whose files take a tenth of a second to check.
const MANY_CLOSED: i64 = 50_000;

/// `entry.subject` omits the part that repeats the ticket's Subject, see `write::REPEATED`, and
/// `entry.people` does not repeat `entry.author`. `ticket.place` is 0 for open, 1 for closed, and 2 if the file is gone.
/// `dirty` is the backlog, see `backlog.rs`. `ticket_open` contains whole rows: ten thousand open tickets
/// among a million would otherwise be spread over ten thousand pages.
const TABLES: &str = "
CREATE TABLE ticket(
  id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
  inode INTEGER NOT NULL, size INTEGER NOT NULL, ctime INTEGER NOT NULL,
  entries INTEGER NOT NULL, opened INTEGER NOT NULL, active INTEGER NOT NULL,
  name TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
  last_from TEXT NOT NULL, last_undelivered INTEGER NOT NULL, word_from TEXT, sound INTEGER NOT NULL);
CREATE TABLE entry(
  ticket INTEGER NOT NULL, seq INTEGER NOT NULL,
  key INTEGER NOT NULL, origin INTEGER NOT NULL, digest BLOB NOT NULL, at INTEGER NOT NULL, event INTEGER NOT NULL,
  name TEXT NOT NULL, author TEXT NOT NULL, subject TEXT, people TEXT NOT NULL,
  automatic INTEGER NOT NULL, silent INTEGER NOT NULL, attachments INTEGER NOT NULL,
  offset INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(ticket, seq)) WITHOUT ROWID;
CREATE INDEX ticket_open ON ticket(id, inode, size, ctime, entries, opened, active, name, address,
  subject, last_from, last_undelivered, word_from, sound, place) WHERE place = 0;
CREATE TABLE dirty(ticket INTEGER PRIMARY KEY, seq INTEGER NOT NULL, turn INTEGER NOT NULL);
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// Secondary indexes. Inserts reach them in random order, so bulk loads create them last.
const SECONDARY_INDEXES: &str = "
CREATE INDEX IF NOT EXISTS entry_key ON entry(key, digest);
CREATE INDEX IF NOT EXISTS entry_at ON entry(at);
CREATE INDEX IF NOT EXISTS ticket_address ON ticket(address COLLATE NOCASE, opened);
";

/// The lock for creating, removing or replacing the file and for applying the journal. Its name does not
/// begin with that of the index, since `rm index.db*` must not remove it.
///
/// # Errors
/// Status 75 if others hold it for longer than `patience`.
pub(super) fn lock(path: &Path, patience: Patience) -> anyhow::Result<File> {
    let path = path.with_extension("lock");
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT;
    let file = match place_at(&path).and_then(|place| place.open(flags)) {
        Err(e) if is_no_file(&e) => {
            return Err(e).with_context(|| format!("cannot lock {}", path.display()));
        }
        file => file?,
    };
    flock(&file, &path, Share::Exclusive, patience)?;
    Ok(file)
}

/// Opens an existing index; `None` if there is none of this version.
pub(super) fn connect(path: &Path) -> Result<Option<Index>> {
    // Asking SQLite for the version would take ten times as long.
    match version(path) {
        Ok(Some(VERSION)) => {}
        Ok(_) => return Ok(None),
        Err(e) if absent(&e) => return Ok(None),
        Err(e) if is_no_file(&e) => return Err(cannot_open()),
        // SQLite reports what is wrong.
        Err(_) => {}
    }
    // SQLite would wait for a named pipe.
    if side_files(path).any(|side| obstacle(&side).is_some()) {
        return Err(cannot_open());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let db = Connection::open_with_flags(resolved(path).map_err(|_| cannot_open())?, flags)?;
    db.busy_timeout(PATIENCE)?;
    Ok(Some(Index::over(db, path)))
}

/// The version of the tables in the file at `path`; `None` if it is not a database. The file is closed
/// before SQLite opens it: closing it later would release SQLite's locks.
pub(super) fn version(path: &Path) -> std::io::Result<Option<i32>> {
    Ok(head(path)?.map(|head| number(&head, 60)))
}

/// The number of the index at `path`, if that is one of this version to which every ticket has been added, as it was last
/// written. The table of what was moved has the same number.
pub(super) fn number_if_complete(path: &Path) -> std::io::Result<Option<u32>> {
    let head = head(path)?.filter(|head| number(head, 60) == VERSION);
    let number = head.map(|head| number(&head, 68).cast_unsigned());
    Ok(number.filter(|number| *number != 0))
}

/// The header of the database at `path`; `None` if it is none.
fn head(path: &Path) -> std::io::Result<Option<[u8; 100]>> {
    let mut head = [0; 100];
    let file = place_at(path)?.open(OFlag::O_RDONLY)?;
    let read = file.read_at(&mut head, 0)?;
    let is_database = read == head.len() && head.starts_with(b"SQLite format 3\0");
    Ok(is_database.then_some(head))
}

fn number(head: &[u8; 100], at: usize) -> i32 {
    i32::from_be_bytes(std::array::from_fn(|byte| head[at + byte]))
}

/// Creates an empty index at `path`, where there is none. The file gets its name when it is complete and
/// on the disk, since a partial one could have the right version but lack tables. An index without
/// `secondary_indexes` may only be written to, until [`Index::create_secondary_indexes`].
pub(super) fn create(path: &Path, secondary_indexes: bool) -> anyhow::Result<Index> {
    // Without a table, the index is asked about every message.
    let number = moved::create(path).unwrap_or_else(|_| moved::new_number());
    let new = with_suffix(path, "-new");
    // A process that died here may have left it.
    remove(&new);
    // SQLite gives its side files the mode of the database, but would let no group write to one that it creates.
    place_at(&new)?.create(0o660)?;
    write_tables(&new, number, secondary_indexes).map_err(|e| with_system_error(e, &new))?;
    place_at(&new)?.rename(&place_at(path)?)?;
    match connect(path).map_err(|e| with_system_error(e, path))? {
        Some(index) => Ok(index),
        None => anyhow::bail!("it was removed at once"),
    }
}

fn write_tables(path: &Path, number: u32, secondary_indexes: bool) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let db = Connection::open_with_flags(resolved(path).map_err(|_| cannot_open())?, flags)?;
    // No rollback is needed: the file has no name yet that anyone uses.
    db.execute_batch("PRAGMA journal_mode = OFF; BEGIN")?;
    db.execute_batch(TABLES)?;
    if secondary_indexes {
        db.execute_batch(SECONDARY_INDEXES)?;
    }
    db.execute("INSERT INTO meta VALUES(?1, ?2)", (NUMBER, number))?;
    db.pragma_update(None, "user_version", VERSION)?;
    Ok(db.execute_batch("COMMIT")?)
}

/// Removes the files of the index at `path`.
pub(super) fn remove(path: &Path) {
    let Ok(place) = place_at(path) else { return };
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let _ = place.with_ending(suffix).remove();
    }
}

/// The error of SQLite for a file that it cannot open; [`with_system_error`] says why.
fn cannot_open() -> IndexError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, None).into()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Index {
    /// Creates the secondary indexes if [`create`] left them out.
    pub(super) fn create_secondary_indexes(&self) -> Result<()> {
        Ok(self.db.execute_batch(SECONDARY_INDEXES)?)
    }

    /// True if every ticket of the store has been added at least once.
    pub fn is_complete(&self) -> Result<bool> {
        let sql = "PRAGMA application_id";
        let id: i64 = self.db.query_row(sql, [], |r| r.get(0))?;
        Ok(id != 0)
    }

    pub fn set_complete(&self, complete: bool) -> Result<()> {
        self.end_read();
        let id = if complete { self.number()? } else { 0 };
        Ok(self.db.pragma_update(None, "application_id", id)?)
    }

    /// The number that its table of what was moved has as well.
    pub(super) fn number(&self) -> Result<i64> {
        Ok(self.meta(NUMBER)?.unwrap_or_default())
    }

    /// Since the index was lost, all tickets from this number on have been checked.
    pub fn checked_down_to(&self) -> Result<Option<u32>> {
        Ok(self.meta("looked_down_to")?.map(|number| number as u32))
    }

    pub fn set_checked_down_to(&self, number: u32) -> Result<()> {
        self.set_meta("looked_down_to", i64::from(number))
    }

    /// The mtime that archived/ had when all its tickets were last checked; see
    /// `Store::directory_mtime`. `None` if it is not known, so that they have to be checked again.
    pub fn archive_mtime(&self) -> Result<Option<i64>> {
        self.meta("archived_seen")
    }

    pub fn set_archive_mtime(&self, mtime: i64) -> Result<()> {
        self.set_meta("archived_seen", mtime)
    }

    /// True if there are so many closed tickets that checking all of them would take noticeable time.
    pub fn has_many_closed(&self) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE place = 1 LIMIT ?1)";
        let count: i64 = self.db.query_row(sql, [MANY_CLOSED], |r| r.get(0))?;
        Ok(count == MANY_CLOSED)
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
