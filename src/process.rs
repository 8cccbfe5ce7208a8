//! A program that was started: waited for, and ended together with all that it started.
//!
//! It runs in a process group of its own, so that a limit of time also ends its children. The end of the process
//! counts, not the end of a pipe: a daemon that it leaves behind may keep that open for ever. Its stderr is a file
//! without a name, so that a program which writes a lot cannot block. What it says on its stdout, if anybody wants to
//! know, comes through a pipe and is limited.

mod children;
mod family;
mod signals;
mod stderr;
pub mod stream;

use children::{KILL_WAIT, pid};
pub(crate) use family::Family;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open};
use signals::Heed;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use stderr::Stderr;

/// How often to look where the kernel cannot say when a program exits.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often to look how much it has written to its stderr.
const MEASURE: Duration = Duration::from_millis(200);

/// The most that a pipe holds.
const PIPE: usize = 1 << 20;

/// No program may run longer, whatever its limit is.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A program that was started.
#[derive(Debug)]
#[must_use = "only wait() says what became of it"]
pub struct Running {
    child: Child,
    /// Readable once it has exited; `None` if the kernel has no such thing.
    exit: Option<OwnedFd>,
    stdout: Option<Stdout>,
    stderr: Option<Stderr>,
    /// Where no thread waits for the signals that end this process.
    heed: Option<Heed>,
    limit: Duration,
    started: Instant,
}

/// Its stdout, and what has come so far.
#[derive(Debug)]
struct Stdout {
    pipe: File,
    said: Vec<u8>,
    most: usize,
    open: bool,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, or by a signal of somebody else's.
    Exited(ExitStatus),
    /// It ran longer than it may, and was killed.
    TimedOut,
    /// It said more than it may, and was killed.
    SaidTooMuch,
    /// Our parent ignores SIGCHLD, so that the kernel discards how programs end.
    Unknown,
}

impl Running {
    /// Starts `command`, which may run for `limit`, and does what it does whether anybody waits for it or not.
    ///
    /// # Errors
    /// Those of starting a program.
    pub fn start(command: &mut Command, limit: Duration) -> io::Result<Running> {
        let stderr = Stderr::of(command);
        Running::start_with(command, limit, &[], stderr)
    }

    /// Starts `command`, which may run for `limit`, and is ended where a signal ends this process.
    ///
    /// # Errors
    /// Those of starting a program.
    pub fn start_to_end(command: &mut Command, limit: Duration) -> io::Result<Running> {
        signals::watch();
        Running::start(command, limit)
    }

    fn start_with(
        command: &mut Command,
        limit: Duration,
        held: &[&File],
        stderr: Option<Stderr>,
    ) -> io::Result<Running> {
        // std gives the child the default SIGPIPE. If Exim ignores TERM, HUP or INT, the
        // child inherits that (only unsafe code could reset it), which is why a limit ends with SIGKILL.
        command.process_group(0);
        let child = children::start(command, held)?;
        Ok(Running {
            exit: exit_of(pid(&child)),
            child,
            stdout: None,
            stderr,
            heed: None,
            limit: limit.min(LONGEST),
            started: Instant::now(),
        })
    }

    /// Starts `command`, which may run for `limit`, and say `most` bytes on its stdout. What it leaves running when it
    /// exits is killed, and it is ended where a signal ends this process. It has the files `held` as well: a lock on one lasts as long as it runs, though this process be
    /// killed, or until it is given back.
    ///
    /// # Errors
    /// Those of starting a program.
    pub fn start_to_hear(
        command: &mut Command,
        limit: Duration,
        most: usize,
        held: &[&File],
    ) -> io::Result<Running> {
        signals::watch();
        let stderr = Stderr::of(command);
        Running::hear_with(command, limit, most, held, stderr)
    }

    /// The same for one for which somebody does nothing but wait until it ends: signals are obeyed meanwhile, and there.
    ///
    /// # Errors
    /// Those of starting a program.
    pub fn start_to_hear_alone(
        command: &mut Command,
        limit: Duration,
        most: usize,
        held: &[&File],
    ) -> io::Result<Running> {
        let heed = Heed::begin();
        let stderr = Stderr::of(command);
        let running = Running::hear_with(command, limit, most, held, stderr)?;
        Ok(Running { heed, ..running })
    }

    /// The same for one that has the stderr of this process, so that nothing of that is kept here.
    ///
    /// # Errors
    /// Those of starting a program.
    pub fn start_to_hear_aloud(
        command: &mut Command,
        limit: Duration,
        most: usize,
        held: &[&File],
    ) -> io::Result<Running> {
        signals::watch();
        command.stderr(Stdio::inherit());
        Running::hear_with(command, limit, most, held, None)
    }

    fn hear_with(
        command: &mut Command,
        limit: Duration,
        most: usize,
        held: &[&File],
        stderr: Option<Stderr>,
    ) -> io::Result<Running> {
        command.stdout(Stdio::piped());
        let mut running = Running::start_with(command, limit, held, stderr)?;
        running.stdout = running.child.stdout.take().map(|pipe| Stdout {
            pipe: File::from(OwnedFd::from(pipe)),
            said: Vec::new(),
            most,
            open: true,
        });
        Ok(running)
    }

    /// Waits until it has exited. If it may not go on, it is killed, and its children with it. Whatever part of its
    /// time is over counts, so that several may be started and then waited for in turn.
    ///
    /// # Errors
    /// Waiting failed.
    pub fn wait(&mut self) -> io::Result<End> {
        self.wait_and_take(&mut |_| {})
    }

    /// The same, where `take` gets what was said and not taken, each time that more has come, and removes what it has
    /// seen: only what it leaves counts as too much.
    ///
    /// # Errors
    /// Those of [`Running::wait`].
    pub fn wait_and_take(&mut self, take: &mut dyn FnMut(&mut Vec<u8>)) -> io::Result<End> {
        let left = self.limit.saturating_sub(self.started.elapsed());
        let end = match self.wait_at_most(left, take)? {
            Some(end) => end,
            None => self.kill(End::TimedOut),
        };
        if end == End::SaidTooMuch {
            return Ok(self.kill(end));
        }
        Ok(end)
    }

    /// Waits until it has exited, but not longer than `limit`.
    pub fn wait_briefly(&mut self, limit: Duration) {
        // What went wrong shows again in `wait`.
        let _ = self.wait_at_most(limit.min(self.limit), &mut |_| {});
    }

    /// True if [`Running::wait`] needs no time.
    pub fn has_exited(&mut self) -> bool {
        !matches!(children::ended(&mut self.child), Ok(None))
    }

    /// Asks it and all that it started to end, and kills those that have not done so after `grace`. So end children in
    /// groups of their own, too, unless they were left behind. It must not have been seen to exit.
    pub fn stop(&mut self, grace: Duration) {
        children::end(&[pid(&self.child)], grace, || false);
        self.kill(End::TimedOut);
    }

    /// What it said on its stdout.
    pub fn said(&self) -> &[u8] {
        self.stdout.as_ref().map_or(&[], |stdout| &stdout.said)
    }

    /// The first line on its stderr that is not empty, at most 200 characters, without control characters.
    pub fn first_line(&self) -> String {
        line(self.stderr_text().lines())
    }

    /// The last such line, of the first 2 KiB, but no hint such as commands of the desk give below what is wrong.
    pub fn last_line(&self) -> String {
        let text = self.stderr_text();
        let said = || text.lines().rev();
        match line(said().filter(|line| !line.starts_with("hint: "))) {
            none if none.is_empty() => line(said()),
            last => last,
        }
    }

    /// The beginning of what it wrote to its stderr, at most 2 KiB.
    pub fn stderr_text(&self) -> String {
        (self.stderr.as_ref()).map_or_else(String::new, Stderr::text)
    }

    /// How it ended, or `None` if it still runs after `limit`.
    fn wait_at_most(
        &mut self,
        limit: Duration,
        take: &mut dyn FnMut(&mut Vec<u8>),
    ) -> io::Result<Option<End>> {
        let until = Instant::now() + limit.min(LONGEST);
        loop {
            // Whoever has exited has said all: look first whether it has, then read.
            let ended = self.ended()?;
            self.stderr.iter().for_each(Stderr::cut);
            if self.hear(until, take)? {
                return Ok(Some(End::SaidTooMuch));
            }
            let left = until.saturating_duration_since(Instant::now());
            if ended.is_some() || left.is_zero() {
                return Ok(ended);
            }
            self.sleep(left);
        }
    }

    fn ended(&mut self) -> io::Result<Option<End>> {
        if self.stdout.is_some() && self.has_left_children() {
            self.signal(Signal::SIGKILL);
        }
        match children::ended(&mut self.child) {
            Ok(status) => Ok(status.map(End::Exited)),
            Err(cause) if cause.raw_os_error() == Some(Errno::ECHILD as i32) => {
                Ok(Some(End::Unknown))
            }
            Err(cause) => Err(cause),
        }
    }

    /// True if it has exited and is not reaped, so that its number still names its children's group.
    fn has_left_children(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
        let status = waitid(Id::Pid(pid(&self.child)), flags);
        matches!(status, Ok(status) if status != WaitStatus::StillAlive)
    }

    /// Takes what it has said so far. True if that is too much.
    fn hear(&mut self, until: Instant, take: &mut dyn FnMut(&mut Vec<u8>)) -> io::Result<bool> {
        let Some(stdout) = &mut self.stdout else {
            return Ok(false);
        };
        let mut piece = [0; 16384];
        let mut late = 0;
        // Of one that goes on after its time, no more than was in the pipe.
        while stdout.open && late < PIPE && is_readable(&stdout.pipe) {
            match stdout.pipe.read(&mut piece) {
                Ok(0) => stdout.open = false,
                Ok(got) => {
                    stdout.said.extend_from_slice(&piece[..got]);
                    take(&mut stdout.said);
                    if Instant::now() >= until {
                        late += got;
                    }
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
            if stdout.said.len() > stdout.most {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sleeps until it has exited or said something, but not longer than `limit`.
    fn sleep(&mut self, limit: Duration) {
        let limit = match (&self.exit, &self.stderr) {
            (None, _) => limit.min(LOOK_AGAIN),
            (Some(_), Some(_)) => limit.min(MEASURE),
            (Some(_), None) => limit,
        };
        let pipe = self.stdout.as_ref().filter(|stdout| stdout.open);
        let pipe = pipe.map(|stdout| stdout.pipe.as_fd());
        let mut all: Vec<PollFd> = (self.exit.as_ref().map(AsFd::as_fd))
            .into_iter()
            .chain(pipe)
            .chain(self.heed.as_ref().and_then(Heed::as_fd))
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        // A millisecond more than too little: else the last part of one would be spent polling.
        let limit = u16::try_from(limit.as_millis() + 1).unwrap_or(u16::MAX);
        // A signal only makes us look early.
        let _ = poll(&mut all, PollTimeout::from(limit));
        drop(all);
        self.heed.iter_mut().for_each(Heed::obey);
    }

    fn kill(&mut self, end: End) -> End {
        self.signal(Signal::SIGKILL);
        let until = Instant::now() + KILL_WAIT;
        if let Some(stdout) = &mut self.stdout {
            stdout.open = false;
        }
        while matches!(self.ended(), Ok(None)) && Instant::now() < until {
            self.sleep(until.saturating_duration_since(Instant::now()));
        }
        end
    }

    /// Sends a signal to it and to its children.
    fn signal(&mut self, signal: Signal) {
        // As long as it is not reaped, its number cannot have become another process group's. Its children may run on
        // when it has exited; then only a group that still has members keeps the number from being used again.
        let sent = killpg(pid(&self.child), signal);
        if sent.is_err() && signal == Signal::SIGKILL {
            drop(self.child.kill());
        }
    }
}

/// What is readable once the process has exited.
fn exit_of(pid: Pid) -> Option<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid.as_raw())?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

fn is_readable(pipe: &File) -> bool {
    let mut one = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut one, PollTimeout::ZERO) {
            // A signal says nothing of the pipe: what stands in it must not be lost.
            Err(Errno::EINTR) => {}
            ready => return ready == Ok(1),
        }
    }
}

/// The first of `lines` that is not empty, at most 200 characters, without control characters.
fn line<'a>(mut lines: impl Iterator<Item = &'a str>) -> String {
    let line = lines.find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default().trim();
    line.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests;
