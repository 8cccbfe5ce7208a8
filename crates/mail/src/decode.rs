//! Field values as text: from the bytes that a stranger wrote to strings that are safe to use.
//!
//! No string from here holds a control character, so it may go to a terminal, a log or a header
//! field; only [`clean_block`] keeps line ends and tabs.
//!
//! ```
//! use tickets_mail::decode;
//!
//! // RFC 2047, with a character cut in two, as some mailers do.
//! let subject = b" =?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=B6=C3=9Fe?= of the screen\r\n";
//! assert_eq!(decode::text(subject), "Gr\u{f6}\u{df}e of the screen");
//! // A line break that would begin a new field, if the text were written to a header.
//! assert_eq!(decode::text(b"=?utf-8?Q?Hi=0D=0ABcc:_x@example.net?="), "Hi Bcc: x@example.net");
//! ```

mod address;
mod charset;
mod clean;
mod date;
mod encoded_words;
mod iso_2022;
mod label;
mod mailbox;
mod nominal;
pub(crate) mod parameters;
pub(crate) mod transfer;
mod utf_7;
pub(crate) mod uuencode;

pub(crate) use charset::{guess, in_charset};
pub use clean::{clean, clean_block, cleaned, is_blank};
pub use date::date;
pub use mailbox::{Mailbox, mailboxes};
pub use nominal::nominal;

/// No field's value is read further than this many bytes.
const FIELD_LIMIT: usize = 64 << 10;

/// Longer msg-ids do not fit on a line (RFC 5322, 2.1.1), and are left out.
const MSG_ID_LIMIT: usize = 998;

/// The value of an unstructured field, such as Subject, as one line of clean text.
///
/// `raw` is what follows the colon. It may be folded, and hold encoded words (RFC 2047) or bytes
/// beyond ASCII, which are read as UTF-8 or else as windows-1252. What cannot be decoded is returned
/// as it stands. Reads 64 KiB at most.
pub fn text(raw: &[u8]) -> String {
    clean(&words(head(raw, FIELD_LIMIT)))
}

/// `raw` with its encoded words decoded, and all else guessed.
fn words(raw: &[u8]) -> String {
    encoded_words::decode(&guess(&encoded_words::in_ascii(raw)))
}

/// All msg-ids of a Message-ID, In-Reply-To or References value, in order, with their angle
/// brackets (RFC 5322, 3.6.4).
///
/// White space inside an id, as folding leaves it, is removed; junk between ids is ignored; an id
/// with control characters, or longer than 998 bytes, is left out. Words that all have an `@` in them
/// are ids whose brackets were forgotten. Encoded words are decoded. Reads 64 KiB at most.
///
/// ```
/// let references = b" <1@example.org> (was:\r\n <2@exam\r\n ple.org>)";
/// let ids = tickets_mail::decode::msg_ids(references);
/// assert_eq!(ids, ["<1@example.org>", "<2@example.org>"]);
/// ```
pub fn msg_ids(raw: &[u8]) -> Vec<String> {
    ids_in(head(raw, FIELD_LIMIT))
}

/// Like [`msg_ids`], but of a longer value the last 64 KiB are read.
pub(crate) fn last_msg_ids(raw: &[u8]) -> Vec<String> {
    ids_in(&raw[raw.len().saturating_sub(FIELD_LIMIT)..])
}

fn ids_in(raw: &[u8]) -> Vec<String> {
    let mut value = guess(raw);
    if value.contains("=?") {
        value = decoded_outside_brackets(&value);
    }
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
        let words = || value.split(|c: char| c == ',' || c.is_ascii_whitespace());
        let words = || words().filter(|word| !word.is_empty());
        // Old mailers write prose here, with the address of the author among the words.
        if words().all(|word| word.contains('@')) {
            ids.extend(words().filter_map(msg_id));
        }
    }
    ids
}

/// `value` with its encoded words decoded. They have no place in these fields (RFC 2047, 5), but
/// programs write some. An id in brackets stays as it is, even if it looks like one.
fn decoded_outside_brackets(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(open) = rest.find('<') {
        let end = rest[open..]
            .find('>')
            .map_or(rest.len(), |at| open + at + 1);
        out.push_str(&encoded_words::decode(&rest[..open]));
        out.push_str(&rest[open..end]);
        rest = &rest[end..];
    }
    out.push_str(&encoded_words::decode(rest));
    out
}

/// One msg-id from what stands between its brackets.
fn msg_id(inner: &str) -> Option<String> {
    // Checked before the copy, so that a long value is not copied in vain.
    if inner.len() > 2 * MSG_ID_LIMIT {
        return None;
    }
    let id: String = inner.split_ascii_whitespace().collect();
    let fits = !id.is_empty() && id.len() + 2 <= MSG_ID_LIMIT && !id.chars().any(clean::is_harmful);
    fits.then(|| format!("<{id}>"))
}

/// The first `limit` bytes, not cut inside a UTF-8 character.
fn head(raw: &[u8], limit: usize) -> &[u8] {
    let mut end = limit.min(raw.len());
    while end < raw.len() && end + 4 > limit && raw[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &raw[..end]
}

/// `value` with a blank for each comment (RFC 5322, 3.2.2). One without an end is all the rest.
pub(crate) fn without_comments(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut depth = 0_u32;
    let mut escaped = false;
    for c in value.chars() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' if depth > 0 => escaped = true,
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                out.push(' ');
            }
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests;
