//! Where the words of a query stand in a text.
//!
//! Asked of the tokenizer that made the index, so what is found is what is marked.

use super::find::quoted;
use crate::index::Result;
use crate::parts::search::query::Phrase;
use mail::words::{marks, searchable};
use rusqlite::{Connection, OptionalExtension};
use std::ops::Range;

/// A full text in memory, of one text at a time.
pub struct Marker {
    db: Connection,
}

impl Marker {
    /// Ready to mark.
    pub fn new() -> Result<Marker> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(
            "CREATE VIRTUAL TABLE page USING fts5(text, tokenize='unicode61 remove_diacritics 2')",
        )?;
        Ok(Marker { db })
    }

    /// Where any of `phrases` stands in `text`, in whatever field they are asked for: ranges of
    /// bytes, in order. `text` is composed (NFC) and holds no control characters but LF and TAB.
    pub fn mark(&self, text: &str, phrases: &[&Phrase]) -> Result<Vec<Range<usize>>> {
        if phrases.is_empty() || text.is_empty() {
            return Ok(Vec::new());
        }
        let insert = "INSERT OR REPLACE INTO page(rowid, text) VALUES(1, ?1)";
        self.db
            .prepare_cached(insert)?
            .execute([searchable(text)])?;
        let any: Vec<String> = phrases.iter().map(|phrase| quoted(phrase)).collect();
        let sql = "SELECT highlight(page, 0, char(1), char(2)) FROM page WHERE page MATCH ?1";
        let mut select = self.db.prepare_cached(sql)?;
        let marked: Option<String> = select
            .query_row([any.join(" OR ")], |row| row.get(0))
            .optional()?;
        Ok(marked.map_or_else(Vec::new, |marked| marks(text, &marked)))
    }
}
