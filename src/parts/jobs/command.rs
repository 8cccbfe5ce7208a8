//! `tickets jobs`: which jobs a desk has, and what becomes of them.

use super::clock::{timer, unticked};
use super::files::{JobFiles, names_kept};
use super::plan::{self, Planned};
use super::program::program_again;
use super::schedule::Mark;
use super::state::JobRun;
use super::table::{JobLine, table};
use super::tick::{told, wait};
use super::work::work;
use crate::desk::Desk;
use crate::error::{self, Fault, Status};
use crate::part::{Context, Registry, Run};
use crate::process::Running;
use crate::screen::{self, when};
use crate::ticket::when::When;
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::process::Stdio;

/// List the jobs of the desk: when they ran, how that ended, and when they run next
///
/// Jobs are what the desk does by itself, at times of its own: [job.NAME] in the
/// configuration says which, and when. They run whenever somebody lets time pass:
/// `tickets tick`, once a minute. A job that should have run two minutes ago and
/// did not is overdue, since the first time that it missed; it runs as soon as
/// time passes again, unless its schedule ends with "skip": then it waits for its
/// next time (missed = "skip" in the configuration).
///
/// --json prints an object for each job: name, run (what is run), summary,
/// schedule, missed (once or skip), enabled, running, started and ended (of the
/// last run, RFC 3339 in UTC, or null), took (seconds), result (ok, failed,
/// killed, died, missed or running), note, failures (in a row), next, overdue
/// (seconds), paused, paused_until, idle (why it does not run: its module is off,
/// broken, resting or needs an upgrade, or its state cannot be read; or null).
#[allow(rustdoc::broken_intra_doc_links)] // the brackets are part of the help text
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct Jobs {
    /// Print a JSON object for each job, one a line
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(clap::Subcommand)]
enum Deed {
    /// Run a job now, due or not, and say how it ended (75 if it failed, or runs already)
    Run {
        /// The job
        name: String,
    },
    /// Run a job no more, until a time or until it is resumed
    Pause {
        /// The job
        name: String,
        /// Until then: 2h, '3 days', 2026-12-24, '2026-12-24 12:00'
        #[arg(long, value_name = "DATE|SPAN")]
        until: Option<String>,
    },
    /// Run a job again that is paused
    Resume {
        /// The job
        name: String,
    },
    /// Show what a job printed when it ran last, and its last runs
    Log {
        /// The job
        name: String,
    },
    /// Run a job here, if it is due
    #[command(hide = true)]
    Work {
        name: String,
        #[arg(long)]
        by_hand: bool,
    },
}

impl Run for Jobs {
    const NAME: &'static str = "jobs";

    fn run(self, cx: &Context) -> Result<Status> {
        match self.deed {
            None => list(cx, self.json),
            Some(Deed::Run { name }) => run(cx, &name),
            Some(Deed::Pause { name, until }) => pause(cx, &name, until.as_deref()),
            Some(Deed::Resume { name }) => resume(cx, &name),
            Some(Deed::Log { name }) => log(cx, &name),
            Some(Deed::Work { name, by_hand }) => work(cx, &name, by_hand),
        }
    }
}

/// The jobs of a desk, as they are shown.
pub(super) fn lines(desk: &Desk, parts: &Registry) -> Vec<JobLine> {
    let (jobs, _) = plan::plan(&desk.config, parts);
    let passes = unticked(desk).is_none();
    jobs.iter().map(|job| line(desk, job, passes)).collect()
}

/// A job as it is shown; time `passes` on the desk, or does not.
fn line(desk: &Desk, job: &Planned, passes: bool) -> JobLine {
    let mut line = JobLine {
        name: job.name.clone(),
        run: [&[job.what.clone()][..], &job.args].concat().join(" "),
        summary: job.summary.clone(),
        idle: job.idle().cloned(),
        times: job.times.clone(),
        missed: job.missed,
        enabled: job.enabled,
        ..JobLine::default()
    };
    // What is wrong with the files of one job hides no other.
    match fill_in(&mut line, desk) {
        Ok(mark) if line.idle.is_none() => {
            line.next = job.schedule.next(mark, desk.now());
            line.is_unseen = mark.is_none() && !passes;
        }
        Ok(_) => {}
        Err(e) => line.unread = Some(error::line(&e)),
    }
    line
}

/// Adds what is known of a job. Returns for which time it ran last.
fn fill_in(line: &mut JobLine, desk: &Desk) -> Result<Option<Mark>> {
    let Some(files) = JobFiles::if_there(&desk.store, &line.name)? else {
        return Ok(None);
    };
    let state = files.state()?;
    line.failures = state.failures;
    line.is_running = files.is_running()? && state.unended().is_some();
    line.last = state.run;
    line.paused = files.paused(desk.now())?;
    Ok(state.mark)
}

fn list(cx: &Context, json: bool) -> Result<Status> {
    let desk = cx.desk()?;
    desk.expect_open()?;
    let lines = lines(&desk, &cx.parts);
    let now = desk.now();
    if json {
        for line in &lines {
            screen::say(line.json(now)?)?;
        }
        return Ok(Status::Ok);
    }
    screen::page(&table(&lines, now, screen::width()))?;
    cx.parts.remarks(&desk).for_each(screen::remark);
    let is_late = |line: &JobLine| line.overdue(now).is_some() || line.waits_for_tick();
    let is_any_late = lines.iter().any(is_late);
    if let Some(last) = unticked(&desk).filter(|_| is_any_late) {
        // Where it was just said, what can be done is missing.
        if desk.silence().is_none() {
            screen::remark(format_args!("time does not pass: {last}"));
        }
        error::print(&format!("hint: {}", timer(&desk)));
    }
    Ok(Status::Ok)
}

fn run(cx: &Context, name: &str) -> Result<Status> {
    let desk = cx.desk_to_write()?;
    desk.expect_open()?;
    let job = plan::find(&desk.config, &cx.parts, name)?;
    job.expect_ready()?;
    let before = JobFiles::of(&desk.store, name)?.state()?;
    let mut command = program_again(&desk.config.overrides);
    command.args(["jobs", "work", "--by-hand", name]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running::start_to_end(&mut command, job.timeout);
    let mut running = running.with_context(|| format!("cannot run the job {name}"))?;
    let killed = wait(&mut running, job.timeout).then_some(job.timeout);
    super::tick::note_end(&desk, name, killed)?;
    let state = JobFiles::of(&desk.store, name)?.state()?;
    let is_news = state.runs != before.runs || state.unended().is_some();
    let Some(run) = state.run.filter(|_| is_news) else {
        let text = match running.last_line() {
            // It says nothing where another process is about to begin, or to end, a run.
            why if why.is_empty() => format!("the job {name} runs already"),
            why => format!("the job {name} did not run: {why}"),
        };
        return Err(Fault::new(Status::TempFail, text).into());
    };
    if run.ended.is_none() {
        let since = when(run.started);
        let pid = JobFiles::of(&desk.store, name)?.runner();
        let pid = pid.map_or_else(String::new, |pid| format!(": process {pid}"));
        let text = format!("the job {name} runs already, since {since}{pid}");
        return Err(Fault::new(Status::TempFail, text).into());
    }
    screen::say(told(name, &run))?;
    Ok(match run.result.is_failure() {
        true => Status::TempFail,
        false => Status::Ok,
    })
}

fn pause(cx: &Context, name: &str, until: Option<&str>) -> Result<Status> {
    let desk = cx.desk_to_write()?;
    plan::find(&desk.config, &cx.parts, name)?;
    let until = match until {
        Some(text) => moment(text, desk.now())?,
        None => i64::MAX,
    };
    JobFiles::of(&desk.store, name)?.pause(until)?;
    match until {
        i64::MAX => screen::say(format_args!(
            "{name} is paused; `tickets jobs resume {name}`"
        ))?,
        _ => screen::say(format_args!("{name} is paused until {}", when(until)))?,
    }
    Ok(Status::Ok)
}

/// The moment that was typed: a length of time counts from now on.
fn moment(text: &str, now: i64) -> Result<i64, Fault> {
    let zone = TimeZone::system();
    let ahead = text.trim().parse::<Span>().ok().and_then(|span| {
        let now = Timestamp::from_second(now).ok()?.to_zoned(zone.clone());
        Some(now.checked_add(span).ok()?.timestamp().as_second())
    });
    let typed = || text.parse::<When>().ok()?.start(now, &zone).ok();
    let moment = ahead.or_else(typed);
    let wrong =
        |why: &str| Fault::new(Status::Usage, format!("cannot use --until: {text:?} {why}"));
    match moment {
        Some(moment) if moment > now => Ok(moment),
        Some(_) => Err(wrong("is in the past")),
        None => Err(wrong(
            "is neither a date (2026-12-24) nor a span of time (3d, '2 weeks')",
        )),
    }
}

fn resume(cx: &Context, name: &str) -> Result<Status> {
    let desk = cx.desk_to_write()?;
    plan::find(&desk.config, &cx.parts, name)?;
    match JobFiles::of(&desk.store, name)?.resume()? {
        true => screen::say(format_args!("{name} runs again"))?,
        false => screen::remark(format_args!("{name} was not paused")),
    }
    Ok(Status::Ok)
}

fn log(cx: &Context, name: &str) -> Result<Status> {
    let desk = cx.desk()?;
    desk.expect_open()?;
    // What has run can be read, whatever has become of its table or its module.
    if let Err(fault) = plan::find(&desk.config, &cx.parts, name)
        && !names_kept(&desk.config.dir).iter().any(|it| it == name)
    {
        return Err(fault.into());
    }
    let files = JobFiles::if_there(&desk.store, name)?;
    let history = files
        .as_ref()
        .map(|files| files.state().map(|it| it.history));
    let history = history.transpose()?.unwrap_or_default();
    let log = files
        .map(|files| files.log())
        .transpose()?
        .unwrap_or_default();
    // Of one that is due for the first time there may be files already.
    if history.is_empty() && log.is_empty() {
        screen::remark(format_args!("{name} has never run"));
        return Ok(Status::Ok);
    }
    for run in &history {
        screen::say(remembered(run))?;
    }
    if !log.is_empty() {
        screen::say("")?;
        screen::say(screen::visible(&log).trim_end_matches('\n'))?;
    }
    Ok(Status::Ok)
}

/// `2026-11-29 10:05  0.1s  ok  1 sent, 0 waiting`
fn remembered(run: &JobRun) -> String {
    let seconds = run.took / 1000;
    let (result, note) = (run.result.word(), &run.note);
    let text = format!(
        "{}  {:>6}  {result:7}  {note}",
        when(run.started),
        screen::span(seconds)
    );
    text.trim_end().to_owned()
}
