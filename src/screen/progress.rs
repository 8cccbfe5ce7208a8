//! A line on the terminal that says how far a long work has come.

use super::{Width, cut};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A work that takes less is not spoken of.
const SILENT: Duration = Duration::from_millis(700);
/// Pause between two looks of the line.
const PAUSE: Duration = Duration::from_millis(200);
/// Columns of the bar.
const BAR: usize = 24;

/// The line; it vanishes with the value.
pub struct Line {
    what: &'static str,
    begun: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Line {
    /// A line about `what` is being done, such as "reading tickets". Says nothing if stderr is no
    /// terminal, or if the work is over soon.
    pub fn about(what: &'static str) -> Line {
        Line {
            what,
            begun: Instant::now(),
            shown: None,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Shows that so many `of` so many are `done`.
    pub fn show(&mut self, done: usize, of: usize) {
        let spent = self.begun.elapsed();
        let last = self.shown.map(|shown| shown.elapsed());
        if !self.terminal || spent < SILENT || last.is_some_and(|last| last < PAUSE) {
            return;
        }
        self.shown = Some(Instant::now());
        let line = text(self.what, done, of, spent, columns());
        // To the column's start, and away with what stood there.
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// The columns that a line on stderr, a terminal, may have and stay one line.
pub fn columns() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    // The last one is left to the cursor.
    size.map_or(80, |(columns, _)| usize::from(columns.0))
        .saturating_sub(1)
}

/// `reading tickets  [=======       ]  12,000 of 48,000, 40 s left`, with a bar as long as there is
/// room, or none.
fn text(what: &str, done: usize, all: usize, spent: Duration, columns: usize) -> String {
    let left = match done {
        0 => String::new(),
        _ => {
            let ahead = all.saturating_sub(done) as f64 / done as f64;
            format!(", {} left", span(spent.mul_f64(ahead)))
        }
    };
    let numbers = format!("{} of {}{left}", grouped(done), grouped(all));
    let room = columns.saturating_sub(what.width() + numbers.width() + "  []  ".len());
    let room = room.min(BAR);
    if room < 4 {
        let line = format!("{what}  {numbers}");
        if line.width() <= columns {
            return line;
        }
        // Half a number would be another number.
        let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
        return cut(&format!("{percent} %  {what}"), columns);
    }
    let filled = (room * done).checked_div(all).unwrap_or(room).min(room);
    let (bar, rest) = ("=".repeat(filled), " ".repeat(room - filled));
    format!("{what}  [{bar}{rest}]  {numbers}")
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        secs @ 0..60 => format!("{} s", secs + 1),
        secs => format!("{} min {} s", secs / 60, secs % 60),
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_and_how_long() {
        for (done, all, spent, columns, want) in [
            (
                0,
                48_000,
                1,
                79,
                "reading  [                        ]  0 of 48,000",
            ),
            (
                12_000,
                48_000,
                10,
                79,
                "reading  [======                  ]  12,000 of 48,000, 31 s left",
            ),
            (
                1_000,
                1_000_000,
                1,
                79,
                "reading  [                        ]  1,000 of 1,000,000, 16 min 39 s left",
            ),
            (
                7,
                7,
                1,
                79,
                "reading  [========================]  7 of 7, 1 s left",
            ),
            (
                500_000,
                1_000_000,
                1,
                59,
                "reading  [========        ]  500,000 of 1,000,000, 2 s left",
            ),
            (
                500_000,
                1_000_000,
                1,
                46,
                "reading  500,000 of 1,000,000, 2 s left",
            ),
            (500_000, 1_000_000, 1, 19, "50 %  reading"),
            (0, 0, 1, 9, "100 %  r…"),
        ] {
            let spent = Duration::from_secs(spent);
            assert_eq!(text("reading", done, all, spent, columns), want);
        }
    }
}
