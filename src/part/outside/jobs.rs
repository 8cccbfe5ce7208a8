//! The jobs of modules (I1): those that can run, and those of which a module is left out.

use crate::config::Config;
use crate::error;
use crate::module::{Answer, Failure, Head, JobEntry, Module, Point, Request, clean};
use crate::part::{Context, Job, JobDue, JobTimes, Part};
use crate::ticket::when::rfc3339;
use anyhow::{Result, anyhow};
use serde_json::Value;

/// The most bytes of what a run says of itself.
const NOTE: usize = 1 << 10;

/// How it is said that a module is not switched on.
pub const MODULE_OFF: &str = "module off";

/// A job of a module.
pub(super) struct OutsideJob {
    module: &'static Module,
    entry: &'static JobEntry,
    name: String,
}

/// A job of a module that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleJob {
    /// `MODULE.JOB`.
    pub name: String,
    /// What its module is for, as far as that is known.
    pub summary: String,
    pub times: JobTimes,
    pub idle: Idle,
}

/// Why a job does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    /// In two words.
    pub state: &'static str,
    /// In half a sentence.
    pub why: String,
}

/// The jobs of a module that may be asked.
pub(super) fn jobs_of(module: &'static Module) -> Vec<OutsideJob> {
    let job = |entry: &'static JobEntry| OutsideJob {
        module,
        entry,
        name: full_name(module.name(), entry),
    };
    module.manifest.jobs().map(job).collect()
}

/// The jobs of the modules that are switched on and are none of the `parts`: something is wrong with them.
pub fn idle_jobs<'p>(
    config: &Config,
    parts: impl Iterator<Item = &'p dyn Part> + Clone,
) -> Vec<IdleJob> {
    let mut idle = Vec::new();
    for on in &config.modules {
        let found = parts.clone().find(|part| part.name() == on.name);
        if found.is_some_and(|part| part.module().is_some()) {
            continue;
        }
        let Ok(module) = config.module(&on.name) else {
            continue;
        };
        let why = match (found, module.expect_data()) {
            (Some(_), _) => left_out(&on.name, "its name is that of a built-in part"),
            (None, Err(why)) => Idle {
                state: module.data_state(),
                ..left_out(&on.name, &why)
            },
            // It has become well since this process began.
            (None, Ok(())) => continue,
        };
        let jobs = module.manifest.jobs();
        idle.extend(jobs.map(|entry| idle_job(&module, entry, why.clone())));
    }
    idle
}

/// The job of this name, of a module that is switched off or cannot be read. `None` if there is no such module, or it
/// has no such job.
pub fn job_left_out(config: &Config, name: &str) -> Option<IdleJob> {
    let (of, _) = name.split_once('.')?;
    let is_on = config.modules.iter().any(|on| on.name == of);
    match config.module(of) {
        Ok(module) => {
            let mut jobs = module.manifest.jobs();
            let entry = jobs.find(|entry| full_name(of, entry) == name)?;
            let off = Idle {
                state: MODULE_OFF,
                why: format!("the module {of} is switched off"),
            };
            (!is_on).then(|| idle_job(&module, entry, off))
        }
        Err(why) if is_on => Some(IdleJob {
            name: name.to_owned(),
            summary: String::new(),
            times: JobTimes::default(),
            idle: left_out(of, &why),
        }),
        Err(_) => None,
    }
}

/// Why jobs of a module do not run that rests, if it does.
pub fn resting(module: &Module, now: i64) -> Option<Idle> {
    module.rests(now).then(|| Idle {
        state: "module rests",
        why: format!(
            "the module {} rests: {}",
            module.name(),
            module.home.state().last_fault.unwrap_or_default()
        ),
    })
}

fn left_out(module: &str, why: &str) -> Idle {
    Idle {
        state: "module broken",
        why: format!("the module {module} is left out: {why}"),
    }
}

fn idle_job(module: &Module, entry: &JobEntry, idle: Idle) -> IdleJob {
    IdleJob {
        name: full_name(module.name(), entry),
        summary: module.manifest.summary.clone(),
        times: times(module, entry),
        idle,
    }
}

fn full_name(module: &str, entry: &JobEntry) -> String {
    format!("{module}.{}", entry.name)
}

fn times(module: &Module, entry: &JobEntry) -> JobTimes {
    JobTimes {
        at: entry.at.clone(),
        every: entry.every(),
        timeout: module.manifest.job_limit(entry),
        gives_way: true,
    }
}

impl Job for OutsideJob {
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.module.manifest.summary
    }

    fn times(&self, _config: &Config) -> JobTimes {
        times(self.module, self.entry)
    }

    /// Asks the module. Whoever started this run ends both in time.
    fn run(&self, _args: &[String], _cx: &Context, due: JobDue) -> Result<String> {
        let head = Head::default()
            .with("job", self.entry.name.as_str())
            .with("due", rfc3339(due.time))
            .with("last_ok", due.last_ok.map(rfc3339));
        let request = Request {
            point: Point::Job,
            head,
            mail: None,
            limit: None,
        };
        let mut asking = self.module.ask_aloud(request, &[due.lock])?;
        let answer = asking.wait().inspect_err(|why| {
            // Whoever looks for the mistake looks into the log of the run.
            if let Failure::NoObject(_) = why {
                let said = asking.said_text();
                error::print("its answer, which is no JSON object:");
                said.lines().for_each(error::print);
            }
        });
        note(&answer?).map_err(|why| anyhow!(why))
    }
}

/// What a run says of itself.
fn note(answer: &Answer) -> Result<String, String> {
    match answer.get("note") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(note)) => Ok(clean(note, NOTE)),
        Some(_) => Err("note is no text".to_owned()),
    }
}
