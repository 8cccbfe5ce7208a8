//! `tickets flush`: try again to send what is waiting in the outbox.

use crate::error::Status;
use crate::part::{Context, Run};
use anyhow::Result;

/// Send the mail that is waiting in the outbox now
///
/// Useful in cron, too: deliveries try again by themselves, but only when new mail comes in.
#[derive(clap::Args)]
pub struct Flush {
    /// Print nothing unless something could not be sent
    #[arg(short, long)]
    quiet: bool,
}

impl Run for Flush {
    const NAME: &'static str = "flush";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk_to_write_for_mta()?;
        let (sent, unsent) = desk.flush()?;
        if !self.quiet || !unsent.is_empty() {
            crate::screen::say(format_args!(
                "{sent} sent, {} waiting",
                desk.outbox.waiting()?.len()
            ))?;
        }
        for line in &unsent {
            crate::screen::remark(line);
        }
        Ok(if unsent.is_empty() {
            Status::Ok
        } else {
            Status::TempFail
        })
    }
}
