//! What the mail server holds for an address of the desk's.

use super::text::for_admin;
use crate::config::Config;
use crate::error::{Fault, Status, harmless};
use crate::ticket::policy::CatchAll;
use anyhow::Result;

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

/// Says no where the mail server's pieces bring mail to a desk whose configuration is gone: what is guessed instead is
/// another desk, with another store, and mail in it would be seen by nobody (E8).
///
/// # Errors
/// Status 75, so that the mail waits.
pub(super) fn expect_configuration(config: &Config) -> Result<()> {
    if config.file.is_some() || config.dir_named {
        return Ok(());
    }
    let anew = match config.lost() {
        Some(lost) => lost.hint(),
        None => "`tickets init` writes it anew".to_owned(),
    };
    let text = format!(
        "the configuration of the desk is gone to which the mail server brings mail; {anew}"
    );
    Err(Fault::new(Status::TempFail, text).into())
}

/// True for an address that this desk neither takes nor has a form for, so that it may be one of before.
pub(super) fn is_unknown(config: &Config, address: &str) -> bool {
    let addresses = &config.addresses;
    config.catch_all == CatchAll::Reject
        && addresses.target(address).is_none()
        && !addresses.begins_like_a_tickets(address)
}
