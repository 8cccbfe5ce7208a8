//! Why a query cannot be understood.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Why a query cannot be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// What is wrong, in a few words.
    pub what: String,
    /// Where, in bytes from the start of the query.
    pub at: usize,
    /// What would be right.
    pub hint: String,
}

/// Characters of the query that are shown on each side of the place.
const AROUND: usize = 35;

impl Mistake {
    pub(super) fn new(at: usize, what: impl Into<String>, hint: impl Into<String>) -> Mistake {
        Mistake {
            what: what.into(),
            at,
            hint: hint.into(),
        }
    }

    /// The place in `query`, the text that was parsed, as two lines: the text, and a `^` below.
    pub(crate) fn place(&self, query: &str) -> String {
        let at = self.at.min(query.len());
        let (before, after) = query.split_at_checked(at).unwrap_or((query, ""));
        let plain = |c: char| if c.width().is_none() { ' ' } else { c };
        let mut before: Vec<char> = before.chars().map(plain).collect();
        if before.len() > AROUND {
            before.splice(..before.len() - AROUND, ['…']);
        }
        let before: String = before.into_iter().collect();
        let mut shown: String = after.chars().map(plain).take(AROUND).collect();
        if after.chars().nth(AROUND).is_some() {
            shown.push('…');
        }
        let blanks = " ".repeat(before.width());
        format!("    {}\n    {blanks}^", (before + &shown).trim_end())
    }
}
