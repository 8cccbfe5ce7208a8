//! Keeps the index true: a row whose stamp is not its file's is read again (D9).

use super::{Desk, mend};
use crate::files::Stamp;
use crate::index::journal::Located;
use crate::index::{Index, IndexError, Overview, TicketFile, note_moved};
use crate::store::Mbox;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::{Addresses, Target, Verb};
use crate::ticket::event::{self, Course};
use crate::ticket::filter::moved as moved_by;
use crate::ticket::forward;
use crate::ticket::staff::{Authorship, Staff};
use crate::ticket::summary::Summary;
use anyhow::{Context, Result};
use mail::entry::{self, Decoded, Tail};
use mail::envelope::Sender;
use mail::mbox::{self, FileEntries};
use mail::message::Message;
use std::fs::File;
use std::ops::RangeInclusive;

impl Desk {
    /// What there is to know of a ticket now; `None` if there is no such ticket.
    pub fn known(&self, id: TicketId) -> Result<Option<Overview>> {
        self.known_in(self.index()?, id)
    }

    /// Like [`Desk::known`], from the index that is given: the one in use, or one that is being made.
    pub(crate) fn known_in(&self, index: &Index, id: TicketId) -> Result<Option<Overview>> {
        let row = index.ticket(id)?;
        let Some((state, stamp)) = self.store.stamp(id)? else {
            if row.is_some_and(|row| row.state.is_some()) {
                index.set_gone(id)?;
            }
            return Ok(None);
        };
        if let Some(row) = row
            && row.stamp == stamp
            && row.state == Some(state)
        {
            return Ok(Some(row));
        }
        let Some(file) = self.store.open(id)? else {
            return Ok(None);
        };
        self.note(index, id, file.state, file.stamp, file.file())
            .map(Some)
    }

    /// Like [`Desk::known`], for a ticket whose locks are held. Its file ends in a whole entry afterwards.
    pub(crate) fn known_locked(&mut self, mbox: &mut Mbox) -> Result<Overview> {
        let (state, stamp) = (mbox.state(), mbox.stamp()?);
        let row = self.index()?.ticket(mbox.id())?;
        if let Some(row) = row
            && row.stamp == stamp
            && row.state == Some(state)
            && row.whole
        {
            return Ok(row);
        }
        self.mend(mbox)?;
        self.note(self.index()?, mbox.id(), state, mbox.stamp()?, mbox.file())
    }

    /// Notes a file's messages in the index.
    fn note(
        &self,
        index: &Index,
        id: TicketId,
        state: State,
        stamp: Stamp,
        file: &File,
    ) -> Result<Overview> {
        let tail = mend::tail_of_file(|| Ok(index), id, file, stamp.size)?;
        let read = reading(&self.staff(), id, state, stamp, file, tail, |_| ())?;
        note_moved(index.path(), &read.moved)?;
        index.replace(&read)?;
        Ok(index.ticket(id)?.ok_or_else(IndexError::of_lost_row)?)
    }

    /// Closes the index. It is opened again, and read as others have left it, when it is next used.
    pub(crate) fn close_index(&mut self) {
        self.index.take();
    }

    /// Makes sure that every ticket has been in the index at least once; costs something only
    /// after the index was lost.
    pub fn complete_index(&mut self) -> Result<()> {
        self.make_complete(&mut |_| ())
    }

    /// The same for a delivery, which does not wait until a million tickets are read: the newest
    /// of those that are missing, and a retry or an answer is about one of them. The next
    /// delivery goes on where this one stops.
    pub(crate) fn complete_newest(&mut self) -> Result<()> {
        if self.index_to_read()?.is_complete()? {
            return Ok(());
        }
        let last = self.store.last_number()?;
        if last <= NEWEST {
            return self.complete_index();
        }
        self.index()?.in_transaction(|| {
            let done = self.index()?.checked_down_to()?.unwrap_or(last + 1);
            let next = done.min(last + 1).saturating_sub(NEWEST).max(1);
            for id in (next..=last).rev().filter_map(TicketId::new) {
                if id.get() < done || self.index()?.ticket(id)?.is_none() {
                    self.known(id)?;
                }
            }
            self.index()?.set_checked_down_to(next)?;
            match next {
                1 => Ok(self.index()?.set_complete(true)?),
                _ => Ok(()),
            }
        })
    }

    /// Looks at the tickets with these numbers; there may be millions of numbers that are no ticket's.
    pub(crate) fn look_at(&self, numbers: RangeInclusive<u32>) -> Result<()> {
        if numbers.end().saturating_sub(*numbers.start()) < NEWEST {
            for id in numbers.filter_map(TicketId::new) {
                self.known(id)?;
            }
            return Ok(());
        }
        for state in [State::Open, State::Closed] {
            let mut ids = self.store.ids(state)?;
            ids.retain(|id| numbers.contains(&id.get()));
            self.read_again(self.index()?, &ids)?;
        }
        Ok(())
    }

    /// Brings every ticket's row up to date, and forgets those that are gone: the index is complete then.
    pub fn reconcile_all(&self) -> Result<()> {
        for state in [State::Open, State::Closed] {
            self.reconcile(state)?;
        }
        let index = self.index()?;
        match index.is_complete()? {
            true => Ok(()),
            false => Ok(index.set_complete(true)?),
        }
    }

    /// Brings the rows of the tickets in `place` up to date, and of those that were there.
    pub fn reconcile(&self, state: State) -> Result<()> {
        self.reconcile_in(self.index()?, state)
    }

    /// Like [`Desk::reconcile`], in the index that is given: the one in use, or one that is being made.
    pub(crate) fn reconcile_in(&self, index: &Index, state: State) -> Result<()> {
        let before = self.store.final_directory_mtime(state)?;
        if state == State::Closed && before.is_some() && index.archive_mtime()? == before {
            return Ok(());
        }
        self.read_again(index, &self.stale(index, state)?)?;
        if state == State::Closed
            && let Some(changed) = before
            && index.has_many_closed()?
        {
            index.set_archive_mtime(changed)?;
        }
        Ok(())
    }

    /// Hands out the rows of the tickets in `place`, up to date, in ascending order.
    pub fn rows(&self, state: State, visit: impl FnMut(Overview) -> Result<()>) -> Result<()> {
        self.reconcile(state)?;
        self.index()?.each(state, visit)
    }

    fn read_again(&self, index: &Index, stale: &[TicketId]) -> Result<()> {
        for some in stale.chunks(SOME) {
            index.in_transaction(|| {
                for &id in some {
                    self.known_in(index, id)?;
                }
                Ok::<_, anyhow::Error>(())
            })?;
        }
        Ok(())
    }

    /// The tickets in `place` whose rows are not up to date, and those that were there.
    fn stale(&self, index: &Index, state: State) -> Result<Vec<TicketId>> {
        let mut there = self.store.stamps(state)?.into_iter().peekable();
        let mut stale = Vec::new();
        index.each_stamp(state, |row, stamp| {
            while let Some((new, _)) = there.next_if(|&(id, _)| id < row) {
                stale.push(new);
            }
            if there.next_if(|&(id, _)| id == row) != Some((row, stamp)) {
                stale.push(row);
            }
        })?;
        stale.extend(there.map(|(new, _)| new));
        Ok(stale)
    }
}

/// So many tickets a delivery reads at most when the index was lost; from so many numbers on, the
/// directories are asked which of them are tickets.
const NEWEST: u32 = 500;

/// So many rows are written in one transaction: nobody else can write meanwhile.
const SOME: usize = 500;

/// What a file says that ends in `tail`; `visit` sees each entry. One entry at a time is in memory (A8).
pub(crate) fn reading(
    staff: &Staff,
    id: TicketId,
    state: State,
    stamp: Stamp,
    file: &File,
    tail: Tail,
    mut visit: impl FnMut(&mbox::Entry),
) -> Result<TicketFile> {
    let (whole, end) = match tail {
        Tail::Whole => (true, stamp.size),
        Tail::Missing(_) => (false, stamp.size),
        // Half a message is none, or its other half would be taken for a duplicate.
        Tail::Torn { keep } | Tail::SetAside { keep } => (false, keep),
    };
    let doing = || format!("cannot read ticket {id}");
    let mut course = Course::default();
    let mut entries = Vec::new();
    let mut moved = Vec::new();
    let mut bytes = Vec::new();
    let mut walk = FileEntries::new(file, end).with_context(doing)?;
    while let Some(found) = walk.next_into(&mut bytes).with_context(doing)? {
        let decoded = entry::decode(found.content);
        let Summarized { summary, asked, .. } = summarize(staff, &found, &decoded, Summary::of);
        if decoded.modules.iter().any(|said| moved_by(said).is_some()) {
            moved.push(summary.identity.digest);
        }
        let located = Located {
            event: course.next(asked, summary.automatic),
            offset: found.start,
            size: found.next - found.start,
        };
        entries.push((summary, located));
        drop(decoded);
        visit(&found);
    }
    Ok(TicketFile {
        id,
        state,
        stamp,
        entries,
        whole,
        moved,
    })
}

/// What an entry says.
pub(crate) struct Summarized {
    pub(crate) summary: Summary,
    /// Who wrote it.
    pub(crate) by: Authorship,
    /// What the address asks for that it is filed under; `None` if it opens a ticket.
    pub(crate) asked: Option<Verb>,
}

/// The summary of an entry as it lies in the file, whoever wrote it there.
pub(crate) fn summarize(
    staff: &Staff,
    found: &mbox::Entry,
    decoded: &Decoded,
    summary: fn(&Message, &Sender, &Authorship, i64, &Addresses) -> Summary,
) -> Summarized {
    let sender = match &decoded.return_path {
        Some(path) => Sender::parse(path),
        None => match mbox::sender_of(found.from_line) {
            Some(sender) => Sender::parse(&String::from_utf8_lossy(sender)),
            None => Sender::Unknown,
        },
    };
    let message = Message::new(&decoded.raw);
    let at = mbox::date_of(found.from_line).or_else(|| message.date());
    let filed_under = decoded.delivered_to.as_deref();
    let asked = filed_under.and_then(|address| event::asked(staff.addresses, address));
    let for_another =
        filed_under.is_some_and(|a| staff.addresses.recorded(a) == Some(Target::SubmitFor));
    // Whose mail was forwarded stands in the body, which `decoded` may lack.
    let named = || forward::submitter(staff, &Message::new(&entry::decode(found.content).raw)).ok();
    let forwarded = for_another.then(named).flatten();
    let by = match &forwarded {
        Some(forwarded) => forwarded.authorship(),
        None => staff.authorship(&message),
    };
    let summary = summary(&message, &sender, &by, at.unwrap_or(0), staff.addresses);
    let summary = match &forwarded {
        Some(forwarded) => forwarded.opening(summary, &message),
        None => summary,
    };
    Summarized {
        summary: summary.filed_under(asked, &by),
        by,
        asked,
    }
}
