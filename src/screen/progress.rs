//! A bar on the terminal that shows how far a long pass has come.

use crate::error::harmless;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A pass that takes less time is not shown.
const SILENT: Duration = Duration::from_millis(700);

/// How often the bar is drawn in a second, at most.
const RATE: u8 = 10;

/// On a narrower terminal there is no room for the numbers.
const ROOM: u16 = 60;

const WIDE: &str = "{msg}  [{wide_bar}]  {human_pos} of {human_len}, {eta} left";
const NARROW: &str = "{percent} %  {wide_msg}";

/// The bar. It is drawn on stderr if that is a terminal, and removed when this is dropped.
pub struct PassBar {
    bar: ProgressBar,
    begun: Instant,
    /// It is not drawn yet, and may be later.
    waits: bool,
}

impl PassBar {
    /// A bar about what is done, such as "reading tickets".
    pub fn about(what: &'static str) -> PassBar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_message(what);
        PassBar {
            bar,
            begun: Instant::now(),
            waits: stderr().is_terminal(),
        }
    }

    /// Shows that `done` of `all` are done.
    pub fn show(&mut self, done: usize, all: usize) {
        if self.waits && self.begun.elapsed() >= SILENT {
            self.waits = false;
            let size = terminal_size::terminal_size_of(stderr());
            self.bar
                .set_style(style(size.map_or(80, |(columns, _)| columns.0)));
            let target = ProgressDrawTarget::stderr_with_hz(RATE);
            self.bar.set_draw_target(target);
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
    }
}

impl Drop for PassBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line on the terminal that says what is being done, each in the place of the one before. It is written on stderr if
/// that is a terminal, and removed when this is dropped.
pub struct Doing(bool);

impl Doing {
    /// Nothing yet.
    pub fn begin() -> Doing {
        Doing(stderr().is_terminal())
    }

    /// Says what it is now.
    pub fn say(&self, what: &str) {
        if self.0 {
            rewrite(&format!("{} ...", harmless(what)));
        }
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        if self.0 {
            rewrite("");
        }
    }
}

/// Writes `text` in the place of the line where the terminal stands. That it cannot be written is no error.
fn rewrite(text: &str) {
    let _ = stderr().write_all(format!("\r\u{1b}[K{text}").as_bytes());
}

/// The style for a terminal of so many columns. A number that is cut would read as another number.
fn style(columns: u16) -> ProgressStyle {
    let template = if columns < ROOM { NARROW } else { WIDE };
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Width;
    use indicatif::TermLike;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// Keeps the lines that are drawn.
    #[derive(Clone, Debug)]
    struct Paper {
        width: u16,
        drawn: Arc<Mutex<Vec<String>>>,
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            self.width
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            assert_eq!(n, 0, "one line is all there is");
            Ok(())
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.move_cursor_up(n)
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, s: &str) -> io::Result<()> {
            panic!("{s:?} stays on the terminal")
        }
        fn write_str(&self, s: &str) -> io::Result<()> {
            self.drawn.lock().unwrap().push(s.to_owned());
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is drawn on a terminal of so many columns: `TIME` stands for the time that is left, and what
    /// is repeated stands once.
    fn drawn(width: u16, done: usize, all: usize) -> String {
        let paper = Paper {
            width,
            drawn: Arc::default(),
        };
        let mut pass = PassBar::about("reading messages");
        pass.waits = false;
        pass.bar.set_style(style(width));
        pass.show(done, all);
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        pass.bar.set_draw_target(target);
        pass.bar.tick();
        let line = paper.drawn.lock().unwrap().concat();
        assert!(line.width() <= usize::from(width), "{width}: {line:?}");
        let mut letters: Vec<char> = line.trim_end().chars().collect();
        letters.dedup_by(|b, a| a == b && [' ', '='].contains(a));
        let line: String = letters.into_iter().collect();
        match line.rsplit_once(", ") {
            Some((before, _)) if line.ends_with(" left") => format!("{before}, TIME left"),
            _ => line,
        }
    }

    #[test]
    fn it_says_how_far_and_how_long() {
        for (done, all, columns, want) in [
            (
                12_000,
                48_000,
                80,
                "reading messages [=> ] 12,000 of 48,000, TIME left",
            ),
            (7, 7, 60, "reading messages [=] 7 of 7, TIME left"),
            (500_000, 1_000_000, 59, "50 % reading messages"),
            (500_000, 1_000_000, 12, "50 % readin"),
            (0, 0, 9, "100 % re"),
        ] {
            assert_eq!(drawn(columns, done, all), want, "{columns}");
        }
    }

    #[test]
    fn it_fits_every_terminal() {
        for width in 8..200 {
            for (done, all) in [(0, 0), (1, 3), (999_999, 1_000_000), (1_000_000, 1_000_000)] {
                drawn(width, done, all);
            }
        }
    }
}
