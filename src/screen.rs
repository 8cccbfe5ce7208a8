//! Printing for people: what fits, what lines up, and where it goes.
//!
//! Commands hand plain values to the two layouts ([`Layout`], [`conversation`]) and their result
//! to [`page`] or [`Output`]. Results may hold colours; whatever prints them takes these off where they would
//! do harm (a pipe, `NO_COLOR`).

mod conversation;
pub mod progress;
mod table;

pub use conversation::{Message, conversation};
pub use table::{Layout, Row, Widths};

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

/// The columns there are, or `None` if nobody counts them: standard output is no terminal.
///
/// `$COLUMNS`, if it is set, says so for both (watch(1) sets it for its pipes).
pub fn width() -> Option<usize> {
    let told = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.trim().parse().ok());
    told.filter(|&columns| columns > 0).or_else(|| {
        let stdout = io::stdout();
        stdout.is_terminal().then(|| {
            let size = terminal_size::terminal_size_of(stdout);
            // Some terminals do not know their own size.
            size.map_or(80, |(columns, _)| usize::from(columns.0))
        })
    })
}

/// `text` in exactly `columns` columns: filled up with blanks, or cut, with an ellipsis at the end.
///
/// Counts what a terminal shows: two for a wide character, none for a combining one.
pub fn fit(text: &str, columns: usize) -> String {
    let mut fitted = cut(text, columns);
    let used = fitted.width();
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    fitted
}

/// `text` in at most `columns` columns.
fn cut(text: &str, columns: usize) -> String {
    // More characters than that are a joke made of combining marks, and would cost time.
    let sane = text
        .char_indices()
        .nth(columns * 4 + 16)
        .map_or(text.len(), |(at, _)| at);
    if sane == text.len() && text.width() <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    // The longest head that fits, so that marks stay with their letter and emoji stay whole.
    let ends = text[..sane].char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends
        .take_while(|&end| text[..end].width() <= room)
        .last()
        .unwrap_or(0);
    let whole = &text[..end];
    format!("{}…", whole.trim_end_matches([' ', '\u{200d}']))
}

/// A span of time in at most three columns (to 99 years): `now`, `3m`, `5h`, `2d`, `7w`, `3y`.
pub fn age(seconds: i64) -> String {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        ..60 => "now".to_owned(),
        60..HOUR => format!("{}m", seconds / 60),
        HOUR..DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 14 * DAY => format!("{}d", seconds / DAY),
        _ if seconds < 365 * DAY => format!("{}w", seconds / (7 * DAY)),
        _ => format!("{}y", seconds / (365 * DAY)),
    }
}

/// A count of bytes: `0 B`, `48 kB`, `1.2 MB` (1 kB = 1000 B).
pub fn size(bytes: usize) -> String {
    let mut units = ["kB", "MB", "GB", "TB", "PB"].into_iter();
    let mut unit = "B";
    let mut tenths = bytes as u128 * 10;
    while tenths >= 9995
        && let Some(next) = units.next()
    {
        tenths = (tenths + 500) / 1000;
        unit = next;
    }
    match tenths {
        10..100 if unit != "B" && !tenths.is_multiple_of(10) => {
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        _ => format!("{} {unit}", (tenths + 5) / 10),
    }
}

/// A moment (seconds since 1970) in local time: `2025-07-01 12:00`.
pub fn when(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| String::new(),
        |at| {
            at.to_zoned(jiff::tz::TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// Shows a text: in a pager if standard output is a terminal, else straight.
///
/// The pager is `$TICKETS_PAGER`, else `$PAGER` (both are commands for sh), else `less -FRX`;
/// `cat` or nothing at all means none. That the reader closes the pipe or the pager is no error.
///
/// # Errors
/// Standard output cannot be written.
pub fn page(text: &str) -> io::Result<()> {
    match pager().map(|mut pager| pager.stdin(Stdio::piped()).spawn()) {
        Some(Ok(mut child)) => {
            if let Some(mut stdin) = child.stdin.take() {
                let colour =
                    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
                let plain = || anstream::adapter::strip_str(text).to_string();
                let text = if colour { text.to_owned() } else { plain() };
                quiet(stdin.write_all(text.as_bytes()))?;
            }
            // The shell's way to say that there is no such pager: better a long text than none.
            match child.wait()?.code() {
                Some(126 | 127) => print(text),
                _ => Ok(()),
            }
        }
        None | Some(Err(_)) => print(text),
    }
}

/// Writes a text to standard output; a closed pipe is no error (E4).
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Standard output for results of any length, in large pieces; see [`print`].
pub struct Output(io::BufWriter<anstream::AutoStream<std::fs::File>>);

impl Output {
    /// Standard output.
    pub fn new() -> io::Result<Output> {
        // Std's own hands each line to the system by itself.
        let file = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let choice = anstream::AutoStream::choice(&io::stdout());
        let stream = anstream::AutoStream::new(file, choice);
        Ok(Output(io::BufWriter::with_capacity(64 << 10, stream)))
    }

    /// Prints; false if nobody reads any more.
    pub fn print(&mut self, text: &str) -> io::Result<bool> {
        match self.0.write_all(text.as_bytes()) {
            Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints what is left.
    pub fn finish(mut self) -> io::Result<()> {
        quiet(self.0.flush())
    }
}

fn quiet(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn pager() -> Option<Command> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let mut command = match env::var("TICKETS_PAGER").or_else(|_| env::var("PAGER")) {
        Ok(told) if matches!(told.trim(), "" | "cat") => return None,
        Ok(told) => {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(told);
            shell
        }
        Err(_) => {
            let mut less = Command::new("less");
            less.arg("-FRX");
            less
        }
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_filled_by_what_is_shown() {
        let zalgo = "a".to_owned() + &"\u{301}".repeat(100_000);
        let table = [
            ("fits", "abc", 5, "abc  "),
            ("just fits", "abcde", 5, "abcde"),
            ("too long", "abcdef", 5, "abcd…"),
            ("blank before the cut", "abc def", 5, "abc… "),
            ("nothing", "", 2, "  "),
            ("no room", "abc", 0, ""),
            ("room for the ellipsis", "abc", 1, "…"),
            ("wide", "你好世界", 9, "你好世界 "),
            ("wide, cut", "你好世界", 6, "你好… "),
            ("wide, cut between", "你好世界", 5, "你好…"),
            (
                "combining",
                "e\u{301}e\u{301}e\u{301}",
                3,
                "e\u{301}e\u{301}e\u{301}",
            ),
            (
                "combining, cut",
                "e\u{301}e\u{301}e\u{301}e\u{301}",
                3,
                "e\u{301}e\u{301}…",
            ),
            ("Arabic", "مرحبا", 6, "مرحبا "),
            ("emoji", "👩\u{200d}💻 ok", 5, "👩\u{200d}💻 ok"),
            ("emoji, cut", "ab👩\u{200d}💻cd", 4, "ab… "),
            (
                "emoji stays whole",
                "👩\u{200d}💻👩\u{200d}💻",
                3,
                "👩\u{200d}💻…",
            ),
        ];
        for (case, text, columns, want) in table {
            assert_eq!(fit(text, columns), want, "{case}");
        }
        assert!(fit(&zalgo, 10).len() < 200);
    }

    #[test]
    fn ages_are_short() {
        const DAY: i64 = 86_400;
        let table = [
            (-5, "now"),
            (0, "now"),
            (59, "now"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (DAY - 1, "23h"),
            (DAY, "1d"),
            (14 * DAY - 1, "13d"),
            (14 * DAY, "2w"),
            (365 * DAY - 1, "52w"),
            (365 * DAY, "1y"),
            (3 * 366 * DAY, "3y"),
        ];
        for (seconds, want) in table {
            assert_eq!(age(seconds), want, "{seconds}");
        }
    }

    #[test]
    fn sizes_are_rounded() {
        let table = [
            (0, "0 B"),
            (5, "5 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1250, "1.3 kB"),
            (9_940, "9.9 kB"),
            (9_960, "10 kB"),
            (48_100, "48 kB"),
            (999_400, "999 kB"),
            (999_600, "1 MB"),
            (1_234_567, "1.2 MB"),
            (64 << 20, "67 MB"),
            (5_000_000_000, "5 GB"),
            (usize::MAX, "18447 PB"),
        ];
        for (bytes, want) in table {
            assert_eq!(size(bytes), want, "{bytes}");
        }
    }
}
