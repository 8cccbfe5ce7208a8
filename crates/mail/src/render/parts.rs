//! The MIME structure of a mail: where its parts lie, how they are encoded, what they are called.
//!
//! Works on slices of the raw mail. mail-parser ends a part at any line that *contains* its boundary,
//! decodes every attachment to show a line of text, and overflows the stack on nested messages. It is
//! only asked for the parameters of a field (RFC 2231).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::panic::catch_unwind;

use mail_parser::{MessageParser, MimeHeaders};
use memchr::memmem;

use super::body::{BodyPart, Disposition, Encoding};
use crate::decode::{clean, guess, text};
use crate::message::Message;

/// Multiparts nested deeper than this are one part.
const DEPTH: usize = 64;

/// More parts than this of one mail are not looked at.
pub(crate) const PARTS: usize = 10_000;

/// No Content-* field is read further than this many bytes.
const FIELD_LIMIT: usize = 16 << 10;

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
            flowed: flowed(&entity),
            encoding: header.encoding,
            body: Cow::Borrowed(body),
            blank: OnceCell::new(),
        };
        if part.mime == "message/rfc822" && part.name.is_none() {
            part.name = subject(&part.decoded_head(256 << 10));
        }
        Entity::Leaf(part)
    }
}

/// Whether the lines of a text may be joined, and how (RFC 3676, 4).
fn flowed(entity: &Message<'_>) -> Option<bool> {
    let field = entity.first("Content-Type")?;
    let value = guess(&field.value[..field.value.len().min(FIELD_LIMIT)]).to_ascii_lowercase();
    let is = |name: &str, wanted: &str| {
        let mut parameters = value.split(';').filter_map(|one| one.split_once('='));
        let found = parameters.find(|(key, _)| key.trim() == name);
        found.is_some_and(|(_, value)| value.trim().trim_matches('"') == wanted)
    };
    is("format", "flowed").then(|| is("delsp", "yes"))
}

/// A file name for an enclosed mail: its subject.
fn subject(mail: &[u8]) -> Option<String> {
    let subject = Message::new(mail).subject().replace(['/', '\\'], "-");
    (!subject.is_empty())
        .then(|| file_name(&format!("{subject}.eml")))
        .flatten()
}

/// What an entity's header says about its body.
struct EntityHeader {
    mime: String,
    charset: String,
    boundary: Option<String>,
    name: Option<String>,
    disposition: Disposition,
    encoding: Encoding,
}

impl EntityHeader {
    fn read(entity: &Message<'_>, default: &str) -> EntityHeader {
        let mut header = EntityHeader {
            mime: default.to_owned(),
            charset: "utf-8".to_owned(),
            boundary: None,
            name: None,
            disposition: Disposition::Unsaid,
            encoding: Encoding::Plain,
        };
        let mut fields = String::new();
        for name in ["Content-Type", "Content-Disposition"] {
            if let Some(field) = entity.first(name) {
                let value = guess(&field.value[..field.value.len().min(FIELD_LIMIT)]);
                fields = format!("{fields}{name}: {}\n", clean(&value));
            }
        }
        if !fields.is_empty() {
            fields.push('\n');
            // The closure returns owned values, so nothing of a parser that panicked is used again.
            let _ = catch_unwind(|| parameters(fields.as_bytes(), default)).map(|found| {
                if let Some(found) = found {
                    header = found;
                }
            });
        }
        if let Some(field) = entity.first("Content-Transfer-Encoding") {
            let value = field.text().to_ascii_lowercase();
            header.encoding = match value.split([' ', ';', '(']).next() {
                Some("base64") => Encoding::Base64,
                Some("quoted-printable") => Encoding::QuotedPrintable,
                _ => Encoding::Plain,
            };
        }
        header
    }
}

/// Asks mail-parser for the parameters of Content-Type and Content-Disposition.
fn parameters(fields: &[u8], default: &str) -> Option<EntityHeader> {
    let found = MessageParser::default().parse_headers(fields)?;
    let kind = found.content_type();
    let parameter = |name: &str| {
        kind.and_then(|kind| kind.attribute(name))
            .map(str::to_owned)
    };
    let is_token = |s: &str| {
        !s.is_empty()
            && s.len() < 128
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
    };
    let mime = match kind.map(|kind| (kind.ctype(), kind.subtype())) {
        None => default.to_owned(),
        Some((main, Some(sub))) if is_token(main) && is_token(sub) => {
            format!("{main}/{sub}").to_ascii_lowercase()
        }
        // Old mailers write `Content-Type: text`.
        Some((main, None)) if main.eq_ignore_ascii_case("text") => "text/plain".to_owned(),
        Some(_) => "application/octet-stream".to_owned(),
    };
    let disposition = match found.content_disposition() {
        None => Disposition::Unsaid,
        Some(said) if said.ctype().eq_ignore_ascii_case("inline") => Disposition::Inline,
        // Unknown dispositions are to be taken for attachments (RFC 2183, 2.8).
        Some(_) => Disposition::Attachment,
    };
    Some(EntityHeader {
        mime,
        charset: parameter("charset").unwrap_or_else(|| "utf-8".to_owned()),
        boundary: parameter("boundary").filter(|boundary| !boundary.is_empty()),
        name: found
            .attachment_name()
            .and_then(|name| file_name(&text(name.as_bytes()))),
        disposition,
        encoding: Encoding::Plain,
    })
}

/// `name` as a safe file name: without directories, not hidden, not like an option, at most 120
/// characters.
pub(crate) fn file_name(name: &str) -> Option<String> {
    let name = clean(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let tame = match name.trim_start_matches(['.', '-', '~']) {
        "" => return None,
        same if same.len() == name.len() => same.to_owned(),
        rest => format!("_{rest}"),
    };
    let count = tame.chars().count();
    if count <= 120 {
        return Some(tame);
    }
    // The end stays, since it says what kind of file it is.
    let (head, tail) = (tame.chars().take(100), tame.chars().skip(count - 16));
    Some(head.chain(['~']).chain(tail).collect())
}

/// The entities in the body of a multipart (RFC 2046, 5.1.1): what stands between lines that hold
/// nothing but the boundary. The last boundary may be missing.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.trim_ascii_end().as_bytes();
    let mut pieces = Vec::new();
    let mut open = None;
    for at in memmem::find_iter(body, delimiter) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        let rest = &body[at + delimiter.len()..];
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, last) = match rest[..len].strip_prefix(b"--") {
            Some(line) => (line, true),
            None => (&rest[..len], false),
        };
        if !line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(start) = open {
            // The line end before a boundary belongs to the boundary.
            let piece = body.get(start..at).unwrap_or_default();
            let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
            pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
        }
        open = (!last).then_some(at + delimiter.len() + len);
        if last || pieces.len() >= PARTS {
            return pieces;
        }
    }
    pieces.extend(open.and_then(|start| body.get(start..)));
    pieces
}
