//! `tickets reindex`: make the index anew.

use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::Status;
use anyhow::Result;

/// Make the index anew from the mboxes
///
/// Never needed in normal work: a file that was changed is noticed and read again, and a missing
/// index is made by the next command.
#[derive(clap::Args)]
pub struct Reindex {}

impl Reindex {
    /// Runs the command.
    pub fn run(self, overrides: &Overrides) -> Result<Status> {
        let mut desk = Desk::open(overrides)?;
        let (tickets, messages) = desk.reindex()?;
        let plural = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (tickets, messages) = (
            plural(tickets as u64, "ticket"),
            plural(messages, "message"),
        );
        super::say(format_args!("{tickets}, {messages}"))?;
        Ok(Status::Ok)
    }
}
