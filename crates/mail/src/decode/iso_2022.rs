//! Charsets that change between sets of characters in 7 bits: ISO-2022-JP with its extensions, -KR and
//! -CN (RFC 1468, 1554, 1557, 1922), and HZ (RFC 1843).
//!
//! encoding_rs has the sets, but of these charsets only ISO-2022-JP, where it takes two escape
//! sequences in a row for an error. Mail is full of them: each encoded word ends in one, and the next
//! begins with one.

use encoding_rs::{EUC_JP, EUC_KR, Encoding, GBK, ISO_8859_7, WINDOWS_1252};

/// A set of characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Ascii,
    /// ASCII but for a yen sign and an overline.
    Roman,
    Katakana,
    /// Two bytes each, which are those of an encoding without their eighth bit.
    Double(&'static Encoding),
    /// The same of JIS X 0212, which EUC-JP marks with a byte of its own.
    Jis0212,
}

/// Decodes `raw`, and says whether it held anything that belongs to none of the sets.
pub(super) fn decode(raw: &[u8]) -> (String, bool) {
    let mut decoder = Decoder {
        set: Set::Ascii,
        shifted: None,
        other: WINDOWS_1252,
        segment: Vec::new(),
        text: String::with_capacity(raw.len()),
        errors: false,
    };
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            0x1b => decoder.escape(tail),
            // Only the sets that -KR and -CN name are shifted to. Elsewhere these are mere controls.
            0x0e if decoder.shifted.is_some() => {
                decoder.enter(decoder.shifted.map_or(Set::Ascii, Set::Double));
                tail
            }
            0x0f if decoder.shifted.is_some() => {
                decoder.enter(Set::Ascii);
                tail
            }
            _ => {
                decoder.segment.push(byte);
                tail
            }
        };
    }
    decoder.enter(Set::Ascii);
    (decoder.text, decoder.errors)
}

struct Decoder {
    set: Set,
    /// What a shift out leads to.
    shifted: Option<&'static Encoding>,
    /// The upper half from which single characters are taken (ISO-2022-JP-2).
    other: &'static Encoding,
    /// Bytes of `set` that are not in `text` yet.
    segment: Vec<u8>,
    text: String,
    errors: bool,
}

impl Decoder {
    /// Reads an escape sequence, whose ESC is gone; returns what follows it.
    fn escape<'a>(&mut self, tail: &'a [u8]) -> &'a [u8] {
        match tail {
            [b'(', b'B', rest @ ..] => self.next(Set::Ascii, rest),
            [b'(', b'J', rest @ ..] => self.next(Set::Roman, rest),
            [b'(', b'I', rest @ ..] => self.next(Set::Katakana, rest),
            [b'$', b'@' | b'B', rest @ ..] | [b'$', b'(', b'@' | b'B' | b'Q' | b'O', rest @ ..] => {
                self.next(Set::Double(EUC_JP), rest)
            }
            [b'$', b'(', b'D', rest @ ..] => self.next(Set::Jis0212, rest),
            [b'$', b'A', rest @ ..] => self.next(Set::Double(GBK), rest),
            [b'$', b'(', b'C', rest @ ..] => self.next(Set::Double(EUC_KR), rest),
            [b'$', b')', b'C', rest @ ..] => self.designate(EUC_KR, rest),
            [b'$', b')', b'A', rest @ ..] => self.designate(GBK, rest),
            [b'.', b'A', rest @ ..] => self.pick_from(WINDOWS_1252, rest),
            [b'.', b'F', rest @ ..] => self.pick_from(ISO_8859_7, rest),
            [b'N', byte, rest @ ..] if byte.is_ascii_graphic() => {
                self.flush();
                let byte = [byte | 0x80];
                let (text, errors) = self.other.decode_without_bom_handling(&byte);
                self.text.push_str(&text);
                self.errors |= errors;
                rest
            }
            _ => {
                self.errors = true;
                tail
            }
        }
    }

    fn next<'a>(&mut self, set: Set, rest: &'a [u8]) -> &'a [u8] {
        self.enter(set);
        rest
    }

    fn designate<'a>(&mut self, set: &'static Encoding, rest: &'a [u8]) -> &'a [u8] {
        self.shifted = Some(set);
        rest
    }

    fn pick_from<'a>(&mut self, set: &'static Encoding, rest: &'a [u8]) -> &'a [u8] {
        self.other = set;
        rest
    }

    fn enter(&mut self, set: Set) {
        self.flush();
        self.set = set;
    }

    /// Decodes what was collected.
    fn flush(&mut self) {
        let segment = std::mem::take(&mut self.segment);
        self.errors |= !segment.is_ascii();
        let set = self.set;
        let single = |&byte: &u8| match (set, byte) {
            (_, 0x80..) => char::REPLACEMENT_CHARACTER,
            (Set::Roman, b'\\') => '¥',
            (Set::Roman, b'~') => '‾',
            (Set::Katakana, 0x21..=0x5f) => {
                char::from_u32(0xff40 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::from(byte),
        };
        let (encoding, mark) = match set {
            Set::Double(encoding) => (encoding, None),
            Set::Jis0212 => (EUC_JP, Some(0x8f)),
            _ => return self.text.extend(segment.iter().map(single)),
        };
        let mut bytes = Vec::with_capacity(segment.len() * 3 / 2);
        let mut rest = &segment[..];
        loop {
            rest = match rest {
                // Blanks and line ends belong to no set.
                [first @ 0x21..=0x7e, second @ 0x21..=0x7e, tail @ ..] => {
                    bytes.extend(mark);
                    bytes.extend([first | 0x80, second | 0x80]);
                    tail
                }
                [first, tail @ ..] => {
                    self.errors |= (0x21..=0x7e).contains(first);
                    bytes.push(*first);
                    tail
                }
                [] => break,
            };
        }
        let (text, errors) = encoding.decode_without_bom_handling(&bytes);
        self.text.push_str(&text);
        self.errors |= errors;
    }
}

/// Decodes HZ, and says whether it held anything that does not belong there.
pub(super) fn decode_hz(raw: &[u8]) -> (String, bool) {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut double = false;
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'~', [b'{', tail @ ..]) => (double, rest) = (true, tail),
            (b'~', [b'}', tail @ ..]) => (double, rest) = (false, tail),
            // A `~` at the end of a line continues it.
            (b'~', [b'\n', tail @ ..] | [b'\r', b'\n', tail @ ..]) if !double => rest = tail,
            (b'~', [b'~', tail @ ..]) if !double => {
                bytes.push(b'~');
                rest = tail;
            }
            (0x21..=0x7e, [second @ 0x21..=0x7e, tail @ ..]) if double => {
                bytes.extend([first | 0x80, second | 0x80]);
                rest = tail;
            }
            (b'\n', _) => {
                // A line ends in ASCII.
                double = false;
                bytes.push(b'\n');
            }
            (&byte, _) => bytes.push(byte),
        }
    }
    let (text, errors) = GBK.decode_without_bom_handling(&bytes);
    (text.into_owned(), errors || !raw.is_ascii())
}
