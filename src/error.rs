//! How a command ends when it fails: the exit status, the message and the hint.
//!
//! Errors are passed on as `anyhow::Error`. Where the status or a hint matters, the root cause is a
//! [`Fault`]. Any other error is a temporary failure (75), the only status for which every MTA keeps
//! the mail.

use std::fmt;

/// Exit statuses, most of them of sysexits.h. `deliver` uses only `Ok`, `DataErr`, `NoUser` and `TempFail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Ok = 0,
    /// Nothing was found.
    Nothing = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The message is over the size limit.
    DataErr = 65,
    /// A ticket or file named by the user does not exist.
    NoInput = 66,
    /// The address, or the ticket it names, does not exist.
    NoUser = 67,
    /// Everything else: try again later.
    TempFail = 75,
    NoPerm = 77,
    /// The configuration is wrong.
    Config = 78,
}

/// An error with an exit status of its own and, optionally, a hint.
#[derive(Debug)]
pub struct Fault {
    /// Exit status of an interactive command.
    pub status: Status,
    message: String,
    /// Whole lines printed below the message.
    details: String,
    /// A command or sentence that helps, printed after `hint:`.
    pub hint: Option<String>,
}

impl Fault {
    /// `message` begins in lower case and has no full stop.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Fault {
            status,
            message: message.into(),
            details: String::new(),
            hint: None,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds lines to be printed below the message. They are printed as they are, so the caller has to
    /// remove control characters.
    #[must_use]
    pub fn details(mut self, lines: impl Into<String>) -> Self {
        self.details = lines.into() + "\n";
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// The status an interactive command exits with for `error`.
pub fn status(error: &anyhow::Error) -> Status {
    if let Some(fault) = fault(error) {
        return fault.status;
    }
    match error
        .chain()
        .find_map(|e| e.downcast_ref::<std::io::Error>())
    {
        Some(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Status::NoPerm,
        _ => Status::TempFail,
    }
}

fn fault(error: &anyhow::Error) -> Option<&Fault> {
    error.chain().find_map(|e| e.downcast_ref::<Fault>())
}

/// The error as one line for a person or a log: `cannot DO WHAT: CAUSE`.
///
/// Control characters become blanks: the message may quote a stranger's header.
pub fn line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.is_empty() {
            // Some libraries repeat their source in their own text.
            if text.ends_with(&cause) {
                continue;
            }
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The hint of the [`Fault`] in `error`, or one for a common system error.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(fault) = fault(error) {
        return fault.hint.clone();
    }
    let io = error
        .chain()
        .find_map(|e| e.downcast_ref::<std::io::Error>())?;
    match io.kind() {
        std::io::ErrorKind::PermissionDenied => {
            Some("run it as the user who owns the store (see `tickets check`)".into())
        }
        std::io::ErrorKind::StorageFull => Some("free some space, then try again".into()),
        _ => None,
    }
}

/// Prints `error` on stderr: one line, its details, and at most one hint. The caller's hint takes precedence
/// over that of the error.
pub fn report(error: &anyhow::Error, callers_hint: Option<String>) {
    let mut text = format!("tickets: {}\n", line(error));
    text.push_str(fault(error).map_or("", |fault| &fault.details));
    if let Some(hint) = callers_hint.or_else(|| hint(error)) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    use std::io::Write;
    // If stderr is closed, there is nowhere left to report to.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// True if the error only means that nobody reads our output any more (`| head`).
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| {
        e.downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
