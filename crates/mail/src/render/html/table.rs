//! Rows of tables in columns that line up.

use unicode_width::UnicodeWidthStr;

/// Stands between the cells of a row until all rows are known.
pub(super) const CELL: char = '\u{1f}';

/// Wider rows are not lined up, since they would not fit on a screen.
const WIDEST: usize = 100;

/// Rows of more cells are not lined up.
const COLUMNS: usize = 30;

/// `text` with blanks for each [`CELL`]: rows that follow each other line up if they fit, of others
/// the cells follow each other after one blank.
pub(super) fn lay_out(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rows: Vec<Vec<&str>> = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        if bare.contains(CELL) {
            rows.push(bare.split(CELL).collect());
        } else {
            flush(&mut rows, &mut out);
            out.push_str(bare);
        }
        if rows.is_empty() && line.len() > bare.len() {
            out.push('\n');
        }
    }
    let ended = text.ends_with('\n');
    flush(&mut rows, &mut out);
    if !ended && out.ends_with('\n') {
        out.pop();
    }
    out
}

fn flush(rows: &mut Vec<Vec<&str>>, out: &mut String) {
    let widths = widths(rows);
    for row in rows.drain(..) {
        match &widths {
            Some(widths) => aligned(&row, widths, out),
            None => {
                let filled = row.iter().enumerate();
                let filled = filled.filter(|(at, cell)| *at == 0 || !cell.is_empty());
                for (at, cell) in filled {
                    if at > 0 && !out.ends_with([' ', '\n']) && !out.is_empty() {
                        out.push(' ');
                    }
                    out.push_str(cell);
                }
            }
        }
        out.push('\n');
    }
}

fn aligned(row: &[&str], widths: &[usize], out: &mut String) {
    let mut blanks = 0;
    for (cell, width) in row.iter().zip(widths) {
        if *width == 0 {
            continue;
        }
        if !cell.is_empty() {
            out.extend(std::iter::repeat_n(' ', blanks));
            out.push_str(cell);
            blanks = 0;
        }
        blanks += width.saturating_sub(cell.width()) + 2;
    }
}

/// How wide each column is; `None` if the rows are not worth being lined up.
fn widths(rows: &[Vec<&str>]) -> Option<Vec<usize>> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    if rows.len() < 2 || count > COLUMNS {
        return None;
    }
    let mut widths = vec![0; count];
    for row in rows {
        for (cell, width) in row.iter().zip(&mut widths) {
            *width = cell.width().max(*width);
        }
    }
    let columns = widths.iter().filter(|width| **width > 0).count();
    let sum: usize = widths.iter().sum();
    (columns > 1 && sum + 2 * columns <= WIDEST).then_some(widths)
}
