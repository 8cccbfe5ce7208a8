//! The MIME structure of a mail: where its parts lie, how they are encoded, what they are called.
//!
//! Works on slices of the raw mail. mail-parser ends a part at any line that *contains* its boundary,
//! decodes every attachment to show a line of text, and overflows the stack on nested messages.

pub(crate) use super::entity_header::Disposition;
use super::entity_header::{EntityHeader, file_name};
use super::pieces::{pieces, shown_boundary};
use crate::decode::transfer::Encoding;
use crate::decode::{self, uuencode};
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
            let of = |boundary: &[u8]| Some(pieces(body, boundary)).filter(|p| !p.is_empty());
            let said = header.boundary.as_deref().and_then(of);
            if let Some(pieces) = said.or_else(|| of(&shown_boundary(body)?)) {
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
        let is_text = part.mime == "text/plain" && part.encoding == Encoding::Plain;
        if is_text && part.name.is_none() && part.disposition != Disposition::Attachment {
            return self.with_files(part);
        }
        Entity::Leaf(part)
    }

    /// A text, or the text and the files that stand in it (uuencode).
    fn with_files<'a>(&mut self, text: BodyPart<'a>) -> Entity<'a> {
        let mut entities = Vec::new();
        let mut at = 0;
        let piece = |number: usize, body: &'a [u8]| BodyPart {
            number,
            mime: text.mime.clone(),
            charset: text.charset.clone(),
            name: None,
            disposition: text.disposition,
            encoding: Encoding::Plain,
            body,
        };
        let mut number = text.number;
        while let Some(file) = uuencode::block(text.body, at).filter(|_| number < PARTS) {
            let before = piece(number, &text.body[at..file.start]);
            if !before.is_blank() {
                entities.push(Entity::Leaf(before));
                number += 1;
            }
            entities.push(Entity::Leaf(BodyPart {
                mime: "application/octet-stream".to_owned(),
                name: file_name(&decode::text(file.name)),
                disposition: Disposition::Attachment,
                encoding: Encoding::Uuencode,
                ..piece(number, &text.body[file.start..file.end])
            }));
            number += 1;
            at = file.end;
        }
        if at == 0 {
            return Entity::Leaf(text);
        }
        let after = piece(number, &text.body[at..]);
        if !after.is_blank() {
            entities.push(Entity::Leaf(after));
            number += 1;
        }
        self.parts = number - 1;
        Entity::Multi {
            alternative: false,
            entities,
        }
    }
}

/// A file name for an enclosed mail: its subject.
fn subject(mail: &[u8]) -> Option<String> {
    let subject = Message::new(mail).subject().replace(['/', '\\'], "-");
    (!subject.is_empty())
        .then(|| file_name(&format!("{subject}.eml")))
        .flatten()
}
