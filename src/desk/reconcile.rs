//! Keeps the index true: a row whose stamp is not its file's is read again (D9), and a file
//! that a crash left half written is mended before anything is added (D7).

use super::Desk;
use crate::index::Overview;
use crate::mail::entry;
use crate::mail::envelope::Sender;
use crate::mail::mbox::{self, Tail};
use crate::mail::message::Message;
use crate::store::{Mbox, Place, Stamp};
use crate::ticket::TicketId;
use crate::ticket::summary::Summary;
use anyhow::{Context, Result};

impl Desk {
    /// What there is to know of a ticket now; `None` if there is no such ticket.
    pub fn known(&mut self, id: TicketId) -> Result<Option<Overview>> {
        let row = self.index()?.ticket(id)?;
        let Some((place, stamp)) = self.store.stamp(id)? else {
            if row.is_some_and(|row| row.place.is_some()) {
                self.index_mut()?.gone(id)?;
            }
            return Ok(None);
        };
        if let Some(row) = row
            && row.stamp == stamp
            && row.place == Some(place)
        {
            return Ok(Some(row));
        }
        let Some((place, stamp, bytes)) = self.store.read(id)? else {
            return Ok(None);
        };
        self.note(id, place, stamp, &bytes).map(Some)
    }

    /// The same for a ticket whose locks we hold, and its file ends in a whole entry afterwards.
    pub(super) fn known_locked(&mut self, mbox: &mut Mbox) -> Result<Overview> {
        let (place, stamp) = (mbox.place(), mbox.stamp()?);
        let row = self.index()?.ticket(mbox.id())?;
        if let Some(row) = row
            && row.stamp == stamp
            && row.place == Some(place)
            && row.sound
        {
            return Ok(row);
        }
        let bytes = self.mend(mbox)?;
        self.note(mbox.id(), place, mbox.stamp()?, &bytes)
    }

    /// Makes the end of a locked file such that an entry may follow; gives its bytes.
    fn mend(&self, mbox: &mut Mbox) -> Result<Vec<u8>> {
        loop {
            let bytes = mbox.read()?;
            match self.tail(mbox.id(), &bytes)? {
                Tail::Whole => return Ok(bytes),
                Tail::Missing(newlines) => mbox.append(newlines)?,
                Tail::Torn { keep } => mbox.cut(keep)?,
                Tail::SetAside { keep } => {
                    self.set_aside(mbox.id(), &bytes[keep as usize..])?;
                    mbox.cut(keep)?;
                }
            }
        }
    }

    /// What the end of a file wants. An entry that was seen whole before, and is shorter now, was
    /// edited by hand; so it shall be (D1), and is not the torn end of a delivery.
    fn tail(&self, id: TicketId, bytes: &[u8]) -> Result<Tail> {
        let tail = mbox::tail(bytes, 0);
        let keep = match tail {
            Tail::Torn { keep } | Tail::SetAside { keep } if !bytes.ends_with(b"\0") => {
                keep as usize
            }
            _ => return Ok(tail),
        };
        let seen = match self.index()?.ticket(id)? {
            Some(row) if row.place.is_some() => row.entries,
            _ => 0,
        };
        if mbox::entries(&bytes[..keep], 0).count() as u64 >= seen {
            return Ok(tail);
        }
        Ok(match bytes {
            [.., b'\n', b'\n'] => Tail::Whole,
            [.., b'\n'] => Tail::Missing(b"\n"),
            _ => Tail::Missing(b"\n\n"),
        })
    }

    /// Saves what cannot be told from mail in `.tickets/torn/`, on the disk.
    fn set_aside(&self, id: TicketId, bytes: &[u8]) -> Result<()> {
        use std::io::Write;
        let dir = self.store.private().join("torn");
        let doing = || {
            format!(
                "cannot save the torn end of ticket {id} in {}",
                dir.display()
            )
        };
        std::fs::create_dir_all(&dir).with_context(doing)?;
        let mut file = tempfile::Builder::new()
            .prefix(&format!("{id}.{}.", self.now))
            .tempfile_in(&dir)
            .with_context(doing)?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .with_context(doing)?;
        file.keep().map_err(|e| e.error).with_context(doing)?;
        crate::store::sync_directory(&dir)
    }

    /// Notes a file's messages in the index.
    fn note(&mut self, id: TicketId, place: Place, stamp: Stamp, bytes: &[u8]) -> Result<Overview> {
        let (sound, whole) = match self.tail(id, bytes)? {
            Tail::Whole => (true, bytes.len()),
            Tail::Missing(_) => (false, bytes.len()),
            // Half a message is none, or its other half would be taken for a duplicate.
            Tail::Torn { keep } | Tail::SetAside { keep } => (false, keep as usize),
        };
        let entries = mbox::entries(&bytes[..whole], 0);
        let summaries: Vec<Summary> = entries.map(|e| summarize(&e)).collect();
        let index = self.index_mut()?;
        index.replace(id, place, stamp, &summaries, sound)?;
        let row = index.ticket(id)?;
        row.with_context(|| format!("cannot find ticket {id} in the index"))
    }

    /// Makes sure that every ticket has been in the index at least once; costs something only
    /// after the index was lost.
    pub fn complete_index(&mut self) -> Result<()> {
        if self.index()?.is_complete()? {
            return Ok(());
        }
        self.reconcile_all()?;
        Ok(self.index()?.set_complete()?)
    }

    /// Brings every ticket's row up to date, and forgets those that are gone.
    pub fn reconcile_all(&mut self) -> Result<()> {
        for place in [Place::Open, Place::Archived] {
            self.reconcile(place)?;
        }
        Ok(())
    }

    /// Brings the rows of the tickets in `place` up to date, and of those that were there.
    pub fn reconcile(&mut self, place: Place) -> Result<()> {
        let there = self.store.ids(place)?;
        for &id in &there {
            self.known(id)?;
        }
        let rows = self.index()?.tickets(Some(place))?;
        for row in rows {
            if there.binary_search(&row.id).is_err() {
                self.known(row.id)?;
            }
        }
        Ok(())
    }
}

/// The summary of an entry as it lies in the file, whoever wrote it there.
fn summarize(found: &mbox::Entry) -> Summary {
    let decoded = entry::decode(found.content);
    let sender = match &decoded.return_path {
        Some(path) => Sender::parse(path),
        None => match mbox::sender_of(found.from_line) {
            Some(sender) => Sender::parse(&String::from_utf8_lossy(sender)),
            None => Sender::Unknown,
        },
    };
    let message = Message::new(&decoded.raw);
    let at = mbox::date_of(found.from_line).or_else(|| message.date());
    Summary::of(&message, &sender, at.unwrap_or(0))
}
