//! Reading tickets without a lock: which ones exist, in which state, and what they contain.

use super::Store;
use crate::clock;
use crate::error::{Fault, Status, quoted_path};
use crate::files::{Found, Place, Stamp, absent, is_no_file};
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::PathBuf;

/// How often to look for a ticket before it counts as missing. One attempt takes a microsecond.
const ATTEMPTS: usize = 40;

/// The age, in nanoseconds, at which a time stamp is final. File systems keep time in steps of up to ten
/// milliseconds.
const TICK: i128 = 50_000_000;

impl Store {
    /// The ticket's state; `None` if there is no such ticket. If both files exist, it is open.
    ///
    /// # Errors
    /// Something that is no file has the ticket's name, and the ticket may be beneath it.
    pub(crate) fn locate(&self, id: TicketId) -> Result<Option<State>> {
        if let Some((state, _)) = self.stamp(id)? {
            return Ok(Some(state));
        }
        for state in [State::Open, State::Closed] {
            let path = self.path(id, state);
            let place = self.place(id, state).ok();
            if let Some(e) = place.and_then(|place| place.obstacle()) {
                let text = format!("cannot open {}: {e}", path.display());
                let hint = format!("`ls -l {}` shows it; move it away", quoted_path(&path));
                return Err(Fault::new(Status::TempFail, text).hint(hint).into());
            }
        }
        Ok(None)
    }

    /// The ticket's state and its file's stamp.
    pub(crate) fn stamp(&self, id: TicketId) -> Result<Option<(State, Stamp)>> {
        // No system call checks both directories at once. A ticket that moves between two calls seems to
        // be missing, and its mail would bounce. This many failures in a row cannot be chance.
        let states = [State::Open, State::Closed].into_iter().cycle();
        for state in states.take(ATTEMPTS) {
            if let Some(stamp) = self.stamp_in(id, state)? {
                return Ok(Some((state, stamp)));
            }
        }
        Ok(None)
    }

    /// True if there is a ticket with this number, or anything else with its name; one that is on the move may be
    /// missed.
    pub(crate) fn is_taken(&self, id: TicketId) -> Result<bool> {
        Ok(self.found(id, State::Open)?.is_some() || self.found(id, State::Closed)?.is_some())
    }

    /// True if an open ticket cannot be closed, since its number is also that of another file among the
    /// closed ones. Two names of one file are a move that was broken off, which the next lock completes.
    pub(crate) fn is_in_both_places(&self, id: TicketId) -> Result<bool> {
        // The closed one first: where there is none, as always, that is all.
        let Some(closed) = self.found(id, State::Closed)? else {
            return Ok(false);
        };
        let open = self.found(id, State::Open)?.filter(Found::is_file);
        Ok(open.is_some_and(|open| !open.is_same_file(&closed)))
    }

    /// The stamp of a ticket's file in `state`; `None` if there is none.
    pub(crate) fn stamp_in(&self, id: TicketId, state: State) -> Result<Option<Stamp>> {
        let found = self.found(id, state)?.filter(Found::is_file);
        Ok(found.map(|found| found.stamp()))
    }

    /// The numbers of all tickets in `state`, in ascending order. Locks and temporary files of
    /// mail programs are not among them.
    pub(crate) fn ids(&self, state: State) -> Result<Vec<TicketId>> {
        let mut ids = Vec::new();
        self.each(state, |id, _| {
            ids.push(id);
            Ok(true)
        })?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Like [`Store::ids`], with the stamps of the files.
    pub(crate) fn stamps(&self, state: State) -> Result<Vec<(TicketId, Stamp)>> {
        let mut stamps = Vec::new();
        self.each(state, |id, place| {
            // It may have been moved or removed since the directory was read.
            let found = place.found()?.filter(Found::is_file);
            stamps.extend(found.map(|found| (id, found.stamp())));
            Ok(true)
        })?;
        stamps.sort_unstable_by_key(|&(id, _)| id);
        Ok(stamps)
    }

    /// When a file in the directory of `state` was last created, removed or moved, in nanoseconds since
    /// 1970. Mail programs create a lock file there when they change an mbox. `None` if there is no such
    /// directory.
    pub(crate) fn directory_mtime(&self, state: State) -> Result<Option<i64>> {
        let found = match self.dir_of(state) {
            Err(e) if absent(&e) => return Ok(None),
            dir => dir.and_then(|dir| Found::of(dir.file())),
        };
        let found =
            found.with_context(|| format!("cannot look at {}", self.dir(state).display()))?;
        Ok(Some(found.modified()))
    }

    /// Like [`Store::directory_mtime`], but `None` if that was just now: another change within the same
    /// clock tick would leave the same mtime.
    pub(crate) fn final_directory_mtime(&self, state: State) -> Result<Option<i64>> {
        let now = clock::now().as_nanosecond();
        let mtime = self.directory_mtime(state)?;
        Ok(mtime.filter(|&at| i128::from(at) + TICK < now))
    }

    /// True if no ticket is in `state`.
    pub(crate) fn is_empty(&self, state: State) -> Result<bool> {
        let mut empty = true;
        self.each(state, |_, _| {
            empty = false;
            Ok(false)
        })?;
        Ok(empty)
    }

    /// Visits the regular files in the directory of `state` that are named like a ticket, until `visit` returns false.
    fn each(
        &self,
        state: State,
        mut visit: impl FnMut(TicketId, &Place) -> std::io::Result<bool>,
    ) -> Result<()> {
        let visited = match self.dir_of(state) {
            Err(e) if absent(&e) => return Ok(()),
            dir => dir.and_then(|dir| {
                dir.each(|name, is_file| match name.parse() {
                    Ok(id) if is_file => visit(id, &dir.at(name)),
                    _ => Ok(true),
                })
            }),
        };
        visited.with_context(|| format!("cannot read {}", self.dir(state).display()))
    }

    /// Opens a ticket's mbox for reading, without a lock; `None` if there is no such ticket. The file's access
    /// time is not changed, or mutt would no longer show new mail.
    pub(crate) fn open(&self, id: TicketId) -> Result<Option<OpenMbox>> {
        for attempt in 0..30 {
            let state = [State::Open, State::Closed][attempt % 2];
            let path = self.path(id, state);
            let doing = || format!("cannot read {}", path.display());
            match self.place(id, state).and_then(|place| place.open_quietly()) {
                Ok(file) => {
                    let stamp = Found::of(&file).with_context(doing)?.stamp();
                    return Ok(Some(OpenMbox {
                        state,
                        stamp,
                        file,
                        path,
                    }));
                }
                // A symbolic link or a named pipe is not a ticket.
                Err(e) if absent(&e) || is_no_file(&e) => {}
                Err(e) => return Err(e).with_context(doing),
            }
            // It was in neither state, but it may have moved between the two attempts.
            if state == State::Closed && self.stamp(id)?.is_none() {
                return Ok(None);
            }
        }
        anyhow::bail!("cannot read ticket {id}: its file is moved all the time")
    }

    /// Syncs a ticket: the bytes of its mbox and both directories.
    pub(crate) fn sync(&self, id: TicketId) -> Result<()> {
        if let Some(mbox) = self.open(id)? {
            mbox.sync()?;
        }
        self.sync_directories()
    }
}

/// A ticket's mbox, open for reading.
#[derive(Debug)]
pub(crate) struct OpenMbox {
    /// Its state when it was opened.
    pub(crate) state: State,
    /// Its stamp when it was opened.
    pub(crate) stamp: Stamp,
    file: File,
    path: PathBuf,
}

impl OpenMbox {
    /// The file, of which its first `stamp.size` bytes are meant.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn into_file(self) -> File {
        self.file
    }

    pub(crate) fn read(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.stamp.size as usize + 1);
        let read = std::io::Read::read_to_end(&mut self.file, &mut bytes);
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(bytes)
    }

    /// The bytes from `offset` on: `size` of them, or as many as there are.
    pub(crate) fn read_part(&self, offset: u64, size: u64) -> Result<Vec<u8>> {
        use std::io::{Read, Seek, SeekFrom};
        let mut bytes = Vec::new();
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(size).read_to_end(&mut bytes));
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(bytes)
    }

    /// Syncs its bytes, including those that other programs wrote.
    fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.with_context(|| format!("cannot sync {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_that_keeps_moving_is_always_found() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let id = TicketId::new(1).unwrap();
        let (open, archived) = (store.path(id, State::Open), store.path(id, State::Closed));
        std::fs::write(&open, "").unwrap();
        std::thread::scope(|scope| {
            let looks = scope.spawn(|| (0..50_000).all(|_| store.stamp(id).unwrap().is_some()));
            while !looks.is_finished() {
                std::fs::rename(&open, &archived).unwrap();
                std::fs::rename(&archived, &open).unwrap();
            }
            assert!(looks.join().unwrap());
        });
        std::fs::remove_file(&open).unwrap();
        assert_eq!(store.stamp(id).unwrap(), None);
    }
}
