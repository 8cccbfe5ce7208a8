//! What lies in the mbox of a year already.

use crate::desk::Desk;
use crate::files::Stamp;
use crate::parts::archive::mark::{self, ExportMark};
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use mail::entry::{self, Decoded, Verdict};
use mail::mbox::FileEntries;
use std::collections::{HashMap, HashSet};

/// The messages of some tickets in the mbox of a year.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the file was like when it was read; `None` if there was none.
    pub(super) stamp: Option<Stamp>,
    messages: HashMap<TicketId, HashSet<String>>,
}

impl Known {
    /// Looks through the mbox for the messages of those tickets.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(desk: &Desk, year: u16, wanted: &HashSet<TicketId>) -> Result<Known> {
        let mut known = Known::default();
        known.stamp = each_entry(desk, year, &mut |mark, content| {
            if wanted.contains(&mark.ticket) {
                known.add(mark.ticket, content);
            }
        })?;
        Ok(known)
    }

    /// Notes a message. False if it was there.
    pub(super) fn add(&mut self, ticket: TicketId, content: &[u8]) -> bool {
        let messages = self.messages.entry(ticket).or_default();
        messages.insert(key(&entry::decode(content)))
    }

    /// True if a ticket has, with these `messages`, all that is there of it. What somebody deleted in the ticket would
    /// come back with the rest.
    pub(super) fn is_all_among(&self, ticket: TicketId, messages: &HashSet<String>) -> bool {
        let there = self.messages.get(&ticket);
        there.is_none_or(|there| there.is_subset(messages))
    }
}

/// Visits the entries of tickets in the mbox of a year, one in memory at a time. Returns what the file is like; `None` if
/// there is none.
///
/// # Errors
/// It cannot be read.
pub(super) fn each_entry(
    desk: &Desk,
    year: u16,
    visit: &mut dyn FnMut(ExportMark, &[u8]),
) -> Result<Option<Stamp>> {
    let Some((file, stamp)) = desk.store.open_year(year)? else {
        return Ok(None);
    };
    let doing = || format!("cannot read {}", desk.store.year_path(year).display());
    let mut entries = FileEntries::new(&file, stamp.size).with_context(doing)?;
    let mut bytes = Vec::new();
    while let Some(found) = entries.next_into(&mut bytes).with_context(doing)? {
        // What a mail program has saved there besides is nobody's ticket.
        if let Some((mark, _)) = mark::read(found.content) {
            visit(mark, found.content);
        }
    }
    Ok(Some(stamp))
}

/// What tells a message from all others: the digest of its bytes, as it is now.
pub(super) fn key(decoded: &Decoded) -> String {
    match (&decoded.sha256, decoded.verdict) {
        (Some(sha256), Verdict::Intact) => sha256.clone(),
        _ => entry::digest(&decoded.raw),
    }
}
