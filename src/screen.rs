//! Printing for people: what fits, what lines up, and where it goes.
//!
//! Commands hand plain values to a layout ([`Layout`], [`conversation()`]) and the result to `page` or
//! `Output`. A result may hold colours; they are removed on printing where they would do harm (in a
//! pipe, with `NO_COLOR`).

mod conversation;
mod pager;
pub(crate) mod progress;
mod raw;
pub(crate) mod stretch;
mod table;
mod wrap;
pub(crate) mod xml;

pub(crate) use conversation::title;
pub use conversation::{ShownMessage, conversation};
pub(crate) use pager::{Output, has_begun, page, page_with};
pub(crate) use raw::{RawOutput, visible};
pub use table::{Layout, Row, Widths};
pub(crate) use wrap::hang;

use mail::decode::{Mailbox, clean, is_blank};
use std::env;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Prints a line on standard output, which is for results only.
///
/// # Errors
/// Standard output cannot be written, for instance because nobody reads it any more.
pub(crate) fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}

/// Prints a line on stderr, in the name of the program. That it cannot be printed is no error.
pub(crate) fn remark(line: impl std::fmt::Display) {
    crate::error::print(&format!("tickets: {line}"));
}

/// `1 ticket`, `2 tickets`.
pub(crate) fn plural<N: Copy + Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let s = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A person as `Ann <ann@example.net>`, or as the address or the name alone. Harmless to a terminal.
pub(crate) fn person(mailbox: &Mailbox) -> String {
    match is_blank(&mailbox.name) {
        true => clean(&mailbox.address),
        false if mailbox.address.is_empty() => clean(&mailbox.name),
        false => clean(&format!("{} <{}>", mailbox.name, mailbox.address)),
    }
}

/// How wide a text is.
pub trait Width {
    /// The columns that it takes on a terminal: two for a wide character, none for a combining one.
    fn width(&self) -> usize;
}

impl Width for str {
    fn width(&self) -> usize {
        if is_plain(self) {
            return self.len();
        }
        // Lam and alef join into one letter, but take two columns on every terminal.
        let pieces = self.split_inclusive('\u{644}');
        pieces.map(unicode_width::UnicodeWidthStr::width).sum()
    }
}

/// True for printable ASCII, as most texts are: as many columns as bytes.
fn is_plain(text: &str) -> bool {
    // A loop that does not stop early is vectorized, and so the quickest.
    let plain = |plain: bool, b: u8| plain & (b' '..=b'~').contains(&b);
    text.bytes().fold(true, plain)
}

/// The columns of standard output; `None` if it is no terminal, where nobody counts them.
///
/// If `$COLUMNS` is set, it decides in both cases: watch(1) sets it for its pipes.
pub(crate) fn width() -> Option<usize> {
    let set = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.trim().parse().ok());
    set.filter(|&columns| columns > 0).or_else(|| {
        let stdout = io::stdout();
        stdout.is_terminal().then(|| {
            let size = terminal_size::terminal_size_of(stdout);
            // Some terminals do not know their own size.
            size.map_or(80, |(columns, _)| usize::from(columns.0))
        })
    })
}

/// Columns and lines of the terminal that standard output is; `None` if it is none, or does not know.
pub(crate) fn columns_and_lines() -> Option<(u16, u16)> {
    let size = terminal_size::terminal_size_of(io::stdout())?;
    Some((size.0.0, size.1.0))
}

/// `text` in exactly `columns` columns of a terminal: filled up with blanks, or cut, with an ellipsis at
/// the end.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if text.len() <= columns && is_plain(text) {
        return format!("{text:<columns$}");
    }
    let mut fitted = cut(text, columns);
    let used = fitted.width();
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    fitted
}

/// `text` in at most `columns` columns: cut, with an ellipsis at the end, if it is too wide.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.len() <= columns && is_plain(text) {
        return text.to_owned();
    }
    // So many characters in so few columns are a heap of combining marks, which would take long.
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
    // The longest beginning that fits, so that marks stay with their letter and emoji stay whole.
    let ends = text[..sane].char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends
        .take_while(|&end| text[..end].width() <= room)
        .last()
        .unwrap_or(0);
    let whole = &text[..end];
    format!("{}…", whole.trim_end_matches([' ', '\u{200d}']))
}

/// [`fit`] for a column among others on a terminal, with [`mark_after`] after its text.
pub(crate) fn column(text: &str, columns: usize) -> String {
    let mut fitted = fit(text, columns);
    let mark = mark_after(&fitted);
    fitted.insert_str(fitted.trim_end().len(), mark);
    fitted
}

/// What must stand after `text`, a column among others on a terminal. If some of it is written from right
/// to left, it is a mark that keeps bidirectional terminals from treating it and the next column as one
/// sentence.
pub(crate) fn mark_after(text: &str) -> &'static str {
    let rtl =
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}');
    if text.chars().any(rtl) {
        "\u{200e}"
    } else {
        ""
    }
}

/// A length of time in at most three columns (up to 99 years): `now`, `3m`, `5h`, `2d`, `7w`, `3y`.
pub(crate) fn age(seconds: i64) -> String {
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

/// How long something took, in its two largest units: `45s`, `12m`, `2h 30m`, `3d 4h`, `37d`.
pub(crate) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: String, small: u64, unit: &str| match small {
        0 => large,
        small => format!("{large} {small}{unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => two(format!("{hours}h"), minutes % 60, "m"),
        (days @ ..14, hours, _) => two(format!("{days}d"), hours % 24, "h"),
        (days, ..) => format!("{days}d"),
    }
}

/// A count of bytes: `0 B`, `48 kB`, `1.2 MB` (1 kB = 1000 B).
pub(crate) fn size(bytes: usize) -> String {
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

/// What lies in the outbox: `1 waiting`, `1 waiting, 2 held, the first until 2025-07-01 07:00`.
pub fn lying(waiting: usize, held: usize, until: Option<i64>) -> String {
    let until = until.map(when).unwrap_or_default();
    match held {
        0 => format!("{waiting} waiting"),
        1 => format!("{waiting} waiting, 1 held until {until}"),
        _ => format!("{waiting} waiting, {held} held, the first until {until}"),
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

/// Writes a text to standard output; a closed pipe is no error (E4).
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn quiet(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
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
            ("lam and alef", "لا أحد", 8, "لا أحد  "),
            ("lam and alef, cut", "لا أحد", 5, "لا أ…"),
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
    fn spans_have_two_units() {
        let table = [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (9000, "2h 30m"),
            (86_399, "23h 59m"),
            (86_400, "1d"),
            (86_400 + 3599, "1d"),
            (3 * 86_400 + 4 * 3600, "3d 4h"),
            (14 * 86_400 - 1, "13d 23h"),
            (14 * 86_400 + 4000, "14d"),
            (40_000 * 86_400, "40000d"),
        ];
        for (seconds, want) in table {
            assert_eq!(span(seconds), want, "{seconds}");
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
