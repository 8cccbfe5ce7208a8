//! Reads many tickets at once: some threads read and decode, one writes.
//!
//! They work on a block of tickets at a time, so memory does not depend on how many there are.

use super::Desk;
use super::reading::first_entry;
use super::reconcile::reading;
use crate::index::TicketFile;
use crate::store::Store;
use crate::ticket::TicketId;
use crate::ticket::staff::Staff;
use anyhow::{Context, Result};
use mail::entry;
use mail::mbox;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// Tickets in a block.
const BLOCK: usize = 64;

/// Tickets that are written in one transaction. A database that sorts what is written before it writes
/// it (FTS5 does) has many times more work with many small transactions.
pub(crate) const BATCH: usize = 256 * BLOCK;

/// Of tickets larger than this only one is read at a time; in bytes.
const LARGE: u64 = 4 << 20;

/// Of a ticket's extracts only so many bytes are kept before they are written, and one extract more. What is left is
/// read when it is written.
const PIECE: usize = 256 << 10;

/// What is kept of a message.
pub(crate) trait Extract: Default + Send {
    /// In bytes.
    fn size(&self) -> usize;
}

impl Extract for () {
    fn size(&self) -> usize {
        0
    }
}

/// What is wanted of a ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadJob {
    pub ticket: TicketId,
    /// The first message, from 0, that an extract is wanted of; `None` if of none.
    pub extract_from: Option<u64>,
}

/// A ticket that was read.
pub(crate) struct ReadTicket<E> {
    /// What the index notes of it; `None` if the ticket is gone.
    pub reading: Option<TicketFile>,
    /// The extracts of its messages that were wanted, or the first of them: [`Desk::read_rest`] reads the others.
    pub extracts: Vec<E>,
}

impl Desk {
    /// Reads tickets in parallel, and hands them to `write` in their order, a block at a time with its
    /// jobs. `extract` makes an extract of a message as it came in.
    pub(crate) fn read_many<E: Extract>(
        &self,
        jobs: &[ReadJob],
        extract: &(impl Fn(&[u8]) -> E + Sync),
        mut write: impl FnMut(Vec<ReadTicket<E>>, &[ReadJob]) -> Result<()>,
    ) -> Result<()> {
        let reader = Reader {
            store: &self.store,
            staff: self.staff(),
            extract,
            large: Mutex::default(),
        };
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Result<Vec<ReadTicket<E>>>>(1);
            let read = move || {
                for block in jobs.chunks(BLOCK) {
                    // The writer has gone after an error, which it reports.
                    if send.send(reader.block(block)).is_err() {
                        return;
                    }
                }
            };
            let started = std::thread::Builder::new().spawn_scoped(scope, read);
            started.context("cannot read tickets")?;
            for block in jobs.chunks(BLOCK) {
                let tickets = receive.recv().context("cannot read tickets")?;
                write(tickets?, block)?;
            }
            Ok(())
        })
    }

    /// Reads what [`Desk::read_many`] left of a ticket, and hands the extracts to `note` in pieces, each with the
    /// position (from 0) of its first message.
    pub(crate) fn read_rest<E: Extract>(
        &self,
        ticket: &ReadTicket<E>,
        job: &ReadJob,
        extract: &impl Fn(&[u8]) -> E,
        mut note: impl FnMut(u64, &[E]) -> Result<()>,
    ) -> Result<()> {
        let (Some(reading), Some(from)) = (&ticket.reading, job.extract_from) else {
            return Ok(());
        };
        let entries = reading.entries.iter().skip(from as usize);
        let mut rest = entries.skip(ticket.extracts.len()).peekable();
        let mut seq = from + ticket.extracts.len() as u64;
        while rest.peek().is_some()
            && let Some(mbox) = self.store.open(job.ticket)?
        {
            let mut piece = Piece::default();
            while piece.has_room()
                && let Some((_, located)) = rest.next()
            {
                // Where the file was changed meanwhile, it is read once more later.
                let bytes = mbox.read_part(located.offset, located.size)?;
                let message = first_entry(&bytes);
                piece.push(message.map_or_else(E::default, |message| extract(&message.raw)));
            }
            note(seq, &piece.extracts)?;
            seq += piece.extracts.len() as u64;
        }
        Ok(())
    }
}

/// The extracts of some messages in a row.
#[derive(Default)]
struct Piece<E> {
    extracts: Vec<E>,
    size: usize,
}

impl<E: Extract> Piece<E> {
    fn has_room(&self) -> bool {
        self.size < PIECE
    }

    fn push(&mut self, extract: E) {
        self.size += extract.size();
        self.extracts.push(extract);
    }
}

struct Reader<'r, F> {
    store: &'r Store,
    staff: Staff<'r>,
    extract: &'r F,
    /// Held while a large ticket is read: its messages may be large, too.
    large: Mutex<()>,
}

impl<E: Extract, F: Fn(&[u8]) -> E + Sync> Reader<'_, F> {
    fn block(&self, jobs: &[ReadJob]) -> Result<Vec<ReadTicket<E>>> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, ReadTicket<E>)>> {
            let mut tickets = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(at) else {
                    return Ok(tickets);
                };
                tickets.push((at, self.ticket(job)?));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut tickets = std::thread::scope(|scope| {
            // With fewer threads than wanted it takes longer.
            let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
            let workers: Vec<_> = (1..threads).map_while(start).collect();
            let mut tickets = work()?;
            for worker in workers {
                let more = worker.join();
                tickets.append(&mut more.ok().context("cannot read tickets: a thread died")??);
            }
            Ok::<_, anyhow::Error>(tickets)
        })?;
        tickets.sort_unstable_by_key(|&(at, _)| at);
        Ok(tickets.into_iter().map(|(_, ticket)| ticket).collect())
    }

    fn ticket(&self, job: &ReadJob) -> Result<ReadTicket<E>> {
        let Some(file) = self.store.open(job.ticket)? else {
            return Ok(ReadTicket {
                reading: None,
                extracts: Vec::new(),
            });
        };
        let (state, stamp, mut mbox) = (file.state, file.stamp, file.file());
        let _alone = (stamp.size > LARGE).then(|| self.large.lock());
        let tail = entry::tail_of_file(&mut mbox, stamp.size);
        let tail = tail.with_context(|| format!("cannot read ticket {}", job.ticket))?;
        let mut piece = Piece::default();
        let mut seq = 0;
        let extract = |found: &mbox::Entry| {
            if job.extract_from.is_some_and(|from| seq >= from) && piece.has_room() {
                piece.push((self.extract)(&entry::decode(found.content).raw));
            }
            seq += 1;
        };
        let reading = reading(&self.staff, job.ticket, state, stamp, mbox, tail, extract)?;
        Ok(ReadTicket {
            reading: Some(reading),
            extracts: piece.extracts,
        })
    }
}
