//! The Date field (RFC 5322, 3.3 and 4.3), as strangers write it.

use jiff::fmt::rfc2822::DateTimeParser;

use super::{clean, guess, head, without_comments};

/// Many a mailer gets the day of the week wrong.
static PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// No date is read further than this many bytes.
const LIMIT: usize = 256;

/// The year 1000. An earlier date is one whose year was written with fewer digits.
const FIRST: i64 = -30_610_224_000;

const DAY: i64 = 24 * 60 * 60;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A Date value (RFC 5322, 3.3 and 4.3) in seconds since 1970, UTC.
///
/// Zones by name are those of section 4.3. Any other zone, and a missing one, is read as UTC.
/// Beyond the RFC this accepts 24:00, days of the week in any language or none that fits, full month
/// names, the order of asctime(3) and of date(1), `22-Nov-2026`, ISO 8601, and PM. A leap second counts
/// as the second before it. `None` for a day or time that does not exist.
///
/// ```
/// assert_eq!(tickets_mail::decode::date(b"Sat, 1 Jan 2000 00:00:00 +0100"), Some(946_681_200));
/// assert_eq!(tickets_mail::decode::date(b"Fri, 31 Dec 99 18:00 EST"), Some(946_681_200));
/// assert_eq!(tickets_mail::decode::date(b"31 Feb 2000 10:00:00 +0000"), None);
/// ```
pub fn date(raw: &[u8]) -> Option<i64> {
    let value = clean(&guess(head(raw, LIMIT)));
    let as_stated = rfc5322(&value).filter(|&at| at >= FIRST);
    as_stated.or_else(|| Words::of(&without_comments(&value)).date())
}

fn rfc5322(value: &str) -> Option<i64> {
    let at = PARSER.parse_timestamp(value).ok()?;
    Some(at.as_second())
}

/// The words of a date, taken for what they look like.
#[derive(Default)]
struct Words<'v> {
    day: Option<&'v str>,
    month: Option<&'static str>,
    year: Option<&'v str>,
    time: Option<&'v str>,
    afternoon: bool,
    offset: Option<String>,
    zone: Option<&'v str>,
}

impl<'v> Words<'v> {
    fn of(value: &'v str) -> Self {
        let mut words = Words::default();
        for word in value.split([' ', ',']).filter(|word| !word.is_empty()) {
            words.word(word);
        }
        words
    }

    fn word(&mut self, word: &'v str) {
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.letters(word);
        }
        if word.contains(':') {
            let word = match word.split_once(['T', 't']) {
                Some((date, time)) if !date.contains(':') => {
                    self.iso_date(date);
                    time
                }
                _ => word,
            };
            return self.time(word);
        }
        let dots = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if self.day.is_some() && word.split('.').count() == 3 && word.split('.').all(dots) {
            return self.time(word);
        }
        let parts: Vec<&str> = word.splitn(4, ['-', '/']).collect();
        match parts[..] {
            [day, month, year] if self.day.is_none() && month_name(month).is_some() => {
                (self.day, self.month, self.year) = (Some(day), month_name(month), Some(year));
            }
            [_, _, _] if self.day.is_none() => self.iso_date(word),
            // The first number is the day, the second the year. More are half a zone.
            _ if self.day.is_none() => self.day = Some(ordinal(word)),
            _ if self.year.is_none() => self.year = Some(word),
            _ => {}
        }
    }

    /// `2026-11-22` (RFC 3339).
    fn iso_date(&mut self, date: &'v str) {
        let parts: Vec<&str> = date.splitn(4, '-').collect();
        if let [year, month, day] = parts[..]
            && year.len() == 4
            && let Ok(month @ 1..=12) = month.parse::<usize>()
        {
            (self.day, self.month, self.year) = (Some(day), Some(MONTHS[month - 1]), Some(year));
        }
    }

    fn time(&mut self, word: &'v str) {
        let is_time = |c: char| c.is_ascii_digit() || ":.".contains(c);
        let end = word.find(|c| !is_time(c)).unwrap_or(word.len());
        self.time = Some(&word[..end]);
        self.letters(&word[end..]);
    }

    fn letters(&mut self, word: &'v str) {
        if self.time.is_none() {
            // A day of the week may look like a month, but then the month follows.
            self.month = month_name(word).or(self.month);
        } else if word.eq_ignore_ascii_case("pm") || word.eq_ignore_ascii_case("am") {
            self.afternoon = word.eq_ignore_ascii_case("pm");
        } else if let Some(sign) = word.find(['+', '-']) {
            // `+0200`, `GMT+2`, or both in one word; the standard time of `EST5EDT`.
            self.offset = self.offset.take().or_else(|| four_digits(&word[sign..]));
        } else if !word.is_empty() && self.zone.is_none() {
            self.zone = word.split(|c: char| c.is_ascii_digit()).next();
        }
    }

    /// Reads them again in the RFC's order.
    fn date(self) -> Option<i64> {
        let (day, month, year) = (self.day?, self.month?, self.year?);
        let year = match year.parse::<u32>().ok()? {
            // Of two digits, or of three (RFC 5322, 4.3); zeros before them change nothing.
            year @ ..50 => year + 2000,
            year @ ..1000 => year + 1900,
            year => year,
        };
        let mut time = self.time?.split([':', '.']);
        let (hour, minute) = (time.next()?, time.next()?);
        let second = time.next().unwrap_or("00");
        let hour = hour.parse::<u32>().ok()?;
        let (hour, later) = match (hour, minute, second) {
            (24, "00", "00") => (0, DAY),
            (1..12, _, _) if self.afternoon => (hour + 12, 0),
            _ => (hour, 0),
        };
        let zone = self.offset.as_deref().or(self.zone).unwrap_or("GMT");
        let civil = format!("{day} {month} {year:04} {hour:02}:{minute:0>2}:{second:0>2}");
        let at =
            rfc5322(&format!("{civil} {zone}")).or_else(|| rfc5322(&format!("{civil} GMT")))?;
        Some(at + later)
    }
}

/// `22` of `22nd` and `22.`.
fn ordinal(word: &str) -> &str {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    match &word[digits.len()..] {
        "st" | "nd" | "rd" | "th" | "." => digits,
        _ => word,
    }
}

/// The month of which `word` is an English name, in short or in full, or a German one.
fn month_name(word: &str) -> Option<&'static str> {
    let begins = |name: &str| {
        let start = word.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let german = [
        ("m\u{e4}r", "mar"),
        ("mrz", "mar"),
        ("mai", "may"),
        ("okt", "oct"),
        ("dez", "dec"),
    ];
    let english = MONTHS.into_iter().find(|month| begins(month));
    english.or_else(|| Some(german.into_iter().find(|(name, _)| begins(name))?.1))
}

/// An offset as RFC 5322 has it, from `+02`, `+2` or `+02:00`.
fn four_digits(offset: &str) -> Option<String> {
    let (sign, rest) = offset.split_at(1);
    let digits = rest.replace(':', "");
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = match digits.len() {
        1 | 2 => format!("{digits:0>2}00"),
        3 | 4 => format!("{digits:0>4}"),
        _ => return None,
    };
    Some(format!("{sign}{digits}"))
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;
