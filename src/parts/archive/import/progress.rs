//! How far an import has come: a line on a terminal, which is overwritten again and again.

use super::report::Notice;
use crate::screen::plural;
use indicatif::{ProgressBar, ProgressStyle};

/// The line. It is removed when this is dropped, and never shown if stderr is no terminal.
pub(crate) struct ProgressLine(ProgressBar);

impl ProgressLine {
    pub(crate) fn new() -> Self {
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            line.set_style(style);
        }
        ProgressLine(line)
    }

    pub(crate) fn show(&self, notice: &Notice) {
        if self.0.is_hidden() {
            return;
        }
        let text = match *notice {
            Notice::Reading {
                total: 0, messages, ..
            } => format!("reading: {}", plural(messages, "message")),
            Notice::Reading {
                done,
                total,
                messages,
            } => {
                let percent = done.saturating_mul(100) / total;
                format!("reading: {}, {percent} %", plural(messages, "message"))
            }
            Notice::Filing { done, total } => {
                format!("filing: {done} of {}", plural(total, "message"))
            }
            Notice::Ticket(_) | Notice::LeftOut(..) => return,
        };
        self.0.set_message(text);
    }

    /// Removes the line while something else is printed.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
