//! Days, weeks, months and years.

use clap::ValueEnum;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// What the numbers are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// From midnight to midnight
    Day,
    /// From Monday to Sunday
    Week,
    /// Of the calendar
    Month,
    /// Of the calendar
    Year,
}

/// The days of the week, from Monday.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

impl Unit {
    /// The unit that shows so many days on about one screen.
    pub(super) fn for_days(days: i64) -> Unit {
        match days {
            ..=31 => Unit::Day,
            32..=92 => Unit::Week,
            93..=1100 => Unit::Month,
            _ => Unit::Year,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }

    /// The first day of the period that holds `day`.
    pub(super) fn start(self, day: Date) -> Date {
        match self {
            Unit::Day => day,
            Unit::Week => day.saturating_sub(day.weekday().to_monday_zero_offset().days()),
            Unit::Month => day.first_of_month(),
            Unit::Year => day.first_of_year(),
        }
    }

    /// The first day of the period after the one that begins at `start`; `None` at the end of the
    /// calendar.
    pub(crate) fn next(self, start: Date) -> Option<Date> {
        let length = match self {
            Unit::Day => 1.day(),
            Unit::Week => 1.week(),
            Unit::Month => 1.month(),
            Unit::Year => 1.year(),
        };
        start.checked_add(length).ok()
    }

    /// The period that begins at `start`: `2026-11-22`, `2026-W47`, `2026-11`, `2026`.
    pub(crate) fn label(self, start: Date) -> String {
        let format = match self {
            Unit::Day => "%Y-%m-%d",
            Unit::Week => "%G-W%V",
            Unit::Month => "%Y-%m",
            Unit::Year => "%Y",
        };
        start.strftime(format).to_string()
    }
}

/// What the clock on the wall shows in `zone` at `at`, in seconds since 1970; the beginning of 1970 for
/// moments that no calendar has.
pub(super) fn local(at: i64, zone: &TimeZone) -> DateTime {
    zone.to_datetime(Timestamp::from_second(at).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_belong_to_weeks_months_and_years() {
        for (text, unit, start, next, label) in [
            (
                "2026-11-22",
                Unit::Day,
                "2026-11-22",
                "2026-11-23",
                "2026-11-22",
            ),
            (
                "2026-11-22",
                Unit::Week,
                "2026-11-16",
                "2026-11-23",
                "2026-W47",
            ),
            (
                "2026-11-22",
                Unit::Month,
                "2026-11-01",
                "2026-12-01",
                "2026-11",
            ),
            ("2026-11-22", Unit::Year, "2026-01-01", "2027-01-01", "2026"),
            // ISO: the last days of December can lie in the next year's first week, and back.
            (
                "2024-12-31",
                Unit::Week,
                "2024-12-30",
                "2025-01-06",
                "2025-W01",
            ),
            (
                "2027-01-01",
                Unit::Week,
                "2026-12-28",
                "2027-01-04",
                "2026-W53",
            ),
            (
                "2024-02-29",
                Unit::Month,
                "2024-02-01",
                "2024-03-01",
                "2024-02",
            ),
            ("2024-02-29", Unit::Year, "2024-01-01", "2025-01-01", "2024"),
            (
                "1970-01-01",
                Unit::Week,
                "1969-12-29",
                "1970-01-05",
                "1970-W01",
            ),
            (
                "1969-12-31",
                Unit::Month,
                "1969-12-01",
                "1970-01-01",
                "1969-12",
            ),
        ] {
            let begin = unit.start(day(text));
            assert_eq!(begin, day(start), "{text} {unit:?}");
            assert_eq!(unit.next(begin), Some(day(next)), "{text} {unit:?}");
            assert_eq!(unit.label(begin), label, "{text} {unit:?}");
        }
        for (text, want) in [
            ("2026-11-22", "Sunday"),
            ("2026-11-23", "Monday"),
            ("1970-01-01", "Thursday"),
            ("1969-12-31", "Wednesday"),
        ] {
            let weekday = day(text).weekday().to_monday_zero_offset();
            assert_eq!(WEEKDAYS[weekday as usize], want, "{text}");
        }
    }

    #[test]
    fn moments_lie_where_the_clock_on_the_wall_says() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (text, want, hour) in [
            ("2026-11-21T22:59:59Z", "2026-11-21", 23),
            ("2026-11-21T23:00:00Z", "2026-11-22", 0),
            ("2026-07-01T22:00:00Z", "2026-07-02", 0),
            // The clocks go forward: 1:59, 3:00.
            ("2026-03-29T00:59:59Z", "2026-03-29", 1),
            ("2026-03-29T01:00:00Z", "2026-03-29", 3),
            ("2026-03-29T21:59:59Z", "2026-03-29", 23),
            // And back: hour 2 comes twice.
            ("2026-10-25T00:30:00Z", "2026-10-25", 2),
            ("2026-10-25T01:30:00Z", "2026-10-25", 2),
            ("2026-10-25T22:59:59Z", "2026-10-25", 23),
            ("1969-12-31T23:00:00Z", "1970-01-01", 0),
            ("1969-12-31T22:59:59Z", "1969-12-31", 23),
        ] {
            let at: Timestamp = text.parse().unwrap();
            let local = local(at.as_second(), &berlin);
            assert_eq!((local.date(), local.hour()), (day(want), hour), "{text}");
        }
        // No calendar has it.
        let beyond = local(i64::MAX, &TimeZone::UTC);
        assert_eq!(beyond, day("1970-01-01").at(0, 0, 0, 0));
    }

    #[test]
    fn the_calendar_has_an_end() {
        for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
            assert_eq!(unit.next(unit.start(Date::MAX)), None, "{unit:?}");
            assert!(unit.start(Date::MIN) >= Date::MIN);
        }
    }

    #[test]
    fn a_screen_holds_it() {
        for (days, want) in [
            (0, Unit::Day),
            (31, Unit::Day),
            (32, Unit::Week),
            (92, Unit::Week),
            (93, Unit::Month),
            (1100, Unit::Month),
            (1101, Unit::Year),
        ] {
            assert_eq!(Unit::for_days(days), want, "{days}");
        }
    }
}
