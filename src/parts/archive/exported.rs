//! One entry as it is exported: with a mark on top, so that an import knows its ticket again, and such
//! that any mail program can read it.

use crate::ticket::TicketId;
use crate::ticket::address::{Addresses, Verb};
use super::message;
use super::mark::{Mark, Role};
use mail::entry::{self, Trace};
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;

/// Where an entry comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its ticket.
    pub ticket: TicketId,
    /// That is closed.
    pub closed: bool,
    /// The entry's place in it, from 1.
    pub entry: u32,
    /// The desk's addresses.
    pub addresses: &'a Addresses,
}

/// An entry, exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The From_ line, without its line end.
    pub from_line: Vec<u8>,
    /// Header and body, as they are stored; ends in a line end.
    pub content: Vec<u8>,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
}

/// Exports an entry.
///
/// One of ours goes as it is stored. One that another program put there is stored as ours first: its
/// digest then proves its bytes on the other side, too.
pub fn export(found: &mbox::Entry, origin: &Origin) -> Exported {
    let decoded = entry::decode(found.content);
    let at = mbox::date_of(found.from_line).or_else(|| Message::new(&decoded.raw).date());
    let at = at.unwrap_or(0);
    let mut mark = Mark {
        ticket: origin.ticket,
        closed: origin.closed,
        entry: origin.entry,
        role: None,
        at,
        desk: origin.addresses.domain().to_owned(),
    };
    if let Some(address) = &decoded.delivered_to {
        mark.role = Role::of(address, origin.addresses);
        return Exported {
            from_line: found.from_line.to_vec(),
            content: complete(mark.to_string().as_bytes(), found.content),
            at,
        };
    }
    // It changed nothing and nobody was told.
    mark.role = Some(Role::Ticket(Verb::Quiet));
    let message = Message::new(&decoded.raw);
    let sender = message::sender(&message, found.from_line);
    let trace = Trace {
        sender: match &sender {
            Sender::Address(address) => Some(address),
            Sender::Null | Sender::Unknown => None,
        },
        filed_under: &origin.addresses.ticket(origin.ticket, Verb::Quiet),
        at,
    };
    let stored = entry::encode(&trace, &decoded.raw);
    let line = mbox::lines(&stored).next().unwrap_or_default().len();
    let content = stored[line..].strip_suffix(b"\n").unwrap_or_default();
    Exported {
        from_line: stored[..line].trim_ascii_end().to_vec(),
        content: [mark.to_string().as_bytes(), content].concat(),
        at,
    }
}

/// `mark` and `content`, with an empty line behind the header and a line end behind the last line,
/// whatever somebody edited.
fn complete(mark: &[u8], content: &[u8]) -> Vec<u8> {
    let mut all = [mark, content].concat();
    if !all.ends_with(b"\n") {
        all.push(b'\n');
    }
    let empty = |line: &[u8]| matches!(line, b"\n" | b"\r\n");
    if !mbox::lines(&all).any(empty) {
        all.push(b'\n');
    }
    all
}

#[cfg(test)]
#[path = "../../../crates/mail/src/mbox/nasty.rs"]
mod nasty;
#[cfg(test)]
#[path = "exported_tests.rs"]
mod tests;
