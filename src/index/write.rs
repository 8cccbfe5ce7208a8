//! Writing rows: from the journal, and from a ticket's file.

use super::journal::{Added, Change, Journal, Located};
use super::{Index, IndexError, Result, note_moved};
use crate::files::Stamp;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::event::{Course, Event};
use crate::ticket::identity::Identity;
use crate::ticket::summary::Summary;
use rusqlite::{Connection, OptionalExtension, params};

/// The content of a ticket's file.
#[derive(Clone, Debug)]
pub struct TicketFile {
    pub id: TicketId,
    pub state: State,
    pub stamp: Stamp,
    pub entries: Vec<(Summary, Located)>,
    /// The file ends in a whole entry. If not, it must be mended before the next append.
    pub whole: bool,
    /// Digests of the messages that the word of a filter has brought here.
    pub moved: Vec<[u8; 16]>,
}

impl Index {
    /// Applies the journal, and removes its lines.
    pub(super) fn apply_journal(&self, journal: &Journal) -> anyhow::Result<()> {
        let Some(journal) = journal.set_aside(self.patience.get())? else {
            return Ok(());
        };
        let lines = &journal.lines;
        let added = lines.changes.iter().filter_map(|it| it.added.as_ref());
        let moved = added.filter(|it| it.moved);
        let moved: Vec<_> = moved.map(|it| it.summary.identity.digest).collect();
        note_moved(&self.path, &moved)?;
        self.in_transaction(|| {
            for change in &lines.changes {
                self.apply(change)?;
            }
            for change in &lines.archive_changes {
                if self.archive_mtime()? == Some(change.archived_before) {
                    self.set_archive_mtime(change.archived_after)?;
                }
            }
            if !lines.all_valid {
                // A damaged line may be about any ticket, so all of them have to be checked.
                self.set_complete(false)?;
            }
            Ok::<_, IndexError>(())
        })?;
        journal.remove()
    }

    /// Does all of `work` in one transaction, or nothing.
    pub fn in_transaction<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.end_read();
        in_transaction(&self.db, work)
    }

    /// Applies a change if the row has the stamp that the file had before it. Otherwise the row is left
    /// alone: its stamp differs from the file's, so the file will be read again.
    fn apply(&self, change: &Change) -> Result<()> {
        let Change {
            ticket: id,
            state,
            after,
            ..
        } = *change;
        let row = self.ticket(id)?;
        match (&row, &change.added) {
            // The first entry of a ticket, whose file may have existed but been empty.
            (row, Some(added))
                if added.seq == 0
                    && row
                        .as_ref()
                        .is_none_or(|row| Some(row.stamp) == change.before && row.entries == 0) =>
            {
                let event = self.insert(id, added, None)?;
                let only = Some(&added.summary);
                let word = word(&added.summary, event).flatten();
                self.upsert(id, state, after, (only, only, 1), word, true)?;
            }
            (Some(row), None) if Some(row.stamp) == change.before => {
                self.update_state(id, state, after)?;
            }
            (Some(row), Some(added))
                if Some(row.stamp) == change.before && row.entries == added.seq =>
            {
                let event = self.insert(id, added, Some(&row.subject))?;
                let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5,
                           entries = ?6, active = ?7, last_from = ?8, last_undelivered = ?9,
                           word_from = ?10, sound = 1
                           WHERE id = ?1";
                let summary = &added.summary;
                self.db.prepare_cached(sql)?.execute(params![
                    id.get(),
                    state_number(state),
                    after.inode as i64,
                    after.size as i64,
                    after.ctime,
                    added.seq as i64 + 1,
                    summary.at,
                    summary.from,
                    summary.undelivered,
                    word(summary, event).unwrap_or(row.word_from.as_deref()),
                ])?;
            }
            _ => return Ok(()),
        }
        Ok(())
    }

    /// Replaces all rows of a ticket.
    pub fn replace(&self, read: &TicketFile) -> Result<()> {
        self.in_transaction(|| {
            let sql = "DELETE FROM entry WHERE ticket = ?1";
            self.db.prepare_cached(sql)?.execute([read.id.get()])?;
            let (first, last) = (read.entries.first(), read.entries.last());
            let subject = first.map(|(summary, _)| summary.subject.as_str());
            for (seq, (summary, located)) in read.entries.iter().enumerate() {
                let subject = subject.filter(|_| seq > 0);
                insert_entry(&self.db, read.id, seq as u64, summary, located, subject)?;
            }
            self.add_to_backlog(read.id, 0)?;
            let ends = (first.map(|e| &e.0), last.map(|e| &e.0), read.entries.len());
            let words = read.entries.iter().rev();
            let word = words
                .filter_map(|(summary, at)| word(summary, at.event))
                .next();
            let word = word.flatten();
            self.upsert(read.id, read.state, read.stamp, ends, word, read.whole)
        })
    }

    /// Records that a ticket's file was moved. Its messages are the same.
    fn update_state(&self, id: TicketId, state: State, stamp: Stamp) -> Result<()> {
        let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5 WHERE id = ?1";
        let (inode, size) = (stamp.inode as i64, stamp.size as i64);
        let values = params![id.get(), state_number(state), inode, size, stamp.ctime];
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Records that a ticket's file is gone. The row stays, since the number is never used again (B7).
    pub fn set_gone(&self, id: TicketId) -> Result<()> {
        self.in_transaction(|| {
            let forget = "DELETE FROM entry WHERE ticket = ?1";
            self.db.prepare_cached(forget)?.execute([id.get()])?;
            let sql = "INSERT INTO ticket VALUES(?1, 2, 0, 0, 0, 0, 0, 0, '', '', '', '', 0, NULL, 1)
                       ON CONFLICT(id) DO UPDATE SET place = 2, size = 0, entries = 0, word_from = NULL";
            self.db.prepare_cached(sql)?.execute([id.get()])?;
            self.add_to_backlog(id, 0)
        })
    }

    /// Adds an entry, and returns what it did to the ticket.
    fn insert(&self, id: TicketId, added: &Added, subject: Option<&str>) -> Result<Event> {
        let mut course = match added.seq {
            0 => Course::default(),
            _ => {
                let sql = "SELECT event FROM entry WHERE ticket = ?1 AND event IN (2, 3)
                           ORDER BY seq DESC LIMIT 1";
                let mut select = self.db.prepare_cached(sql)?;
                let last = select.query_row([id.get()], |r| r.get::<_, i64>(0));
                Course::after(last.optional()?.map(event))
            }
        };
        let located = Located {
            event: course.next(added.asked, added.summary.automatic),
            offset: added.offset,
            size: added.size,
        };
        insert_entry(&self.db, id, added.seq, &added.summary, &located, subject)?;
        self.add_to_backlog(id, added.seq)?;
        Ok(located.event)
    }

    /// `ends`: the first message, the last one, and how many there are. `word` is [`word`] of the last that has one.
    fn upsert(
        &self,
        id: TicketId,
        state: State,
        stamp: Stamp,
        ends: (Option<&Summary>, Option<&Summary>, usize),
        word: Option<&str>,
        whole: bool,
    ) -> Result<()> {
        let (first, last, count) = ends;
        let author = first.and_then(|s| s.author.as_ref());
        // Without an address it is only shown: nobody can be answered by it.
        let said = first.map_or("", |s| s.name.as_str());
        let name = author.map_or(said, |a| a.name.as_str());
        let sql = "INSERT OR REPLACE INTO ticket
                   VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)";
        self.db.prepare_cached(sql)?.execute(params![
            id.get(),
            state_number(state),
            stamp.inode as i64,
            stamp.size as i64,
            stamp.ctime,
            count as i64,
            first.map_or(0, |s| s.at),
            last.map_or(0, |s| s.at),
            name,
            author.map_or("", |a| a.address.as_str()),
            first.map_or("", |s| s.subject.as_str()),
            last.map_or("", |s| s.from.as_str()),
            last.is_some_and(|s| s.undelivered),
            word,
            whole,
        ])?;
        Ok(())
    }
}

/// `ticket.word_from` after a message that did `event`; `None` if it stays what it was.
fn word(summary: &Summary, event: Event) -> Option<Option<&str>> {
    // Who closes a ticket has nothing more to say, or wants nothing more.
    let stays = event != Event::Closed;
    (!summary.silent).then(|| stays.then_some(summary.from.as_str()))
}

/// Does all of `work` in one transaction of `db`, or nothing.
pub(crate) fn in_transaction<T, E: From<IndexError>>(
    db: &Connection,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    if !db.is_autocommit() {
        return work();
    }
    let run = |sql: &str| db.execute_batch(sql).map_err(IndexError::from);
    run("BEGIN IMMEDIATE")?;
    let done = work().and_then(|value| run("COMMIT").map(|()| value).map_err(E::from));
    if done.is_err() && !db.is_autocommit() {
        let _ = run("ROLLBACK");
    }
    done
}

/// `subject` is that of the ticket. The part of the entry's Subject that repeats it is not stored.
fn insert_entry(
    db: &Connection,
    id: TicketId,
    seq: u64,
    summary: &Summary,
    located: &Located,
    subject: Option<&str>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO entry VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)";
    let Identity { key, digest } = summary.identity;
    // `Re: [issue12] Printer` repeats `Printer`.
    let own = match subject.and_then(|subject| summary.subject.strip_suffix(subject)) {
        Some("") => None,
        Some(before) if subject != Some("") => Some(format!("{before}{REPEATED}")),
        _ => Some(summary.subject.clone()),
    };
    // The writer has a column of their own.
    let people = match summary.people.strip_prefix(&summary.from) {
        Some(others) if others.is_empty() || others.starts_with(' ') => {
            format!("{REPEATED}{others}")
        }
        _ => summary.people.clone(),
    };
    db.prepare_cached(sql)?.execute(params![
        id.get(),
        seq as i64,
        key,
        summary.origin,
        digest,
        summary.at,
        event_number(located.event),
        summary.name,
        summary.from,
        own,
        people,
        summary.automatic,
        summary.silent,
        summary.attachments,
        located.offset as i64,
        located.size as i64,
    ])?;
    Ok(())
}

fn state_number(state: State) -> i64 {
    match state {
        State::Open => 0,
        State::Closed => 1,
    }
}

/// Stands for the ticket's Subject in that of an entry, and for the writer among an entry's people.
/// Neither has control characters. In SQL: `ifnull(replace(e.subject, char(31), t.subject), t.subject)`.
const REPEATED: char = '\u{1f}';

/// The numbers in `entry.event`. A number that was used keeps its meaning.
const EVENTS: [Event; 5] = [
    Event::Opened,
    Event::Filed,
    Event::Closed,
    Event::Reopened,
    Event::Quiet,
];

pub(super) fn event(number: i64) -> Event {
    let at = usize::try_from(number).ok();
    at.and_then(|at| EVENTS.get(at))
        .copied()
        .unwrap_or(Event::Filed)
}

fn event_number(event: Event) -> i64 {
    EVENTS.iter().position(|&e| e == event).unwrap_or(1) as i64
}
