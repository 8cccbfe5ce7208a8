//! Transfer encodings (RFC 2045, 6.7 and 6.8), read as leniently as mailers write them.
//!
//! mail-parser does not do here: it loses the end of base64 whose padding is missing, and returns a
//! whole part undecoded for one stray `=` in quoted-printable.

/// How a body is encoded (RFC 2045, 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// At least the first `limit` bytes of what `body` holds, if there are as many. Reads at most four
    /// times as many.
    pub(crate) fn decode_head(self, body: &[u8], limit: usize) -> Vec<u8> {
        let head = |times: usize| &body[..body.len().min(limit.saturating_mul(times))];
        match self {
            Encoding::Plain => head(1).to_vec(),
            Encoding::Base64 => base64(head(2)),
            Encoding::QuotedPrintable => quoted_printable(head(4)),
        }
    }

    /// How many bytes `body` holds.
    pub(crate) fn decoded_len(self, body: &[u8]) -> usize {
        match self {
            Encoding::Plain => body.len(),
            Encoding::Base64 => base64_len(body),
            Encoding::QuotedPrintable => quoted_printable(body).len(),
        }
    }
}

/// Decodes base64. What is no digit of it is skipped; padding may be missing, or stand anywhere.
pub(crate) fn base64(coded: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(coded.len() / 4 * 3 + 3);
    let mut bits = 0_u32;
    let mut count = 0;
    for &byte in coded {
        match digit(byte) {
            Some(digit) => {
                bits = bits << 6 | u32::from(digit);
                count += 1;
                if count == 4 {
                    out.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
            None if byte == b'=' => {
                flush(&mut out, bits, count);
                (bits, count) = (0, 0);
            }
            None => {}
        }
    }
    flush(&mut out, bits, count);
    out
}

/// How many bytes [`base64`] returns, without decoding them.
fn base64_len(coded: &[u8]) -> usize {
    let whole = |count: usize| count * 6 / 8;
    let (mut total, mut count) = (0, 0);
    for &byte in coded {
        if digit(byte).is_some() {
            count += 1;
        } else if byte == b'=' {
            total += whole(count);
            count = 0;
        }
    }
    total + whole(count)
}

/// Appends what a group of `count` digits holds, if it is not full.
fn flush(out: &mut Vec<u8>, bits: u32, count: u32) {
    if count > 1 {
        let bytes = (bits << (6 * (4 - count))).to_be_bytes();
        out.extend_from_slice(&bytes[1..count as usize]);
    }
}

fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Decodes a quoted-printable body; an `=` that begins no code stands for itself.
fn quoted_printable(coded: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(coded.len());
    for line in coded.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = &line[text.len()..];
        // Blanks at the end of a line were added in transport (RFC 2045, 6.7, rule 3).
        let text = text.trim_ascii_end();
        match text.strip_suffix(b"=") {
            Some(text) => codes(text, &mut out),
            None => {
                codes(text, &mut out);
                out.extend_from_slice(end);
            }
        }
    }
    out
}

/// Appends `text` with its `=XX` codes resolved.
pub(crate) fn codes(text: &[u8], out: &mut Vec<u8>) {
    let hex = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'=', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_all_sorts() {
        let table: &[(&str, &[u8], &[u8])] = &[
            ("empty", b"", b""),
            ("whole", b"YWJj", b"abc"),
            ("padded", b"YWI=\n", b"ab"),
            ("padded twice", b"YQ==", b"a"),
            ("no padding", b"YWJjZA", b"abcd"),
            ("one digit too many", b"YWJjZ", b"abc"),
            ("folded", b"YW\r\nJj\r\n", b"abc"),
            ("junk", b"Y-W*J!j", b"abc"),
            ("two in a row", b"YQ==YWI=", b"aab"),
            ("only padding", b"====", b""),
        ];
        for (case, coded, want) in table {
            assert_eq!(base64(coded), *want, "{case}");
            assert_eq!(base64_len(coded), want.len(), "{case}, length");
        }
    }

    #[test]
    fn quoted_printable_of_all_sorts() {
        let table: &[(&str, &[u8], &[u8])] = &[
            ("plain", b"a\nb\n", b"a\nb\n"),
            ("codes", b"=C3=b6=3D\n", "ö=\n".as_bytes()),
            ("soft line end", b"a=\nb=\r\nc", b"abc"),
            ("blanks after a soft line end", b"a= \t\nb", b"ab"),
            ("blanks at the end", b"a \t\r\nb", b"a\r\nb"),
            ("coded blank at the end", b"a=20\nb", b"a \nb"),
            ("stray =", b"1 == 1, x=yz\n", b"1 == 1, x=yz\n"),
            ("half a code", b"=A", b"=A"),
        ];
        for (case, coded, want) in table {
            assert_eq!(quoted_printable(coded), *want, "{case}");
        }
    }
}
