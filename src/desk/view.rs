//! A ticket as a delivery wants to know it: read from its mbox, which costs less than opening the
//! index, unless the mbox is large.

use super::Desk;
use super::delivery::Parcel;
use super::reconcile::summarize;
use crate::files::Stamp;
use crate::index::{Overview, Presence};
use crate::store::Mbox;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::Addresses;
use crate::ticket::identity::Identity;
use crate::ticket::summary::Summary;
use anyhow::Result;
use mail::entry::{self, Tail};
use mail::mbox;
use mail::message::Message;
use memchr::memmem;

/// An mbox up to this size is read; in bytes.
const SMALL: u64 = 1 << 20;

/// A ticket as it is now.
#[derive(Debug)]
pub(super) struct View {
    /// What there is to know of it.
    pub(super) row: Overview,
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
            return Ok(row.map(|row| View { row, bytes: None }));
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
            return Ok(Some(View { row, bytes: None }));
        }
        let bytes = self.mend(mbox)?;
        self.read(mbox.id(), state, mbox.stamp()?, bytes).map(Some)
    }

    fn read(&self, id: TicketId, state: State, stamp: Stamp, mut bytes: Vec<u8>) -> Result<View> {
        let whole = match self.tail(id, &bytes)? {
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
        let summary = |entry| header_of(&self.config.addresses, entry);
        let first = first.as_ref().map(summary);
        let last = last.as_ref().map(summary).or_else(|| first.clone());
        let (opened, submitter, subject) = match first {
            Some(first) => (first.at, first.author, first.subject),
            None => (0, None, String::new()),
        };
        let row = Overview {
            id,
            state: Some(state),
            stamp,
            entries,
            opened,
            submitter,
            subject,
            active: last.as_ref().map_or(0, |last| last.at),
            last_automatic: last.as_ref().is_some_and(|last| last.automatic),
            last_from: last.map(|last| last.from).unwrap_or_default(),
            whole,
        };
        Ok(View {
            row,
            bytes: Some(bytes),
        })
    }

    /// Whether this very message is filed in a ticket, or another copy of it (A5).
    pub(super) fn presence(&self, view: &View, parcel: &Parcel) -> Result<Presence> {
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
            Identity::and_origin(&message, &message.from())
        });
        Ok(Presence::among(entries, identity, origin))
    }

    /// Addresses in From, To and Cc of a ticket's messages, each once (C5).
    pub(super) fn people(&self, view: &View) -> Result<Vec<String>> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.people(view.row.id)?);
        };
        let mut people: Vec<String> = Vec::new();
        for entry in mbox::entries(bytes, 0) {
            for address in header_of(&self.config.addresses, &entry)
                .people
                .split(' ')
                .filter(|a| !a.is_empty())
            {
                if !people.iter().any(|p| p == address) {
                    people.push(address.to_owned());
                }
            }
        }
        Ok(people)
    }

    /// How many messages of a ticket were filed since `since`, in seconds since 1970; at most
    /// `most`, which is all that is looked at (C7).
    pub(super) fn filed_since(&self, view: &View, since: i64, most: u32) -> Result<u32> {
        let Some(bytes) = &view.bytes else {
            return Ok(self.index()?.filed_since(view.row.id, since, most)?);
        };
        let skipped = view.row.entries.saturating_sub(u64::from(most));
        let last = mbox::entries(bytes, 0).skip(usize::try_from(skipped).unwrap_or(usize::MAX));
        let filed = last
            .filter(|entry| header_of(&self.config.addresses, entry).at >= since)
            .count();
        Ok(u32::try_from(filed).unwrap_or(u32::MAX))
    }
}

/// What an entry's header says; its body is not looked at.
fn header_of(addresses: &Addresses, found: &mbox::Entry) -> Summary {
    let header = (found.body - found.header) as usize;
    let header = &found.content[..header.min(found.content.len())];
    summarize(addresses, found, &entry::decode(header), Summary::of_header)
}
