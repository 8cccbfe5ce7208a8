//! What is going on, on a terminal: one line of stderr, written over and over.

use crate::screen::plural;
use crate::parts::archive::filing::Step;
use crate::screen::{cut, progress::columns};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(100);

/// The line; nothing at all where nobody looks.
pub(crate) struct Progress {
    terminal: bool,
    last: Option<Instant>,
}

impl Progress {
    pub fn new() -> Self {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            last: None,
        }
    }

    /// Shows `step`, unless another was shown just now.
    pub fn show(&mut self, step: &Step) {
        if !self.terminal || self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        let text = match step {
            Step::Reading(_, 0, messages) => {
                format!("reading: {}", plural(*messages, "message"))
            }
            Step::Reading(done, total, messages) => {
                let percent = done.saturating_mul(100) / total;
                format!("reading: {}, {percent} %", plural(*messages, "message"))
            }
            Step::Filing(done, total) => {
                format!("filing: {done} of {}", plural(*total, "message"))
            }
            Step::Ticket(_) | Step::Broken(..) => return,
        };
        self.last = Some(Instant::now());
        // Back to the first column, and away with what stood there.
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", cut(&text, columns()));
    }

    /// Prints something else where the line was.
    pub fn aside(&mut self, print: impl FnOnce()) {
        self.clear();
        print();
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if self.last.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
