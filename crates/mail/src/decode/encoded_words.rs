//! Encoded words in header fields (RFC 2047, with the languages of RFC 2231).

use std::borrow::Cow;

use memchr::memmem;

use super::charset::{ends_with_its_word, in_charset};
use super::transfer;

/// Decodes the encoded words of `value` and leaves all else as it stands.
///
/// The bytes of neighbours in one charset are joined before they are decoded, since many mailers cut
/// words in the middle of a character. Words in UTF-7 are decoded each for itself.
pub(super) fn decode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut rest = value;
    loop {
        let next = encoded_word(rest);
        let plain = next.as_ref().map_or(rest, |word| &rest[..word.start]);
        let blank = plain.bytes().all(|b| b.is_ascii_whitespace());
        let joins = |word: &Word| {
            blank
                && pending
                    .as_ref()
                    .is_some_and(|(charset, _)| charset.eq_ignore_ascii_case(word.charset))
                && !ends_with_its_word(word.charset)
        };
        match next {
            Some(word) if joins(&word) => {
                if let Some((_, bytes)) = &mut pending {
                    bytes.extend(word.bytes);
                }
                rest = &rest[word.end..];
            }
            next => {
                let after_word = pending.is_some();
                if let Some((charset, bytes)) = pending.take() {
                    out.push_str(&in_charset(charset, &bytes));
                }
                // White space between two encoded words is not part of the text.
                if !(blank && after_word && next.is_some()) {
                    out.push_str(plain);
                }
                let Some(word) = next else { return out };
                rest = &rest[word.end..];
                pending = Some((word.charset, word.bytes));
            }
        }
    }
}

/// An encoded word: where it stands in its text, and what it holds.
pub(super) struct Word<'a> {
    start: usize,
    pub(super) end: usize,
    charset: &'a str,
    bytes: Vec<u8>,
}

/// The first encoded word of `text`.
fn encoded_word(text: &str) -> Option<Word<'_>> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find("=?")?;
        match encoded_word_at(text, start) {
            Ok(word) => return Some(word),
            Err(Malformed::Here) => from = start + 2,
            Err(Malformed::NoEnd) => return None,
        }
    }
}

/// Why there is no encoded word at an `=?`.
pub(super) enum Malformed {
    Here,
    /// No `?=` follows anywhere, so that no later `=?` begins a word either.
    NoEnd,
}

/// Reads `=?charset*language?Q?text?=` at `start`. Blanks in the text and around the charset are
/// accepted.
pub(super) fn encoded_word_at(text: &str, start: usize) -> Result<Word<'_>, Malformed> {
    let inner = &text[start + 2..];
    let token = inner
        .bytes()
        .take(64)
        .position(|b| b == b'?' || !(b.is_ascii_graphic() || b == b' '))
        .filter(|&len| len > 0 && inner[len..].starts_with('?'))
        .ok_or(Malformed::Here)?;
    let charset = inner[..token].split('*').next().unwrap_or_default().trim();
    let base64 = match inner.as_bytes().get(token + 1..token + 3) {
        Some(b"q?" | b"Q?") => false,
        Some(b"b?" | b"B?") => true,
        _ => return Err(Malformed::Here),
    };
    let coded = &inner[token + 3..];
    let len = coded.find("?=").ok_or(Malformed::NoEnd)?;
    let coded = &coded[..len];
    let end = start + 2 + token + 3 + len + 2;
    let bytes = if base64 {
        transfer::base64(coded.as_bytes())
    } else {
        from_q(coded)
    };
    Ok(Word {
        start,
        end,
        charset,
        bytes,
    })
}

/// The Q encoding (RFC 2047, 4.2).
fn from_q(coded: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(coded.len());
    transfer::codes(coded.replace('_', " ").as_bytes(), &mut bytes);
    bytes
}

/// `raw` with the bytes beyond ASCII of Q words as codes, so that they are read in the charset of their
/// word and not in that of the text around it.
///
/// If all bytes of a word are UTF-8 its charset is that, whatever it says: a transport that allows
/// UTF-8 in fields may have changed the text and left the name.
pub(super) fn in_ascii(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.is_ascii() || memmem::find(raw, b"=?").is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len() * 2);
    let mut rest = raw;
    while let Some(start) = memmem::find(rest, b"=?") {
        let (before, word) = rest.split_at(start);
        out.extend_from_slice(before);
        let Some((charset, coded)) = q_word(word) else {
            out.extend_from_slice(b"=?");
            rest = &word[2..];
            continue;
        };
        let Some(len) = memmem::find(coded, b"?=") else {
            rest = word;
            break;
        };
        let (coded, after) = coded.split_at(len);
        let mut bytes = Vec::with_capacity(coded.len());
        transfer::codes(coded, &mut bytes);
        let is_utf8 = !coded.is_ascii() && std::str::from_utf8(&bytes).is_ok();
        out.extend_from_slice(b"=?");
        out.extend_from_slice(if is_utf8 { b"utf-8" } else { charset });
        out.extend_from_slice(b"?Q?");
        for &byte in coded {
            match byte.is_ascii() {
                true => out.push(byte),
                false => out.extend_from_slice(format!("={byte:02X}").as_bytes()),
            }
        }
        out.extend_from_slice(b"?=");
        rest = &after[2..];
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The charset of the Q word at the start of `text`, and what follows its `?Q?`.
fn q_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.get(2..)?;
    let len = inner.iter().take(64).position(|&byte| byte == b'?')?;
    let (charset, coded) = inner.split_at(len);
    let coded = coded
        .strip_prefix(b"?Q?")
        .or_else(|| coded.strip_prefix(b"?q?"))?;
    (!charset.is_empty() && charset.is_ascii()).then_some((charset, coded))
}

/// The length of the encoded word at the start of `text`.
pub(super) fn word_len(text: &[u8]) -> Option<usize> {
    let token = text
        .get(2..)?
        .iter()
        .take(64)
        .position(|&byte| byte == b'?')?;
    // The marks around the charset, and those around the encoding.
    let coded = 2 + token + 3;
    let end = memmem::find(text.get(coded..)?, b"?=")?;
    Some(coded + end + 2)
}
