//! `tickets address`: where to write to.

use crate::config::Config;
use crate::error::Status;
use crate::part::{Context, Run};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use anyhow::Result;

/// Print the addresses of tickets
///
/// One a line, whether or not there are such tickets: by mail to them the tickets are answered. With
/// `address_secret` nobody could guess them. `-done` before the `@` closes the ticket, `-quiet`
/// tells nobody.
#[derive(clap::Args)]
pub struct Address {
    /// Ticket (can be repeated)
    #[arg(required = true, value_name = "TICKET")]
    tickets: Vec<TicketId>,
}

impl Run for Address {
    const NAME: &'static str = "address";

    fn run(self, cx: &Context) -> Result<Status> {
        let config = Config::load(&cx.overrides)?;
        for id in self.tickets {
            crate::screen::say(config.addresses.ticket(id, Verb::Update))?;
        }
        Ok(Status::Ok)
    }
}
