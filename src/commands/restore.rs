//! `tickets restore`: put back what another program overwrote (D10).

use super::logged;
use super::text::here;
use crate::error::Status;
use crate::log::Severity;
use crate::part::{Context, Run};
use crate::screen;
use crate::ticket::numbers::TicketNumbers;
use anyhow::Result;

/// Put back messages that were filed and are no longer in their mbox
///
/// Some mail programs lose their lock while they save a folder, and overwrite what is filed at that
/// moment. Copies of filed messages are kept for a while (`keep_recent`). Without a ticket, only says
/// what is missing; that includes messages that you deleted yourself.
#[derive(clap::Args)]
pub struct Restore {
    /// Ticket whose messages are put back, or several: 12,13, or 12-15 for those that exist (can be repeated)
    #[arg(value_name = "TICKET", conflicts_with = "all")]
    tickets: Vec<TicketNumbers>,
    /// Put back the messages of every ticket
    #[arg(long)]
    all: bool,
}

impl Run for Restore {
    const NAME: &'static str = "restore";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk_to_write()?;
        let tickets = desk.named(&self.tickets)?;
        for &id in &tickets {
            desk.state_of(id)?;
        }
        let only_say = tickets.is_empty() && !self.all;
        let mut count = 0;
        for missing in desk.missing()? {
            let id = missing.copy.ticket;
            if !only_say && !self.all && !tickets.contains(&id) {
                continue;
            }
            count += 1;
            let (day, author) = (&missing.copy.day, &missing.author);
            let line = format!("{id}  {day}  {author}  {}", missing.subject);
            if only_say {
                screen::say(format_args!("missing {line}"))?;
            } else if desk.restore(&missing.copy)? {
                let restored = logged::by().number("ticket", id).word("restored");
                restored
                    .name("copy", &missing.copy.digest)
                    .write(Severity::Info);
                screen::say(format_args!("restored {line}"))?;
            }
        }
        if count == 0 {
            screen::remark("nothing is missing");
        } else if only_say {
            let again = here(&desk.config.overrides);
            screen::remark(format_args!("`{again} restore TICKET` puts them back"));
        }
        Ok(Status::Ok)
    }
}
