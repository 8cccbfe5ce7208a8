//! One file per subcommand: its options (the doc comment is --help), what it does, what it says.

pub mod close;
pub mod deliver;
pub mod flush;
pub mod reindex;
pub mod restore;
pub mod verify;

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
