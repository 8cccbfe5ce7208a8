//! `tickets verify`: would mail to this address be taken?

use crate::config::{CatchAll, Overrides, UnknownTicket};
use crate::desk::Desk;
use crate::error::Status;
use crate::ticket::address::Target;
use crate::ticket::route::Refusal;
use anyhow::Result;

/// Say whether mail to an address would be accepted, for an MTA at RCPT time
///
/// Exit status: 0 it would, 67 it would not (the reason is printed), 75 cannot tell now.
#[derive(clap::Args)]
pub struct Verify {
    /// The recipient
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: String,
}

impl Verify {
    /// Runs the command.
    pub fn run(self, overrides: &Overrides) -> Result<Status> {
        let desk = Desk::look(overrides)?;
        let refusal = match desk.config.addresses.target(&self.address) {
            Some(Target::Submit) => return Ok(Status::Ok),
            Some(Target::Ticket(id, _)) if desk.store.locate(id)?.is_some() => {
                return Ok(Status::Ok);
            }
            Some(_) if desk.config.unknown_ticket == UnknownTicket::Open => return Ok(Status::Ok),
            Some(_) => Refusal::UnknownTicket(self.address),
            None if desk.config.catch_all == CatchAll::Submit => return Ok(Status::Ok),
            None => Refusal::NotOurs(self.address),
        };
        super::say(super::deliver::reason(&desk, &refusal))?;
        Ok(Status::NoUser)
    }
}
