//! A multipart's body, cut at its boundaries.

use memchr::memmem;

/// More entities than this of one multipart are not looked at.
const PIECES: usize = 10_000;

/// The entities in the body of a multipart (RFC 2046, 5.1.1): what stands between lines that hold
/// nothing but the boundary. The last boundary may be missing.
pub(super) fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.trim_ascii_end().as_bytes();
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
