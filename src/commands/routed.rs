//! What the mail server holds for an address of the desk's.

use super::text::for_admin;
use crate::config::Config;
use crate::error::{Fault, Status, harmless};
use crate::ticket::policy::CatchAll;

/// Why mail to `address` waits that the mail server brings as the desk's: its pieces were made with another `domain`,
/// `submit` or `ticket` (E8). `None` if the desk takes it, or knows better why not. `option` makes the pieces anew.
pub(super) fn disagreement(config: &Config, address: &str, option: &str) -> Option<Fault> {
    if !is_unknown(config, address) {
        return None;
    }
    let text = format!(
        "the mail server brings mail for {}, which is no address of this desk now; make its pieces anew: \
         `{} init {option} | sudo sh`",
        harmless(address),
        for_admin(&config.overrides)
    );
    Some(Fault::new(Status::TempFail, text))
}

/// True for an address that this desk neither takes nor has a form for, so that it may be one of before.
pub(super) fn is_unknown(config: &Config, address: &str) -> bool {
    let addresses = &config.addresses;
    config.catch_all == CatchAll::Reject
        && addresses.target(address).is_none()
        && !addresses.begins_like_a_tickets(address)
}
