//! What the header of an entity says about its body: type, charset, name, encoding (RFC 2045, 2183).
//!
//! mail-parser is only asked for the parameters of a field (RFC 2231).

use std::panic::catch_unwind;

use mail_parser::{MessageParser, MimeHeaders};

use crate::decode::transfer::Encoding;
use crate::decode::{clean, guess, text};
use crate::message::Message;

/// No Content-* field is read further than this many bytes.
const FIELD_LIMIT: usize = 16 << 10;

/// How a part wants to be shown (RFC 2183).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    Unsaid,
    Inline,
    Attachment,
}

/// What an entity's header says about its body.
pub(super) struct EntityHeader {
    /// `type/subtype` in lower case.
    pub(super) mime: String,
    pub(super) charset: String,
    pub(super) boundary: Option<String>,
    /// Safe as a file name.
    pub(super) name: Option<String>,
    pub(super) disposition: Disposition,
    pub(super) encoding: Encoding,
}

impl EntityHeader {
    /// Reads the header of `entity`, whose type is `default` if it states none.
    pub(super) fn read(entity: &Message<'_>, default: &str) -> EntityHeader {
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
pub(super) fn file_name(name: &str) -> Option<String> {
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
