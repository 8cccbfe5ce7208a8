//! Messages for tickets that are there already.

use super::Step;
use super::write::{Filing, Ready};
use super::group::Group;
use crate::error::Status;
use crate::ticket::State;
use crate::store::lock::{self, PATIENCE, Patience};
use crate::parts::archive::source::Reader;
use crate::ticket::TicketId;
use anyhow::{Context, Result};

/// So much is added to a ticket at once; its locks are held no longer than that takes.
const PORTION: usize = 4 << 20;

impl Filing<'_, '_> {
    /// Removes the locks of an import that died: mutt would ask the operator about them.
    pub(super) fn clear_locks(&self) {
        let notes = &self.groups.survey.notes;
        let mut ids: Vec<TicketId> = notes.iter().filter_map(|note| note.filed).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            for state in [State::Open, State::Closed] {
                lock::clear_stale(&self.desk.store.path(id, state));
            }
        }
    }

    /// Adds to a ticket what is not in it yet.
    pub(super) fn continue_ticket(
        &mut self,
        group: &Group,
        id: TicketId,
        reader: &mut Reader,
    ) -> Result<()> {
        let mut line = self.line(group, id);
        line.new = false;
        let Some(row) = self.desk.known(id)? else {
            let text = format!("cannot file in ticket {id}: it is gone, import again");
            self.tally.broken(self.tell, Status::TempFail, &text);
            return Ok(());
        };
        line.subject = row.subject;
        let mut notes = Vec::new();
        for note in self.groups.notes(group) {
            let identity = self.groups.survey.identity(note);
            match self.desk.index()?.position(id, &identity)? {
                Some(_) => self.tally.there += 1,
                None => notes.push(note),
            }
        }
        let was_open = row.state == Some(State::Open);
        let mut open = was_open;
        let mut notes = notes.into_iter().peekable();
        while notes.peek().is_some() {
            let mut portion: Vec<Ready> = Vec::new();
            let mut size = 0;
            let mut failed = None;
            while size < PORTION
                && let Some(note) = notes.next()
            {
                match self.read(note, id, false, reader) {
                    Ok(ready) => {
                        size += ready.entry.len();
                        portion.push(ready);
                    }
                    Err(e) => {
                        failed = Some(e);
                        break;
                    }
                }
                // What is older than the last message changes nothing any more.
                if note.at >= row.active {
                    open = self.follow(open, note);
                }
            }
            // Otherwise it lies where somebody else may just have put it.
            let moved = (open != was_open).then_some(open);
            match self.append(id, portion, moved) {
                Ok(filed) => filed.into_iter().for_each(|r| line.count(r, self.tally)),
                Err(e) => failed = Some(e),
            }
            if let Some(e) = failed {
                self.tally.fault(self.tell, &e);
                break;
            }
        }
        if line.messages > 0 {
            line.closed = !open;
            self.tally.continued += 1;
            self.tally.filed += line.messages;
            (self.tell)(Step::Ticket(&line));
        }
        Ok(())
    }

    /// Appends to a ticket, which `opens` or closes, and gives what was not in it by then. The file is
    /// moved first: who dies in between finds, the next time, that the messages are still missing, and
    /// does all of it again.
    fn append(
        &mut self,
        id: TicketId,
        portion: Vec<Ready>,
        opens: Option<bool>,
    ) -> Result<Vec<Ready>> {
        if portion.is_empty() || self.order.dry_run {
            return Ok(portion);
        }
        let store = self.desk.store.clone();
        let locked = store.lock(id, Patience::new(PATIENCE))?;
        let mut mbox = locked.with_context(|| format!("cannot file in ticket {id}: it is gone"))?;
        self.desk.known_locked(&mut mbox)?;
        let mut fresh = Vec::new();
        let mut entries = Vec::new();
        for mut ready in portion {
            let index = self.desk.index()?;
            if index.position(id, &ready.identity)?.is_none() {
                entries.append(&mut ready.entry);
                fresh.push(ready);
            }
        }
        if fresh.is_empty() {
            return Ok(fresh);
        }
        let state = mbox.state();
        mbox.move_to(match opens {
            Some(true) => State::Open,
            Some(false) => State::Closed,
            None => state,
        })?;
        if let Err(e) = mbox.append(&entries) {
            let _ = mbox.move_to(state);
            return Err(e);
        }
        drop(mbox);
        self.desk.known(id)?;
        Ok(fresh)
    }
}
