//! The job `archive`: puts old closed tickets away, one mbox a year (D11).

mod batch;
mod done;
mod mend;
mod old;
mod year;

use self::batch::Archiver;
use crate::clock;
use crate::config::Config;
use crate::desk::Desk;
use crate::log::{LogLine, Severity};
use crate::part::{Context, Job, JobDue, JobTimes};
use crate::screen::say;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::time::Duration;

/// See [`Job`].
pub(super) struct ArchiveOld;

impl Job for ArchiveOld {
    fn name(&self) -> &str {
        "archive"
    }

    fn summary(&self) -> &str {
        "moves closed tickets in which nothing was filed for as long as its argument says (2y) to archived/YEAR.mbox"
    }

    /// Never, if no table says when; and the first run has years to put away.
    fn times(&self, _config: &Config) -> JobTimes {
        JobTimes {
            timeout: Duration::from_secs(3600),
            ..JobTimes::default()
        }
    }

    fn check(&self, args: &[String]) -> Result<(), String> {
        limit(args, clock::now().as_second()).map(|_| ())
    }

    fn run(&self, args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let mut desk = cx.desk_to_write_for_mta()?;
        let limit = limit(args, desk.now()).map_err(anyhow::Error::msg)?;
        if !desk.is_begun()? {
            return Ok("no tickets yet".to_owned());
        }
        let store = desk.store.clone();
        let Some(mut list) = store.lock_put_away()? else {
            return Ok("another run puts tickets away at this moment".to_owned());
        };
        mend::mend(&desk, &mut list)?;
        let old = desk.despite_index(|desk| old(desk, limit))?;
        let mut archiver = Archiver::new(&desk, &mut list, limit, &old);
        let put = old.iter().try_for_each(|&id| archiver.add(id));
        let put = put.and_then(|()| archiver.flush());
        let Archiver { done, gone, .. } = archiver;
        // Else the next command finds out.
        let _ = desk.despite_index(|desk| forget(desk, &gone));
        if done.total() > 0 {
            let line = LogLine::default().word("archive");
            let line = line.number("tickets", done.total());
            line.number("messages", done.messages).write(Severity::Info);
        }
        for line in done.lines() {
            say(line)?;
        }
        put.map(|()| done.note())
    }
}

/// Tells the index which tickets are gone.
fn forget(desk: &Desk, gone: &[TicketId]) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    desk.index()?.in_transaction(|| {
        for &id in gone {
            desk.known(id)?;
        }
        Ok(())
    })
}

/// The closed tickets in which nothing was filed since `limit`, as the index has them.
fn old(desk: &mut Desk, limit: i64) -> Result<Vec<TicketId>> {
    desk.complete_index()?;
    let mut old = Vec::new();
    desk.rows(State::Closed, |row| {
        if row.entries > 0 && row.active < limit {
            old.push(row.id);
        }
        Ok(())
    })?;
    Ok(old)
}

/// The moment before which the last message must have been filed, in seconds since 1970.
fn limit(args: &[String], now: i64) -> Result<i64, String> {
    let [text] = args else {
        return Err(
            "it takes one argument: for how long nothing was filed, as in \"archive 2y\""
                .to_owned(),
        );
    };
    let before = || {
        let span = text.parse::<Span>().ok()?.abs();
        let now = Timestamp::from_second(now).ok()?.to_zoned(TimeZone::UTC);
        Some(now.checked_sub(span).ok()?.timestamp().as_second())
    };
    before()
        .filter(|&before| before < now)
        .ok_or_else(|| format!("{text:?} is not a length of time such as \"2y\" or \"90d\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    // D11
    #[test]
    fn ages_are_lengths_of_time() {
        let limit = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&it| it.to_owned()).collect();
            let now = "2026-11-29T12:00:00Z".parse::<Timestamp>().unwrap();
            let at = limit(&words, now.as_second()).ok()?;
            Some(Timestamp::from_second(at).unwrap().to_string())
        };
        for (words, want) in [
            (&["2y"][..], Some("2024-11-29T12:00:00Z")),
            (&["90d"], Some("2026-08-31T12:00:00Z")),
            (&["18months"], Some("2025-05-29T12:00:00Z")),
            (&["0d"], None),
            (&["soon"], None),
            (&["2"], None),
            (&["2y", "1d"], None),
            (&[], None),
            (&["999999999y"], None),
        ] {
            assert_eq!(limit(words).as_deref(), want, "{words:?}");
        }
    }
}
