//! The full text: the words of every message, in a database of its own beside the index.
//!
//! `.tickets/text.db` holds no text, only which words stand where (FTS5, contentless). Deliveries never
//! touch it; whoever searches brings it up to date first, from the table `dirty` of the index. It
//! can be deleted at any time.
//!
//! It is written through a connection of its own: whatever else is written through the same one makes
//! FTS5 write its sorted words at once, a thousand times too often.

use super::schema::with_suffix;
use super::{Index, IndexError, Result};
use crate::ticket::TicketId;
use mail::words::Words;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::{Path, PathBuf};

/// Version of the tables.
const VERSION: i32 = 2;

/// `rowid` of a message is [`rowid`]; `covered` says how many messages of a ticket are in `text`.
const TABLES: &str = "
PRAGMA page_size = 8192;
BEGIN IMMEDIATE;
CREATE VIRTUAL TABLE text USING fts5(subject, author, people, files, body,
  content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
CREATE TABLE covered(ticket INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
PRAGMA user_version = 2;
COMMIT;
";

/// More words are sorted in memory before they are written, so that little has to be merged.
const BULK: &str = "
PRAGMA cache_size = -16384;
INSERT INTO text(text, rank) VALUES('hashsize', 33554432);
INSERT INTO text(text, rank) VALUES('automerge', 0);
INSERT INTO text(text, rank) VALUES('crisismerge', 1999);
";

/// At most so many pages at a time: some hundredths of a second.
const SOME: &str = "INSERT INTO text(text, rank) VALUES('merge', 256);";

/// As it is by default, but for `crisismerge`: all pieces that [`BULK`] left would be merged at once
/// with the first few words that follow, a million tickets for 15 seconds, into a file twice as large.
/// [`Text::merge_some`] does it bit by bit.
const USUAL: &str = "
INSERT INTO text(text, rank) VALUES('hashsize', 1048576);
INSERT INTO text(text, rank) VALUES('automerge', 4);
INSERT INTO text(text, rank) VALUES('crisismerge', 1999);
";

/// More messages of one ticket are not in the full text.
pub const MOST_ENTRIES: u64 = 1 << 24;

/// Where a message stands in the full text; `seq` is its position in the ticket, from 0.
pub fn rowid(id: TicketId, seq: u64) -> i64 {
    (i64::from(id.get()) << 24) | seq.min(MOST_ENTRIES - 1) as i64
}

/// The ticket and the position that belong to a row of the full text.
pub fn located(rowid: i64) -> Option<(TicketId, u64)> {
    let number = u32::try_from(rowid >> 24).ok()?;
    Some((
        TicketId::new(number)?,
        (rowid & (MOST_ENTRIES as i64 - 1)) as u64,
    ))
}

/// Where the full text of the index at `path` lies.
pub(crate) fn beside(path: &Path) -> PathBuf {
    // `index.db` -> `text.db`, `index.new` -> `text.new`
    let extension = path.extension().unwrap_or_default();
    path.with_file_name("text").with_extension(extension)
}

/// The full text, open for writing.
pub struct Text {
    pub(super) db: Connection,
}

impl Text {
    /// Opens the full text of the index at `path`; false if it was made just now, and knows nothing.
    pub fn open(path: &Path) -> Result<(Text, bool)> {
        let path = beside(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> Result<(Connection, i32)> {
            let db = Connection::open_with_flags(&path, flags)?;
            db.busy_timeout(super::schema::BUSY)?;
            let version = db.query_row("PRAGMA user_version", [], |r| r.get(0))?;
            Ok((db, version))
        };
        match open() {
            Ok((db, VERSION)) => return Ok((Text { db }, true)),
            Err(e) if !e.is_damage() => return Err(e),
            // Another version, no database, or nothing yet.
            _ => {}
        }
        for suffix in ["", "-journal"] {
            let _ = std::fs::remove_file(with_suffix(&path, suffix));
        }
        let (db, _) = open()?;
        db.execute_batch(TABLES)?;
        Ok((Text { db }, false))
    }

    /// Prepares for many words, or for few as usual.
    pub fn expect_many(&self, many: bool) -> Result<()> {
        Ok(self.db.execute_batch(if many { BULK } else { USUAL })?)
    }

    /// True if it was prepared for many words, and is so still.
    pub fn expects_many(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM text_config WHERE k = 'automerge' AND v = 0";
        Ok(self.db.prepare(sql)?.exists([])?)
    }

    /// Merges a little of what was written, so that what is searched stays in few pieces.
    pub fn merge_some(&self) -> Result<()> {
        Ok(self.db.execute_batch(SOME)?)
    }

    /// Does all of `work` in one transaction, or nothing of it.
    pub fn together<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        super::write::together(&self.db, work)
    }

    /// Notes the words of a ticket's messages from the `seq`th (from 0) on; what was noted of
    /// those before stays, what was noted of these goes.
    pub fn note(&self, id: TicketId, seq: u64, words: &[Words]) -> Result<()> {
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
        for gone in seq..covered as u64 {
            delete.execute([rowid(id, gone)])?;
        }
        let sql = "INSERT INTO text(rowid, subject, author, people, files, body)
                   VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.db.prepare_cached(sql)?;
        for (said, seq) in words.iter().zip(seq..MOST_ENTRIES) {
            let Words {
                subject,
                author,
                people,
                files,
                body,
            } = said;
            insert.execute(params![
                rowid(id, seq),
                subject,
                author,
                people,
                files,
                body
            ])?;
        }
        let now = (seq + words.len() as u64).min(MOST_ENTRIES) as i64;
        let sql = match (now, covered) {
            (0, _) => "DELETE FROM covered WHERE ticket = ?1 AND ?2 = 0",
            (_, 0) => "INSERT INTO covered VALUES(?1, ?2)",
            _ => "UPDATE covered SET entries = ?2 WHERE ticket = ?1",
        };
        self.db
            .prepare_cached(sql)?
            .execute(params![id.get(), now])?;
        Ok(())
    }
}

/// A ticket with messages that the full text does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// The ticket.
    pub ticket: TicketId,
    /// The first of these messages, from 0.
    pub seq: u64,
    /// Another one as soon as more has come.
    turn: i64,
}

impl Index {
    /// Attaches the full text as `words`, for questions that join `words.text` with the tickets.
    pub fn with_text(&self) -> Result<()> {
        self.end_read();
        let path = beside(&self.path);
        let there = "SELECT 1 FROM pragma_database_list WHERE name = 'words'";
        if self.db.prepare(there)?.exists([])? {
            return Ok(());
        }
        let sql = "ATTACH ?1 AS words";
        self.db.execute(sql, [path.to_string_lossy()])?;
        Ok(())
    }

    /// Removes the full text of the index at `path`.
    pub fn remove_text(path: &Path) {
        let path = beside(path);
        for suffix in ["", "-journal"] {
            let _ = std::fs::remove_file(with_suffix(&path, suffix));
        }
    }

    /// Notes that the full text knows nothing.
    pub fn soil_all(&self) -> Result<()> {
        self.end_read();
        let sql = "INSERT OR REPLACE INTO dirty SELECT id, 0, 0 FROM ticket WHERE place < 2";
        Ok(self.db.execute_batch(sql)?)
    }

    /// How many tickets have messages that the full text does not know.
    pub fn count_dirty(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM dirty";
        Ok(self.db.query_row(sql, [], |r| r.get::<_, i64>(0))? as u64)
    }

    /// The next of those tickets, at most `some`.
    pub fn dirty(&self, some: usize) -> Result<Vec<Dirty>> {
        let sql = "SELECT ticket, seq, turn FROM dirty LIMIT ?1";
        let mut select = self.db.prepare_cached(sql)?;
        let rows = select.query_map([some as i64], |r| {
            Ok(TicketId::new(r.get(0)?).map(|ticket| Dirty {
                ticket,
                seq: r.get::<_, i64>(1).unwrap_or(0) as u64,
                turn: r.get(2).unwrap_or(0),
            }))
        })?;
        let rows: Vec<Option<Dirty>> = rows.collect::<Result<_, _>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Notes that the full text knows these messages now, unless more has come since.
    pub fn clean(&self, tickets: &[Dirty]) -> Result<()> {
        self.together(|| {
            let sql = "DELETE FROM dirty WHERE ticket = ?1 AND turn = ?2";
            let mut delete = self.db.prepare_cached(sql)?;
            for dirty in tickets {
                delete.execute(params![dirty.ticket.get(), dirty.turn])?;
            }
            Ok(())
        })
    }

    /// Notes no more what the full text does not know: it is made together with the index.
    pub(crate) fn keep_clean(&self) {
        self.clean.set(true);
    }

    /// The database, for a question in SQL; `words.text` is there after [`Index::with_text`].
    pub fn db(&self) -> &Connection {
        &self.db
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_words_do_not_make_all_others_be_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let (text, known) = Text::open(&dir.path().join("index.db")).unwrap();
        assert!(!known);
        let note = |number: u32, body: String| {
            let words = Words {
                body,
                ..Words::default()
            };
            let id = TicketId::new(number).unwrap();
            text.together(|| text.note(id, 0, &[words])).unwrap();
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
}
