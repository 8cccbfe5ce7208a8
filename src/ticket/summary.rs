//! What the index keeps of each filed message, so that it need not be read again.

use super::address::Addresses;
use super::compose::OWN_MARKS;
use super::lf_pieces;
use super::staff::Staff;
use mail::automatic::{self, Degree};
use mail::decode::Mailbox;
use mail::entry;
use mail::envelope::Sender;
use mail::message::Message;
use mail::render;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Two messages are the same if their identities are equal (A5): same Message-ID and same body. If a
/// message has no Message-ID, its header counts instead, except for fields that MTAs add in each
/// attempt to deliver and those in which mail programs record that a message was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The [`key`] of the Message-ID.
    pub key: i64,
    /// Digest of Message-ID (or header) and body.
    pub digest: [u8; 16],
}

/// Fields that differ between two attempts to deliver one message.
const TRACE: [&str; 5] = [
    "Return-Path",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "Delivery-Date",
];

impl Identity {
    pub fn of(message: &Message) -> Identity {
        let mut digest = Sha256::new();
        let id = message.message_id();
        match &id {
            Some(id) => digest.update(id.as_bytes()),
            None => {
                for field in message.fields() {
                    let noted = entry::is_steering(field.line);
                    if !noted && !TRACE.iter().any(|name| field.is(name)) {
                        lines_into(&mut digest, field.line);
                    }
                }
            }
        }
        digest.update(b"\n\n");
        // Line ends and empty lines at the end can change in transport.
        lines_into(&mut digest, message.body().trim_ascii_end());
        let digest: [u8; 32] = digest.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Identity {
            key: match &id {
                Some(id) => key(id),
                None => first_i64(&digest),
            },
            digest: half,
        }
    }

    /// The digest as used in file names and msg-ids.
    pub fn hex(&self) -> String {
        hex(&self.digest)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let digits = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]);
    digits.collect()
}

/// A short key for a Message-ID, the same on every machine.
pub fn key(msg_id: &str) -> i64 {
    first_i64(&Sha256::digest(msg_id.as_bytes()).into())
}

fn first_i64(digest: &[u8; 32]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// Feeds `bytes` into the digest, with LF for CRLF.
fn lines_into(digest: &mut Sha256, bytes: &[u8]) {
    for piece in lf_pieces(bytes) {
        digest.update(piece);
    }
}

/// Summary of a filed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub identity: Identity,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// Where answers to the author go: Reply-To, else From.
    pub author: Option<Mailbox>,
    /// The address in From, in lower case; empty if there is none.
    pub from: String,
    /// The display name in From, or what From says if it holds no address.
    pub name: String,
    /// The Subject in one line.
    pub subject: String,
    /// Addresses in From, To and Cc, in lower case, separated by blanks (C5).
    pub people: String,
    /// A machine wrote it.
    pub automatic: bool,
    /// Number of attachments.
    pub attachments: u32,
}

impl Summary {
    pub fn of(message: &Message, sender: &Sender, at: i64) -> Summary {
        let attachments = render::attachments(message);
        Summary {
            identity: Identity::of(message),
            attachments: u32::try_from(attachments).unwrap_or(u32::MAX),
            ..Summary::of_header(message, sender, at)
        }
    }

    /// The summary of a message whose body is not known: it lacks the identity and the number of
    /// attachments.
    pub fn of_header(message: &Message, sender: &Sender, at: i64) -> Summary {
        let from = message.from();
        let mut people: Vec<String> = Vec::new();
        for person in from.iter().chain(&message.to_cc()) {
            let address = person.address.to_lowercase();
            if !address.contains(' ') && !people.contains(&address) && people.len() < 200 {
                people.push(address);
            }
        }
        let degree = automatic::degree(message, sender, OWN_MARKS);
        let first = from.into_iter().next();
        Summary {
            identity: Identity::default(),
            at,
            author: message.reply_to(),
            from: first
                .as_ref()
                .map(|m| m.address.to_lowercase())
                .unwrap_or_default(),
            name: first.map_or_else(|| message.author_text(), |m| m.name),
            subject: message.subject().chars().take(500).collect(),
            people: people.join(" "),
            automatic: matches!(degree, Degree::Automatic(_) | Degree::Ours),
            attachments: 0,
        }
    }

    /// True if a customer wrote it: not a machine, an admin or the desk.
    pub fn is_customers(&self, admins: &[String], addresses: &Addresses) -> bool {
        !self.automatic && !Staff { admins, addresses }.has(&self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(raw: &str) -> Identity {
        Identity::of(&Message::new(raw.as_bytes()))
    }

    #[test]
    fn the_same_message_is_recognised() {
        // A5
        let first = "Message-ID: <1@x>\nTo: a@x\n\nhello\nyou\n";
        let nameless = "Date: today\nReceived: by b\n\nhello\n";
        for (case, a, b, want) in [
            ("itself", first, first, true),
            (
                "other fields",
                first,
                "Delivered-To: y\nMessage-ID: <1@x>\n\nhello\nyou\n",
                true,
            ),
            (
                "CRLF",
                first,
                "Message-ID: <1@x>\r\n\r\nhello\r\nyou\r\n",
                true,
            ),
            (
                "newlines at the end",
                first,
                "Message-ID: <1@x>\n\nhello\nyou",
                true,
            ),
            (
                "other body",
                first,
                "Message-ID: <1@x>\n\nhello\nyou!\n",
                false,
            ),
            (
                "other id",
                first,
                "Message-ID: <2@x>\n\nhello\nyou\n",
                false,
            ),
            (
                "a retry without id",
                nameless,
                "Delivery-date: now\nDate: today\nReceived: by b\n\nhello\n",
                true,
            ),
            (
                "read in mutt meanwhile",
                nameless,
                "Status: RO\nDate: today\nReceived: by b\nContent-Length: 6\n\nhello\n",
                true,
            ),
            (
                "another without id",
                nameless,
                "Date: today\nReceived: by c\n\nhello\n",
                false,
            ),
        ] {
            assert_eq!(identity(a) == identity(b), want, "{case}");
        }
        assert_eq!(identity(first).key, key("<1@x>"));
    }

    #[test]
    fn participants_are_collected_once() {
        let raw = b"From: Ann <Ann@x.org>\nTo: ticket-1@y.org, ann@x.org\nCc: Bob <bob@x.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\n";
        let s = Summary::of(&Message::new(raw), &Sender::Unknown, 7);
        assert_eq!(s.people, "ann@x.org ticket-1@y.org bob@x.org");
        assert_eq!(
            (s.subject.as_str(), s.from.as_str()),
            ("Grüße", "ann@x.org")
        );
    }
}
