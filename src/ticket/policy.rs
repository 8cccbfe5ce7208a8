//! Configured policies: who is notified, who may close, what is refused.

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// What the admins get of each mail (C2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// The mail itself under a new header.
    #[default]
    Copy,
    /// A short note.
    Note,
    None,
}

/// Where an admin's plain Reply to a copy goes (C2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyTo {
    /// To the ticket, which passes it on.
    #[default]
    Ticket,
    /// To the author and the ticket.
    Both,
}

/// Who may close a ticket by mail (C5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloseBy {
    /// Admins, the ticket's own address, and everyone in From, Reply-To, To or Cc of a filed message.
    #[default]
    Participants,
    /// Admins and the ticket's own address.
    Admins,
    /// Anyone who knows the address.
    Anyone,
}

/// What happens to mail for a ticket that does not exist (B8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownTicket {
    /// It is refused with status 67.
    #[default]
    Reject,
    /// It opens a new ticket.
    Open,
}

/// What happens to mail for an address that is not ours (B9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchAll {
    /// It is refused with status 67.
    #[default]
    Reject,
    /// It is treated as mail to submit@.
    Submit,
}

/// Whether new tickets are acknowledged (C1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    Never,
    /// Always, except to senders that match one of these patterns. `*` stands for any text.
    Except(Vec<String>),
}

impl Default for Acknowledge {
    fn default() -> Self {
        Acknowledge::Except(Vec::new())
    }
}

impl Acknowledge {
    /// True if nothing is ever acknowledged.
    pub fn is_never(&self) -> bool {
        *self == Acknowledge::Never
    }

    /// True if `address` may get an acknowledgement.
    pub fn allows(&self, address: &str) -> bool {
        match self {
            Acknowledge::Never => false,
            Acknowledge::Except(patterns) => {
                let address = address.to_lowercase();
                !patterns
                    .iter()
                    .any(|p| matches(&p.to_lowercase(), &address))
            }
        }
    }
}

/// True if `text` matches `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl<'de> Deserialize<'de> for Acknowledge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Acknowledge;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(
                    "true, false, or a list of patterns of senders who get no acknowledgement",
                )
            }
            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Acknowledge, E> {
                Ok(match yes {
                    true => Acknowledge::default(),
                    false => Acknowledge::Never,
                })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Acknowledge, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = seq.next_element()? {
                    patterns.push(pattern);
                }
                Ok(Acknowledge::Except(patterns))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_patterns() {
        for (pattern, address, want) in [
            ("noreply@*", "noreply@shop.example", true),
            ("*@robots.example", "a@robots.example", true),
            ("*@robots.example", "a@robots.example.net", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("bob@x", "bob@x", true),
            ("bob@x", "bob@xy", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, address), want, "{pattern} {address}");
        }
    }
}
