//! How a command ends when it fails: the exit status, the message and the hint.
//!
//! Errors are passed on as `anyhow::Error`. Where the status or a hint matters, the root cause is a
//! [`Fault`]. Any other error is a temporary failure (75), the only status for which every MTA keeps
//! the mail.

mod nearest;
mod wording;

pub use nearest::nearest;
pub use wording::{mixed_up, toml_in_words, wrong_value};

use std::fmt;
use std::io::Write;
use std::path::Path;

/// The manual, for a hint that leads there. The Debian package is built with the place where it has it.
pub const MANUAL: &str = match option_env!("TICKETS_MANUAL") {
    Some(place) => place,
    None => "docs/manual.md",
};

/// Exit statuses, most of them of sysexits.h. `deliver` uses only `Ok`, `DataErr`, `NoUser` and `TempFail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Ok = 0,
    /// Nothing was found, or `check` has a warning.
    Nothing = 1,
    /// What `check` looked at does not work.
    Fault = 2,
    /// `check` could not look at it.
    Unknown = 3,
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

impl Status {
    /// Something is to be looked at: the same as [`Status::Nothing`], as monitors count.
    pub const WARNING: Status = Status::Nothing;
}

/// An error with an exit status of its own and, optionally, a hint.
#[derive(Clone, Debug)]
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

    /// Adds lines to be printed below the message.
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
/// It may quote a stranger's header, and is harmless all the same.
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
    harmless(&text)
}

/// `text` as one line that does no harm to a terminal or a log, whoever wrote it: what controls a terminal,
/// turns the direction of writing or cannot be seen becomes a blank.
pub fn harmless(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0001}')
    };
    text.replace(harmful, " ")
}

/// `text` as one word of a command that is pasted into a shell; in quotes only where it needs them.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@=:,%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// [`quoted`] for a path. One that begins with a minus would be taken for an option.
pub fn quoted_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    match text.starts_with('-') {
        true => quoted(&format!("./{text}")),
        false => quoted(&text),
    }
}

/// Prints a line on stderr, which may quote anything. That it cannot be printed is no error.
pub fn print(line: &str) {
    let _ = std::io::stderr().write_all(format!("{}\n", harmless(line)).as_bytes());
}

/// True if the system refuses `error` for lack of permission, and it explains itself no further.
pub fn is_denied(error: &anyhow::Error) -> bool {
    fault(error).is_none() && status(error) == Status::NoPerm
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
        std::io::ErrorKind::StorageFull => Some("free some space, then try again".into()),
        _ => None,
    }
}

/// Prints `error` on stderr: one line, its details, and at most one hint.
pub fn report(error: &anyhow::Error, hint: Option<String>) {
    let mut text = format!("tickets: {}\n", line(error));
    for detail in fault(error).iter().flat_map(|fault| fault.details.lines()) {
        text.push_str(&format!("{}\n", harmless(detail)));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", harmless(&hint)));
    }
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
