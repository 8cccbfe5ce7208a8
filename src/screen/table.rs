//! Tickets in rows, for `tickets list`.

use anstyle::Style;
use std::ops::Range;

use super::{Width, age, column, cut, fit, found};
use mail::decode::cleaned;
use std::fmt::Write;

/// A ticket as one line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'a> {
    /// The ticket.
    pub number: u64,
    /// It is closed.
    pub closed: bool,
    /// Seconds since its last message.
    pub age_secs: i64,
    /// Messages in it.
    pub messages: u64,
    /// Who it is with.
    pub who: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// The last word is the submitter's.
    pub waiting: bool,
}

/// How wide the columns of some rows have to be, for [`Layout::of`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Widths {
    number: u64,
    messages: u64,
    who: usize,
}

impl Widths {
    /// Makes room for one more row, of which these are the [`Row::number`], the
    /// [`Row::messages`] and [`Row::who`].
    pub fn see(&mut self, number: u64, messages: u64, who: &str) {
        self.number = self.number.max(number);
        self.messages = self.messages.max(messages);
        if self.who < WHO && who.len() > self.who {
            self.who = self.who.max(cleaned(who).width());
        }
    }
}

/// More columns than this nobody is known by.
const WHO: usize = 32;

/// Rows as lines: number, a mark (`*` somebody waits, `-` closed), age, messages, who, subject.
///
/// Lines up by what a terminal shows and never exceeds `width`; where nobody counts columns
/// (`None`), subjects are whole. What strangers wrote is made harmless.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    number: usize,
    messages: usize,
    who: usize,
    width: Option<usize>,
    colours: bool,
}

impl Layout {
    /// For rows of these widths on a terminal of `width` columns.
    pub fn of(widths: &Widths, width: Option<usize>) -> Layout {
        let digits = |number: u64| number.to_string().len().max(2);
        // A quarter of the line is enough to know somebody by.
        let most = width.map_or(WHO, |width| (width / 4).clamp(8, WHO));
        Layout {
            number: digits(widths.number),
            messages: digits(widths.messages),
            who: widths.who.min(most),
            width,
            colours: true,
        }
    }

    /// The same with or without colours. Whoever prints takes them off where they are not wanted, but
    /// that costs as much as a line does.
    pub fn colours(self, colours: bool) -> Layout {
        Layout { colours, ..self }
    }

    /// Appends a row as a line to `out`.
    pub fn line(&self, row: &Row, out: &mut String) {
        self.line_with_marks(row, &[], &[], out);
    }

    /// The same, with ranges of bytes of `who` and of the subject shown as found. If those of the
    /// subject would be cut off, what is shown of it is the part around the first.
    pub fn line_with_marks(
        &self,
        row: &Row,
        names: &[Range<usize>],
        marks: &[Range<usize>],
        out: &mut String,
    ) {
        let Layout {
            number, messages, ..
        } = *self;
        let before = number + 1 + 1 + 1 + 3 + 1 + messages + 2 + self.who + 2;
        let style = match row {
            _ if !self.colours => Style::new(),
            Row { closed: true, .. } => Style::new().dimmed(),
            Row { waiting: true, .. } => Style::new().bold(),
            _ => Style::new(),
        };
        let mark = match row {
            Row { closed: true, .. } => '-',
            Row { waiting: true, .. } => '*',
            _ => ' ',
        };
        let (who, subject) = (cleaned(row.who), cleaned(row.subject));
        let _ = write!(out, "{style}");
        let start = out.len();
        let _ = write!(
            out,
            "{:>number$} {mark} {:>3} {:>messages$}  ",
            row.number,
            age(row.age_secs),
            row.messages,
        );
        let at = out.len() - start;
        let mut found: Vec<Range<usize>> = match names {
            [] => Vec::new(),
            names => {
                let (_, names) = found::part(&who, names, 0, self.who);
                names.iter().map(|name| moved(name, at)).collect()
            }
        };
        out.push_str(&match self.width {
            Some(_) => column(&who, self.who),
            None => fit(&who, self.who),
        });
        out.push_str("  ");
        let head = out.len() - start;
        let mut shown = marks.to_vec();
        match self.width {
            Some(width) if before < width && marks.is_empty() => {
                out.push_str(&cut(&subject, width - before));
            }
            Some(width) if before < width => {
                let (text, here) = found::beginning(&subject, marks, width - before);
                out.push_str(&text);
                shown = here;
            }
            // With no room for a subject, the line as a whole is cut.
            Some(width) => {
                out.push_str(&subject);
                let line = cut(&out[start..], width);
                out.truncate(start);
                out.push_str(&line);
                shown.clear();
                found.clear();
            }
            None => out.push_str(&subject),
        }
        out.truncate(start + out[start..].trim_end().len());
        found.extend(shown.iter().map(|mark| moved(mark, head)));
        if !found.is_empty() {
            let line = found::marked(&out[start..], &found, style);
            out.truncate(start);
            out.push_str(&line);
        }
        let _ = writeln!(out, "{style:#}");
    }

    /// Appends a line in which words were found, below the row of its ticket.
    pub fn found(&self, found: &found::Match, out: &mut String) {
        // The message's number stands where the age ends.
        let line = found::line(found, self.number + 6, self.width);
        out.push_str(&format!("{line}\n"));
    }
}

fn moved(mark: &Range<usize>, by: usize) -> Range<usize> {
    mark.start + by..mark.end + by
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row<'static>> {
        let row = |number, mark, age_secs, messages, who, subject| Row {
            number,
            closed: mark == '-',
            waiting: mark == '*',
            age_secs,
            messages,
            who,
            subject,
        };
        vec![
            row(
                1203,
                '*',
                180,
                4,
                "Alice Example",
                "Printer on fire, third floor, and the coffee machine next to it looks worried, too",
            ),
            row(
                1198,
                ' ',
                18_000,
                112,
                "山田太郎",
                "請求書の件について：先月分の請求書がまだ届いておりませんのでご確認をお願いいたします。よろしくお願いします",
            ),
            row(
                97,
                '*',
                200_000,
                2,
                "محمد بن عبد الله",
                "لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس، هل يمكنكم مساعدتي في حل هذه المشكلة من فضلكم؟",
            ),
            row(
                9,
                '-',
                90_000_000,
                1,
                "a-very-long-address-of-somebody@subdomain.example.org",
                "\u{1b}[31mRe: 👩\u{200d}💻 cafe\u{301}\r\nBcc: x",
            ),
            row(1, ' ', 0, 0, "", ""),
        ]
    }

    fn table(rows: &[Row], width: Option<usize>) -> String {
        let mut widths = Widths::default();
        rows.iter()
            .for_each(|r| widths.see(r.number, r.messages, r.who));
        let mut out = String::new();
        for row in rows {
            Layout::of(&widths, width).line(row, &mut out);
        }
        out
    }

    fn plain(width: Option<usize>) -> String {
        anstream::adapter::strip_str(&table(&rows(), width))
            .to_string()
            .replace('\u{200e}', "")
    }

    // E1: fits the terminal, aligned for wide and combining characters.
    #[test]
    fn rows_line_up() {
        let table = [
            (
                Some(80),
                "\
1203 *  3m   4  Alice Example         Printer on fire, third floor, and the cof…
1198    5h 112  山田太郎              請求書の件について：先月分の請求書がまだ…
  97 *  2d   2  محمد بن عبد الله      لا أستطيع تسجيل الدخول إلى حسابي منذ يوم…
   9 -  2y   1  a-very-long-address…  [31mRe: 👩\u{200d}💻 cafe\u{301} Bcc: x
   1   now   0
",
            ),
            (
                Some(30),
                "\
1203 *  3m   4  Alice E…  Pri…
1198    5h 112  山田太郎  請…
  97 *  2d   2  محمد بن…  لا…
   9 -  2y   1  a-very-…  [31…
   1   now   0
",
            ),
            (
                Some(10),
                "\
1203 *  3…
1198    5…
  97 *  2…
   9 -  2…
   1   no…
",
            ),
        ];
        for (width, want) in table {
            assert_eq!(plain(width), want, "{width:?}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 1..250 {
            for line in plain(Some(width)).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    // A closed ticket's row is dim, but what was found in it is not.
    #[test]
    fn what_was_found_is_seen() {
        let subject = "請求書の件について：先月分の請求書が";
        let mut row = rows()[3];
        (row.who, row.subject) = ("Ann", subject);
        let mut widths = Widths::default();
        widths.see(row.number, row.messages, row.who);
        let found = |word: &str, width| {
            let at = subject.find(word).unwrap();
            let mark = at..at + word.len();
            let mut out = String::new();
            let layout = Layout::of(&widths, width);
            layout.line_with_marks(&row, &[], std::slice::from_ref(&mark), &mut out);
            out
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
        let mut row = rows()[0];
        (row.who, row.subject) = ("محمد بن عبد الله", "Hi");
        let mut widths = Widths::default();
        widths.see(row.number, row.messages, row.who);
        let (first, last) = (row.who.find("بن").unwrap(), row.who.find("الله").unwrap());
        let names = [first..first + "بن".len(), last..row.who.len()];
        let (bold, off) = ("\x1b[1m", "\x1b[0m");
        let (red, on) = (format!("{off}{bold}\x1b[31m"), format!("{off}{bold}"));
        for (width, want) in [
            (
                80,
                format!("محمد {red}بن{on} عبد {red}الله{on}\u{200e}  {red}Hi{on}"),
            ),
            (40, format!("محمد {red}بن{on} ع…\u{200e}  {red}Hi{on}")),
        ] {
            let mut out = String::new();
            let layout = Layout::of(&widths, Some(width));
            layout.line_with_marks(&row, &names, std::slice::from_ref(&(0..2)), &mut out);
            assert_eq!(
                out,
                format!("{bold}1203 *  3m  4  {want}{off}\n"),
                "{width}"
            );
        }
    }

    #[test]
    fn nothing_is_cut_where_nobody_counts() {
        for (line, row) in plain(None).lines().zip(rows()) {
            assert!(line.ends_with(&*cleaned(row.subject)), "{line}");
        }
        assert_eq!(table(&[], Some(80)), "");
    }
}
