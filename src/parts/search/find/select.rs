//! A query as SQL.
//!
//! What asks for words only becomes one expression of FTS5, which is quick; the rest becomes
//! conditions. What was typed gets into the statement as values, never as SQL, and into expressions of
//! FTS5 in quotes, so that no query is wrong in either language.

use crate::index::Result;
use crate::parts::search::fulltext::{located, quoted};
use crate::parts::search::query::{Phrase, Query, SearchField, Standing};
use crate::ticket::TicketId;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// What a word is worth in each column of the full text.
const WEIGHTS: &str = "8.0, 4.0, 2.0, 4.0, 1.0";

/// A message that fits.
pub(super) struct FittingMessage {
    pub(super) ticket: TicketId,
    pub(super) seq: u64,
    /// What its words are worth.
    pub(super) worth: f64,
    /// When its ticket's last message was filed.
    pub(super) active: i64,
}

/// A query on its way to SQL.
pub(super) struct Select<'q> {
    waiting: &'q [TicketId],
    values: Vec<Value>,
}

/// The messages that fit a query, with their tickets.
struct Clauses {
    /// `FROM ... WHERE ...`, of the tables `words.text` or `entry e`, and `ticket t`.
    sql: String,
    /// The messages come from the full text.
    by_words: bool,
}

impl Clauses {
    /// The row of a message in the full text.
    fn rowid(&self) -> &'static str {
        match self.by_words {
            true => "text.rowid",
            false => "(e.ticket << 24 | e.seq)",
        }
    }
}

/// What a condition is about.
#[derive(Clone, Copy)]
struct About {
    /// The row of a message in the full text.
    rowid: &'static str,
    /// The table `entry` is needed.
    entry: bool,
}

impl<'q> Select<'q> {
    /// The messages that fit `query`, newest tickets first, at most `limit`; with what their words
    /// are worth, if `weighs`.
    pub(super) fn messages(
        query: &Query,
        waiting: &'q [TicketId],
        db: &Connection,
        limit: Option<usize>,
        weighs: bool,
    ) -> Result<Vec<FittingMessage>> {
        let mut select = Select {
            waiting,
            values: Vec::new(),
        };
        let clauses = select.clauses(query);
        let worth = match weighs && clauses.by_words {
            true => format!("-bm25(text, {WEIGHTS})"),
            false => "0.0".to_owned(),
        };
        // The rows come in this order anyway: nothing is sorted, and no more is read than is wanted.
        let order = match clauses.by_words {
            true => "text.rowid DESC",
            false => "e.ticket DESC, e.seq DESC",
        };
        let limit = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(-1));
        let sql = format!(
            "SELECT {}, {worth}, t.active {} ORDER BY {order} LIMIT {limit}",
            clauses.rowid(),
            clauses.sql
        );
        let mut statement = db.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(select.values), |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (rowid, worth, active) = row?;
            found.extend(located(rowid).map(|(ticket, seq)| FittingMessage {
                ticket,
                seq,
                worth,
                active,
            }));
        }
        Ok(found)
    }

    fn clauses(&mut self, query: &Query) -> Clauses {
        let all = match query {
            Query::And(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let asked: Vec<String> = all.iter().filter_map(matching).collect();
        let by_words = !asked.is_empty();
        let mut clauses = Clauses {
            sql: String::new(),
            by_words,
        };
        let mut about = About {
            rowid: clauses.rowid(),
            entry: !by_words,
        };
        let mut conditions = vec!["t.place < 2".to_owned()];
        if by_words {
            let value = self.value(joined(&asked, " AND "));
            conditions.push(format!("text MATCH {value}"));
        }
        // One expression for all words that must not be there.
        let without = |query: &Query| match query {
            Query::Not(inner) => matching(inner),
            _ => None,
        };
        let none_of: Vec<String> = all.iter().filter_map(without).collect();
        if !none_of.is_empty() {
            let value = self.value(joined(&none_of, " OR "));
            conditions.push(no_ticket_with(&value));
        }
        for query in all {
            if matching(query).is_none() && without(query).is_none() {
                conditions.push(self.condition(query, &mut about));
            }
        }
        let from = match (by_words, about.entry) {
            (true, false) => "words.text CROSS JOIN ticket t ON t.id = text.rowid >> 24",
            (true, true) => {
                "words.text CROSS JOIN ticket t ON t.id = text.rowid >> 24 CROSS JOIN entry e
                 ON e.ticket = text.rowid >> 24 AND e.seq = text.rowid & 0xffffff"
            }
            (false, _) => "entry e CROSS JOIN ticket t ON t.id = e.ticket",
        };
        clauses.sql = format!("FROM {from} WHERE {}", conditions.join(" AND "));
        clauses
    }

    fn condition(&mut self, query: &Query, about: &mut About) -> String {
        if let Some(text) = matching(query) {
            let value = self.value(text);
            let rowid = about.rowid;
            return format!("{rowid} IN (SELECT rowid FROM words.text WHERE text MATCH {value})");
        }
        about.entry |= matches!(
            query,
            Query::Before(_) | Query::After(_) | Query::HasAttachment
        );
        match query {
            Query::And(all) => self.conditions(all, " AND ", about),
            Query::Or(all) => self.conditions(all, " OR ", about),
            Query::Not(inner) => match (matching(inner), is_of_ticket(inner)) {
                (Some(text), _) => no_ticket_with(&self.value(text)),
                (None, true) => format!("NOT {}", self.condition(inner, about)),
                (None, false) => {
                    let clauses = self.clauses(inner);
                    format!("t.id NOT IN (SELECT t.id {})", clauses.sql)
                }
            },
            // It is an expression of FTS5, see above.
            Query::Words(_) => "1".to_owned(),
            Query::Before(at) => format!("e.at < {at}"),
            Query::After(at) => format!("e.at >= {at}"),
            Query::Is(Standing::Open) => "t.place = 0".to_owned(),
            Query::Is(Standing::Closed) => "t.place = 1".to_owned(),
            Query::Is(Standing::Waiting) => {
                let ids: Vec<String> = self.waiting.iter().map(TicketId::to_string).collect();
                let value = self.value(format!("[{}]", ids.join(",")));
                format!("t.id IN (SELECT value FROM json_each({value}))")
            }
            Query::HasAttachment => "e.attachments > 0".to_owned(),
            Query::Ticket(id) => format!("t.id = {id}"),
        }
    }

    fn conditions(&mut self, all: &[Query], sign: &str, about: &mut About) -> String {
        let all: Vec<String> = all.iter().map(|q| self.condition(q, about)).collect();
        format!("({})", all.join(sign))
    }

    /// Keeps a value for the statement, and returns its name there.
    fn value(&mut self, text: String) -> String {
        self.values.push(text.into());
        format!("?{}", self.values.len())
    }
}

/// A condition that holds for tickets in which no message has these words.
fn no_ticket_with(value: &str) -> String {
    format!("t.id NOT IN (SELECT rowid >> 24 FROM words.text WHERE text MATCH {value})")
}

/// True if all messages of a ticket fit, or none.
fn is_of_ticket(query: &Query) -> bool {
    match query {
        Query::And(all) | Query::Or(all) => all.iter().all(is_of_ticket),
        Query::Not(_) | Query::Is(_) | Query::Ticket(_) => true,
        _ => false,
    }
}

/// A query that asks for words only as an expression of FTS5; `None` for any other.
fn matching(query: &Query) -> Option<String> {
    let (all, sign) = match query {
        Query::Words(phrase) => return Some(asked(phrase)),
        Query::Or(all) => (all, " OR "),
        Query::And(all) => (all, " AND "),
        _ => return None,
    };
    let all: Option<Vec<String>> = all.iter().map(matching).collect();
    Some(joined(&all?, sign))
}

/// A phrase in its column as an expression of FTS5.
fn asked(phrase: &Phrase) -> String {
    let column = match phrase.field {
        SearchField::Any => "",
        SearchField::From => "author : ",
        SearchField::To => "people : ",
        SearchField::Subject => "subject : ",
        SearchField::File => "files : ",
    };
    format!("{column}{}", quoted(phrase))
}

fn joined(parts: &[String], sign: &str) -> String {
    match parts {
        [one] => one.clone(),
        parts => format!("({})", parts.join(sign)),
    }
}
