//! One file per subcommand: its options (the doc comment is --help), what it does, what it says.

pub mod address;
pub mod check;
pub mod close;
pub mod completions;
pub mod deliver;
pub mod export;
pub mod flush;
pub mod import;
pub mod init;
pub mod list;
pub mod mutt;
pub mod policy;
pub mod reindex;
pub mod reply;
pub mod restore;
pub mod search;
pub mod show;
pub mod stats;
pub mod timeline;
pub mod verify;
pub mod when;

use crate::config::{Config, Overrides};
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::store::Place;
use crate::ticket::TicketId;
use anyhow::Result;
use std::io::Write;
use std::path::Path;

/// Prints a line on standard output, where nothing but results goes.
pub fn say(line: impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// Prints a line on stderr that is no reason to fail.
pub fn remark(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "tickets: {line}");
}

/// `1 ticket`, `2 tickets`.
fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The error for a ticket that does not exist.
pub fn no_ticket(desk: &Desk, id: TicketId) -> Fault {
    let text = format!("no ticket {id} in {}", desk.store.root().display());
    Fault::new(Status::NoInput, text).hint("`tickets list --all` shows every ticket")
}

/// True if the store has no ticket at all, and perhaps is not there: looking creates nothing, since
/// the directory may be mistyped.
fn has_no_tickets(desk: &Desk) -> Result<bool> {
    Ok(desk.store.is_empty(Place::Open)? && desk.store.is_empty(Place::Archived)?)
}

/// Says on stderr what makes a first ticket.
fn remark_no_tickets(desk: &Desk) {
    remark(format_args!(
        "no tickets in {} yet; the first mail to {} opens one",
        desk.store.root().display(),
        desk.config.addresses.submit()
    ));
}

/// A string as TOML has it: as it stands in single quotes where backslashes would double.
fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    // JSON's escapes are TOML's.
    serde_json::Value::from(text).to_string()
}

/// `program` with the options by which it finds this desk again.
fn again(program: &str, overrides: &Overrides) -> String {
    let mut command = program.to_owned();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let usual = |file: &Path| {
        file == Path::new("/etc/tickets/config.toml")
            || Config::own_file().is_ok_and(|own| own == file)
    };
    if let Some(file) = overrides.config.as_deref().map(absolute)
        && !usual(&file)
    {
        command.push_str(&format!(" --config {}", file.display()));
    }
    if let Some(dir) = overrides.dir.as_deref().map(absolute) {
        command.push_str(&format!(" --dir {}", dir.display()));
    }
    command
}
