//! `tickets hello`, an example of a part: a command, and lines of its own in the timeline.
//!
//! This folder as `src/parts/hello`, and the line `hello,` in the table of `src/parts/mod.rs`, are all
//! that such a part takes.

mod command;
mod greetings;

use crate::desk::Desk;
use crate::part::{BuiltIn, Command, Part};
use crate::ticket::timeline::Provider;

/// The part.
pub const PART: HelloPart = HelloPart;

/// See [`Part`].
pub struct HelloPart;

impl Part for HelloPart {
    fn name(&self) -> &str {
        "hello"
    }

    fn summary(&self) -> &str {
        "greets, and keeps a record of it"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        // For the test that a broken part keeps no mail waiting.
        let works = std::env::var_os("HELLO_IS_BROKEN").is_none();
        assert!(works, "hello is broken");
        vec![&BuiltIn::<command::Hello>::COMMAND]
    }

    fn events<'a>(&'a self, _: &'a Desk) -> Vec<Box<dyn Provider + 'a>> {
        vec![Box::new(greetings::Greetings)]
    }
}
