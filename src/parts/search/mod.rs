//! `tickets search`: which tickets hold some words, and the lines they stand in.

mod ask;
pub mod command;
pub mod find;
mod lines;
pub mod marks;
pub mod query;

use crate::part::{BuiltIn, Command, Part};

/// The part.
pub const PART: Search = Search;

/// See [`Part`].
pub struct Search;

impl Part for Search {
    fn name(&self) -> &str {
        "search"
    }

    fn summary(&self) -> &str {
        "finds messages by their words"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Search>::COMMAND]
    }
}
