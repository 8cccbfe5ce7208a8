//! The lines in which words were found, below the row of their ticket.

use anstyle::{AnsiColor, Style};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

use super::{Width, cut};

/// A line in which words were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The message it stands in, counted from 1.
    pub message: u64,
    /// Where in the message, if not in its text: `Subject`, the name of an attachment.
    pub label: String,
    /// The line; no control characters.
    pub text: String,
    /// Where the words stand in it, in bytes, in order.
    pub marks: Vec<Range<usize>>,
}

/// Columns of a line where nobody counts them: what comes before and behind is a whole paragraph at
/// times.
const PLENTY: usize = 160;

/// How words that were found are shown.
pub(super) const FOUND: Style = AnsiColor::Red.on_default().bold();

/// Such a line: the message's number at the end of `indent` columns, then as much of the text as fits
/// into `width`, with the first word that was found in it.
pub(super) fn line(found: &Match, indent: usize, width: Option<usize>) -> String {
    let dim = Style::new().dimmed();
    let label = match found.label.as_str() {
        "" => String::new(),
        // Names of files may be long.
        label => format!("{}: ", cut(label, 30)),
    };
    let before = indent + 2 + label.width();
    let room = width.map_or(PLENTY, |width| width.saturating_sub(before));
    let text = around(&found.text, &found.marks, room);
    let number = format!("{:>indent$}", found.message);
    match width {
        // A terminal for ants.
        Some(width) if width <= before => {
            let line = cut(&format!("{number}  {label}"), width);
            line.trim_end().to_owned()
        }
        _ if label.is_empty() => format!("{dim}{number}{dim:#}  {text}"),
        _ => format!("{dim}{number}  {label}{dim:#}{text}"),
    }
}

/// The part of `text` around the first mark that fits into `room` columns, marks shown.
fn around(text: &str, marks: &[Range<usize>], room: usize) -> String {
    let (shown, marks) = window(text, marks, room);
    marked(&shown, &marks, Style::new())
}

/// The beginning of `text`, as far as it fits into `room` columns, and where the marks stand in it;
/// if the first mark is not in it as a whole, the part around that.
pub(super) fn beginning(
    text: &str,
    marks: &[Range<usize>],
    room: usize,
) -> (String, Vec<Range<usize>>) {
    let part = part(text, marks, 0, room);
    match part.1.first() == marks.first() {
        true => part,
        false => window(text, marks, room),
    }
}

/// The part of `text` around the first mark that fits into `room` columns, and where the marks
/// stand in it.
fn window(text: &str, marks: &[Range<usize>], room: usize) -> (String, Vec<Range<usize>>) {
    let first = marks.first().map_or(0, |mark| mark.start);
    let start = match fits(text, room) {
        true => 0,
        false => before(text, first, room),
    };
    part(text, marks, start, room)
}

/// As much of `text` from `start` on as fits into `room` columns, and where the marks stand in it.
pub(super) fn part(
    text: &str,
    marks: &[Range<usize>],
    start: usize,
    room: usize,
) -> (String, Vec<Range<usize>>) {
    let ellipsis = if start > 0 { "…" } else { "" };
    let tail = text.get(start..).unwrap_or_default();
    let shown = cut(tail, room.saturating_sub(ellipsis.width()));
    let kept = match shown == tail {
        true => tail.len(),
        false => shown.len() - '…'.len_utf8().min(shown.len()),
    };
    let moved = |at: usize| at.saturating_sub(start).min(kept) + ellipsis.len();
    let here = marks.iter().map(|mark| moved(mark.start)..moved(mark.end));
    let here = here.filter(|mark| mark.start < mark.end).collect();
    (format!("{ellipsis}{shown}"), here)
}

/// True if `text` fits into `room` columns; looks no further than it has to.
fn fits(text: &str, room: usize) -> bool {
    text.len() <= room || (text.len() < 16 * (room + 4) && text.width() <= room)
}

/// Where to begin so that the place `first` is seen, with a third of the `room` before it, or more if
/// little comes behind.
fn before(text: &str, first: usize, room: usize) -> usize {
    let width = |c: char| c.width().unwrap_or(0);
    let behind: usize = text
        .get(first..)
        .unwrap_or_default()
        .chars()
        .take(room)
        .map(width)
        .sum();
    let before = (room / 3).max(room.saturating_sub(behind + 2));
    let mut used = 0;
    let mut start = first;
    let mut blank = None;
    for (at, c) in text.get(..first).unwrap_or_default().char_indices().rev() {
        used += width(c);
        // Marks without a width are no reason to look for ever.
        if used > before || first - at > 16 * (room + 4) {
            break;
        }
        start = at;
        if c == ' ' {
            blank = Some(at + 1);
        }
    }
    match blank {
        // Not in the middle of a word, unless it is a long one.
        Some(blank) if start > 0 && blank - start < 20 => blank,
        _ => start,
    }
}

/// `text` with these ranges shown as found, all else in `style`.
pub(super) fn marked(text: &str, marks: &[Range<usize>], style: Style) -> String {
    let mut out = String::with_capacity(text.len() + 16 * marks.len());
    let mut done = 0;
    for mark in marks {
        let (Some(before), Some(found)) = (text.get(done..mark.start), text.get(mark.clone()))
        else {
            continue;
        };
        // Bold and dim are one switch to some terminals, and both at once to others.
        out.push_str(&format!("{before}{style:#}{FOUND}{found}{FOUND:#}{style}"));
        done = mark.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line whose words in brackets were found; found words come back in brackets.
    fn shown(text: &str, width: Option<usize>) -> String {
        let mut found = Match {
            message: 2,
            ..Match::default()
        };
        for (at, piece) in text.split(['[', ']']).enumerate() {
            let start = found.text.len();
            found.text.push_str(piece);
            if at % 2 == 1 {
                found.marks.push(start..found.text.len());
            }
        }
        let line = line(&found, 4, width);
        let open = FOUND.to_string();
        let mut pieces = line.split(&open);
        let mut line = pieces.next().unwrap().to_owned();
        for piece in pieces {
            line.push('[');
            line.push_str(&piece.replacen(&format!("{FOUND:#}"), "]", 1));
        }
        anstream::adapter::strip_str(&line).to_string()
    }

    #[test]
    fn the_words_are_seen() {
        let far = format!("{}[needle] and more of the hay", "hay ".repeat(100));
        let table = [
            (
                "short",
                "the [printer] [burns]",
                Some(40),
                "   2  the [printer] [burns]",
            ),
            (
                "long",
                "the [printer] burns since yesterday",
                Some(30),
                "   2  the [printer] burns since…",
            ),
            (
                "far",
                &far,
                Some(40),
                "   2  …hay hay [needle] and more of the h…",
            ),
            (
                "at the end",
                "hay hay hay hay hay hay hay hay hay [needle]",
                Some(30),
                "   2  …hay hay hay [needle]",
            ),
            (
                "a long word before",
                "0123456789012345678901234567890123456789[needle] x",
                Some(30),
                "   2  …67890123456789[needle] x",
            ),
            (
                "a long word",
                "a [0123456789012345678901234567890123456789] x",
                Some(30),
                "   2  a [012345678901234567890]…",
            ),
            (
                "Chinese",
                "你好世界你好世界你好世界[请求]你好世界",
                Some(30),
                "   2  …界你好世界[请求]你好世界",
            ),
            (
                "nobody counts",
                "the [printer] burns",
                None,
                "   2  the [printer] burns",
            ),
            ("narrow", "the [printer] burns", Some(6), "   2"),
            ("narrower", "the [printer] burns", Some(3), "…"),
        ];
        let got = table.map(|(case, text, width, _)| (case, shown(text, width)));
        let want = table.map(|(case, _, _, want)| (case, want.to_owned()));
        assert_eq!(got, want);
        assert!(shown(&far, None).width() <= PLENTY + 10);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let zalgo = format!("{}[x]", "a\u{301}\u{302}".repeat(5000));
        for text in [
            "the [printer] burns 请求书 请求书 [请求书] 请求书",
            "👩\u{200d}💻 [cafe\u{301}] كلمة [أخرى] هنا",
            &zalgo,
        ] {
            for width in 1..100 {
                let line = shown(text, Some(width)).replace(['[', ']'], "");
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}
