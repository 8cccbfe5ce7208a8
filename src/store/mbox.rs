//! One ticket's mbox, open and locked.

use super::lock::{self, Dotlock, Patience};
use super::{Store, Unfiled};
use crate::files::{Found, Stamp, absent};
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A ticket's mbox with both locks held. Dropping it releases them.
#[derive(Debug)]
pub(crate) struct Mbox<'s> {
    store: &'s Store,
    id: TicketId,
    state: State,
    file: File,
    // Last, so that it is dropped after the file and its fcntl lock: the reverse of the order of locking.
    _dotlock: Dotlock,
}

impl Store {
    /// Opens and locks a ticket's mbox for appending; `None` if there is no such ticket.
    ///
    /// # Errors
    /// Status 75 if others hold a lock for longer than `patience`.
    pub(crate) fn lock(&self, id: TicketId, patience: Patience) -> Result<Option<Mbox<'_>>> {
        loop {
            let Some((state, _)) = self.stamp(id)? else {
                return Ok(None);
            };
            let place = self.opened(state)?.at(id.to_string());
            let path = place.path();
            let doing = || format!("cannot open {}", path.display());
            let file = match place.open(OFlag::O_RDWR | OFlag::O_APPEND) {
                Ok(file) => file,
                Err(e) if absent(&e) => continue,
                Err(e) => return Err(e).with_context(doing),
            };
            lock::fcntl_lock(&file, &path, patience)?;
            let dotlock = Dotlock::acquire(&place, patience)?;
            // Before we got the lock, it may have been moved to archived/ or replaced.
            let ours = Found::of(&file).with_context(doing)?;
            match place.found() {
                Ok(Some(now)) if now.is_same_file(&ours) => {
                    if ours.names() > 1 {
                        self.remove_other_name(id, state, &ours);
                    }
                    return Ok(Some(Mbox {
                        store: self,
                        id,
                        state,
                        file,
                        _dotlock: dotlock,
                    }));
                }
                _ if patience.wait() => {}
                _ => anyhow::bail!("cannot lock ticket {id}: its file is moved all the time"),
            }
        }
    }

    /// Where rename is not atomic across a power cut, an interrupted move may have left both names. The
    /// name for `state` stays.
    fn remove_other_name(&self, id: TicketId, state: State, ours: &Found) {
        if let Ok(other) = self.place(id, state.other())
            && let Ok(Some(found)) = other.found()
            && found.is_same_file(ours)
        {
            let _ = other.remove();
        }
    }
}

impl Mbox<'_> {
    pub(crate) fn id(&self) -> TicketId {
        self.id
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.store.path(self.id, self.state)
    }

    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let found = Found::of(&self.file);
        let found = found.with_context(|| format!("cannot look at {}", self.path().display()))?;
        Ok(found.stamp())
    }

    /// The file, for reading.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let size = self.stamp()?.size as usize;
        let mut bytes = vec![0; size];
        let doing = || format!("cannot read {}", self.path().display());
        self.file.read_exact_at(&mut bytes, 0).with_context(doing)?;
        Ok(bytes)
    }

    /// Appends and syncs `entry`.
    ///
    /// # Errors
    /// After an error the file has its old length again, so the caller may simply retry, or the error says that it
    /// stays.
    pub(crate) fn append(&mut self, entry: &[u8]) -> Result<(), Unfiled> {
        let doing = || format!("cannot append to {}", self.path().display());
        let old = self.stamp()?.size;
        let written = (&self.file)
            .write_all(entry)
            .and_then(|()| self.file.sync_all());
        let Err(e) = written else { return Ok(()) };
        let undone = self.file.set_len(old);
        let _ = self.file.sync_all();
        Err(Unfiled {
            cause: anyhow::Error::from(e).context(doing()),
            stays: undone.is_err(),
        })
    }

    /// Truncates the file to `length` bytes, to remove a partial entry that a crash left.
    pub(crate) fn truncate(&mut self, length: u64) -> Result<()> {
        let doing = || format!("cannot mend {}", self.path().display());
        self.file
            .set_len(length)
            .and_then(|()| self.file.sync_all())
            .with_context(doing)
    }

    /// Removes the ticket, if it is closed and nobody has touched its file since it was `copied`. False if it stays. That
    /// it is gone is durable when [`Store::sync_names`] has returned.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove_unchanged(self, copied: Stamp) -> Result<bool> {
        if self.state != State::Closed || self.stamp()? != copied {
            return Ok(false);
        }
        let place = self.store.place(self.id, self.state);
        let removed = place.and_then(|place| place.remove());
        removed.with_context(|| format!("cannot remove {}", self.path().display()))?;
        Ok(true)
    }

    /// Closes or re-opens the ticket by moving its mbox.
    ///
    /// # Errors
    /// If there already is a file with that number, nothing is done, since neither may be lost.
    pub(crate) fn move_to(&mut self, state: State) -> Result<()> {
        if state == self.state {
            return Ok(());
        }
        let (from, to) = (self.path(), self.store.path(self.id, state));
        let doing = || format!("cannot move {} to {}", from.display(), to.display());
        let place = |state| self.store.place(self.id, state);
        let moved = place(self.state).and_then(|from| from.move_to(&place(state)?));
        moved.with_context(doing)?;
        self.state = state;
        self.store.sync_directories()
    }
}
