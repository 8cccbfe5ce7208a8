//! The mail that wakes somebody (L6).

use super::head::Head;
use super::head::people;
use super::{Composer, Kind, Outgoing};
use mail::decode::Mailbox;

impl Composer<'_> {
    /// A line of text, as a gateway to telephones wants it, from the ticket if nobody else is named.
    #[must_use]
    pub fn alert(&self, to: &[String], from: Option<&str>, text: &str) -> Outgoing {
        let to = people(to);
        let kind = Kind::Alert;
        let from = from.map_or_else(
            || self.ticket_mailbox(),
            |address| Mailbox {
                name: String::new(),
                address: address.to_owned(),
            },
        );
        let mut head = Head::default();
        head.date(self.now);
        head.people("From", &[from]);
        head.text("Subject", &format!("#{}", self.ticket));
        head.plain("Message-ID", &self.msg_id(kind.word()));
        head.recipients("To", &to);
        self.marks(&mut head, kind);
        head.plain("Auto-Submitted", "auto-generated");
        head.plain("X-Auto-Response-Suppress", "All");
        self.finish(kind, &to, head.with_text(&format!("{text}\n")))
    }
}
