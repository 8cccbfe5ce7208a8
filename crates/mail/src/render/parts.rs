//! The MIME structure of a mail: where its parts lie, how they are encoded, what they are called.
//!
//! Works on slices of the raw mail. mail-parser ends a part at any line that *contains* its boundary,
//! decodes every attachment to show a line of text, and overflows the stack on nested messages.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::body::BodyPart;
use super::entity_header::{Disposition, EntityHeader, file_name};
use super::pieces::{pieces, shown_boundary};
use crate::decode::transfer::Encoding;
use crate::decode::{self, uuencode};
use crate::message::Message;

/// Multiparts nested deeper than this are one part.
const DEPTH: usize = 64;

/// More parts than this of one mail are not looked at.
pub(crate) const PARTS: usize = 10_000;

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

impl Entity<'_> {
    /// The same with bytes of its own.
    pub(crate) fn into_owned(self) -> Entity<'static> {
        match self {
            Entity::Leaf(part) => Entity::Leaf(BodyPart {
                body: Cow::Owned(part.body.into_owned()),
                ..part
            }),
            Entity::Multi {
                alternative,
                entities,
            } => Entity::Multi {
                alternative,
                entities: entities.into_iter().map(Entity::into_owned).collect(),
            },
        }
    }
}

impl<'a> Entity<'a> {
    /// Hands out all parts that are no multiparts, in order.
    pub(crate) fn each(&self, visit: &mut impl FnMut(&BodyPart<'a>)) {
        match self {
            Entity::Leaf(part) => visit(part),
            Entity::Multi { entities, .. } => {
                entities.iter().for_each(|entity| entity.each(visit));
            }
        }
    }

    /// The part of that number.
    pub(crate) fn find(&self, number: usize) -> Option<&BodyPart<'a>> {
        match self {
            Entity::Leaf(part) => (part.number == number).then_some(part),
            Entity::Multi { entities, .. } => {
                entities.iter().find_map(|entity| entity.find(number))
            }
        }
    }
}

/// Finds the parts of a mail.
pub(crate) fn walk(raw: &[u8]) -> Entity<'_> {
    walk_on(raw, &mut 0)
}

/// Finds the parts of a mail. They are numbered from `parts + 1`, and `parts` is the last of them
/// afterwards.
pub(crate) fn walk_on<'a>(raw: &'a [u8], parts: &mut usize) -> Entity<'a> {
    // Each level of nesting reads the bytes in it once more. This bounds the sum.
    let budget = raw.len().saturating_mul(16).max(16 << 20);
    let mut walker = PartWalker {
        parts: *parts,
        budget,
    };
    let entity = walker.entity(raw, "text/plain", 0);
    *parts = walker.parts;
    entity
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
            flowed: header.flowed,
            encoding: header.encoding,
            body: Cow::Borrowed(body),
            blank: OnceCell::new(),
        };
        if part.mime == "message/rfc822" && part.name.is_none() {
            part.name = subject(&part.decoded_head(256 << 10));
        }
        let is_text = part.mime == "text/plain" && part.encoding == Encoding::Plain;
        if is_text && part.name.is_none() && part.disposition != Disposition::Attachment {
            return self.with_files(part, body);
        }
        Entity::Leaf(part)
    }

    /// A text, or the text and the files that stand in it (uuencode).
    fn with_files<'a>(&mut self, text: BodyPart<'a>, body: &'a [u8]) -> Entity<'a> {
        let mut entities = Vec::new();
        let mut at = 0;
        let piece = |number: usize, body: &'a [u8]| BodyPart {
            number,
            mime: text.mime.clone(),
            charset: text.charset.clone(),
            name: None,
            disposition: text.disposition,
            flowed: text.flowed,
            encoding: Encoding::Plain,
            body: Cow::Borrowed(body),
            blank: OnceCell::new(),
        };
        let mut number = text.number;
        while let Some(file) = uuencode::block(body, at).filter(|_| number < PARTS) {
            let before = piece(number, &body[at..file.start]);
            if !before.is_blank() {
                entities.push(Entity::Leaf(before));
                number += 1;
            }
            entities.push(Entity::Leaf(BodyPart {
                mime: "application/octet-stream".to_owned(),
                name: file_name(&decode::text(file.name)),
                disposition: Disposition::Attachment,
                encoding: Encoding::Uuencode,
                ..piece(number, &body[file.start..file.end])
            }));
            number += 1;
            at = file.end;
        }
        if at == 0 {
            return Entity::Leaf(text);
        }
        let after = piece(number, &body[at..]);
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
