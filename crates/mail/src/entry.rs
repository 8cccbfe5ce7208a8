//! One entry as we write it, and the way back to the exact bytes that came in (promises D3, D6, A2).
//!
//! ```text
//! From bob@example.net Fri Jan 12 09:08:07 2024
//! Return-Path: <bob@example.net>
//! Delivered-To: submit@example.org
//! X-Tickets-Entry: size=1234; eol=crlf; end=none;
//!  sha256=<64 digits>
//! <the message: LF, From_-quoted, steering fields held>
//! <empty line>
//! ```
//!
//! `size` and `sha256` are of the bytes that came in. `eol` is `crlf`, `kept`, or `mixed:` and the
//! lengths of the runs of CRLF and LF lines in turn; `end=none`: the last line had no end;
//! `head=none`: the first line is no header field, and an empty line was put before it; `nul`: where
//! the header had NULs (mutt drops the rest of such a line), each counted from the one before, stored
//! as `?`. A message without an empty line gets one behind its header, or mutt would miss the next
//! From_ line.
//!
//! Mail programs add fields, blank lines and a missing line end, and never know that they changed
//! anything. So the way back does not trust what it finds: it tries, and the digest decides.

mod ends;
mod fields;
mod trace;
mod whole;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memchr_iter;

use self::ends::Ends;
pub use self::fields::is_steering;
use self::fields::{HELD, field_name, must_be_held};
pub use self::trace::EXPORT_MARK;
pub use self::trace::field_len;
use self::trace::{Found, Record};
pub(crate) use self::whole::{Wholeness, wholeness};
use super::mbox;

/// What is known of a message besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// The envelope sender; `None` is the null sender.
    pub sender: Option<&'a str>,
    /// The address it is filed under, in canonical form; says what the entry did to its ticket.
    pub filed_under: &'a str,
    /// When it came in, in seconds since 1970, UTC.
    pub at: i64,
}

/// What the digest says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// These are the bytes that came in.
    Intact,
    /// Somebody changed the message since; `raw` is the nearest there is.
    Changed,
    /// Another program wrote this entry; nothing is known of the bytes that came in.
    Foreign,
}

/// An entry read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The bytes as they came in. Those of a foreign entry are given as they lie in the file, quoting
    /// and all: most others quote `From ` but not `>From `, so nobody can tell which `>` to take off.
    pub raw: Cow<'a, [u8]>,
    /// Whether that is certain.
    pub verdict: Verdict,
    /// The address it was filed under; only for entries of ours.
    pub delivered_to: Option<String>,
    /// The envelope sender, empty for the null sender; only for entries of ours.
    pub return_path: Option<String>,
    /// SHA-256 of the bytes that came in, in hexadecimal, as recorded; only for entries of ours.
    pub sha256: Option<String>,
    /// Number of bytes that came in, as recorded; only for entries of ours.
    pub size: Option<u64>,
}

/// SHA-256 of `raw` in hexadecimal, as [`Decoded::sha256`] has it.
#[must_use]
pub fn digest(raw: &[u8]) -> String {
    trace::sha256_hex(raw)
}

/// The whole entry, ready to be appended to a file that is empty or ends in an empty line.
///
/// `raw` is the message without the MTA's From_ line. One copy of it is made, the result.
#[must_use]
pub fn encode(trace: &Trace<'_>, raw: &[u8]) -> Vec<u8> {
    let ends = Ends::of(raw);
    let first_line = mbox::lines(raw)
        .next()
        .map(|line| without_end(line, &ends))
        .unwrap_or_default();
    let no_header = !is_blank(first_line) && field_name(first_line).is_none();
    let nuls = if no_header {
        Vec::new()
    } else {
        nuls_in(&raw[..header_end(raw, &ends).unwrap_or(raw.len())])
    };
    let record = Record {
        size: raw.len() as u64,
        sha256: trace::sha256_hex(raw),
        ends,
        no_end: !raw.is_empty() && !raw.ends_with(b"\n"),
        no_header,
        nuls,
    };
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 64 + 4096);
    out.extend_from_slice(mbox::from_line(trace.sender, trace.at).as_bytes());
    out.extend_from_slice(trace::write(trace, &record).as_bytes());
    if no_header {
        out.push(b'\n');
    }
    let mut in_header = !no_header;
    for line in mbox::lines(raw) {
        let text = without_end(line, &record.ends);
        in_header &= !is_blank(text);
        let held: &[u8] = if in_header && must_be_held(text) {
            HELD
        } else {
            b""
        };
        out.extend_from_slice(held);
        let start = out.len();
        mbox::quote_line(&mut out, text, held.len());
        if in_header && !record.nuls.is_empty() {
            hide_nuls(&mut out[start..]);
        }
        out.push(b'\n');
    }
    if in_header {
        out.push(b'\n');
    }
    out.push(b'\n');
    out
}

/// Reads an entry back: `stored` is its content as [`mbox::entries`] found it.
#[must_use]
pub fn decode(stored: &[u8]) -> Decoded<'_> {
    match trace::read(stored) {
        Found::Ours(top) => {
            let (raw, verdict) = restore(&stored[top.message..], &top.record);
            Decoded {
                raw: Cow::Owned(raw),
                verdict,
                delivered_to: Some(top.delivered_to),
                return_path: Some(top.return_path),
                sha256: Some(top.record.sha256),
                size: Some(top.record.size),
            }
        }
        Found::CutShort | Found::Foreign => Decoded {
            raw: Cow::Borrowed(stored),
            verdict: Verdict::Foreign,
            delivered_to: None,
            return_path: None,
            sha256: None,
            size: None,
        },
    }
}

/// What mutt and dovecot do to a message that they write back, beside adding fields.
#[derive(Debug, Clone, Copy, Default)]
struct Rewrite {
    /// A line that is no field ended the header: an empty line was put before it.
    empty_line: bool,
    /// The empty line behind the header lost its CR.
    lost_cr: bool,
}

/// The bytes that came in, as far as the digest can prove them.
fn restore(message: &[u8], record: &Record) -> (Vec<u8>, Verdict) {
    let (nearest, verdict) = settle(undo(message, record, Rewrite::default()), record);
    if verdict == Verdict::Intact {
        return (nearest, verdict);
    }
    for (empty_line, lost_cr) in [(true, false), (false, true), (true, true)] {
        let rewrite = Rewrite {
            empty_line,
            lost_cr,
        };
        let (raw, verdict) = settle(undo(message, record, rewrite), record);
        if verdict == Verdict::Intact {
            return (raw, verdict);
        }
    }
    (nearest, Verdict::Changed)
}

/// Undoes what [`encode`] did, and `rewrite`. May still end in too many or too few newlines.
fn undo(message: &[u8], record: &Record, rewrite: Rewrite) -> Vec<u8> {
    let hint = usize::try_from(record.size).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(message.len().max(hint.min(2 * message.len())) + 16);
    let mut crs = record.ends.crs();
    let mut empty_line_to_drop = rewrite.empty_line;
    let mut in_header = true;
    let mut pos = 0;
    while let Some(line) = mbox::lines(&message[pos..]).next() {
        if in_header && is_steering(line) {
            pos += field_len(&message[pos..]);
            continue;
        }
        pos += line.len();
        let (text, ended) = line
            .strip_suffix(b"\n")
            .map_or((line, false), |text| (text, true));
        let start = out.len();
        if in_header && is_blank(text) {
            in_header = !record.no_header && std::mem::take(&mut empty_line_to_drop);
            if in_header || record.no_header {
                continue;
            }
            if rewrite.lost_cr {
                out.push(b'\r');
            }
        }
        mbox::unquote_line(&mut out, text);
        if in_header && text.starts_with(HELD) {
            out.drain(start..start + HELD.len());
        }
        if ended {
            if crs.next() == Some(true) {
                out.push(b'\r');
            }
            out.push(b'\n');
        }
    }
    show_nuls(&mut out, &record.nuls);
    out
}

/// Mends the end: the entry's own empty line, a line end we added, those that mail programs drop.
fn settle(mut raw: Vec<u8>, record: &Record) -> (Vec<u8>, Verdict) {
    let found = raw.len();
    let Ok(size) = usize::try_from(record.size) else {
        return (raw, Verdict::Changed);
    };
    if found > size && raw[size..].iter().all(|b| matches!(b, b'\r' | b'\n')) {
        raw.truncate(size);
    }
    let line_end: &[u8] = if record.ends.last_is_crlf() {
        b"\r\n"
    } else {
        b"\n"
    };
    for _ in 0..MOST_MISSING {
        if raw.len() < size {
            raw.extend_from_slice(line_end);
        }
    }
    if raw.len() > found {
        raw.truncate(size.max(found));
    }
    if raw.len() == size && digest(&raw) == record.sha256 {
        return (raw, Verdict::Intact);
    }
    raw.truncate(found);
    (raw, Verdict::Changed)
}

/// More NULs than this in a header are stored as they are.
const MOST_NULS: usize = 2000;
const INSTEAD_OF_NUL: u8 = b'?';

/// So many newlines may be missing at the end of an entry before it counts as cut off.
pub(super) const MOST_MISSING: usize = 4;

/// A line without its line end, as it is stored.
fn without_end<'a>(line: &'a [u8], ends: &Ends) -> &'a [u8] {
    let Some(text) = line.strip_suffix(b"\n") else {
        return line;
    };
    if ends.are_changed() {
        text.strip_suffix(b"\r").unwrap_or(text)
    } else {
        text
    }
}

/// Ends a header: an empty line, or one with a CR that was kept.
fn is_blank(text: &[u8]) -> bool {
    matches!(text, b"" | b"\r")
}

/// Where the empty line behind the header begins, if there is one.
fn header_end(raw: &[u8], ends: &Ends) -> Option<usize> {
    let mut pos = 0;
    for line in mbox::lines(raw) {
        if is_blank(without_end(line, ends)) {
            return Some(pos);
        }
        pos += line.len();
    }
    None
}

/// The distance of each NUL from the one before; none if they are too many to record.
fn nuls_in(header: &[u8]) -> Vec<u64> {
    let mut last = 0;
    let nuls = memchr_iter(0, header)
        .take(MOST_NULS + 1)
        .map(|pos| (pos - std::mem::replace(&mut last, pos)) as u64);
    let nuls: Vec<u64> = nuls.collect();
    if nuls.len() > MOST_NULS {
        Vec::new()
    } else {
        nuls
    }
}

fn hide_nuls(stored: &mut [u8]) {
    for byte in stored.iter_mut().filter(|byte| **byte == 0) {
        *byte = INSTEAD_OF_NUL;
    }
}

fn show_nuls(raw: &mut [u8], nuls: &[u64]) {
    let mut pos = 0_u64;
    for distance in nuls {
        pos = pos.saturating_add(*distance);
        let byte = usize::try_from(pos).ok().and_then(|pos| raw.get_mut(pos));
        if let Some(byte) = byte.filter(|byte| **byte == INSTEAD_OF_NUL) {
            *byte = 0;
        }
    }
}
