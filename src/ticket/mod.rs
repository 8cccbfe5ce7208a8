//! What a message means for a ticket: pure decisions, and the mail that follows from them.

pub mod address;
pub(crate) mod alert;
pub mod compose;
pub(crate) mod cron;
pub mod dialogue;
pub(crate) mod digest;
pub(crate) mod event;
pub mod filter;
pub mod forward;
pub(crate) mod hours;
pub mod identity;
pub(crate) mod kind;
pub mod numbers;
pub mod occurrence;
pub mod person;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod quarantine;
pub mod quiet;
pub mod reach;
pub mod route;
pub mod staff;
pub mod summary;
pub mod tag;
pub mod template;
pub(crate) mod timeline;
pub mod trust;
pub(crate) mod when;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A ticket's number: 1 to 999,999,999, so that it never needs more than nine digits in an
/// address, a Subject or a file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TicketId(u32);

impl TicketId {
    pub const MAX: u32 = 999_999_999;

    /// `None` if no ticket can have this number.
    pub fn new(number: u32) -> Option<Self> {
        (1..=Self::MAX)
            .contains(&number)
            .then_some(TicketId(number))
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for TicketId {
    type Error = NotATicket;

    fn try_from(number: u32) -> Result<Self, NotATicket> {
        Self::new(number).ok_or(NotATicket)
    }
}

impl From<TicketId> for u32 {
    fn from(id: TicketId) -> u32 {
        id.get()
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a ticket is open. Only the directory of its mbox decides that (D1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Its mbox is `DIR/N`.
    Open,
    /// Its mbox is `DIR/archived/N`.
    // Journals of existing stores contain this word.
    #[serde(rename = "Archived")]
    Closed,
}

impl State {
    pub fn other(self) -> State {
        match self {
            State::Open => State::Closed,
            State::Closed => State::Open,
        }
    }

    /// The word in output, for people and for programs.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
        }
    }
}

/// The text or number does not name a ticket.
#[derive(Debug, PartialEq, Eq)]
pub struct NotATicket;

impl fmt::Display for NotATicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ticket is a number from 1 to 999999999, without leading zeros")
    }
}

impl std::error::Error for NotATicket {}

impl FromStr for TicketId {
    type Err = NotATicket;

    /// Accepts only `[1-9][0-9]{0,8}`: with leading zeros one ticket would have several names (D9).
    fn from_str(text: &str) -> Result<Self, NotATicket> {
        let digits = text.as_bytes();
        let plain = digits.iter().all(u8::is_ascii_digit) && digits.first() != Some(&b'0');
        if !plain || digits.len() > 9 {
            return Err(NotATicket);
        }
        text.parse().ok().and_then(Self::new).ok_or(NotATicket)
    }
}

/// `bytes` with LF for CRLF, in pieces that need no copy.
fn lf_pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest.take()?;
        let Some(at) = memchr::memmem::find(bytes, b"\r\n") else {
            return Some(bytes);
        };
        rest = Some(&bytes[at + 1..]);
        Some(&bytes[..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_tickets() {
        for (text, want) in [
            ("1", Some(1)),
            ("12", Some(12)),
            ("999999999", Some(999_999_999)),
            ("0", None),
            ("01", None),
            ("1000000000", None),
            ("+1", None),
            ("", None),
            ("1.lock", None),
            ("archived", None),
            ("١", None),
        ] {
            assert_eq!(text.parse().ok(), want.and_then(TicketId::new), "{text}");
        }
    }
}
