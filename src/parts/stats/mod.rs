//! `tickets stats`: what the entries of a desk add up to, as text, data or a chart.

mod chart;
pub mod command;
pub mod count;
mod data;
mod svg;
mod text;

use crate::part::{BuiltIn, Command, Part};

/// The part.
pub const PART: Stats = Stats;

/// See [`Part`].
pub struct Stats;

impl Part for Stats {
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
