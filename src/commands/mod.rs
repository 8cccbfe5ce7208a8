//! One file per subcommand: its options (the doc comment is --help), what it does, what it says.

pub mod close;
pub mod deliver;
pub mod flush;
pub mod list;
pub mod reindex;
pub mod restore;
pub mod show;
pub mod verify;

use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use anyhow::Result;
use std::io::Write;

/// Prints a line on standard output, where nothing but results goes.
pub fn say(line: impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// Prints a line on stderr that is no reason to fail.
pub fn remark(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "tickets: {line}");
}

/// The error for a ticket that does not exist.
pub fn no_ticket(desk: &Desk, id: TicketId) -> Fault {
    let text = format!("no ticket {id} in {}", desk.store.root().display());
    Fault::new(Status::NoInput, text).hint("`tickets list --all` shows every ticket")
}
