//! One entry as it is exported: with a mark on top, by which an import recognizes its ticket, and in a
//! form that any mail program can read.

use crate::parts::archive::envelope;
use crate::parts::archive::mark::{ExportMark, Role};
use crate::ticket::address::{Addresses, Verb};
use crate::ticket::{State, TicketId};
use mail::entry::{self, Trace};
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;

/// Where an entry is exported from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExportedFrom<'a> {
    pub(crate) ticket: TicketId,
    pub(crate) state: State,
    /// The entry's position in the ticket, from 1.
    pub(crate) position: u32,
    /// The desk's addresses.
    pub(crate) addresses: &'a Addresses,
}

/// An entry, ready to be written to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExportedEntry {
    /// Ticket, position and desk, which no two entries share; fit for a file name.
    pub(crate) name: String,
    /// The From_ line without its line end.
    pub(crate) from_line: Vec<u8>,
    /// Header and body with the mark on top; ends in a line end.
    pub(crate) content: Vec<u8>,
    /// When it was filed, in seconds since 1970.
    pub(crate) at: i64,
}

/// Exports an entry.
///
/// An entry that this program wrote is exported as it is stored. A message that another program put
/// into the ticket is encoded as an entry first, so that its digest proves its bytes to the import.
pub(crate) fn export(found: &mbox::Entry, from: &ExportedFrom) -> ExportedEntry {
    let decoded = entry::decode(found.content);
    let at = mbox::date_of(found.from_line).or_else(|| Message::new(&decoded.raw).date());
    let mut mark = ExportMark {
        ticket: from.ticket,
        state: from.state,
        entry: from.position,
        role: None,
        at: at.unwrap_or(0),
        desk: from.addresses.domain().to_owned(),
    };
    let (from_line, content) = match &decoded.delivered_to {
        Some(address) => {
            mark.role = Role::of(address, from.addresses);
            let content = complete(mark.to_string().as_bytes(), found.content);
            (found.from_line.to_vec(), content)
        }
        None => {
            // It changed no state, and no one was notified of it.
            mark.role = Some(Role::Ticket(Verb::Quiet));
            encode(&mark, &decoded.raw, found.from_line, from.addresses)
        }
    };
    let domain = mark.desk.chars().filter(|c| *c != '/' && *c != ':');
    let domain: String = domain.collect();
    ExportedEntry {
        name: format!("{}_{}.{domain}", mark.ticket, mark.entry),
        from_line,
        content,
        at: mark.at,
    }
}

/// The From_ line and the content of a message that another program put into a ticket.
fn encode(
    mark: &ExportMark,
    raw: &[u8],
    from_line: &[u8],
    addresses: &Addresses,
) -> (Vec<u8>, Vec<u8>) {
    let sender = envelope::sender(&Message::new(raw), from_line);
    let trace = Trace {
        sender: match &sender {
            Sender::Address(address) => Some(address),
            Sender::Null | Sender::Unknown => None,
        },
        filed_under: &addresses.ticket(mark.ticket, Verb::Quiet),
        at: mark.at,
    };
    let stored = entry::encode(&trace, raw);
    let line = mbox::lines(&stored).next().unwrap_or_default().len();
    let content = stored[line..].strip_suffix(b"\n").unwrap_or_default();
    (
        stored[..line].trim_ascii_end().to_vec(),
        [mark.to_string().as_bytes(), content].concat(),
    )
}

/// `mark` and `content`, with the empty line after the header and the line end of the last line, which
/// an editor may have removed.
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
#[path = "../../../../crates/mail/src/mbox/nasty.rs"]
mod nasty;
#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
