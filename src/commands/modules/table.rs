//! Parts and modules in rows.

use crate::error::harmless;
use crate::screen::{Width, cut, hang};

/// The most columns of a version, and of the place where a module is from.
const VERSION: usize = 12;
const FROM: usize = 40;

/// A part or module.
#[derive(Default)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) state: String,
    pub(super) from: String,
    pub(super) adds: Vec<String>,
    pub(super) summary: String,
    /// What is to be said of it besides.
    pub(super) remarks: Vec<String>,
}

/// The rows as lines below a heading: one for each and one for each remark. Where that is more than `columns`, what a
/// row has to say stands in several lines, and nothing is left out.
pub(super) fn lines(rows: Vec<Row>, columns: Option<usize>) -> Vec<String> {
    let mut all = vec![Row {
        name: "name".into(),
        version: "version".into(),
        state: "state".into(),
        from: "from".into(),
        adds: vec!["adds".into()],
        summary: "summary".into(),
        remarks: Vec::new(),
    }];
    all.extend(rows);
    let widest = |of: fn(&Row) -> usize| all.iter().map(of).max().unwrap_or(0);
    let name = widest(|row| row.name.width());
    let version = widest(|row| row.version.width().min(VERSION));
    let state = widest(|row| row.state.width());
    let from = widest(|row| row.from.width().min(FROM));
    let adds = widest(|row| row.adds.join(", ").width());
    let summary = widest(|row| row.summary.width());
    let begin = |row: &Row| {
        let version = crate::screen::fit(&row.version, version);
        format!("{:name$}  {version}  {:state$}  ", row.name, row.state)
    };
    let whole = name + version + state + from + adds + summary + 5 * 2;
    let narrow = columns.filter(|columns| *columns < whole);
    let mut lines = Vec::new();
    for (at, row) in all.iter().enumerate() {
        let Some(columns) = narrow else {
            let from = crate::screen::fit(&row.from, from);
            let adds = format!("{:adds$}", row.adds.join(", "));
            lines.push(format!("{}{from}  {adds}  {}", begin(row), row.summary));
            let remarks = row.remarks.iter();
            for remark in remarks {
                match columns {
                    Some(columns) => lines.extend(below(remark, columns)),
                    None => lines.push(format!("    {remark}")),
                }
            }
            continue;
        };
        let last = row.adds.len().saturating_sub(1);
        let adds = row.adds.iter().enumerate();
        let adds = adds.map(|(at, it)| format!("{it}{}", if at < last { ", " } else { "" }));
        let adds: Vec<String> = adds.collect();
        lines.extend(hang(&begin(row), adds.iter().map(String::as_str), columns));
        let place = match &*row.from {
            "built in" | "-" => String::new(),
            from => format!("; in {from}"),
        };
        if at > 0 && !row.summary.is_empty() {
            lines.extend(below(&format!("{}{place}", row.summary), columns));
        }
        lines.extend(row.remarks.iter().flat_map(|it| below(it, columns)));
    }
    let lines = lines.into_iter().map(|line| harmless(line.trim_end()));
    let lines = lines.map(|line| columns.map_or(line.clone(), |columns| cut(&line, columns)));
    lines.collect()
}

/// What is said of a row, below it.
fn below(text: &str, columns: usize) -> Vec<String> {
    const IN: &str = "    ";
    let room = columns.saturating_sub(IN.len()).max(1);
    // A path may be longer than a line.
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split_inclusive(' ') {
        let letters: Vec<char> = word.chars().collect();
        pieces.extend(letters.chunks(room).map(String::from_iter));
    }
    hang(IN, pieces.iter().map(String::as_str), columns)
}
