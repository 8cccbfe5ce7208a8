//! The entries of an mbox that is in memory.

use std::convert::Infallible;

use memchr::memchr;

use super::scan::{Bytes, EntrySpan, LINE, Scanner};

/// One entry: where it lies, in bytes from the start of the file, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Start of the From_ line.
    pub start: u64,
    /// First byte of the header.
    pub header: u64,
    /// First byte after the empty line that ends the header.
    pub body: u64,
    /// End of the content. The empty line that separates entries follows, if there is one.
    pub end: u64,
    /// Where the next entry begins, or the file ends.
    pub next: u64,
    /// The From_ line without its line end.
    pub from_line: &'a [u8],
    /// Header and body: the bytes from `header` to `end`.
    pub content: &'a [u8],
}

/// The entries of a file in memory; see [`entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    scanner: Scanner<Slice<'a>>,
}

/// Walks over the entries of an mbox, or of the part of it that begins at offset `base`.
///
/// A From_ line at the start of a line begins an entry, whether an empty line stands before it or not.
/// `Content-Length` is believed only if a From_ line or the end follows exactly there (after one empty
/// line, or none): mutt and dovecot write unquoted bodies under it. Never fails, and takes time that
/// is linear in the length of `bytes`. A first entry in which an IMAP server keeps its notes (`DON'T DELETE
/// THIS MESSAGE -- FOLDER INTERNAL DATA`) is no mail, and is left out.
///
/// ```
/// let file = b"From ann@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\n>From here\n\n\
///              From bob@example.org Tue Jan  2 00:00:00 2024\nSubject: two\n\ntext\n\n";
/// let entries: Vec<_> = tickets_mail::mbox::entries(file, 0).collect();
/// assert_eq!(entries.len(), 2);
/// assert_eq!(entries[1].from_line, b"From bob@example.org Tue Jan  2 00:00:00 2024");
/// assert_eq!(entries[1].content, b"Subject: two\n\ntext\n");
/// assert_eq!(&file[entries[1].body as usize..entries[1].end as usize], b"text\n");
/// ```
#[must_use]
pub fn entries(bytes: &[u8], base: u64) -> Entries<'_> {
    let Ok(scanner) = Scanner::new(Slice { bytes, base }, false);
    Entries { scanner }
}

impl<'a> Entries<'a> {
    /// What stands before the first entry and belongs to none: nothing in a sound file, or the notes of an
    /// IMAP server.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        let all = &self.scanner.bytes;
        all.part(all.base, self.scanner.first())
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let Ok(span) = self.scanner.next();
        let span = span?;
        let all = &self.scanner.bytes;
        Some(span.entry(all.part(span.start, span.end)))
    }
}

impl EntrySpan {
    /// The entry that lies there, given its bytes from `start` to `end`.
    pub(super) fn entry(self, bytes: &[u8]) -> Entry<'_> {
        let EntrySpan {
            start,
            header,
            body,
            end,
            next,
        } = self;
        let header_at = (header - start) as usize;
        let line = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len()).min(header_at)];
        Entry {
            start,
            header,
            body,
            end,
            next,
            from_line: line.trim_ascii_end(),
            content: &bytes[header_at..],
        }
    }
}

/// The bytes of a file from `base` on.
#[derive(Debug, Clone, Copy)]
struct Slice<'a> {
    bytes: &'a [u8],
    base: u64,
}

impl<'a> Slice<'a> {
    fn part(&self, from: u64, to: u64) -> &'a [u8] {
        let (from, to) = ((from - self.base) as usize, (to - self.base) as usize);
        &self.bytes[from..to]
    }
}

// Called for each line; without inlining the walk takes a third longer.
impl Bytes for Slice<'_> {
    type Error = Infallible;

    fn start(&self) -> u64 {
        self.base
    }

    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    #[inline]
    fn peek(&mut self, pos: u64, _: usize) -> Result<&[u8], Infallible> {
        let from = (pos - self.base) as usize;
        Ok(self.bytes.get(from..).unwrap_or_default())
    }

    #[inline]
    fn line(&mut self, pos: u64) -> Result<(&[u8], u64), Infallible> {
        let Ok(rest) = self.peek(pos, 1);
        let length = memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
        Ok((&rest[..length.min(LINE)], pos + length as u64))
    }
}
