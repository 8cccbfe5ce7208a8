//! Which jobs a desk has: those of its configuration, and those that run unless it says otherwise (I1).

use super::schedule::Schedule;
use crate::config::{Config, JobTable, Missed};
use crate::error::{Fault, Status, harmless};
use crate::part::{Job, Part, Registry};
use jiff::tz::TimeZone;
use std::time::Duration;

/// A job of this desk.
pub(super) struct Planned {
    /// Its NAME, in `[job.NAME]`.
    pub(super) name: String,
    pub(super) job: &'static dyn Job,
    pub(super) args: Vec<String>,
    pub(super) schedule: Schedule,
    /// The schedule as it is written.
    pub(super) times: String,
    /// How long it may run.
    pub(super) timeout: Duration,
    pub(super) enabled: bool,
}

/// The jobs of a desk, in the order of their names, and what is wrong with others.
pub(super) fn plan(config: &Config, parts: &Registry) -> (Vec<Planned>, Vec<Fault>) {
    let jobs = parts.jobs();
    let mut tables = config.jobs();
    let is_named = |tables: &[Result<JobTable, Fault>], name: &str| {
        let has_name = |table: &Result<JobTable, Fault>| matches!(table, Ok(it) if it.name == name);
        tables.iter().any(has_name)
    };
    for job in jobs.iter().filter(|job| job.every().is_some()) {
        if !is_named(&tables, job.name()) {
            tables.push(Ok(JobTable::named(job.name())));
        }
    }
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for table in tables {
        match table.and_then(|table| plan_one(table, &jobs, parts)) {
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
    if let Some(found) = planned.into_iter().find(|job| job.name == name) {
        return Ok(found);
    }
    let key = format!("job.{name}");
    let is_it = |fault: &Fault| {
        let rest = fault.to_string();
        let rest = rest
            .strip_prefix(&key)
            .map(|rest| rest.starts_with([':', '.']));
        rest.unwrap_or(false)
    };
    match faults.into_iter().find(is_it) {
        Some(fault) => Err(fault),
        None => {
            let fault = Fault::new(
                Status::Usage,
                format!("there is no job {:?}", harmless(name)),
            );
            Err(fault.hint(format!("the jobs are {}", names.join(", "))))
        }
    }
}

/// `None` if it belongs to a part that is off: with that it is gone (G2).
fn plan_one(
    table: JobTable,
    jobs: &[&'static dyn Job],
    parts: &Registry,
) -> Result<Option<Planned>, Fault> {
    let (what, args) = match &table.run[..] {
        [what, args @ ..] => (what.clone(), args.to_vec()),
        [] => (table.name.clone(), Vec::new()),
    };
    let Some(&job) = jobs.iter().find(|job| job.name() == what) else {
        let has = |part: &dyn Part| part.jobs().iter().any(|job| job.name() == what);
        if parts.off_with(has).is_some() {
            return Ok(None);
        }
        let names: Vec<&str> = jobs.iter().map(|job| job.name()).collect();
        let fault = table.wrong("run", &format!("there is no job {what:?}"));
        return Err(fault.hint(format!("the jobs are {}", names.join(", "))));
    };
    job.check(&args).map_err(|why| table.wrong("run", &why))?;
    let (schedule, times) = schedule(&table, job)?;
    Ok(Some(Planned {
        name: table.name,
        job,
        args,
        schedule,
        times,
        timeout: table.timeout,
        enabled: table.enabled,
    }))
}

/// When a job runs, and that in words.
fn schedule(table: &JobTable, job: &dyn Job) -> Result<(Schedule, String), Fault> {
    let (schedule, times) = match (&table.at, table.every.or(job.every())) {
        (Some(at), _) => {
            let zone = zone(table)?;
            let schedule = Schedule::at(at, zone).map_err(|why| table.wrong("at", &why))?;
            (
                schedule,
                at.split_whitespace().collect::<Vec<_>>().join(" "),
            )
        }
        (None, Some(every)) => {
            let schedule = Schedule::every(every.as_secs());
            let schedule = schedule.map_err(|why| table.wrong("every", &why))?;
            (schedule, format!("every {}", span(every.as_secs())))
        }
        (None, None) => {
            let fault = table.wrong("at", "expected a time, or `every`");
            return Err(fault.hint("for example: at = \"0 7 * * *\" or every = \"2 h\""));
        }
    };
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
    TimeZone::get(name).map_err(|_| {
        let fault = table.wrong("zone", &format!("{name:?} is no time zone"));
        fault.hint(
            "a name such as \"Europe/Berlin\" or \"UTC\"; `timedatectl list-timezones` lists them",
        )
    })
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
