//! Wraps long lines where the readers of their script expect it.

use super::Width;
use std::borrow::Cow;
use unicode_linebreak::linebreaks;

/// A line as lines of at most `columns`, wrapped between words. Each has the quote marks of the whole line,
/// as far as they leave half of it free. Tabs become blanks; blanks at the end are removed.
///
/// Chinese and Japanese are wrapped between characters (UAX 14), Thai and other scripts without blanks
/// between any two letters if there is no other way. Any other word that is too long, such as a web
/// address, stays whole.
pub(super) fn wrap(line: &str, columns: usize) -> Vec<String> {
    let line = untabbed(line.trim_end());
    if line.width() <= columns {
        return vec![line.into_owned()];
    }
    let text = line.trim_start_matches([' ', '>']);
    let marks = &line[..line.len() - text.len()];
    // There may be more of them than there is room for.
    let again = &marks[..marks.len().min(columns / 2)];
    let mut lines = Lines::new(marks, again, columns);
    lines.words(text);
    lines.lines()
}

/// `head` and `items` (`To: `, people) as lines of at most `columns`, wrapped between items if possible. All
/// but the first are indented by the width of `head`.
pub(crate) fn hang<'a>(
    head: &str,
    items: impl IntoIterator<Item = &'a str>,
    columns: usize,
) -> Vec<String> {
    let blanks = " ".repeat(head.width().min(columns / 2));
    let mut lines = Lines::new(head, &blanks, columns);
    for item in items {
        match item.trim_end().width() <= columns - blanks.len() {
            true => lines.put(item),
            false => lines.words(item),
        }
    }
    lines.lines()
}

/// Lines being filled.
struct Lines<'a> {
    /// What each line but the first begins with.
    again: &'a str,
    columns: usize,
    done: Vec<String>,
    line: String,
    used: usize,
    /// The line holds nothing but its beginning.
    empty: bool,
}

impl<'a> Lines<'a> {
    fn new(first: &str, again: &'a str, columns: usize) -> Lines<'a> {
        Lines {
            again,
            columns,
            done: Vec::new(),
            line: first.to_owned(),
            used: first.width(),
            empty: true,
        }
    }

    /// Appends a piece, on the next line if it does not fit.
    fn put(&mut self, piece: &str) {
        if !self.empty && self.used + piece.trim_end().width() > self.columns {
            self.next();
        }
        self.line.push_str(piece);
        self.used += piece.width();
        self.empty = false;
    }

    fn words(&mut self, text: &str) {
        for word in text.split_inclusive(' ') {
            if word.is_ascii() {
                self.put(word);
                continue;
            }
            let mut start = 0;
            for (at, _) in linebreaks(word) {
                let before = word[..at].chars().next_back();
                let after = word[at..].chars().next();
                if after.is_none() || before.is_some_and(is_han) || after.is_some_and(is_han) {
                    self.piece(&word[start..at]);
                    start = at;
                }
            }
        }
    }

    /// Appends a piece. One that is too long for any line is divided if its script has no blanks.
    fn piece(&mut self, piece: &str) {
        let room = self.columns.saturating_sub(self.again.width());
        if piece.trim_end().width() <= room {
            return self.put(piece);
        }
        let mut before = ' ';
        let mut start = 0;
        for (at, c) in piece.char_indices() {
            if may_part(before, c) {
                self.put(&piece[start..at]);
                start = at;
            }
            before = c;
        }
        self.put(&piece[start..]);
    }

    fn next(&mut self) {
        self.done.push(self.line.trim_end().to_owned());
        self.line = self.again.to_owned();
        self.used = self.again.width();
        self.empty = true;
    }

    fn lines(mut self) -> Vec<String> {
        self.next();
        self.done
    }
}

/// True for characters between which a line may be wrapped: Chinese, Japanese and their punctuation, but
/// not Korean, which has blanks.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{312f}' | '\u{31a0}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff01}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// True if a word that is too long may be divided between these two: letters of Thai, Lao, Burmese and
/// Khmer, whose words only a dictionary can find, and Korean syllables. Marks stay with their letter,
/// and so do vowels that are written before or after it.
fn may_part(before: char, after: char) -> bool {
    let unspaced = |c| {
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{ac00}'..='\u{d7a3}')
    };
    let leads = |c| matches!(c, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}');
    let follows = |c| {
        matches!(
            c,
            '\u{e2f}'
                | '\u{e30}'
                | '\u{e32}'
                | '\u{e33}'
                | '\u{e45}'
                | '\u{e46}'
                | '\u{eb0}'
                | '\u{eb2}'
                | '\u{eb3}'
                | '\u{102b}'
                | '\u{102c}'
                | '\u{1031}'
                | '\u{17b6}'
                | '\u{17be}'..='\u{17c5}'
        )
    };
    let width = unicode_width::UnicodeWidthChar::width(after);
    unspaced(before) && unspaced(after) && !leads(before) && !follows(after) && width > Some(0)
}

/// Replaces tabs by the blanks that a terminal shows for them.
fn untabbed(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return line.into();
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut used = 0;
    for (at, piece) in line.split('\t').enumerate() {
        if at > 0 {
            let gap = 8 - used % 8;
            out.extend(std::iter::repeat_n(' ', gap));
            used += gap;
        }
        out.push_str(piece);
        used += piece.width();
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrap_between_words() {
        let table: &[(&str, &str, &[&str])] = &[
            ("fits", "one two", &["one two"]),
            ("words", "one two three four", &["one two", "three four"]),
            ("quoted", "> one two three", &["> one two", "> three"]),
            (
                "long word",
                "a https://x.example/y b",
                &["a", "https://x.example/y", "b"],
            ),
            ("wide", "你好 世界 你好", &["你好 世界", "你好"]),
            ("only marks", ">>>>>>>>>>>>", &[">>>>>>>>>>>>"]),
            (
                "many marks",
                ">>>>>>>>>>>> a b c",
                &[">>>>>>>>>>>> a", ">>>>>b c"],
            ),
            ("blanks at the end", "one   ", &["one"]),
            ("tabs", "a\tb", &["a       b"]),
            ("tabs, too long", "> a\tb cd e", &["> a     b", "> cd e"]),
        ];
        for (case, line, want) in table {
            assert_eq!(wrap(line, 10), *want, "{case}");
        }
    }

    #[test]
    fn scripts_without_blanks_wrap_where_their_readers_expect_it() {
        let table: &[(&str, &str, &[&str])] = &[
            (
                "Chinese",
                "打印机着火，请带水来。",
                &["打印机着", "火，请带水", "来。"],
            ),
            (
                "Chinese, quoted",
                "> 打印机着，请带水来。",
                &["> 打印机", "> 着，请带", "> 水来。"],
            ),
            (
                "Japanese: no small kana and no dash at the beginning",
                "至急プリンターへ「どうぞ」",
                &["至急プリン", "ターへ「ど", "うぞ」"],
            ),
            (
                "among others",
                "Outlook 365を使う x",
                &["Outlook", "365を使う", "x"],
            ),
            (
                "an address before them",
                "https://x.example/请带",
                &["https://x.example/", "请带"],
            ),
            (
                "Korean has blanks",
                "프린터가 작동하지",
                &["프린터가", "작동하지"],
            ),
            (
                "Korean without them",
                "프린터가작동하지않",
                &["프린터가작", "동하지않"],
            ),
            (
                "Thai: marks and vowels stay with their letter",
                "เครื่องพิมพ์ไม่ทำงาน",
                &["เครื่องพิมพ์ไม่", "ทำงาน"],
            ),
            (
                "Arabic has blanks",
                "لا أستطيع تسجيل",
                &["لا أستطيع", "تسجيل"],
            ),
            (
                "combining marks",
                "e\u{301}e\u{301}e\u{301}e\u{301} e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                &[
                    "e\u{301}e\u{301}e\u{301}e\u{301}",
                    "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                ],
            ),
        ];
        let got: Vec<_> = table.iter().map(|(_, line, _)| wrap(line, 10)).collect();
        let want: Vec<_> = table.iter().map(|(_, _, want)| want.to_vec()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn nothing_is_lost_and_only_long_words_stick_out() {
        let text = "> 先月分の請求書がまだ届いておりません。 Please 请求书 เครื่องพิมพ์ไม่ทำงานตั้งแต่เมื่อวานนี้ \
                    프린터가작동하지않습니다 لا أستطيع 👩\u{200d}💻 cafe\u{301}";
        let letters = |text: &str| text.replace([' ', '>'], "");
        for columns in 1..100 {
            let lines = wrap(text, columns);
            assert_eq!(letters(&lines.concat()), letters(text), "{columns}");
            for line in &lines {
                assert!(columns < 12 || line.width() <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn items_stand_below_each_other() {
        let people = ["Ann <ann@x.org>, ", "Bob <b@x.org>, ", "山田太郎 さん"];
        let table: &[(usize, &[&str])] = &[
            (60, &["To: Ann <ann@x.org>, Bob <b@x.org>, 山田太郎 さん"]),
            (
                36,
                &["To: Ann <ann@x.org>, Bob <b@x.org>,", "    山田太郎 さん"],
            ),
            (
                24,
                &[
                    "To: Ann <ann@x.org>,",
                    "    Bob <b@x.org>,",
                    "    山田太郎 さん",
                ],
            ),
            (
                14,
                &[
                    "To: Ann",
                    "    <ann@x.org>,",
                    "    Bob",
                    "    <b@x.org>,",
                    "    山田太郎",
                    "    さん",
                ],
            ),
        ];
        for (columns, want) in table {
            assert_eq!(hang("To: ", people, *columns), *want, "{columns}");
        }
        // A terminal without columns.
        assert_eq!(hang("To: ", ["a"], 0), ["To: a"]);
    }
}
