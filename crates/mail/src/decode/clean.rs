//! Text without what could harm a terminal, a log or a header field.

use std::borrow::Cow;

/// `text` as one line without anything that could harm a terminal or a header field.
///
/// Every run of white space and line ends becomes one blank, and none is left at the ends. Control
/// characters, direction overrides and code points that are no characters are dropped.
///
/// ```
/// assert_eq!(tickets_mail::decode::clean(" a\r\nb\u{1b}[31m "), "a b[31m");
/// ```
pub fn clean(text: &str) -> String {
    cleaned(text).into_owned()
}

/// Like [`clean`], but borrows what is clean already.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if is_gap(c) {
            gap = true;
        } else if !is_harmful(c) {
            if gap && !line.is_empty() {
                line.push(' ');
            }
            gap = false;
            line.push(c);
        }
    }
    Cow::Owned(line)
}

fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most text is plain ASCII. A loop that does not stop early is vectorized, and so the quickest.
    let plain = |plain: bool, b: &u8| plain & (b' '..=b'~').contains(b);
    if bytes.iter().fold(true, plain) {
        let gap_at_an_end = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
        return !gap_at_an_end && !text.contains("  ");
    }
    let mut after_gap = true;
    for c in text.chars() {
        match c {
            ' ' if !after_gap => after_gap = true,
            '!'..='~' => after_gap = false,
            _ if is_gap(c) || is_harmful(c) => return false,
            _ => after_gap = false,
        }
    }
    !after_gap || text.is_empty()
}

/// True if [`clean`] leaves nothing of `text`.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_gap(c) || is_harmful(c))
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `text` with its lines and tabs, but without anything that could harm a terminal.
///
/// CRLF, a lone CR, form feeds and Unicode's line and paragraph separators become LF. Blanks are kept.
pub fn clean_block(text: &str) -> String {
    let mut block = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => block.push('\n'),
            '\n' | '\t' => block.push(c),
            _ if is_harmful(c) => {}
            _ => block.push(c),
        }
    }
    block
}

/// True for a character that must not reach a terminal or a header field: controls, direction
/// overrides, invisible marks, and code points that are no characters.
pub(super) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clean_is_not_copied() {
        let table = [
            ("", ""),
            ("Größe des Öls", "Größe des Öls"),
            (" before", "before"),
            ("behind ", "behind"),
            ("two  blanks", "two blanks"),
            ("two\nlines", "two lines"),
            ("next\u{85}line", "next line"),
            ("\u{1b}[31mred", "[31mred"),
            ("\u{202e}sdrawkcab", "sdrawkcab"),
            ("\u{1b} \u{1b}", ""),
        ];
        for (text, want) in table {
            let is_clean = text == want;
            let found = cleaned(text);
            assert_eq!(found, want, "{text:?}");
            assert_eq!(matches!(found, Cow::Borrowed(_)), is_clean, "{text:?}");
            assert_eq!(is_blank(text), want.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn blocks_keep_their_lines() {
        let table = [
            ("lines and tabs", "a\n\tb  c\n", "a\n\tb  c\n"),
            ("CRLF", "a\r\nb\r\n", "a\nb\n"),
            ("lone CR", "a\rb", "a\nb"),
            ("form feed", "a\u{c}b", "a\nb"),
            ("controls", "a\u{1b}[31m\0\u{7}\u{9b}b\u{202e}c", "a[31mbc"),
        ];
        for (case, block, want) in table {
            assert_eq!(clean_block(block), want, "{case}");
        }
    }
}
