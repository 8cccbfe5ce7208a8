//! Lines of text, with marks of quotation, list marks and indentation before them.

use super::table::{CELL, lay_out};

/// Deeper quotations and lists look like those of this depth, so that a line has a bounded beginning.
const MARGINS: usize = 20;

/// A page ends after this many bytes, since no more of a mail is ever shown.
const LONGEST: usize = 2 << 20;

/// A row is broken after this many bytes, since cells that long are not words in columns.
const ROW_BYTES: usize = 100;

/// What stands before each line within a block.
#[derive(Clone, Debug)]
pub(super) enum Margin {
    /// A mark of quotation.
    Quote,
    /// Blanks.
    Indent,
    /// The mark of a list item, once; then blanks.
    Item { mark: String, used: bool },
}

/// Where a row of a table begins.
#[derive(Clone, Copy)]
pub(super) struct RowStart {
    /// How long the page was.
    start: usize,
    /// How many lines the page has with the first of the row.
    lines: usize,
}

/// A text that is written from top to bottom.
#[derive(Default)]
pub(super) struct Page {
    out: String,
    margins: Vec<Margin>,
    /// Line ends that come before the next word.
    gap: usize,
    /// Blanks that come before the next word of the same line.
    blanks: String,
    /// White space was read: one blank, unless a line ends here.
    space: bool,
    /// Cells that ended before the next word.
    cells: usize,
    /// Nothing was written since the beginning of a list item or cell, so that it has no line end.
    fresh: bool,
    /// Marks of quotation before the last line.
    quotes: usize,
    /// How many lines there are.
    lines: usize,
    /// Where the last line begins.
    line: usize,
    /// Where the first word stands that came after [`Page::mark`].
    mark: Option<usize>,
    /// The next word is to be marked.
    marks: bool,
}

impl Page {
    /// The text, with the rows of tables lined up.
    pub(super) fn finish(self) -> String {
        match self.out.contains(CELL) {
            true => lay_out(&self.out),
            false => self.out,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.out.len() > LONGEST
    }

    /// Marks the place of the next word.
    pub(super) fn mark(&mut self) {
        self.mark = None;
        self.marks = true;
    }

    /// What was written since the mark.
    pub(super) fn since_mark(&self) -> &str {
        let text = self.mark.and_then(|mark| self.out.get(mark..));
        text.unwrap_or_default()
    }

    /// Ends the line (1), or the paragraph (2).
    pub(super) fn end(&mut self, gap: usize) {
        // A paragraph of nothing but no-break spaces is an empty line.
        let blank = self.gap > 0 && !self.blanks.is_empty();
        let gap = if blank { 2 } else { gap };
        self.drop_blanks();
        if !self.fresh {
            self.gap = self.gap.max(gap);
        }
    }

    /// A line end that was asked for: the second one makes an empty line.
    pub(super) fn line_break(&mut self, most: usize) {
        self.drop_blanks();
        if self.fresh && self.cells > 0 {
            return;
        }
        self.gap = (self.gap + 1).min(most);
    }

    /// Begins a list item. Those behind the first follow without an empty line.
    pub(super) fn begin_item(&mut self, mark: String, first: bool) {
        self.fresh = false;
        self.end(1);
        if !first {
            self.gap = 1;
        }
        self.cells = 0;
        self.push(Margin::Item { mark, used: false });
        self.fresh = true;
    }

    /// Begins a row of a table.
    pub(super) fn begin_row(&mut self) -> RowStart {
        self.end(1);
        self.cells = 0;
        let new_line = self.gap > 0 || self.out.is_empty();
        RowStart {
            start: self.out.len(),
            lines: self.lines + usize::from(new_line),
        }
    }

    /// Begins a cell of a row. The one before it takes `columns`; 0 if this is the first.
    pub(super) fn begin_cell(&mut self, columns: usize, row: RowStart) {
        self.fresh = false;
        self.drop_blanks();
        let written = self.out.len() > row.start;
        // A row ends where one of its cells has several lines.
        let broken = written && (self.lines > row.lines || self.out.len() - self.line > ROW_BYTES);
        if columns == 0 {
            self.gap = self.gap.max(1);
        } else if broken {
            self.gap = self.gap.max(1);
            self.cells = 0;
        } else {
            if written {
                self.gap = 0;
            }
            self.cells = (self.cells + columns).min(ROW_BYTES);
        }
        self.fresh = true;
    }

    /// Ends a row of several cells. If it is one line, the next row may follow without an empty line.
    pub(super) fn end_row(&mut self, row: RowStart) {
        self.end_block(1);
        if self.lines <= row.lines {
            self.gap = 1;
        }
    }

    /// Ends what began with an item or a cell.
    pub(super) fn end_block(&mut self, gap: usize) {
        self.fresh = false;
        self.end(gap);
    }

    /// Everything gets a margin until [`Page::pop`].
    pub(super) fn push(&mut self, margin: Margin) {
        self.margins.push(margin);
    }

    pub(super) fn pop(&mut self) {
        self.margins.pop();
    }

    /// Writes text with its white space as one blank each.
    pub(super) fn write(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => self.space = true,
                _ => self.put(c),
            }
        }
    }

    /// Writes text with its line ends and blanks.
    pub(super) fn write_as_it_is(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => self.line_break(3),
                '\r' => {}
                ' ' | '\t' => self.blank(c),
                _ => self.put(c),
            }
        }
    }

    /// Writes behind what is written, on the same line.
    pub(super) fn append(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn put(&mut self, c: char) {
        match c {
            '\u{a0}' | '\u{2007}' | '\u{202f}' => self.blank(' '),
            // Marks where a word may be divided, and what senders fill a preview with.
            '\u{ad}' | '\u{200b}' | '\u{34f}' | '\u{feff}' | CELL => {}
            // They join letters; where there are none, they fill.
            '\u{200c}' | '\u{200d}' if self.gap > 0 || self.space || !self.blanks.is_empty() => {}
            _ => {
                self.before_a_word();
                self.out.push(c);
            }
        }
    }

    fn blank(&mut self, c: char) {
        if std::mem::take(&mut self.space) && self.gap == 0 && !self.out.is_empty() {
            self.blanks.push(' ');
        }
        self.blanks.push(c);
    }

    fn drop_blanks(&mut self) {
        self.blanks.clear();
        self.space = false;
    }

    /// Writes what comes before a word: line ends and margins, or a blank.
    fn before_a_word(&mut self) {
        let first = self.out.is_empty();
        if first || self.gap > 0 {
            let quotes = self.count_quotes();
            if !first {
                self.out.push('\n');
                let empty = "> ".repeat(self.quotes.min(quotes));
                for _ in 1..self.gap {
                    self.out.push_str(empty.trim_end());
                    self.out.push('\n');
                }
            }
            self.quotes = quotes;
            self.line = self.out.len();
            self.lines += 1;
            self.write_margins(false);
            self.gap = 0;
            self.space = false;
        } else if self.fresh {
            self.write_margins(true);
        }
        if self.cells > 0 {
            self.space = false;
            self.out.extend(std::iter::repeat_n(CELL, self.cells));
            self.cells = 0;
        }
        if std::mem::take(&mut self.space) {
            self.out.push(' ');
        }
        self.out.push_str(&self.blanks);
        self.blanks.clear();
        self.fresh = false;
        if std::mem::take(&mut self.marks) {
            self.mark = Some(self.out.len());
        }
    }

    fn count_quotes(&self) -> usize {
        let shown = self.margins.iter().take(MARGINS);
        shown.filter(|m| matches!(m, Margin::Quote)).count()
    }

    /// Writes the margins of a line, or only the marks of items that begin within it.
    fn write_margins(&mut self, within: bool) {
        for margin in self.margins.iter_mut().take(MARGINS) {
            match margin {
                Margin::Item { mark, used } if !*used => {
                    self.out.push_str(mark);
                    *used = true;
                }
                _ if within => {}
                Margin::Quote => self.out.push_str("> "),
                Margin::Indent => self.out.push_str("  "),
                Margin::Item { mark, .. } => {
                    self.out.extend(std::iter::repeat_n(' ', mark.len()));
                }
            }
        }
    }
}
