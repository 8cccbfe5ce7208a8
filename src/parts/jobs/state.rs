//! What is known of a job: when it ran, how that ended, and when the admins are to hear of it (I3). Pure.

use super::schedule::Mark;
use crate::error::harmless;
use serde::{Deserialize, Serialize};

/// The longest note that is kept, in characters.
const LONGEST_NOTE: usize = 500;

/// What is said of a run whose process did not live to say it.
pub(super) const DIED: &str = "its process was gone before it had ended";

/// The most runs that a history has.
const LONGEST_HISTORY: usize = 100;

/// So many failures in a row, or failures for so many seconds, are told to the admins; then once a day.
const FAILURES: u32 = 3;
const FAILING: i64 = 2 * 3600;
const DAY: i64 = 24 * 3600;

/// What is kept of a job in `.tickets/jobs/NAME.json`. All times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct JobState {
    /// The time for which it ran last; `None` if it was never seen.
    #[serde(flatten)]
    pub(super) mark: Option<Mark>,
    /// The last run, which may be going on.
    pub(super) run: Option<JobRun>,
    /// How many runs were begun.
    pub(super) runs: u64,
    /// Runs that failed since the last one that did not.
    pub(super) failures: u32,
    /// When the first of them ended.
    pub(super) failing_since: Option<i64>,
    /// When the last one began that did not.
    pub(super) last_ok: Option<i64>,
    /// When the admins were last told that it fails.
    pub(super) alarmed: Option<i64>,
    /// The runs that ended, and times that were missed, oldest first.
    pub(super) history: Vec<JobRun>,
}

/// A run of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct JobRun {
    /// The time for which it runs; its beginning, if somebody wanted it to run now.
    pub(super) due: i64,
    pub(super) started: i64,
    /// `None` while it runs.
    pub(super) ended: Option<i64>,
    /// How long it took, in milliseconds.
    pub(super) took: u64,
    /// How it ended.
    pub(super) result: RunResult,
    /// What it said of itself, in one line.
    pub(super) note: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RunResult {
    /// Not yet.
    #[default]
    None,
    Ok,
    Failed,
    /// It ran for too long.
    Killed,
    /// Its process was gone.
    Died,
    /// Its time was missed, and it was not run.
    Missed,
}

impl RunResult {
    /// In one word.
    pub(super) fn word(self) -> &'static str {
        match self {
            RunResult::None => "running",
            RunResult::Ok => "ok",
            RunResult::Failed => "failed",
            RunResult::Killed => "killed",
            RunResult::Died => "died",
            RunResult::Missed => "missed",
        }
    }

    /// True if it counts as a failure.
    pub(super) fn is_failure(self) -> bool {
        matches!(
            self,
            RunResult::Failed | RunResult::Killed | RunResult::Died
        )
    }
}

/// What the admins are to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    Fails,
    StillFails,
    Works,
}

impl JobState {
    /// Begins a run.
    pub(super) fn begin(&mut self, due: i64, now: i64) {
        self.runs = self.runs.saturating_add(1);
        self.run = Some(JobRun {
            due,
            started: now,
            ..JobRun::default()
        });
    }

    /// The run that was begun and has not ended.
    pub(super) fn unended(&self) -> Option<&JobRun> {
        self.run.as_ref().filter(|run| run.ended.is_none())
    }

    /// Adds to the history.
    pub(super) fn remember(&mut self, run: JobRun) {
        self.history.push(run);
        let more = self.history.len().saturating_sub(LONGEST_HISTORY);
        self.history.drain(..more);
    }

    /// Ends the run. Returns what the admins are to hear of it.
    pub(super) fn end(
        &mut self,
        result: RunResult,
        note: &str,
        took: u64,
        now: i64,
    ) -> Option<Alarm> {
        let run = self.run.get_or_insert_default();
        run.ended = Some(now);
        run.took = took;
        run.result = result;
        run.note = harmless(note).trim().chars().take(LONGEST_NOTE).collect();
        let (run, started) = (run.clone(), run.started);
        self.remember(run);
        if !result.is_failure() {
            self.failures = 0;
            self.failing_since = None;
            self.last_ok = Some(started);
            return self.alarmed.take().map(|_| Alarm::Works);
        }
        self.failures = self.failures.saturating_add(1);
        let since = *self.failing_since.get_or_insert(now);
        let alarm = match self.alarmed {
            None if self.failures >= FAILURES || now.saturating_sub(since) >= FAILING => {
                Alarm::Fails
            }
            // A clock that was set back is no reason to be silent.
            Some(last) if !(0..DAY).contains(&now.saturating_sub(last)) => Alarm::StillFails,
            _ => return None,
        };
        self.alarmed = Some(now);
        Some(alarm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    /// The alarms of runs that end at these minutes, with this result.
    fn alarms(runs: &[(i64, RunResult)]) -> Vec<(i64, Alarm)> {
        let mut state = JobState::default();
        let end = |&(minute, result): &(i64, RunResult)| {
            let now = minute * MINUTE;
            state.begin(now, now);
            Some((minute, state.end(result, "x", 1, now)?))
        };
        runs.iter().filter_map(end).collect()
    }

    // I3
    #[test]
    fn admins_hear_once_then_daily_and_when_it_is_well_again() {
        use Alarm::{Fails, StillFails, Works};
        use RunResult::{Died, Failed, Killed, Ok};
        let day = 24 * 60;
        for (case, runs, want) in [
            ("once is nothing", vec![(0, Failed), (5, Ok)], vec![]),
            (
                "three in a row",
                vec![(0, Failed), (5, Killed), (10, Died), (15, Failed)],
                vec![(10, Fails)],
            ),
            (
                "for two hours",
                vec![(0, Failed), (120, Failed)],
                vec![(120, Fails)],
            ),
            (
                "again and again, but never for long",
                vec![
                    (0, Failed),
                    (5, Failed),
                    (10, Ok),
                    (15, Failed),
                    (20, Failed),
                ],
                vec![],
            ),
            (
                "daily",
                vec![
                    (0, Failed),
                    (120, Failed),
                    (119 + day, Failed),
                    (120 + day, Failed),
                    (121 + day, Failed),
                ],
                vec![(120, Fails), (120 + day, StillFails)],
            ),
            (
                "well again",
                vec![(0, Failed), (120, Failed), (125, Ok), (130, Ok)],
                vec![(120, Fails), (125, Works)],
            ),
            (
                "the clock is set back",
                vec![(10_000, Failed), (10_120, Failed), (0, Failed), (1, Failed)],
                vec![(10_120, Fails), (0, StillFails)],
            ),
        ] {
            assert_eq!(alarms(&runs), want, "{case}");
        }
    }

    #[test]
    fn a_note_is_a_line_and_short() {
        let mut state = JobState::default();
        state.begin(1, 2);
        assert_eq!(state.unended().map(|run| run.started), Some(2));
        state.end(
            RunResult::Failed,
            &format!("a\nb{}", "ä".repeat(1000)),
            7,
            3,
        );
        assert_eq!(state.unended(), None);
        let run = state.run.clone().unwrap();
        assert_eq!(run.note.chars().count(), LONGEST_NOTE);
        assert!(run.note.starts_with("a b"), "{}", run.note);
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<JobState>(&text).unwrap(), state);
        assert_eq!(
            serde_json::from_str::<JobState>("{}").unwrap(),
            JobState::default()
        );
        for due in 0..200 {
            state.remember(JobRun {
                due,
                ..JobRun::default()
            });
        }
        let dues: Vec<i64> = state.history.iter().map(|run| run.due).collect();
        assert_eq!(dues, (100..200).collect::<Vec<_>>());
        state.mark = Some(Mark {
            last: 5,
            ahead: None,
        });
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<JobState>(&text).unwrap(), state);
    }
}
