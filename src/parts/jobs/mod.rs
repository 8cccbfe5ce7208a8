//! `tickets jobs`, `tickets tick`, `tickets ping`: what a desk does at times of its own (I1 to I3).
//!
//! Whoever lets time pass, and however often, asks the same question (`schedule`): which jobs are due now? What is known
//! of a job lies in the store (`files`, `state`); each run is a process of its own (`work`) that has the job's lock.

mod built_in;
mod clock;
mod command;
mod complaints;
mod files;
mod log;
mod ping;
mod places;
mod plan;
mod program;
mod schedule;
mod state;
mod table;
mod tick;
mod work;

use crate::config::{Config, JOBS};
use crate::desk::Desk;
use crate::part::outside::MODULE_OFF;
use crate::part::{BuiltIn, Command, Finding, Job, Part, Registry};
use anyhow::Result;
use built_in::{CleanUp, DayDigest, FlushOutbox, MendIndex, Remind, UpgradeModules};
use clock::{silence, timer, unticked};
use table::JobLine;

/// The part.
pub(crate) const PART: JobsPart = JobsPart;

/// See [`Part`].
pub(crate) struct JobsPart;

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
        let lines = command::lines(desk, parts);
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
        let silent = silence(desk);
        if let Some(text) = &silent {
            found.push(finding(false, text.clone(), Some(timer(desk))));
        }
        // Of modules that are on, somebody else says what is wrong with them.
        let off = |line: &&JobLine| line.idle.as_ref().is_some_and(|it| it.state == MODULE_OFF);
        for line in lines.iter().filter(off) {
            let why = line.idle.as_ref().map_or("", |idle| &idle.why);
            let text = format!("{} does not run: {why}", line.name);
            found.push(finding(false, text, Some("`tickets modules`".to_owned())));
        }
        let unread = || {
            lines
                .iter()
                .filter(|line| line.enabled && line.unread.is_some())
        };
        for line in unread() {
            let why = line.unread.as_deref().unwrap_or_default();
            let text = format!("{} does not run: {why}", line.name);
            found.push(finding(false, text, files::mend(&desk.store, &line.name)));
        }
        if desk.config.misses_the_digest() {
            let text = "no job digest runs, so whoever has `digest = true` gets copies instead";
            let mend = format!("[job.digest] in {}", desk.config.file_to_edit());
            found.push(finding(false, text.to_owned(), Some(mend)));
        }
        let digests = || {
            let run = |line: &&JobLine| line.enabled && line.run == DayDigest.name();
            lines.iter().filter(run)
        };
        if desk.config.people.iter().any(|person| person.digest)
            && let Some(first) = digests().next()
            && digests().all(|line| line.paused.is_some())
        {
            let text = format!(
                "{} is paused, and whoever has `digest = true` hears of nothing meanwhile",
                first.name
            );
            let mend = format!("tickets jobs resume {}", first.name);
            found.push(finding(false, text, Some(mend)));
        }
        let failed = |line: &&JobLine| line.failures > 0 && line.unread.is_none();
        for line in lines.iter().filter(failed) {
            let why = line.reason().unwrap_or_default();
            let times = match line.failures {
                1 => "once".to_owned(),
                n => format!("{n} times in a row"),
            };
            let name = &line.name;
            let text = format!("{name} has failed {times}: {why}");
            let mend = format!(
                "`tickets jobs log {name}` shows what it said, `tickets jobs run {name}` tries it again"
            );
            found.push(finding(false, text, Some(mend)));
        }
        if !overdue.is_empty() && silent.is_none() && desk.config.has_jobs() {
            let text = format!("overdue: {}", overdue.join(", "));
            let mend = match unticked(desk) {
                Some(last) => format!("{}; {last}", timer(desk)),
                None => "`tickets jobs`".to_owned(),
            };
            found.push(finding(false, text, Some(mend)));
        }
        // Who has said nothing about jobs wants to hear of them only if one fails.
        if desk.config.has_jobs() {
            if found.is_empty() {
                found.push(finding(true, "none fails".to_owned(), None));
            }
            if let Some(first) = found.first_mut() {
                first.number = Some(("overdue", overdue.len() + unread().count()));
            }
        }
        found
    }
}
