//! Which jobs a desk has: those of its configuration, and those that run unless it says otherwise (I1).

use super::files::names_kept;
use super::places::Lane;
use super::schedule::Schedule;
use crate::config::{Config, JobTable, Missed, time_zone};
use crate::error::{Fault, Status, harmless, nearest};
use crate::part::outside::{Idle, IdleJob, idle_jobs, job_left_out, resting};
use crate::part::{Job, JobTimes, Part, Registry};
use jiff::tz::TimeZone;
use std::time::Duration;

/// A job of this desk.
pub(super) struct Planned {
    /// Its NAME, in `[job.NAME]`.
    pub(super) name: String,
    /// What is run, and what that does.
    pub(super) what: String,
    pub(super) summary: String,
    pub(super) args: Vec<String>,
    job: Result<&'static dyn Job, Idle>,
    /// Among which jobs it has its place.
    pub(super) lane: Lane,
    /// Why it is not run now.
    pub(super) rests: Option<Idle>,
    pub(super) schedule: Schedule,
    /// The schedule as it is written.
    pub(super) times: String,
    /// What becomes of a time that was missed.
    pub(super) missed: Missed,
    /// How long it may run.
    pub(super) timeout: Duration,
    pub(super) enabled: bool,
}

impl Planned {
    /// Why it does not run, if it does not.
    pub(super) fn idle(&self) -> Option<&Idle> {
        self.job.as_ref().err().or(self.rests.as_ref())
    }

    /// What is run.
    ///
    /// # Errors
    /// It is of a module that cannot be asked (78).
    pub(super) fn expect_ready(&self) -> Result<&'static dyn Job, Fault> {
        let cannot = |idle: &Idle| {
            let text = format!("cannot run the job {}: {}", self.name, idle.why);
            Fault::new(Status::Config, text).hint("`tickets modules`")
        };
        self.job.as_ref().copied().map_err(cannot)
    }
}

/// What a table can name.
#[derive(Clone)]
struct Known {
    name: String,
    summary: String,
    times: JobTimes,
    job: Result<&'static dyn Job, Idle>,
    lane: Lane,
    rests: Option<Idle>,
}

impl From<IdleJob> for Known {
    fn from(of: IdleJob) -> Known {
        Known {
            name: of.name,
            summary: of.summary,
            times: of.times,
            job: Err(of.idle),
            lane: Lane::Module,
            rests: None,
        }
    }
}

/// The jobs of the parts that are on, and those of modules that should be.
fn known(config: &Config, parts: &Registry) -> Vec<Known> {
    let mut known = Vec::new();
    for part in parts.on() {
        let jobs = part.jobs();
        let module = part.module().filter(|_| !jobs.is_empty());
        let lane = module.map_or(Lane::BuiltIn, |_| Lane::Module);
        let rests = module.and_then(|module| resting(module, crate::clock::now().as_second()));
        known.extend(jobs.into_iter().map(|job| Known {
            name: job.name().to_owned(),
            summary: job.summary().to_owned(),
            times: job.times(config),
            job: Ok(job),
            lane,
            rests: rests.clone(),
        }));
    }
    let all: Vec<&dyn Part> = parts.all().map(|(part, _)| part).collect();
    known.extend(
        idle_jobs(config, all.iter().copied())
            .into_iter()
            .map(Known::from),
    );
    known
}

/// The jobs of modules that are on and whose manifest nobody may read, as far as they are remembered.
fn unreadable(config: &Config) -> Vec<Known> {
    let broken = |name: &str| config.module(name).is_err();
    let on = config.modules.iter().map(|on| &on.name);
    let broken: Vec<&String> = on.filter(|name| broken(name)).collect();
    if broken.is_empty() {
        return Vec::new();
    }
    let mut names = names_kept(&config.dir);
    names.retain(|name| {
        (name.split_once('.')).is_some_and(|(of, _)| broken.iter().any(|it| *it == of))
    });
    let jobs = names.iter().filter_map(|name| job_left_out(config, name));
    jobs.map(Known::from).collect()
}

/// The jobs of a desk, in the order of their names, and what is wrong with others.
pub(super) fn plan(config: &Config, parts: &Registry) -> (Vec<Planned>, Vec<Fault>) {
    let (mut known, unreadable) = (known(config, parts), unreadable(config));
    let mut tables = config.jobs();
    let timed = known.iter().filter(|job| job.times.is_given());
    for job in timed.chain(&unreadable) {
        let has_table = tables.iter().flatten().any(|table| {
            table.name == job.name || job.times.gives_way && table.run.first() == Some(&job.name)
        });
        if !has_table {
            tables.push(Ok(JobTable::named(&job.name)));
        }
    }
    known.extend(unreadable);
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for table in tables {
        match table.and_then(|table| plan_one(table, &known, config, parts)) {
            Ok(job) => planned.extend(job),
            Err(fault) => faults.push(fault),
        }
    }
    planned.sort_by(|a, b| a.name.cmp(&b.name));
    (planned, faults)
}

/// The job of this NAME.
///
/// # Errors
/// Status 64 if there is none, 78 if something is wrong with it.
pub(super) fn find(config: &Config, parts: &Registry, name: &str) -> Result<Planned, Fault> {
    let (planned, faults) = plan(config, parts);
    let names: Vec<String> = planned.iter().map(|job| job.name.clone()).collect();
    let other = (planned.iter().find(|job| job.what == name)).map(|job| job.name.clone());
    if let Some(found) = planned.into_iter().find(|job| job.name == name) {
        return Ok(found);
    }
    let key = format!("job.{name}");
    // Before the key stands the place, if there is one.
    let is_it = |fault: &Fault| {
        let text = fault.to_string();
        text.match_indices(&key).any(|(at, key)| {
            let (before, after) = (&text[..at], &text[at + key.len()..]);
            (before.is_empty() || before.ends_with(": ")) && after.starts_with([':', '.'])
        })
    };
    if let Some(fault) = faults.into_iter().find(is_it) {
        return Err(fault);
    }
    // Of a module that is off, or cannot be read, no table need name it.
    let idle = job_left_out(config, name).map(Known::from);
    let idle = idle.map(|idle| plan_one(JobTable::named(name), &[idle], config, parts));
    match idle.transpose()?.flatten() {
        Some(idle) => Ok(idle),
        None => {
            let text = format!("there is no job {:?}", harmless(name));
            let is_known = known(config, parts).iter().any(|job| job.name == name);
            let hint = match other {
                Some(other) => format!("it runs as {other}"),
                None if is_known => format!(
                    "its module says no time for it: it runs where [job.NAME] has run = {name:?}, and has that NAME"
                ),
                None => meant(name, &names),
            };
            Err(Fault::new(Status::Usage, text).hint(hint))
        }
    }
}

/// Which of the jobs `there` somebody may have meant by `name`: one that is written likewise, or a module's without its
/// module; else all.
fn meant(name: &str, there: &[String]) -> String {
    let mut of_modules = there.iter().filter_map(|job| job.split_once('.'));
    let named: Vec<&str> = there.iter().map(String::as_str).collect();
    match of_modules.find(|(_, job)| *job == name) {
        Some((module, job)) => format!("is {module}.{job} meant?"),
        None => match nearest(name, &named) {
            Some(right) => format!("is {right} meant?"),
            None => format!("the jobs are {}", there.join(", ")),
        },
    }
}

/// `None` if it belongs to a part that is off: with that it is gone (G2).
fn plan_one(
    table: JobTable,
    known: &[Known],
    config: &Config,
    parts: &Registry,
) -> Result<Option<Planned>, Fault> {
    let (what, args) = match &table.run[..] {
        [what, args @ ..] => (what.clone(), args.to_vec()),
        [] => (table.name.clone(), Vec::new()),
    };
    let found = known.iter().find(|job| job.name == what).cloned();
    let found = found.or_else(|| job_left_out(config, &what).map(Known::from));
    let Some(found) = found else {
        let has = |part: &dyn Part| part.jobs().iter().any(|job| job.name() == what);
        if parts.off_with(has).is_some() {
            return Ok(None);
        }
        let mut names: Vec<&str> = known.iter().map(|job| job.name.as_str()).collect();
        names.sort_unstable();
        let fault = table.wrong("run", &format!("there is no job {what:?}"));
        return Err(fault.hint(format!("the jobs are {}", names.join(", "))));
    };
    if let Ok(job) = &found.job {
        job.check(&args).map_err(|why| table.wrong("run", &why))?;
    }
    let (schedule, times) = schedule(&table, &found)?;
    Ok(Some(Planned {
        name: table.name,
        what,
        summary: found.summary,
        args,
        job: found.job,
        lane: found.lane,
        rests: found.rests,
        schedule,
        times,
        missed: table.missed,
        timeout: table.timeout.unwrap_or(found.times.timeout),
        enabled: table.enabled,
    }))
}

/// When a job runs, and that in words.
fn schedule(table: &JobTable, job: &Known) -> Result<(Schedule, String), Fault> {
    let times = &job.times;
    let own = if table.at.is_none() && table.every.is_none() {
        (times.at.as_ref(), times.every)
    } else {
        (table.at.as_ref(), table.every)
    };
    let made = match own {
        (Some(at), _) => {
            let words: Vec<&str> = at.split_whitespace().collect();
            let schedule = Schedule::at(at, zone(table)?);
            schedule
                .map(|schedule| (schedule, words.join(" ")))
                .map_err(|why| ("at", why))
        }
        (None, Some(every)) => {
            let schedule = Schedule::every(every.as_secs());
            schedule
                .map(|schedule| (schedule, format!("every {}", span(every.as_secs()))))
                .map_err(|why| ("every", why))
        }
        // Nobody knows when, and it is not run.
        (None, None) if job.job.is_err() => Ok((Schedule::unknown(), String::new())),
        (None, None) => {
            let fault = table.wrong("at", "expected a time, or `every`");
            return Err(fault.hint("for example: at = \"0 7 * * *\" or every = \"2 h\""));
        }
    };
    let (schedule, times) = made.map_err(|(key, why)| table.wrong(key, &why))?;
    let host = nix::unistd::gethostname().unwrap_or_default();
    let schedule = schedule.jitter(table.jitter.as_secs(), &host.to_string_lossy(), &table.name);
    let schedule = match table.missed {
        Missed::Once => schedule.late(table.late.as_secs()),
        Missed::Skip => schedule.skips_missed(),
    };
    Ok((schedule, times))
}

fn zone(table: &JobTable) -> Result<TimeZone, Fault> {
    let Some(name) = &table.zone else {
        return Ok(TimeZone::system());
    };
    time_zone(name, |why| table.wrong("zone", why))
}

/// A length of time as it stands in the configuration: `5 min`, `2 h`, `1 day`.
pub(super) fn span(seconds: u64) -> String {
    for (length, one, many) in [
        (86_400, "day", "days"),
        (3600, "h", "h"),
        (60, "min", "min"),
    ] {
        if seconds >= length && seconds.is_multiple_of(length) {
            let count = seconds / length;
            return format!("{count} {}", if count == 1 { one } else { many });
        }
    }
    format!("{seconds} s")
}
