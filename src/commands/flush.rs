//! `tickets flush`: try again to send what is waiting in the outbox.

use super::logged;
use crate::desk::Flushed;
use crate::error::Status;
use crate::log::Severity;
use crate::part::{Context, Run};
use crate::screen;
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
        let flushed = desk.flush()?;
        let lying = screen::lying(flushed.waiting, flushed.held, flushed.held_until);
        let Flushed {
            sent,
            given_up,
            unsent,
            off,
            ..
        } = flushed;
        if sent > 0 || given_up > 0 {
            let line = logged::by().word("flush").number("sent", sent);
            let line = line.count("given_up", given_up);
            match unsent.first() {
                Some(why) => line.text("warning", why).write(Severity::Warning),
                None => line.write(Severity::Info),
            }
        }
        if !self.quiet || !unsent.is_empty() {
            screen::say(format_args!("{sent} sent, {lying}"))?;
        }
        if let Some(off) = off.filter(|_| !self.quiet) {
            screen::say(format_args!("{}; {}", off.text(), off.mend()))?;
        }
        for line in &unsent {
            screen::remark(line);
        }
        Ok(if unsent.is_empty() {
            Status::Ok
        } else {
            Status::TempFail
        })
    }
}
