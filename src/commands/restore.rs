//! `tickets restore`: put back what another program overwrote.

use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::Status;
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

impl Restore {
    /// Runs the command.
    pub fn run(self, overrides: &Overrides) -> Result<Status> {
        let mut desk = Desk::open(overrides)?;
        for &id in &self.tickets {
            if desk.store.locate(id)?.is_none() {
                return Err(super::no_ticket(&desk, id).into());
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
                super::say(format_args!("missing {what}"))?;
            } else if desk.restore(&missing.copy)? {
                super::say(format_args!("restored {what}"))?;
            }
        }
        if count == 0 {
            super::remark("nothing is missing");
        } else if only_say {
            super::remark("`tickets restore TICKET` puts them back");
        }
        Ok(Status::Ok)
    }
}
