//! What a crash, a full disk or another program left at the end of a file.
//!
//! An entry is written in one go and ends in exactly one empty line, so a killed writer leaves a prefix
//! of it. A power cut may also leave NULs in place of blocks that were not written, at the beginning or
//! between others. What might be somebody's mail is set aside and never cut off.

use memchr::{memchr, memrchr};

use super::whole::{Wholeness, wholeness};
use super::{MOST_MISSING, Verdict, decode};
use crate::mbox::{entries, is_from_line_cut_short};

/// What must be done to a file before the next entry may be appended. Offsets are from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: the file is empty, or its last entry is whole.
    Whole,
    /// Append these newlines, which complete the last entry.
    Missing(&'static [u8]),
    /// Cut the file to `keep` bytes. What follows is the beginning of an entry of
    /// [`super::encode`] that was never finished, so its delivery was never confirmed and the
    /// message will come again.
    Torn {
        /// The new length of the file.
        keep: u64,
    },
    /// Save what follows the first `keep` bytes elsewhere, since it might be mail; then cut the file
    /// to `keep` bytes.
    SetAside {
        /// The new length of the file.
        keep: u64,
    },
}

/// The smallest unit that a disk writes at once. Blocks of file systems are multiples of it.
const SECTOR: u64 = 512;

/// Judges the end of a file. `bytes` are those from offset `base`, where an entry begins or may be
/// appended, to the end of the file.
///
/// After [`Tail::Torn`] or [`Tail::SetAside`] the end has to be judged again, with the bytes that are
/// left.
///
/// ```
/// use tickets_mail::entry::{Tail, Trace, encode, tail};
///
/// let trace = Trace { sender: None, filed_under: "help@example.org", at: 0 };
/// let first = encode(&trace, b"Subject: first\n\nwhole\n");
/// let mut file = first.clone();
/// file.extend(&encode(&trace, b"Subject: second\n\ntorn\n")[..100]);
/// assert_eq!(tail(&file, 0), Tail::Torn { keep: first.len() as u64 });
/// file.truncate(first.len());
/// assert_eq!(tail(&file, 0), Tail::Whole);
/// ```
#[must_use]
pub fn tail(bytes: &[u8], base: u64) -> Tail {
    let written = bytes.len() - bytes.iter().rev().take_while(|&&b| b == 0).count();
    if written < bytes.len() {
        return match without_nuls(&bytes[..written], base) {
            Tail::Torn { keep } | Tail::SetAside { keep } => Tail::SetAside { keep },
            Tail::Whole | Tail::Missing(_) => Tail::SetAside {
                keep: base + written as u64,
            },
        };
    }
    without_nuls(bytes, base)
}

fn without_nuls(bytes: &[u8], base: u64) -> Tail {
    let last_line = memrchr(b'\n', bytes).map_or(0, |lf| lf + 1);
    let before = &bytes[..last_line];
    if last_line == bytes.len()
        || !is_from_line_cut_short(&bytes[last_line..])
        || !ends_in_empty_line(before)
    {
        return last_entry(bytes, base).0;
    }
    // The last line is the beginning of a From_ line, unless the entry before it is torn.
    let keep = base + last_line as u64;
    match last_entry(before, base) {
        (Tail::Whole, true) => Tail::Torn { keep },
        (Tail::Whole | Tail::Missing(_), _) => Tail::SetAside { keep },
        _ => last_entry(bytes, base).0,
    }
}

/// Judges the last entry in `bytes`. Also returns whether it is surely whole, by its digest, or there
/// is no entry.
fn last_entry(bytes: &[u8], base: u64) -> (Tail, bool) {
    let Some(entry) = entries(bytes, base).last() else {
        let blank = bytes.iter().all(|b| matches!(b, b'\r' | b'\n'));
        // Dovecot finds no entries in a file that begins with an empty line.
        return match (blank, base) {
            (true, 0) if !bytes.is_empty() => (Tail::Torn { keep: 0 }, true),
            (true, _) => (Tail::Whole, true),
            (false, _) => (Tail::SetAside { keep: base }, false),
        };
    };
    let keep = entry.start;
    let stored = &bytes[usize::try_from(entry.header - base).unwrap_or(bytes.len())..];
    match wholeness(stored) {
        Wholeness::Other => match hole(bytes, base, keep) {
            // The NULs may have come in with a mail of ours to which a mail program added flags.
            Some(keep) if decode(entry.content).verdict != Verdict::Intact => {
                (Tail::SetAside { keep }, false)
            }
            _ => (newlines(missing_after(bytes)), false),
        },
        Wholeness::Ours { missing } => (newlines(missing.max(missing_after(bytes))), true),
        Wholeness::Short if bytes.ends_with(b"\n\n") => (Tail::SetAside { keep }, false),
        Wholeness::Short => (Tail::Torn { keep }, false),
        Wholeness::OnlyTrace if is_from_line_cut_short(entry.from_line) => {
            (Tail::Torn { keep }, false)
        }
        Wholeness::OnlyTrace => (Tail::SetAside { keep }, false),
    }
}

/// Where the entry begins that has a hole: blocks of NULs with other bytes behind them. It is the one
/// that begins at `start`, or one behind it whose From_ line is in the hole.
///
/// The NULs of a mail of ours are proven by its digest. In other mail, NULs rarely fill whole blocks.
fn hole(bytes: &[u8], base: u64, start: u64) -> Option<u64> {
    let is_edge = |at: usize| (base + at as u64).is_multiple_of(SECTOR);
    let mut end = usize::try_from(start - base).unwrap_or(bytes.len());
    while let Some(nul) = memchr(0, &bytes[end..]) {
        let begin = end + nul;
        end = begin + bytes[begin..].iter().take_while(|&&b| b == 0).count();
        if is_edge(end) && ends_in_empty_line(&bytes[..begin]) {
            return Some(base + begin as u64);
        }
        if is_edge(end) && is_edge(begin) {
            return Some(start);
        }
    }
    None
}

fn newlines(missing: usize) -> Tail {
    const NEWLINES: [u8; MOST_MISSING + 3] = [b'\n'; MOST_MISSING + 3];
    if missing == 0 {
        Tail::Whole
    } else {
        Tail::Missing(&NEWLINES[..missing.min(NEWLINES.len())])
    }
}

/// How many newlines are missing before the next From_ line may follow.
fn missing_after(bytes: &[u8]) -> usize {
    if ends_in_empty_line(bytes) {
        0
    } else {
        2 - usize::from(bytes.ends_with(b"\n"))
    }
}

/// Whether a From_ line may follow, as at the start of a file and behind an empty line.
fn ends_in_empty_line(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || bytes.ends_with(b"\n\n")
        || bytes.ends_with(b"\n\r\n")
        || matches!(bytes, b"\n" | b"\r\n")
}
