//! Hands one message to sendmail(8), the interface every MTA offers: a program, arguments, standard input.
//!
//! lettre brings a transport of its own, but that one cannot send the null sender: it leaves `-f` out, the MTA
//! puts the user of the pipe there, and the bounce of an acknowledgement comes back as mail. It also loses the exit
//! status and waits for ever. So only its trait is used here.
//!
//! Nothing goes through a pipe. The message is a file on the child's standard input, so a child that does not read
//! cannot block us or raise SIGPIPE; what it says lands in an unlinked file, so one that says much cannot block
//! itself, and a daemon it leaves behind cannot hold us by keeping a descriptor open.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a killed child may take to die before it is left alone. Exim runs setuid, so the kill may be refused.
const DEATH: Duration = Duration::from_secs(2);

/// What an MTA put into our environment about the message that came in; it says nothing about the one going out.
/// Exim, Postfix and OpenSMTPD; `USER` and `LOGNAME` are the local-part of an address there.
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

/// Where MTAs put their programs; a pipe transport's PATH has only the first of them.
const PROGRAMS: &[&str] = &[
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
    /// Options that stand before ours.
    pub args: Vec<String>,
    /// How long one message may take; then the program and what it started are killed.
    pub timeout: Duration,
}

/// Why a message was not taken.
#[derive(Debug)]
pub enum SendmailError {
    /// Nobody to send it to.
    NoRecipient,
    /// The configured path is not absolute; it is given back.
    NotAbsolute(PathBuf),
    /// There is no such program.
    NotFound(PathBuf),
    /// The program could not be started, or not be waited for.
    CannotRun(PathBuf, io::Error),
    /// The message could not be put where the program reads it.
    CannotRead(io::Error),
    /// It ended with this status (75: try later); the first line it wrote to stderr.
    Status(i32, String),
    /// It was ended by this signal; the first line it wrote to stderr.
    Signal(i32, String),
    /// It did not end in this time and was killed.
    TimedOut(Duration),
}

impl SendmailError {
    /// Whether the next message would fail in the same way, because no sendmail ran at all.
    #[must_use]
    pub fn concerns_every_message(&self) -> bool {
        matches!(
            self,
            Self::NotAbsolute(_) | Self::NotFound(_) | Self::CannotRun(..)
        )
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
            Self::CannotRead(cause) => write!(f, "cannot read the message: {cause}"),
            Self::Status(status, said) => write!(f, "sendmail exited {status}{}", Said(said)),
            Self::Signal(signal, said) => {
                write!(f, "sendmail died of signal {signal}{}", Said(said))
            }
            Self::TimedOut(after) => write!(f, "sendmail did not end within {} s", after.as_secs()),
        }
    }
}

impl std::error::Error for SendmailError {}

struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0)
        }
    }
}

impl Sendmail {
    /// Starts `PROGRAM ARGS.. -i -f SENDER -- RECIPIENT..` with `mail`, from its present position on, as standard
    /// input. `None` is the null sender. Lines end in LF, as sendmail wants them.
    ///
    /// It runs by itself from here: start all messages first, then wait for each, and they are sent side by side.
    ///
    /// # Errors
    /// `NoRecipient`, `NotAbsolute`, `NotFound`, `CannotRun`.
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
        // Without a place for it, what the program says is lost, not the message.
        let said = tempfile::tempfile().ok();
        let stderr = said.as_ref().and_then(|file| file.try_clone().ok());
        let mut command = Command::new(&self.program);
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
            .stderr(stderr.map_or_else(Stdio::null, Stdio::from))
            .current_dir("/")
            .env("PATH", path())
            // Its own group, so that a timeout ends what it started, too. std gives the child an empty signal mask
            // and the default SIGPIPE; a TERM, HUP or INT that Exim ignores stays ignored, which only unsafe code
            // could change, and SIGKILL does not care.
            .process_group(0);
        if ["RECIPIENT", "LOCAL_PART"]
            .iter()
            .any(|name| std::env::var_os(name).is_some())
        {
            for name in INCOMING {
                command.env_remove(name);
            }
        }
        // Exim's pipe sets it to nothing, and a program that finds it unset asks the password database.
        if std::env::var_os("HOME").is_some_and(|home| home.is_empty()) {
            command.env_remove("HOME");
        }
        let child = command.spawn().map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => SendmailError::NotFound(self.program.clone()),
            _ => SendmailError::CannotRun(self.program.clone(), cause),
        })?;
        let running = Running {
            child,
            program: self.program.clone(),
            said,
            timeout: self.timeout,
            started: Instant::now(),
        };
        Ok(running)
    }
}

impl lettre::Transport for Sendmail {
    type Ok = ();
    type Error = SendmailError;

    fn send_raw(
        &self,
        envelope: &lettre::address::Envelope,
        email: &[u8],
    ) -> Result<(), SendmailError> {
        let recipients: Vec<String> = envelope.to().iter().map(ToString::to_string).collect();
        let mail = file_with_lf(email).map_err(SendmailError::CannotRead)?;
        self.start(envelope.from().map(AsRef::as_ref), &recipients, mail)?
            .wait()
    }
}

/// An unlinked file that holds `email` with LF line ends, open at its beginning.
fn file_with_lf(email: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    {
        let mut out = io::BufWriter::new(&file);
        let mut rest = email;
        while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
            out.write_all(&rest[..at])?;
            out.write_all(b"\n")?;
            rest = &rest[at + 2..];
        }
        out.write_all(rest)?;
        out.flush()?;
    }
    file.rewind()?;
    Ok(file)
}

/// Our PATH, and after it what is missing of the usual places.
fn path() -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::env::split_paths(&own)
        .filter(|dir| dir.is_absolute())
        .collect();
    for dir in PROGRAMS {
        if !all.iter().any(|known| known.as_os_str() == *dir) {
            all.push(PathBuf::from(dir));
        }
    }
    std::env::join_paths(all).unwrap_or(own)
}

/// A sendmail that has been started.
#[derive(Debug)]
#[must_use = "a message is sent only when sendmail has said so: wait()"]
pub struct Running {
    child: Child,
    program: PathBuf,
    said: Option<File>,
    timeout: Duration,
    started: Instant,
}

impl Running {
    /// Waits for the program to end; `Ok` when it took the message.
    ///
    /// # Errors
    /// `Status`, `Signal`, `TimedOut`, or `CannotRun` if there is no waiting for it.
    pub fn wait(mut self) -> Result<(), SendmailError> {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        let status = match self.ended_within(left) {
            Ok(Some(status)) => status,
            Ok(None) => {
                // Still ours and not reaped, so the number cannot name anybody else's group.
                let killed =
                    pid(&self.child).map_or(Err(Errno::ESRCH), |pid| killpg(pid, Signal::SIGKILL));
                if killed.is_err() {
                    drop(self.child.kill());
                }
                drop(self.ended_within(DEATH));
                return Err(SendmailError::TimedOut(self.timeout));
            }
            // Whoever started us ignores SIGCHLD, so the kernel threw the status away. A sendmail that refuses a
            // message says why; to send a silent one again and again would be worse than to believe it.
            Err(cause) if cause.raw_os_error() == Some(Errno::ECHILD as i32) => {
                let said = self.first_line();
                return if said.is_empty() {
                    Ok(())
                } else {
                    Err(SendmailError::Status(-1, said))
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

    /// The exit status, if the program ends within `patience`.
    fn ended_within(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        let (tell, told) = mpsc::channel();
        let waiter = pid(&self.child).and_then(|pid| {
            // It only looks (WNOWAIT): the child stays a zombie that can be killed safely until we reap it. The
            // thread is not joined, or a child that cannot be killed would hold us.
            let look = move || {
                let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
                while waitid(Id::Pid(pid), flags) == Err(Errno::EINTR) {}
                let _ = tell.send(());
            };
            thread::Builder::new()
                .name("sendmail".into())
                .spawn(look)
                .ok()
        });
        if waiter.is_some() {
            let _ = told.recv_timeout(patience);
            return self.child.try_wait();
        }
        // No thread to be had: look now and then.
        let until = Instant::now() + patience;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= until {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The first line on stderr that is not empty, fit to be printed.
    fn first_line(&self) -> String {
        let mut head = [0; 2048];
        let got = self
            .said
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
