//! Hands one message to sendmail(8), the interface every MTA offers: a program, arguments, standard input.
//!
//! lettre's SendmailTransport is not used because it cannot send with the null sender: it omits `-f`, the MTA then
//! fills in the user of the pipe, and the bounce of an acknowledgement comes back as mail. It also drops the exit
//! status and waits without a limit.
//!
//! No pipe is involved. The message is a file on the child's standard input, so a child that does not read it
//! cannot block us or raise SIGPIPE. Its stderr is an unlinked file, so a child that writes a lot cannot block, and
//! a daemon it leaves behind cannot hold us up by keeping a descriptor open.

use crate::privilege;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for a killed child to exit. Exim runs setuid, so the kill may be refused.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// Variables in which Exim, Postfix and OpenSMTPD describe the incoming message (`USER` and `LOGNAME` hold the
/// local-part of its address). They are wrong for the outgoing one, so the child does not get them.
const INCOMING: &[&str] = &[
    "SENDER",
    "RECIPIENT",
    "ORIGINAL_RECIPIENT",
    "LOCAL_PART",
    "LOCAL_PART_PREFIX",
    "LOCAL_PART_SUFFIX",
    "LOCAL",
    "DOMAIN",
    "EXTENSION",
    "MESSAGE_ID",
    "HOST",
    "USER",
    "LOGNAME",
];

/// Where MTAs put their programs; a pipe transport's PATH has only the first of these.
const PROGRAM_DIRS: &[&str] = &[
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
];

/// The sendmail(8) of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sendmail {
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Options that come before ours.
    pub args: Vec<String>,
    /// How long one message may take. After that the program and everything it started are killed.
    pub timeout: Duration,
}

/// Why sendmail did not accept a message.
#[derive(Debug)]
pub enum SendmailError {
    NoRecipient,
    /// The configured path is not absolute.
    NotAbsolute(PathBuf),
    NotFound(PathBuf),
    /// The program could not be started, or waiting for it failed.
    CannotRun(PathBuf, io::Error),
    /// Exit status (75: try later) and the first line on stderr. The status is -1 where it could not be had.
    Status(i32, String),
    /// Number of the signal that ended it, and the first line on stderr.
    Signal(i32, String),
    /// It did not exit within this time and was killed.
    TimedOut(Duration),
}

impl SendmailError {
    /// True if no sendmail ran at all, so that every other message would fail in the same way.
    #[must_use]
    pub fn concerns_every_message(&self) -> bool {
        matches!(
            self,
            Self::NotAbsolute(_) | Self::NotFound(_) | Self::CannotRun(..)
        )
    }

    /// True if sendmail refused the message, and did not ask to be given it again later.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        const TRY_LATER: i32 = 75;
        matches!(self, Self::Status(status, _) if *status > 0 && *status != TRY_LATER)
    }
}

impl fmt::Display for SendmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecipient => f.write_str("it has no recipient"),
            Self::NotAbsolute(program) => {
                write!(f, "{} is not an absolute path", program.display())
            }
            Self::NotFound(program) => write!(f, "there is no {}", program.display()),
            Self::CannotRun(program, cause) => {
                write!(f, "cannot run {}: {cause}", program.display())
            }
            Self::Status(status, line) => {
                write!(f, "sendmail exited with status {status}")?;
                write_reason(f, line)
            }
            Self::Signal(signal, line) => {
                write!(f, "sendmail was killed by signal {signal}")?;
                write_reason(f, line)
            }
            Self::TimedOut(after) => {
                write!(f, "sendmail did not exit within {} s", after.as_secs())
            }
        }
    }
}

impl std::error::Error for SendmailError {}

fn write_reason(f: &mut fmt::Formatter<'_>, line: &str) -> fmt::Result {
    match line {
        "" => Ok(()),
        line => write!(f, ": {line}"),
    }
}

impl Sendmail {
    /// Starts `PROGRAM ARGS.. -i -f SENDER -- RECIPIENT..`. Its standard input is `mail` from the current position
    /// on, with LF line ends, as sendmail expects. A `sender` of `None` is the null sender.
    ///
    /// The program runs on its own: start several messages, then wait for each, and they are sent in parallel.
    pub fn start(
        &self,
        sender: Option<&str>,
        recipients: &[String],
        mail: File,
    ) -> Result<Running, SendmailError> {
        if recipients.is_empty() {
            return Err(SendmailError::NoRecipient);
        }
        if !self.program.is_absolute() {
            return Err(SendmailError::NotAbsolute(self.program.clone()));
        }
        // If no temporary file can be had, the error text is lost, but the message still goes out.
        let stderr = tempfile::tempfile().ok();
        let child_stderr = stderr.as_ref().and_then(|file| file.try_clone().ok());
        let mut command = privilege::program(&self.program);
        if privilege::became().is_none() {
            without_incoming(&mut command);
        }
        command
            .args(&self.args)
            .args([
                "-i",
                "-f",
                sender.filter(|s| !s.is_empty()).unwrap_or("<>"),
                "--",
            ])
            .args(recipients)
            .stdin(mail)
            .stdout(Stdio::null())
            .stderr(child_stderr.map_or_else(Stdio::null, Stdio::from))
            .current_dir("/")
            .env("PATH", path())
            // A process group of its own, so that a timeout also kills what it started. std gives the child an empty
            // signal mask and the default SIGPIPE. If Exim ignores TERM, HUP or INT, the child inherits that (only
            // unsafe code could reset it), which is why a timeout uses SIGKILL.
            .process_group(0);
        let child = command.spawn().map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => SendmailError::NotFound(self.program.clone()),
            _ => SendmailError::CannotRun(self.program.clone(), cause),
        })?;
        let running = Running {
            child,
            program: self.program.clone(),
            stderr,
            timeout: self.timeout,
            started: Instant::now(),
        };
        Ok(running)
    }
}

/// Takes from a program what the MTA has put into our environment for a delivery. What root's programs get as another
/// user has nothing of that, and its `USER` and `LOGNAME` are that user's.
fn without_incoming(command: &mut Command) {
    if ["RECIPIENT", "LOCAL_PART"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        for name in INCOMING {
            command.env_remove(name);
        }
    }
    // Exim's pipe sets HOME to the empty string. Programs that find it unset ask the password database.
    if std::env::var_os("HOME").is_some_and(|home| home.is_empty()) {
        command.env_remove("HOME");
    }
}

/// Our PATH, followed by those of [`PROGRAM_DIRS`] that it lacks.
fn path() -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::env::split_paths(&own)
        .filter(|dir| dir.is_absolute())
        .collect();
    for dir in PROGRAM_DIRS {
        if !all.iter().any(|known| known.as_os_str() == *dir) {
            all.push(PathBuf::from(dir));
        }
    }
    std::env::join_paths(all).unwrap_or(own)
}

/// A sendmail that has been started.
#[derive(Debug)]
#[must_use = "only wait() says whether the message was accepted"]
pub struct Running {
    child: Child,
    program: PathBuf,
    stderr: Option<File>,
    timeout: Duration,
    started: Instant,
}

impl Running {
    /// Waits for the program to exit; `Ok` if it accepted the message.
    pub fn wait(mut self) -> Result<(), SendmailError> {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        let status = match self.wait_at_most(left) {
            Ok(Some(status)) => status,
            Ok(None) => {
                // The child has not been reaped, so its number cannot have become another process group's.
                let killed =
                    pid(&self.child).map_or(Err(Errno::ESRCH), |pid| killpg(pid, Signal::SIGKILL));
                if killed.is_err() {
                    drop(self.child.kill());
                }
                drop(self.wait_at_most(KILL_WAIT));
                return Err(SendmailError::TimedOut(self.timeout));
            }
            // Our parent ignores SIGCHLD, so the kernel discarded the status. A sendmail that refuses a message
            // prints a reason, so silence counts as success: otherwise the same mail would go out again and again.
            Err(cause) if cause.raw_os_error() == Some(Errno::ECHILD as i32) => {
                let line = self.first_line();
                return if line.is_empty() {
                    Ok(())
                } else {
                    Err(SendmailError::Status(-1, line))
                };
            }
            Err(cause) => return Err(SendmailError::CannotRun(self.program, cause)),
        };
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(SendmailError::Status(code, self.first_line())),
            (None, signal) => Err(SendmailError::Signal(
                signal.unwrap_or_default(),
                self.first_line(),
            )),
        }
    }

    /// Waits until the program has exited, but not longer than `limit`.
    pub fn wait_briefly(&mut self, limit: Duration) {
        // What went wrong shows again in `wait`.
        let _ = self.wait_at_most(limit.min(self.timeout));
    }

    /// True if [`Running::wait`] needs no time.
    pub fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The exit status, or `None` if the program has not exited after `limit`.
    fn wait_at_most(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        let (sender, exited) = mpsc::channel();
        let waiter = pid(&self.child).and_then(|pid| {
            // WNOWAIT leaves the child a zombie, so it can be killed safely until we reap it. The thread is not
            // joined: a child that cannot be killed would block us.
            let wait = move || {
                let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
                while waitid(Id::Pid(pid), flags) == Err(Errno::EINTR) {}
                let _ = sender.send(());
            };
            thread::Builder::new()
                .name("sendmail".into())
                .spawn(wait)
                .ok()
        });
        if waiter.is_some() {
            let _ = exited.recv_timeout(limit);
            return self.child.try_wait();
        }
        // No thread could be started, so poll.
        let until = Instant::now() + limit;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= until {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The first line on stderr that is not empty, at most 200 characters, without control characters.
    fn first_line(&self) -> String {
        let mut head = [0; 2048];
        let got = self
            .stderr
            .as_ref()
            .and_then(|file| file.read_at(&mut head, 0).ok())
            .unwrap_or(0);
        let text = String::from_utf8_lossy(&head[..got]);
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        line.chars()
            .map(|c| if c.is_control() { '?' } else { c })
            .take(200)
            .collect()
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().map(Pid::from_raw)
}

#[cfg(test)]
mod tests;
