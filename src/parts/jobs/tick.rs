//! `tickets tick`: starts the jobs that are due, each as a process of its own, and ends those that take too long.

use super::files::JobFiles;
use super::plan::{self, Planned, span};
use super::schedule::Verdict;
use super::state::{JobRun, RunResult};
use super::work::{GRACE, bury, bury_as};
use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::{self, Fault, Status};
use crate::part::{Context, Run};
use crate::privilege;
use crate::process::Running;
use crate::screen::remark;
use anyhow::Result;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// So many jobs run at once.
const PARALLEL: usize = 4;

/// How often it is looked which jobs are due, in seconds.
const MINUTE: i64 = 60;

/// Run the jobs that are due
///
/// To be run once a minute, by a timer of systemd or by cron; or once for all with --loop. `tickets jobs` shows the
/// jobs. However many of these commands run at once, each job runs once for each of its times, and never twice at a
/// time. While a job takes long, this one waits for it, and goes on to run others that become due.
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
            match ticker.look(cx) {
                // What runs is not left alone.
                Err(e) if self.endless || !ticker.running.is_empty() => {
                    error::report(&e, error::hint(&e));
                }
                looked => looked?,
            }
            if ticker.running.is_empty() {
                if self.endless && program.is_another(cx) {
                    program.start_anew(cx)?;
                }
                if !self.endless {
                    break;
                }
            }
            ticker.wait(cx);
        }
        match ticker.mistake {
            Some(fault) => Err(fault.into()),
            None => Ok(Status::Ok),
        }
    }
}

/// A job that ended, or whose process did.
struct Ended {
    name: String,
    /// How long it was allowed to take, if it was killed after that.
    killed: Option<Duration>,
}

/// What this process has started.
struct Ticker {
    running: Vec<String>,
    ended: Receiver<Ended>,
    ends: Sender<Ended>,
    /// A mistake in the configuration of a job. The others run all the same.
    mistake: Option<Fault>,
    verbose: bool,
}

impl Ticker {
    fn new(verbose: bool) -> Ticker {
        let (ends, ended) = channel();
        Ticker {
            running: Vec::new(),
            ended,
            ends,
            mistake: None,
            verbose,
        }
    }

    /// Starts what is due.
    fn look(&mut self, cx: &Context) -> Result<()> {
        let desk = cx.desk_to_write_for_mta()?;
        // A store in which nothing was ever filed has nothing to do.
        if !desk.is_begun()? {
            return Ok(());
        }
        desk.beat()?;
        let (jobs, mut mistakes) = plan::plan(&desk.config, &cx.parts);
        self.mistake = (!mistakes.is_empty()).then(|| mistakes.remove(0));
        for job in jobs.iter().filter(|job| job.enabled) {
            if self.running.contains(&job.name) {
                continue;
            }
            match is_due(&desk, job) {
                // When one of them has ended it is looked again.
                Ok(true) if self.running.len() < PARALLEL => {
                    self.start(&desk.config.overrides, job);
                }
                Ok(_) => {}
                // The state of one job cannot be read or kept: that of others may be.
                Err(e) => error::report(&e, error::hint(&e)),
            }
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
            Err(e) => return remark(format_args!("cannot run the job {name}: {e}")),
        };
        self.running.push(name.clone());
        let (ends, timeout) = (self.ends.clone(), job.timeout);
        std::thread::spawn(move || {
            let killed = wait(&mut running, timeout).then_some(timeout);
            let _ = ends.send(Ended { name, killed });
        });
    }

    /// Waits until a job has ended, or until it is time to look again.
    fn wait(&mut self, cx: &Context) {
        let second = crate::clock::now().as_second().rem_euclid(MINUTE);
        let left = Duration::from_secs(u64::try_from(MINUTE - second).unwrap_or(1));
        if let Ok(ended) = self.ended.recv_timeout(left) {
            self.running.retain(|name| *name != ended.name);
            // Where that cannot be kept now, whoever looks at the job next sees that its process is gone.
            if let Err(e) = self.note(cx, &ended) {
                error::report(&e, error::hint(&e));
            }
        }
    }

    /// Keeps how a job ended whose process could not do so.
    fn note(&self, cx: &Context, ended: &Ended) -> Result<()> {
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

/// True if a job is to be run now. What else the time means for it is kept.
fn is_due(desk: &Desk, job: &Planned) -> Result<bool> {
    if job.idle().is_some() {
        return Ok(false);
    }
    let now = desk.now();
    let files = JobFiles::of(&desk.store, &job.name)?;
    let state = files.state()?;
    if files.paused(now)?.is_some() {
        return Ok(false);
    }
    match job.schedule.verdict(state.mark, now) {
        Verdict::Due(_) => return Ok(!files.is_running()?),
        Verdict::Rest if state.unended().is_none() => return Ok(false),
        _ => {}
    }
    // Whoever has the lock keeps the state.
    let Some(lock) = files.lock_if_free()? else {
        return Ok(false);
    };
    let mut state = lock.state()?;
    bury(desk, &lock, &job.name, &mut state)?;
    let verdict = job.schedule.verdict(state.mark, now);
    let note = match verdict {
        Verdict::Due(_) => return Ok(true),
        Verdict::Missed(_) => "it was missed for too long",
        Verdict::SetBack => "the clock was set back; its times count from now on",
        Verdict::Rest => return Ok(false),
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
    Ok(false)
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

/// This program, to be started once more for the same desk.
pub(super) fn program_again(desk: &Overrides) -> Command {
    // The very same, even if it was replaced a moment ago.
    program_at(Path::new("/proc/self/exe"), desk)
}

/// The program at `path`, to be started for the same desk.
pub(super) fn program_at(path: &Path, desk: &Overrides) -> Command {
    let mut command = privilege::program(path);
    command.arg0("tickets");
    for (option, path) in [("--config", &desk.config), ("--dir", &desk.dir)] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    command
}

/// The file of the program that runs, what it was like at the start, and the parts that it found then.
struct Program {
    path: Option<PathBuf>,
    was: Option<(u64, u64, i64)>,
    parts: Option<String>,
}

impl Program {
    fn running(cx: &Context) -> Program {
        let path = privilege::own_path().ok();
        let was = path.as_ref().and_then(Program::look);
        let parts = Program::parts(cx);
        Program { path, was, parts }
    }

    /// Which modules there are, and what is to be off, as the configuration says now. A program knows those of its start.
    fn parts(cx: &Context) -> Option<String> {
        let config = cx.config().ok()?;
        Some(format!("{:?} {:?}", config.parts_off, config.modules_on()))
    }

    /// True if the program would be another one if it were started now: its file was replaced, or modules were.
    fn is_another(&self, cx: &Context) -> bool {
        let now = Program::parts(cx);
        self.is_replaced() || self.parts.is_some() && now.is_some() && now != self.parts
    }

    fn look(path: &PathBuf) -> Option<(u64, u64, i64)> {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.dev(), meta.ino(), meta.ctime()))
    }

    /// True if there is another one in its place.
    fn is_replaced(&self) -> bool {
        let is = self.path.as_ref().and_then(Program::look);
        self.was.is_some() && is.is_some() && is != self.was
    }

    /// Becomes that one.
    fn start_anew(&self, cx: &Context) -> Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let desk = cx.desk_for_mta()?.config.overrides;
        let mut command = program_at(path, &desk);
        command.args(["tick", "--loop"]);
        // It returns only if it fails.
        Err(command.exec().into())
    }
}
