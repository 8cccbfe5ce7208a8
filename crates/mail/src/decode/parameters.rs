//! Fields of the form `value; name=value; ...` (RFC 2045, 5.1; RFC 2231), as mail programs write them.
//!
//! Programs forget semicolons and quotes, quote twice, fold without a blank, put encoded words in
//! parameters (which RFC 2047 forbids) and number continuations in any order. None of that loses a
//! value here.

use super::charset::{guess, in_charset};
use super::label::is_name;
use super::{clean, encoded_words, head, words};

/// No field is read further than this many bytes.
const LIMIT: usize = 16 << 10;

/// Parameters that begin even where the semicolon before them was forgotten.
const KNOWN: [&str; 20] = [
    "access-type",
    "boundary",
    "charset",
    "creation-date",
    "delsp",
    "filename",
    "format",
    "method",
    "micalg",
    "modification-date",
    "name",
    "protocol",
    "read-date",
    "report-type",
    "reply-type",
    "size",
    "smime-type",
    "start",
    "type",
    "x-unix-mode",
];

/// A structured field.
#[derive(Debug, Default)]
pub(crate) struct Structured {
    /// What stands before the parameters, without comments.
    pub(crate) value: String,
    parameters: Vec<Parameter>,
}

/// One parameter, or a section of one.
#[derive(Debug)]
struct Parameter {
    /// In lower case, without what RFC 2231 appends.
    name: String,
    /// Its place among the sections of a value.
    section: Option<u32>,
    /// Its bytes are percent-encoded, and the first section names their charset.
    extended: bool,
    /// Without quotes and the backslashes of quoted-pairs.
    bytes: Vec<u8>,
}

impl Structured {
    /// Reads what follows the colon of a field, 16 KiB at most.
    pub(crate) fn read(raw: &[u8]) -> Self {
        let unfolded: Vec<u8> = head(raw, LIMIT)
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\r' | b'\n' | 0))
            .collect();
        let mut reader = Reader {
            rest: &unfolded,
            unclosed: false,
        };
        let value = guess(&reader.unquoted(false));
        let mut parameters = Vec::new();
        while let Some(parameter) = reader.parameter() {
            parameters.extend(parameter);
        }
        Structured {
            value: clean(&value),
            parameters,
        }
    }

    /// The bytes of a parameter as they were meant.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.gathered(name).map(|(bytes, _)| bytes)
    }

    /// A parameter as one line of clean text: in its charset if it is one of RFC 2231, else with its
    /// encoded words decoded.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (bytes, charset) = self.gathered(name)?;
        let text = match charset {
            Some(charset) => in_charset(&charset, &bytes),
            // The star behind the name was forgotten.
            None => match charset_and_text(&bytes) {
                Some((charset, coded)) if is_name(&charset) => {
                    in_charset(&charset, &percent_decoded(coded))
                }
                _ => words(&bytes),
            },
        };
        Some(clean(&text))
    }

    /// The bytes of a parameter, and the charset that it states; empty if RFC 2231 is used and none is.
    fn gathered(&self, name: &str) -> Option<(Vec<u8>, Option<String>)> {
        let all = || self.parameters.iter().filter(|p| p.name == name);
        if let Some(whole) = all().find(|p| p.extended && p.section.is_none()) {
            return Some(extended(std::iter::once(whole)));
        }
        // A plain one is for programs that do not know RFC 2231.
        let mut sections: Vec<&Parameter> = all().filter(|p| p.section.is_some()).collect();
        if sections.is_empty() {
            return all().next().map(|plain| (plain.bytes.clone(), None));
        }
        sections.sort_by_key(|p| p.section);
        sections.dedup_by_key(|p| p.section);
        Some(extended(sections.into_iter()))
    }
}

/// Joins the sections of a value (RFC 2231, 4.1).
fn extended<'p>(sections: impl Iterator<Item = &'p Parameter>) -> (Vec<u8>, Option<String>) {
    let mut bytes = Vec::new();
    let mut charset = None;
    for (at, section) in sections.enumerate() {
        if !section.extended {
            bytes.extend_from_slice(&section.bytes);
            continue;
        }
        let coded = match charset_and_text(&section.bytes) {
            Some((stated, coded)) if at == 0 => {
                charset = Some(stated);
                coded
            }
            _ => &section.bytes,
        };
        charset.get_or_insert_default();
        bytes.extend(percent_decoded(coded));
    }
    (bytes, charset)
}

/// The halves of `charset'language'text`.
fn charset_and_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut parts = bytes.splitn(3, |&byte| byte == b'\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    Some((String::from_utf8_lossy(charset).into_owned(), text))
}

/// `coded` with its `%XX` resolved; a `%` that begins no code stands for itself.
fn percent_decoded(coded: &[u8]) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(coded.len());
    let mut at = 0;
    while let Some(&byte) = coded.get(at) {
        let code = (hex(coded.get(at + 1)), hex(coded.get(at + 2)));
        if let (b'%', (Some(high), Some(low))) = (byte, code) {
            out.extend(u8::try_from(high << 4 | low));
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

struct Reader<'a> {
    rest: &'a [u8],
    /// No quote follows that would close one.
    unclosed: bool,
}

impl Reader<'_> {
    /// The next parameter. `None` at the end; `Some(None)` for what is none.
    fn parameter(&mut self) -> Option<Option<Parameter>> {
        while let [b' ' | b'\t' | b';' | b',', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        if self.comment() {
            return Some(None);
        }
        let len = name_len(self.rest);
        let (name, rest) = self.rest.split_at(len);
        let value = rest.trim_ascii_start().strip_prefix(b"=");
        let Some(value) = value.filter(|_| len > 0) else {
            // A word, or a delimiter out of place.
            self.rest = &self.rest[len.max(1)..];
            return Some(None);
        };
        let (name, section, extended) = named(name);
        self.rest = value.trim_ascii_start();
        let is_file = matches!(name.as_str(), "name" | "filename");
        let bytes = match self.rest.starts_with(b"\"") {
            true => self.quoted(),
            false => self.unquoted(is_file),
        };
        Some(Some(Parameter {
            name,
            section,
            extended,
            bytes,
        }))
    }

    /// Skips a comment at the start of the rest, if there is one that ends.
    fn comment(&mut self) -> bool {
        match self.rest.starts_with(b"(") {
            true => match comment_len(self.rest) {
                Some(len) => {
                    self.rest = &self.rest[len..];
                    true
                }
                None => false,
            },
            false => false,
        }
    }

    /// What the quote at the start of the rest begins.
    fn quoted(&mut self) -> Vec<u8> {
        let inner = &self.rest[1..];
        let close = match self.unclosed {
            true => None,
            false => closing_quote(inner),
        };
        let Some(close) = close else {
            self.unclosed = true;
            self.rest = inner;
            return self.unquoted(true);
        };
        let after = inner[close + 1..].trim_ascii_start();
        if after.is_empty()
            || after.starts_with(b";")
            || after.starts_with(b"(")
            || begins_parameter(after)
        {
            self.rest = after;
            return unescaped(&inner[..close]);
        }
        // Quotes in quotes: the last one before the next semicolon is meant.
        let tail = &inner[close..];
        let len = memchr::memchr(b';', tail).unwrap_or(tail.len());
        let (value, rest) = inner.split_at(close + len);
        self.rest = rest;
        let value = value.trim_ascii_end();
        unescaped(value.strip_suffix(b"\"").unwrap_or(value))
    }

    /// Everything up to a semicolon, or up to a parameter before which it was forgotten. Comments are
    /// left out, except that names of files may hold parentheses.
    fn unquoted(&mut self, is_file: bool) -> Vec<u8> {
        let mut value = Vec::new();
        let mut unclosed = is_file;
        loop {
            match self.rest {
                [] | [b';', ..] => break,
                [b'(', ..] if !unclosed => unclosed = !self.comment(),
                // It may hold a semicolon.
                [b'=', b'?', ..] => {
                    let len = word_len(self.rest);
                    value.extend_from_slice(&self.rest[..len]);
                    self.rest = &self.rest[len..];
                }
                rest => {
                    let after_gap = value.last().is_none_or(|byte| b" \t,".contains(byte));
                    if after_gap && begins_parameter(rest) {
                        break;
                    }
                    value.push(rest[0]);
                    self.rest = &rest[1..];
                }
            }
        }
        let value = value.trim_ascii();
        value.strip_suffix(b"\"").unwrap_or(value).to_vec()
    }
}

/// How long the name of a parameter at the start of `text` is.
fn name_len(text: &[u8]) -> usize {
    let ends = |byte: &u8| b" \t=;,\"()".contains(byte);
    text.iter().position(ends).unwrap_or(text.len())
}

/// True if a well-known parameter begins here, whose name is unlikely to be meant otherwise.
fn begins_parameter(text: &[u8]) -> bool {
    let len = name_len(&text[..text.len().min(40)]);
    let (name, rest) = text.split_at(len);
    rest.trim_ascii_start().starts_with(b"=") && KNOWN.contains(&named(name).0.as_str())
}

/// Takes the name of a parameter apart: `filename*0*` (RFC 2231, 4.1).
fn named(written: &[u8]) -> (String, Option<u32>, bool) {
    let name = String::from_utf8_lossy(written).to_ascii_lowercase();
    let (base, extended) = match name.strip_suffix('*') {
        Some(base) => (base, true),
        None => (name.as_str(), false),
    };
    if let Some((base, digits)) = base.split_once('*')
        && let Ok(section) = digits.parse()
    {
        return (base.to_owned(), Some(section), extended);
    }
    (base.to_owned(), None, extended)
}

/// Where the quote stands that ends a quoted string.
fn closing_quote(inner: &[u8]) -> Option<usize> {
    let mut escaped = false;
    inner.iter().enumerate().position(|(at, &byte)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        escaped = byte == b'\\' && matches!(inner.get(at + 1), Some(b'"' | b'\\'));
        byte == b'"'
    })
}

/// Resolves quoted-pairs. Only quotes and backslashes need one; before anything else a backslash is
/// part of a path of Windows.
fn unescaped(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'\\', [next @ (b'"' | b'\\'), tail @ ..]) => (next, tail),
            _ => (first, tail),
        };
        out.push(*byte);
        rest = tail;
    }
    out
}

/// The length of the comment at the start of `text`, with the comments in it.
fn comment_len(text: &[u8]) -> Option<usize> {
    let (mut depth, mut escaped) = (0_usize, false);
    let end = text.iter().position(|&byte| {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    Some(end + 1)
}

/// The length of the encoded word at the start of `text`, or that of its `=?`.
fn word_len(text: &[u8]) -> usize {
    encoded_words::word_len(&text[..text.len().min(1024)]).unwrap_or(2)
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;
