//! Field values as text: the border between bytes a stranger wrote and strings we use.
//!
//! The rest of the program never sees the MIME library; only this file and `render.rs` name it.
//! What comes out of here holds no control character, so it may go to a terminal, a log or a
//! field of an outgoing mail. The library is asked for charsets and dates only, and only
//! where a value needs it: a plain ASCII field costs one pass over its bytes.

mod date;
mod mailbox;
pub(super) mod transfer;

pub use date::date;
pub use mailbox::{Mailbox, mailboxes};

use std::borrow::Cow;
use std::panic::catch_unwind;

use mail_parser::decoders::charsets::map::charset_decoder;

/// No field's value is read further than this.
const FIELD_LIMIT: usize = 64 << 10;

/// The longest msg-id that is believed (RFC 5322, 2.1.1: the longest line).
const MSG_ID_LIMIT: usize = 998;

/// The value of an unstructured field (Subject) as one line of clean text.
///
/// `raw` is what stands after the colon: it may be folded, hold encoded words (RFC 2047), raw
/// UTF-8 or any 8-bit charset, which is then taken for windows-1252. Never fails: what cannot be
/// decoded is given as it stands. Reads 64 KiB at most.
pub fn text(raw: &[u8]) -> String {
    clean(&words(&guess(head(raw, FIELD_LIMIT))))
}

/// `text` as one line without anything that could harm a terminal or a header.
///
/// Every run of white space, line ends among it, becomes one blank; control characters,
/// direction overrides and code points that are no characters are dropped; the ends are trimmed.
pub fn clean(text: &str) -> String {
    cleaned(text).into_owned()
}

/// The same, without a copy of what is clean already.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if is_gap(c) {
            gap = true;
        } else if !is_harmful(c) {
            if gap && !line.is_empty() {
                line.push(' ');
            }
            gap = false;
            line.push(c);
        }
    }
    Cow::Owned(line)
}

fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most is such, and to look at all of it is quicker than to stop at the first that is not.
    let plain = |plain: bool, b: &u8| plain & (b' '..=b'~').contains(b);
    if bytes.iter().fold(true, plain) {
        let gap_at_an_end = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
        return !gap_at_an_end && !text.contains("  ");
    }
    let mut after_gap = true;
    for c in text.chars() {
        match c {
            ' ' if !after_gap => after_gap = true,
            '!'..='~' => after_gap = false,
            _ if is_gap(c) || is_harmful(c) => return false,
            _ => after_gap = false,
        }
    }
    !after_gap || text.is_empty()
}

/// True if there is nothing left of `text` when it is cleaned.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_gap(c) || is_harmful(c))
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `text` with its lines and tabs, but without anything that could harm a terminal.
///
/// CRLF, a lone CR, form feeds and the separators of Unicode become line ends; blanks are kept.
pub fn clean_block(text: &str) -> String {
    let mut block = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => block.push('\n'),
            '\n' | '\t' => block.push(c),
            _ if is_harmful(c) => {}
            _ => block.push(c),
        }
    }
    block
}

/// All msg-ids of a Message-ID, In-Reply-To or References value, in order, with their angle
/// brackets (RFC 5322, 3.6.4).
///
/// White space inside an id (a fold, mostly) is removed; junk between ids is ignored; an id with
/// control characters, or longer than 998 bytes, is left out. A value that is one bare word with
/// an `@` is an id whose brackets were forgotten. Reads 64 KiB at most.
pub fn msg_ids(raw: &[u8]) -> Vec<String> {
    ids_in(head(raw, FIELD_LIMIT))
}

/// The same of a value whose end matters most: the last 64 KiB are read.
pub fn last_msg_ids(raw: &[u8]) -> Vec<String> {
    ids_in(&raw[raw.len().saturating_sub(FIELD_LIMIT)..])
}

fn ids_in(raw: &[u8]) -> Vec<String> {
    let value = guess(raw);
    let mut ids = Vec::new();
    let mut open = None;
    for (at, c) in value.char_indices() {
        match c {
            '<' => open = Some(at + 1),
            '>' => ids.extend(open.take().and_then(|from| msg_id(&value[from..at]))),
            _ => {}
        }
    }
    if ids.is_empty() && !value.contains(['<', '>']) {
        let mut words = value.split_ascii_whitespace();
        if let (Some(word), None) = (words.next(), words.next())
            && word.contains('@')
        {
            ids.extend(msg_id(word));
        }
    }
    ids
}

/// One msg-id from what stands between its brackets.
fn msg_id(inner: &str) -> Option<String> {
    // Bounded first, so that a long run of `<` costs nothing.
    if inner.len() > 2 * MSG_ID_LIMIT {
        return None;
    }
    let id: String = inner.split_ascii_whitespace().collect();
    let fits = !id.is_empty() && id.len() + 2 <= MSG_ID_LIMIT && !id.chars().any(is_harmful);
    fits.then(|| format!("<{id}>"))
}

/// True for a character that must not reach a terminal or a header: controls, direction
/// overrides, invisible marks that only serve tricks, and code points that are no characters.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A domain in lower case. Letters beyond ASCII may be written in many ways that are one domain in
/// the end (RFC 5895); invisible ones among them would make an address look like another's.
fn in_one_form(domain: &str) -> String {
    match domain.is_ascii() {
        true => domain.to_lowercase(),
        false => match idna::domain_to_unicode(domain) {
            (mapped, Ok(())) => mapped,
            _ => domain.to_lowercase(),
        },
    }
}

/// The first `limit` bytes, not cut inside a UTF-8 character.
fn head(raw: &[u8], limit: usize) -> &[u8] {
    let mut end = limit.min(raw.len());
    while end < raw.len() && end + 4 > limit && raw[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &raw[..end]
}

/// Bytes of no stated charset: UTF-8 if they are that, but for a slip or two, else windows-1252,
/// which has a character for (nearly) every byte.
pub(super) fn guess(raw: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(raw) {
        return text.to_owned();
    }
    let (mut good, mut bad) = (0, 0);
    for chunk in raw.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        return String::from_utf8_lossy(raw).into_owned();
    }
    decode("windows-1252", raw)
        .unwrap_or_else(|| raw.iter().map(|&byte| char::from(byte)).collect())
}

/// `raw` read in `charset`; `None` if the charset is unknown or its decoder gives up.
fn decode(charset: &str, raw: &[u8]) -> Option<String> {
    let decoder = charset_decoder(charset.as_bytes())?;
    catch_unwind(|| decoder(raw)).ok()
}

/// `raw` in a stated charset. A charset that is unknown, or a lie, is guessed.
pub(super) fn in_charset(charset: &str, raw: &[u8]) -> String {
    let says_little = ["utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name));
    let decoded = if says_little {
        None
    } else {
        decode(charset, raw)
    };
    decoded.unwrap_or_else(|| guess(raw))
}

/// Decodes the encoded words of `value` (RFC 2047) and leaves all else as it stands.
///
/// Bytes of neighbours in one charset are joined before they are decoded: many a mailer cuts in
/// the middle of a character.
fn words(value: &str) -> String {
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
struct Word<'a> {
    start: usize,
    end: usize,
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

/// Why no encoded word stands at a place.
enum Malformed {
    Here,
    /// No `?=` follows at all, so no later `=?` can be one either.
    NoEnd,
}

/// Reads `=?charset*language?Q?text?=`. Blanks in the text are forgiven.
fn encoded_word_at(text: &str, start: usize) -> Result<Word<'_>, Malformed> {
    let inner = &text[start + 2..];
    let token = inner
        .bytes()
        .take(64)
        .position(|b| b == b'?' || !b.is_ascii_graphic())
        .filter(|&len| len > 0 && inner[len..].starts_with('?'))
        .ok_or(Malformed::Here)?;
    let charset = inner[..token].split('*').next().unwrap_or_default();
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

#[cfg(test)]
mod tests;
