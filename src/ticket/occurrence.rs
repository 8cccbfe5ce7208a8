//! What observers are told: something happened in a ticket.

use super::TicketId;
use super::kind::MessageKind;
use mail::decode::Mailbox;
use serde::{Deserialize, Serialize};

/// The field in which it is kept.
const FIELD: &str = "X-Tickets-Event: ";

/// A message was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// The same whenever it is told again, and no other occurrence has it.
    pub id: String,
    /// What the message did, as the timeline says it.
    pub kind: MessageKind,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// The ticket.
    pub ticket: TicketId,
    /// Its place in the ticket, from 1.
    pub message: u64,
    /// Who wrote it.
    pub author: Option<Mailbox>,
    /// Its Subject in one line.
    pub subject: String,
    /// A machine wrote it (C6).
    pub automatic: bool,
    /// Nobody was to be told of it (B3, C4).
    pub quiet: bool,
    /// It comes from an address to which alerts go (L6).
    #[serde(default)]
    pub by_alerted: bool,
    /// The file of the ticket, as it lay then.
    pub path: String,
    /// How many programs of ours started each other by way of modules, up to the one that filed it.
    #[serde(default)]
    pub depth: u32,
}

impl Occurrence {
    /// The header field in which it is kept, with its line end.
    pub fn field(&self) -> String {
        // Nothing in it can fail to be written.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{FIELD}{json}\n")
    }

    /// What the field says that is this line; `None` if it is another one, or was cut off.
    pub fn read(line: &[u8]) -> Option<Occurrence> {
        let json = line.strip_prefix(FIELD.as_bytes())?.strip_suffix(b"\n")?;
        serde_json::from_slice(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (G6)
    #[test]
    fn it_is_read_as_it_was_written() {
        let it = Occurrence {
            id: "12.ab".into(),
            kind: MessageKind::Reopened,
            at: 1_732_240_000,
            ticket: TicketId::new(12).unwrap(),
            message: 3,
            author: Some(Mailbox {
                name: "Ännie\n\"A\"".into(),
                address: "ann@example.net".into(),
            }),
            subject: "a\nX-Tickets-Event: {}\r\n\u{2028}".into(),
            automatic: false,
            quiet: false,
            by_alerted: true,
            path: "/store/12".into(),
            depth: 1,
        };
        let field = it.field();
        assert_eq!(field.find('\n'), Some(field.len() - 1));
        assert_eq!(Occurrence::read(field.as_bytes()), Some(it.clone()));
        assert_eq!(Occurrence::read(field.trim_end().as_bytes()), None);
        // As an earlier version wrote it.
        let older = it.field().replace("\"by_alerted\":true,", "");
        let older = older.replace(",\"depth\":1", "");
        let read = Occurrence::read(older.as_bytes()).unwrap();
        let (by_alerted, depth) = (false, 0);
        let it = Occurrence {
            by_alerted,
            depth,
            ..it
        };
        assert_eq!(read, it);
        for odd in ["", "X-Tickets-Event: {}\n", "X-Tickets-Event: {", "\n\n"] {
            assert_eq!(Occurrence::read(odd.as_bytes()), None, "{odd}");
        }
    }
}
