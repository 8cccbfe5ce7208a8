//! Tickets in rows, for `tickets list`.

use super::{Width, age, column, cut, fit};
use anstyle::Style;
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
    /// The submitter.
    pub who: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Somebody waits for an answer.
    pub waiting: bool,
    /// Somebody never got the last mail that was sent from it.
    pub undelivered: bool,
}

/// How wide the columns must be for some rows, for [`Layout::of`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Widths {
    number: u64,
    messages: u64,
    who: usize,
}

impl Widths {
    /// Makes room for one more row, with this [`Row::number`], [`Row::messages`] and [`Row::who`].
    pub fn see(&mut self, number: u64, messages: u64, who: &str) {
        self.number = self.number.max(number);
        self.messages = self.messages.max(messages);
        if self.who < WHO && who.len() > self.who {
            self.who = self.who.max(cleaned(who).width());
        }
    }
}

/// The most columns of a submitter.
const WHO: usize = 32;

/// Rows as lines: number, a mark (`*` somebody waits, `-` closed), age, messages, submitter, subject.
///
/// The columns line up on a terminal, and no line exceeds its width. Where nobody counts columns (the
/// width is `None`), subjects are whole. What strangers wrote is made harmless.
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
        // A quarter of the line is enough to recognize somebody.
        let most = width.map_or(WHO, |width| (width / 4).clamp(8, WHO));
        Layout {
            number: digits(widths.number),
            messages: digits(widths.messages),
            who: widths.who.min(most),
            width,
            colours: true,
        }
    }

    /// The same with or without colours. `Output` removes them where they are not wanted, but that
    /// takes as long as making the line.
    pub fn colours(self, colours: bool) -> Layout {
        Layout { colours, ..self }
    }

    /// Appends a row as a line to `out`.
    pub fn line(&self, row: &Row, out: &mut String) {
        let style = self.style(row);
        let _ = write!(out, "{style}");
        let start = out.len();
        self.head(row, out);
        out.push_str(&self.who(row.who));
        out.push_str("  ");
        let subject = cleaned(row.subject);
        match self.room() {
            // With no room for a subject, the line as a whole is cut.
            Some(0) => {
                let line = cut(&out[start..], self.width.unwrap_or(0));
                out.truncate(start);
                out.push_str(&line);
            }
            Some(room) => out.push_str(&cut(&subject, room)),
            None => out.push_str(&subject),
        }
        out.truncate(start + out[start..].trim_end().len());
        let _ = writeln!(out, "{style:#}");
    }

    /// The style of a row.
    pub(crate) fn style(&self, row: &Row) -> Style {
        match row {
            _ if !self.colours => Style::new(),
            Row { closed: true, .. } => Style::new().dimmed(),
            Row { waiting: true, .. }
            | Row {
                undelivered: true, ..
            } => Style::new().bold(),
            _ => Style::new(),
        }
    }

    /// Appends the columns before the submitter.
    pub(crate) fn head(&self, row: &Row, out: &mut String) {
        let (number, messages) = (self.number, self.messages);
        let mark = match row {
            Row { closed: true, .. } => '-',
            Row {
                undelivered: true, ..
            } => '!',
            Row { waiting: true, .. } => '*',
            _ => ' ',
        };
        let _ = write!(
            out,
            "{:>number$} {mark} {:>3} {:>messages$}  ",
            row.number,
            age(row.age_secs),
            row.messages,
        );
    }

    /// The submitter in the column for it.
    pub(crate) fn who(&self, who: &str) -> String {
        let who = cleaned(who);
        match self.width {
            Some(_) => column(&who, self.who),
            // Nobody reads a column there, but somebody may look for an address.
            None if who.width() > self.who => who.into_owned(),
            None => fit(&who, self.who),
        }
    }

    /// The columns of the submitter.
    pub(crate) fn who_width(&self) -> usize {
        self.who
    }

    /// The column in which the age ends.
    pub(crate) fn age_end(&self) -> usize {
        self.number + 6
    }

    /// The columns of the terminal; `None` where nobody counts them.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// The columns that are left for the subject; `None` where nobody counts them.
    pub(crate) fn room(&self) -> Option<usize> {
        let before = self.age_end() + 1 + self.messages + 2 + self.who + 2;
        self.width.map(|width| width.saturating_sub(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row<'static>> {
        let row = |number, mark, age_secs, messages, who, subject| Row {
            number,
            closed: mark == '-',
            waiting: mark == '*',
            undelivered: mark == '!',
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

    #[test]
    fn nothing_is_cut_where_nobody_counts() {
        for (line, row) in plain(None).lines().zip(rows()) {
            assert!(line.ends_with(&*cleaned(row.subject)), "{line}");
            assert!(line.contains(&*cleaned(row.who)), "{line}");
        }
        assert_eq!(table(&[], Some(80)), "");
    }
}
