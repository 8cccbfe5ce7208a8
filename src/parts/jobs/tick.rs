//! `tickets tick`: starts the jobs that are due, each as a process of its own, and ends those that take too long.

use super::complaints::Complaints;
use super::files::JobFiles;
use super::places::{Lane, chosen};
use super::plan::{self, Planned, span};
use super::program::{Program, program_again};
use super::schedule::Verdict;
use super::state::{JobRun, RunResult};
use super::work::{GRACE, bury, bury_as};
use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::Status;
use crate::part::{Context, Run};
use crate::process::{End, Running};
use crate::screen::remark;
use anyhow::{Result, anyhow};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// How often it is looked which jobs are due, in seconds.
const MINUTE: i64 = 60;

/// Run the jobs that are due
///
/// To be run once a minute, by a timer of systemd or by cron; or once for all with --loop. `tickets jobs` shows the
/// jobs. However many of these commands run at once, each job runs once for each of its times, and never twice at a
/// time. While a job takes long, this one waits for it, and goes on to run others that become due. If the program or a
/// module is replaced meanwhile, the new program runs them.
///
/// Whether a job fails does not matter to the exit status: `tickets jobs` shows it, and the admins are told.
#[derive(clap::Args)]
pub(super) struct Tick {
    /// Go on for ever: look once a minute. When the program or a module is replaced, the new one goes on
    #[arg(long = "loop")]
    endless: bool,
    /// Say which jobs were run, and how they ended
    #[arg(short, long)]
    verbose: bool,
    /// Leave the terminal and the process group of whoever started this
    #[arg(long, hide = true)]
    detached: bool,
}

impl Run for Tick {
    const NAME: &'static str = "tick";

    fn run(self, cx: &Context) -> Result<Status> {
        if self.detached {
            // Only the leader of a group may not, and that has a session of its own.
            let _ = nix::unistd::setsid();
        }
        let program = Program::running(cx);
        let mut ticker = Ticker::new(self.verbose);
        loop {
            let is_another = program.is_another(cx);
            if is_another && ticker.is_idle() {
                if !self.endless {
                    break;
                }
                // It returns only if it fails. The old one is better than none.
                if let Err(e) = program.start_anew(cx) {
                    ticker.complaints.say(&e);
                }
            }
            ticker.look(cx, Some(&program).filter(|_| is_another));
            if !self.endless && ticker.is_idle() {
                break;
            }
            if let Some(e) = ticker.fault.take_if(|_| self.endless) {
                ticker.complaints.say(&e);
            }
            ticker.wait(cx);
        }
        match ticker.fault {
            Some(fault) => Err(fault),
            None => Ok(Status::Ok),
        }
    }
}

/// A job that ended, or whose process did.
struct Ended {
    name: String,
    /// How long it was allowed to take, if it was killed after that.
    killed: Option<Duration>,
    /// Why its process could not even begin, if it said so.
    unbegun: Option<String>,
}

/// What this process has started.
struct Ticker {
    running: Vec<(String, Lane)>,
    ended: Receiver<Ended>,
    ends: Sender<Ended>,
    /// What ended, and could not be kept yet.
    unkept: Vec<Ended>,
    /// A tick of the program that lies now where this one was. It looks instead of this one, which only ends what it
    /// has started.
    heir: Option<Child>,
    /// What was wrong at the last look. What can be done is done all the same.
    fault: Option<anyhow::Error>,
    complaints: Complaints,
    verbose: bool,
}

impl Ticker {
    fn new(verbose: bool) -> Ticker {
        let (ends, ended) = channel();
        Ticker {
            running: Vec::new(),
            ended,
            ends,
            unkept: Vec::new(),
            heir: None,
            fault: None,
            complaints: Complaints::default(),
            verbose,
        }
    }

    /// True if nothing runs that this one has started. When its own jobs have ended, that of its heir are waited for.
    fn is_idle(&mut self) -> bool {
        if !self.running.is_empty() {
            return false;
        }
        if let Some(mut heir) = self.heir.take() {
            let _ = heir.wait();
        }
        true
    }

    /// Starts what is due, or has it started by `another` program, if there is one and it can be started. Whatever is
    /// wrong keeps nothing else from running.
    fn look(&mut self, cx: &Context, another: Option<&Program>) {
        self.complaints.look();
        for ended in std::mem::take(&mut self.unkept) {
            self.note(cx, ended);
        }
        self.fault = None;
        if let Some(program) = another.filter(|_| !self.running.is_empty()) {
            match self.hand_over(cx, program) {
                Ok(()) => return,
                Err(e) => self.complaints.say(&e),
            }
        }
        if let Err(e) = self.start_due(cx) {
            self.fault = Some(e);
        }
    }

    /// Lets the other program look, unless it is still at it.
    fn hand_over(&mut self, cx: &Context, program: &Program) -> Result<()> {
        if let Some(heir) = &mut self.heir
            && matches!(heir.try_wait(), Ok(None))
        {
            return Ok(());
        }
        self.heir = None;
        let Some(mut command) = program.anew(cx)? else {
            return Err(anyhow!("cannot find this program"));
        };
        command.arg("tick").args(self.verbose.then_some("-v"));
        let heir = command.stdin(Stdio::null()).spawn();
        self.heir = Some(heir.map_err(|e| anyhow!(e).context("cannot start the new program"))?);
        Ok(())
    }

    fn start_due(&mut self, cx: &Context) -> Result<()> {
        let desk = cx.desk_to_write_for_mta()?;
        desk.expect_open()?;
        // A store in which nothing was ever filed has nothing to do.
        if !desk.is_begun()? {
            return Ok(());
        }
        // A disk that is full keeps no job from being tried.
        let mut wrong: Vec<anyhow::Error> = desk.beat().err().into_iter().collect();
        let (jobs, mistakes) = plan::plan(&desk.config, &cx.parts);
        self.fault = mistakes.into_iter().next().map(Into::into);
        let (mut due, mut looked_at) = (Vec::new(), 0);
        for job in jobs.into_iter().filter(|job| job.enabled) {
            if self.running.iter().any(|(name, _)| *name == job.name) {
                looked_at += 1;
                continue;
            }
            match waits_since(&desk, &job) {
                Ok(since) => {
                    looked_at += 1;
                    due.extend(since.map(|since| (since, job.lane, job)));
                }
                // The state of one job cannot be read or kept: that of others may be.
                Err(e) => wrong.push(e),
            }
        }
        if looked_at == 0 && !wrong.is_empty() {
            return Err(wrong.swap_remove(0));
        }
        for e in &wrong {
            self.complaints.say(e);
        }
        let running: Vec<Lane> = self.running.iter().map(|&(_, lane)| lane).collect();
        // Whoever finds no place is asked again when one has ended.
        for job in chosen(due, &running) {
            self.start(&desk.config.overrides, &job);
        }
        Ok(())
    }

    fn start(&mut self, desk: &Overrides, job: &Planned) {
        let name = job.name.clone();
        let mut command = program_again(desk);
        command.args(["jobs", "work", &name]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let running = Running::start_to_end(&mut command, job.timeout);
        let mut running = match running {
            Ok(running) => running,
            Err(e) => {
                let e = anyhow!("cannot run the job {name}: {e}");
                return self.complaints.say(&e);
            }
        };
        self.running.push((name.clone(), job.lane));
        let (ends, timeout) = (self.ends.clone(), job.timeout);
        std::thread::spawn(move || {
            let killed = wait(&mut running, timeout).then_some(timeout);
            let failed = killed.is_none()
                && matches!(running.wait(), Ok(End::Exited(status)) if !status.success());
            let why = failed.then(|| running.last_line());
            let unbegun = why.filter(|why| !why.is_empty());
            let _ = ends.send(Ended {
                name,
                killed,
                unbegun,
            });
        });
    }

    /// Waits until a job has ended, or until it is time to look again.
    fn wait(&mut self, cx: &Context) {
        let second = crate::clock::now().as_second().rem_euclid(MINUTE);
        let left = Duration::from_secs(u64::try_from(MINUTE - second).unwrap_or(1));
        if let Ok(ended) = self.ended.recv_timeout(left) {
            self.running.retain(|(name, _)| *name != ended.name);
            if let Some(why) = &ended.unbegun {
                let e = anyhow!("the job {} did not run: {why}", ended.name);
                self.complaints.say(&e);
            }
            self.note(cx, ended);
        }
    }

    /// Keeps how a job ended whose process could not do so. If that fails, it is tried again at the next look.
    fn note(&mut self, cx: &Context, ended: Ended) {
        if let Err(e) = self.keep(cx, &ended) {
            self.complaints.say(&e);
            self.unkept.push(ended);
        }
    }

    fn keep(&self, cx: &Context, ended: &Ended) -> Result<()> {
        let desk = cx.desk_to_write_for_mta()?;
        note_end(&desk, &ended.name, ended.killed)?;
        let run = JobFiles::of(&desk.store, &ended.name)?.state()?.run;
        if let Some(run) = run.filter(|_| self.verbose) {
            remark(format_args!("{}", told(&ended.name, &run)));
        }
        Ok(())
    }
}

/// Keeps how a run ended if its process could not do so; `killed` says after how long it was killed.
///
/// # Errors
/// That cannot be kept.
pub(super) fn note_end(desk: &Desk, name: &str, killed: Option<Duration>) -> Result<()> {
    let files = JobFiles::of(&desk.store, name)?;
    if files.state()?.unended().is_none() {
        return Ok(());
    }
    // Somebody else may have begun it anew by now. What was killed may take a moment to die.
    let lock = match killed {
        Some(_) => files.lock()?,
        None => files.lock_if_free()?,
    };
    let Some(lock) = lock else {
        return Ok(());
    };
    let mut state = lock.state()?;
    match killed {
        Some(timeout) => {
            let note = format!("killed at {}", span(timeout.as_secs()));
            bury_as(desk, &lock, name, &mut state, RunResult::Killed, &note)
        }
        None => bury(desk, &lock, name, &mut state),
    }
}

/// `flush: ok: 1 sent, 0 waiting`
pub(super) fn told(name: &str, run: &JobRun) -> String {
    match run.note.is_empty() {
        true => format!("{name}: {}", run.result.word()),
        false => format!("{name}: {}: {}", run.result.word(), run.note),
    }
}

/// Since when a job waits that is to be run now. What else the time means for it is kept.
fn waits_since(desk: &Desk, job: &Planned) -> Result<Option<i64>> {
    if job.idle().is_some() {
        return Ok(None);
    }
    let now = desk.now();
    let files = JobFiles::of(&desk.store, &job.name)?;
    let state = files.state()?;
    if files.paused(now)?.is_some() {
        return Ok(None);
    }
    match job.schedule.verdict(state.mark, now) {
        Verdict::Due(_) if files.is_running()? => return Ok(None),
        Verdict::Due(_) => return Ok(job.schedule.next(state.mark, now)),
        Verdict::Rest if state.unended().is_none() => return Ok(None),
        _ => {}
    }
    // Whoever has the lock keeps the state.
    let Some(lock) = files.lock_if_free()? else {
        return Ok(None);
    };
    let mut state = lock.state()?;
    bury(desk, &lock, &job.name, &mut state)?;
    let verdict = job.schedule.verdict(state.mark, now);
    let note = match verdict {
        Verdict::Due(_) => return Ok(job.schedule.next(state.mark, now)),
        Verdict::Missed(_) => "it was missed for too long",
        Verdict::SetBack => "the clock was set back; its times count from now on",
        Verdict::Rest => return Ok(None),
        Verdict::New | Verdict::SetForth => "",
    };
    let before = state.mark;
    state.mark = verdict.mark(before, now);
    if !note.is_empty() {
        let due = match verdict {
            Verdict::Missed(time) => time,
            _ => before.map_or(now, |mark| mark.last),
        };
        state.remember(JobRun {
            due,
            started: now,
            ended: Some(now),
            result: RunResult::Missed,
            note: note.to_owned(),
            ..JobRun::default()
        });
    }
    lock.keep(&state)?;
    Ok(None)
}

/// Waits for a run. True if it took too long, and was killed.
pub(super) fn wait(running: &mut Running, timeout: Duration) -> bool {
    running.wait_briefly(timeout);
    let has_time_left = running.has_exited();
    if !has_time_left {
        running.stop(GRACE);
    }
    !has_time_left
}
