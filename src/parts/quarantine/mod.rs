//! `tickets quarantine`: what filters kept from the tickets, for the operator to let out or to drop.
//!
//! That filters can put a message there is the core's; without this part, mutt opens the directory as a Maildir.

mod command;
mod job;

use crate::part::{BuiltIn, Command, Job, Part};

/// The part.
pub(crate) const PART: QuarantinePart = QuarantinePart;

/// See [`Part`].
pub(crate) struct QuarantinePart;

impl Part for QuarantinePart {
    fn name(&self) -> &str {
        "quarantine"
    }

    fn summary(&self) -> &str {
        "shows and releases what filters kept from the tickets"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Quarantine>::COMMAND]
    }

    fn jobs(&self) -> Vec<&dyn Job> {
        vec![&job::KeepQuarantine]
    }
}
