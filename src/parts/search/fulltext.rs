//! The full text: which words stand in which messages.
//!
//! The database `.tickets/text.db` holds no text, only where words stand (FTS5, contentless).
//! Deliveries never touch it: a search brings it up to date first, from the backlog of the index. It
//! can be deleted at any time.
//!
//! It is written through a connection of its own. Anything else that is written through the same
//! connection would make FTS5 write its sorted words at once, a thousand times too often.

use super::query::Phrase;
use crate::files::{obstacle, place_at, resolved};
use crate::index::{IndexError, Result, in_transaction};
use crate::patience::PATIENCE;
use crate::ticket::TicketId;
use mail::words::Words;
use nix::fcntl::OFlag;
use rusqlite::ffi;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::{Path, PathBuf};

/// Version of the tables. A database of another version is made anew.
const VERSION: i32 = 2;

/// The row of a message in `text` is given by [`rowid`]; `covered` says how many messages of a ticket are
/// in `text`.
const TABLES: &str = "
PRAGMA page_size = 8192;
BEGIN IMMEDIATE;
CREATE VIRTUAL TABLE text USING fts5(subject, author, people, files, body,
  content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
CREATE TABLE covered(ticket INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
PRAGMA user_version = 2;
COMMIT;
";

/// For many words at once: more of them are sorted in memory before they are written, so that little has
/// to be merged.
const BULK: &str = "
PRAGMA cache_size = -16384;
INSERT INTO text(text, rank) VALUES('hashsize', 33554432);
INSERT INTO text(text, rank) VALUES('automerge', 0);
INSERT INTO text(text, rank) VALUES('crisismerge', 1999);
";

/// Merges at most so many pages, which takes some hundredths of a second.
const MERGE_SOME: &str = "INSERT INTO text(text, rank) VALUES('merge', 256);";

/// The defaults, except for `crisismerge`: the first few words that follow would make FTS5 merge all the
/// segments that [`BULK`] left, which takes 15 seconds for a million tickets and doubles the file.
/// [`FullText::merge_some`] merges them bit by bit.
const USUAL: &str = "
INSERT INTO text(text, rank) VALUES('hashsize', 1048576);
INSERT INTO text(text, rank) VALUES('automerge', 4);
INSERT INTO text(text, rank) VALUES('crisismerge', 1999);
";

/// Messages of one ticket that the full text can hold; any further ones are left out.
const MOST_ENTRIES: u64 = 1 << 24;

/// The row of a message; `seq` is its position in the ticket, from 0.
fn rowid(id: TicketId, seq: u64) -> i64 {
    (i64::from(id.get()) << 24) | seq.min(MOST_ENTRIES - 1) as i64
}

/// The ticket of a row, and the position of its message.
pub(super) fn located(rowid: i64) -> Option<(TicketId, u64)> {
    let number = u32::try_from(rowid >> 24).ok()?;
    Some((
        TicketId::new(number)?,
        (rowid & (MOST_ENTRIES as i64 - 1)) as u64,
    ))
}

/// A phrase as an expression of FTS5, in any column.
pub(super) fn quoted(phrase: &Phrase) -> String {
    let star = if phrase.prefix { " *" } else { "" };
    format!("\"{}\"{star}", phrase.text.replace('"', "\"\""))
}

/// Where the full text of the index at `index` lies: `text.db` beside `index.db`, `text.new` beside
/// `index.new`.
pub(super) fn path_beside(index: &Path) -> PathBuf {
    let extension = index.extension().unwrap_or_default();
    index.with_file_name("text").with_extension(extension)
}

/// Removes the full text of the index at `index`.
pub(super) fn remove(index: &Path) {
    let path = path_beside(index);
    for file in [journal(&path), path] {
        let _ = place_at(&file).and_then(|place| place.remove());
    }
}

/// The rollback journal that SQLite keeps beside the database at `path`.
fn journal(path: &Path) -> PathBuf {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    journal.into()
}

/// The full text, open for writing.
pub(super) struct FullText {
    db: Connection,
    path: PathBuf,
}

impl FullText {
    /// Opens the full text of the index at `index`; `None` if there is none that can be used.
    pub(super) fn open(index: &Path) -> Result<Option<FullText>> {
        let path = path_beside(index);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        match Self::connect(path) {
            Ok((text, VERSION)) => Ok(Some(text)),
            Err(e) if !e.is_damage() => Err(e),
            _ => Ok(None),
        }
    }

    /// Makes an empty full text for the index at `index`, in the place of any other.
    pub(super) fn create(index: &Path) -> Result<FullText> {
        remove(index);
        // SQLite would let no group write to a file that it creates.
        let created = place_at(&path_beside(index)).and_then(|place| place.create(0o660));
        drop(created);
        let (text, _) = Self::connect(path_beside(index))?;
        text.db.execute_batch(TABLES)?;
        Ok(text)
    }

    /// The database at `path`, and the version of its tables.
    fn connect(path: PathBuf) -> Result<(FullText, i32)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // SQLite would wait for a named pipe.
        for file in [&path, &journal(&path)] {
            if let Some(e) = obstacle(file) {
                let code = ffi::Error::new(ffi::SQLITE_CANTOPEN);
                let text = format!("{}: {e}", file.display());
                return Err(rusqlite::Error::SqliteFailure(code, Some(text)).into());
            }
        }
        let real = resolved(&path).unwrap_or_else(|_| path.clone());
        let db = Connection::open_with_flags(real, flags)?;
        db.busy_timeout(PATIENCE)?;
        let version = db.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        Ok((FullText { db, path }, version))
    }

    /// Writes without syncing, for a file that is not in use yet.
    pub(super) fn do_not_sync(&self) -> Result<()> {
        let quick = "PRAGMA synchronous = OFF; PRAGMA cache_size = -32768";
        Ok(self.db.execute_batch(quick)?)
    }

    /// Puts the file on the disk after [`FullText::do_not_sync`].
    pub(super) fn sync(&self) -> std::io::Result<()> {
        place_at(&self.path)?.open(OFlag::O_RDONLY)?.sync_all()
    }

    /// Puts the file in the place of the full text of the index at `index`.
    pub(super) fn replace(self, index: &Path) -> std::io::Result<()> {
        let FullText { db, path } = self;
        drop(db);
        // A journal left by the file before would be rolled back into this one.
        remove(index);
        place_at(&path)?.rename(&place_at(&path_beside(index))?)
    }

    /// Prepares for many words, or for few as usual.
    pub(super) fn expect_many(&self, many: bool) -> Result<()> {
        Ok(self.db.execute_batch(if many { BULK } else { USUAL })?)
    }

    /// True if it is prepared for many words.
    pub(super) fn expects_many(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM text_config WHERE k = 'automerge' AND v = 0";
        Ok(self.db.prepare(sql)?.exists([])?)
    }

    /// Merges some of the segments, so that a search has few to look into.
    pub(super) fn merge_some(&self) -> Result<()> {
        Ok(self.db.execute_batch(MERGE_SOME)?)
    }

    /// Does all of `work` in one transaction, or nothing of it.
    pub(super) fn in_transaction<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        in_transaction(&self.db, work)
    }

    /// Notes the words of a ticket's messages from `seq` (from 0) on, in the place of what was noted of
    /// them before.
    pub(super) fn note(&self, id: TicketId, seq: u64, words: &[Words]) -> Result<()> {
        let covered = "SELECT entries FROM covered WHERE ticket = ?1";
        let covered: i64 = self
            .db
            .prepare_cached(covered)?
            .query_row([id.get()], |r| r.get(0))
            .optional()?
            .unwrap_or(0);
        let mut delete = self
            .db
            .prepare_cached("DELETE FROM text WHERE rowid = ?1")?;
        let sql = "INSERT INTO text(rowid, subject, author, people, files, body)
                   VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.db.prepare_cached(sql)?;
        let covered = covered as u64;
        let end = (seq + words.len() as u64).min(MOST_ENTRIES);
        // In the order of rows, each removed and then added: FTS5 begins a new segment wherever the order
        // is broken, and has room for 2000.
        let mut words = words.iter();
        for seq in seq..end.max(covered) {
            if seq < covered {
                delete.execute([rowid(id, seq)])?;
            }
            if seq < end
                && let Some(words) = words.next()
            {
                let Words {
                    subject,
                    author,
                    people,
                    files,
                    body,
                } = words;
                insert.execute(params![
                    rowid(id, seq),
                    subject,
                    author,
                    people,
                    files,
                    body
                ])?;
            }
        }
        let sql = match (end, covered) {
            (0, _) => "DELETE FROM covered WHERE ticket = ?1 AND ?2 = 0",
            (_, 0) => "INSERT INTO covered VALUES(?1, ?2)",
            _ => "UPDATE covered SET entries = ?2 WHERE ticket = ?1",
        };
        self.db
            .prepare_cached(sql)?
            .execute(params![id.get(), end as i64])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_words_do_not_make_all_others_be_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let index = dir.path().join("index.db");
        assert!(FullText::open(&index).unwrap().is_none());
        let text = FullText::create(&index).unwrap();
        let note = |number: u32, body: String| {
            let words = Words {
                body,
                ..Words::default()
            };
            let id = TicketId::new(number).unwrap();
            text.in_transaction(|| text.note(id, 0, &[words])).unwrap();
        };
        let pages = || -> i64 {
            let count = |name: &str| {
                let sql = format!("PRAGMA {name}");
                text.db.query_row(&sql, [], |r| r.get::<_, i64>(0)).unwrap()
            };
            count("page_count")
        };
        text.expect_many(true).unwrap();
        for number in 1..=40 {
            let words = (0..20_000).map(|word| format!("w{word}x{number} "));
            note(number, words.collect());
        }
        text.expect_many(false).unwrap();
        let before = pages();
        for number in 41..=60 {
            note(number, "few words".into());
            text.merge_some().unwrap();
        }
        let after = pages();
        assert!(before > 300 && after < before * 3 / 2, "{before} {after}");
        for (word, want) in [("w1x1", 1), ("w19999x40", 1), ("few", 20)] {
            let sql = "SELECT count(*) FROM text WHERE text MATCH ?1";
            let found: i64 = text.db.query_row(sql, [word], |r| r.get(0)).unwrap();
            assert_eq!(found, want, "{word}");
        }
    }

    // FTS5 has room for 2000 segments, and begins a new one whenever rows do not come in order.
    #[test]
    fn the_words_of_many_tickets_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let text = FullText::create(&dir.path().join("index.db")).unwrap();
        text.expect_many(true).unwrap();
        let words = |word: &str| Words {
            body: word.into(),
            ..Words::default()
        };
        let note = |tickets: std::ops::Range<u32>, word: &str, messages: usize| {
            let words = vec![words(word); messages];
            text.in_transaction(|| -> Result<()> {
                for number in tickets {
                    text.note(TicketId::new(number).unwrap(), 0, &words)?;
                }
                Ok(())
            })
        };
        note(1..1000, "old", 3).unwrap();
        note(1000..2501, "old", 3).unwrap();
        // As after some time: segments were merged.
        let merge = "INSERT INTO text(text) VALUES('optimize')";
        text.db.execute_batch(merge).unwrap();
        note(1..2501, "new", 2).unwrap();
        text.expect_many(false).unwrap();
        for (word, want) in [("old", 0), ("new", 5000)] {
            let sql = "SELECT count(*) FROM text WHERE text MATCH ?1";
            let found: i64 = text.db.query_row(sql, [word], |r| r.get(0)).unwrap();
            assert_eq!(found, want, "{word}");
        }
    }
}
