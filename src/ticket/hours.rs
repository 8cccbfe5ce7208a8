//! Hours of the week, as `when` and `quiet` name them: `10:00-17:00 Mon-Fri`, `22:00-07:00`, `outside 09:00-12:00
//! 13:00-17:00 Mon-Fri; 10:00-13:00 Sat`.
//!
//! What counts is the clock on the wall of a zone, with its first minute in and its last one out. So an hour that the
//! clock skips is not there, and one that it repeats counts twice.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The days of the week, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// No two ends of the hours of a week are further apart than this, in days, where no holiday lies between.
const FAR: i32 = 9;

/// Some hours of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// As it was written.
    text: String,
    /// All hours but these.
    outside: bool,
    clauses: Vec<Clause>,
}

/// The same hours of some days.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    /// Minutes of the day, the second of which does not belong to it. If it is not the greater one, it is one of the
    /// next day.
    spans: Vec<(u16, u16)>,
    /// By [`DAYS`].
    days: [bool; 7],
}

/// Where the hours are, and which days are no working days there.
pub struct Calendar<'a> {
    pub zone: &'a TimeZone,
    /// Days that count as Sundays.
    pub is_holiday: &'a dyn Fn(Date) -> bool,
}

impl Hours {
    /// True if the moment `at`, in seconds since 1970, is in these hours.
    pub fn cover(&self, at: i64, calendar: &Calendar) -> bool {
        let moment = Timestamp::from_second(at).unwrap_or_default();
        let local = calendar.zone.to_datetime(moment);
        let (today, minute) = (local.date(), minute(local.time()));
        let yesterday = today.checked_sub(Span::new().days(1)).unwrap_or(today);
        let (today, yesterday) = (day(today, calendar), day(yesterday, calendar));
        let is_in = |clause: &Clause| {
            clause.spans.iter().any(|&(from, to)| match from < to {
                true => clause.days[today] && (from..to).contains(&minute),
                false => {
                    (clause.days[today] && minute >= from)
                        || (clause.days[yesterday] && minute < to)
                }
            })
        };
        self.clauses.iter().any(is_in) != self.outside
    }

    /// True if all hours of a week are among them, so that they never end.
    pub fn are_endless(&self) -> bool {
        let calendar = Calendar {
            zone: &TimeZone::UTC,
            is_holiday: &|_| false,
        };
        self.end(0, &calendar).is_none()
    }

    /// The first moment after `at` that is not in these hours, in seconds since 1970; `at` itself if it is not in them.
    /// `None` if there is no such moment within nine days.
    pub fn end(&self, at: i64, calendar: &Calendar) -> Option<i64> {
        if !self.cover(at, calendar) {
            return Some(at);
        }
        let moment = Timestamp::from_second(at).ok()?;
        let today = calendar.zone.to_datetime(moment).date();
        let mut moments: Vec<i64> = Vec::new();
        for ahead in -1..=FAR {
            let date = today.checked_add(Span::new().days(ahead)).ok()?;
            let ends = self.clauses.iter().flat_map(|clause| &clause.spans);
            for minute in ends.flat_map(|&(from, to)| [0, from, to]) {
                let time = Time::new((minute / 60 % 24) as i8, (minute % 60) as i8, 0, 0).ok()?;
                // Where the clock repeats an hour there are two such moments.
                let both = calendar.zone.to_ambiguous_timestamp(date.to_datetime(time));
                moments.extend(both.earlier().map(Timestamp::as_second).ok());
                moments.extend(both.later().map(Timestamp::as_second).ok());
            }
        }
        let until = moment + jiff::SignedDuration::from_hours(24 * i64::from(FAR));
        let changes = calendar
            .zone
            .following(moment)
            .map(|change| change.timestamp());
        moments.extend(
            changes
                .take_while(|at| *at < until)
                .map(Timestamp::as_second),
        );
        moments.sort_unstable();
        let mut later = moments.into_iter().filter(|&moment| moment > at);
        later.find(|&moment| !self.cover(moment, calendar))
    }
}

/// The dates in a text, one a line, with comments after `#`. What is no date is left out.
pub fn dates(text: &str) -> Vec<Date> {
    words(text).filter_map(|word| word.parse().ok()).collect()
}

/// What stands where a date should, and is none.
pub fn no_dates(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| word.parse::<Date>().is_err())
}

/// The first word of each line.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().next()
    })
}

fn minute(time: Time) -> u16 {
    time.hour() as u16 * 60 + time.minute() as u16
}

/// The place of a day in [`DAYS`].
fn day(date: Date, calendar: &Calendar) -> usize {
    let weekday = match (calendar.is_holiday)(date) {
        true => Weekday::Sunday,
        false => date.weekday(),
    };
    weekday.to_monday_zero_offset() as usize
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Hours, String> {
        let lower = text.trim().to_ascii_lowercase();
        let (outside, rest) = match lower.strip_prefix("outside ") {
            Some(rest) => (true, rest),
            None => (false, lower.as_str()),
        };
        let clauses = rest.split(';').map(clause);
        let clauses: Option<Vec<Clause>> = clauses.collect();
        let clauses = clauses.ok_or_else(|| {
            format!(
                "{text:?} names no hours such as \"outside 10:00-17:00 Mon-Fri\" or \"22:00-07:00\""
            )
        })?;
        Ok(Hours {
            text: text.trim().to_owned(),
            outside,
            clauses,
        })
    }
}

/// `10:00-17:00 Mon-Fri`, `09:00-12:00, 13:00-17:00`
fn clause(text: &str) -> Option<Clause> {
    let mut clause = Clause {
        spans: Vec::new(),
        days: [false; 7],
    };
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    for word in words.filter(|word| !word.is_empty()) {
        let (from, to) = word.split_once('-').unwrap_or((word, word));
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            // Hours come before days.
            if clause.days.contains(&true) {
                return None;
            }
            clause.spans.push(span(from, to)?);
        } else {
            let day = |name: &str| DAYS.iter().position(|day| *day == name);
            let (from, to) = (day(from)?, day(to)?);
            // `Sat-Mon` goes over the end of the week.
            let length = (to + 7 - from) % 7;
            (0..=length).for_each(|more| clause.days[(from + more) % 7] = true);
        }
    }
    if !clause.days.contains(&true) {
        clause.days = [true; 7];
    }
    (!clause.spans.is_empty()).then_some(clause)
}

fn span(from: &str, to: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let plain = |text: &str| {
            let is_plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| is_plain)
        };
        let (hour, minute) = (plain(hour)?, plain(minute)?);
        (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
    };
    let (from, to) = (minute(from)?, minute(to)?);
    // Nobody can say whether the same time twice is nothing or a whole day.
    (from != to && from < DAY).then_some((from, to))
}

#[cfg(test)]
#[path = "hours_tests.rs"]
mod tests;
