//! Bytes in a charset, stated or not, as text.

use std::panic::catch_unwind;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Bytes of no stated charset: UTF-8 if most of what is beyond ASCII is that, else windows-1252,
/// which has a character for nearly every byte.
pub(crate) fn guess(raw: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(raw) {
        return text.to_owned();
    }
    let (mut good, mut bad) = (0, 0);
    for chunk in raw.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        return String::from_utf8_lossy(raw).into_owned();
    }
    by_name("windows-1252", raw)
        .unwrap_or_else(|| raw.iter().map(|&byte| char::from(byte)).collect())
}

/// `raw` read in `charset`; `None` if the charset is unknown or its decoder panics.
fn by_name(charset: &str, raw: &[u8]) -> Option<String> {
    let decoder = charset_decoder(charset.as_bytes())?;
    catch_unwind(|| decoder(raw)).ok()
}

/// `raw` in a stated charset, or by [`guess`] if that is unknown. UTF-8 and ASCII are guessed, too:
/// they are often stated for something else.
pub(crate) fn in_charset(charset: &str, raw: &[u8]) -> String {
    let often_wrong = ["utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name));
    let decoded = if often_wrong {
        None
    } else {
        by_name(charset, raw)
    };
    decoded.unwrap_or_else(|| guess(raw))
}
