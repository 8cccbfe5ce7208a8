//! The From_ line: `From SENDER Fri Jan 12 09:08:07 2024`.

use jiff::Timestamp;
use memchr::memchr;

const NOBODY: &str = "MAILER-DAEMON";
/// Local-part, `@` and domain at their longest (RFC 5321 4.5.3.1).
const LONGEST_SENDER: usize = 64 + 1 + 255;
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Whether `line`, with its line end or without, is a From_ line and so begins an entry.
///
/// Accepts more than [`from_line`] writes: an empty or quoted sender, more blanks, a zone before or
/// behind the year, no seconds, a padded day, any letter case, anything after the year. Where mutt and
/// dovecot differ, this follows mutt: a tab, `bob at example.org` and a year of two digits are
/// accepted, a date of RFC 5322 or ISO 8601 and a NUL are not.
#[must_use]
pub fn is_from_line(line: &[u8]) -> bool {
    sender_of(line).is_some()
}

/// Whether `line`, with its line end or without, is a From_ line without a sender and a date. Thunderbird
/// writes such lines; no reader of mboxes would take one for the begin of an entry, unless a header follows.
#[must_use]
pub fn is_bare_from_line(line: &[u8]) -> bool {
    matches!(
        line.strip_prefix(b"From ").map(<[u8]>::trim_ascii),
        Some(b"" | b"-")
    )
}

/// The sender of a From_ line, empty if it names none; `None` if `line` is no From_ line.
#[must_use]
pub fn sender_of(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"From ")?;
    let rest = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
    let word_end = quoted_word(rest)?;
    let (word, after) = rest.split_at(word_end);
    let sender = if is_date(after) {
        word
    } else if is_date(rest) {
        b"" // The sender is missing: the first word is the day.
    } else {
        let at_host = after.trim_ascii_start().strip_prefix(b"at ")?;
        let host = quoted_word(at_host)?;
        is_date(&at_host[host..]).then_some(word)?
    };
    (memchr(0, rest).is_none()).then_some(sender)
}

/// A From_ line that every reader understands, with its LF. `at` is in seconds since 1970, UTC, and
/// is clamped to the years 1970 to 9999.
///
/// The null sender (`None`) is written as `MAILER-DAEMON`, and so is a sender that some reader would
/// misread: with blanks or quotes, in 8 bits, or far too long. `Return-Path` is the place for those.
#[must_use]
pub fn from_line(sender: Option<&str>, at: i64) -> String {
    let sender = sender
        .filter(|s| is_plain_sender(s.as_bytes()))
        .unwrap_or(NOBODY);
    let last_second_of_jiff = 253_402_207_200;
    let date =
        Timestamp::from_second(at.clamp(0, last_second_of_jiff)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("From {sender} {}\n", date.strftime("%a %b %e %H:%M:%S %Y"))
}

/// The date of a From_ line in seconds since 1970, read as UTC, which is what [`from_line`] writes.
/// `None` if it does not end in a plain asctime date.
#[must_use]
pub fn date_of(line: &[u8]) -> Option<i64> {
    let line = std::str::from_utf8(line.trim_ascii_end()).ok()?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let at = words.len().checked_sub(5)?;
    let date = words.get(at..)?.join(" ");
    let date = jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S %Y", date).ok()?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

/// Takes one leading From_ line off a mail that an MTA piped in: its sender, and the rest.
///
/// `>From `, and a sentence that begins with `From `, are left in place.
#[must_use]
pub fn strip_from_line(raw: &[u8]) -> (Option<&[u8]>, &[u8]) {
    if !raw.starts_with(b"From ") {
        return (None, raw);
    }
    let found = memchr(b'\n', raw).and_then(|lf| Some((sender_of(&raw[..lf])?, &raw[lf + 1..])));
    found.map_or((None, raw), |(sender, rest)| (Some(sender), rest))
}

/// Whether `line`, which has no LF, is a line that [`from_line`] writes, or the first bytes of one.
pub(crate) fn is_from_line_cut_short(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return b"From ".starts_with(line);
    };
    let Some(blank) = memchr(b' ', rest) else {
        return rest.is_empty() || is_plain_sender(rest);
    };
    let (sender, date) = (&rest[..blank], &rest[blank + 1..]);
    is_plain_sender(sender) && date_cut_short(date)
}

/// `date` is the beginning of `Fri Jan 12 09:08:07 2024`, or all of it.
fn date_cut_short(date: &[u8]) -> bool {
    let pattern = b"Fri Jan _D DD:DD:DD DDDD";
    let begins_one_of =
        |names: &[&[u8; 3]], text: &[u8]| names.iter().any(|name| name.starts_with(text));
    let name = |from: usize| &date[from.min(date.len())..(from + 3).min(date.len())];
    date.len() <= pattern.len()
        && begins_one_of(&DAYS, name(0))
        && begins_one_of(&MONTHS, name(4))
        && date.iter().zip(pattern).all(|(&byte, class)| match class {
            b'D' => byte.is_ascii_digit(),
            b'_' => byte == b' ' || byte.is_ascii_digit(),
            b' ' | b':' => byte == *class,
            _ => true, // Names were checked above.
        })
}

/// A sender that every reader takes for one word; vectors 08f, 08h, 08i and 11c show what some do not.
fn is_plain_sender(sender: &[u8]) -> bool {
    (1..=LONGEST_SENDER).contains(&sender.len())
        && sender
            .iter()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'))
        && !is_one_of(&DAYS, sender)
}

/// Where the first word ends. Blanks in `"..."` and after `\` do not end it. `None` if nothing does.
fn quoted_word(text: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().position(|&byte| {
        let plain = !std::mem::take(&mut escaped);
        match byte {
            b'\\' if plain => escaped = true,
            b'"' if plain => quoted = !quoted,
            _ => {}
        }
        plain && !quoted && byte.is_ascii_whitespace()
    })
}

/// `text` begins with `Fri Jan 12 09:08[:07] [ZONE [ZONE]] 2024`.
fn is_date(text: &[u8]) -> bool {
    let mut words = text
        .split(|b| b.is_ascii_whitespace())
        .filter(|w| !w.is_empty());
    let mut next = || words.next().unwrap_or_default();
    if !is_one_of(&DAYS, next()) || !is_one_of(&MONTHS, next()) || !is_number(next(), 1..=2) {
        return false;
    }
    let mut time = next().split(|&b| b == b':');
    let hour_and_minute = [time.next(), time.next()];
    let second = time.next();
    if hour_and_minute
        .iter()
        .any(|part| !is_number(part.unwrap_or_default(), 1..=2))
        || second.is_some_and(|part| !is_number(part, 1..=2))
        || time.next().is_some()
    {
        return false;
    }
    let mut year = next();
    for _ in 0..2 {
        if year
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'+' | b'-'))
        {
            year = next();
        }
    }
    is_number(year, 2..=2) || is_number(year, 4..=4)
}

fn is_number(word: &[u8], digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// Compares without regard to case.
fn is_one_of(names: &[&[u8; 3]], word: &[u8]) -> bool {
    let Ok([first, second, third]) = <[u8; 3]>::try_from(word) else {
        return false;
    };
    // Each name is written `Mon`.
    let word = [
        first.to_ascii_uppercase(),
        second.to_ascii_lowercase(),
        third.to_ascii_lowercase(),
    ];
    names.iter().any(|name| **name == word)
}
