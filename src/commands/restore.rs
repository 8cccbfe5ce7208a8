//! `tickets restore`: put back what another program overwrote.

use crate::error::Status;
use crate::part::{Context, Run};
use crate::ticket::TicketId;
use anyhow::Result;

/// Put back messages that were filed and are no longer in their mbox
///
/// Some mail programs lose their lock while they save a folder, and overwrite what is filed at
/// that moment. Copies are kept for `keep_recent` days. Without a ticket it only says what is
/// missing; a message that you deleted yourself is among it.
#[derive(clap::Args)]
pub struct Restore {
    /// Ticket to mend (can be repeated)
    #[arg(value_name = "TICKET", conflicts_with = "all")]
    tickets: Vec<TicketId>,
    /// Mend every ticket
    #[arg(long)]
    all: bool,
}

impl Run for Restore {
    const NAME: &'static str = "restore";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk_to_write()?;
        for &id in &self.tickets {
            if desk.store.locate(id)?.is_none() {
                return Err(desk.no_ticket(id).into());
            }
        }
        let only_say = self.tickets.is_empty() && !self.all;
        let mut count = 0;
        for missing in desk.missing()? {
            let id = missing.copy.ticket;
            if !only_say && !self.all && !self.tickets.contains(&id) {
                continue;
            }
            count += 1;
            let (day, author) = (&missing.copy.day, &missing.author);
            let what = format!("{id}  {day}  {author}  {}", missing.subject);
            if only_say {
                crate::screen::say(format_args!("missing {what}"))?;
            } else if desk.restore(&missing.copy)? {
                crate::screen::say(format_args!("restored {what}"))?;
            }
        }
        if count == 0 {
            crate::screen::remark("nothing is missing");
        } else if only_say {
            crate::screen::remark("`tickets restore TICKET` puts them back");
        }
        Ok(Status::Ok)
    }
}
