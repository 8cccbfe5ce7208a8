//! A message that is added to a ticket which is there.

use super::Desk;
use super::delivery::{Deed, Filed, trace_sender};
use super::parcel::Parcel;
use super::view::View;
use crate::error;
use crate::files::Stamp;
use crate::index::journal::{Added, Change};
use crate::outbox::{Due, Key, Released, Staged};
use crate::store::{Mbox, StagedFile, Unfiled};
use crate::ticket::address::Verb;
use crate::ticket::filter::moved;
use crate::ticket::plan::{Plan, Remark};
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::entry::{self, Trace};
use mail::envelope::Sender;

impl Desk {
    /// Files a message in the ticket that `view` shows; `None` if the ticket has changed since, such
    /// that another plan may be right.
    pub(super) fn update(
        &mut self,
        parcel: &Parcel,
        view: View,
        verb: Verb,
    ) -> Result<Option<Filed>> {
        let id = view.row.id;
        let mut plan = self.plan_update(parcel, &view, verb)?;
        let submitter = view.row.submitter.as_ref();
        let turn = self.turn_to_answer(parcel, &plan, submitter)?;
        if turn.is_some() {
            plan = self.plan_update(parcel, &view, verb)?;
        }
        if parcel.by_operator && plan.remark == Some(Remark::InBothPlaces) {
            return Err(self.in_both_places(id).into());
        }
        let opens_again = opens_again(parcel, &plan, &view);
        // All that takes time is done before the lock, since mutt waits for it for five seconds only.
        // One after the other: there are never more than two copies of a large message.
        let mails = self.compose(parcel, id, &plan, Some(&view));
        let events = self.events(parcel, id, &plan, Some(&view));
        let has_events = !events.is_empty();
        let answers = self.stage(parcel, id, &mails, &events)?;
        drop((mails, events));
        let entry = self.encode(parcel, Some(id), plan.entry_under());
        let copy = self.copy(&entry)?;
        let changes_closed = plan.closes || view.row.state == Some(State::Closed);
        let closed_before = match changes_closed {
            true => self.store.directory_mtime(State::Closed).ok().flatten(),
            false => None,
        };
        let store = self.store.clone();
        let Some(mut mbox) = store.lock(id, parcel.patience)? else {
            return Ok(None);
        };
        let place = view.row.entries;
        let Some(view) = self.still_fits(parcel, &mut mbox, view, &plan, verb)? else {
            return Ok(None);
        };
        // Events say which message of the ticket it is.
        if has_events && view.row.entries != place {
            return Ok(None);
        }
        self.clear_lock_of_the_dead(&mbox)?;
        if let Err(unfiled) = self.append(&mut mbox, &entry, &plan) {
            return Err(keep_answers(answers, unfiled));
        }
        let mut warnings = Vec::new();
        if plan.closes {
            self.close(&mut mbox, view.row.stamp.size, &mut warnings)?;
        }
        // --- filed: the entry is appended and synced ---
        parcel.is_filed();
        let answers = answers.of_filed_message();
        let state = mbox.state();
        let added = added(
            parcel,
            view.row.entries,
            plan.entry_under(),
            view.row.stamp.size,
            entry.len() as u64,
        );
        self.note_in_journal(&mbox, view.row.stamp, Some(added));
        drop(mbox);
        self.note_change_of_closed(closed_before);
        let kept = self.keep(copy.as_ref(), &parcel.key(id), parcel.now);
        warn(&mut warnings, kept);
        let submitter = view.row.submitter.as_ref();
        warn(&mut warnings, self.count_answers(parcel, &plan, submitter));
        drop(turn);
        let released = self.release(answers, parcel.now, &mut warnings);
        Ok(Some(Filed {
            ticket: id,
            deed: match (plan.closes, opens_again) {
                (true, _) => Deed::Closed,
                (_, true) => Deed::Reopened,
                _ => Deed::Filed,
            },
            path: self.store.path(id, state),
            answers: plan.answers,
            warnings,
            released,
        }))
    }

    /// With the locks held: the ticket as it is now, and its file ends in a whole entry. `None` if
    /// something has changed since the plan was made that would change the plan.
    fn still_fits(
        &mut self,
        parcel: &Parcel,
        mbox: &mut Mbox,
        planned: View,
        plan: &Plan,
        verb: Verb,
    ) -> Result<Option<View>> {
        if plan.closes && self.store.is_in_both_places(planned.row.id)? {
            return Ok(None);
        }
        let Some(view) = self.view_locked(mbox, &planned)? else {
            return Ok(Some(planned));
        };
        let presence = self.presence(&view, parcel, verb)?;
        let asks_as_copy = presence.is_copy && verb != Verb::Quiet;
        if presence.at.is_some() || asks_as_copy || view.row.subject != planned.row.subject {
            return Ok(None);
        }
        let same = self.plan_update(parcel, &view, verb)? == *plan;
        Ok(same.then_some(view))
    }

    /// Removes the dotlock that a delivery left in the ticket's other place when it died after it had
    /// moved the file. The move may not be on the disk yet.
    fn clear_lock_of_the_dead(&self, mbox: &Mbox) -> Result<()> {
        match self.store.clear_stale_lock(mbox.id(), mbox.state().other()) {
            true => self.store.sync_directories(),
            false => Ok(()),
        }
    }

    /// Re-opening comes before the entry and closing after it, so that the retry completes whatever a
    /// crash leaves between the two.
    fn append(&self, mbox: &mut Mbox, entry: &[u8], plan: &Plan) -> Result<(), Unfiled> {
        let from = mbox.state();
        if plan.reopens {
            mbox.move_to(State::Open)?;
        }
        let appended = mbox.append(entry);
        if appended.is_err() {
            // Best effort: an open ticket without news is harmless, and the MTA comes again.
            let _ = mbox.move_to(from);
        }
        appended
    }

    /// Moves the file of a ticket whose closing was appended at `length`. Where that cannot be done, the
    /// closing is taken away again, as if it could not have been appended: else a ticket that stays open
    /// would be said to be closed.
    fn close(&self, mbox: &mut Mbox, length: u64, warnings: &mut Vec<String>) -> Result<()> {
        let Err(e) = mbox.move_to(State::Closed) else {
            return Ok(());
        };
        if mbox.state() == State::Open && mbox.truncate(length).is_ok() {
            return Err(e);
        }
        warnings.push(error::line(&e));
        Ok(())
    }

    /// The message is filed already, perhaps by a delivery that died. Sends the answers which that one
    /// had still to send, and removes the lock that it held. It may have died before it waited for the
    /// disk, or be about to wait; and nobody will bring the message again (A4).
    pub(super) fn duplicate(&mut self, parcel: &Parcel, id: TicketId, deed: Deed) -> Result<Filed> {
        self.store.sync(id)?;
        parcel.is_filed();
        let mut warnings = Vec::new();
        let mut released = Released::default();
        for key in [parcel.key(id), parcel.old_key(id)] {
            let adopted = self.outbox.adopt(&key, parcel.now);
            released.append(or_warning(&mut warnings, adopted));
        }
        for state in [State::Open, State::Closed] {
            self.store.clear_stale_lock(id, state);
        }
        let state = self.store.locate(id)?.unwrap_or(State::Open);
        Ok(Filed {
            ticket: id,
            deed,
            path: self.store.path(id, state),
            answers: Vec::new(),
            warnings,
            released,
        })
    }

    /// The entry that a message becomes: filed under submit@, or under what `verb` asks of a ticket.
    pub(super) fn encode(
        &self,
        parcel: &Parcel,
        id: Option<TicketId>,
        verb: Option<Verb>,
    ) -> Vec<u8> {
        let addresses = &self.config.addresses;
        let filed_under = match (id, verb) {
            (Some(id), Some(verb)) => addresses.ticket(id, verb),
            _ if matches!(parcel.forwarded, Some(Ok(_))) => addresses.submit_for(),
            _ => addresses.submit(),
        };
        let sender = &parcel.incoming.envelope.sender;
        let first = || parcel.incoming.message.from().into_iter().next();
        let author = match sender {
            Sender::Unknown => first()
                .map(|m| m.address.to_ascii_lowercase())
                .unwrap_or_default(),
            _ => String::new(),
        };
        let trace = Trace {
            sender: trace_sender(sender, &author),
            filed_under: &filed_under,
            at: parcel.now,
        };
        entry::encode_noted(&trace, &parcel.modules, parcel.incoming.message.raw())
    }

    /// The copy that guards an entry against programs which lose their locks (D10).
    pub(super) fn copy(&self, entry: &[u8]) -> Result<Option<StagedFile>> {
        match self.config.keep_recent.is_zero() {
            true => Ok(None),
            false => self.store.stage_copy(entry).map(Some),
        }
    }

    /// Gives that copy its name, now that the entry is filed.
    pub(super) fn keep(&self, copy: Option<&StagedFile>, key: &Key, now: i64) -> Result<()> {
        let Some(copy) = copy else { return Ok(()) };
        let keep = self.config.keep_recent;
        self.store
            .keep_recent(copy, key.ticket, &key.digest, now, keep)
    }

    /// Lets the answers to a filed message go out.
    pub(super) fn release(&self, due: Due, now: i64, warnings: &mut Vec<String>) -> Released {
        or_warning(warnings, self.outbox.release(due, now))
    }

    /// Appends to the journal what was done to a ticket's file. Where that fails no harm is done: the
    /// row's stamp is not the file's, so the file is read again.
    pub(super) fn note_in_journal(&self, mbox: &Mbox, before: Stamp, added: Option<Added>) {
        let _ = mbox.stamp().and_then(|after| {
            self.append_to_journal(&Change {
                ticket: mbox.id(),
                state: mbox.state(),
                before: Some(before),
                after,
                added,
            })
        });
    }
}

/// True if a message opens its ticket again. A delivery that died may have moved the file already.
pub(super) fn opens_again(parcel: &Parcel, plan: &Plan, view: &View) -> bool {
    let ends_closed = view.ends_closed && plan.open;
    let opens = matches!(plan.filed_under, Some(Verb::Update | Verb::Submitter));
    plan.reopens || (ends_closed && opens && !parcel.degree.is_automatic())
}

/// What the journal says of an entry that lies `offset` bytes into its file.
pub(super) fn added(
    parcel: &Parcel,
    seq: u64,
    asked: Option<Verb>,
    offset: u64,
    size: u64,
) -> Added {
    Added {
        seq,
        summary: parcel.summary.clone().filed_under(asked, &parcel.by),
        moved: parcel.modules.iter().any(|said| moved(said).is_some()),
        asked,
        offset,
        size,
    }
}

/// Why a message is not known to be filed. Its answers are kept where the next attempt may find it, which then sends
/// them.
pub(super) fn keep_answers(answers: Staged, unfiled: Unfiled) -> anyhow::Error {
    if unfiled.stays {
        let _in_tmp = answers.of_filed_message();
    }
    unfiled.cause
}

/// Keeps what went wrong after a message was filed: it must not become a status.
pub(super) fn warn(warnings: &mut Vec<String>, result: Result<()>) {
    or_warning(warnings, result);
}

fn or_warning<T: Default>(warnings: &mut Vec<String>, result: Result<T>) -> T {
    result.unwrap_or_else(|e| {
        warnings.push(error::line(&e));
        T::default()
    })
}
