//! When a job is due. Pure: the time is a value, and so are the zone and what is known of the last run.
//!
//! A job has times of its own, and one question is asked of them: which was the last one up to now? If that is later
//! than the one for which the job ran last, it is due. So it does not matter how often or how late anybody asks, and
//! of many times that were missed one is caught up.

use crate::ticket::cron::{cron, distance};
use croner::Cron;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How far beyond now a time may lie for which a job ran, before the clock counts as set back. In seconds.
const SET_BACK: i64 = 3600;

/// A run with `missed = "skip"` is on time up to so many seconds after its time.
const ON_TIME: i64 = 300;

/// The times of a job.
#[derive(Clone, Debug)]
enum Times {
    /// Those of five fields, as cron(8) reads them, as the clock on a wall shows them in a time zone: where it is set
    /// forward, what is skipped does not come, and where it is set back, what is shown twice comes twice.
    Wall(Box<Cron>, TimeZone),
    /// The same, where neither minute nor hour begins with `*`. Each comes once: where the clock is set back, at
    /// the first time, and where it is set forward, for what is skipped, at the first moment after.
    Once(Box<Cron>, TimeZone),
    /// Every so many seconds, counted from 1970.
    Every(i64),
}

/// The times of a job, and what becomes of those that were missed.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    times: Times,
    /// So many seconds after each of its times it runs.
    delay: i64,
    /// A time that is longer ago, in seconds, is not caught up.
    late: i64,
}

/// For which of its times a job ran last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// That time, in seconds since 1970; or when its times began to count.
    pub(super) last: i64,
    /// The same as it was before the clock was set back. If the clock comes there again, it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ahead: Option<i64>,
}

/// What is to be done with a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Rest,
    /// It was never seen before: its times count from now on.
    New,
    /// Its last run lies in the future, since the clock was set back: its times count from now on.
    SetBack,
    /// The clock was set back, and is where it was: the last run counts again.
    SetForth,
    /// It is to run for this time, in seconds since 1970.
    Due(i64),
    /// This time was missed, and is too long ago.
    Missed(i64),
}

impl Schedule {
    /// The times that five fields say, or a word such as `@daily`.
    ///
    /// # Errors
    /// It is something else, or no time ever fits.
    pub(super) fn at(fields: &str, zone: TimeZone) -> Result<Schedule, String> {
        let cron = Box::new(cron(fields)?);
        let mut words = fields.split_whitespace();
        let times = match fields.trim() == "@hourly"
            || words.by_ref().take(2).any(|it| it.starts_with('*'))
        {
            true => Times::Wall(cron, zone),
            false => Times::Once(cron, zone),
        };
        Ok(Schedule::of(times))
    }

    /// Every so many seconds, and not more often than once a minute.
    ///
    /// # Errors
    /// That is too often.
    pub(super) fn every(seconds: u64) -> Result<Schedule, String> {
        distance(seconds).map(|seconds| Schedule::of(Times::Every(seconds)))
    }

    /// Of a job of which nobody knows when it is to run.
    pub(super) fn unknown() -> Schedule {
        Schedule::of(Times::Every(i64::MAX))
    }

    fn of(times: Times) -> Schedule {
        Schedule {
            times,
            delay: 0,
            late: i64::MAX,
        }
    }

    /// Delays each run by less than `most` seconds: always as long for one `name` on one `host`, so that a hundred
    /// desks do not ask one server in the same second, and two runs are not closer together than their times.
    #[must_use]
    pub(super) fn jitter(mut self, most: u64, host: &str, name: &str) -> Schedule {
        let digest = Sha256::digest(format!("{host}\n{name}"));
        let number = digest
            .iter()
            .take(7)
            .fold(0, |number, &byte| number << 8 | u64::from(byte));
        let delay = number.checked_rem(most).unwrap_or(0);
        self.delay = i64::try_from(delay).unwrap_or(0);
        self
    }

    /// A time that is longer ago than so many seconds is not caught up. Where only the distance between runs counts
    /// (`every`), none is too long ago.
    #[must_use]
    pub(super) fn late(mut self, seconds: u64) -> Schedule {
        if !matches!(self.times, Times::Every(_)) {
            self.late = i64::try_from(seconds).unwrap_or(i64::MAX);
        }
        self
    }

    /// A time that was missed is not caught up at all.
    #[must_use]
    pub(super) fn skips_missed(mut self) -> Schedule {
        self.late = ON_TIME;
        self
    }

    /// What is to be done at `now`, in seconds since 1970, with a job of this mark.
    pub(super) fn verdict(&self, mark: Option<Mark>, now: i64) -> Verdict {
        let Some(mark) = mark else {
            return Verdict::New;
        };
        let last = mark.at(now);
        if last > now.saturating_add(self.slack()) {
            return Verdict::SetBack;
        }
        match self.times.up_to(now.saturating_sub(self.delay)) {
            Some(time) if time > last => match now - time - self.delay <= self.late {
                true => Verdict::Due(time),
                false => Verdict::Missed(time),
            },
            _ if mark.last != last => Verdict::SetForth,
            _ => Verdict::Rest,
        }
    }

    /// How far its last run may lie in the future. Nothing runs meanwhile, so what runs often waits no longer than once.
    fn slack(&self) -> i64 {
        match self.times {
            Times::Every(seconds) => seconds.min(SET_BACK),
            _ => SET_BACK,
        }
    }

    /// When it runs next, in seconds since 1970. Of one that is due, or was missed, it is the first time for which it has
    /// not run: `now` or earlier. `None` if never.
    pub(super) fn next(&self, mark: Option<Mark>, now: i64) -> Option<i64> {
        let time = match self.verdict(mark, now) {
            Verdict::Due(time) | Verdict::Missed(time) => {
                let first = mark.and_then(|mark| self.times.after(mark.at(now)));
                first.map_or(time, |first| first.min(time))
            }
            _ => self.times.after(now.saturating_sub(self.delay))?,
        };
        Some(time.saturating_add(self.delay))
    }
}

impl Mark {
    /// The time that counts at `now`.
    fn at(self, now: i64) -> i64 {
        let ahead = self.ahead.filter(|&ahead| ahead <= now);
        ahead.map_or(self.last, |ahead| ahead.max(self.last))
    }
}

impl Verdict {
    /// The mark of the job from then on.
    pub(super) fn mark(self, mark: Option<Mark>, now: i64) -> Option<Mark> {
        let ahead = mark.and_then(|mark| mark.ahead).filter(|&it| it > now);
        match self {
            Verdict::Rest => mark,
            Verdict::New => Some(Mark {
                last: now,
                ahead: None,
            }),
            Verdict::SetBack => Some(Mark {
                last: now,
                ahead: mark.map(|mark| mark.at(now)),
            }),
            Verdict::SetForth => mark.map(|mark| Mark {
                last: mark.at(now),
                ahead: None,
            }),
            Verdict::Due(last) | Verdict::Missed(last) => Some(Mark { last, ahead }),
        }
    }
}

impl Times {
    /// The last of them up to `now`.
    fn up_to(&self, now: i64) -> Option<i64> {
        match self {
            Times::Every(seconds) => Some(now.div_euclid(*seconds) * seconds),
            Times::Wall(cron, zone) => {
                let found = cron.find_previous_occurrence(&zoned(now, zone)?, true);
                Some(found.ok()?.timestamp().as_second())
            }
            Times::Once(cron, zone) => {
                let found = cron.find_previous_occurrence(&latest_shown(now, zone)?, true);
                first_shown(&found.ok()?, zone)
            }
        }
    }

    /// The first of them after `now`.
    fn after(&self, now: i64) -> Option<i64> {
        match self {
            Times::Every(seconds) => (now.div_euclid(*seconds) + 1).checked_mul(*seconds),
            Times::Wall(cron, zone) => {
                let found = cron.find_next_occurrence(&zoned(now, zone)?, false);
                Some(found.ok()?.timestamp().as_second())
            }
            Times::Once(cron, zone) => {
                let found = cron.find_next_occurrence(&latest_shown(now, zone)?, false);
                first_shown(&found.ok()?, zone)
            }
        }
    }
}

fn zoned(seconds: i64, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(zone.clone()))
}

/// The latest that a clock on a wall has shown up to `now`, as if it were UTC: later than what it shows, for an hour
/// after it was set back.
fn latest_shown(now: i64, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_second(now).ok()?;
    let shows = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
    let mut latest = shows(at);
    if let Some(change) = zone.preceding(at.checked_add(1.second()).ok()?).next() {
        let before = shows(change.timestamp().checked_sub(1.second()).ok()?);
        latest = latest.max(before);
    }
    latest.to_zoned(TimeZone::UTC).ok()
}

/// When a clock on a wall first shows a time, which is given as if it were UTC; or, if it skips that, the moment at
/// which it does.
fn first_shown(wall: &Zoned, zone: &TimeZone) -> Option<i64> {
    let ambiguous = zone.to_ambiguous_timestamp(wall.datetime());
    let found = match ambiguous.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(wall.datetime()).ok()?;
            zone.following(before).next()?.timestamp()
        }
        _ => ambiguous.earlier().ok()?,
    };
    Some(found.as_second())
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
