//! `tickets timeline`: what happened on the desk, newest first, as lines, JSON or a feed.

pub mod command;
pub mod entries;
mod feed;
pub mod history;
pub mod lines;
mod merge;

use crate::desk::Desk;
use crate::part::{BuiltIn, Command, Part};
use crate::ticket::timeline::Provider;

/// The part.
pub const PART: Timeline = Timeline;

/// See [`Part`].
pub struct Timeline;

impl Part for Timeline {
    fn name(&self) -> &str {
        "timeline"
    }

    fn summary(&self) -> &str {
        "says what happened, and publishes it as a feed"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Timeline>::COMMAND]
    }

    fn events<'a>(&'a self, desk: &'a Desk) -> Vec<Box<dyn Provider + 'a>> {
        vec![Box::new(history::Entries(desk))]
    }
}
