//! Transfer encodings (RFC 2045, 6.7 and 6.8), read as leniently as mailers write them.
//!
//! mail-parser does not do here: it loses the end of base64 whose padding is missing, and returns a
//! whole part undecoded for one stray `=` in quoted-printable.

use super::uuencode;

/// How a body is encoded (RFC 2045, 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Base64,
    /// Base64 of a text: what others appended to it, unencoded, is read as well.
    Base64Text,
    QuotedPrintable,
    Uuencode,
}

impl Encoding {
    /// The encoding that a Content-Transfer-Encoding names. Letter case and punctuation make no
    /// difference; an unknown one is none.
    pub(crate) fn named(name: &str) -> Encoding {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        let plain: Vec<u8> = letters.map(|byte| byte.to_ascii_lowercase()).collect();
        let begins = |names: &[&str]| names.iter().any(|name| plain.starts_with(name.as_bytes()));
        if begins(&["base64", "xbase64"]) {
            Encoding::Base64
        } else if begins(&["quotedprintable", "xquotedprintable"]) {
            Encoding::QuotedPrintable
        } else if begins(&["uuencode", "xuuencode", "uue", "xuue"]) {
            Encoding::Uuencode
        } else {
            Encoding::Plain
        }
    }

    /// At least the first `limit` bytes of what `body` holds, if there are as many. Reads at most four
    /// times as many.
    pub(crate) fn decode_head(self, body: &[u8], limit: usize) -> Vec<u8> {
        let head = |times: usize| &body[..body.len().min(limit.saturating_mul(times))];
        match self {
            Encoding::Plain => head(1).to_vec(),
            Encoding::Base64 => base64(base64_and_rest(head(2)).0),
            Encoding::Base64Text => {
                let (coded, rest) = base64_and_rest(head(2));
                let mut text = base64(coded);
                if !rest.is_empty() {
                    text.push(b'\n');
                    text.extend_from_slice(rest);
                }
                text
            }
            Encoding::QuotedPrintable => quoted_printable(head(4)),
            Encoding::Uuencode => uuencode::decode(head(4)),
        }
    }

    /// How many bytes `body` holds.
    pub(crate) fn decoded_len(self, body: &[u8]) -> usize {
        match self {
            Encoding::Plain => body.len(),
            Encoding::Base64 => base64_len(base64_and_rest(body).0),
            _ => self.decode_head(body, usize::MAX).len(),
        }
    }
}

/// Parts base64 from a text that somebody appended, such as the footer of a list, from the start of the
/// paragraph in which it is plain that it is none.
fn base64_and_rest(body: &[u8]) -> (&[u8], &[u8]) {
    body.split_at(base64_end(body))
}

fn base64_end(body: &[u8]) -> usize {
    let is_code = |&byte: &u8| byte == b'=' || digit(byte).is_some();
    // Where the paragraph begins that follows some base64; and whether that ended in padding.
    let mut paragraph: Option<(usize, bool)> = None;
    let (mut seen, mut gap, mut padded) = (false, false, false);
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let start = at;
        at += line.len();
        let text = line.trim_ascii();
        if text.is_empty() {
            gap = true;
            continue;
        }
        if seen && (gap || padded) {
            paragraph = Some((start, padded));
        }
        if !text.iter().all(is_code) {
            let is_text = b"-_*>".contains(&text[0]) || text.contains(&b' ');
            match paragraph {
                Some((start, _)) => return start,
                None if seen && is_text => return start,
                None => {}
            }
        }
        seen = true;
        gap = false;
        padded = text.ends_with(b"=");
    }
    match paragraph {
        // A word that has as many letters as no base64 has.
        Some((start, true)) => {
            let digits = body[start..].iter().filter(|byte| digit(**byte).is_some());
            match padded || digits.count() % 4 == 0 {
                true => body.len(),
                false => start,
            }
        }
        _ => body.len(),
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

/// The six bits of a digit of base64.
pub(super) fn digit(byte: u8) -> Option<u8> {
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
    fn what_others_append_to_base64_is_text() {
        let table: &[(&str, &[u8], &str)] = &[
            ("nothing", b"YWJj\nZGVm\n", "abcdef"),
            (
                "behind padding and a gap",
                b"YWI=\n\n____\nScanned by X\n",
                "ab\n____\nScanned by X\n",
            ),
            ("behind padding", b"YWI=\n-- \nlist\n", "ab\n-- \nlist\n"),
            (
                "behind a gap",
                b"YWJj\r\n\r\nDisclaimer\r\na - b\r\n",
                "abc\nDisclaimer\r\na - b\r\n",
            ),
            (
                "without either",
                b"YWJj\n_____\nlist\n",
                "abc\n_____\nlist\n",
            ),
            ("one word", b"YWI=\n\nScanned\n", "ab\nScanned\n"),
            ("more base64", b"YWI=\nY2Q=\n", "abcd"),
            ("more base64 behind a gap", b"YWJj\n\nZGVm\n", "abcdef"),
            ("junk in the middle", b"YW*Jj\nZGVm\n", "abcdef"),
            ("junk behind empty lines", b"\n\nYW*Jj\nZGVm\n", "abcdef"),
        ];
        for (case, body, want) in table {
            let text = Encoding::Base64Text.decode_head(body, usize::MAX);
            assert_eq!(String::from_utf8_lossy(&text), *want, "{case}");
            assert_eq!(Encoding::Base64Text.decoded_len(body), want.len(), "{case}");
            let bytes = Encoding::Base64.decode_head(body, usize::MAX);
            let data = want.split('\n').next().unwrap();
            assert_eq!(String::from_utf8_lossy(&bytes), data, "{case}");
            assert_eq!(Encoding::Base64.decoded_len(body), data.len(), "{case}");
        }
    }

    #[test]
    fn encodings_by_their_names() {
        for (name, want) in [
            ("base64", Encoding::Base64),
            ("BASE-64", Encoding::Base64),
            ("\"base64\"", Encoding::Base64),
            ("Quoted-Printable", Encoding::QuotedPrintable),
            ("quoted printable", Encoding::QuotedPrintable),
            ("x-uuencode", Encoding::Uuencode),
            ("uue", Encoding::Uuencode),
            ("7-bit", Encoding::Plain),
            ("8 bit", Encoding::Plain),
            ("binary", Encoding::Plain),
            ("x-gzip64", Encoding::Plain),
            ("", Encoding::Plain),
        ] {
            assert_eq!(Encoding::named(name), want, "{name}");
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
