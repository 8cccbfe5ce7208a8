//! The mbox file as mutt, neomutt, dovecot and Python's mailbox read it.
//!
//! An entry is a From_ line, a header, an empty line, a body, and one more empty line. This module
//! writes mboxrd in its strictest form, and reads whatever those programs, Exim, Postfix, procmail and
//! maildrop leave behind. [`crate::entry`] writes entries that give back the very bytes of a mail.
//!
//! ```
//! use tickets_mail::mbox;
//!
//! let mut file = Vec::new();
//! for mail in ["Subject: one\n\nFrom here on\n", "Subject: two\n\n>From there\n"] {
//!     let from_line = mbox::from_line(Some("ann@example.org"), 1_705_050_487);
//!     assert_eq!(from_line, "From ann@example.org Fri Jan 12 09:08:07 2024\n");
//!     file.extend_from_slice(from_line.as_bytes());
//!     mbox::quote_into(&mut file, mail.as_bytes());
//!     file.push(b'\n');
//! }
//!
//! let mails: Vec<_> = mbox::entries(&file, 0).map(|e| mbox::unquote(e.content)).collect();
//! assert_eq!(*mails[0], *b"Subject: one\n\nFrom here on\n");
//! assert_eq!(*mails[1], *b"Subject: two\n\n>From there\n");
//! ```

mod entries;
mod file;
mod from_line;
mod scan;

#[cfg(test)]
pub(crate) mod nasty;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::borrow::Cow;

use memchr::{memchr, memmem};

pub use entries::{Entries, Entry, entries};
pub use file::FileEntries;
pub(crate) use from_line::is_from_line_cut_short;
pub use from_line::{
    date_of, from_line, is_bare_from_line, is_from_line, sender_of, strip_from_line,
};
pub use scan::EntrySpan;

/// mutt and neomutt read a line in pieces of this many bytes, and take each piece for a line.
pub(crate) const PIECE: usize = 8191;

/// Appends `body` to `out` with mboxrd's quoting: each `^>*From ` gets one more `>`.
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

/// `stored` with the quoting of [`quote_into`] undone; borrowed if nothing is quoted.
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

/// Appends one line with quoting. `at` bytes of the stored line are in `out` already.
pub(crate) fn quote_line(out: &mut Vec<u8>, line: &[u8], at: usize) {
    let mut finder = QuoteFinder::default();
    let (mut pos, mut at) = (0, at);
    loop {
        if at.is_multiple_of(PIECE) && finder.is_quotable(line, pos) {
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
    let mut finder = QuoteFinder::default();
    for start in (0..line.len()).step_by(PIECE) {
        let quoted = line[start] == b'>' && finder.is_quotable(line, start);
        let end = line.len().min(start + PIECE);
        out.extend_from_slice(&line[start + usize::from(quoted)..end]);
    }
}

/// Looks for `>*From ` at rising positions of one line, and walks over each run of `>` only once: in a
/// line of 64 million `>` each of its pieces would begin another walk.
#[derive(Default)]
struct QuoteFinder {
    run_end: usize,
    found: bool,
}

impl QuoteFinder {
    fn is_quotable(&mut self, line: &[u8], pos: usize) -> bool {
        if pos >= self.run_end {
            let run = line[pos..].iter().take_while(|&&b| b == b'>').count();
            self.run_end = pos + run;
            self.found = line[self.run_end..].starts_with(b"From ");
        }
        self.found
    }
}
