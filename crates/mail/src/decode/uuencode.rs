//! Files in text as uuencode(1) writes them (POSIX): `begin 644 NAME`, lines of 45 bytes, `end`.

use memchr::memmem;

/// A file in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// Where its first line begins.
    pub(crate) start: usize,
    /// Where the line behind its `end` begins.
    pub(crate) end: usize,
    /// As written.
    pub(crate) name: &'a [u8],
}

/// The first whole file in `text` at or behind `from`. A text that only speaks of one is none: all
/// lines have to be what they should be, down to the `end`.
pub(crate) fn block(text: &[u8], from: usize) -> Option<Block<'_>> {
    let mut at = from;
    loop {
        at += memmem::find(text.get(at..)?, b"begin ")?;
        let rest = &text[at..];
        if (at == 0 || text[at - 1] == b'\n')
            && let Some((name, len)) = begin(rest)
        {
            match body(&rest[len..]) {
                Ok(body) => {
                    return Some(Block {
                        start: at,
                        end: at + len + body,
                        name,
                    });
                }
                // No other file begins in lines that could be part of this one.
                Err(read) => at += len + read,
            }
        } else {
            at += b"begin ".len();
        }
    }
}

/// Reads `begin MODE NAME`: the name, and the length of the line.
fn begin(text: &[u8]) -> Option<(&[u8], usize)> {
    let len = line_len(text);
    let rest = text[..len].strip_prefix(b"begin ")?.trim_ascii();
    let blank = rest.iter().position(|&byte| byte == b' ')?;
    let (mode, name) = rest.split_at(blank);
    let is_mode = matches!(mode.len(), 3 | 4) && mode.iter().all(|b| (b'0'..=b'7').contains(b));
    is_mode.then_some((name.trim_ascii(), len))
}

/// The length of a file's lines with its `end`; as an error, how many bytes looked like such a file.
fn body(text: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    while at < text.len() {
        let len = line_len(&text[at..]);
        let line = text[at..at + len].trim_ascii_end();
        if line == b"end" {
            return Ok(at + len);
        }
        if !is_data(line) {
            return Err(at);
        }
        at += len;
    }
    Err(at)
}

/// True if `line` is as long as its first character says. Blanks at its end get lost in transport, and
/// some programs add a checksum.
fn is_data(line: &[u8]) -> bool {
    let Some(&first) = line.first() else {
        return true; // No bytes, written as a blank.
    };
    let bytes = usize::from(value(first));
    let in_range = line.iter().all(|byte| (b' '..=b'`').contains(byte));
    in_range && line.len() <= 1 + bytes.div_ceil(3) * 4 + 2 && (bytes == 0) == (line.len() == 1)
}

/// The bytes of the first file in `text`, or of `text` itself if its first line was lost. A missing end
/// is no error, and neither is a line that is none.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let lines = || text.split(|&byte| byte == b'\n');
    let skip = lines().position(|line| begin(line).is_some());
    for line in lines().skip(skip.map_or(0, |at| at + 1)) {
        let line = line.trim_ascii_end();
        if line == b"end" {
            break;
        }
        let Some((&first, coded)) = line.split_first() else {
            continue;
        };
        if !is_data(line) {
            continue;
        }
        let mut left = usize::from(value(first));
        for group in coded.chunks(4) {
            let bits = (0..4).fold(0_u32, |bits, at| {
                bits << 6 | u32::from(group.get(at).map_or(0, |&byte| value(byte)))
            });
            let bytes = &bits.to_be_bytes()[1..];
            out.extend_from_slice(&bytes[..left.min(3)]);
            left = left.saturating_sub(3);
        }
    }
    out
}

/// A character's six bits.
fn value(byte: u8) -> u8 {
    byte.wrapping_sub(b' ') & 63
}

fn line_len(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_decoded() {
        let table: &[(&str, &[u8], &[u8])] = &[
            ("whole", b"begin 644 a\n#86)C\n`\nend\n", b"abc"),
            ("CRLF", b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n", b"abc"),
            (
                "text around it",
                b"see:\nbegin 644 a\n#86)C\n`\nend\n#86)C\n",
                b"abc",
            ),
            ("blanks lost", b"begin 644 a\n$````\n\nend\n", b"\0\0\0"),
            (
                "short group",
                b"begin 644 a\n$82QB\"@``\n`\nend\n",
                b"a,b\n",
            ),
            ("no first line", b"#86)C\n", b"abc"),
            ("no end", b"begin 644 a\n#86)C", b"abc"),
            ("a line of text", b"begin 644 a\nhello you\n#86)C\n", b"abc"),
            ("nothing", b"", b""),
        ];
        for (case, text, want) in table {
            assert_eq!(decode(text), *want, "{case}");
        }
    }

    #[test]
    fn files_are_found_in_text() {
        type Found = Option<(usize, usize, &'static str)>;
        let table: &[(&str, &str, Found)] = &[
            ("alone", "begin 644 a\n#86)C\n`\nend\n", Some((0, 24, "a"))),
            ("empty", "begin 644 a\n`\nend\n", Some((0, 18, "a"))),
            (
                "in text",
                "x\nbegin 0755 a b.txt\n#86)C\n`\nend\ny",
                Some((2, 33, "a b.txt")),
            ),
            (
                "not at the start of a line",
                "xbegin 644 a\n#86)C\n`\nend\n",
                None,
            ),
            ("prose", "begin 644 ways\nto say it\nend\n", None),
            ("no mode", "begin the day\n#86)C\n`\nend\n", None),
            ("no name", "begin 644\n#86)C\n`\nend\n", None),
            ("no end", "begin 644 a\n#86)C\n`\n", None),
            (
                "the second",
                "begin 644 a\nno\nbegin 644 b\n#86)C\n`\nend\n",
                Some((15, 39, "b")),
            ),
        ];
        for (case, text, want) in table {
            let want = want.map(|(start, end, name)| Block {
                start,
                end,
                name: name.as_bytes(),
            });
            assert_eq!(block(text.as_bytes(), 0), want, "{case}");
        }
        let many = "begin 644 a\n".repeat(100_000);
        assert_eq!(block(many.as_bytes(), 0), None);
        let long = format!("begin 644 a\n{}", "#86)C\n".repeat(200_000));
        assert_eq!(block(long.as_bytes(), 0), None);
    }
}
