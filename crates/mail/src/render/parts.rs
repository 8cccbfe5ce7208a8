//! The MIME structure of a mail: where its parts lie, how they are encoded, what they are called.
//!
//! Walked by hand, in slices of the raw mail: the MIME library ends a part at any line that
//! merely *contains* its boundary, decodes every attachment to show a line of text, and overflows
//! the stack on nested messages. It is asked for the parameters of a field (RFC 2231) only.

use std::panic::catch_unwind;

use mail_parser::{MessageParser, MimeHeaders};
use memchr::memmem;

use super::super::decode::{clean, guess, text, transfer};
use super::super::message::Message;

/// Multiparts nested deeper are shown as one part.
const DEPTH: usize = 64;

/// More parts of one mail are not looked at.
const PARTS: usize = 10_000;

/// No Content-* field is read further than this.
const FIELD_LIMIT: usize = 16 << 10;

/// What stands in a multipart, in order, or the one part of a simple mail.
pub(crate) enum Node<'a> {
    Leaf(Part<'a>),
    Multi {
        /// The nodes are versions of one thing (multipart/alternative).
        alternative: bool,
        nodes: Vec<Node<'a>>,
    },
}

/// A part that holds no other parts.
pub(crate) struct Part<'a> {
    /// 1 for the first part of the mail that is no multipart, and so on.
    pub(crate) number: usize,
    /// `type/subtype` in lower case.
    pub(crate) mime: String,
    pub(crate) charset: String,
    /// Harmless as a file name.
    pub(crate) name: Option<String>,
    pub(crate) disposition: Disposition,
    encoding: Encoding,
    body: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    Unsaid,
    Inline,
    Attachment,
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Base64,
    QuotedPrintable,
}

impl Part<'_> {
    /// The part's own bytes, transfer encoding undone.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        self.decoded_head(usize::MAX)
    }

    /// At least the first `limit` bytes of [`Part::decoded`], if there are so many, for the
    /// price of reading about three times as many.
    pub(crate) fn decoded_head(&self, limit: usize) -> Vec<u8> {
        let head = |times: usize| &self.body[..self.body.len().min(limit.saturating_mul(times))];
        match self.encoding {
            Encoding::Plain => head(1).to_vec(),
            Encoding::Base64 => transfer::base64(head(2)),
            Encoding::QuotedPrintable => transfer::quoted_printable(head(4)),
        }
    }

    /// The length of [`Part::decoded`].
    pub(crate) fn decoded_len(&self) -> usize {
        match self.encoding {
            Encoding::Plain => self.body.len(),
            Encoding::Base64 => transfer::base64_len(self.body),
            Encoding::QuotedPrintable => self.decoded().len(),
        }
    }

    /// True if nothing is in it but white space.
    pub(crate) fn is_blank(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }
}

/// Finds the parts of a mail.
pub(crate) fn walk(raw: &[u8]) -> Node<'_> {
    // Every level of nesting reads its body once more; this bounds the sum.
    let budget = raw.len().saturating_mul(16).max(16 << 20);
    Walk { parts: 0, budget }.entity(raw, "text/plain", 0)
}

struct Walk {
    parts: usize,
    budget: usize,
}

impl Walk {
    /// Reads an entity: a mail, or one part of a multipart.
    fn entity<'a>(&mut self, raw: &'a [u8], default: &str, depth: usize) -> Node<'a> {
        let entity = Message::new(raw);
        let body = entity.body();
        let told = Told::read(&entity, default);
        if told.mime.starts_with("multipart/") && depth < DEPTH && self.budget >= body.len() {
            self.budget -= body.len();
            let pieces = told
                .boundary
                .as_deref()
                .map(|boundary| pieces(body, boundary));
            if let Some(pieces) = pieces.filter(|pieces| !pieces.is_empty()) {
                let default = match told.mime.as_str() {
                    "multipart/digest" => "message/rfc822",
                    _ => "text/plain",
                };
                let mut nodes = Vec::new();
                for piece in pieces {
                    if self.parts >= PARTS {
                        break;
                    }
                    nodes.push(self.entity(piece, default, depth + 1));
                }
                return Node::Multi {
                    alternative: told.mime == "multipart/alternative",
                    nodes,
                };
            }
        }
        self.parts += 1;
        let mime = match told.mime.starts_with("multipart/") {
            // Not a multipart, whatever it says; its text is worth showing.
            true if depth == 0 => "text/plain".to_owned(),
            _ => told.mime,
        };
        let mut part = Part {
            number: self.parts,
            mime,
            charset: told.charset,
            name: told.name,
            disposition: told.disposition,
            encoding: told.encoding,
            body,
        };
        if part.mime == "message/rfc822" && part.name.is_none() {
            part.name = subject(&part.decoded_head(256 << 10));
        }
        Node::Leaf(part)
    }
}

/// A file name for an enclosed mail: its subject.
fn subject(mail: &[u8]) -> Option<String> {
    let subject = Message::new(mail).subject().replace(['/', '\\'], "-");
    (!subject.is_empty())
        .then(|| file_name(&format!("{subject}.eml")))
        .flatten()
}

/// What an entity's header says about its body.
struct Told {
    mime: String,
    charset: String,
    boundary: Option<String>,
    name: Option<String>,
    disposition: Disposition,
    encoding: Encoding,
}

impl Told {
    fn read(entity: &Message<'_>, default: &str) -> Told {
        let mut told = Told {
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
            // Owned values come out, so that nothing of the library's lives on.
            let _ = catch_unwind(|| parameters(fields.as_bytes(), default)).map(|found| {
                if let Some(found) = found {
                    told = found;
                }
            });
        }
        if let Some(field) = entity.first("Content-Transfer-Encoding") {
            let value = field.text().to_ascii_lowercase();
            told.encoding = match value.split([' ', ';', '(']).next() {
                Some("base64") => Encoding::Base64,
                Some("quoted-printable") => Encoding::QuotedPrintable,
                _ => Encoding::Plain,
            };
        }
        told
    }
}

/// Asks the library for the parameters of Content-Type and Content-Disposition.
fn parameters(fields: &[u8], default: &str) -> Option<Told> {
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
        // `Content-Type: text`, as old mailers write.
        Some((main, None)) if main.eq_ignore_ascii_case("text") => "text/plain".to_owned(),
        Some(_) => "application/octet-stream".to_owned(),
    };
    let disposition = match found.content_disposition() {
        None => Disposition::Unsaid,
        Some(said) if said.ctype().eq_ignore_ascii_case("inline") => Disposition::Inline,
        // Unknown ones are to be taken as attachments (RFC 2183, 2.8).
        Some(_) => Disposition::Attachment,
    };
    Some(Told {
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

/// `name` as a file name that can do no harm: no directory, nothing hidden, no option, not long.
fn file_name(name: &str) -> Option<String> {
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
    // The end says what kind of file it is.
    let (head, tail) = (tame.chars().take(100), tame.chars().skip(count - 16));
    Some(head.chain(['~']).chain(tail).collect())
}

/// The entities of a multipart's body (RFC 2046, 5.1.1): what stands between lines that are
/// nothing but its boundary. The end may be missing.
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
