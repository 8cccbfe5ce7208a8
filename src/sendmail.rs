//! Hands one message to sendmail(8), the interface every MTA offers: a program, arguments, standard input.
//!
//! lettre's SendmailTransport is not used because it cannot send with the null sender: it omits `-f`, the MTA then
//! fills in the user of the pipe, and the bounce of an acknowledgement comes back as mail. It also drops the exit
//! status and waits without a limit.
//!
//! No pipe is involved: the message is a file on the child's standard input, so a child that does not read it cannot
//! block us or raise SIGPIPE.

use crate::privilege;
use crate::process::{End, Running};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

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
    ) -> Result<Sending, SendmailError> {
        if recipients.is_empty() {
            return Err(SendmailError::NoRecipient);
        }
        if !self.program.is_absolute() {
            return Err(SendmailError::NotAbsolute(self.program.clone()));
        }
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
            .current_dir("/")
            .env("PATH", path());
        let started = Running::start(&mut command, self.timeout);
        let running = started.map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => SendmailError::NotFound(self.program.clone()),
            _ => SendmailError::CannotRun(self.program.clone(), cause),
        })?;
        Ok(Sending {
            running,
            program: self.program.clone(),
            timeout: self.timeout,
        })
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
pub struct Sending {
    running: Running,
    program: PathBuf,
    timeout: Duration,
}

impl Sending {
    /// Waits for the program to exit; `Ok` if it accepted the message.
    pub fn wait(mut self) -> Result<(), SendmailError> {
        let end = self.running.wait();
        let line = self.running.first_line();
        match end {
            Ok(End::Exited(status)) => match (status.code(), status.signal()) {
                (Some(0), _) => Ok(()),
                (Some(code), _) => Err(SendmailError::Status(code, line)),
                (None, signal) => Err(SendmailError::Signal(signal.unwrap_or_default(), line)),
            },
            Ok(End::TimedOut | End::SaidTooMuch) => Err(SendmailError::TimedOut(self.timeout)),
            // A sendmail that refuses a message prints a reason, so silence counts as success: otherwise the same
            // mail would go out again and again.
            Ok(End::Unknown) if line.is_empty() => Ok(()),
            Ok(End::Unknown) => Err(SendmailError::Status(-1, line)),
            Err(cause) => Err(SendmailError::CannotRun(self.program, cause)),
        }
    }

    /// Waits until the program has exited, but not longer than `limit`.
    pub fn wait_briefly(&mut self, limit: Duration) {
        self.running.wait_briefly(limit);
    }

    /// True if [`Sending::wait`] needs no time.
    pub fn has_exited(&mut self) -> bool {
        self.running.has_exited()
    }
}

#[cfg(test)]
mod tests;
