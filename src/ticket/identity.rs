//! What makes a message itself, whatever brings it, and however often (A5).

use super::lf_pieces;
use mail::decode;
use mail::entry;
use mail::message::{Field, Message};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Two messages are the same if their identities are equal (A5): same Message-ID, From, Subject, Date
/// and body. If a message has no Message-ID, all of its header counts, except for fields that MTAs add
/// in each attempt to deliver and those in which mail programs record that a message was read.
///
/// Header fields are compared as they read, not as they are encoded, and without what a transport may
/// change on the way: line ends, a NUL, folding, the encoding of characters beyond ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The [`key`] of the Message-ID.
    pub key: i64,
    /// Digest of all that makes it the same.
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

/// In bytes. Longer values are compared as they stand, since only the first 64 KiB of one are decoded.
const DECODED: usize = 30 << 10;

/// In bytes, half of what is read of a Date. A longer one is compared as it stands.
const LONGEST_DATE: usize = 128;

impl Identity {
    pub fn of(message: &Message) -> Identity {
        Identity::and_origin(message).0
    }

    /// The identity of a message, and its origin: a key that is the same for all copies of one message,
    /// though a list or a gateway added a footer or a prefix to the Subject. They have the Message-ID,
    /// the authors and the Date in common. A message that lacks one of these has an origin of its own.
    pub fn and_origin(message: &Message) -> (Identity, i64) {
        let mut digest = Sha256::new();
        let mut origin = None;
        let id = message.message_id();
        match &id {
            Some(id) => {
                let (author, date) = (author(message), date(message));
                digest.update(id.as_bytes());
                for part in [&author, &date] {
                    digest.update(b"\n");
                    digest.update(part);
                }
                if !author.is_empty() && !date.is_empty() {
                    origin = Some(first_i64(&digest.clone().finalize().into()));
                }
                digest.update(b"\n");
                if let Some(subject) = message.first("Subject") {
                    digest.update(as_read(subject));
                }
            }
            None => {
                for field in counting(message) {
                    digest.update(field.name.to_ascii_lowercase());
                    digest.update(b":");
                    digest.update(as_read(field));
                    digest.update(b"\n");
                }
            }
        }
        digest.update(b"\n\n");
        // Line ends and empty lines at the end can change in transport.
        lines_into(&mut digest, message.body().trim_ascii_end(), true);
        let digest: [u8; 32] = digest.finalize().into();
        let identity = Identity {
            key: match &id {
                Some(id) => key(id),
                None => first_i64(&digest),
            },
            digest: half(&digest),
        };
        (identity, origin.unwrap_or(first_i64(&digest)))
    }

    /// The digest that names a message in the outbox, in copies and in msg-ids that version 0.1 wrote:
    /// it covered Message-ID and body only, or header and body as they stood.
    pub fn old_digest(message: &Message) -> [u8; 16] {
        let mut digest = Sha256::new();
        match message.message_id() {
            Some(id) => digest.update(id.as_bytes()),
            None => {
                for field in counting(message) {
                    lines_into(&mut digest, field.line, false);
                }
            }
        }
        digest.update(b"\n\n");
        lines_into(&mut digest, message.body().trim_ascii_end(), false);
        half(&digest.finalize().into())
    }

    /// The digest as used in file names and msg-ids.
    pub fn hex(&self) -> String {
        hex(&self.digest)
    }
}

/// The fields that tell messages without a Message-ID apart.
fn counting<'m>(message: &'m Message) -> impl Iterator<Item = &'m Field<'m>> {
    message.fields().iter().filter(|field| {
        let noted = entry::is_steering(field.line);
        !noted && !TRACE.iter().any(|name| field.is(name))
    })
}

/// The addresses in From, or what stands there if none can be read.
fn author(message: &Message) -> Vec<u8> {
    let Some(first) = message.first("From") else {
        return Vec::new();
    };
    let addresses: Vec<String> = match message.all("From").any(is_long) {
        true => Vec::new(),
        false => (message.from().iter())
            .map(|author| author.address.to_lowercase())
            .collect(),
    };
    match addresses.is_empty() {
        true => as_read(first),
        false => addresses.join(" ").into_bytes(),
    }
}

/// The instant in Date, or what stands there if it is none.
fn date(message: &Message) -> Vec<u8> {
    // A long one is not read to its end, and CRLF makes it longer.
    let length = |field: &Field| field.value.iter().filter(|&&b| b != b'\r').count();
    let is_short = message
        .first("Date")
        .is_some_and(|field| length(field) <= LONGEST_DATE);
    match message.date().filter(|_| is_short) {
        Some(at) => at.to_string().into_bytes(),
        None => message.first("Date").map(as_read).unwrap_or_default(),
    }
}

/// A field's text with single blanks, since folding leaves more or fewer of them. A long field is returned
/// as it stands, with LF.
fn as_read(field: &Field) -> Vec<u8> {
    if is_long(field) {
        let pieces: Vec<&[u8]> = lf_pieces(field.value).collect();
        return pieces.concat();
    }
    let text = match memchr::memchr(0, field.value) {
        None => field.text(),
        Some(_) => decode::text(&with_visible_nul(field.value)),
    };
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words.into_bytes()
}

/// True if not all of a field may be decoded, whatever line ends it has.
fn is_long(field: &Field) -> bool {
    field.value.len() > DECODED && lf_pieces(field.value).map(<[u8]>::len).sum::<usize>() > DECODED
}

/// Some transports turn a NUL into 0x80.
const VISIBLE_NUL: u8 = 0x80;

fn with_visible_nul(bytes: &[u8]) -> Vec<u8> {
    let visible = |&b: &u8| if b == 0 { VISIBLE_NUL } else { b };
    bytes.iter().map(visible).collect()
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

fn half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

/// Feeds `bytes` into the digest, with LF for CRLF, and if asked 0x80 for NUL.
fn lines_into(digest: &mut Sha256, bytes: &[u8], visible_nul: bool) {
    for mut piece in lf_pieces(bytes) {
        while visible_nul && let Some(nul) = memchr::memchr(0, piece) {
            digest.update(&piece[..nul]);
            digest.update([VISIBLE_NUL]);
            piece = &piece[nul + 1..];
        }
        digest.update(piece);
    }
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
