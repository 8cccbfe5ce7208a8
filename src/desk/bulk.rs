//! Reads many tickets at once: some threads read and decode, one writes.
//!
//! They work on a block of tickets at a time, so memory does not depend on how many there are.

use super::Desk;
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
    /// The extracts of its messages that were wanted.
    pub extracts: Vec<E>,
}

impl Desk {
    /// Reads tickets in parallel, and hands them to `write` in their order, a block at a time with its
    /// jobs. `extract` makes an extract of a message as it came in.
    pub(crate) fn read_many<E: Send>(
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
            let (send, receive) = sync_channel::<Result<Vec<ReadTicket<E>>>>(2);
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
}

struct Reader<'r, F> {
    store: &'r Store,
    staff: Staff<'r>,
    extract: &'r F,
    /// Held while a large ticket is read: its messages may be large, too.
    large: Mutex<()>,
}

impl<E: Send, F: Fn(&[u8]) -> E + Sync> Reader<'_, F> {
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
        let mut extracts = Vec::new();
        let mut skipped = 0;
        let extract = |found: &mbox::Entry| match job.extract_from {
            Some(from) if skipped >= from => {
                extracts.push((self.extract)(&entry::decode(found.content).raw));
            }
            _ => skipped += 1,
        };
        let reading = reading(&self.staff, job.ticket, state, stamp, mbox, tail, extract)?;
        Ok(ReadTicket {
            reading: Some(reading),
            extracts,
        })
    }
}
