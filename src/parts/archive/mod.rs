//! `tickets import` and `tickets export`: tickets from other systems, and into any mail program.

mod debbugs;
pub mod export;
pub mod exported;
pub mod filing;
pub mod import;
pub mod mark;
pub mod message;
mod progress;
mod reader;
pub mod source;
pub mod target;
pub mod thread;

use crate::part::{BuiltIn, Command, Part};

/// The part.
pub const PART: Archive = Archive;

/// See [`Part`].
pub struct Archive;

impl Part for Archive {
    fn name(&self) -> &str {
        "archive"
    }

    fn summary(&self) -> &str {
        "brings tickets in from other systems, and out into any mail program"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<import::Import>::COMMAND, &BuiltIn::<export::Export>::COMMAND]
    }
}
