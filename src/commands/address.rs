//! `tickets address`: where to write to.

use crate::error::Status;
use crate::part::{Context, Run};
use crate::ticket::address::Verb;
use crate::ticket::numbers::TicketNumbers;
use anyhow::Result;

/// Print the addresses of tickets
///
/// One a line, whether or not the tickets exist. Mail to such an address is filed in its ticket; with
/// `address_secret`, nobody can guess it. Put `-done` before the `@` to close the ticket as well, or
/// `-quiet` to file the mail without telling anybody.
#[derive(clap::Args)]
pub struct Address {
    /// Ticket, or several: 12,13, or 12-15 for those that exist (can be repeated)
    #[arg(required = true, value_name = "TICKET")]
    tickets: Vec<TicketNumbers>,
}

impl Run for Address {
    const NAME: &'static str = "address";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.planned_desk()?;
        for id in desk.named(&self.tickets)? {
            crate::screen::say(desk.config.addresses.ticket(id, Verb::Update))?;
        }
        Ok(Status::Ok)
    }
}
