//! The full text: the words of every message, in a database of its own beside the index.
//!
//! `.tickets/text.db` holds no text, only which words stand where (FTS5, contentless). Deliveries never
//! touch it; whoever searches brings it up to date first, from the table `dirty` of the index, in
//! one transaction over both files. It can be deleted at any time.

use super::schema::{self, with_suffix};
use super::{Index, Result};
use crate::mail::words::Words;
use crate::ticket::TicketId;
use rusqlite::{OptionalExtension, params};
use std::path::{Path, PathBuf};

/// Version of the tables.
const VERSION: i32 = 1;

/// `rowid` of a message is [`rowid`]; `covered` says how many messages of a ticket are in `text`.
const TABLES: &str = "
CREATE VIRTUAL TABLE words.text USING fts5(subject, people, files, body,
  content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
CREATE TABLE words.covered(ticket INTEGER PRIMARY KEY, entries INTEGER NOT NULL);
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
pub(super) fn beside(path: &Path) -> PathBuf {
    // `index.db` -> `text.db`, `index.new` -> `text.new`
    let extension = path.extension().unwrap_or_default();
    path.with_file_name("text").with_extension(extension)
}

impl Index {
    /// Attaches the full text as `words`, an empty one if there is none that can be used.
    pub fn with_text(&self) -> Result<()> {
        self.look_away();
        let path = beside(&self.path);
        let attach = || -> Result<bool> {
            let sql = "ATTACH ?1 AS words";
            self.db.execute(sql, [path.to_string_lossy()])?;
            let version = "PRAGMA words.user_version";
            let version: i32 = self.db.query_row(version, [], |r| r.get(0))?;
            Ok(version == VERSION)
        };
        match attach() {
            Ok(true) => return Ok(()),
            Err(e) if !e.is_damage() => return Err(e),
            _ => {}
        }
        // Another version, no database, or nothing yet.
        let _ = self.db.execute_batch("DETACH words");
        for suffix in ["", "-journal"] {
            let _ = std::fs::remove_file(with_suffix(&path, suffix));
        }
        attach()?;
        self.together(|| {
            self.db.execute_batch(TABLES)?;
            let version = "PRAGMA words.user_version = 1";
            self.db.execute_batch(version)?;
            let all = "INSERT OR REPLACE INTO dirty SELECT id, 0 FROM ticket WHERE place < 2";
            self.db.execute_batch(all)?;
            Ok(())
        })
    }

    /// Removes the full text of the index at `path`.
    pub(super) fn remove_text(path: &Path) {
        let path = beside(path);
        for suffix in ["", "-journal"] {
            let _ = std::fs::remove_file(with_suffix(&path, suffix));
        }
    }

    /// How many tickets have messages that the full text does not know.
    pub fn count_dirty(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM dirty";
        Ok(self.db.query_row(sql, [], |r| r.get::<_, i64>(0))? as u64)
    }

    /// The next of those tickets, at most `some`, and the first message of each that is not known.
    pub fn dirty(&self, some: usize) -> Result<Vec<(TicketId, u64)>> {
        let mut select = self
            .db
            .prepare_cached("SELECT ticket, seq FROM dirty LIMIT ?1")?;
        let rows = select.query_map([some as i64], |r| {
            Ok((r.get::<_, u32>(0)?, r.get::<_, i64>(1)?))
        })?;
        let rows: Vec<(u32, i64)> = rows.collect::<Result<_, _>>()?;
        let of = |(n, seq)| TicketId::new(n).map(|id| (id, seq as u64));
        Ok(rows.into_iter().filter_map(of).collect())
    }

    /// Notes the words of a ticket's messages from the `seq`th (from 0) on; what was noted of
    /// those before stays, what was noted of these goes.
    pub fn note_words(&self, id: TicketId, seq: u64, words: &[Words]) -> Result<()> {
        self.together(|| {
            let covered = "SELECT entries FROM words.covered WHERE ticket = ?1";
            let covered: i64 = self
                .db
                .prepare_cached(covered)?
                .query_row([id.get()], |r| r.get(0))
                .optional()?
                .unwrap_or(0);
            let mut delete = self
                .db
                .prepare_cached("DELETE FROM words.text WHERE rowid = ?1")?;
            for gone in seq..covered as u64 {
                delete.execute([rowid(id, gone)])?;
            }
            let sql = "INSERT INTO words.text(rowid, subject, people, files, body)
                       VALUES(?1, ?2, ?3, ?4, ?5)";
            let mut insert = self.db.prepare_cached(sql)?;
            for (said, seq) in words.iter().zip(seq..MOST_ENTRIES) {
                let Words {
                    subject,
                    people,
                    files,
                    body,
                } = said;
                insert.execute(params![rowid(id, seq), subject, people, files, body])?;
            }
            let now = seq + words.len() as u64;
            let sql = match now {
                0 => "DELETE FROM words.covered WHERE ticket = ?1 AND ?2 = 0",
                _ => "INSERT OR REPLACE INTO words.covered VALUES(?1, ?2)",
            };
            let values = params![id.get(), now.min(MOST_ENTRIES) as i64];
            self.db.prepare_cached(sql)?.execute(values)?;
            let clean = "DELETE FROM dirty WHERE ticket = ?1";
            self.db.prepare_cached(clean)?.execute([id.get()])?;
            Ok(())
        })
    }

    /// The database, for a question in SQL; `words.text` is there after [`Index::with_text`].
    pub fn db(&self) -> &rusqlite::Connection {
        &self.db
    }
}

/// An index that is being made beside the one in use.
pub struct Draft {
    index: Index,
    target: PathBuf,
}

impl Draft {
    /// Begins a draft of the index at `target`, or goes on with one that was not finished since
    /// the machine was started; what is in it is not synced before it is in use.
    pub fn begin(target: &Path, with_text: bool) -> Result<Draft> {
        let path = target.with_extension("new");
        let kept = schema::connect(&path).ok().flatten();
        let boot = boot();
        let fits = |index: &Index| -> Result<bool> {
            Ok(index.meta("boot")? == Some(boot)
                && index.meta("text")? == Some(i64::from(with_text)))
        };
        let index = match kept.filter(|index| fits(index).unwrap_or(false)) {
            Some(index) => index,
            None => {
                schema::remove(&path);
                Index::remove_text(&path);
                let index = schema::create(&path)?;
                index.set_meta("boot", boot)?;
                index.set_meta("text", i64::from(with_text))?;
                index
            }
        };
        index.db.execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY",
        )?;
        if with_text {
            index.with_text()?;
            index.db.execute_batch(
                "PRAGMA words.synchronous = OFF; PRAGMA words.cache_size = -32768",
            )?;
        }
        Ok(Draft {
            index,
            target: target.to_owned(),
        })
    }

    /// The draft, for writing.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The number up to which tickets are in it.
    pub fn done(&self) -> Result<u32> {
        Ok(self.index.meta("done")?.unwrap_or(0) as u32)
    }

    /// Notes that they are.
    pub fn set_done(&self, number: u32) -> Result<()> {
        self.index.set_meta("done", i64::from(number))
    }

    /// Puts it in the place of the index. `last` is done when nobody else can take over what
    /// deliveries tell: whatever they told before is older than what `last` looks at.
    pub fn finish(self, last: impl FnOnce(&Index) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Draft { index, target } = self;
        let _lock = schema::lock(&target)?;
        last(&index)?;
        index.set_complete(true)?;
        let path = index.path.clone();
        drop(index);
        let (text, new_text) = (beside(&target), beside(&path));
        let has_text = new_text.exists();
        for file in [&path, &new_text] {
            if file.exists() {
                std::fs::File::open(file)?.sync_all()?;
            }
        }
        // In between the index would not know which words are missing; so none are there.
        schema::remove(&target);
        Index::remove_text(&target);
        if has_text {
            std::fs::rename(&new_text, &text)?;
        }
        std::fs::rename(&path, &target)?;
        Ok(())
    }
}

/// Changes whenever the machine is started: what was not synced before may be gone.
fn boot() -> i64 {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    crate::ticket::summary::key(&id)
}
