//! `tickets import` and `tickets export`: tickets from other systems, and to any mail program.

mod envelope;
mod export;
mod import;
mod mark;

use crate::part::{BuiltIn, Command, Part};

/// The part's entry in the table.
pub const PART: Archive = Archive;

/// Import and export of tickets.
pub struct Archive;

impl Part for Archive {
    fn name(&self) -> &str {
        "archive"
    }

    fn summary(&self) -> &str {
        "imports tickets from other systems and exports them to any mail program"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![
            &BuiltIn::<import::Import>::COMMAND,
            &BuiltIn::<export::Export>::COMMAND,
        ]
    }
}
