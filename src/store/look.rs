//! Looking at tickets without a lock: which there are, where they lie, what is in them.

use super::Store;
use crate::files::{Stamp, absent, open_quietly};
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use nix::libc;
use std::fs::{DirEntry, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// How often a ticket is looked for before it is said not to be there. A look takes a microsecond.
const LOOKS: usize = 40;

/// In nanoseconds: file systems count time in steps of up to ten milliseconds.
const TICK: i128 = 50_000_000;

impl Store {
    /// Where the ticket is, `None` if there is no such ticket. A ticket in both places is open.
    pub fn locate(&self, id: TicketId) -> Result<Option<State>> {
        Ok(self.stamp(id)?.map(|(state, _)| state))
    }

    /// Where the ticket is, and its file's stamp.
    pub fn stamp(&self, id: TicketId) -> Result<Option<(State, Stamp)>> {
        // A ticket that is moved between two looks is in neither place, and its mail would bounce.
        // No look sees both at once; so many in vain are no chance any more.
        let states = [State::Open, State::Closed].into_iter().cycle();
        for state in states.take(LOOKS) {
            if let Some(stamp) = self.stamp_in(id, state)? {
                return Ok(Some((state, stamp)));
            }
        }
        Ok(None)
    }

    /// True if there is a ticket with this number; one that is on the move may be missed.
    pub fn is_taken(&self, id: TicketId) -> Result<bool> {
        let stamp = self.stamp_in(id, State::Open)?;
        Ok(stamp.is_some() || self.stamp_in(id, State::Closed)?.is_some())
    }

    /// The stamp of a ticket's file in `state`, if it lies there.
    pub fn stamp_in(&self, id: TicketId, state: State) -> Result<Option<Stamp>> {
        let path = self.path(id, state);
        match std::fs::symlink_metadata(&path) {
            Ok(meta) => Ok(meta.is_file().then(|| Stamp::of(&meta))),
            Err(e) if absent(&e) => Ok(None),
            Err(e) => Err(e).with_context(|| format!("cannot look at {}", path.display())),
        }
    }

    /// The numbers of all tickets in `state`, in ascending order. Locks and temporary files of
    /// mail programs are not among them.
    pub fn ids(&self, state: State) -> Result<Vec<TicketId>> {
        let mut ids = Vec::new();
        self.each(state, |id, entry| {
            if entry.file_type()?.is_file() {
                ids.push(id);
            }
            Ok(true)
        })?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// The same with their files' stamps.
    pub fn stamps(&self, state: State) -> Result<Vec<(TicketId, Stamp)>> {
        let mut stamps = Vec::new();
        self.each(state, |id, entry| {
            match entry.metadata() {
                Ok(meta) if meta.is_file() => stamps.push((id, Stamp::of(&meta))),
                Ok(_) => {}
                // Moved or removed since the directory was read.
                Err(e) if absent(&e) => {}
                Err(e) => return Err(e),
            }
            Ok(true)
        })?;
        stamps.sort_unstable_by_key(|&(id, _)| id);
        Ok(stamps)
    }

    /// When a file in `state` was last created, removed or moved, in nanoseconds since 1970; mail
    /// programs make a lock there when they change one. `None` if there is no such directory.
    pub fn changed(&self, state: State) -> Result<Option<i64>> {
        let dir = self.dir(state);
        match std::fs::metadata(&dir) {
            Ok(meta) => Ok(Some(meta.mtime() * 1_000_000_000 + meta.mtime_nsec())),
            Err(e) if absent(&e) => Ok(None),
            Err(e) => Err(e).with_context(|| format!("cannot look at {}", dir.display())),
        }
    }

    /// The same; `None` also if that was just now, since what happens within the same tick of the
    /// clock does not show.
    pub fn settled(&self, state: State) -> Result<Option<i64>> {
        let now = jiff::Timestamp::now().as_nanosecond();
        let changed = self.changed(state)?;
        Ok(changed.filter(|&at| i128::from(at) + TICK < now))
    }

    /// True if there is no ticket at all in `state`.
    pub fn is_empty(&self, state: State) -> Result<bool> {
        let mut empty = true;
        self.each(state, |_, entry| {
            empty &= !entry.file_type()?.is_file();
            Ok(empty)
        })?;
        Ok(empty)
    }

    /// Hands out what in `state` is named like a ticket, until `visit` says false.
    fn each(
        &self,
        state: State,
        mut visit: impl FnMut(TicketId, DirEntry) -> std::io::Result<bool>,
    ) -> Result<()> {
        let dir = self.dir(state);
        let doing = || format!("cannot read {}", dir.display());
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) if absent(&e) => return Ok(()),
            Err(e) => return Err(e).with_context(doing),
        };
        for entry in entries {
            let entry = entry.with_context(doing)?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|n| n.parse::<TicketId>().ok());
            if let Some(id) = id
                && !visit(id, entry).with_context(doing)?
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads a ticket's mbox without a lock; `None` if there is no such ticket. The file's access
    /// time stays as it is, or mutt's new-mail mark would vanish.
    pub fn read(&self, id: TicketId) -> Result<Option<(State, Stamp, Vec<u8>)>> {
        let Some(mut file) = self.open(id)? else {
            return Ok(None);
        };
        let bytes = file.read()?;
        Ok(Some((file.state, file.stamp, bytes)))
    }

    /// Opens a ticket's mbox for reading, like [`Store::read`].
    pub fn open(&self, id: TicketId) -> Result<Option<OpenMbox>> {
        for attempt in 0..30 {
            let state = [State::Open, State::Closed][attempt % 2];
            let path = self.path(id, state);
            let doing = || format!("cannot read {}", path.display());
            match open_quietly(&path) {
                Ok(file) => {
                    let meta = file.metadata().with_context(doing)?;
                    if meta.is_file() {
                        let stamp = Stamp::of(&meta);
                        return Ok(Some(OpenMbox {
                            state,
                            stamp,
                            file,
                            path,
                        }));
                    }
                }
                // A symbolic link is no ticket.
                Err(e) if absent(&e) || e.raw_os_error() == Some(libc::ELOOP) => {}
                Err(e) => return Err(e).with_context(doing),
            }
            // In neither place, unless it moved between the two looks.
            if state == State::Closed && self.stamp(id)?.is_none() {
                return Ok(None);
            }
        }
        anyhow::bail!("cannot read ticket {id}: it moves all the time")
    }

    /// Makes sure that a ticket's mbox lasts as it is now: its bytes, its name and its place.
    pub fn sync(&self, id: TicketId) -> Result<()> {
        if let Some(mbox) = self.open(id)? {
            mbox.sync()?;
        }
        self.sync_places()
    }
}

/// A ticket's mbox, open for reading.
#[derive(Debug)]
pub struct OpenMbox {
    /// Where it lay when it was opened.
    pub state: State,
    /// What it looked like then.
    pub stamp: Stamp,
    file: File,
    path: PathBuf,
}

impl OpenMbox {
    /// All its bytes.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.stamp.size as usize + 1);
        let read = std::io::Read::read_to_end(&mut self.file, &mut bytes);
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(bytes)
    }

    /// Its bytes from `offset` on, `size` of them or as many as there are.
    pub fn read_part(&self, offset: u64, size: u64) -> Result<Vec<u8>> {
        use std::io::{Read, Seek, SeekFrom};
        let mut bytes = Vec::new();
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(size).read_to_end(&mut bytes));
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(bytes)
    }

    /// Makes sure that its bytes are on the disk, whoever wrote them.
    fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.with_context(|| format!("cannot sync {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_that_is_moved_all_the_time_is_always_there() {
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
