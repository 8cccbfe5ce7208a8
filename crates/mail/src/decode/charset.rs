//! Bytes in a charset, stated or not, as text.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, Encoding, GB18030, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
};
use memchr::{memchr, memmem};

use super::iso_2022;
use super::label::{Label, label};
use super::utf_7;

/// Bytes of no stated charset.
///
/// UTF-8 if most of what is beyond ASCII is that, else windows-1252, which has a character for nearly
/// every byte. ISO-2022-JP is known by its escape sequences.
pub(crate) fn guess(raw: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(raw) {
        let decoded = has_iso_2022(raw).then(|| iso_2022::decode(raw));
        return match decoded {
            Some((text, false)) => text,
            _ => text.to_owned(),
        };
    }
    let (mut good, mut bad) = (0, 0);
    for chunk in raw.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // Chance hardly ever makes a letter of UTF-8 from others. A list's footer may be in another charset.
    if good > 0 && good >= bad {
        return String::from_utf8_lossy(raw).into_owned();
    }
    WINDOWS_1252.decode_without_bom_handling(raw).0.into_owned()
}

/// True if `raw` has an escape sequence that calls for two-byte characters: `ESC $ B` and its kin.
fn has_iso_2022(raw: &[u8]) -> bool {
    memchr(0x1b, raw).is_some() && memmem::find(raw, b"\x1b$").is_some()
}

/// `raw` in a stated charset, under any of the names that mail programs give it.
///
/// UTF-8 and ASCII are often stated for something else, and some charsets are unknown: then
/// [`guess`] decides. If the stated charset has no character for some bytes of `raw`, a charset that is
/// often confused with it is tried, or else [`guess`] decides.
pub(crate) fn in_charset(charset: &str, raw: &[u8]) -> String {
    match label(charset) {
        Label::Unknown => guess(raw),
        Label::Encoding(encoding) if encoding.is_ascii_compatible() && raw.is_ascii() => guess(raw),
        Label::Encoding(encoding) => truly(decode(encoding, raw), encoding.name(), raw),
        Label::CodePage(upper) => code_page(upper, raw),
        Label::Utf7 => truly(utf_7::decode(raw), "", raw),
        Label::Utf16(order) => utf_16(order, raw),
        Label::Iso2022 => truly(iso_2022::decode(raw), "ISO-2022", raw),
        Label::Hz => truly(iso_2022::decode_hz(raw), "HZ", raw),
    }
}

/// True if words in that charset are to be decoded each for itself, since a shift that one begins ends
/// with it (RFC 2152).
pub(super) fn ends_with_its_word(charset: &str) -> bool {
    matches!(label(charset), Label::Utf7)
}

/// `raw` in `encoding`, and whether it holds bytes for which that has no character. The web reads such
/// bytes of a single-byte encoding as control characters.
fn decode(encoding: &'static Encoding, raw: &[u8]) -> (String, bool) {
    let (text, errors) = encoding.decode_without_bom_handling(raw);
    let errors = errors || text.chars().any(is_c1);
    (text.into_owned(), errors)
}

fn is_c1(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

/// What the text of a mail is taken for instead of a charset that does not fit.
fn siblings(name: &str) -> Vec<&'static Encoding> {
    match name {
        "ISO-2022" => vec![EUC_JP, SHIFT_JIS],
        "EUC-JP" => vec![SHIFT_JIS],
        "Shift_JIS" => vec![EUC_JP],
        "GBK" | "gb18030" => vec![BIG5],
        "HZ" | "Big5" | "EUC-KR" => vec![GB18030],
        "ISO-8859-2" => vec![WINDOWS_1250],
        "ISO-8859-5" => vec![WINDOWS_1251],
        "ISO-8859-6" => vec![WINDOWS_1256],
        "ISO-8859-7" => vec![WINDOWS_1253],
        "ISO-8859-8" | "ISO-8859-8-I" => vec![WINDOWS_1255],
        "ISO-8859-13" => vec![WINDOWS_1257],
        "ISO-8859-15" => vec![WINDOWS_1252],
        _ => Vec::new(),
    }
}

/// The text of `raw` as stated, unless that cannot be true.
fn truly((stated, errors): (String, bool), name: &str, raw: &[u8]) -> String {
    if !errors {
        return stated;
    }
    if is_utf8(raw) || (raw.is_ascii() && has_iso_2022(raw)) {
        return guess(raw);
    }
    let bad = stated
        .chars()
        .filter(|&c| c == char::REPLACEMENT_CHARACTER || is_c1(c))
        .count();
    let good = stated.chars().filter(|c| !c.is_ascii()).count() - bad;
    // The end may be cut off, or a byte lost.
    if good > 8 * bad {
        return stated;
    }
    // Two letters of a Latin text are a character of many a set, by chance.
    let high = raw.iter().filter(|byte| !byte.is_ascii()).count();
    let low = raw.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let mut siblings = siblings(name)
        .into_iter()
        .filter(|sibling| sibling.is_single_byte() || high >= low)
        .map(|sibling| decode(sibling, raw));
    match siblings.find(|(_, errors)| !errors) {
        Some((text, _)) => text,
        None if good > bad => stated,
        None => guess(raw),
    }
}

/// True for UTF-8 with characters beyond ASCII. Its last one may be cut off.
fn is_utf8(raw: &[u8]) -> bool {
    let valid = match std::str::from_utf8(raw) {
        Ok(_) => raw,
        Err(e) if e.error_len().is_none() => &raw[..e.valid_up_to()],
        Err(_) => return false,
    };
    !valid.is_ascii()
}

/// A code page of DOS, by what stands in its upper half.
fn code_page(upper: &str, raw: &[u8]) -> String {
    let upper: Vec<char> = upper.chars().collect();
    let read = |&byte: &u8| match byte.checked_sub(128) {
        None => char::from(byte),
        Some(at) => *upper
            .get(usize::from(at))
            .unwrap_or(&char::REPLACEMENT_CHARACTER),
    };
    raw.iter().map(read).collect()
}

/// UTF-16 in the order of its mark, else in the stated one, else as its blanks and line ends have it.
fn utf_16(order: Option<&'static Encoding>, raw: &[u8]) -> String {
    // UTF-16 of any length has zero bytes, in its line ends at least.
    if memchr(0, raw).is_none() && std::str::from_utf8(raw).is_ok() {
        return guess(raw);
    }
    let zeros_at = |odd: usize| {
        let bytes = raw.iter().skip(odd).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let order = order.unwrap_or_else(|| match zeros_at(0) > zeros_at(1) {
        true => encoding_rs::UTF_16BE,
        false => encoding_rs::UTF_16LE,
    });
    let (text, _, errors) = order.decode(raw);
    truly((Cow::into_owned(text), errors), "", raw)
}

#[cfg(test)]
#[path = "charset_tests.rs"]
mod tests;
