//! `tickets stats`: what the messages of a desk add up to, as text, data or charts.

mod chart;
mod command;
mod count;
mod data;
mod svg;
mod text;

use crate::part::{BuiltIn, Command, Part};

/// The part.
pub const PART: StatsPart = StatsPart;

/// See [`Part`].
pub struct StatsPart;

impl Part for StatsPart {
    fn name(&self) -> &str {
        "stats"
    }

    fn summary(&self) -> &str {
        "counts tickets, messages and times"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Stats>::COMMAND]
    }
}
