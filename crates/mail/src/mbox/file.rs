//! The entries of an mbox that stays on the disk: an archive may be larger than the memory.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memchr;

use super::entries::Entry;
use super::scan::{Bytes, EntrySpan, LINE, Scanner};

/// So much of the file is in memory at a time.
const CHUNK: usize = 256 << 10;

/// Bytes before the asked one that are kept, since the scanner sometimes looks back.
const BEHIND: u64 = 8;

/// Walks over the entries of a file without having it in memory: some 256 KiB of it are read at a
/// time. Finds what [`super::entries()`] finds.
///
/// ```
/// use std::io::Cursor;
/// use tickets_mail::mbox::FileEntries;
///
/// let file = b"From ann@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\ntext\n\n";
/// let mut entries = FileEntries::new(Cursor::new(file), file.len() as u64)?;
/// while let Some(span) = entries.next()? {
///     assert_eq!(entries.read(span.header, span.end)?, b"Subject: one\n\ntext\n");
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct FileEntries<R> {
    scanner: Scanner<Buffer<R>>,
}

impl<R: Read + Seek> FileEntries<R> {
    /// Walks over the entries in the first `size` bytes of `input`, which may grow meanwhile.
    ///
    /// # Errors
    /// `input` cannot be read.
    pub fn new(input: R, size: u64) -> io::Result<Self> {
        Self::with_chunk(input, size, CHUNK, false)
    }

    /// Like [`FileEntries::new`], for an archive of another program: Thunderbird writes some From_ lines
    /// bare, as `From ` without a sender or a date. Where a header field follows, such a line begins an
    /// entry, too.
    ///
    /// # Errors
    /// `input` cannot be read.
    pub fn with_bare_lines(input: R, size: u64) -> io::Result<Self> {
        Self::with_chunk(input, size, CHUNK, true)
    }

    fn with_chunk(input: R, size: u64, chunk: usize, bare: bool) -> io::Result<Self> {
        let buffer = Buffer {
            input,
            size,
            chunk,
            bytes: Vec::new(),
            at: 0,
        };
        let scanner = Scanner::new(buffer, bare)?;
        Ok(FileEntries { scanner })
    }

    /// Length of what stands before the first entry and belongs to none.
    pub fn preamble(&self) -> u64 {
        self.scanner.first()
    }

    /// Where the next entry lies; `None` at the end.
    ///
    /// # Errors
    /// `input` cannot be read; `UnexpectedEof` if it has become shorter.
    #[allow(clippy::should_implement_trait)] // It may fail.
    pub fn next(&mut self) -> io::Result<Option<EntrySpan>> {
        self.scanner.next()
    }

    /// The next entry, read into `bytes`, which is used again for the one after it; `None` at the end.
    ///
    /// # Errors
    /// As for [`FileEntries::next`].
    pub fn next_into<'b>(&mut self, bytes: &'b mut Vec<u8>) -> io::Result<Option<Entry<'b>>> {
        let Some(span) = self.next()? else {
            return Ok(None);
        };
        self.scanner.bytes.read_into(span.start, span.end, bytes)?;
        Ok(Some(span.entry(bytes)))
    }

    /// The bytes of the file from offset `from` to offset `to`.
    ///
    /// # Errors
    /// `input` cannot be read; `UnexpectedEof` if it ends before `to`, or `to` is not in its first
    /// `size` bytes.
    pub fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        self.scanner.bytes.read(from, to)
    }
}

/// A file of which one part is in memory.
#[derive(Debug)]
struct Buffer<R> {
    input: R,
    size: u64,
    chunk: usize,
    /// The part that is in memory, and its offset.
    bytes: Vec<u8>,
    at: u64,
}

impl<R: Read + Seek> Bytes for Buffer<R> {
    type Error = io::Error;

    fn start(&self) -> u64 {
        0
    }

    fn end(&self) -> u64 {
        self.size
    }

    fn peek(&mut self, pos: u64, want: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.size.saturating_sub(pos)).unwrap_or(usize::MAX);
        let have = (self.at + self.bytes.len() as u64).saturating_sub(pos) as usize;
        if pos < self.at || have < want.min(left) {
            self.load(pos, want.max(self.chunk).min(left))?;
        }
        let from = (pos.min(self.size) - self.at) as usize;
        Ok(self.bytes.get(from..).unwrap_or_default())
    }

    fn line(&mut self, pos: u64) -> io::Result<(&[u8], u64)> {
        let mut lf = memchr(b'\n', self.peek(pos, 1)?);
        if lf.is_none() {
            lf = memchr(b'\n', self.peek(pos, LINE)?);
        }
        let next = match lf {
            Some(lf) => pos + lf as u64 + 1,
            None => self.end_of_line(pos)?,
        };
        let length = usize::try_from(next - pos).unwrap_or(LINE).min(LINE);
        let bytes = self.peek(pos, length)?;
        Ok((&bytes[..length.min(bytes.len())], next))
    }
}

impl<R: Read + Seek> Buffer<R> {
    /// Makes the buffer reach from `pos` (or a little before) for `want` bytes.
    fn load(&mut self, pos: u64, want: usize) -> io::Result<()> {
        let first = pos.saturating_sub(BEHIND);
        let end = self.at + self.bytes.len() as u64;
        if (self.at..=end).contains(&first) {
            self.bytes.drain(..(first - self.at) as usize);
        } else {
            self.bytes.clear();
        }
        self.at = first;
        let old = self.bytes.len();
        let new = ((pos - first) as usize + want).max(old);
        self.bytes.resize(new, 0);
        self.input
            .seek(SeekFrom::Start(first + old as u64))
            .and_then(|_| self.input.read_exact(&mut self.bytes[old..]))
            .inspect_err(|_| self.bytes.clear())
    }

    /// Where the line that `pos` is in ends; goes there, however far it is.
    fn end_of_line(&mut self, mut pos: u64) -> io::Result<u64> {
        while pos < self.size {
            let bytes = self.peek(pos, 1)?;
            if let Some(lf) = memchr(b'\n', bytes) {
                return Ok(pos + lf as u64 + 1);
            }
            pos += bytes.len() as u64;
        }
        Ok(self.size)
    }

    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_into(from, to, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&mut self, from: u64, to: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        if from > to || to > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.clear();
        if from >= self.at && to <= self.at + self.bytes.len() as u64 {
            let (from, to) = ((from - self.at) as usize, (to - self.at) as usize);
            bytes.extend_from_slice(&self.bytes[from..to]);
            return Ok(());
        }
        bytes.reserve_exact((to - from) as usize);
        self.input.seek(SeekFrom::Start(from))?;
        let read = (&mut self.input).take(to - from).read_to_end(bytes)?;
        match read as u64 == to - from {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
pub(super) mod tests;
