//! Where each entry of a file begins and ends.

use memchr::{memchr, memmem};

use super::{is_from_line, lines};

/// One entry: where it lies, in bytes from the start of the file, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Start of the From_ line.
    pub start: u64,
    /// First byte of the header.
    pub header: u64,
    /// First byte after the empty line that ends the header.
    pub body: u64,
    /// End of the content; the separating empty line follows, if there is one.
    pub end: u64,
    /// Where the next entry begins, or the file ends.
    pub next: u64,
    /// The From_ line without its line end.
    pub from_line: &'a [u8],
    /// Header and body: the bytes from `header` to `end`.
    pub content: &'a [u8],
}

/// The entries of a file; see [`entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    base: u64,
    preamble: usize,
    pos: usize,
}

/// Walks over the entries of a file, or of the part of it that begins at offset `base`.
///
/// A From_ line at the start of a line begins an entry, empty line before it or not. `Content-Length`
/// is believed only if a From_ line or the end follows exactly there (after one empty line, or none):
/// mutt and dovecot write unquoted bodies under it. Linear: each byte is looked at about once.
#[must_use]
pub fn entries(bytes: &[u8], base: u64) -> Entries<'_> {
    let preamble = if is_from_line_at(bytes, 0) {
        0
    } else {
        next_from_line(bytes, 0)
    };
    Entries {
        bytes,
        base,
        preamble,
        pos: preamble,
    }
}

impl<'a> Entries<'a> {
    /// What stands before the first From_ line and belongs to no entry; empty in a sound file.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        &self.bytes[..self.preamble]
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let bytes = self.bytes;
        let start = self.pos;
        if start >= bytes.len() {
            return None;
        }
        let header = end_of_from_lines(bytes, start);
        let (body, content_length) = read_header(bytes, header);
        let (end, next) = content_length
            .and_then(|length| believe(bytes, body, length))
            .unwrap_or_else(|| {
                let next = if is_from_line_at(bytes, body) {
                    body
                } else {
                    next_from_line(bytes, body)
                };
                (before_empty_line(bytes, body, next), next)
            });
        self.pos = next;
        let at = |pos: usize| self.base + pos as u64;
        let line = &bytes[start..header];
        Some(Entry {
            start: at(start),
            header: at(header),
            body: at(body),
            end: at(end),
            next: at(next),
            from_line: line[..memchr(b'\n', line).unwrap_or(line.len())].trim_ascii_end(),
            content: &bytes[header..end],
        })
    }
}

/// A line that ends a header: nothing in it but its line end.
pub(crate) fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

fn is_from_line_at(bytes: &[u8], pos: usize) -> bool {
    let rest = &bytes[pos..];
    rest.starts_with(b"From ") && is_from_line(&rest[..memchr(b'\n', rest).unwrap_or(rest.len())])
}

/// The first From_ line that begins behind a line end at or after `pos`, or the end.
fn next_from_line(bytes: &[u8], pos: usize) -> usize {
    let from = pos.saturating_sub(1);
    memmem::find_iter(&bytes[from..], b"\nFrom ")
        .map(|hit| from + hit + 1)
        .find(|&line| is_from_line_at(bytes, line))
        .unwrap_or(bytes.len())
}

/// Two From_ lines in a row are one entry to mutt and dovecot: an MTA stored another one's.
fn end_of_from_lines(bytes: &[u8], start: usize) -> usize {
    let mut pos = start;
    while is_from_line_at(bytes, pos) {
        pos = memchr(b'\n', &bytes[pos..]).map_or(bytes.len(), |lf| pos + lf + 1);
    }
    pos
}

/// Where the body begins, and the value of the first `Content-Length`.
fn read_header(bytes: &[u8], header: usize) -> (usize, Option<usize>) {
    let mut length = None;
    let mut pos = header;
    for line in lines(&bytes[header..]) {
        if line.starts_with(b"From ") && is_from_line(line) {
            break;
        }
        pos += line.len();
        if is_empty_line(line) {
            break;
        }
        if length.is_none() {
            length = content_length(line);
        }
    }
    (pos, length)
}

/// The number in a `Content-Length` field; `None` for any other line, and if it is none.
pub(crate) fn content_length(line: &[u8]) -> Option<usize> {
    let name = b"Content-Length:";
    let (found, value) = line.split_at_checked(name.len())?;
    if !found.eq_ignore_ascii_case(name) {
        return None;
    }
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

/// End of the content and start of the next entry, if `length` leads exactly to either.
fn believe(bytes: &[u8], body: usize, length: usize) -> Option<(usize, usize)> {
    let end = body.checked_add(length).filter(|&end| end <= bytes.len())?;
    let stops =
        |pos: usize| pos == bytes.len() || (bytes[pos - 1] == b'\n' && is_from_line_at(bytes, pos));
    let empty_line = match &bytes[end..] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    };
    [empty_line, 0]
        .into_iter()
        .map(|gap| end + gap)
        .find(|&next| stops(next))
        .map(|next| (end, next))
}

/// The end of the content that begins at `body`, given where the next entry begins.
fn before_empty_line(bytes: &[u8], body: usize, next: usize) -> usize {
    let text = &bytes[body..next];
    for empty in [b"\r\n".as_slice(), b"\n"] {
        if let Some(rest) = text.strip_suffix(empty)
            && (rest.is_empty() || rest.ends_with(b"\n"))
        {
            return body + rest.len();
        }
    }
    next
}
