//! What the header of an entity says about its body: type, charset, name, encoding (RFC 2045, 2183).

use crate::decode::clean;
use crate::decode::parameters::Structured;
use crate::decode::transfer::Encoding;
use crate::message::Message;

/// Names of files are cut at this many characters.
const NAME_CHARS: usize = 120;

/// Names of files are cut at this many bytes, which any file system takes.
const NAME_BYTES: usize = 200;

/// How a part wants to be shown (RFC 2183).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    Unsaid,
    Inline,
    Attachment,
}

/// What an entity's header says about its body.
#[derive(Debug)]
pub(super) struct EntityHeader {
    /// `type/subtype` in lower case.
    pub(super) mime: String,
    pub(super) charset: String,
    pub(super) boundary: Option<Vec<u8>>,
    /// Safe as a file name.
    pub(super) name: Option<String>,
    pub(super) disposition: Disposition,
    /// `format=flowed` (RFC 3676), and whether `delsp=yes` stands there, too.
    pub(super) flowed: Option<bool>,
    pub(super) encoding: Encoding,
}

impl EntityHeader {
    /// Reads the header of `entity`, whose type is `default` if it states none.
    pub(super) fn read(entity: &Message<'_>, default: &str) -> EntityHeader {
        let (mime, kind) = content_type(entity);
        let disposition = entity
            .first("Content-Disposition")
            .map(|field| Structured::read(field.value));
        let named =
            |field: Option<&Structured>, parameter: &str| file_name(&field?.text(parameter)?);
        let name = named(disposition.as_ref(), "filename")
            .or_else(|| named(Some(&kind), "name"))
            .or_else(|| named(disposition.as_ref(), "name"))
            .or_else(|| named(Some(&kind), "filename"));
        let boundary = kind
            .bytes("boundary")
            .map(|boundary| boundary.trim_ascii_end().to_vec());
        let encoding = entity
            .all("Content-Transfer-Encoding")
            .map(|field| Structured::read(field.value).value)
            .find(|value| !value.is_empty());
        let mime = mime.unwrap_or_else(|| default.to_owned());
        let encoding = match encoding.map_or(Encoding::Plain, |name| Encoding::named(&name)) {
            Encoding::Base64 if mime.starts_with("text/") => Encoding::Base64Text,
            encoding => encoding,
        };
        let says = |name: &str, wanted: &str| {
            let value = kind.text(name);
            value.is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted))
        };
        EntityHeader {
            flowed: says("format", "flowed").then(|| says("delsp", "yes")),
            mime,
            charset: kind.text("charset").unwrap_or_default(),
            boundary: boundary.filter(|boundary| !boundary.is_empty()),
            name,
            disposition: match disposition {
                None => Disposition::Unsaid,
                Some(said) if said.value.eq_ignore_ascii_case("inline") => Disposition::Inline,
                // Unknown dispositions are to be taken for attachments (RFC 2183, 2.8).
                Some(_) => Disposition::Attachment,
            },
            encoding,
        }
    }
}

/// The first Content-Type that states a type, or else the first one.
fn content_type(entity: &Message<'_>) -> (Option<String>, Structured) {
    let mut first = None;
    for field in entity.all("Content-Type").take(8) {
        let kind = Structured::read(field.value);
        let mime = mime_type(&kind.value);
        if mime.as_ref().is_some_and(|mime| mime != UNKNOWN) {
            return (mime, kind);
        }
        first.get_or_insert((mime, kind));
    }
    first.unwrap_or_default()
}

const UNKNOWN: &str = "application/octet-stream";

/// `type/subtype` in lower case; `None` if nothing is stated.
fn mime_type(value: &str) -> Option<String> {
    let value: String = value
        .to_ascii_lowercase()
        .replace(" /", "/")
        .replace("/ ", "/");
    let value = value.trim_matches(|c| " \"'<>".contains(c));
    let word = value
        .split([' ', ',', ':', '"', '='])
        .next()
        .unwrap_or_default();
    let is_token = |s: &str| {
        !s.is_empty()
            && s.len() < 128
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
    };
    Some(match word.split_once('/') {
        None if word.is_empty() => return None,
        // Old mailers write `text` alone, and some turn the halves round.
        None if matches!(word, "text" | "plain") => "text/plain".to_owned(),
        None if word == "html" => "text/html".to_owned(),
        None if word == "multipart" => "multipart/mixed".to_owned(),
        Some(("text", "") | ("plain", "text")) => "text/plain".to_owned(),
        Some(("html", "text")) => "text/html".to_owned(),
        Some((main, sub)) if is_token(main) && is_token(sub) => word.to_owned(),
        _ => UNKNOWN.to_owned(),
    })
}

/// `name` as a safe file name: without directories, not hidden, not like an option, at most 120
/// characters and 200 bytes.
pub(super) fn file_name(name: &str) -> Option<String> {
    let name = clean(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.trim_matches([' ', '"']);
    let tame = match name.trim_start_matches(['.', '-', '~']) {
        "" => return None,
        same if same.len() == name.len() => same.to_owned(),
        rest => format!("_{rest}"),
    };
    let count = tame.chars().count();
    if count <= NAME_CHARS && tame.len() <= NAME_BYTES {
        return Some(tame);
    }
    // The end stays, since it says what kind of file it is.
    let tail: String = tame.chars().skip(count.saturating_sub(16)).collect();
    let mut room = NAME_BYTES - tail.len() - 1;
    let fits = move |c: &char| match room.checked_sub(c.len_utf8()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let head: String = tame
        .chars()
        .take(count.saturating_sub(16).min(100))
        .take_while(fits)
        .collect();
    Some(format!("{head}~{tail}"))
}

#[cfg(test)]
#[path = "entity_header_tests.rs"]
mod tests;
