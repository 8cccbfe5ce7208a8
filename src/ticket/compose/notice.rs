//! A note to the admins that is about no ticket.

use super::head::{Head, mail_addresses, people};
use super::{KIND_MARK, Kind, Outgoing, ascii_domain, block};
use crate::ticket::address::Addresses;
use mail::decode::{Mailbox, clean};

/// What such a note says.
#[derive(Clone, Copy, Debug)]
pub struct DeskNote<'a> {
    /// The desk's display name.
    pub name: &'a str,
    pub addresses: &'a Addresses,
    pub admins: &'a [String],
    /// What it is about, for its msg-id: letters, digits, dots and hyphens.
    pub about: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// The mail. It comes from submit@, as it has no ticket, and has the null sender as all answers.
#[must_use]
pub fn desk_note(note: &DeskNote) -> Outgoing {
    let admins = people(note.admins);
    let domain = ascii_domain(note.addresses.domain());
    let mut head = Head::default();
    head.date(note.now);
    let from = Mailbox {
        name: clean(note.name),
        address: note.addresses.submit(),
    };
    head.people("From", &[from]);
    head.text("Subject", note.subject);
    head.plain(
        "Message-ID",
        &format!("<{}.{}@{domain}>", note.about, note.now),
    );
    head.recipients("To", &admins);
    head.plain(KIND_MARK, Kind::Note.word());
    head.plain("Auto-Submitted", "auto-generated");
    head.plain("X-Auto-Response-Suppress", "All");
    Outgoing {
        kind: Kind::Note,
        sender: None,
        recipients: mail_addresses(&admins),
        bytes: head.with_text(&block(note.text)),
        held_until: None,
    }
}
