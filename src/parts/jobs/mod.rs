//! `tickets jobs`, `tickets tick`, `tickets ping`: what a desk does at times of its own (I1 to I3).
//!
//! Whoever lets time pass, and however often, asks the same question (`schedule`): which jobs are due now? What is known
//! of a job lies in the store (`files`, `state`); each run is a process of its own (`work`) that has the job's lock.

mod built_in;
mod command;
mod files;
mod ping;
mod plan;
mod schedule;
mod state;
mod table;
mod tick;
mod work;

use crate::config::{Config, JOBS};
use crate::desk::{Desk, is_ever};
use crate::part::outside::MODULE_OFF;
use crate::part::{BuiltIn, Command, Finding, Job, Part, Registry};
use crate::screen::span;
use anyhow::Result;
use built_in::{CleanUp, DayDigest, FlushOutbox, MendIndex, Remind, UpgradeModules};
use table::JobLine;

/// The part.
pub(crate) const PART: JobsPart = JobsPart;

/// See [`Part`].
pub(crate) struct JobsPart;

/// What makes time pass, if nothing does.
const TIMER: &str = "`tickets tick` once a minute: docs/manual.md, \"Jobs\", says how";

impl Part for JobsPart {
    fn name(&self) -> &str {
        JOBS
    }

    fn summary(&self) -> &str {
        "does things at times of its own"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![
            &BuiltIn::<command::Jobs>::COMMAND,
            &BuiltIn::<tick::Tick>::COMMAND,
            &BuiltIn::<ping::Ping>::COMMAND,
        ]
    }

    fn jobs(&self) -> Vec<&dyn Job> {
        vec![
            &FlushOutbox,
            &CleanUp,
            &UpgradeModules,
            &MendIndex,
            &Remind,
            &DayDigest,
        ]
    }

    fn is_configured(&self, config: &Config) -> bool {
        config.has_jobs()
    }

    fn check_config(&self, config: &Config, parts: &Registry) -> Result<()> {
        if !config.has_jobs() {
            return Ok(());
        }
        match plan::plan(config, parts).1.into_iter().next() {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }

    fn remark(&self, desk: &Desk) -> Option<String> {
        silence(desk)
    }

    fn findings(&self, desk: &Desk, parts: &Registry) -> Vec<Finding> {
        let lines = command::lines(desk, parts).unwrap_or_default();
        let now = desk.now();
        let overdue: Vec<&str> = lines
            .iter()
            .filter(|line| line.overdue(now).is_some())
            .map(|line| line.name.as_str())
            .collect();
        let finding = |is_well, text: String, mend: Option<String>| Finding {
            is_well,
            text: format!("jobs: {text}"),
            mend,
            number: None,
        };
        let mut found = Vec::new();
        if let Some(text) = silence(desk) {
            found.push(finding(false, text, Some(TIMER.to_owned())));
        }
        // Of modules that are on, somebody else says what is wrong with them.
        let off = |line: &&JobLine| line.idle.as_ref().is_some_and(|it| it.state == MODULE_OFF);
        for line in lines.iter().filter(off) {
            let why = line.idle.as_ref().map_or("", |idle| &idle.why);
            let text = format!("{} does not run: {why}", line.name);
            found.push(finding(false, text, Some("`tickets modules`".to_owned())));
        }
        for line in lines.iter().filter(|line| line.failures > 0) {
            let note = line.last.as_ref().map_or("", |run| &run.note);
            let times = crate::screen::plural(line.failures, "time");
            let text = format!("{} has failed {times} in a row: {note}", line.name);
            let mend = format!("`tickets jobs log {}`", line.name);
            found.push(finding(false, text, Some(mend)));
        }
        if !overdue.is_empty() && found.is_empty() && desk.config.has_jobs() {
            let text = format!("overdue: {}", overdue.join(", "));
            found.push(finding(false, text, Some("`tickets jobs`".to_owned())));
        }
        // Who has said nothing about jobs wants to hear of them only if one fails.
        if desk.config.has_jobs() {
            if found.is_empty() {
                found.push(finding(true, "none fails".to_owned(), None));
            }
            if let Some(first) = found.first_mut() {
                first.number = Some(("overdue", overdue.len()));
            }
        }
        found
    }
}

/// What is to be said if the configuration has jobs, and no time passes.
fn silence(desk: &Desk) -> Option<String> {
    let silent = desk.silence()?;
    Some(match is_ever(silent, desk.now()) {
        false => {
            let silent = span(u64::try_from(silent).unwrap_or(0));
            format!("no job runs: `tickets tick` was last run {silent} ago")
        }
        true => "no job runs: `tickets tick` was never run".to_owned(),
    })
}
