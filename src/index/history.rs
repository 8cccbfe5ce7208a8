//! The entries of all tickets, for the timeline and the statistics.
//!
//! Only a few are in memory at a time, and the timeline does not lock the database while they are
//! shown.

use super::write::event;
use super::{Index, Result};
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::event::HistoryEntry;
use mail::decode::Mailbox;
use rusqlite::{Row, params};

/// Selects entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// The first second of interest, since 1970.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: Option<i64>,
    /// Only entries of this ticket.
    pub ticket: Option<TicketId>,
}

/// A position in the order of time: that of the last entry that was returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCursor(i64, u32, u64);

impl HistoryCursor {
    /// The position of `entry`.
    pub fn of(entry: &HistoryEntry) -> HistoryCursor {
        HistoryCursor(entry.at, entry.ticket.get(), entry.seq)
    }
}

macro_rules! columns {
    () => {
        "SELECT e.ticket, e.seq, e.at, e.event, e.name, e.author,
                ifnull(replace(e.subject, char(31), t.subject), t.subject),
                e.automatic, e.size, e.attachments, t.place, e.silent
         FROM entry e JOIN ticket t ON t.id = e.ticket "
    };
}

const BY_TICKET: &str = concat!(columns!(), "ORDER BY e.ticket, e.seq");

/// There is an index in this order.
const NEWEST: &str = concat!(
    columns!(),
    "WHERE (e.at, e.ticket, e.seq) < (?1, ?2, ?3) AND e.at >= ?4
     ORDER BY e.at DESC, e.ticket DESC, e.seq DESC LIMIT ?5"
);

/// The entries of one ticket are few, and are sorted.
const NEWEST_OF_ONE: &str = concat!(
    columns!(),
    "WHERE e.ticket = ?6 AND (+e.at, e.ticket, e.seq) < (?1, ?2, ?3) AND +e.at >= ?4
     ORDER BY +e.at DESC, e.seq DESC LIMIT ?5"
);

impl Index {
    /// Visits every entry with the state of its ticket: ticket by ticket, each in the order of its mbox.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn each_entry(&self, visit: &mut dyn FnMut(HistoryEntry, State)) -> Result<()> {
        let mut select = self.db.prepare(BY_TICKET)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (it, state) = entry(row)?;
            visit(it, state);
        }
        Ok(())
    }

    /// At most `most` entries after `cursor`, newest first; of the same second, the highest ticket's last
    /// one first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn newest(
        &self,
        window: &Window,
        cursor: Option<HistoryCursor>,
        most: usize,
    ) -> Result<Vec<HistoryEntry>> {
        // There is no ticket 0.
        let end = HistoryCursor(window.until.unwrap_or(i64::MAX), 0, 0);
        let HistoryCursor(at, ticket, seq) = cursor.unwrap_or(end);
        let since = window.since.unwrap_or(i64::MIN);
        let sql = match window.ticket {
            None => NEWEST,
            Some(_) => NEWEST_OF_ONE,
        };
        let mut select = self.db.prepare_cached(sql)?;
        let seq = seq as i64;
        let most = most as i64;
        let mut rows = match window.ticket {
            None => select.query(params![at, ticket, seq, since, most])?,
            Some(id) => select.query(params![at, ticket, seq, since, most, id.get()])?,
        };
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(entry(row)?.0);
        }
        Ok(found)
    }
}

fn entry(row: &Row) -> rusqlite::Result<(HistoryEntry, State)> {
    let number: u32 = row.get(0)?;
    let address: String = row.get(5)?;
    let author = match address.is_empty() {
        true => None,
        false => Some(Mailbox {
            name: row.get(4)?,
            address,
        }),
    };
    let it = HistoryEntry {
        ticket: TicketId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?,
        seq: row.get::<_, i64>(1)? as u64,
        at: row.get(2)?,
        event: event(row.get(3)?),
        author,
        automatic: row.get(7)?,
        silent: row.get(11)?,
        subject: row.get(6)?,
        size: row.get::<_, i64>(8)? as u64,
        attachments: row.get(9)?,
    };
    let state = match row.get(10)? {
        1_i64 => State::Closed,
        _ => State::Open,
    };
    Ok((it, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patience::Patience;
    use std::fmt::Write;

    /// Tickets 1 (closed) and 2, with entries of one second among them, and 3, which is gone.
    fn index(dir: &std::path::Path) -> Index {
        let index = Index::open(&dir.join("index.db"), Patience::default()).unwrap();
        let mut sql = String::new();
        for (ticket, state) in [(1, 1), (2, 0), (3, 2)] {
            let values = format!("{ticket}, {state}, 0, 0, 0, 0, 0, 0, '', '', 'Subject'");
            writeln!(sql, "INSERT INTO ticket VALUES({values}, '', 0, NULL, 1);").unwrap();
        }
        for (ticket, seq, at, author, subject, event) in [
            (1, 0, 100, "ann@x", "NULL", 0),
            (1, 1, 300, "", "'Other'", 2),
            (2, 0, 200, "bob@x", "NULL", 0),
            (2, 1, 300, "ann@x", "NULL", 1),
            (2, 2, 300, "ann@x", "NULL", 4),
            (2, 3, 150, "ann@x", "NULL", 1),
        ] {
            writeln!(
                sql,
                "INSERT INTO entry VALUES({ticket}, {seq}, 0, 0, x'00', {at}, {event}, 'N',
                 '{author}', {subject}, '', 0, 0, 2, 0, 70);"
            )
            .unwrap();
        }
        index.db.execute_batch(&sql).unwrap();
        index
    }

    fn short(it: &HistoryEntry) -> String {
        format!("{}.{}@{}", it.ticket, it.seq, it.at)
    }

    #[test]
    fn tickets_come_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Vec::new();
        let visit = &mut |it: HistoryEntry, state| seen.push((short(&it), state, it));
        index(dir.path()).each_entry(visit).unwrap();
        let order: Vec<(&str, State)> = seen.iter().map(|(s, p, _)| (s.as_str(), *p)).collect();
        let (open, archived) = (State::Open, State::Closed);
        assert_eq!(
            order,
            [
                ("1.0@100", archived),
                ("1.1@300", archived),
                ("2.0@200", open),
                ("2.1@300", open),
                ("2.2@300", open),
                ("2.3@150", open)
            ]
        );
        assert_eq!(seen[0].2.subject, "Subject");
        let want = HistoryEntry {
            ticket: TicketId::new(1).unwrap(),
            seq: 1,
            at: 300,
            event: crate::ticket::event::Event::Closed,
            author: None,
            automatic: false,
            silent: false,
            subject: "Other".into(),
            size: 70,
            attachments: 2,
        };
        assert_eq!(seen[1].2, want);
    }

    #[test]
    fn the_newest_come_a_few_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let index = index(dir.path());
        let all = Window::default();
        let some = Window {
            since: Some(150),
            until: Some(300),
            ticket: None,
        };
        let two = Window {
            ticket: TicketId::new(2),
            ..all
        };
        let one = Window {
            ticket: TicketId::new(1),
            ..some
        };
        for (case, window, want) in [
            (
                "all",
                all,
                "2.2@300 2.1@300 1.1@300 2.0@200 2.3@150 1.0@100",
            ),
            ("some", some, "2.0@200 2.3@150"),
            ("one ticket", two, "2.2@300 2.1@300 2.0@200 2.3@150"),
            ("none of one ticket", one, ""),
        ] {
            for few in 1..8 {
                let mut found: Vec<HistoryEntry> = Vec::new();
                loop {
                    let cursor = found.last().map(HistoryCursor::of);
                    let more = index.newest(&window, cursor, few).unwrap();
                    assert!(more.len() <= few);
                    if more.is_empty() {
                        break;
                    }
                    found.extend(more);
                }
                let found: Vec<String> = found.iter().map(short).collect();
                assert_eq!(found.join(" "), want, "{case}, {few} at a time");
            }
        }
    }

    // There may be millions of entries.
    #[test]
    fn nothing_is_sorted_that_lies_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let index = index(dir.path());
        let plan = |sql: &str| {
            let mut explain = index
                .db
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap();
            let count = explain.parameter_count();
            let zeros = rusqlite::params_from_iter(std::iter::repeat_n(0, count));
            let lines = explain
                .query_map(zeros, |row| row.get::<_, String>(3))
                .unwrap();
            lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
        };
        for sql in [BY_TICKET, NEWEST] {
            let plan = plan(sql);
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
        let newest = plan(NEWEST);
        assert!(
            newest.contains("USING INDEX entry_at (at>? AND (at,ticket,seq)<(?,?,?))"),
            "{newest}"
        );
    }
}
