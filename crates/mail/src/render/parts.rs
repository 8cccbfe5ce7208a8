//! The MIME structure of a mail: where its parts lie, how they are encoded, what they are called.
//!
//! Works on slices of the raw mail. mail-parser ends a part at any line that *contains* its boundary,
//! decodes every attachment to show a line of text, and overflows the stack on nested messages.

pub(crate) use super::entity_header::Disposition;
use super::entity_header::{EntityHeader, file_name};
use super::pieces::pieces;
use crate::decode::transfer::Encoding;
use crate::message::Message;

/// Multiparts nested deeper than this are one part.
const DEPTH: usize = 64;

/// More parts than this of one mail are not looked at.
const PARTS: usize = 10_000;

/// A mail or a part of one (RFC 2045, 2.4).
pub(crate) enum Entity<'a> {
    Leaf(BodyPart<'a>),
    Multi {
        /// The entities are versions of the same text (multipart/alternative).
        alternative: bool,
        /// In the order of the mail.
        entities: Vec<Entity<'a>>,
    },
}

/// An entity that is no multipart.
pub(crate) struct BodyPart<'a> {
    /// Its place among the parts of the mail that are no multiparts, from 1.
    pub(crate) number: usize,
    /// `type/subtype` in lower case.
    pub(crate) mime: String,
    pub(crate) charset: String,
    /// Safe as a file name.
    pub(crate) name: Option<String>,
    pub(crate) disposition: Disposition,
    encoding: Encoding,
    body: &'a [u8],
}

impl BodyPart<'_> {
    /// The bytes, with the transfer encoding undone.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        self.decoded_head(usize::MAX)
    }

    /// At least the first `limit` bytes of [`BodyPart::decoded`], if there are as many. Reads at most
    /// four times as many.
    pub(crate) fn decoded_head(&self, limit: usize) -> Vec<u8> {
        self.encoding.decode_head(self.body, limit)
    }

    /// The length of [`BodyPart::decoded`].
    pub(crate) fn decoded_len(&self) -> usize {
        self.encoding.decoded_len(self.body)
    }

    /// True if it holds nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }
}

/// Finds the parts of a mail.
pub(crate) fn walk(raw: &[u8]) -> Entity<'_> {
    // Each level of nesting reads the bytes in it once more. This bounds the sum.
    let budget = raw.len().saturating_mul(16).max(16 << 20);
    PartWalker { parts: 0, budget }.entity(raw, "text/plain", 0)
}

struct PartWalker {
    parts: usize,
    budget: usize,
}

impl PartWalker {
    /// Reads an entity: a mail, or one part of a multipart.
    fn entity<'a>(&mut self, raw: &'a [u8], default: &str, depth: usize) -> Entity<'a> {
        let entity = Message::new(raw);
        let body = entity.body();
        let header = EntityHeader::read(&entity, default);
        if header.mime.starts_with("multipart/") && depth < DEPTH && self.budget >= body.len() {
            self.budget -= body.len();
            let pieces = header
                .boundary
                .as_deref()
                .map(|boundary| pieces(body, boundary));
            if let Some(pieces) = pieces.filter(|pieces| !pieces.is_empty()) {
                let default = match header.mime.as_str() {
                    "multipart/digest" => "message/rfc822",
                    _ => "text/plain",
                };
                let mut entities = Vec::new();
                for piece in pieces {
                    if self.parts >= PARTS {
                        break;
                    }
                    entities.push(self.entity(piece, default, depth + 1));
                }
                return Entity::Multi {
                    alternative: header.mime == "multipart/alternative",
                    entities,
                };
            }
        }
        self.parts += 1;
        let mime = match header.mime.starts_with("multipart/") {
            // It is no multipart, though it says so. Its text is worth showing.
            true if depth == 0 => "text/plain".to_owned(),
            _ => header.mime,
        };
        let mut part = BodyPart {
            number: self.parts,
            mime,
            charset: header.charset,
            name: header.name,
            disposition: header.disposition,
            encoding: header.encoding,
            body,
        };
        if part.mime == "message/rfc822" && part.name.is_none() {
            part.name = subject(&part.decoded_head(256 << 10));
        }
        Entity::Leaf(part)
    }
}

/// A file name for an enclosed mail: its subject.
fn subject(mail: &[u8]) -> Option<String> {
    let subject = Message::new(mail).subject().replace(['/', '\\'], "-");
    (!subject.is_empty())
        .then(|| file_name(&format!("{subject}.eml")))
        .flatten()
}
