//! `tickets stats`: what the messages of a desk add up to, as text, data or charts.

mod chart;
mod command;
mod count;
mod data;
mod svg;
mod text;

use crate::part::{BuiltIn, Command, Part};

/// The part.
pub(crate) const PART: StatsPart = StatsPart;

/// See [`Part`].
pub(crate) struct StatsPart;

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
