//! Why a module gave no answer, in words.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The most bytes that a module may answer.
pub(super) const MOST: usize = 64 << 10;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// What has to be made ready for it cannot be made.
    NotReady(String),
    /// Its program, or the interpreter that its first line names, is not there.
    NoProgram(PathBuf, bool),
    /// The first line of its program ends in CR LF, and so names no interpreter that is there.
    CrLf(PathBuf),
    /// Its program cannot be started.
    CannotRun(io::Error),
    /// It ran at once with another one of it for too long, of which this process runs.
    Busy(Option<u32>),
    /// It did not answer within this time, and was killed.
    TimedOut(Duration),
    /// It exited with this status. What it wrote to its stderr last comes with it, here and below.
    Status(i32, String),
    /// It was killed by this signal.
    Signal(i32, String),
    /// It said more than it may.
    SaidTooMuch,
    /// A line of what it said has more bytes than these.
    LineTooLong(usize),
    /// It said this, which is not what it was asked for.
    Odd(String),
    /// What it said is no JSON object.
    NoObject(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = |f: &mut fmt::Formatter<'_>, line: &str| match line {
            "" => Ok(()),
            line => write!(f, ": {line}"),
        };
        match self {
            Failure::NotReady(why) => f.write_str(why),
            Failure::NoProgram(path, true) => {
                write!(
                    f,
                    "the interpreter that the first line of {} names is not there",
                    path.display()
                )
            }
            Failure::CrLf(path) => write!(f, "the first line of {} ends in CR LF", path.display()),
            Failure::NoProgram(path, false) => write!(f, "there is no {}", path.display()),
            Failure::CannotRun(e) if e.raw_os_error() == Some(nix::libc::ENOEXEC) => {
                f.write_str("it cannot be started: a script needs a first line such as #!/bin/sh")
            }
            Failure::CannotRun(e) => write!(f, "it cannot be started: {e}"),
            Failure::Busy(None) => f.write_str("it was busy for too long"),
            Failure::Busy(Some(pid)) => write!(f, "it was busy for too long: process {pid}"),
            Failure::TimedOut(limit) => {
                write!(f, "it did not answer within {}", in_words(*limit))
            }
            Failure::Status(status, line) => {
                write!(f, "it exited with status {status}")?;
                reason(f, line)
            }
            Failure::Signal(signal, line) => {
                write!(f, "it was killed by signal {signal}")?;
                reason(f, line)
            }
            Failure::SaidTooMuch => write!(f, "it said more than {} KiB", MOST >> 10),
            Failure::LineTooLong(most) => {
                write!(f, "a line of its answer is longer than {} KiB", most >> 10)
            }
            Failure::Odd(why) => f.write_str(why),
            Failure::NoObject(why) => write!(f, "its answer is no JSON object: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

/// A span of time for people.
fn in_words(span: Duration) -> String {
    match (span.as_secs(), span.subsec_millis()) {
        (0, ms) => format!("{ms} ms"),
        (s, _) if s >= 120 => format!("{} min", s / 60),
        (s, _) => format!("{s} s"),
    }
}
