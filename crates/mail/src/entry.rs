//! An entry of an mbox that any mail program can read and rewrite, and that gives back the very bytes
//! that came in.
//!
//! ```
//! use tickets_mail::entry::{Trace, Verdict, decode, encode};
//! use tickets_mail::mbox;
//!
//! let mail = b"Subject: x\r\nStatus: RO\r\n\r\nFrom here on\r\nno line end";
//! let trace = Trace {
//!     sender: Some("ann@example.net"),
//!     filed_under: "help@example.org",
//!     at: 1_705_050_487,
//! };
//! let mut file = encode(&trace, mail);
//! // mutt adds fields of its own when it writes the file back.
//! let body = file.windows(2).position(|two| two == b"\n\n").unwrap();
//! file.splice(body..body, *b"\nStatus: O");
//!
//! let entry = mbox::entries(&file, 0).next().unwrap();
//! let decoded = decode(entry.content);
//! assert_eq!(decoded.verdict, Verdict::Intact);
//! assert_eq!(*decoded.raw, *mail);
//! assert_eq!(decoded.delivered_to.as_deref(), Some("help@example.org"));
//! ```
//!
//! # Format
//!
//! ```text
//! From ann@example.net Fri Jan 12 09:08:07 2024
//! Return-Path: <ann@example.net>
//! Delivered-To: help@example.org
//! X-Tickets-Entry: size=58; eol=crlf; end=none;
//!  sha256=<64 hexadecimal digits>
//! <the message with LF, From_ lines quoted, steering fields held>
//! <empty line>
//! ```
//!
//! The field `X-Tickets-Entry` belongs to this library. Its parameters, in any order:
//! - `size` and `sha256`: of the bytes that came in.
//! - `eol`: how lines ended, if not all in LF. `crlf`; or `mixed:` and the lengths of the runs of CRLF
//!   and LF lines in turn; or `kept` if there are more than 2000 runs, and the CRs were left in place.
//! - `end=none`: the last line had no line end, and got one.
//! - `head=none`: the first line is no header field (and no From_ line before one), and an empty line was
//!   put before it.
//! - `nul`: where the header had NULs, each counted from the one before. They are stored as `?`, since
//!   mutt drops the rest of a line behind a NUL. More than 2000 are stored as they are.
//!
//! Parameters of other names are for later versions, and are ignored.
//!
//! Before it there may be fields `X-Tickets-Module`, one for each module that said something of the message. A field of
//! that name behind it is the message's own.
//!
//! Steering fields are those on which mail programs act, such as `Status`: see [`is_steering`]. They are
//! stored under another name, `X-Held-Status`. A message without an empty line behind its header gets
//! one, or mutt would miss the next From_ line.
//!
//! Mail programs add fields, empty lines and missing line ends when they write a file back. Reading
//! undoes the likely changes one after the other until the digest fits.

mod ends;
mod fields;
mod tail;
mod trace;
mod whole;

#[cfg(test)]
mod tail_tests;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memchr_iter;

use self::ends::Ends;
pub use self::fields::is_steering;
use self::fields::{HELD, field_name, must_be_held};
pub use self::tail::{Tail, tail, tail_of_file};
pub use self::trace::Trace;
pub use self::trace::{EXPORT_MARK, field_len};
use self::trace::{Record, Top};
use crate::mbox;
use crate::message::from_lines;

/// What the digest proves of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// These are the bytes that came in.
    Intact,
    /// The message was changed later, beyond what mail programs do. `raw` is what is there now.
    Changed,
    /// Another program wrote this entry, so nothing is known of the bytes that came in.
    Foreign,
}

/// An entry read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The bytes as they came in. Those of a foreign entry are returned as they lie in the file, with
    /// their quoting: many programs quote `From ` but not `>From `, so that it is unknown which `>`
    /// to remove.
    pub raw: Cow<'a, [u8]>,
    /// Whether `raw` is certain.
    pub verdict: Verdict,
    /// [`Trace::filed_under`]; `None` for a foreign entry.
    pub delivered_to: Option<String>,
    /// [`Trace::sender`], empty for the null sender; `None` for a foreign entry.
    pub return_path: Option<String>,
    /// What modules said of it, as it was given to [`encode_noted`]; none for a foreign entry.
    pub modules: Vec<String>,
    /// The recorded SHA-256 of the bytes that came in, in hexadecimal; `None` for a foreign entry.
    pub sha256: Option<String>,
    /// The recorded number of bytes that came in; `None` for a foreign entry.
    pub size: Option<u64>,
}

impl Decoded<'_> {
    /// The same with bytes of its own.
    #[must_use]
    pub fn into_owned(self) -> Decoded<'static> {
        Decoded {
            raw: Cow::Owned(self.raw.into_owned()),
            ..self
        }
    }
}

/// SHA-256 of `raw` in lower-case hexadecimal, as in [`Decoded::sha256`].
#[must_use]
pub fn digest(raw: &[u8]) -> String {
    trace::sha256_hex(raw)
}

/// The whole entry, to be appended to a file that is empty or ends in an empty line (see
/// [`tail()`]).
///
/// `raw` is the message without a From_ line of the MTA's (see [`mbox::strip_from_line`]). The result
/// is the only copy of it that is made.
#[must_use]
pub fn encode(trace: &Trace<'_>, raw: &[u8]) -> Vec<u8> {
    encode_noted(trace, &[], raw)
}

/// The same, with what modules said of the message: a line each.
#[must_use]
pub fn encode_noted(trace: &Trace<'_>, modules: &[String], raw: &[u8]) -> Vec<u8> {
    let ends = Ends::of(raw);
    let first_line = mbox::lines(raw)
        .next()
        .map(|line| without_end(line, &ends))
        .unwrap_or_default();
    let begins_header = field_name(first_line).is_some() || from_lines(raw, true).is_some();
    let no_header = !is_blank(first_line) && !begins_header;
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
    out.extend_from_slice(trace::write(trace, modules, &record).as_bytes());
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

/// Reads an entry back. `stored` is its [`mbox::Entry::content`].
#[must_use]
pub fn decode(stored: &[u8]) -> Decoded<'_> {
    match trace::read(stored) {
        Top::Ours(top) => {
            let (raw, verdict) = restore(&stored[top.message..], &top.record);
            Decoded {
                raw: Cow::Owned(raw),
                verdict,
                delivered_to: Some(top.delivered_to),
                return_path: Some(top.return_path),
                modules: top.modules,
                sha256: Some(top.record.sha256),
                size: Some(top.record.size),
            }
        }
        Top::CutShort | Top::Foreign => Decoded {
            raw: Cow::Borrowed(stored),
            verdict: Verdict::Foreign,
            delivered_to: None,
            return_path: None,
            modules: Vec::new(),
            sha256: None,
            size: None,
        },
    }
}

/// What mutt and dovecot do to a message when they write it back, beside adding fields.
#[derive(Debug, Clone, Copy, Default)]
struct Rewrite {
    /// An empty line was put before a line of the header that is no field.
    empty_line: bool,
    /// The empty line behind the header lost its CR.
    lost_cr: bool,
}

/// The bytes that came in, if the digest proves them; else what is there now.
fn restore(message: &[u8], record: &Record) -> (Vec<u8>, Verdict) {
    for (empty_line, lost_cr) in [(false, false), (true, false), (false, true), (true, true)] {
        let rewrite = Rewrite {
            empty_line,
            lost_cr,
        };
        let (raw, verdict) = mend_end(undo(message, record, rewrite), record);
        if verdict == Verdict::Intact {
            return (raw, verdict);
        }
    }
    // Made once more, for two at once would take twice the memory.
    let (nearest, _) = mend_end(undo(message, record, Rewrite::default()), record);
    (nearest, Verdict::Changed)
}

/// Undoes what [`encode`] did, and `rewrite`. The result may end in too many or too few newlines.
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

/// Gives `raw` the recorded size by removing and adding newlines at its end: there are the empty line
/// of the entry, a line end that was added, and others that mail programs drop.
fn mend_end(mut raw: Vec<u8>, record: &Record) -> (Vec<u8>, Verdict) {
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

/// If a header has more NULs than this, they are stored as they are.
const MOST_NULS: usize = 2000;
const INSTEAD_OF_NUL: u8 = b'?';

/// An entry at whose end more newlines than this are missing was cut off.
pub(super) const MOST_MISSING: usize = 4;

/// A line without its line end, as it will be stored.
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

/// Whether a line without its LF ends a header. It may have a CR that was kept.
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

/// The distance of each NUL from the one before; empty if they are too many to record.
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
