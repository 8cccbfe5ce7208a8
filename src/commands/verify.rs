//! `tickets verify`: would mail to this address be taken?

use crate::desk::Desk;
use crate::error::Status;
use crate::part::{Context, Run};
use crate::ticket::address::Target;
use crate::ticket::policy::{CatchAll, UnknownTicket};
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

impl Run for Verify {
    const NAME: &'static str = "verify";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        match refusal(&desk, &self.address)? {
            None => Ok(Status::Ok),
            Some(refusal) => {
                crate::screen::say(super::deliver::reason(&desk, &refusal))?;
                Ok(Status::NoUser)
            }
        }
    }
}

/// Why mail to `address` would be refused; `None` if it would be taken.
///
/// # Errors
/// The store cannot be looked into.
pub fn refusal(desk: &Desk, address: &str) -> Result<Option<Refusal>> {
    let config = &desk.config;
    Ok(match config.addresses.target(address) {
        Some(Target::Submit) => None,
        Some(Target::Ticket(id, _)) if desk.store.locate(id)?.is_some() => None,
        Some(_) if config.unknown_ticket == UnknownTicket::Open => None,
        Some(Target::Guessed) => Some(Refusal::Guessed(address.to_owned())),
        Some(_) => Some(Refusal::UnknownTicket(address.to_owned())),
        None if config.catch_all == CatchAll::Submit => None,
        None => Some(Refusal::NotOurs(address.to_owned())),
    })
}
