//! `tickets timeline`: what happened on the desk, newest first, as lines, JSON or a feed.

mod command;
mod feed;
mod ids;
mod kind;
mod merge;
mod messages;
mod rows;

use crate::desk::Desk;
use crate::part::{BuiltIn, Command, Part};
use crate::ticket::timeline::Provider;
use messages::TicketMessages;

/// The part.
pub(crate) const PART: TimelinePart = TimelinePart;

/// See [`Part`].
pub(crate) struct TimelinePart;

impl Part for TimelinePart {
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
        vec![Box::new(TicketMessages(desk))]
    }
}
