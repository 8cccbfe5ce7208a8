//! UTF-7 (RFC 2152): ASCII, and base64 of UTF-16 between `+` and whatever is no digit of it.

use super::transfer::digit;

/// Decodes `raw`, and says whether it held anything that is no UTF-7.
pub(super) fn decode(raw: &[u8]) -> (String, bool) {
    let mut text = String::with_capacity(raw.len());
    let mut errors = false;
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'+' {
            errors |= !byte.is_ascii();
            text.push(if byte.is_ascii() {
                char::from(byte)
            } else {
                char::REPLACEMENT_CHARACTER
            });
            continue;
        }
        let len = tail
            .iter()
            .take_while(|byte| digit(**byte).is_some())
            .count();
        let (coded, tail) = tail.split_at(len);
        rest = tail.strip_prefix(b"-").unwrap_or(tail);
        if coded.is_empty() {
            // `+-` is a plus. Some write it alone.
            text.push('+');
            continue;
        }
        errors |= !shifted(coded, &mut text);
    }
    (text, errors)
}

/// Appends what the digits hold; false if that is no UTF-16.
fn shifted(coded: &[u8], text: &mut String) -> bool {
    let (mut bits, mut count) = (0_u32, 0);
    let mut units = Vec::with_capacity(coded.len() * 3 / 8);
    for digit in coded.iter().copied().filter_map(digit) {
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count & 0xffff) as u16);
            bits &= (1 << count) - 1;
        }
    }
    // The bits that are left fill the last digit.
    let mut fits = count < 6 && bits == 0;
    for unit in char::decode_utf16(units) {
        fits &= unit.is_ok();
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    fits
}
