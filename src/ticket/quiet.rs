//! Quiet hours: when one of the people of the desk is not written to (L6).

use super::hours::{Calendar, Hours};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

/// The most that mail comes later than the end of the hours, in seconds, so that not all of it comes at once.
const JITTER: u16 = 120;

/// No mail is held for longer, in seconds: a file of holidays may make quiet hours of a whole year.
const LONGEST: i64 = 9 * 24 * 3600;

/// The quiet hours of one of the people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub hours: Hours,
    /// Whose clock counts; `None` is that of the machine.
    pub zone: Option<TimeZone>,
    /// A file with dates that count as Sundays.
    pub holidays: Option<String>,
}

impl Quiet {
    /// Until when mail waits that would go to the person `whose` at the moment `at`, both in seconds since 1970; `None`
    /// if it need not wait. It is always so many seconds after the end of the hours for the same person.
    pub fn held_until(&self, whose: &str, at: i64, calendar: &Calendar) -> Option<i64> {
        if !self.hours.cover(at, calendar) {
            return None;
        }
        let end = self.hours.end(at, calendar);
        let end = end.unwrap_or(i64::MAX).min(at.saturating_add(LONGEST));
        let later = end.saturating_add(jitter(whose));
        // What follows at once may be quiet again.
        Some(match self.hours.cover(later, calendar) {
            true => end,
            false => later,
        })
    }
}

fn jitter(whose: &str) -> i64 {
    let digest = Sha256::digest(whose);
    let number = u16::from_be_bytes([digest[0], digest[1]]);
    i64::from(number % (JITTER + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    /// (L6)
    #[test]
    fn mail_waits_for_the_end_of_the_hours() {
        let calendar = Calendar {
            zone: &TimeZone::UTC,
            is_holiday: &|date| date.month() == 12,
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        // Each: the hours, when the mail would go, and the end of the hours if it waits.
        for (hours, moment, end) in [
            ("22:00-07:00", "2026-11-27T21:59:59Z", None),
            (
                "22:00-07:00",
                "2026-11-27T22:00:00Z",
                Some("2026-11-28T07:00:00Z"),
            ),
            (
                "outside 08:00-18:00 Mon-Fri",
                "2026-11-27T18:00:00Z",
                Some("2026-11-30T08:00:00Z"),
            ),
            // A month of holidays.
            (
                "outside 08:00-18:00 Mon-Fri",
                "2026-12-02T12:00:00Z",
                Some("2026-12-11T12:00:00Z"),
            ),
        ] {
            let quiet = Quiet {
                hours: hours.parse().unwrap(),
                zone: None,
                holidays: None,
            };
            let until = quiet.held_until("steve", at(moment), &calendar);
            // Nine days of holidays end in holidays.
            let jitter = match moment {
                "2026-12-02T12:00:00Z" => 0,
                _ => jitter("steve"),
            };
            assert_eq!(until, end.map(|end| at(end) + jitter), "{hours} {moment}");
        }
        let short = Quiet {
            hours: "22:00-07:00 07:01-08:00".parse().unwrap(),
            zone: None,
            holidays: None,
        };
        for whose in ["steve", "ann", "bob", "carol", "dave"] {
            assert!((0..=120).contains(&jitter(whose)), "{whose}");
            let until = short.held_until(whose, at("2026-11-27T23:00:00Z"), &calendar);
            let until = until.unwrap();
            assert!(!short.hours.cover(until, &calendar), "{whose}: {until}");
        }
        assert_ne!(jitter("steve"), jitter("ann"));
    }
}
