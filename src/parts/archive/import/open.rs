//! Opens new tickets, many at once.
//!
//! A batch is written to files without names and synced together. Then its tickets get their numbers
//! under the lock of the sequence, like any other ticket.

use super::append::append;
use super::filing::Filing;
use super::group::Group;
use super::numbers::Numbers;
use super::report::TicketChange;
use crate::desk::Desk;
use crate::store::{ImportLock, Sequence, StagedFile};
use crate::ticket::{State, TicketId};
use anyhow::Result;

/// A batch has this many tickets or this many bytes.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 16 << 20;

/// Mail that is older, in seconds, is not being delivered right now.
const IN_DELIVERY: i64 = 24 * 3600;

/// New tickets, which are opened in batches.
pub(crate) struct NewTickets<'a> {
    lock: Option<ImportLock>,
    numbers: Numbers,
    batch: Vec<NewTicket<'a>>,
    /// The size of the batch.
    bytes: usize,
}

/// A ticket that has no number yet.
struct NewTicket<'a> {
    group: &'a Group,
    staged: StagedFile,
    /// What opening it will change. Its messages are addressed to the number in it.
    change: TicketChange,
    bytes: usize,
}

impl<'a> NewTickets<'a> {
    /// `lock` is missing in a dry run.
    pub(crate) fn new(lock: Option<ImportLock>, numbers: Numbers) -> Self {
        NewTickets {
            lock,
            numbers,
            batch: Vec::new(),
            bytes: 0,
        }
    }

    /// Opens a ticket, now or with a later batch; in a dry run, only reports it.
    pub(crate) fn add(&mut self, filing: &mut Filing<'a, '_>, group: &'a Group) -> Result<()> {
        let opening = opening(filing, group);
        let id = self.numbers.expect(filing.desk, group.number, opening)?;
        if filing.dry_run {
            let not_kept = self.numbers.not_kept(group.number, id);
            report_new(filing, group, id, not_kept);
            return Ok(());
        }
        if let Some(ticket) = NewTicket::write(filing, group, id)? {
            self.bytes += ticket.bytes;
            self.batch.push(ticket);
        }
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.open_batch(filing)?;
        }
        Ok(())
    }

    /// Opens the tickets that wait in the batch.
    pub(crate) fn open_batch(&mut self, filing: &mut Filing<'a, '_>) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        // Before the sequence is locked, so that deliveries need not wait for the disk.
        if let Some(lock) = &self.lock {
            let staged = batch.iter().map(|ticket| &ticket.staged);
            filing.desk.store.sync_staged(lock, staged)?;
        }
        let mut sequence = lock_sequence(filing.desk)?;
        self.numbers.begin_batch(filing.desk, sequence.last())?;
        let mut opened: Vec<TicketChange> = Vec::new();
        let mut delivered = Vec::new();
        for ticket in batch {
            match delivered_meanwhile(filing, ticket.group)? {
                Some(id) => delivered.push((ticket.group, id)),
                None => opened.extend(self.open(filing, ticket, &mut sequence)?),
            }
        }
        for state in [State::Open, State::Closed] {
            if opened.iter().any(|ticket| ticket.state == state) {
                filing.desk.store.sync_names(state)?;
            }
        }
        // Before the sequence is unlocked: a delivery takes a number up to the last one, of which
        // neither the index nor the disk knows anything, for one that was used.
        filing.desk.despite_index(|desk| {
            desk.index()?.in_transaction(|| {
                for ticket in &opened {
                    desk.known(ticket.ticket)?;
                }
                Ok(())
            })
        })?;
        self.numbers.end_batch(sequence.last());
        drop(sequence);
        for ticket in &opened {
            filing.report.ticket(ticket);
        }
        for (group, id) in delivered {
            append(filing, group, id)?;
        }
        Ok(())
    }

    /// Gives a ticket its number; `None` if it was left out.
    fn open(
        &mut self,
        filing: &mut Filing<'a, '_>,
        mut ticket: NewTicket<'a>,
        sequence: &mut Sequence,
    ) -> Result<Option<TicketChange>> {
        let opening = opening(filing, ticket.group);
        let mut kept = (self.numbers).kept(filing.desk, ticket.group.number, opening)?;
        loop {
            let id = match kept {
                Some(id) => id,
                None => self.numbers.next()?,
            };
            if ticket.change.ticket != id {
                // Others opened tickets meanwhile; its messages get the addresses of the new number.
                let Some(again) = NewTicket::write(filing, ticket.group, id)? else {
                    return Ok(None);
                };
                ticket = again;
                ticket.staged.sync()?;
            }
            if kept.is_some() && id.get() > sequence.last() {
                // First, so that no number is used twice, whatever happens now.
                sequence.set(id.get())?;
            }
            let state = ticket.change.state;
            if !filing.desk.store.name(&ticket.staged, id, state)? {
                // A file of that number was put there by hand.
                self.numbers.used(id.get());
                kept = None;
                continue;
            }
            // --- filed ---
            if id.get() > sequence.last() {
                sequence.set(id.get())?;
            }
            self.numbers.used(id.get());
            ticket.change.not_kept = self.numbers.not_kept(ticket.group.number, id);
            return Ok(Some(ticket.change));
        }
    }
}

impl<'a> NewTicket<'a> {
    /// Writes the messages of a group to a file without a name, for a ticket with the number `id`.
    /// `None` if one of them cannot be read again: then the ticket is left out, since to add the
    /// message later would change the order.
    fn write(
        filing: &mut Filing<'a, '_>,
        group: &'a Group,
        id: TicketId,
    ) -> Result<Option<NewTicket<'a>>> {
        let staged = filing.desk.store.stage_copy(b"")?;
        let mut change = new_ticket(filing, group, id);
        let mut bytes = 0;
        for (nth, record) in filing.groups.messages(group).enumerate() {
            let entry = match filing.entries.read(record, id, nth == 0) {
                Ok(entry) => entry,
                Err(e) => {
                    filing.report.failure(&e);
                    return Ok(None);
                }
            };
            staged.add(&entry.bytes)?;
            bytes += entry.bytes.len();
            change.add(entry.author, entry.subject, entry.edited);
        }
        Ok(Some(NewTicket {
            group,
            staged,
            change,
            bytes,
        }))
    }
}

/// What names the message that opens the ticket of a group.
fn opening(filing: &Filing, group: &Group) -> Option<[u8; 16]> {
    let first = filing.groups.messages(group).next();
    first.map(|record| record.digest)
}

fn new_ticket(filing: &Filing, group: &Group, id: TicketId) -> TicketChange {
    let state = filing.state.of_new(filing.groups.messages(group));
    TicketChange::opened(id, state)
}

/// Reports a ticket that would be opened; of its messages, only the first is read again.
fn report_new(filing: &mut Filing, group: &Group, id: TicketId, not_kept: Option<TicketId>) {
    let mut change = new_ticket(filing, group, id);
    if let Some(first) = filing.groups.messages(group).next() {
        match filing.entries.read(first, id, true) {
            Ok(entry) => change.add(entry.author, entry.subject, entry.edited),
            Err(e) => filing.report.failure(&e),
        }
    }
    change.messages = group.len();
    change.not_kept = not_kept;
    filing.report.ticket(&change);
}

/// Locks the sequence, with an index that is complete and up to date.
fn lock_sequence(desk: &mut Desk) -> Result<Sequence> {
    loop {
        let sequence = desk.store.sequence()?;
        // Deliveries may have changed the store while this waited for the lock.
        desk.close_index();
        if desk.index()?.is_complete()? {
            return Ok(sequence);
        }
        // The index was removed. No delivery has to wait until it is made again.
        drop(sequence);
        desk.despite_index(Desk::complete_index)?;
    }
}

/// The ticket that a group got while the archives were read: an MTA may be bringing the same mail to
/// the mailbox and to the desk.
fn delivered_meanwhile(filing: &Filing, group: &Group) -> Result<Option<TicketId>> {
    for record in filing.groups.messages(group) {
        if record.whole.is_none() && record.at > filing.desk.now() - IN_DELIVERY {
            let identity = filing.groups.survey.identity(record);
            if let Some(id) = filing.desk.index()?.holding(&identity)?.first() {
                return Ok(Some(*id));
            }
        }
    }
    Ok(None)
}
