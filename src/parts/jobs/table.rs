//! The jobs of a desk as a table, and as objects.

use super::state::{DIED, JobRun, RunResult};
use crate::config::Missed;
use crate::error::harmless;
use crate::part::outside::Idle;
use crate::screen::{age, cut, fit, hang, span};
use crate::ticket::when::rfc3339;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::borrow::Cow;

/// So many seconds after its time a job is overdue: whoever lets time pass does it once a minute.
pub(super) const LATE: i64 = 120;

/// What stands before the reason of a failure.
const REASON: &str = "    ";

/// The most columns of a NAME and of a schedule.
const NAME: usize = 14;
const TIMES: usize = 16;

/// What stands behind the schedule of a job that makes up for nothing it missed.
const SKIPS: &str = ", skip";

/// What is shown of a job.
#[derive(Clone, Debug, Default)]
pub(super) struct JobLine {
    pub(super) name: String,
    /// What is run, with its arguments.
    pub(super) run: String,
    /// What that does.
    pub(super) summary: String,
    pub(super) times: String,
    /// What becomes of a time that was missed.
    pub(super) missed: Missed,
    pub(super) enabled: bool,
    /// The last run, which may be going on.
    pub(super) last: Option<JobRun>,
    pub(super) is_running: bool,
    pub(super) failures: u32,
    /// Why it does not run though it should: in two words, and in half a sentence.
    pub(super) idle: Option<Idle>,
    /// When it runs next, in seconds since 1970; in the past if it is due: the first time for which it did not run.
    pub(super) next: Option<i64>,
    /// Nobody has let time pass since it is there, and nobody does: its times count only from then on.
    pub(super) is_unseen: bool,
    /// Until when it is paused, [`i64::MAX`] if for good.
    pub(super) paused: Option<i64>,
    /// What of it cannot be read, so that it does not run.
    pub(super) unread: Option<String>,
}

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
struct JobObject<'a> {
    name: &'a str,
    run: &'a str,
    summary: &'a str,
    schedule: &'a str,
    missed: Missed,
    enabled: bool,
    running: bool,
    started: Option<String>,
    ended: Option<String>,
    /// In seconds.
    took: Option<f64>,
    result: Option<&'a str>,
    note: Option<&'a str>,
    failures: u32,
    next: Option<String>,
    /// In seconds.
    overdue: i64,
    paused: bool,
    paused_until: Option<String>,
    idle: Option<&'a str>,
}

impl JobLine {
    /// For how many seconds it should have run, and did not run either.
    pub(super) fn overdue(&self, now: i64) -> Option<i64> {
        let waits =
            self.enabled && self.paused.is_none() && self.idle.is_none() && !self.is_running;
        let ended = self.last.as_ref().and_then(|run| run.ended);
        let since = self.next.filter(|_| waits)?.max(ended.unwrap_or(i64::MIN));
        let by = now.saturating_sub(since);
        (by > LATE).then_some(by)
    }

    /// True if it would run if only somebody let time pass, and nobody has since it is there. Until then it is not known
    /// since when, so it is not overdue.
    pub(super) fn waits_for_tick(&self) -> bool {
        let waits = self.enabled && self.paused.is_none() && self.idle.is_none();
        waits && self.is_unseen && self.next.is_some() && !self.is_running
    }

    /// Why its last run failed, if it did, or why nothing is known of that.
    pub(super) fn reason(&self) -> Option<&str> {
        if let Some(why) = &self.unread {
            return Some(why);
        }
        let run = self.last.as_ref()?;
        match run.result {
            RunResult::None if !self.is_running => Some(DIED),
            result if !result.is_failure() => None,
            result if run.note.is_empty() => Some(result.word()),
            _ => Some(&run.note),
        }
    }

    /// The job as an object.
    ///
    /// # Errors
    /// None that can happen.
    pub(super) fn json(&self, now: i64) -> serde_json::Result<String> {
        let last = self.last.as_ref();
        let ended = last.filter(|run| run.ended.is_some());
        serde_json::to_string(&JobObject {
            name: &self.name,
            run: &self.run,
            summary: &self.summary,
            schedule: &self.times,
            missed: self.missed,
            enabled: self.enabled,
            running: self.is_running,
            started: last.map(|run| rfc3339(run.started)),
            ended: last.and_then(|run| run.ended).map(rfc3339),
            took: ended.map(|run| seconds(run.took)),
            result: last.map(|run| self.result(run)),
            note: ended.map(|run| run.note.as_str()),
            failures: self.failures,
            next: self.next.map(rfc3339),
            overdue: self.overdue(now).unwrap_or(0),
            paused: self.paused.is_some(),
            paused_until: self.paused.filter(|&until| until < i64::MAX).map(rfc3339),
            idle: self
                .idle
                .as_ref()
                .map(|idle| &*idle.why)
                .or(self.unread.as_deref()),
        })
    }

    /// Its schedule for people.
    fn shown_times(&self) -> Cow<'_, str> {
        match self.missed {
            Missed::Skip if !self.times.is_empty() => {
                format!("{}{SKIPS}", cut(&self.times, TIMES)).into()
            }
            _ => cut(&self.times, TIMES).into(),
        }
    }

    /// How the last run ended. One that has not, and does not run any more, died.
    fn result(&self, run: &JobRun) -> &'static str {
        match run.result {
            RunResult::None if !self.is_running => RunResult::Died.word(),
            result => result.word(),
        }
    }

    /// When it runs next, in words, and whether that is something to be seen.
    fn what_next(&self, now: i64) -> (String, Style) {
        let plain = Style::new();
        let red = AnsiColor::Red.on_default().bold();
        if !self.enabled {
            return ("switched off".to_owned(), plain.dimmed());
        }
        if let Some(idle) = &self.idle {
            return (idle.state.to_owned(), red);
        }
        if self.unread.is_some() {
            return ("unreadable".to_owned(), red);
        }
        match self.paused {
            Some(i64::MAX) => return ("paused".to_owned(), plain.dimmed()),
            Some(until) => {
                return (
                    format!("paused for {}", in_time(until - now)),
                    plain.dimmed(),
                );
            }
            None => {}
        }
        if self.waits_for_tick() {
            return ("waits for `tickets tick`".to_owned(), red);
        }
        if let Some(by) = self.overdue(now) {
            return (format!("overdue by {}", in_time(by)), red);
        }
        match self.next {
            Some(next) if next > now => (format!("in {}", in_time(next - now)), plain),
            Some(_) => ("now".to_owned(), plain),
            None => ("never".to_owned(), red),
        }
    }
}

/// The jobs, one a line, at most `width` columns wide. Below one that failed stands why.
pub(super) fn table(jobs: &[JobLine], now: i64, width: Option<usize>) -> String {
    let widest = |of: fn(&JobLine) -> Cow<str>, most: usize, least: usize| {
        let columns = jobs
            .iter()
            .map(|job| crate::screen::Width::width(&*of(job)));
        columns.max().unwrap_or(0).clamp(least, most)
    };
    let name = widest(|job| (&job.name).into(), NAME, 4);
    let times = widest(JobLine::shown_times, TIMES + SKIPS.len(), 8);
    let line = |first: [&str; 5], next: &str| {
        let [job, at, last, took, result] = first;
        format!(
            "{}  {}  {last:8}  {took:>6}  {result:7}  {next}",
            fit(job, name),
            fit(at, times)
        )
    };
    let room = |text: &str| match width {
        Some(width) => cut(text, width),
        None => text.to_owned(),
    };
    let dim = Style::new().dimmed();
    let head = line(["job", "schedule", "last", "took", "result"], "next");
    let mut text = format!("{dim}{}{dim:#}\n", room(&head));
    for job in jobs {
        let (mut last, mut took, mut result) = ("never".to_owned(), String::new(), "");
        if let Some(run) = &job.last {
            last = match age(now.saturating_sub(run.started).max(0)).as_str() {
                "now" => "now".to_owned(),
                age => format!("{age} ago"),
            };
            took = match run.ended {
                Some(_) => length(run.took),
                None => String::new(),
            };
            result = job.result(run);
        }
        let (next, mut style) = job.what_next(now);
        let is_bad =
            job.last.as_ref().is_some_and(|run| run.result.is_failure()) || result == "died";
        if is_bad && style == Style::new() {
            style = AnsiColor::Red.on_default();
        }
        let line = line([&job.name, &job.shown_times(), &last, &took, result], &next);
        let mut put = |line: &str| text.push_str(&format!("{style}{}{style:#}\n", room(line)));
        put(line.trim_end());
        if let Some(reason) = job.reason() {
            let words = harmless(reason);
            let words = words.split_inclusive(' ');
            let lines = hang(REASON, words, width.unwrap_or(usize::MAX));
            lines.iter().for_each(|line| put(line));
        }
    }
    text
}

/// A length of time in seconds, in at most six columns.
fn in_time(seconds: i64) -> String {
    span(u64::try_from(seconds).unwrap_or(0))
}

/// How long something took: `0.1s`, `12s`, `3m`.
fn length(milliseconds: u64) -> String {
    match milliseconds {
        ..10_000 => format!("{:.1}s", seconds(milliseconds)),
        _ => span(milliseconds / 1000),
    }
}

#[allow(clippy::cast_precision_loss)] // what is lost is less than a millisecond in 200,000 years
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
