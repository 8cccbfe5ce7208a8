//! Finds the places in a text where the words of a query stand.
//!
//! It uses the tokenizer of the full text, so that what was found is what is marked.

use super::fulltext::quoted;
use super::query::Phrase;
use crate::index::Result;
use mail::words::{marks, searchable};
use rusqlite::{Connection, OptionalExtension};
use std::ops::Range;

/// A full text in memory that holds one text at a time.
pub(super) struct Highlighter {
    db: Connection,
}

impl Highlighter {
    pub(super) fn new() -> Result<Highlighter> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(
            "CREATE VIRTUAL TABLE page USING fts5(text, tokenize='unicode61 remove_diacritics 2')",
        )?;
        Ok(Highlighter { db })
    }

    /// The places where any of `phrases` stands in `text`, whatever their fields: ranges of bytes, in
    /// order. `text` must be composed (NFC) and hold no control characters but LF and TAB.
    pub(super) fn marks(&self, text: &str, phrases: &[&Phrase]) -> Result<Vec<Range<usize>>> {
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
