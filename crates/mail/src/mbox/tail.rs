//! What a crash, a full disk or another program left at the end of a file (D7).
//!
//! An entry is written in one go and ends in exactly one empty line, so a kill leaves a prefix of it. A
//! power cut may as well leave NULs where its blocks were never written, the first ones or those between
//! others. Whatever might be somebody's mail is never cut, only set aside.

use memchr::{memchr, memrchr};

use super::{entries, is_from_line_cut_short};
use crate::entry::{MOST_MISSING, Verdict, Wholeness, decode, wholeness};

/// What must be done before the next entry may be appended. Offsets are from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    Whole,
    /// Append these newlines: then the last entry is complete.
    Missing(&'static [u8]),
    /// Cut the file to `keep` bytes: what follows is the beginning of an entry of ours, whose delivery
    /// was never confirmed, so its message will come again.
    Torn {
        /// The new length of the file.
        keep: u64,
    },
    /// Save what follows `keep` elsewhere, then cut, then ask again: it might be mail.
    SetAside {
        /// The new length of the file.
        keep: u64,
    },
}

/// What a disk writes at once. File systems have blocks of some multiple of it.
const SECTOR: u64 = 512;

/// Judges the end of a file. `bytes` reach to its end, from offset `base`, where an entry begins (or
/// would begin: `bytes` is empty if all is known to be whole).
///
/// Ask again after [`Tail::Torn`] or [`Tail::SetAside`], with the bytes that are left.
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
    // The first bytes of a From_ line, where one may stand; unless the entry before them is torn.
    let keep = base + last_line as u64;
    match last_entry(before, base) {
        (Tail::Whole, true) => Tail::Torn { keep },
        (Tail::Whole | Tail::Missing(_), _) => Tail::SetAside { keep },
        _ => last_entry(bytes, base).0,
    }
}

/// Judges the last entry in `bytes`, and says whether it is one of ours that is surely whole (or
/// whether there is none).
fn last_entry(bytes: &[u8], base: u64) -> (Tail, bool) {
    let Some(entry) = entries(bytes, base).last() else {
        let blank = bytes.iter().all(|b| matches!(b, b'\r' | b'\n'));
        // Dovecot sees nothing in a file that begins with an empty line.
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
            // A mail program may have written flags above NULs that came in.
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

/// Where the entry begins that has a hole: blocks of NULs with others behind them. It is the last one
/// as it seems, from `start` on; or what follows it, if the hole begins where a From_ line would.
///
/// NULs in a mail of ours are proven by its digest. In others they do not reach from block to block.
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

/// How many newlines must follow, so that an empty line separates what comes next.
fn missing_after(bytes: &[u8]) -> usize {
    if ends_in_empty_line(bytes) {
        0
    } else {
        2 - usize::from(bytes.ends_with(b"\n"))
    }
}

/// Whether a From_ line may follow: at the start of a file, and behind an empty line.
fn ends_in_empty_line(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || bytes.ends_with(b"\n\n")
        || bytes.ends_with(b"\n\r\n")
        || matches!(bytes, b"\n" | b"\r\n")
}
