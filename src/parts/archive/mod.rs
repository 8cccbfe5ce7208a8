//! `tickets import` and `tickets export`: tickets from other systems, and to any mail program; and the job `archive`,
//! which puts old ones away.

mod envelope;
mod export;
mod import;
mod mark;
mod put_away;

use crate::part::{BuiltIn, Command, Job, Part};

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

    fn jobs(&self) -> Vec<&dyn Job> {
        vec![&put_away::ArchiveOld]
    }
}
