//! One run of a job, in a process of its own: so it can be ended, and what it does wrong harms no other.

use super::files::{JobFiles, JobLock};
use super::log::JobLog;
use super::plan;
use super::schedule::Verdict;
use super::state::{Alarm, DIED, JobState, RunResult};
use crate::desk::Desk;
use crate::error::{self, Status};
use crate::log::{LogLine, Severity};
use crate::module::Failure;
use crate::part::{Context, Job, JobDue};
use crate::process::Family;
use crate::screen::when;
use anyhow::{Result, anyhow};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{getpgrp, getpid};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a run that is asked to end has for that.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// Whoever started a run ends it in time. If that one is gone, the run ends itself, so much later.
const ALONE: Duration = Duration::from_secs(15);

/// Runs the job `name` if it is due, or in any case, `by_hand`. Nothing is done if it runs already.
///
/// # Errors
/// There is no such job, or its state cannot be kept.
pub(super) fn work(cx: &Context, name: &str, by_hand: bool) -> Result<Status> {
    let desk = cx.desk_to_write_for_mta()?;
    let job = plan::find(&desk.config, &cx.parts, name)?;
    let runs = job.expect_ready()?;
    if job.rests.is_some() && !by_hand {
        return Ok(Status::Ok);
    }
    let Some(lock) = JobFiles::of(&desk.store, name)?.lock()? else {
        return Ok(Status::Nothing);
    };
    let mut state = lock.state()?;
    bury(&desk, &lock, name, &mut state)?;
    let now = desk.now();
    let verdict = job.schedule.verdict(state.mark, now);
    let due = match verdict {
        Verdict::Due(time) => time,
        _ if by_hand => now,
        // Somebody else was faster.
        _ => return Ok(Status::Ok),
    };
    state.mark = verdict.mark(state.mark, now);
    state.begin(due, now);
    let log = lock.new_log()?;
    lock.keep(&state)?;
    let log = JobLog::begin(log)?;
    end_in_time(job.timeout);
    let started = Instant::now();
    let due = JobDue {
        time: due,
        last_ok: state.last_ok,
        lock: lock.file(),
    };
    let done = run(runs, &job.args, cx, due);
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (result, note) = match &done {
        Ok(note) => (RunResult::Ok, note.clone()),
        Err(e) => (RunResult::Failed, failure(e, &log)),
    };
    if let Err(e) = &done {
        error::report(e, error::hint(e));
    }
    end(&desk, &lock, name, &mut state, result, &note, took)?;
    log.end();
    Ok(match result {
        RunResult::Ok => Status::Ok,
        _ => Status::TempFail,
    })
}

fn run(job: &dyn Job, args: &[String], cx: &Context, due: JobDue) -> Result<String> {
    let run = AssertUnwindSafe(|| job.run(args, cx, due));
    catch_unwind(run).unwrap_or_else(|_| Err(anyhow!("a mistake in the program: see its log")))
}

/// Why a run failed: where a program says only by its status that it failed, with the last that it printed.
fn failure(e: &anyhow::Error, log: &JobLog) -> String {
    let last = match e.downcast_ref() {
        Some(Failure::Status(..) | Failure::Signal(..)) => log.last_line(),
        _ => String::new(),
    };
    match last.is_empty() {
        true => error::line(e),
        false => format!("{}: {last}", error::line(e)),
    }
}

/// Ends this process, and what it started, if nobody else has ended it by then.
fn end_in_time(timeout: Duration) {
    // Not where it was started by hand, in the process group of others.
    if getpgrp() != getpid() {
        return;
    }
    let limit = timeout.saturating_add(GRACE).saturating_add(ALONE);
    let end = move || {
        std::thread::sleep(limit);
        Family::of(getpid()).signal(Signal::SIGKILL);
        let _ = killpg(getpgrp(), Signal::SIGKILL);
    };
    let _ = std::thread::Builder::new().name("limit".into()).spawn(end);
}

/// Notes of a run that was begun, and whose process is gone, that it died. The lock says that it is gone.
///
/// # Errors
/// That cannot be kept.
pub(super) fn bury(desk: &Desk, lock: &JobLock, name: &str, state: &mut JobState) -> Result<()> {
    bury_as(desk, lock, name, state, RunResult::Died, DIED)
}

/// The same for a run of which it is known how it ended.
///
/// # Errors
/// That cannot be kept.
pub(super) fn bury_as(
    desk: &Desk,
    lock: &JobLock,
    name: &str,
    state: &mut JobState,
    result: RunResult,
    note: &str,
) -> Result<()> {
    let Some(run) = state.unended() else {
        return Ok(());
    };
    let took = desk
        .now()
        .saturating_sub(run.started)
        .max(0)
        .saturating_mul(1000);
    let took = u64::try_from(took).unwrap_or(0);
    end(desk, lock, name, state, result, note, took)
}

/// Ends a run, keeps that, and tells the admins what they are to hear.
fn end(
    desk: &Desk,
    lock: &JobLock,
    name: &str,
    state: &mut JobState,
    result: RunResult,
    note: &str,
    took: u64,
) -> Result<()> {
    let alarm = state.end(result, note, took, desk.now());
    // Before that is kept: after a crash here they hear it twice rather than not at all.
    if let Some(alarm) = alarm {
        tell(desk, name, state, alarm);
    }
    lock.keep(state)?;
    if let Some(run) = state.run.as_ref().filter(|_| result.is_failure()) {
        let line = LogLine::default().name("job", name).word(result.word());
        line.text("reason", &run.note).write(Severity::Warning);
    }
    Ok(())
}

/// Writes to the admins. That it fails is no reason not to keep the state.
fn tell(desk: &Desk, name: &str, state: &JobState, alarm: Alarm) {
    let Some(run) = &state.run else { return };
    let (what, word) = match alarm {
        Alarm::Fails => ("fails", "fails"),
        Alarm::StillFails => ("still fails", "still-fails"),
        Alarm::Works => ("works again", "works"),
    };
    let text = match alarm {
        Alarm::Works => format!(
            "The job {name}, which failed, did what it should at {}.\n",
            when(run.started)
        ),
        _ => format!(
            "The job {name} has failed {} times in a row, for the first time at {}.\n\nThe last time: {}\n\n\
             It is tried again at its next time. `tickets jobs log {name}` shows what it printed. You will hear of \
             this once a day, and when it works again.\n",
            state.failures,
            state.failing_since.map(when).unwrap_or_default(),
            run.note,
        ),
    };
    let about = format!("job.{}.{word}", name.replace('_', "-"));
    if let Err(e) = desk.write_to_admins(&about, &format!("Job {name} {what}"), &text) {
        error::report(&e, error::hint(&e));
    }
}
