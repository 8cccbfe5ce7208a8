//! Events as lines for people.

use crate::screen::{Width, column, cut, fit};
use anstyle::Style;
use mail::decode::clean;

/// An event as it is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct EventRow {
    /// When it happened.
    pub when: String,
    /// What happened, in one word.
    pub kind: String,
    /// The ticket it happened to.
    pub ticket: Option<u64>,
    /// Who did it.
    pub who: String,
    /// What it is about.
    pub subject: String,
}

/// The columns of the lines. The first lines decide how wide they are: to wait for the last would take
/// long.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventColumns {
    width: Option<usize>,
    kind: usize,
    number: usize,
    who: usize,
}

impl EventColumns {
    /// Columns that suit `first`, the first lines of perhaps very many, and kinds of at most `kind`
    /// columns.
    pub(super) fn fitting(first: &[EventRow], kind: usize, width: Option<usize>) -> EventColumns {
        let digits = |it: &EventRow| it.ticket.map_or(0, |number| number.to_string().len());
        let widest = |it: &EventRow| clean(&it.who).width();
        // A fifth of the line is enough to recognize somebody.
        let most = width.map_or(32, |width| (width / 5).clamp(8, 32));
        EventColumns {
            width,
            kind,
            number: first.iter().map(digits).max().unwrap_or(0).max(2),
            who: first.iter().map(widest).max().unwrap_or(0).min(most),
        }
    }

    /// A line: time, kind, ticket, author, subject.
    ///
    /// It never exceeds the width of the terminal; where nobody counts columns, the subject is whole.
    /// What strangers wrote is made harmless.
    pub(super) fn line(&self, it: &EventRow) -> String {
        let style = match it.kind.as_str() {
            "opened" => Style::new().bold(),
            "quiet" | "automatic" => Style::new().dimmed(),
            _ => Style::new(),
        };
        let number = it.ticket.map_or(String::new(), |number| number.to_string());
        let who = clean(&it.who);
        let who = match self.width {
            Some(_) => column(&who, self.who),
            None => fit(&who, self.who),
        };
        let head = format!(
            "{}  {}  {number:>2$}  {who}",
            it.when,
            fit(&it.kind, self.kind),
            self.number,
        );
        let before = head.width() + 2;
        let subject = clean(&it.subject);
        let line = match self.width {
            Some(width) if before < width => {
                format!("{head}  {}", cut(&subject, width - before))
            }
            // With no room for a subject, the line as a whole is cut.
            Some(width) => cut(&head, width),
            None => format!("{head}  {subject}"),
        };
        format!("{style}{}{style:#}\n", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<EventRow> {
        let row = |when: &str, kind: &str, ticket, who: &str, subject: &str| EventRow {
            when: when.into(),
            kind: kind.into(),
            ticket,
            who: who.into(),
            subject: subject.into(),
        };
        vec![
            row(
                "2026-11-22 14:03",
                "opened",
                Some(1203),
                "Alice Example",
                "Printer on fire, third floor, and the coffee machine next to it looks worried, too",
            ),
            row(
                "2026-11-22 13:00",
                "re-opened",
                Some(98),
                "山田太郎",
                "請求書の件について：先月分の請求書がまだ届いておりません",
            ),
            row(
                "2026-11-21 09:10",
                "mail",
                Some(97),
                "محمد بن عبد الله",
                "لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس",
            ),
            row(
                "2026-11-20 09:10",
                "automatic",
                Some(9),
                "a-very-long-address-of-somebody@subdomain.example.org",
                "\u{1b}[31mRe: 👩\u{200d}💻 cafe\u{301}\r\nBcc: x",
            ),
            row("2026-11-20 09:09", "fetched", None, "", "Nothing new"),
        ]
    }

    fn plain(width: Option<usize>) -> String {
        let rows = rows();
        let columns = EventColumns::fitting(&rows[..4], 9, width);
        let lines: String = rows.iter().map(|row| columns.line(row)).collect();
        anstream::adapter::strip_str(&lines)
            .to_string()
            .replace('\u{200e}', "")
    }

    #[test]
    fn rows_line_up() {
        let table = [
            (
                Some(80),
                "\
2026-11-22 14:03  opened     1203  Alice Example     Printer on fire, third flo…
2026-11-22 13:00  re-opened    98  山田太郎          請求書の件について：先月分…
2026-11-21 09:10  mail         97  محمد بن عبد الله  لا أستطيع تسجيل الدخول إلى…
2026-11-20 09:10  automatic     9  a-very-long-add…  [31mRe: 👩\u{200d}💻 cafe\u{301} Bcc: x
2026-11-20 09:09  fetched                            Nothing new
",
            ),
            (
                Some(30),
                "\
2026-11-22 14:03  opened…
2026-11-22 13:00  re-opened…
2026-11-21 09:10  mail…
2026-11-20 09:10  automatic…
2026-11-20 09:09  fetched…
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
            assert!(line.ends_with(&clean(&row.subject)), "{line}");
        }
    }
}
