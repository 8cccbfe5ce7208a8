//! The tickets that were found as rows, each with the lines in which words stand below it.

use super::found::FoundTicket;
use super::snippet::MarkedText;
use crate::screen::{Layout, Row, Width, Widths, cut};
use anstyle::Style;

/// Columns of a line where nobody counts them: some lines are whole paragraphs.
const PLENTY: usize = 160;

/// The tickets as text for a terminal of `width` columns; ages are seen from `now`.
pub(super) fn page(tickets: &[FoundTicket], now: i64, width: Option<usize>) -> String {
    let mut widths = Widths::default();
    for ticket in tickets {
        let row = ticket.item.line(now);
        widths.see(row.number, row.messages, &ticket.excerpt.who.text);
    }
    let layout = Layout::of(&widths, width);
    let mut page = String::new();
    for FoundTicket { item, excerpt } in tickets {
        page += &row(&layout, &item.line(now), &excerpt.who, &excerpt.subject);
        for found in &excerpt.lines {
            // The message's number stands where the age ends.
            let (label, indent) = (found.label(), layout.age_end());
            page += &line(found.message(), &label, &found.marked, indent, width);
            page.push('\n');
        }
    }
    page
}

/// The row of a ticket, with this submitter and subject. If a place in the subject would be cut off, the
/// part around the first one is shown.
fn row(layout: &Layout, row: &Row, who: &MarkedText, subject: &MarkedText) -> String {
    let style = layout.style(row);
    let mut line = MarkedText::default();
    layout.head(row, &mut line.text);
    let names = who.part(0, layout.who_width()).marks;
    append(&mut line, &layout.who(&who.text), names);
    line.text.push_str("  ");
    match layout.room() {
        Some(0) => {
            line.text = cut(&line.text, layout.width().unwrap_or(0));
            line.marks.clear();
        }
        Some(room) => {
            let MarkedText { text, marks } = subject.beginning(room);
            append(&mut line, &text, marks);
        }
        None => append(&mut line, &subject.text, subject.marks.clone()),
    }
    line.text.truncate(line.text.trim_end().len());
    format!("{style}{}{style:#}\n", line.styled(style))
}

/// Appends `text`, in which words stand at `marks`.
fn append(line: &mut MarkedText, text: &str, marks: Vec<std::ops::Range<usize>>) {
    let by = line.text.len();
    line.text.push_str(text);
    let moved = marks.into_iter().map(|mark| mark.start + by..mark.end + by);
    line.marks.extend(moved);
}

/// A line in which words stand: the message's number at the end of `indent` columns, then as much of the
/// text as fits into `width`, with the first word that was found.
fn line(
    message: u64,
    label: &str,
    text: &MarkedText,
    indent: usize,
    width: Option<usize>,
) -> String {
    let dim = Style::new().dimmed();
    let label = match label {
        "" => String::new(),
        // Names of files may be long.
        label => format!("{}: ", cut(label, 30)),
    };
    let before = indent + 2 + label.width();
    let room = width.map_or(PLENTY, |width| width.saturating_sub(before));
    let text = text.around_mark(room).styled(Style::new());
    let number = format!("{message:>indent$}");
    match width {
        Some(width) if width <= before => {
            let line = cut(&format!("{number}  {label}"), width);
            line.trim_end().to_owned()
        }
        _ if label.is_empty() => format!("{dim}{number}{dim:#}  {text}"),
        _ => format!("{dim}{number}  {label}{dim:#}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::search::snippet::FOUND;

    /// A line whose words in brackets were found; found words come back in brackets.
    fn shown(text: &str, width: Option<usize>) -> String {
        let mut found = MarkedText::default();
        for (at, piece) in text.split(['[', ']']).enumerate() {
            let start = found.text.len();
            found.text.push_str(piece);
            if at % 2 == 1 {
                found.marks.push(start..found.text.len());
            }
        }
        let line = line(2, "", &found, 4, width);
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

    // A closed ticket's row is dim, but what was found in it is not.
    #[test]
    fn what_was_found_is_seen() {
        let subject = "請求書の件について：先月分の請求書が";
        let row = Row {
            number: 9,
            closed: true,
            age_secs: 90_000_000,
            messages: 1,
            ..Row::default()
        };
        let mut widths = Widths::default();
        widths.see(row.number, row.messages, "Ann");
        let found = |word: &str, width| {
            let at = subject.find(word).unwrap();
            let subject = MarkedText {
                text: subject.into(),
                marks: std::iter::once(at..at + word.len()).collect(),
            };
            let who = MarkedText {
                text: "Ann".into(),
                marks: Vec::new(),
            };
            super::row(&Layout::of(&widths, width), &row, &who, &subject)
        };
        let (dim, red, off) = ("\x1b[2m", "\x1b[1m\x1b[31m", "\x1b[0m");
        for (case, word, width, want) in [
            (
                "at the beginning",
                "請求書",
                Some(42),
                format!("{off}{red}請求書{off}{dim}の件について：先…"),
            ),
            (
                "at the end of what fits",
                "先",
                Some(42),
                format!("請求書の件について：{off}{red}先{off}{dim}…"),
            ),
            (
                "half of it fits",
                "先月",
                Some(42),
                format!("…ついて：{off}{red}先月{off}{dim}分の請求書…"),
            ),
            (
                "behind it",
                "求書が",
                Some(42),
                format!("…いて：先月分の請{off}{red}求書が{off}{dim}"),
            ),
            (
                "nobody counts",
                "求書が",
                None,
                format!("請求書の件について：先月分の請{off}{red}求書が{off}{dim}"),
            ),
            ("no room", "先", Some(19), "…".to_owned()),
        ] {
            let line = found(word, width);
            let head = format!("{dim} 9 -  2y  1  Ann  ");
            assert_eq!(line, format!("{head}{want}{off}\n"), "{case}");
        }
    }

    #[test]
    fn names_that_were_found_are_seen() {
        let row = Row {
            number: 1203,
            waiting: true,
            age_secs: 180,
            messages: 4,
            ..Row::default()
        };
        let name = "محمد بن عبد الله";
        let mut widths = Widths::default();
        widths.see(row.number, row.messages, name);
        let (first, last) = (name.find("بن").unwrap(), name.find("الله").unwrap());
        let who = MarkedText {
            text: name.into(),
            marks: vec![first..first + "بن".len(), last..name.len()],
        };
        let subject = MarkedText {
            text: "Hi".into(),
            marks: std::iter::once(0..2).collect(),
        };
        let (bold, off) = ("\x1b[1m", "\x1b[0m");
        let (red, on) = (format!("{off}{bold}\x1b[31m"), format!("{off}{bold}"));
        for (width, want) in [
            (
                80,
                format!("محمد {red}بن{on} عبد {red}الله{on}\u{200e}  {red}Hi{on}"),
            ),
            (40, format!("محمد {red}بن{on} ع…\u{200e}  {red}Hi{on}")),
        ] {
            let layout = Layout::of(&widths, Some(width));
            assert_eq!(
                super::row(&layout, &row, &who, &subject),
                format!("{bold}1203 *  3m  4  {want}{off}\n"),
                "{width}"
            );
        }
    }
}
