//! A message that opens a ticket.

use super::Desk;
use super::delivery::{Deed, Filed};
use super::parcel::Parcel;
use super::update::{added, keep_answers, warn};
use crate::index::Index;
use crate::index::journal::{Added, Change};
use crate::store::{Sequence, StagedFile};
use crate::ticket::address::Verb;
use crate::ticket::summary::Summary;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};

/// Where a message to submit@ is filed already.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// It opened this ticket.
    Opened(TicketId),
    /// This ticket has another copy of it.
    Copied(TicketId),
}

impl Desk {
    /// Opens a new ticket with a message, unless the message or a copy of it opened one before (A5).
    pub(super) fn open_ticket(&mut self, parcel: &Parcel) -> Result<Filed> {
        // Waiting for the disk comes first, as long as nobody waits for the number.
        let entry = self.encode(parcel, None, None);
        let staged = self.store.stage(&entry)?;
        let copy = self.copy(&entry)?;
        drop(entry);
        let mut sequence = self.store.sequence_within(parcel.patience)?;
        // What was read before may have changed while we waited for the sequence.
        self.index.take();
        let highest = self.look_at_unknown_numbers(sequence.last())?;
        loop {
            if let Some(held) = self.held(parcel)? {
                drop(sequence);
                return match held {
                    Held::Opened(id) => self.duplicate(parcel, id, Deed::Duplicate),
                    Held::Copied(id) => self.update_ticket(parcel, id, Verb::Quiet),
                };
            }
            let last = sequence.last().max(highest);
            let id = TicketId::new(last.saturating_add(1));
            let id = id.context("cannot open a ticket: no number is left")?;
            if let Some(filed) = self.open_as(parcel, id, &staged, copy.as_ref(), &mut sequence)? {
                return Ok(filed);
            }
            // The number is taken: by a delivery that died before it could say so, or by hand. It may
            // be this very message, and then its answers are staged, too.
            self.known(id)?;
            sequence.set(id.get())?;
        }
    }

    /// Opens ticket `id`; `None` if the number is taken.
    fn open_as(
        &mut self,
        parcel: &Parcel,
        id: TicketId,
        staged: &StagedFile,
        copy: Option<&StagedFile>,
        sequence: &mut Sequence,
    ) -> Result<Option<Filed>> {
        if self.store.is_taken(id)? {
            return Ok(None);
        }
        let make_plan = |desk: &Desk| {
            let _read = desk.ends_read();
            desk.plan_opening(parcel)
        };
        let mut plan = make_plan(self)?;
        let turn = self.turn_to_answer(parcel, &plan, None)?;
        if turn.is_some() {
            plan = make_plan(self)?;
        }
        let mails = self.compose(parcel, id, &plan, None);
        let events = self.events(parcel, id, &plan, None);
        let answers = self.stage(parcel, id, &mails, &events)?;
        drop(mails);
        match self.store.open_ticket(staged, id) {
            Ok(true) => {}
            // It was put there by hand this moment, or is no file.
            Ok(false) => return Ok(None),
            Err(unfiled) => return Err(keep_answers(answers, unfiled)),
        }
        // --- filed: number, file and content appeared in one instant ---
        parcel.is_filed();
        let answers = answers.of_filed_message();
        let mut warnings = Vec::new();
        warn(&mut warnings, sequence.set(id.get()));
        let noted = staged.stamp().and_then(|stamp| {
            self.append_to_journal(&Change {
                ticket: id,
                state: State::Open,
                before: None,
                after: stamp,
                added: Some(Added {
                    summary: parcel.opening(),
                    ..added(parcel, 0, None, 0, stamp.size)
                }),
            })
        });
        if noted.is_err() {
            // Whoever opens the next ticket would not learn that this message opened one. Without an
            // index they look at the files.
            Index::remove(&self.store.private().join("index.db"));
        }
        warn(&mut warnings, noted);
        warn(&mut warnings, self.keep(copy, &parcel.key(id), parcel.now));
        warn(&mut warnings, self.count_answers(parcel, &plan, None));
        drop(turn);
        let released = self.release(answers, parcel.now, &mut warnings);
        Ok(Some(Filed {
            ticket: id,
            deed: Deed::Opened,
            path: self.store.path(id, State::Open),
            answers: plan.answers,
            warnings,
            released,
        }))
    }

    /// True if this very message opened a ticket before.
    pub(super) fn has_opened(&mut self, parcel: &Parcel) -> Result<bool> {
        let sequence = self.store.sequence_within(parcel.patience)?;
        self.index.take();
        let highest = self.look_at_unknown_numbers(sequence.last())?;
        // A delivery that died may have taken the next number, and not have said so.
        let mut next = sequence.last().max(highest).saturating_add(1);
        while let Some(id) = TicketId::new(next)
            && self.store.is_taken(id)?
        {
            self.known(id)?;
            next += 1;
        }
        Ok(matches!(self.held(parcel)?, Some(Held::Opened(_))))
    }

    /// The ticket that this very message opened, else one that holds another copy of it (A5). What was
    /// sent to a ticket and to submit@ is no copy: it is filed in each (A6).
    fn held(&self, parcel: &Parcel) -> Result<Option<Held>> {
        let _read = self.ends_read();
        let Summary {
            identity, origin, ..
        } = &parcel.summary;
        let mut copies = self.index_to_read()?.copies(identity, *origin)?;
        copies.retain(|copy| !copy.is_same || copy.seq == 0);
        // The ticket that a copy opened comes before those that it was sent to; of those, the newest.
        copies.sort_by_key(|copy| match (copy.is_same, copy.seq) {
            (true, _) => (0, 0),
            (false, 0) => (1, 0),
            (false, _) => (2, u32::MAX - copy.ticket.get()),
        });
        for copy in copies {
            if self.store.stamp(copy.ticket)?.is_some()
                && self.is_silenced(parcel, copy.ticket, None)?
            {
                return Ok(Some(match copy.is_same {
                    true => Held::Opened(copy.ticket),
                    false => Held::Copied(copy.ticket),
                }));
            }
        }
        Ok(None)
    }

    /// Looks at numbers below the sequence that the index does not know: opened by a delivery that
    /// died before it could append to the journal, or lost by the index in a power cut. Some may never
    /// have been used, since an import that keeps numbers leaves gaps. Returns the highest number that
    /// the index knew.
    fn look_at_unknown_numbers(&mut self, last: u32) -> Result<u32> {
        self.complete_newest()?;
        let highest = self.index_to_read()?.highest()?;
        if highest < last {
            self.look_at(highest + 1..=last)?;
        }
        Ok(highest)
    }
}
