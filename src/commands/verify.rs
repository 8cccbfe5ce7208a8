//! `tickets verify`: would mail to this address be taken?

use super::routed::is_unknown;
use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::screen;
use crate::ticket::route;
use anyhow::Result;

/// Say whether mail to an address would be accepted, for an MTA at RCPT time
///
/// Exit status: 0 it would, 67 it would not (the reason is printed), 75 cannot tell now.
#[derive(clap::Args)]
pub struct Verify {
    /// The mail server holds the address for the desk's: if it is not, that cannot be told now
    #[arg(long)]
    routed: bool,
    /// The recipient
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: String,
}

impl Run for Verify {
    const NAME: &'static str = "verify";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk_for_mta()?;
        match route::refusal(&self.address, &desk.rules(), &desk)? {
            None => Ok(Status::Ok),
            // The pieces of the mail server were made with other values (E8).
            Some(_) if self.routed && is_unknown(&desk.config, &self.address) => {
                let text = format!("{} is no address of this desk now", self.address);
                Err(Fault::new(Status::TempFail, text).into())
            }
            Some(refusal) => {
                screen::say(refusal.status_line(&desk.config.addresses.submit()))?;
                Ok(Status::NoUser)
            }
        }
    }
}
