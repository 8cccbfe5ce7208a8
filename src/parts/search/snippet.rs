//! Texts with the places in them where words were found, cut to what fits.

use crate::screen::{Width, cut};
use anstyle::{AnsiColor, Style};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// How found words are shown.
pub(super) const FOUND: Style = AnsiColor::Red.on_default().bold();

/// A line of text, and the places in it where words were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MarkedText {
    /// The text, without control characters.
    pub text: String,
    /// The places: ranges of bytes, in order.
    pub marks: Vec<Range<usize>>,
}

impl MarkedText {
    /// The beginning, as far as it fits into `room` columns. If the first mark is not in it as a whole,
    /// the part around that mark.
    pub(super) fn beginning(&self, room: usize) -> MarkedText {
        let beginning = self.part(0, room);
        match beginning.marks.first() == self.marks.first() {
            true => beginning,
            false => self.around_mark(room),
        }
    }

    /// The part around the first mark that fits into `room` columns.
    pub(super) fn around_mark(&self, room: usize) -> MarkedText {
        let first = self.marks.first().map_or(0, |mark| mark.start);
        let start = match fits(&self.text, room) {
            true => 0,
            false => start_before(&self.text, first, room),
        };
        self.part(start, room)
    }

    /// As much from `start` (in bytes) on as fits into `room` columns.
    pub(super) fn part(&self, start: usize, room: usize) -> MarkedText {
        let ellipsis = if start > 0 { "…" } else { "" };
        let tail = self.text.get(start..).unwrap_or_default();
        let shown = cut(tail, room.saturating_sub(ellipsis.width()));
        let kept = match shown == tail {
            true => tail.len(),
            false => shown.len() - '…'.len_utf8().min(shown.len()),
        };
        let moved = |at: usize| at.saturating_sub(start).min(kept) + ellipsis.len();
        let marks = self.marks.iter();
        let marks = marks.map(|mark| moved(mark.start)..moved(mark.end));
        MarkedText {
            text: format!("{ellipsis}{shown}"),
            marks: marks.filter(|mark| mark.start < mark.end).collect(),
        }
    }

    /// The text in `style`, with the marked places as found.
    pub(super) fn styled(&self, style: Style) -> String {
        let MarkedText { text, marks } = self;
        let mut out = String::with_capacity(text.len() + 16 * marks.len());
        let mut done = 0;
        for mark in marks {
            let (Some(before), Some(found)) = (text.get(done..mark.start), text.get(mark.clone()))
            else {
                continue;
            };
            // Terminals disagree on what bold is after dim, so the style ends before.
            out.push_str(&format!("{before}{style:#}{FOUND}{found}{FOUND:#}{style}"));
            done = mark.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }
}

/// True if `text` fits into `room` columns; reads no more of it than it has to.
fn fits(text: &str, room: usize) -> bool {
    text.len() <= room || (text.len() < 16 * (room + 4) && text.width() <= room)
}

/// Where to begin so that the place `first` is seen, with a third of the `room` before it, or more if
/// little comes after it.
fn start_before(text: &str, first: usize, room: usize) -> usize {
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
        // Combining marks have no width; there may be very many of them.
        if used > before || first - at > 16 * (room + 4) {
            break;
        }
        start = at;
        if c == ' ' {
            blank = Some(at + 1);
        }
    }
    match blank {
        // Not in the middle of a word, unless it is long.
        Some(blank) if start > 0 && blank - start < 20 => blank,
        _ => start,
    }
}
