//! Finds where the entries of an mbox begin and end, in memory and in files alike.
//!
//! A From_ line at the start of a line begins an entry, whether an empty line stands before it or not.
//! `Content-Length` is believed only if a From_ line or the end of the file follows exactly there
//! (after one empty line, or none): mutt and dovecot write unquoted bodies under it.

use memchr::memmem;

use super::{is_bare_from_line, is_from_line};
use crate::message::Message;

/// No more than this of a line is looked at. A From_ line has at most some hundred bytes.
pub(super) const LINE: usize = 64 << 10;

/// How a From_ line stands in a file.
const MARK: &[u8] = b"\nFrom ";

/// How the lines of that entry begin.
const INTERNAL_DATA: [&[u8]; 4] = [
    b"From MAILER-DAEMON ",
    b"Date: ",
    b"From: Mail System Internal Data <MAILER-DAEMON@",
    b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA",
];

/// Bytes at offsets of a file, in memory or not.
pub(super) trait Bytes {
    /// Why bytes cannot be had.
    type Error;

    /// The offset of the first byte.
    fn start(&self) -> u64;

    /// The offset behind the last byte.
    fn end(&self) -> u64;

    /// The bytes from `pos` on: at least `want` of them, or all there are.
    fn peek(&mut self, pos: u64, want: usize) -> Result<&[u8], Self::Error>;

    /// The line at `pos` with its LF, cut after [`LINE`] bytes; and where the next one begins.
    fn line(&mut self, pos: u64) -> Result<(&[u8], u64), Self::Error>;
}

/// Where one entry lies, in bytes from the start of the file; see [`super::Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntrySpan {
    /// Start of the From_ line.
    pub start: u64,
    /// First byte of the header.
    pub header: u64,
    /// First byte after the empty line that ends the header.
    pub body: u64,
    /// End of the body. The empty line that separates entries follows, if there is one.
    pub end: u64,
    /// Where the next entry begins, or the file ends.
    pub next: u64,
}

/// Goes from entry to entry. Linear: each byte is looked at about once.
#[derive(Debug, Clone)]
pub(super) struct Scanner<B> {
    pub(super) bytes: B,
    mark: memmem::Finder<'static>,
    first: u64,
    pos: u64,
    /// A bare From_ line begins an entry, too, if a header field follows.
    bare: bool,
}

impl<B: Bytes> Scanner<B> {
    pub(super) fn new(bytes: B, bare: bool) -> Result<Self, B::Error> {
        let start = bytes.start();
        let mut scanner = Scanner {
            bytes,
            mark: memmem::Finder::new(MARK),
            first: start,
            pos: start,
            bare,
        };
        if !scanner.is_from_line_at(start)? {
            scanner.first = scanner.next_from_line(start)?;
            scanner.pos = scanner.first;
        }
        if start == 0 && scanner.is_internal_data_at(scanner.first)? {
            scanner.next()?;
            scanner.first = scanner.pos;
        }
        Ok(scanner)
    }

    /// Where the first entry begins, or the end. What stands before it belongs to no entry.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn next(&mut self) -> Result<Option<EntrySpan>, B::Error> {
        let start = self.pos;
        if start >= self.bytes.end() {
            return Ok(None);
        }
        let header = self.end_of_from_lines(start)?;
        let (body, content_length) = self.read_header(header)?;
        let by_length = match content_length {
            Some(length) => self.end_by_length(body, length)?,
            None => None,
        };
        let (end, next) = match by_length {
            Some(found) => found,
            None => {
                let next = match self.is_from_line_at(body)? {
                    true => body,
                    false => self.next_from_line(body)?,
                };
                (self.before_empty_line(body, next)?, next)
            }
        };
        self.pos = next;
        Ok(Some(EntrySpan {
            start,
            header,
            body,
            end,
            next,
        }))
    }

    fn is_from_line_at(&mut self, pos: u64) -> Result<bool, B::Error> {
        if !self.bytes.peek(pos, 5)?.starts_with(b"From ") {
            return Ok(false);
        }
        let (line, next) = self.bytes.line(pos)?;
        if is_from_line(line) || !self.bare || !is_bare_from_line(line) {
            return Ok(is_from_line(line));
        }
        Ok(!Message::new(self.bytes.line(next)?.0).fields().is_empty())
    }

    /// Whether the entry at `pos` is the one in which an IMAP server of the University of Washington keeps its
    /// notes. It is no mail. Our own entries, which anybody may cause, begin with other fields.
    fn is_internal_data_at(&mut self, pos: u64) -> Result<bool, B::Error> {
        if !self
            .bytes
            .peek(pos, INTERNAL_DATA[0].len())?
            .starts_with(INTERNAL_DATA[0])
        {
            return Ok(false);
        }
        let mut pos = pos;
        for begin in INTERNAL_DATA {
            let (line, next) = self.bytes.line(pos)?;
            if !line.starts_with(begin) {
                return Ok(false);
            }
            pos = next;
        }
        Ok(true)
    }

    /// The first From_ line that begins behind a line end at or after `pos`, or the end.
    fn next_from_line(&mut self, pos: u64) -> Result<u64, B::Error> {
        let end = self.bytes.end();
        let mut from = pos.saturating_sub(1).max(self.bytes.start());
        loop {
            let bytes = self.bytes.peek(from, MARK.len())?;
            let length = bytes.len() as u64;
            match self.mark.find(bytes) {
                Some(hit) => {
                    from += hit as u64 + 1;
                    if self.is_from_line_at(from)? {
                        return Ok(from);
                    }
                }
                None if from + length >= end => return Ok(end),
                // The mark may begin in the last bytes.
                None => from += length - (MARK.len() as u64 - 1),
            }
        }
    }

    /// Two From_ lines in a row are one entry to mutt and dovecot: an MTA stored another one's.
    fn end_of_from_lines(&mut self, start: u64) -> Result<u64, B::Error> {
        let mut pos = start;
        while self.is_from_line_at(pos)? {
            pos = self.bytes.line(pos)?.1;
        }
        Ok(pos)
    }

    /// Where the body begins, and the value of the first `Content-Length`.
    fn read_header(&mut self, header: u64) -> Result<(u64, Option<u64>), B::Error> {
        let mut length = None;
        let mut pos = header;
        while pos < self.bytes.end() {
            let mut read = self.bytes.line(pos)?;
            if read.0.starts_with(b"From ") {
                if self.is_from_line_at(pos)? {
                    break;
                }
                read = self.bytes.line(pos)?;
            }
            let (line, next) = read;
            pos = next;
            if matches!(line, b"\n" | b"\r\n") {
                break;
            }
            if length.is_none() {
                length = content_length(line);
            }
        }
        Ok((pos, length))
    }

    /// End of the body and start of the next entry, if `length` leads exactly to either.
    fn end_by_length(&mut self, body: u64, length: u64) -> Result<Option<(u64, u64)>, B::Error> {
        let all = self.bytes.end();
        let Some(end) = body.checked_add(length).filter(|&end| end <= all) else {
            return Ok(None);
        };
        let gap = match self.bytes.peek(end, 2)? {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        for next in [end + gap, end] {
            if next == all {
                return Ok(Some((end, next)));
            }
            let behind_a_line = self.bytes.peek(next - 1, 1)?.starts_with(b"\n");
            if behind_a_line && self.is_from_line_at(next)? {
                return Ok(Some((end, next)));
            }
        }
        Ok(None)
    }

    /// The end of the body that begins at `body`, given where the next entry begins.
    fn before_empty_line(&mut self, body: u64, next: u64) -> Result<u64, B::Error> {
        let from = next.saturating_sub(3).max(body);
        let count = (next - from) as usize;
        let tail = self.bytes.peek(from, count)?.get(..count);
        let tail = tail.unwrap_or_default();
        for empty in [b"\r\n".as_slice(), b"\n"] {
            if let Some(rest) = tail.strip_suffix(empty)
                && (rest.ends_with(b"\n") || (rest.is_empty() && from == body))
            {
                return Ok(next - empty.len() as u64);
            }
        }
        Ok(next)
    }
}

/// The number in a `Content-Length` field; `None` for any other line, and if it is no number.
fn content_length(line: &[u8]) -> Option<u64> {
    let name = b"Content-Length:";
    let (found, value) = line.split_at_checked(name.len())?;
    if !found.eq_ignore_ascii_case(name) {
        return None;
    }
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}
