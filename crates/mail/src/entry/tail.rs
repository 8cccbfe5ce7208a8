//! What a crash, a full disk or another program left at the end of a file.
//!
//! An entry is written in one go and ends in exactly one empty line, so a killed writer leaves a prefix
//! of it. A power cut may also leave NULs in place of blocks that were not written, at the beginning or
//! between others. What might be somebody's mail is set aside and never cut off.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::{memchr, memrchr};

use super::whole::{Wholeness, wholeness};
use super::{MOST_MISSING, Verdict, decode};
use crate::mbox::{FileEntries, entries, is_from_line_cut_short};

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
    judge(&bytes[..written], base, written < bytes.len())
}

/// Judges `bytes`, with NULs behind them or not.
fn judge(bytes: &[u8], base: u64, nuls: bool) -> Tail {
    match without_nuls(bytes, base) {
        tail if !nuls => tail,
        Tail::Torn { keep } | Tail::SetAside { keep } => Tail::SetAside { keep },
        Tail::Whole | Tail::Missing(_) => Tail::SetAside {
            keep: base + bytes.len() as u64,
        },
    }
}

/// Judges the end of the first `size` bytes of a file, as [`tail`] does. Only the last entry is in memory.
///
/// # Errors
/// `input` cannot be read; `UnexpectedEof` if it has become shorter.
///
/// ```
/// use std::io::Cursor;
/// use tickets_mail::entry::{Tail, tail_of_file};
///
/// let file = b"From ann@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\ntext\n";
/// let tail = tail_of_file(&mut Cursor::new(file), file.len() as u64)?;
/// assert_eq!(tail, Tail::Missing(b"\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn tail_of_file<R: Read + Seek>(input: &mut R, size: u64) -> io::Result<Tail> {
    let written = end_where(input, size, |b| b != 0)?;
    let mut base = last_start(input, written)?;
    // Where the last line is cut, what stands before it is judged by itself.
    let line = end_where(input, written, |b| b == b'\n')?;
    if line < written {
        base = base.min(last_start(input, line)?);
    }
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(base))?;
    input.take(written - base).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == written - base {
        true => Ok(judge(&bytes, base, written < size)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Where the last entry begins in the first `size` bytes of a file; 0 if there is none.
fn last_start<R: Read + Seek>(input: &mut R, size: u64) -> io::Result<u64> {
    let mut entries = FileEntries::new(input, size)?;
    let mut start = 0;
    while let Some(span) = entries.next()? {
        start = span.start;
    }
    Ok(start)
}

/// The offset behind the last of the first `size` bytes that `is_it`; 0 if there is none.
fn end_where<R: Read + Seek>(
    input: &mut R,
    size: u64,
    is_it: impl Fn(u8) -> bool,
) -> io::Result<u64> {
    const CHUNK: u64 = 64 << 10;
    let mut bytes = vec![0; CHUNK.min(size) as usize];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        let bytes = &mut bytes[..(end - start) as usize];
        input.seek(SeekFrom::Start(start))?;
        input.read_exact(bytes)?;
        if let Some(last) = bytes.iter().rposition(|&b| is_it(b)) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
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
