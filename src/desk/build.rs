//! Makes an index anew, beside the one in use.

use super::Desk;
use super::bulk::{BATCH, Extract, ReadJob, ReadTicket};
use crate::error::{self, Status};
use crate::index::draft::IndexDraft;
use crate::index::{Index, note_moved};
use crate::patience::Patience;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use std::path::Path;

/// A lost index of more tickets than this is made beside its place, which is quicker than row by row, and
/// keeps nobody waiting.
const MANY: usize = 2000;

/// How far a long pass over the tickets has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PassProgress {
    /// Tickets that are done.
    pub done: usize,
    /// Tickets there are.
    pub all: usize,
}

/// Is called now and then during a long pass.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(PassProgress);

/// Keeps something of every message in a file of its own beside the index. That file is made anew in
/// the same pass over the mboxes as the index; later it catches up from the index's backlog.
pub(crate) trait Follower: Sized {
    /// What it keeps of a message.
    type Extract: Extract;

    /// False for [`NoFollower`] alone.
    const FOLLOWS: bool = true;

    /// Begins a new file beside the draft of the index at `draft`.
    ///
    /// # Errors
    /// The file cannot be made.
    fn begin(draft: &Path) -> Result<Self>;

    /// Opens the file that was begun there; `None` if there is none.
    ///
    /// # Errors
    /// The file cannot be opened.
    fn resume(draft: &Path) -> Result<Option<Self>>;

    /// What it keeps of a message as it came in. Called in several threads at once.
    fn extract(message: &[u8]) -> Self::Extract;

    /// Does all of `work` in one transaction.
    ///
    /// # Errors
    /// Those of `work`, or the transaction fails; nothing is written then.
    fn in_transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T>;

    /// Notes the extracts of the messages of a ticket from the position `from` (from 0) on. Those before it were noted
    /// just now.
    ///
    /// # Errors
    /// The file cannot be written.
    fn note(&self, ticket: TicketId, from: u64, extracts: &[Self::Extract]) -> Result<()>;

    /// Ends the pass: the file is ready for use and on the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    fn complete(&self) -> Result<()>;

    /// Puts the file in the place of the one in use, beside the index at `index`.
    ///
    /// # Errors
    /// The file cannot be renamed.
    fn replace(self, index: &Path) -> Result<()>;
}

/// Keeps nothing.
pub(crate) struct NoFollower;

impl Follower for NoFollower {
    type Extract = ();

    const FOLLOWS: bool = false;

    fn begin(_: &Path) -> Result<Self> {
        Ok(NoFollower)
    }

    fn resume(_: &Path) -> Result<Option<Self>> {
        Ok(Some(NoFollower))
    }

    fn extract(_: &[u8]) {}

    fn in_transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        work()
    }

    fn note(&self, _: TicketId, _: u64, _: &[()]) -> Result<()> {
        Ok(())
    }

    fn complete(&self) -> Result<()> {
        Ok(())
    }

    fn replace(self, _: &Path) -> Result<()> {
        Ok(())
    }
}

impl Desk {
    /// Makes the index anew, together with what `F` keeps. The index in use stays so until the new one is
    /// complete. If it is interrupted, the next call goes on from there.
    pub(crate) fn rebuild<F: Follower>(&mut self, watch: Watch) -> Result<()> {
        self.rebuild_within::<F>(watch, Patience::default())
    }

    fn rebuild_within<F: Follower>(&mut self, watch: Watch, patience: Patience) -> Result<()> {
        let path = self.index_dir().join("index.db");
        let _one = self.lock_beside_index("rebuild.lock", patience)?;
        let (draft, follower) = begin::<F>(&path)?;
        let done = draft.done()?;
        let mut ids = self.store.ids(State::Open)?;
        ids.append(&mut self.store.ids(State::Closed)?);
        ids.sort_unstable();
        ids.dedup();
        let all = ids.len();
        ids.retain(|id| id.get() > done);
        let mut done = all - ids.len();
        for batch in ids.chunks(BATCH) {
            let job = |&ticket| ReadJob {
                ticket,
                extract_from: F::FOLLOWS.then_some(0),
            };
            let jobs: Vec<ReadJob> = batch.iter().map(job).collect();
            // After a crash one database may have the batch and the other not; it is written again then.
            draft.index().in_transaction(|| {
                follower.in_transaction(|| {
                    self.read_many(&jobs, &F::extract, |tickets, jobs| {
                        write(self, &draft, &follower, (&tickets, jobs))?;
                        done += jobs.len();
                        watch(PassProgress { done, all });
                        Ok(())
                    })
                })?;
                match batch.last() {
                    Some(last) => Ok(draft.set_done(last.get())?),
                    None => Ok::<_, anyhow::Error>(()),
                }
            })?;
        }
        drop(ids);
        follower.complete()?;
        self.index.take();
        draft.finish(|index| self.catch_up(index), || follower.replace(&path))
    }

    /// Brings the rows of `index` up to date, whichever index it is.
    fn catch_up(&self, index: &Index) -> Result<()> {
        self.reconcile_in(index, State::Open)?;
        self.reconcile_in(index, State::Closed)
    }

    /// Makes the index complete if it is not, and quickly if many tickets are missing.
    pub(crate) fn make_complete(&mut self, watch: Watch) -> Result<()> {
        match self.complete_if_few()? {
            true => Ok(()),
            false => self.rebuild::<NoFollower>(watch),
        }
    }

    /// The same for a command that needs a part of the index only: it does without the rest where that cannot be made now,
    /// since another process is about it, or where the index is for this command alone.
    pub(crate) fn make_complete_if_possible(&mut self, watch: Watch) -> Result<()> {
        if self.index_elsewhere.is_some() || self.complete_if_few()? {
            return Ok(());
        }
        match self.rebuild_within::<NoFollower>(watch, Patience::brief()) {
            Err(e) if error::status(&e) == Status::TempFail => Ok(()),
            made => made,
        }
    }

    /// Makes the index complete if there are not many tickets; true if it is complete then.
    fn complete_if_few(&self) -> Result<bool> {
        if self.index()?.is_complete()? {
            return Ok(true);
        }
        let all = self.store.ids(State::Open)?.len() + self.store.ids(State::Closed)?.len();
        if all < MANY {
            self.reconcile_all()?;
        }
        Ok(all < MANY)
    }
}

/// The drafts that were begun and not finished, or new ones.
fn begin<F: Follower>(target: &Path) -> Result<(IndexDraft, F)> {
    if let Some(draft) = IndexDraft::resume(target, F::FOLLOWS)?
        && let Some(follower) = F::resume(draft.index().path())?
    {
        return Ok((draft, follower));
    }
    let draft = IndexDraft::begin(target, F::FOLLOWS)?;
    let follower = F::begin(draft.index().path())?;
    Ok((draft, follower))
}

fn write<F: Follower>(
    desk: &Desk,
    draft: &IndexDraft,
    follower: &F,
    (tickets, jobs): (&[ReadTicket<F::Extract>], &[ReadJob]),
) -> Result<()> {
    let read = tickets.iter().filter_map(|ticket| ticket.reading.as_ref());
    let moved: Vec<[u8; 16]> = read.flat_map(|read| &read.moved).copied().collect();
    note_moved(draft.index().path(), &moved)?;
    for (ticket, job) in tickets.iter().zip(jobs) {
        if let Some(reading) = &ticket.reading {
            draft.index().replace(reading)?;
            let note = |from, extracts: &[F::Extract]| follower.note(reading.id, from, extracts);
            note(0, &ticket.extracts)?;
            desk.read_rest(ticket, job, &F::extract, note)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use mail::entry::{self, Trace};
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
            let draft = IndexDraft::begin(&desk.store.private().join("index.db"), false).unwrap();
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
            draft
                .finish(|index| desk.catch_up(index), || Ok(()))
                .unwrap();
            let row = desk.index().unwrap().ticket(TicketId::new(1).unwrap());
            let row = row.unwrap().unwrap();
            send.send((row.entries, row.whole)).unwrap();
        });
        let seen = receive.recv_timeout(Duration::from_secs(60));
        assert_eq!(seen, Ok((1, false)));
    }
}
