//! Reads many tickets at once, for an index that is made anew or for the full text.
//!
//! Some threads read, decode and look for words; one writes. They work on a block of tickets at a
//! time, so memory does not depend on how many there are.

use super::Desk;
use super::reconcile::reading;
use crate::index::draft::Draft;
use crate::index::text::Text;
use crate::index::{Index, Reading};
use crate::store::Store;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::Addresses;
use anyhow::{Context, Result};
use mail::entry;
use mail::mbox;
use mail::words::{Words, words};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// Tickets in a block.
const BLOCK: usize = 64;
/// Blocks in a transaction: the full text sorts its words in memory and writes them at the end
/// of each, so that few are many times more work than many.
const BLOCKS: usize = 256;
/// From so many tickets on a lost index is made beside the place where it is to be, which is
/// quicker, and keeps nobody waiting.
const MANY: usize = 2000;

/// Held by who writes the full text.
pub(crate) const TEXT_LOCK: &str = "text.lock";

/// How far a long work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Tickets that are done.
    pub done: usize,
    /// Tickets there are.
    pub all: usize,
}

/// Is told now and then.
pub type Watch<'w> = &'w mut dyn FnMut(Progress);

/// A ticket that was read: what the index notes of it, and the words of its messages.
struct Read {
    reading: Option<Reading>,
    words: Vec<Words>,
}

/// What is wanted of a ticket: the words of its messages from a position on, if of any.
type Job = (TicketId, Option<u64>);

/// Is handed tickets that were read, and what was wanted of them.
type Write<'w> = &'w mut dyn FnMut(Vec<Read>, &[Job]) -> Result<()>;

impl Desk {
    /// Makes the index anew, with the full text if `with_text`. The one in use stays so until the
    /// new one is complete; what is interrupted goes on where it was.
    pub fn rebuild(&mut self, with_text: bool, watch: Watch) -> Result<()> {
        let path = self.store.private().join("index.db");
        let _one = self.store.lock_file("rebuild.lock")?;
        let draft = Draft::begin(&path, with_text)?;
        let done = draft.done()?;
        let mut ids = self.store.ids(State::Open)?;
        ids.append(&mut self.store.ids(State::Closed)?);
        ids.sort_unstable();
        ids.dedup();
        let all = ids.len();
        ids.retain(|id| id.get() > done);
        let begun = all - ids.len();
        let index = draft.index();
        let mut some = 0;
        for chunk in ids.chunks(BLOCK * BLOCKS) {
            let job = |&id| (id, with_text.then_some(0));
            let jobs: Vec<Job> = chunk.iter().map(job).collect();
            draft.together(|| {
                self.read_many(&jobs, &mut |read, jobs| {
                    for Read { reading, words } in &read {
                        let Some(reading) = reading else { continue };
                        index.replace(reading)?;
                        if let Some(text) = draft.text() {
                            text.note(reading.id, 0, words)?;
                        }
                    }
                    some += jobs.len();
                    watch(Progress {
                        done: begun + some,
                        all,
                    });
                    Ok(())
                })?;
                match chunk.last() {
                    Some(last) => Ok(draft.set_done(last.get())?),
                    None => Ok::<_, anyhow::Error>(()),
                }
            })?;
        }
        drop(ids);
        // Whatever came in meanwhile: first while others may work, then the little that is left.
        self.index.take();
        self.catch_up(index)?;
        draft.finish(|index| self.catch_up(index))
    }

    /// Brings the rows of `index` up to date, whichever index it is.
    fn catch_up(&self, index: &Index) -> Result<()> {
        self.reconcile_in(index, State::Open)?;
        self.reconcile_in(index, State::Closed)
    }

    /// Makes the index complete if it is not, and quickly if many tickets are missing.
    pub(crate) fn make_complete(&mut self, watch: Watch) -> Result<()> {
        if self.index()?.is_complete()? {
            return Ok(());
        }
        if self.store.ids(State::Open)?.len() + self.store.ids(State::Closed)?.len() < MANY {
            self.reconcile_all()?;
            return Ok(self.index()?.set_complete(true)?);
        }
        self.rebuild(false, watch)
    }

    /// Brings the full text up to date with the index, and leaves it attached to it: the database
    /// has `words.text` afterwards.
    pub fn complete_text(&mut self, watch: Watch) -> Result<()> {
        self.make_complete(watch)?;
        self.reconcile_all()?;
        let index = self.index()?;
        // Two at once would do all of it twice, and each might throw away what the other began.
        let _one = self.store.lock_file(TEXT_LOCK)?;
        let (text, known) = Text::open(index.path())?;
        if !known {
            index.soil_all()?;
        }
        let all = index.count_dirty()? as usize;
        if all > MANY || text.expects_many()? {
            text.expect_many(all > MANY)?;
        }
        let mut done = 0;
        loop {
            let dirty = index.dirty(BLOCK * BLOCKS)?;
            if dirty.is_empty() {
                break;
            }
            let jobs: Vec<Job> = dirty.iter().map(|d| (d.ticket, Some(d.seq))).collect();
            text.together(|| {
                self.read_many(&jobs, &mut |read, jobs| {
                    for (Read { reading, words }, &(id, seq)) in read.iter().zip(jobs) {
                        // Gone, or changed since the index looked: the words of what there was
                        // go, and the next look finds the rest.
                        let seq = seq.filter(|_| reading.is_some()).unwrap_or(0);
                        text.note(id, seq, words)?;
                    }
                    done += jobs.len();
                    watch(Progress {
                        done: done.min(all),
                        all,
                    });
                    Ok(())
                })
            })?;
            index.clean(&dirty)?;
        }
        if all > MANY {
            text.expect_many(false)?;
        } else if all > 0 {
            text.merge_some()?;
        }
        drop(text);
        Ok(index.with_text()?)
    }

    /// Reads tickets in parallel and hands them to `write` in their order, a block at a time.
    fn read_many(&self, jobs: &[Job], write: Write) -> Result<()> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (store, addresses) = (&self.store, &self.config.addresses);
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Result<Vec<Read>>>(2);
            scope.spawn(move || {
                for block in jobs.chunks(BLOCK) {
                    let read = read_block(store, addresses, block, threads);
                    // Nobody writes any more: an error, which is told.
                    if send.send(read).is_err() {
                        return;
                    }
                }
            });
            for block in jobs.chunks(BLOCK) {
                let read = receive.recv().context("cannot read tickets")?;
                write(read?, block)?;
            }
            Ok(())
        })
    }
}

fn read_block(
    store: &Store,
    addresses: &Addresses,
    jobs: &[Job],
    threads: usize,
) -> Result<Vec<Read>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Read)>> {
        let mut read = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(id, from)) = jobs.get(at) else {
                return Ok(read);
            };
            read.push((at, read_one(store, addresses, id, from)?));
        }
    };
    let mut read = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut read = work()?;
        for worker in workers {
            let more = worker.join();
            read.append(&mut more.ok().context("cannot read tickets: a thread died")??);
        }
        Ok::<_, anyhow::Error>(read)
    })?;
    read.sort_unstable_by_key(|&(at, _)| at);
    Ok(read.into_iter().map(|(_, read)| read).collect())
}

fn read_one(store: &Store, addresses: &Addresses, id: TicketId, from: Option<u64>) -> Result<Read> {
    let Some((state, stamp, bytes)) = store.read(id)? else {
        return Ok(Read {
            reading: None,
            words: Vec::new(),
        });
    };
    let tail = entry::tail(&bytes, 0);
    let reading = reading(addresses, id, state, stamp, &bytes, tail);
    let mut said = Vec::new();
    if let Some(from) = from {
        let whole = reading.entries.len();
        let entries = mbox::entries(&bytes, 0).take(whole);
        for entry in entries.skip(usize::try_from(from).unwrap_or(usize::MAX)) {
            said.push(words(&entry::decode(entry.content).raw));
        }
    }
    Ok(Read {
        reading: Some(reading),
        words: said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use mail::entry::Trace;
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    // The index in use is locked then, and must not be asked.
    #[test]
    fn half_a_message_does_not_stop_a_new_index_that_takes_over() {
        let (send, receive) = channel();
        std::thread::spawn(move || {
            let dir = tempfile::tempdir().unwrap();
            let config = dir.path().join("config.toml");
            fs::write(&config, "domain = \"example.org\"\n").unwrap();
            let desk = Desk::open(
                Config::load(&Overrides {
                    config: Some(config),
                    dir: Some(dir.path().join("store")),
                })
                .unwrap(),
            )
            .unwrap();
            let draft = Draft::begin(&desk.store.private().join("index.db"), false).unwrap();
            let entry = |text: &[u8]| {
                let trace = Trace {
                    sender: Some("ann@example.net"),
                    filed_under: "ticket-1@example.org",
                    at: 1_700_000_000,
                };
                entry::encode(&trace, text)
            };
            let whole = entry(b"From: ann@example.net\n\nHello\n");
            let other = entry(b"From: ann@example.net\n\nHello again\n");
            let path = desk.store.path(TicketId::new(1).unwrap(), State::Open);
            fs::write(path, [&whole, &other[..other.len() - 10]].concat()).unwrap();
            draft.finish(|index| desk.catch_up(index)).unwrap();
            let row = desk.index().unwrap().ticket(TicketId::new(1).unwrap());
            let row = row.unwrap().unwrap();
            send.send((row.entries, row.sound)).unwrap();
        });
        let seen = receive.recv_timeout(Duration::from_secs(60));
        assert_eq!(seen, Ok((1, false)));
    }
}
