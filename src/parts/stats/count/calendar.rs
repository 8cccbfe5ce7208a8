//! Days, weeks, months and years as numbers, so that millions of entries are sorted into them in
//! no time.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// A day, counted from 1970-01-01.
pub type Day = i32;

/// What the numbers are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// From Monday on (ISO 8601).
    Week,
    /// Of the calendar.
    Month,
    /// Of the calendar.
    Year,
}

impl Unit {
    /// The unit that shows so many days on about one screen.
    pub fn for_days(days: i64) -> Unit {
        match days {
            ..=31 => Unit::Day,
            32..=92 => Unit::Week,
            93..=1100 => Unit::Month,
            _ => Unit::Year,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }

    /// The first day of the one that holds `day`.
    pub fn start(self, day: Day) -> Day {
        let date = date(day);
        match self {
            Unit::Day => day,
            Unit::Week => day - i32::from(weekday(day)),
            Unit::Month => number(date.first_of_month()),
            Unit::Year => number(date.first_of_year()),
        }
    }

    /// The first day of the one after that which begins at `start`.
    pub fn next(self, start: Day) -> Day {
        let date = date(start);
        let days = match self {
            Unit::Day => 1,
            Unit::Week => 7,
            Unit::Month => i32::from(date.days_in_month()),
            Unit::Year => i32::from(date.days_in_year()),
        };
        start + days
    }

    /// The one that begins at `start`: `2026-11-22`, `2026-W47`, `2026-11`, `2026`.
    pub fn label(self, start: Day) -> String {
        let date = date(start);
        match self {
            Unit::Day => date.to_string(),
            Unit::Week => {
                let week = date.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Unit::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Unit::Year => format!("{:04}", date.year()),
        }
    }
}

/// Where a moment lies in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The day.
    pub day: Day,
    /// The hour that a clock on the wall shows, 0 to 23.
    pub hour: u8,
}

impl Local {
    /// Where `at` (seconds since 1970) lies in `zone`.
    pub fn of(at: i64, zone: &TimeZone) -> Local {
        let known = Timestamp::from_second(at).unwrap_or_default();
        let offset = zone.to_offset(known).seconds();
        let local = known.as_second() + i64::from(offset);
        Local {
            day: i32::try_from(local.div_euclid(86_400)).unwrap_or(0),
            hour: u8::try_from(local.rem_euclid(86_400) / 3600).unwrap_or(0),
        }
    }
}

/// The day of the week: 0 is Monday.
pub fn weekday(day: Day) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// The name of a day of the week in English.
pub fn weekday_name(weekday: u8) -> &'static str {
    match Weekday::from_monday_zero_offset(weekday as i8) {
        Ok(Weekday::Monday) => "Monday",
        Ok(Weekday::Tuesday) => "Tuesday",
        Ok(Weekday::Wednesday) => "Wednesday",
        Ok(Weekday::Thursday) => "Thursday",
        Ok(Weekday::Friday) => "Friday",
        Ok(Weekday::Saturday) => "Saturday",
        _ => "Sunday",
    }
}

/// The date of a day.
pub fn date(day: Day) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.saturating_add(jiff::Span::new().days(day))
}

fn number(date: Date) -> Day {
    let epoch = Date::constant(1970, 1, 1);
    let days = date.duration_since(epoch).as_hours() / 24;
    i32::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    fn day(text: &str) -> Day {
        number(text.parse().unwrap())
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
            assert_eq!(unit.next(begin), day(next), "{text} {unit:?}");
            assert_eq!(unit.label(begin), label, "{text} {unit:?}");
        }
        for (text, want) in [
            ("2026-11-22", "Sunday"),
            ("2026-11-23", "Monday"),
            ("1970-01-01", "Thursday"),
            ("1969-12-31", "Wednesday"),
        ] {
            assert_eq!(weekday_name(weekday(day(text))), want, "{text}");
            assert_eq!(date(day(text)), text.parse::<civil::Date>().unwrap());
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
            let want = Local {
                day: day(want),
                hour,
            };
            assert_eq!(Local::of(at.as_second(), &berlin), want, "{text}");
        }
        // No calendar holds it.
        let beyond = Local { day: 0, hour: 0 };
        assert_eq!(Local::of(i64::MAX, &TimeZone::UTC), beyond);
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
