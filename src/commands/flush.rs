//! `tickets flush`: try again to send what waits in the outbox.

use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::Status;
use anyhow::Result;

/// Send the mail that waits in the outbox, without regard to pauses
///
/// Good for cron, too: deliveries try again by themselves, but only when mail comes in.
#[derive(clap::Args)]
pub struct Flush {
    /// Say nothing unless something could not be sent
    #[arg(short, long)]
    quiet: bool,
}

impl Flush {
    /// Runs the command.
    pub fn run(self, overrides: &Overrides) -> Result<Status> {
        let mut desk = Desk::open(overrides)?;
        let (sent, unsent) = desk.flush()?;
        if !self.quiet || !unsent.is_empty() {
            super::say(format_args!(
                "{sent} sent, {} waiting",
                desk.outbox.waiting()?.len()
            ))?;
        }
        for line in &unsent {
            super::remark(line);
        }
        Ok(if unsent.is_empty() {
            Status::Ok
        } else {
            Status::TempFail
        })
    }
}
