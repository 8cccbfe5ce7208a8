//! Filing: one message into one ticket, which is there or is opened by it.

use super::view::View;
use super::{Deed, Desk, Filed, Parcel, trace_sender};
use crate::error;
use crate::index::journal::{Added, Change};
use crate::outbox::{self, Key, Released};
use crate::store::{Mbox, Staged, lock};
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::plan::{Answer, Plan};
use crate::ticket::{TicketId, compose::Outgoing};
use anyhow::{Context, Result};
use mail::entry::{self, Trace};
use mail::envelope::Sender;

impl Desk {
    /// Opens a new ticket with a message, unless the message opened one before (A5).
    pub(super) fn open_ticket(&mut self, parcel: &Parcel) -> Result<Filed> {
        // The disk is waited for before anybody has to wait for the number.
        let entry = self.encode(parcel, None, None);
        let staged = self.store.stage(&entry)?;
        let copy = self.copy(&entry)?;
        drop(entry);
        let mut sequence = self.store.sequence()?;
        // What was looked at before may have changed while we waited.
        self.index.take();
        let highest = self.look_at_unknown_numbers(sequence.last())?;
        loop {
            let opened = self.glance()?.opened_by(&parcel.summary.identity)?;
            for id in opened {
                if self.store.locate(id)?.is_some() {
                    drop(sequence);
                    return self.duplicate(parcel, id);
                }
            }
            let id = next_number(sequence.last().max(highest))?;
            if self.store.is_taken(id)? {
                // Left by a delivery that died here, or put there by hand. It may be this very
                // message, and then its answers lie there, too.
                self.known(id)?;
                sequence.set(id.get())?;
                continue;
            }
            let plan = self.plan_opening(parcel)?;
            self.glance()?.look_away();
            let key = key(parcel, id);
            let mails = self.compose(parcel, id, &plan, None);
            let answers = self.stage_answers(&key, mails)?;
            let taken = match self.store.open_ticket(&staged, id) {
                Ok(Some(stamp)) => Some(stamp),
                Ok(None) => None,
                Err(e) => {
                    self.outbox.discard(answers);
                    return Err(e);
                }
            };
            let Some(stamp) = taken else {
                // It was put there by hand this moment, or is no file.
                self.outbox.discard(answers);
                self.known(id)?;
                sequence.set(id.get())?;
                continue;
            };
            // --- filed ---
            let mut warnings = Vec::new();
            warn(&mut warnings, sequence.set(id.get()));
            let change = Change {
                ticket: id,
                state: State::Open,
                before: None,
                after: stamp,
                added: Some(added(parcel, 0, None, 0, stamp.size)),
            };
            let noted = self.tell(&change);
            if noted.is_err() {
                // The next one to open a ticket would not know that this message did; without
                // an index it will look.
                crate::index::Index::remove(&self.store.private().join("index.db"));
            }
            warn(&mut warnings, noted);
            drop(sequence);
            warn(&mut warnings, self.keep(copy.as_ref(), &key));
            let released = self.release(answers, &mut warnings);
            return Ok(Filed {
                ticket: id,
                deed: Deed::Opened,
                path: self.store.path(id, State::Open),
                answers: plan.answers,
                warnings,
                released,
            });
        }
    }

    /// Numbers below the sequence that the index does not know: opened by a delivery that died
    /// before it could tell, or lost by the index in a power cut. Those that are no ticket's may
    /// never have been used: an import that keeps numbers leaves gaps. Gives the highest it knows.
    fn look_at_unknown_numbers(&mut self, last: u32) -> Result<u32> {
        self.complete_newest()?;
        let highest = self.glance()?.highest()?;
        if highest < last {
            self.look_at(highest + 1..=last)?;
        }
        Ok(highest)
    }

    /// Files a message in a ticket; `None` if there is no such ticket.
    pub(super) fn file_in(
        &mut self,
        parcel: &Parcel,
        id: TicketId,
        verb: Verb,
    ) -> Result<Option<Filed>> {
        loop {
            let Some(view) = self.view(id)? else {
                return Ok(None);
            };
            if let Some(at) = self.position(&view, parcel)? {
                self.finish_closing(parcel, &view, verb, at)?;
                return self.duplicate(parcel, id).map(Some);
            }
            let plan = self.plan_update(parcel, &view, verb)?;
            // All that takes time is done before the lock: mutt waits five seconds for it. And
            // one after the other: of a large message there are never more than two copies.
            let mails = self.compose(parcel, id, &plan, Some(&view.row));
            let answers = self.stage_answers(&key(parcel, id), mails)?;
            let entry = self.encode(parcel, Some(id), plan.filed_under);
            let copy = self.copy(&entry)?;
            let store = self.store.clone();
            let archives = plan.closes || view.row.state == Some(State::Closed);
            let before = match archives {
                true => self.store.changed(State::Closed).ok().flatten(),
                false => None,
            };
            let mut mbox = match store.lock(id, self.patience) {
                Ok(Some(mbox)) => mbox,
                Ok(None) => {
                    self.outbox.discard(answers);
                    continue;
                }
                Err(e) => {
                    self.outbox.discard(answers);
                    return Err(e);
                }
            };
            let ready = self.is_ready(parcel, &mut mbox, view, &plan, verb);
            let row = match ready {
                Ok(Some(view)) => view.row,
                Ok(None) => {
                    // Somebody else filed meanwhile, and it matters. Look again.
                    drop(mbox);
                    self.outbox.discard(answers);
                    continue;
                }
                Err(e) => {
                    self.outbox.discard(answers);
                    return Err(e);
                }
            };
            // Of a delivery that died after it had moved the file, perhaps not for good.
            let other = self.store.path(id, mbox.state().other());
            let moved = match lock::clear_stale(&other) {
                true => self.store.sync_places(),
                false => Ok(()),
            };
            let filed = moved.and_then(|()| self.append(&mut mbox, &entry, &plan));
            if let Err(e) = filed {
                self.outbox.discard(answers);
                return Err(e);
            }
            // --- filed ---
            let mut warnings = Vec::new();
            if plan.closes {
                warn(&mut warnings, mbox.move_to(State::Closed));
            }
            let state = mbox.state();
            let (at, size) = (row.stamp.size, entry.len() as u64);
            // Not told is no harm: the row's stamp is not the file's, and it is read again.
            let _ = mbox.stamp().and_then(|stamp| {
                self.tell(&Change {
                    ticket: id,
                    state,
                    before: Some(row.stamp),
                    after: stamp,
                    added: Some(added(parcel, row.entries, plan.filed_under, at, size)),
                })
            });
            drop(mbox);
            self.tell_of_archived(before);
            warn(&mut warnings, self.keep(copy.as_ref(), &key(parcel, id)));
            let released = self.release(answers, &mut warnings);
            let deed = match (plan.closes, plan.reopens) {
                (true, _) => Deed::Closed,
                (_, true) => Deed::Reopened,
                _ => Deed::Filed,
            };
            return Ok(Some(Filed {
                ticket: id,
                deed,
                path: self.store.path(id, state),
                answers: plan.answers,
                warnings,
                released,
            }));
        }
    }

    /// With the locks held: the ticket's row, if nothing has changed since the plan was made
    /// that would change the plan, and the file ends in a whole entry.
    fn is_ready(
        &mut self,
        parcel: &Parcel,
        mbox: &mut Mbox,
        planned: View,
        plan: &Plan,
        verb: Verb,
    ) -> Result<Option<View>> {
        let Some(view) = self.view_locked(mbox, &planned)? else {
            return Ok(Some(planned));
        };
        let filed = self.position(&view, parcel)?;
        if filed.is_some() || view.row.subject != planned.row.subject {
            return Ok(None);
        }
        let same = self.plan_update(parcel, &view, verb)? == *plan;
        Ok(same.then_some(view))
    }

    /// Re-opening comes before the entry and closing after it, so that whatever a crash leaves
    /// between the two, the retry completes.
    fn append(&self, mbox: &mut Mbox, entry: &[u8], plan: &Plan) -> Result<()> {
        let from = mbox.state();
        if plan.reopens {
            mbox.move_to(State::Open)?;
        }
        let appended = mbox.append(entry);
        if appended.is_err() {
            // Best effort: an open ticket without news is harmless, the MTA comes again.
            let _ = mbox.move_to(from);
        }
        appended
    }

    /// A delivery may have died between filing a closing and moving the file: then its message
    /// is the last one, and the ticket still open.
    fn finish_closing(&mut self, parcel: &Parcel, view: &View, verb: Verb, at: u64) -> Result<()> {
        let row = &view.row;
        let is_last = at + 1 == row.entries;
        if verb != Verb::Done || row.state != Some(State::Open) || !is_last {
            return Ok(());
        }
        if !self.plan_update(parcel, view, verb)?.closes {
            return Ok(());
        }
        let store = self.store.clone();
        let Some(mut mbox) = store.lock(row.id, self.patience)? else {
            return Ok(());
        };
        let before = mbox.stamp()?;
        // Somebody else may have filed meanwhile. Its ctime alone says no such thing.
        if (before.inode, before.size) == (row.stamp.inode, row.stamp.size) {
            mbox.move_to(State::Closed)?;
            let _ = self.tell(&Change {
                ticket: row.id,
                state: State::Closed,
                before: Some(before),
                after: mbox.stamp()?,
                added: None,
            });
        }
        Ok(())
    }

    /// The message is there already. What a delivery that died had still to send is sent now, and
    /// the lock it held is removed. It may have died before it waited for the disk, or be about to
    /// wait; and nobody will bring the message again (A4).
    fn duplicate(&mut self, parcel: &Parcel, id: TicketId) -> Result<Filed> {
        self.store.sync(id)?;
        let mut warnings = Vec::new();
        let adopted = self.outbox.adopt(&key(parcel, id), self.now);
        let released = match adopted {
            Ok(released) => released,
            Err(e) => {
                warnings.push(error::line(&e));
                Released::default()
            }
        };
        for state in [State::Open, State::Closed] {
            lock::clear_stale(&self.store.path(id, state));
        }
        let state = self.store.locate(id)?.unwrap_or(State::Open);
        Ok(Filed {
            ticket: id,
            deed: Deed::Duplicate,
            path: self.store.path(id, state),
            answers: Vec::new(),
            warnings,
            released,
        })
    }

    fn encode(&self, parcel: &Parcel, id: Option<TicketId>, verb: Option<Verb>) -> Vec<u8> {
        let addresses = &self.config.addresses;
        let filed_under = match (id, verb) {
            (Some(id), Some(verb)) => addresses.ticket(id, verb),
            _ => addresses.submit(),
        };
        let sender: &Sender = &parcel.incoming.envelope.sender;
        let trace = Trace {
            sender: trace_sender(sender, &parcel.summary.from),
            filed_under: &filed_under,
            at: self.now,
        };
        entry::encode(&trace, parcel.incoming.message.raw())
    }

    /// The copy that guards an entry against programs which lose their locks (D10).
    fn copy(&self, entry: &[u8]) -> Result<Option<Staged>> {
        match self.config.keep_recent.is_zero() {
            true => Ok(None),
            false => self.store.stage_copy(entry).map(Some),
        }
    }

    fn keep(&self, copy: Option<&Staged>, key: &Key) -> Result<()> {
        let Some(copy) = copy else { return Ok(()) };
        let keep = self.config.keep_recent;
        self.store
            .keep(copy, key.ticket, &key.digest, self.now, keep)
    }

    fn stage_answers(&self, key: &Key, mails: Vec<Outgoing>) -> Result<outbox::Staged> {
        self.outbox.stage(key, &mails, self.now)
    }

    fn release(&self, answers: outbox::Staged, warnings: &mut Vec<String>) -> Released {
        match self.outbox.release(answers, self.now) {
            Ok(released) => released,
            Err(e) => {
                warnings.push(error::line(&e));
                Released::default()
            }
        }
    }
}

/// The name under which the answers to a message lie in the outbox, the same at every attempt.
pub(super) fn key(parcel: &Parcel, id: TicketId) -> Key {
    let digest = &parcel.summary.identity.digest;
    Key {
        ticket: id,
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// What the index is told of an entry that lies `offset` bytes into its file.
fn added(parcel: &Parcel, seq: u64, asked: Option<Verb>, offset: u64, size: u64) -> Added {
    Added {
        seq,
        summary: parcel.summary.clone(),
        asked,
        offset,
        size,
    }
}

fn next_number(last: u32) -> Result<TicketId> {
    TicketId::new(last.saturating_add(1)).context("cannot open a ticket: no number is left")
}

fn warn<T>(warnings: &mut Vec<String>, result: Result<T>) {
    if let Err(e) = result {
        warnings.push(error::line(&e));
    }
}

/// Addresses an answer goes to, for saying what was done.
pub fn recipients(answer: &Answer) -> String {
    match answer {
        Answer::Ack(to) | Answer::PassOn(to) | Answer::Closed(to) => to.address.clone(),
        Answer::Copy(to) | Answer::Note(to) | Answer::Refused(to) => to.join(", "),
    }
}
