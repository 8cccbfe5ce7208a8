//! How a command ends: the exit status, the sentence, the hint.
//!
//! Errors travel as `anyhow::Error`. Where the status or a hint matters, a [`Fault`] stands at
//! the bottom of the chain; everything without one is a temporary failure (75), which is the
//! only status that every MTA answers by keeping the mail.

use std::fmt;

/// An exit status of sysexits.h. `deliver` knows only `Ok`, `DataErr`, `NoUser` and `TempFail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// Done, and nothing was found.
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
    /// Not permitted.
    NoPerm = 77,
    /// The configuration is wrong.
    Config = 78,
}

/// An error with a status of its own and, perhaps, a command that mends it.
#[derive(Debug)]
pub struct Fault {
    /// Exit status of an interactive command.
    pub status: Status,
    message: String,
    /// Lines that show what it is about, each with its line end.
    shown: String,
    /// One command or sentence that helps, shown after `hint:`.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault that says `message`: lower case, no full stop.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Fault {
            status,
            message: message.into(),
            shown: String::new(),
            hint: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Fault {
    /// The same with lines that show what it is about: harmless ones, printed as they are.
    #[must_use]
    pub fn showing(mut self, lines: impl Into<String>) -> Self {
        self.shown = lines.into() + "\n";
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
/// Control characters are made visible, since a header may be quoted in it.
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

/// The hint that goes with `error`, if there is one.
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

/// Prints `error` on stderr: one line, what it is about, and at most one hint: `known`, if the caller
/// has one, else that of the error itself.
pub fn report(error: &anyhow::Error, known: Option<String>) {
    let mut text = format!("tickets: {}\n", line(error));
    text.push_str(fault(error).map_or("", |fault| &fault.shown));
    if let Some(hint) = known.or_else(|| hint(error)) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    use std::io::Write;
    // Nowhere is left to complain to if stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// True if the error is only that nobody reads our output any more (`| head`).
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| {
        e.downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
