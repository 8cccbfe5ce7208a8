//! Where each entry of a file begins and ends, found without having the file in memory: an archive
//! may be larger than that. Says what [`super::entries`] says, of any file.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::{memchr, memmem};

use super::is_from_line;
use super::split::{content_length, is_empty_line};

/// So much of the file is in memory at a time.
const CHUNK: usize = 256 << 10;
/// A line is looked at no further; a From_ line has at most some hundred bytes.
const LINE: usize = 64 << 10;
/// Bytes behind the place that is looked at, so that a look back costs nothing.
const BEHIND: u64 = 8;

/// Where one entry lies, in bytes from the start of the file; see [`super::Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntrySpan {
    /// Start of the From_ line.
    pub start: u64,
    /// First byte of the header.
    pub header: u64,
    /// First byte after the empty line that ends the header.
    pub body: u64,
    /// End of the content.
    pub end: u64,
    /// Where the next entry begins, or the file ends.
    pub next: u64,
}

/// Walks over the entries of a file.
#[derive(Debug)]
pub struct FileEntries<R> {
    input: R,
    size: u64,
    chunk: usize,
    /// The part of the file that is in memory, and where it begins.
    window: Vec<u8>,
    at: u64,
    pos: u64,
    preamble: u64,
}

impl<R: Read + Seek> FileEntries<R> {
    /// The entries in the first `size` bytes of `input`.
    ///
    /// # Errors
    /// `input` cannot be read, here and in all that follows.
    pub fn new(input: R, size: u64) -> io::Result<Self> {
        Self::with_chunk(input, size, CHUNK)
    }

    fn with_chunk(input: R, size: u64, chunk: usize) -> io::Result<Self> {
        let mut spans = FileEntries {
            input,
            size,
            chunk,
            window: Vec::new(),
            at: 0,
            pos: 0,
            preamble: 0,
        };
        spans.pos = match spans.is_from_line_at(0)? {
            true => 0,
            false => spans.next_from_line(0)?,
        };
        spans.preamble = spans.pos;
        Ok(spans)
    }

    /// Length of what stands before the first From_ line and belongs to no entry.
    pub fn preamble(&self) -> u64 {
        self.preamble
    }

    /// The next entry.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file got shorter meanwhile.
    #[allow(clippy::should_implement_trait)] // It may fail.
    pub fn next(&mut self) -> io::Result<Option<EntrySpan>> {
        let start = self.pos;
        if start >= self.size {
            return Ok(None);
        }
        let header = self.end_of_from_lines(start)?;
        let (body, content_length) = self.read_header(header)?;
        let believed = match content_length {
            Some(length) => self.believe(body, length)?,
            None => None,
        };
        let (end, next) = match believed {
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

    /// The bytes of the file from `from` to `to`.
    pub fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        if from >= self.at && to <= self.at + self.window.len() as u64 {
            let (from, to) = ((from - self.at) as usize, (to - self.at) as usize);
            return Ok(self.window[from..to].to_vec());
        }
        let mut bytes = vec![0; (to - from) as usize];
        self.input.seek(SeekFrom::Start(from))?;
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The bytes from `pos` on: at least `want`, or all there are.
    fn look(&mut self, pos: u64, want: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.size.saturating_sub(pos)).unwrap_or(usize::MAX);
        let have = (self.at + self.window.len() as u64).saturating_sub(pos) as usize;
        if pos < self.at || have < want.min(left) {
            self.load(pos, want.max(self.chunk).min(left))?;
        }
        let from = (pos.min(self.size) - self.at) as usize;
        Ok(self.window.get(from..).unwrap_or_default())
    }

    /// Makes the window reach from `pos` (or a little before) for `want` bytes.
    fn load(&mut self, pos: u64, want: usize) -> io::Result<()> {
        let first = pos.saturating_sub(BEHIND);
        let end = self.at + self.window.len() as u64;
        if (self.at..=end).contains(&first) {
            self.window.drain(..(first - self.at) as usize);
        } else {
            self.window.clear();
        }
        self.at = first;
        let old = self.window.len();
        let new = ((pos - first) as usize + want).max(old);
        self.window.resize(new, 0);
        self.input
            .seek(SeekFrom::Start(first + old as u64))
            .and_then(|_| self.input.read_exact(&mut self.window[old..]))
            .inspect_err(|_| self.window.clear())
    }

    /// The line at `pos` as far as it matters, with its LF if that is among it; and where the next
    /// one begins.
    fn line(&mut self, pos: u64) -> io::Result<(&[u8], u64)> {
        let size = self.size;
        let near = memchr(b'\n', self.look(pos, 1)?);
        let far = match near {
            Some(_) => near,
            None => memchr(b'\n', self.look(pos, LINE)?),
        };
        let next = match far {
            Some(lf) => pos + lf as u64 + 1,
            None => self.end_of_line(pos)?,
        };
        let length = usize::try_from(next.min(size) - pos).unwrap_or(usize::MAX);
        let bytes = self.look(pos, length.min(LINE))?;
        Ok((&bytes[..length.min(LINE).min(bytes.len())], next))
    }

    fn end_of_line(&mut self, mut pos: u64) -> io::Result<u64> {
        while pos < self.size {
            let bytes = self.look(pos, 1)?;
            if let Some(lf) = memchr(b'\n', bytes) {
                return Ok(pos + lf as u64 + 1);
            }
            pos += bytes.len() as u64;
        }
        Ok(self.size)
    }

    fn is_from_line_at(&mut self, pos: u64) -> io::Result<bool> {
        if !self.look(pos, 5)?.starts_with(b"From ") {
            return Ok(false);
        }
        Ok(is_from_line(self.line(pos)?.0))
    }

    /// The first From_ line that begins behind a line end at or after `pos`, or the end.
    fn next_from_line(&mut self, pos: u64) -> io::Result<u64> {
        let mark = b"\nFrom ";
        let mut from = pos.saturating_sub(1);
        loop {
            let bytes = self.look(from, mark.len())?;
            let length = bytes.len() as u64;
            match memmem::find(bytes, mark) {
                Some(hit) => {
                    from += hit as u64 + 1;
                    if self.is_from_line_at(from)? {
                        return Ok(from);
                    }
                }
                None if from + length >= self.size => return Ok(self.size),
                None => from += length - (mark.len() as u64 - 1),
            }
        }
    }

    fn end_of_from_lines(&mut self, start: u64) -> io::Result<u64> {
        let mut pos = start;
        while self.is_from_line_at(pos)? {
            pos = self.line(pos)?.1;
        }
        Ok(pos)
    }

    /// Where the body begins, and the value of the first `Content-Length`.
    fn read_header(&mut self, header: u64) -> io::Result<(u64, Option<usize>)> {
        let mut length = None;
        let mut pos = header;
        while pos < self.size {
            let (line, next) = self.line(pos)?;
            if line.starts_with(b"From ") && is_from_line(line) {
                break;
            }
            let empty = is_empty_line(line);
            if length.is_none() {
                length = content_length(line);
            }
            pos = next;
            if empty {
                break;
            }
        }
        Ok((pos, length))
    }

    /// End of the content and start of the next entry, if `length` leads exactly to either.
    fn believe(&mut self, body: u64, length: usize) -> io::Result<Option<(u64, u64)>> {
        let end = body.checked_add(length as u64);
        let Some(end) = end.filter(|&end| end <= self.size) else {
            return Ok(None);
        };
        let gap = match self.look(end, 2)? {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        for next in [end + gap, end] {
            if next == self.size {
                return Ok(Some((end, next)));
            }
            let behind_a_line = next > 0 && self.look(next - 1, 1)?.first() == Some(&b'\n');
            if behind_a_line && self.is_from_line_at(next)? {
                return Ok(Some((end, next)));
            }
        }
        Ok(None)
    }

    /// The end of the content that begins at `body`, given where the next entry begins.
    fn before_empty_line(&mut self, body: u64, next: u64) -> io::Result<u64> {
        let from = next.saturating_sub(3).max(body);
        let count = (next - from) as usize;
        let tail = &self.look(from, count)?[..count];
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

#[cfg(test)]
#[path = "spans_tests.rs"]
pub(super) mod tests;
