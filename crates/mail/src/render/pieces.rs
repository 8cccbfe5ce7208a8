//! A multipart's body, cut at its boundaries.

use memchr::memmem;

/// At most this many entities of one multipart are looked at.
const PIECES: usize = 10_000;

/// The entities in the body of a multipart (RFC 2046, 5.1.1): what stands between lines that hold
/// nothing but the boundary. The last boundary may be missing.
pub(super) fn pieces<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let delimiter = [b"--", boundary].concat();
    let delimiter = delimiter.trim_ascii_end();
    let mut pieces = Vec::new();
    let mut open = None;
    for at in memmem::find_iter(body, delimiter) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        let rest = &body[at + delimiter.len()..];
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, last) = match rest[..len].strip_prefix(b"--") {
            Some(line) => (line, true),
            None => (&rest[..len], false),
        };
        if !line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(start) = open {
            // The line end before a boundary belongs to the boundary.
            let piece = body.get(start..at).unwrap_or_default();
            let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
            pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
        }
        open = (!last).then_some(at + delimiter.len() + len);
        if last || pieces.len() >= PIECES {
            return pieces;
        }
    }
    pieces.extend(open.and_then(|start| body.get(start..)));
    pieces
}

/// The boundary that a multipart's body shows, if its header names none that stands there: that of the
/// first line which begins with two hyphens, and behind which a header follows or which comes again with
/// two hyphens at its end.
pub(super) fn shown_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n').take(LINES) {
        at += line.len();
        let Some(boundary) = line.strip_prefix(b"--") else {
            continue;
        };
        let boundary = boundary.trim_ascii_end();
        if boundary.is_empty() || boundary.len() > LONGEST {
            continue;
        }
        let rest = &body[at..];
        let header = rest
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        let last = [b"\n--", boundary, b"--"].concat();
        return (header || memmem::find(rest, &last).is_some()).then(|| boundary.to_vec());
    }
    None
}

/// A boundary that no header names is looked for in this many lines.
const LINES: usize = 1000;

/// Longer lines are no boundaries; RFC 2046 has 70 bytes.
const LONGEST: usize = 200;
