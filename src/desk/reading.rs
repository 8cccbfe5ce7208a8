//! What a person who asks for something that is not there is told.

use super::Desk;
use crate::error::{Fault, Status};
use crate::index::Overview;
use crate::ticket::State;
use crate::ticket::TicketId;
use anyhow::Result;

impl Desk {
    /// The error for a ticket that does not exist.
    pub fn no_ticket(&self, id: TicketId) -> Fault {
        let text = format!("no ticket {id} in {}", self.store.root().display());
        Fault::new(Status::NoInput, text).hint("`tickets list --all` shows every ticket")
    }

    /// True if the store has no ticket at all, and perhaps does not exist. Looking creates nothing,
    /// since the directory may be mistyped.
    pub fn has_no_tickets(&self) -> Result<bool> {
        Ok(self.store.is_empty(State::Open)? && self.store.is_empty(State::Closed)?)
    }

    /// The remark where there is nothing to show: what makes a first ticket.
    pub fn no_tickets_yet(&self) -> String {
        format!(
            "no tickets in {} yet; the first mail to {} opens one",
            self.store.root().display(),
            self.config.addresses.submit()
        )
    }

    /// True if somebody waits for an answer in a ticket: it is open, and the last word is a customer's,
    /// not the staff's, and no machine's.
    pub fn is_waiting(&self, row: &Overview) -> bool {
        let open = row.state == Some(State::Open);
        open && row.entries > 0 && !row.last_automatic && !self.staff().has(&row.last_from)
    }
}
