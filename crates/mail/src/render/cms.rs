//! What S/MIME packs into one part (RFC 8551, 3): a signed mail, or one that only its recipient can read.
//!
//! Reads just enough of the Cryptographic Message Syntax (RFC 5652) to find the content. Signatures are
//! not verified.

/// Deeper values are not read.
const DEPTH: usize = 16;

/// 1.2.840.113549.1.7.2
const SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// 1.2.840.113549.1.7.3
const ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
/// 1.2.840.113549.1.9.16.1.23
const AUTH_ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, explicit.
const ZERO: u8 = 0xa0;

/// A message of the Cryptographic Message Syntax.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cms {
    /// What was signed, as bytes.
    Signed(Vec<u8>),
    /// Nobody but its recipients can read it.
    Encrypted,
}

/// Reads a ContentInfo; `None` if it is something else, or if a signature has no content with it.
pub(crate) fn read(bytes: &[u8]) -> Option<Cms> {
    let mut ber = Ber(bytes);
    ber.enter(SEQUENCE)?;
    let kind = ber.value(OID)?;
    if kind == ENVELOPED || kind == AUTH_ENVELOPED {
        return Some(Cms::Encrypted);
    }
    if kind != SIGNED {
        return None;
    }
    ber.enter(ZERO)?;
    ber.enter(SEQUENCE)?;
    ber.value(INTEGER)?;
    ber.skip(SET)?;
    ber.enter(SEQUENCE)?;
    ber.value(OID)?;
    ber.enter(ZERO)?;
    let mut content = Vec::new();
    ber.octets(&mut content, 0)?;
    Some(Cms::Signed(content))
}

/// Values in Basic Encoding Rules (X.690), whose lengths may be said or not.
struct Ber<'a>(&'a [u8]);

impl<'a> Ber<'a> {
    /// The tag and the length of the next value; no length if its end is marked.
    fn head(&mut self) -> Option<(u8, Option<usize>)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let long_tag = tag & 0x1f == 0x1f;
        let length = match first {
            _ if long_tag => return None,
            0x80 => None,
            short @ ..0x80 => Some(usize::from(short)),
            long => {
                let (digits, after) = rest.split_at_checked(usize::from(long & 0x7f))?;
                rest = after;
                let digit =
                    |sum: usize, &digit: &u8| Some(sum.checked_mul(256)? + usize::from(digit));
                Some(digits.iter().try_fold(0, digit)?)
            }
        };
        self.0 = rest;
        // A value that was cut off is read as far as it goes.
        Some((tag, length.map(|length| length.min(rest.len()))))
    }

    /// Goes on with what is in the next value.
    fn enter(&mut self, wanted: u8) -> Option<()> {
        let (tag, length) = self.head()?;
        if let Some(length) = length {
            self.0 = &self.0[..length];
        }
        (tag == wanted).then_some(())
    }

    /// The bytes of the next value.
    fn value(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, length) = self.head()?;
        let (value, rest) = self.0.split_at(length?);
        self.0 = rest;
        (tag == wanted).then_some(value)
    }

    fn skip(&mut self, wanted: u8) -> Option<()> {
        match self.0.first() {
            Some(tag) if *tag == wanted => self.skip_any(0),
            _ => None,
        }
    }

    fn skip_any(&mut self, depth: usize) -> Option<()> {
        let (_, length) = self.head()?;
        match length {
            Some(length) => self.0 = &self.0[length..],
            None if depth >= DEPTH => return None,
            None => {
                while !self.at_end()? {
                    self.skip_any(depth + 1)?;
                }
            }
        }
        Some(())
    }

    /// Skips the mark that ends a value without a length; false if there is none here, `None` at the end of the input.
    fn at_end(&mut self) -> Option<bool> {
        match self.0 {
            [] => None,
            [0, 0, rest @ ..] => {
                self.0 = rest;
                Some(true)
            }
            _ => Some(false),
        }
    }

    /// Appends an octet string, which may come in pieces.
    fn octets(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        let (tag, length) = self.head()?;
        match (tag, length) {
            (OCTETS, Some(length)) => {
                let (value, rest) = self.0.split_at(length);
                out.extend_from_slice(value);
                self.0 = rest;
            }
            (OCTETS_IN_PIECES, _) if depth >= DEPTH => return None,
            (OCTETS_IN_PIECES, Some(length)) => {
                let (pieces, rest) = self.0.split_at(length);
                let mut pieces = Ber(pieces);
                while !pieces.0.is_empty() {
                    pieces.octets(out, depth + 1)?;
                }
                self.0 = rest;
            }
            (OCTETS_IN_PIECES, None) => {
                // Where the rest was cut off, what came before it is shown.
                while !self.0.is_empty() && !self.at_end()? {
                    self.octets(out, depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let mut out = match length {
            0..0x80 => vec![tag, length as u8],
            _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        };
        out.extend_from_slice(content);
        out
    }

    fn open(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    type Value = fn(u8, &[u8]) -> Vec<u8>;

    fn signed(of: Value, octets: &[u8]) -> Vec<u8> {
        let data = value(OID, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
        let content = of(SEQUENCE, &[data, of(ZERO, octets)].concat());
        let algorithms = of(SET, &of(SEQUENCE, &value(OID, b"\x2a")));
        let all = [
            value(INTEGER, b"\x01"),
            algorithms,
            content,
            value(SET, b""),
        ]
        .concat();
        let all = of(ZERO, &of(SEQUENCE, &all));
        of(SEQUENCE, &[value(OID, SIGNED), all].concat())
    }

    #[test]
    fn content_is_found() {
        let long = vec![b'x'; 1000];
        let pieces = [value(OCTETS, b"ab"), value(OCTETS, b"c")].concat();
        let encrypted = |oid| Some((value(SEQUENCE, &value(OID, oid)), Cms::Encrypted));
        let table = [
            (
                "DER",
                Some((
                    signed(value, &value(OCTETS, b"abc")),
                    Cms::Signed(b"abc".into()),
                )),
            ),
            (
                "long",
                Some((
                    signed(value, &value(OCTETS, &long)),
                    Cms::Signed(long.clone()),
                )),
            ),
            (
                "BER",
                Some((
                    signed(open, &open(OCTETS_IN_PIECES, &pieces)),
                    Cms::Signed(b"abc".into()),
                )),
            ),
            (
                "pieces",
                Some((
                    signed(value, &value(OCTETS_IN_PIECES, &pieces)),
                    Cms::Signed(b"abc".into()),
                )),
            ),
            ("encrypted", encrypted(ENVELOPED)),
            ("encrypted and authenticated", encrypted(AUTH_ENVELOPED)),
        ];
        for (case, found) in table {
            let (bytes, want) = found.unwrap();
            assert_eq!(read(&bytes), Some(want), "{case}");
            for end in 0..bytes.len() {
                // Cut anywhere, it is read as far as it goes, or not at all.
                let _ = read(&bytes[..end]);
            }
        }
    }

    #[test]
    fn other_things_are_none() {
        let deep = open(OCTETS_IN_PIECES, b"").repeat(2)[..2].repeat(100_000);
        let table: [(&str, Vec<u8>); 5] = [
            ("nothing", vec![]),
            ("text", b"Hello".to_vec()),
            ("a signature alone", value(SEQUENCE, &value(OID, SIGNED))),
            ("too deep", signed(value, &deep)),
            ("a length without end", vec![SEQUENCE, 0xff, 1, 2]),
        ];
        for (case, bytes) in table {
            assert_eq!(read(&bytes), None, "{case}");
        }
    }
}
