//! The mbox file as mutt, neomutt, dovecot and Python's mailbox read it (promise D2).
//!
//! What is written is mboxrd in its strictest form; what is read is whatever those programs, Exim,
//! Postfix, procmail and maildrop leave behind. An entry is a From_ line, a header, an empty line, a
//! body, and one more empty line. What stands *in* an entry of ours is the matter of [`super::entry`].

mod entries;
mod file;
mod from_line;
mod scan;
mod tail;

#[cfg(test)]
pub(crate) mod nasty;
#[cfg(test)]
mod tail_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::borrow::Cow;

use memchr::{memchr, memmem};

pub use entries::{Entries, Entry, entries};
pub use file::FileEntries;
pub(crate) use from_line::is_from_line_cut_short;
pub use from_line::{date_of, from_line, is_from_line, sender_of, strip_from_line};
pub use scan::EntrySpan;
pub use tail::{Tail, tail};

/// mutt and neomutt read a line in pieces of this many bytes and take each piece for a line.
pub(crate) const PIECE: usize = 8191;

/// Appends `body` to `out`, mboxrd-quoted: each `^>*From ` gets one more `>`.
///
/// A line longer than 8191 bytes is quoted at the start of each such piece as well, since mutt takes
/// a From_ line there for a new message. [`unquote_into`] is the exact inverse, for any bytes.
pub fn quote_into(out: &mut Vec<u8>, body: &[u8]) {
    for line in lines(body) {
        quote_line(out, line, 0);
    }
}

/// Appends `stored` to `out` with the quoting of [`quote_into`] undone.
pub fn unquote_into(out: &mut Vec<u8>, stored: &[u8]) {
    for line in lines(stored) {
        unquote_line(out, line);
    }
}

/// `stored` with the quoting of [`quote_into`] undone; borrowed if there was none.
#[must_use]
pub fn unquote(stored: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(stored, b">From ").is_none() {
        return Cow::Borrowed(stored);
    }
    let mut out = Vec::with_capacity(stored.len());
    unquote_into(&mut out, stored);
    Cow::Owned(out)
}

/// The lines of `bytes`, each with its LF; the last one may have none.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, later) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1));
        rest = later;
        Some(line)
    })
}

/// Appends one line, quoted; `at` bytes of the stored line stand in `out` already.
pub(crate) fn quote_line(out: &mut Vec<u8>, line: &[u8], at: usize) {
    let mut look = Look::default();
    let (mut pos, mut at) = (0, at);
    loop {
        if at.is_multiple_of(PIECE) && look.is_quotable(line, pos) {
            out.push(b'>');
            at += 1;
        }
        let room = PIECE - at % PIECE;
        if line.len() - pos <= room {
            out.extend_from_slice(&line[pos..]);
            return;
        }
        out.extend_from_slice(&line[pos..pos + room]);
        pos += room;
        at += room;
    }
}

/// Appends one stored line with the quoting of [`quote_line`] undone.
pub(crate) fn unquote_line(out: &mut Vec<u8>, line: &[u8]) {
    let mut look = Look::default();
    for start in (0..line.len()).step_by(PIECE) {
        let quoted = line[start] == b'>' && look.is_quotable(line, start);
        let end = line.len().min(start + PIECE);
        out.extend_from_slice(&line[start + usize::from(quoted)..end]);
    }
}

/// Asks for `>*From ` at rising positions of one line, but walks each run of `>` only once: a line of
/// 64 million `>` would otherwise be walked again for each of its pieces.
#[derive(Default)]
struct Look {
    run_end: usize,
    found: bool,
}

impl Look {
    fn is_quotable(&mut self, line: &[u8], pos: usize) -> bool {
        if pos >= self.run_end {
            let run = line[pos..].iter().take_while(|&&b| b == b'>').count();
            self.run_end = pos + run;
            self.found = line[self.run_end..].starts_with(b"From ");
        }
        self.found
    }
}
