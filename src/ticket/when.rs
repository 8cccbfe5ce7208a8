//! Moments as people type them: `2026-11-01`, `'2026-11-01 12:00'`, `2026-11`, `yesterday`, `3d`, `'2 weeks'`.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use std::str::FromStr;

/// A moment, or a day, month or year, as it was typed; local time unless it names a zone.
#[derive(Clone, Debug)]
pub struct When(Form);

#[derive(Clone, Debug)]
enum Form {
    Moment(Timestamp),
    Local(DateTime),
    /// From the first day to the one before `next`.
    Days {
        first: Date,
        next: Date,
    },
    /// The whole day so many days before today.
    DaysAgo(i64),
    Ago(Span),
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let moment = text.parse().map(Form::Moment).ok();
        let local = || text.parse().map(Form::Local).ok();
        let ago = || text.parse().map(Form::Ago).ok();
        let word = || {
            let is_it = |day: &&str| text.eq_ignore_ascii_case(day);
            let days = ["today", "yesterday"].iter().position(is_it)?;
            i64::try_from(days).ok().map(Form::DaysAgo)
        };
        moment
            .or_else(word)
            .or_else(|| days(text))
            .or_else(local)
            .or_else(ago)
            .map(When)
            .ok_or("neither a date (2026-11-01, yesterday) nor a span of time (3d, '2 weeks')")
    }
}

/// `2026-11-01`, `2026-11` or `2026`.
fn days(text: &str) -> Option<Form> {
    // The parser would take shorter years, and blanks in between.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !plain || text.find('-').unwrap_or(text.len()) != 4 {
        return None;
    }
    let forms = [
        ("%Y-%m-%d", Span::new().days(1)),
        ("%Y-%m", Span::new().months(1)),
        ("%Y", Span::new().years(1)),
    ];
    forms.into_iter().find_map(|(form, length)| {
        let parsed = BrokenDownTime::parse(form, text).ok()?;
        let (month, day) = (parsed.month().unwrap_or(1), parsed.day().unwrap_or(1));
        let first = Date::new(parsed.year()?, month, day).ok()?;
        let next = first.checked_add(length).ok()?;
        Some(Form::Days { first, next })
    })
}

impl When {
    /// When it begins, in seconds since 1970, seen from `now` in `zone`.
    ///
    /// # Errors
    /// It is beyond the calendar.
    pub fn start(&self, now: i64, zone: &TimeZone) -> Result<i64, jiff::Error> {
        let zone = zone.clone();
        let at = match &self.0 {
            Form::Moment(at) => *at,
            Form::Local(at) => at.to_zoned(zone)?.timestamp(),
            Form::Days { first, .. } => first.to_zoned(zone)?.timestamp(),
            Form::DaysAgo(days) => day(now, *days, zone)?.timestamp(),
            Form::Ago(span) => {
                let now = Timestamp::from_second(now)?.to_zoned(zone);
                // `2 weeks ago` is read as a negative span and means the same.
                now.checked_sub(span.abs())?.timestamp()
            }
        };
        Ok(at.as_second())
    }

    /// The first second after it; a moment and a time of day have no length.
    ///
    /// # Errors
    /// It is beyond the calendar.
    pub fn end(&self, now: i64, zone: &TimeZone) -> Result<i64, jiff::Error> {
        match &self.0 {
            Form::Days { next, .. } => Ok(next.to_zoned(zone.clone())?.timestamp().as_second()),
            Form::DaysAgo(days) => Ok(day(now, days - 1, zone.clone())?.timestamp().as_second()),
            _ => self.start(now, zone),
        }
    }
}

/// The beginning of the day so many days before the one of `now`.
fn day(now: i64, days: i64, zone: TimeZone) -> Result<Zoned, jiff::Error> {
    let today = Timestamp::from_second(now)?.to_zoned(zone.clone()).date();
    today.checked_sub(Span::new().days(days))?.to_zoned(zone)
}

/// The moment `seconds` after 1970, or the nearest one whose year has four digits.
pub fn moment(seconds: i64) -> Timestamp {
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_9999: i64 = 253_402_207_200;
    Timestamp::from_second(seconds.clamp(YEAR_0, YEAR_9999)).unwrap_or_default()
}

/// A [`moment`] for programs: RFC 3339 in UTC.
pub fn rfc3339(seconds: i64) -> String {
    moment(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 12:00 in Berlin.
    const NOW: i64 = 1_795_345_200;

    fn berlin() -> TimeZone {
        // As POSIX has it, so that no database is asked.
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    #[test]
    fn what_is_typed_has_a_start_and_an_end() {
        for (text, start, end) in [
            ("2026-11-01", "2026-11-01T00+01", "2026-11-02T00+01"),
            ("2026-11-1", "2026-11-01T00+01", "2026-11-02T00+01"),
            ("2026-11", "2026-11-01T00+01", "2026-12-01T00+01"),
            ("2026", "2026-01-01T00+01", "2027-01-01T00+01"),
            ("2026-12", "2026-12-01T00+01", "2027-01-01T00+01"),
            ("2024-02-29", "2024-02-29T00+01", "2024-03-01T00+01"),
            // The days on which the clocks change have 23 and 25 hours.
            ("2026-03-29", "2026-03-29T00+01", "2026-03-30T00+02"),
            ("2026-10-25", "2026-10-25T00+02", "2026-10-26T00+01"),
            (
                "2026-11-01 12:30",
                "2026-11-01T12:30+01",
                "2026-11-01T12:30+01",
            ),
            (
                "2026-07-01T12:30",
                "2026-07-01T12:30+02",
                "2026-07-01T12:30+02",
            ),
            (
                "2026-11-01T12:30:05Z",
                "2026-11-01T12:30:05Z",
                "2026-11-01T12:30:05Z",
            ),
            ("today", "2026-11-22T00+01", "2026-11-23T00+01"),
            ("Yesterday", "2026-11-21T00+01", "2026-11-22T00+01"),
            ("3d", "2026-11-19T12+01", "2026-11-19T12+01"),
            (" 2 weeks ago ", "2026-11-08T12+01", "2026-11-08T12+01"),
            // Days are days of the calendar, whatever their hours.
            ("30 days", "2026-10-23T12+02", "2026-10-23T12+02"),
        ] {
            let when: When = text.parse().unwrap();
            let show = |at: i64| Timestamp::from_second(at).unwrap();
            let want = |text: &str| text.parse::<Timestamp>().unwrap();
            assert_eq!(
                show(when.start(NOW, &berlin()).unwrap()),
                want(start),
                "{text}"
            );
            assert_eq!(show(when.end(NOW, &berlin()).unwrap()), want(end), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "soon",
            "",
            "3",
            "2026-13",
            "2026-02-30",
            "2026-11-01-02",
            "20266",
            "2026-",
            "2026--1",
            "2026-+1",
            "2026- 1",
            "+202",
            "-202-01",
            "١",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        let when: When = "15000 years".parse().unwrap();
        assert!(when.start(NOW, &berlin()).is_err());
    }
}
