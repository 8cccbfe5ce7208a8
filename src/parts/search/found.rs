//! The tickets that were found, with what is shown of them.

use super::ask::read_message;
use super::find::Hit;
use super::lines::{Excerpt, LineFinder, MatchedLine};
use super::query::{Query, SearchField};
use crate::desk::Desk;
use crate::listing::{Listed, TicketObject};
use anyhow::Result;
use serde::Serialize;

/// A ticket that was found.
pub(super) struct FoundTicket {
    pub item: Listed,
    pub excerpt: Excerpt,
}

/// A line of `--json`. The fields are a promise to its readers.
#[derive(Serialize)]
struct FoundTicketJson<'a> {
    #[serde(flatten)]
    ticket: TicketObject<'a>,
    matches: Vec<MatchJson<'a>>,
}

#[derive(Serialize)]
struct MatchJson<'a> {
    message: u64,
    field: &'a str,
    file: Option<&'a str>,
    line: &'a str,
}

impl<'a> From<&'a MatchedLine> for MatchJson<'a> {
    fn from(line: &'a MatchedLine) -> Self {
        MatchJson {
            message: line.message(),
            field: match line.field {
                SearchField::Any => "text",
                SearchField::From => "from",
                SearchField::To => "to",
                SearchField::Subject => "subject",
                SearchField::File => "file",
            },
            file: line.file.as_deref(),
            line: &line.marked.text,
        }
    }
}

impl FoundTicket {
    /// A line for `--json`.
    pub(super) fn json(&self, desk: &Desk) -> Result<String> {
        let json = FoundTicketJson {
            ticket: self.item.object(desk)?,
            matches: self.excerpt.lines.iter().map(MatchJson::from).collect(),
        };
        Ok(serde_json::to_string(&json)? + "\n")
    }
}

/// Reads the tickets that were found. `None` if the file of one has changed since the search, unless this
/// is the `last` try.
pub(super) fn gather(
    desk: &Desk,
    query: &Query,
    hits: &[Hit],
    last: bool,
) -> Result<Option<Vec<FoundTicket>>> {
    let finder = LineFinder::new(query)?;
    let mut tickets = Vec::with_capacity(hits.len());
    for hit in hits {
        let Some(row) = desk.index()?.ticket(hit.ticket)? else {
            continue;
        };
        let mut lines = finder.ticket(&row)?;
        for &seq in &hit.messages {
            match read_message(desk, &row, seq)? {
                Some(said) => lines.read(seq, &said)?,
                None if last => {}
                None => return Ok(None),
            }
        }
        tickets.push(FoundTicket {
            excerpt: lines.excerpt(),
            item: Listed::of(desk, row),
        });
    }
    Ok(Some(tickets))
}
