//! A ticket as a delivery wants to know it: read from its mbox, which costs less than opening the
//! index, unless the mbox is large.

use super::Desk;
use super::mend;
use super::parcel::Parcel;
use super::reading::first_entry;
use super::reconcile::summarize;
use crate::files::Stamp;
use crate::index::{Earlier, Overview, Presence};
use crate::store::Mbox;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::event;
use crate::ticket::identity::{self, Identity};
use crate::ticket::staff::Staff;
use crate::ticket::summary::Summary;
use anyhow::Result;
use mail::entry::{self, Tail};
use mail::mbox;
use mail::message::Message;
use memchr::memmem;
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// An mbox up to this size is read; in bytes.
const SMALL: u64 = 1 << 20;

/// A ticket as it is now.
#[derive(Debug)]
pub(super) struct View {
    /// What there is to know of it.
    pub(super) row: Overview,
    /// Its last message closed it. If its file lies among the open ones all the same, a delivery that was
    /// to re-open it died, or one that closed it.
    pub(super) ends_closed: bool,
    /// Its mbox up to the end of the last whole entry; `None` if the index knows the rest.
    bytes: Option<Vec<u8>>,
}

impl Desk {
    /// A ticket as it is now; `None` if there is no such ticket.
    pub(super) fn view(&mut self, id: TicketId) -> Result<Option<View>> {
        let Some(mut file) = self.store.open(id)? else {
            return Ok(None);
        };
        if file.stamp.size > SMALL {
            drop(file);
            let row = self.known(id)?;
            return row.map(|row| self.indexed(row)).transpose();
        }
        let bytes = file.read()?;
        self.read(id, file.state, file.stamp, bytes).map(Some)
    }

    /// Like [`Desk::view`], for a ticket whose locks are held. Its file ends in a whole entry afterwards.
    /// `None` if it is as it was when `seen` was made.
    pub(super) fn view_locked(&mut self, mbox: &mut Mbox, seen: &View) -> Result<Option<View>> {
        let (state, stamp) = (mbox.state(), mbox.stamp()?);
        if seen.row.stamp == stamp && seen.row.state == Some(state) && seen.row.whole {
            return Ok(None);
        }
        if stamp.size > SMALL {
            let row = self.known_locked(mbox)?;
            return self.indexed(row).map(Some);
        }
        self.mend(mbox)?;
        let bytes = mbox.read()?;
        self.read(mbox.id(), state, mbox.stamp()?, bytes).map(Some)
    }

    fn read(&self, id: TicketId, state: State, stamp: Stamp, mut bytes: Vec<u8>) -> Result<View> {
        let whole = match mend::tail(|| self.index(), id, &bytes)? {
            Tail::Whole => true,
            Tail::Missing(_) => false,
            Tail::Torn { keep } | Tail::SetAside { keep } => {
                bytes.truncate(keep as usize);
                false
            }
        };
        let mut entries = mbox::entries(&bytes, 0);
        let first = entries.next();
        let (later, last) = entries.fold((0, None), |(count, _), entry| (count + 1, Some(entry)));
        let entries = later + u64::from(first.is_some());
        let staff = self.staff();
        let header_of = |entry| header_of(&staff, entry);
        let first = first.as_ref().map(header_of);
        let ends_closed = last
            .as_ref()
            .is_some_and(|last| asks_to_close(&staff, last));
        let last = last.as_ref().map(header_of).or_else(|| first.clone());
        let (opened, submitter, said, subject) = match first {
            Some(first) if first.author.is_none() => (first.at, None, first.name, first.subject),
            Some(first) => (first.at, first.author, String::new(), first.subject),
            None => (0, None, String::new(), String::new()),
        };
        let row = Overview {
            id,
            state: Some(state),
            stamp,
            entries,
            opened,
            submitter,
            said,
            subject,
            active: last.as_ref().map_or(0, |last| last.at),
            word_from: None,
            last_undelivered: false,
            last_from: last.map(|last| last.from).unwrap_or_default(),
            whole,
        };
        Ok(View {
            row,
            ends_closed,
            bytes: Some(bytes),
        })
    }

    /// A large ticket, of which the index knows the rest.
    fn indexed(&self, row: Overview) -> Result<View> {
        let ends_closed = self.index()?.ends_closed(row.id)?;
        Ok(View {
            row,
            ends_closed,
            bytes: None,
        })
    }

    /// Whether this very message is filed in a ticket, or another copy of it (A5), as far as that silences what `verb`
    /// asks.
    pub(super) fn presence(&self, view: &View, parcel: &Parcel, verb: Verb) -> Result<Presence> {
        let presence = self.held_in(view, parcel)?;
        let is_held = presence.at.is_some() || presence.is_copy;
        match is_held && !self.is_silenced(parcel, view.row.id, Some(verb))? {
            true => Ok(Presence::default()),
            false => Ok(presence),
        }
    }

    fn held_in(&self, view: &View, parcel: &Parcel) -> Result<Presence> {
        let (identity, origin) = (&parcel.summary.identity, parcel.summary.origin);
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.presence(view.row.id, identity, origin)?);
        };
        // The same message has the same Message-ID, in the same bytes: without these it cannot be there.
        let message = parcel.incoming.message;
        let msg_id = message.message_id().filter(|id| id.len() < 500);
        let finder = msg_id.as_ref().map(memmem::Finder::new);
        let stands_in = |bytes: &[u8]| match &finder {
            Some(id) => id.find(bytes).is_some(),
            None => true,
        };
        if stands_in(message.raw()) && !stands_in(bytes) {
            return Ok(Presence::default());
        }
        let entries = mbox::entries(bytes, 0).map(|entry| {
            let decoded = entry::decode(entry.content);
            let message = Message::new(&decoded.raw);
            Identity::and_origin(&message)
        });
        Ok(Presence::among(entries, identity, origin))
    }

    /// Those of `asked` that are in From, Reply-To, To or Cc of a ticket's messages (C5). Who all the others
    /// are is not collected: strangers may name a million of them.
    pub(super) fn people(&self, view: &View, asked: &HashSet<String>) -> Result<HashSet<String>> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.people(view.row.id, asked)?);
        };
        let staff = self.staff();
        let mut found = HashSet::new();
        for entry in mbox::entries(bytes, 0) {
            found.extend(header_of(&staff, &entry).people_among(asked));
        }
        Ok(found)
    }

    /// How many messages of a ticket were filed in `span`, in seconds since 1970; at most `most`, which is
    /// all that is looked at (C7).
    pub(super) fn filed_in(
        &self,
        view: &View,
        span: &RangeInclusive<i64>,
        most: u32,
    ) -> Result<u32> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.filed_in(view.row.id, span, most)?);
        };
        let skipped = view.row.entries.saturating_sub(u64::from(most));
        let staff = self.staff();
        let last = mbox::entries(bytes, 0).skip(usize::try_from(skipped).unwrap_or(usize::MAX));
        let filed = last
            .filter(|entry| span.contains(&header_of(&staff, entry).at))
            .count();
        Ok(u32::try_from(filed).unwrap_or(u32::MAX))
    }
}

/// A message that another one names as its parent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parent<'a> {
    /// It has this Message-ID.
    Filed(&'a str),
    /// An answer of ours to the message with this digest.
    AnswerTo(&'a [u8]),
}

impl Desk {
    /// Who wrote the first message of a ticket.
    pub(super) fn first_of(&self, view: &View) -> Result<Option<Earlier>> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.first_writer(view.row.id)?);
        };
        let first = mbox::entries(bytes, 0).next();
        Ok(first.map(|entry| earlier(header_of(&self.staff(), &entry))))
    }

    /// Whether any message of a ticket `is_it`: by its writer's address, in lower case, and whether a machine
    /// wrote it.
    pub(super) fn has_writer(
        &self,
        view: &View,
        is_it: &dyn Fn(&str, bool) -> bool,
    ) -> Result<bool> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.has_writer(view.row.id, is_it)?);
        };
        let staff = self.staff();
        Ok(mbox::entries(bytes, 0).any(|entry| {
            let header = header_of(&staff, &entry);
            is_it(&header.from, header.automatic)
        }))
    }

    /// The msg-id of the message that opened a ticket. Only the beginning of the file is read.
    pub(super) fn opening_msg_id(&self, id: TicketId) -> Option<String> {
        const HEADER: u64 = 64 << 10;
        let file = self.store.open(id).ok().flatten()?;
        let bytes = file.read_part(0, HEADER.min(file.stamp.size)).ok()?;
        let entry = first_entry(&bytes)?;
        Message::new(&entry.raw).message_id()
    }

    /// Who wrote the message of a ticket that `parent` is, or that it answers; `None` if there is no such
    /// message in it.
    pub(super) fn writer_of(&self, view: &View, parent: Parent) -> Result<Option<Earlier>> {
        let Some(bytes) = &view.bytes else {
            let index = self.index()?;
            return Ok(match parent {
                Parent::Filed(id) => index.writer_by_key(view.row.id, identity::key(id))?,
                Parent::AnswerTo(digest) => index.writer_by_digest(view.row.id, digest)?,
            });
        };
        let staff = self.staff();
        let is_it = |entry: &mbox::Entry| match parent {
            Parent::Filed(id) => {
                let header = entry::decode(header_bytes(entry));
                Message::new(&header.raw).message_id().as_deref() == Some(id)
            }
            Parent::AnswerTo(digest) => {
                let decoded = entry::decode(entry.content);
                Identity::of(&Message::new(&decoded.raw)).digest == digest
            }
        };
        let found = mbox::entries(bytes, 0).find(is_it);
        Ok(found.map(|entry| earlier(header_of(&staff, &entry))))
    }
}

fn earlier(summary: Summary) -> Earlier {
    Earlier {
        from: summary.from,
        name: summary.name,
        automatic: summary.automatic,
        people: summary.people,
    }
}

/// True if an entry is filed under the address that closes its ticket.
fn asks_to_close(staff: &Staff, found: &mbox::Entry) -> bool {
    let header = entry::decode(header_bytes(found));
    let filed_under = header.delivered_to.as_deref();
    filed_under.and_then(|address| event::asked(staff.addresses, address)) == Some(Verb::Done)
}

fn header_bytes<'a>(found: &mbox::Entry<'a>) -> &'a [u8] {
    let header = (found.body - found.header) as usize;
    &found.content[..header.min(found.content.len())]
}

/// What an entry's header says; its body is not looked at.
fn header_of(staff: &Staff, found: &mbox::Entry) -> Summary {
    let header = entry::decode(header_bytes(found));
    summarize(staff, found, &header, Summary::of_header).summary
}
