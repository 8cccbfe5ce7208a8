//! The Date field (RFC 5322, 3.3 and 4.3), as strangers write it.

use jiff::fmt::rfc2822::DateTimeParser;

use super::{clean, guess, head, without_comments};

/// Many a mailer gets the day of the week wrong.
static PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// No date is read further than this many bytes.
const LIMIT: usize = 256;

const DAY: i64 = 24 * 60 * 60;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A Date value (RFC 5322, 3.3 and 4.3) in seconds since 1970, UTC.
///
/// Zones by name are those of section 4.3. Any other zone, and a missing one, is read as UTC.
/// Beyond the RFC this accepts 24:00, days of the week in any language or none that fits, full month
/// names, and the order of asctime(3). A leap second counts as the second before it. `None` for a day
/// or time that does not exist.
///
/// ```
/// assert_eq!(tickets_mail::decode::date(b"Sat, 1 Jan 2000 00:00:00 +0100"), Some(946_681_200));
/// assert_eq!(tickets_mail::decode::date(b"Fri, 31 Dec 99 18:00 EST"), Some(946_681_200));
/// assert_eq!(tickets_mail::decode::date(b"31 Feb 2000 10:00:00 +0000"), None);
/// ```
pub fn date(raw: &[u8]) -> Option<i64> {
    let value = clean(&guess(head(raw, LIMIT)));
    rfc5322(&value).or_else(|| in_any_order(&value))
}

fn rfc5322(value: &str) -> Option<i64> {
    let at = PARSER.parse_timestamp(value).ok()?;
    Some(at.as_second())
}

/// Takes the words of a date for what they look like, and reads them again in the RFC's order.
fn in_any_order(value: &str) -> Option<i64> {
    let (mut day, mut month, mut year, mut time) = (None, None, None, None);
    let (mut offset, mut zone) = (None, None);
    let value = without_comments(value);
    for mut word in value.split([' ', ',']).filter(|word| !word.is_empty()) {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            if !word.contains(':') {
                // The first number is the day, the second the year.
                *if day.is_none() { &mut day } else { &mut year } = Some(word);
                continue;
            }
            let is_time = |c: char| c.is_ascii_digit() || ":.".contains(c);
            let end = word.find(|c| !is_time(c)).unwrap_or(word.len());
            time = Some(&word[..end]);
            word = &word[end..];
        } else if time.is_none() {
            // A day of the week may look like a month, but then the month follows.
            month = month_name(word).or(month);
            continue;
        }
        // `EST`, `+0200`, or both in one word; the standard time of `EST5EDT`.
        if let Some(sign) = word.find(['+', '-']) {
            offset = offset.or_else(|| four_digits(&word[sign..]));
        } else if !word.is_empty() && zone.is_none() {
            zone = word.split(|c: char| c.is_ascii_digit()).next();
        }
    }
    let (day, month, year) = (day?, month?, year?);
    let mut time = time?.split(':');
    let (hour, minute) = (time.next()?, time.next()?);
    let second = time.next().unwrap_or("00");
    let second = second.split('.').next().unwrap_or_default();
    let (hour, later) = match (hour, minute, second) {
        ("24", "00", "00") => ("00", DAY),
        _ => (hour, 0),
    };
    let zone = offset.as_deref().or(zone).unwrap_or("GMT");
    let civil = format!("{day} {month} {year} {hour:0>2}:{minute:0>2}:{second:0>2}");
    let at = rfc5322(&format!("{civil} {zone}")).or_else(|| rfc5322(&format!("{civil} GMT")))?;
    Some(at + later)
}

/// The English month of which `word` is a name, in short or in full.
fn month_name(word: &str) -> Option<&'static str> {
    let short = word.get(..3)?;
    MONTHS
        .into_iter()
        .find(|month| month.eq_ignore_ascii_case(short))
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
mod tests {
    use super::*;

    /// 1 Jul 2025 10:00:00 UTC
    const TEN: i64 = 1_751_364_000;
    const HOUR: i64 = 3600;

    #[test]
    fn dates_of_all_ages() {
        for (case, value, want) in [
            ("RFC 5322", "Tue, 1 Jul 2025 10:00:00 +0000", Some(TEN)),
            ("east", "Tue, 1 Jul 2025 12:00:00 +0200", Some(TEN)),
            ("west", "Tue, 1 Jul 2025 06:30:00 -0330", Some(TEN)),
            (
                "comment",
                "Tue, 1 Jul 2025 12:00:00 +0200 (CEST)",
                Some(TEN),
            ),
            (
                "comments inside",
                "Tue (x\\)), (a (b)) 1 Jul 2025 10:00:00 +0000",
                Some(TEN),
            ),
            (
                "comment that never ends",
                "Tue, 1 Jul 2025 12:00:00 +0200 (CE",
                Some(TEN),
            ),
            ("folded", "Tue, 1 Jul 2025\r\n 12:00:00 +0200", Some(TEN)),
            ("no week day", "1 Jul 2025 10:00:00 +0000", Some(TEN)),
            (
                "wrong week day",
                "Mon, 1 Jul 2025 10:00:00 +0000",
                Some(TEN),
            ),
            (
                "week day without comma",
                "Tue 1 Jul 2025 10:00:00 +0000",
                Some(TEN),
            ),
            (
                "German week day",
                "Di, 1 Jul 2025 10:00:00 +0000",
                Some(TEN),
            ),
            (
                "French week day",
                "mar., 1 Jul 2025 10:00:00 +0000",
                Some(TEN),
            ),
            (
                "long names",
                "Tuesday, 01 July 2025 10:00:00 +0000",
                Some(TEN),
            ),
            ("letter case", "TUE, 1 JUL 2025 10:00:00 gmt", Some(TEN)),
            ("no seconds", "Tue, 1 Jul 2025 12:00 +0200", Some(TEN)),
            ("short hour", "Tue, 1 Jul 2025 9:00:00 -0100", Some(TEN)),
            ("fraction", "Tue, 1 Jul 2025 10:00:00.123 +0000", Some(TEN)),
            ("two digits", "Tue, 1 Jul 25 12:00:00 +0200", Some(TEN)),
            ("two digits, no seconds", "1 Jul 25 12:00 +0200", Some(TEN)),
            ("three digits", "Tue, 1 Jul 125 10:00:00 +0000", Some(TEN)),
            ("last century", "1 Jul 99 00:00:00 GMT", Some(930_787_200)),
            ("end of a day", "Mon, 30 Jun 2025 24:00 -1000", Some(TEN)),
            (
                "end of a day, with seconds",
                "30 Jun 2025 24:00:00 -1000",
                Some(TEN),
            ),
            ("after the end of a day", "30 Jun 2025 24:00:01 -1000", None),
            ("no zone", "Tue, 1 Jul 2025 10:00:00", Some(TEN)),
            ("no zone, no seconds", "Tue, 1 Jul 2025 10:00", Some(TEN)),
            (
                "zone with a colon",
                "Tue, 1 Jul 2025 12:00:00 +02:00",
                Some(TEN),
            ),
            (
                "zone of two digits",
                "Tue, 1 Jul 2025 12:00:00 +02",
                Some(TEN),
            ),
            (
                "zone from Greenwich",
                "Tue, 1 Jul 2025 12:00:00 GMT+0200",
                Some(TEN),
            ),
            (
                "two zones",
                "Tue, 1 Jul 2025 12:00:00 +0200 CEST",
                Some(TEN),
            ),
            (
                "two zones, letters first",
                "Tue, 1 Jul 2025 12:00:00 EST +0200",
                Some(TEN),
            ),
            ("no such zone", "Tue, 1 Jul 2025 10:00:00 +9999", Some(TEN)),
            (
                "zone of one digit",
                "Tue, 1 Jul 2025 12:00:00 +2",
                Some(TEN),
            ),
            ("half a zone", "Tue, 1 Jul 2025 10:00:00 +", Some(TEN)),
            (
                "zone without a blank",
                "Tue, 1 Jul 2025 12:00:00+0200",
                Some(TEN),
            ),
            ("the same by name", "Tue, 1 Jul 2025 05:00EST", Some(TEN)),
            ("asctime", "Tue Jul  1 10:00:00 2025", Some(TEN)),
            (
                "asctime with a zone",
                "Tue Jul  1 12:00:00 2025 +0200",
                Some(TEN),
            ),
            ("date(1)", "Tue Jul  1 06:00:00 EDT 2025", Some(TEN)),
            ("American order", "Jul 1, 2025 10:00:00 +0000", Some(TEN)),
            (
                "leap second",
                "Tue, 1 Jul 2025 09:59:60 +0000",
                Some(TEN - 1),
            ),
            ("before 1970", "31 Dec 1969 23:59:59 +0000", Some(-1)),
            ("no such day", "31 Feb 2025 10:00:00 +0000", None),
            ("no leap year", "29 Feb 2023 10:00:00 +0000", None),
            ("no such hour", "1 Jul 2025 25:61:00 +0000", None),
            ("no such month", "1 Foo 2025 10:00:00 +0000", None),
            ("no time", "Tue, 1 Jul 2025", None),
            ("no year", "Tue, 1 Jul 10:00:00 +0000", None),
            ("year first", "2025 Jul 1 10:00:00 +0000", None),
            ("nonsense", "yesterday", None),
            ("empty", "", None),
            ("controls", "\0\u{1b}\r\n", None),
        ] {
            assert_eq!(date(value.as_bytes()), want, "{case}: {value}");
        }
    }

    #[test]
    fn zones_by_name_mean_what_rfc_5322_says() {
        let known = [
            ("UT", 0),
            ("GMT", 0),
            ("UTC", 0),
            ("EST", -5),
            ("EDT", -4),
            ("CST", -6),
            ("CDT", -5),
            ("MST", -7),
            ("MDT", -6),
            ("PST", -8),
            ("PDT", -7),
            // Unknown ones, and the military ones, which RFC 822 got wrong, are -0000.
            ("MESZ", 0),
            ("XX", 0),
            ("Westeuropa", 0),
        ];
        let military = ('A'..='Z').map(|letter| (letter.to_string(), 0));
        let zones = known.map(|(zone, east)| (zone.to_owned(), east));
        for (zone, east) in zones.into_iter().chain(military) {
            for zone in [zone.to_lowercase(), zone] {
                let want = Some(TEN - east * HOUR);
                for head in [
                    "Tue, 1 Jul 2025 10:00:00",
                    "Tue, 1 Jul 2025 10:00",
                    "1 Jul 25 10:00",
                    "Di, 1 Jul 2025 10:00:00",
                    "Di., 1 Jul 2025 10:00",
                    "Tue Jul  1 10:00 2025",
                ] {
                    let value = format!("{head} {zone}");
                    assert_eq!(date(value.as_bytes()), want, "{value}");
                    let value = format!("{head} {zone} (comment)");
                    assert_eq!(date(value.as_bytes()), want, "{value}");
                }
                let value = format!("Tue Jul 1 10:00:00 {zone} 2025");
                assert_eq!(date(value.as_bytes()), want, "{value}");
                let value = format!("30 Jun 2025 24:00 {zone}");
                assert_eq!(
                    date(value.as_bytes()),
                    Some(TEN - east * HOUR - 10 * HOUR),
                    "{value}"
                );
            }
        }
    }
}
