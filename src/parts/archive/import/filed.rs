//! Which messages are filed already, as far as the index knows.

use crate::desk::Desk;
use crate::ticket::TicketId;
use crate::ticket::identity::Identity;
use anyhow::Result;

/// True if no ticket has ever been filed: most archives are imported into an empty store.
pub(crate) fn nothing_is_filed(desk: &Desk) -> Result<bool> {
    Ok(!desk.store.private().is_dir() || desk.index()?.highest()? == 0)
}

/// The tickets that hold this very message, the newest first.
pub(crate) fn tickets_with(desk: &Desk, message: &Identity) -> Result<Vec<TicketId>> {
    let index = desk.index()?;
    let mut tickets = Vec::new();
    for id in index.holders(message.key)? {
        if index.position(id, message)?.is_some() {
            tickets.push(id);
        }
    }
    Ok(tickets)
}
