//! A ticket that may be put away, as it is at one moment.

use super::year::key;
use crate::desk::Desk;
use crate::error;
use crate::parts::archive::export::snapshot::Snapshot;
use crate::patience::Patience;
use crate::ticket::identity::Identity;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::entry;
use mail::message::Message;
use std::collections::HashSet;
use std::time::Duration;

/// A ticket that is to be put away.
pub(super) struct Old<'d> {
    pub(super) snapshot: Snapshot<'d>,
    /// What names each of its messages.
    pub(super) messages: HashSet<String>,
    /// The digest of the first of them (A5).
    pub(super) opening: [u8; 16],
    /// When the last one was filed, in seconds since 1970.
    pub(super) last: i64,
}

/// What was found out about a ticket.
pub(super) enum Look<'d> {
    Old(Box<Old<'d>>),
    /// It is not old enough after all, or no longer there.
    No,
    /// It is old enough, and has to stay for now: why.
    Stays(String),
}

/// Nobody is waited for: the next run comes.
pub(super) fn at_once() -> Patience {
    Patience::new(Duration::ZERO)
}

/// Looks whether a ticket is one in which nothing was filed since `limit`.
pub(super) fn look(desk: &Desk, id: TicketId, limit: i64) -> Look<'_> {
    // A mail program may be writing to it, or a delivery.
    match desk.store.lock(id, at_once()) {
        Ok(Some(mbox)) if mbox.state() == State::Closed => {}
        Ok(_) => return Look::No,
        Err(e) => return Look::Stays(error::line(&e)),
    }
    match read(desk, id, limit) {
        Ok(look) => look,
        Err(e) => Look::Stays(error::line(&e)),
    }
}

fn read(desk: &Desk, id: TicketId, limit: i64) -> Result<Look<'_>> {
    let snapshot = Snapshot::open(desk, id)?;
    let Some(snapshot) = snapshot.filter(|it| it.state() == State::Closed) else {
        return Ok(Look::No);
    };
    if !snapshot.is_whole() {
        return Ok(Look::Stays("it ends in the middle of a message".to_owned()));
    }
    let mut messages = HashSet::new();
    let (mut opening, mut newest, mut last) = (None, i64::MIN, 0);
    snapshot.each(&mut |message| {
        let decoded = entry::decode(&message.content);
        messages.insert(key(&decoded));
        opening.get_or_insert_with(|| Identity::of(&Message::new(&decoded.raw)).digest);
        (newest, last) = (newest.max(message.at), message.at);
        Ok(())
    })?;
    Ok(match opening {
        Some(_) if last <= 0 => Look::Stays("its last message has no date".to_owned()),
        Some(opening) if newest < limit => Look::Old(Box::new(Old {
            snapshot,
            messages,
            opening,
            last,
        })),
        _ => Look::No,
    })
}
