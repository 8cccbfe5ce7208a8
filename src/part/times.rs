//! When a job runs, as far as its configuration does not say so, and what a run of it is told. Pure.

use std::fs::File;
use std::time::Duration;

/// When a job runs, unless a table `[job.NAME]` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTimes {
    /// At these times, as cron says it.
    pub at: Option<String>,
    /// So often instead. With neither it only runs where a table says when.
    pub every: Option<Duration>,
    /// How long it may run.
    pub timeout: Duration,
    /// A table of whatever name that runs it is in the place of these times, not beside them.
    pub gives_way: bool,
}

impl Default for JobTimes {
    fn default() -> JobTimes {
        JobTimes {
            at: None,
            every: None,
            timeout: Duration::from_secs(300),
            gives_way: false,
        }
    }
}

impl JobTimes {
    /// So often.
    pub fn every(every: Duration) -> JobTimes {
        JobTimes {
            every: Some(every),
            ..JobTimes::default()
        }
    }

    /// Once a day.
    pub fn daily() -> JobTimes {
        JobTimes::every(Duration::from_secs(86_400))
    }

    /// True if it runs without a table.
    pub fn is_given(&self) -> bool {
        self.at.is_some() || self.every.is_some()
    }
}

/// What a run of a job is told. All times are in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct JobDue<'a> {
    /// The time for which it runs.
    pub time: i64,
    /// When it last began a run that did what it should.
    pub last_ok: Option<i64>,
    /// The locked file that says that it runs. A module that does the work is given it: it may outlive this process.
    pub lock: &'a File,
}
