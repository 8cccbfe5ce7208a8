//! Header fields by which a stranger could steer a mail program.

use memchr::memchr;

/// Stands before the name of a held field.
pub(super) const HELD: &[u8] = b"X-Held-";

/// mutt takes flags such as deleted from `Status`, and believes `Content-Length`; dovecot hides a
/// message with `X-IMAP`.
const STEERING: [&[u8]; 8] = [
    b"Content-Length",
    b"Lines",
    b"Status",
    b"X-Status",
    b"X-Keywords",
    b"X-UID",
    b"X-IMAP",
    b"X-IMAPbase",
];
const MOZILLA: &[u8] = b"X-Mozilla-";

/// The name of the header field that begins `line`; `None` if it is no field. Blanks before the colon
/// are accepted, as by some readers.
pub(super) fn field_name(line: &[u8]) -> Option<&[u8]> {
    let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
    let colon = memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// Whether `line` begins a header field on which mail programs act: `Content-Length`, `Lines`, `Status`,
/// `X-Status`, `X-Keywords`, `X-UID`, `X-IMAP`, `X-IMAPbase` or `X-Mozilla-*`. In an entry of
/// [`super::encode`] a mail program has added it.
pub fn is_steering(line: &[u8]) -> bool {
    field_name(line).is_some_and(|name| {
        STEERING
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
            || begins_with(name, MOZILLA)
    })
}

/// Whether an incoming field must be stored under the name `X-Held-...`. A name that begins with
/// `X-Mozilla-` may hold a NUL, which is stored as a byte that makes it a steering field.
pub(super) fn must_be_held(line: &[u8]) -> bool {
    is_steering(line) || begins_with(line, HELD) || begins_with(line, MOZILLA)
}

fn begins_with(text: &[u8], prefix: &[u8]) -> bool {
    text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix)
}
