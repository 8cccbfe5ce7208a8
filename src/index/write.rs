//! How rows come into the index: from the journal, and from a ticket that was read.

use super::journal::{Added, Change, Journal, Located};
use super::{Index, IndexError, Result};
use crate::files::Stamp;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::event::{Course, Event};
use crate::ticket::summary::{Identity, Summary};
use rusqlite::{Connection, OptionalExtension, params};

/// A ticket's file as it was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The ticket.
    pub id: TicketId,
    /// Where its file lay.
    pub state: State,
    /// The file.
    pub stamp: Stamp,
    /// Its messages.
    pub entries: Vec<(Summary, Located)>,
    /// It ended in a whole entry; if not, it wants mending before the next.
    pub sound: bool,
}

impl Index {
    /// Takes over what deliveries told.
    pub(super) fn apply_journal(&self, journal: &Journal) -> anyhow::Result<()> {
        let Some(taken) = journal.take()? else {
            return Ok(());
        };
        self.together(|| {
            for change in &taken.lines.changes {
                self.apply(change)?;
            }
            for touched in &taken.lines.touched {
                if self.archived_seen()? == Some(touched.archived_before) {
                    self.set_archived_seen(touched.archived_after)?;
                }
            }
            if !taken.lines.sound {
                // Nobody knows which ticket a mangled line was about: all are looked at again.
                self.set_complete(false)?;
            }
            Ok::<_, IndexError>(())
        })?;
        taken.done()
    }

    /// Does all of `work` in one transaction, or nothing of it.
    pub fn together<T, E: From<IndexError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.end_read();
        together(&self.db, work)
    }

    /// Notes a change, if the row says what the file was like before it. A row that does not is
    /// left alone: its stamp is not the file's, and the file is read again.
    fn apply(&self, change: &Change) -> Result<()> {
        let Change {
            ticket: id,
            state,
            after,
            ..
        } = *change;
        let row = self.ticket(id)?;
        match (&row, &change.added) {
            // The first one says whose ticket it is, also in a file that was empty.
            (row, Some(added))
                if added.seq == 0
                    && row
                        .as_ref()
                        .is_none_or(|row| Some(row.stamp) == change.before && row.entries == 0) =>
            {
                self.insert(id, added, None)?;
                let only = Some(&added.summary);
                self.upsert(id, state, after, (only, only, 1), true)?;
            }
            (Some(row), None) if Some(row.stamp) == change.before => {
                self.moved(id, state, after)?;
            }
            (Some(row), Some(added))
                if Some(row.stamp) == change.before && row.entries == added.seq =>
            {
                self.insert(id, added, Some(&row.subject))?;
                let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5,
                           entries = ?6, active = ?7, last_from = ?8, last_automatic = ?9,
                           sound = 1
                           WHERE id = ?1";
                let summary = &added.summary;
                self.db.prepare_cached(sql)?.execute(params![
                    id.get(),
                    place_number(state),
                    after.inode as i64,
                    after.size as i64,
                    after.ctime,
                    added.seq as i64 + 1,
                    summary.at,
                    summary.from,
                    summary.automatic,
                ])?;
            }
            _ => return Ok(()),
        }
        Ok(())
    }

    /// Notes all messages of a ticket anew.
    pub fn replace(&self, read: &Reading) -> Result<()> {
        self.together(|| {
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
            self.upsert(read.id, read.state, read.stamp, ends, read.sound)
        })
    }

    /// Notes that a ticket's file lies in `place` now, with this stamp and the same messages.
    fn moved(&self, id: TicketId, state: State, stamp: Stamp) -> Result<()> {
        let sql = "UPDATE ticket SET place = ?2, inode = ?3, size = ?4, ctime = ?5 WHERE id = ?1";
        let (inode, size) = (stamp.inode as i64, stamp.size as i64);
        let values = params![id.get(), place_number(state), inode, size, stamp.ctime];
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Notes that a ticket's file is gone. Its number stays known: it is never used again (B7).
    pub fn gone(&self, id: TicketId) -> Result<()> {
        self.together(|| {
            let forget = "DELETE FROM entry WHERE ticket = ?1";
            self.db.prepare_cached(forget)?.execute([id.get()])?;
            let sql = "INSERT INTO ticket VALUES(?1, 2, 0, 0, 0, 0, 0, 0, '', '', '', '', 0, 1)
                       ON CONFLICT(id) DO UPDATE SET place = 2, size = 0, entries = 0";
            self.db.prepare_cached(sql)?.execute([id.get()])?;
            self.add_to_backlog(id, 0)
        })
    }

    fn insert(&self, id: TicketId, added: &Added, subject: Option<&str>) -> Result<()> {
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
        self.add_to_backlog(id, added.seq)
    }

    /// `ends`: the first message, the last one, and how many there are.
    fn upsert(
        &self,
        id: TicketId,
        state: State,
        stamp: Stamp,
        ends: (Option<&Summary>, Option<&Summary>, usize),
        sound: bool,
    ) -> Result<()> {
        let (first, last, count) = ends;
        let author = first.and_then(|s| s.author.as_ref());
        let sql = "INSERT OR REPLACE INTO ticket
                   VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)";
        self.db.prepare_cached(sql)?.execute(params![
            id.get(),
            place_number(state),
            stamp.inode as i64,
            stamp.size as i64,
            stamp.ctime,
            count as i64,
            first.map_or(0, |s| s.at),
            last.map_or(0, |s| s.at),
            author.map_or("", |a| a.name.as_str()),
            author.map_or("", |a| a.address.as_str()),
            first.map_or("", |s| s.subject.as_str()),
            last.map_or("", |s| s.from.as_str()),
            last.is_some_and(|s| s.automatic),
            sound,
        ])?;
        Ok(())
    }
}

/// Does all of `work` in one transaction of `db`, or nothing of it.
pub(crate) fn together<T, E: From<IndexError>>(
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

/// `subject` is the ticket's: what only repeats it is not stored again.
fn insert_entry(
    db: &Connection,
    id: TicketId,
    seq: u64,
    summary: &Summary,
    located: &Located,
    subject: Option<&str>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO entry VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)";
    let Identity { key, digest } = summary.identity;
    // `Re: [issue12] Printer` repeats `Printer`.
    let own = match subject.and_then(|subject| summary.subject.strip_suffix(subject)) {
        Some("") => None,
        Some(before) if subject != Some("") => Some(format!("{before}{REPEATED}")),
        _ => Some(summary.subject.clone()),
    };
    // The author is noted already.
    let others = match summary.people.split_once(' ') {
        Some((first, others)) if first == summary.from => others,
        None if summary.people == summary.from => "",
        _ => &summary.people,
    };
    db.prepare_cached(sql)?.execute(params![
        id.get(),
        seq as i64,
        key,
        digest,
        summary.at,
        event_number(located.event),
        summary.name,
        summary.from,
        own,
        others,
        summary.automatic,
        summary.attachments,
        located.offset as i64,
        located.size as i64,
    ])?;
    Ok(())
}

fn place_number(state: State) -> i64 {
    match state {
        State::Open => 0,
        State::Closed => 1,
    }
}

/// Stands for the ticket's subject; no Subject in one line holds a control character. In SQL:
/// `ifnull(replace(e.subject, char(31), t.subject), t.subject)`.
const REPEATED: char = '\u{1f}';

/// `entry.event`; a number once used keeps its meaning.
const EVENTS: [Event; 5] = [
    Event::Opened,
    Event::Filed,
    Event::Closed,
    Event::Reopened,
    Event::Quiet,
];

/// What a number in `entry.event` means.
pub(super) fn event(number: i64) -> Event {
    let at = usize::try_from(number).ok();
    at.and_then(|at| EVENTS.get(at))
        .copied()
        .unwrap_or(Event::Filed)
}

fn event_number(event: Event) -> i64 {
    EVENTS.iter().position(|&e| e == event).unwrap_or(1) as i64
}
