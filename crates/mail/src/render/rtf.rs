//! Rich Text Format as plain text, and its packed form in `winmail.dat` (MS-OXRTFCP).

use crate::decode::in_charset;

/// At most this many bytes are unpacked, whatever size the sender states.
const MOST: usize = 4 << 20;

/// Groups are read to this depth; what is deeper looks like what is around it.
const DEPTH: usize = 100;

/// What the dictionary holds at the start (MS-OXRTFCP, 2.1.2.1).
const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}\
    {\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New Roman\
    Courier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Unpacks RTF, as far as it goes if it was cut off. `None` if it is something else.
pub(super) fn decompressed(packed: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = packed.split_at_checked(16)?;
    match &head[8..12] {
        b"MELA" => return Some(rest[..rest.len().min(MOST)].to_vec()),
        b"LZFu" => {}
        _ => return None,
    }
    let mut window = [b' '; 4096];
    window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let mut write = DICTIONARY.len();
    let mut out = Vec::new();
    while let Some((&flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if out.len() >= MOST {
                return Some(out);
            }
            match (flags >> bit & 1, rest) {
                (0, [byte, after @ ..]) => {
                    window[write] = *byte;
                    write = (write + 1) % window.len();
                    out.push(*byte);
                    rest = after;
                }
                (1, [high, low, after @ ..]) => {
                    rest = after;
                    let place = usize::from(*high) << 4 | usize::from(*low) >> 4;
                    let length = usize::from(*low & 0xf) + 2;
                    if place == write {
                        return Some(out);
                    }
                    for step in 0..length {
                        let byte = window[(place + step) % window.len()];
                        window[write] = byte;
                        write = (write + 1) % window.len();
                        out.push(byte);
                    }
                }
                _ => return Some(out),
            }
        }
    }
    Some(out)
}

/// What applies within a group.
#[derive(Clone, Copy)]
struct Group {
    /// What is in it is no text.
    hidden: bool,
    /// How many bytes stand for a character behind `\u`.
    fallback: usize,
}

/// The text of an RTF document.
pub(super) fn to_text(rtf: &[u8]) -> String {
    let mut reader = RtfReader {
        out: String::new(),
        bytes: Vec::new(),
        charset: "windows-1252".to_owned(),
        groups: vec![Group {
            hidden: false,
            fallback: 1,
        }],
        deeper: 0,
        skip: 0,
        high: None,
    };
    let mut rest = rtf;
    while let [byte, after @ ..] = rest {
        rest = match byte {
            b'{' => reader.open(after),
            b'}' => reader.close(after),
            b'\\' => reader.control(after),
            b'\r' | b'\n' => after,
            byte => {
                reader.byte(*byte);
                after
            }
        };
    }
    reader.flush();
    reader.out
}

struct RtfReader {
    out: String,
    /// Bytes that are not decoded yet.
    bytes: Vec<u8>,
    charset: String,
    groups: Vec<Group>,
    deeper: usize,
    /// Bytes that stand for a character that was read already.
    skip: usize,
    /// The first half of a character.
    high: Option<u16>,
}

impl RtfReader {
    fn group(&mut self) -> &mut Group {
        // The last one is never closed.
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn open<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        if self.groups.len() >= DEPTH {
            self.deeper += 1;
            return rest;
        }
        let group = *self.group();
        self.groups.push(group);
        rest
    }

    fn close<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.skip = 0;
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if self.groups.len() > 1 {
            self.groups.pop();
        }
        rest
    }

    /// Reads what follows a backslash.
    fn control<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let letters = rest
            .iter()
            .take(32)
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        if letters == 0 {
            return self.symbol(rest);
        }
        let (word, after) = rest.split_at(letters);
        let sign = usize::from(after.first() == Some(&b'-'));
        let digits = after[sign..]
            .iter()
            .take(10)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let length = if digits == 0 { 0 } else { sign + digits };
        let (number, after) = after.split_at(length);
        let number = std::str::from_utf8(number)
            .ok()
            .and_then(|n| n.parse::<i32>().ok());
        self.word(word, number);
        after.strip_prefix(b" ").unwrap_or(after)
    }

    fn symbol<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        match rest {
            [b'\'', high, low, after @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                self.byte(digit(*high) << 4 | digit(*low));
                after
            }
            [b'*', after @ ..] => {
                self.group().hidden = true;
                after
            }
            [byte @ (b'\\' | b'{' | b'}'), after @ ..] => {
                self.byte(*byte);
                after
            }
            [b'~', after @ ..] => {
                self.text(" ");
                after
            }
            [b'\r' | b'\n', after @ ..] => {
                self.text("\n");
                after
            }
            [_, after @ ..] => after,
            [] => rest,
        }
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"row" | b"sect" | b"page" => self.text("\n"),
            b"tab" | b"cell" => self.text("\t"),
            b"emdash" => self.text("\u{2014}"),
            b"endash" => self.text("\u{2013}"),
            b"lquote" => self.text("\u{2018}"),
            b"rquote" => self.text("\u{2019}"),
            b"ldblquote" => self.text("\u{201c}"),
            b"rdblquote" => self.text("\u{201d}"),
            b"bullet" => self.text("\u{2022}"),
            b"u" => {
                // Above 32767 they are written as negative numbers.
                let code = number.unwrap_or(0);
                let code = if code < 0 { code + 65536 } else { code };
                let unit = u16::try_from(code).unwrap_or(0xfffd);
                self.skip = self.group().fallback;
                if (0xd800..0xdc00).contains(&unit) {
                    self.high = Some(unit);
                    return;
                }
                // Beyond 65535 a character is written in two halves, as in UTF-16.
                let units = self.high.take().into_iter().chain([unit]);
                for c in char::decode_utf16(units) {
                    let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                    self.text(c.encode_utf8(&mut [0; 4]));
                }
            }
            b"uc" => {
                let count = number.and_then(|n| usize::try_from(n).ok());
                self.group().fallback = count.unwrap_or(1).min(8);
            }
            b"ansicpg" => {
                self.flush();
                if let Some(number) = number {
                    self.charset = format!("windows-{number}");
                }
            }
            b"bin" | b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"object"
            | b"header" | b"footer" | b"listtable" | b"listoverridetable" => {
                self.group().hidden = true;
            }
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.group().hidden {
            self.bytes.push(byte);
        }
    }

    fn text(&mut self, text: &str) {
        if !self.group().hidden {
            self.flush();
            self.out.push_str(text);
        }
    }

    /// Decodes the bytes that were read.
    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            self.out.push_str(&in_charset(&self.charset, &self.bytes));
            self.bytes.clear();
        }
    }
}
