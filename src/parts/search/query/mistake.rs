//! A query that cannot be understood, and how to say so.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Why a query cannot be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in a few words.
    pub what: String,
    /// Where, in bytes from the start of the query.
    pub at: usize,
    /// What would be right.
    pub hint: String,
}

/// Columns of the query that are shown on each side of the place.
const AROUND: usize = 35;

impl Mistake {
    /// The place in `query`, the text that was parsed, as two lines: the text, and a `^` below.
    pub fn place(&self, query: &str) -> String {
        let at = self.at.min(query.len());
        let (before, after) = query.split_at_checked(at).unwrap_or((query, ""));
        let plain = |c: char| if c.width().is_none() { ' ' } else { c };
        let last: Vec<char> = before.chars().rev().map(plain).take(AROUND + 1).collect();
        let mut before: String = last.iter().rev().skip(last.len() / (AROUND + 1)).collect();
        if last.len() > AROUND {
            before.insert(0, '…');
        }
        let mut shown: String = after.chars().map(plain).take(AROUND).collect();
        if after.chars().nth(AROUND).is_some() {
            shown.push('…');
        }
        let column = before.width();
        format!(
            "    {}\n    {}^",
            (before + &shown).trim_end(),
            " ".repeat(column)
        )
    }
}
