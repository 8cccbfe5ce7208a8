//! The list of modules in the text of a configuration. A name is put in or taken out, and every other byte stays: all
//! comments, those beside the name, too, and the line ends.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The line of the commented configuration that a first module replaces.
const COMMENTED: &str = "#modules = []";

const BLANKS: [char; 2] = [' ', '\t'];

/// The text with the module `name` switched on, at the end of the list, or off.
///
/// # Errors
/// The text is no TOML, or `modules` no list.
pub(super) fn edited(text: &str, name: &str, on: bool) -> Result<String, String> {
    // A mark of UTF-8 is no part of what is parsed.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let mut body = body.to_owned();
    // It may be named several times.
    while let Some(next) = step(&body, name, on)? {
        body = next;
    }
    Ok(format!("{mark}{body}"))
}

/// The text with the name put in, or once less in it; `None` if nothing is left to do.
fn step(text: &str, name: &str, on: bool) -> Result<Option<String>, String> {
    let table = DeTable::parse(text).map_err(|e| e.message().to_owned())?;
    let Some(value) = table.get_ref().get("modules") else {
        return Ok(on.then(|| first(text, table.get_ref(), name)));
    };
    let span = value.span();
    match value.get_ref() {
        // One name may stand without brackets.
        DeValue::String(one) => Ok(match (on, one == name) {
            (true, false) => {
                let more = format!(", {}]", quoted(name));
                Some(with(&with(text, span.end, &more), span.start, "["))
            }
            (false, true) => Some(format!("{}[]{}", &text[..span.start], &text[span.end..])),
            (true, true) | (false, false) => None,
        }),
        DeValue::Array(values) => {
            let list = List {
                text,
                open: span.start + 1,
                close: span.end - 1,
                names: values.iter().map(toml::Spanned::span).collect(),
            };
            let is_it = |value: &toml::Spanned<DeValue<'_>>| value.get_ref().as_str() == Some(name);
            Ok(match (on, values.iter().position(is_it)) {
                (true, None) => Some(list.with(&quoted(name))),
                (false, Some(at)) => Some(list.without(at)),
                (true, Some(_)) | (false, None) => None,
            })
        }
        _ => Err("modules is no list".into()),
    }
}

/// The key with this one name, where the text has none yet.
fn first(text: &str, table: &DeTable<'_>, name: &str) -> String {
    let line = format!("modules = [{}]", quoted(name));
    let mut start = 0;
    for it in text.split_inclusive('\n') {
        let end = start + COMMENTED.len();
        if it.trim_end() == COMMENTED {
            let in_place = format!("{}{line}{}", &text[..start], &text[end..]);
            // Below a table it would be another key, and in a string none.
            let parsed = DeTable::parse(&in_place);
            if parsed.is_ok_and(|table| table.get_ref().contains_key("modules")) {
                return in_place;
            }
        }
        start += it.len();
    }
    let end = line_end(text);
    let at = match last_above_tables(text, table) {
        Some(last) => text[last..].find('\n').map(|to| last + to + 1),
        None if table.is_empty() => None,
        None => Some(0),
    };
    match at.unwrap_or(text.len()) {
        0 => format!("{line}{end}{text}"),
        at if text[..at].ends_with('\n') => with(text, at, &format!("{line}{end}")),
        at => with(text, at, &format!("{end}{line}")),
    }
}

/// Where the last value ends that stands above all tables.
fn last_above_tables(text: &str, table: &DeTable<'_>) -> Option<usize> {
    let stands_above = |key: usize, value: &toml::Spanned<DeValue<'_>>| {
        let is_header = text[..key].trim_end_matches(BLANKS).ends_with('[');
        let is_inline = || text[value.span()].starts_with('{');
        !is_header && (!value.get_ref().is_table() || is_inline())
    };
    let values = table
        .iter()
        .filter(|(key, value)| stands_above(key.span().start, value));
    values.map(|(_, value)| value.span().end).max()
}

/// The list, as it stands in the text.
struct List<'a> {
    text: &'a str,
    /// Behind the bracket that opens it.
    open: usize,
    /// Before the bracket that closes it.
    close: usize,
    names: Vec<Range<usize>>,
}

impl List<'_> {
    /// The text with one name more, in the manner of the last one.
    fn with(&self, name: &str) -> String {
        let text = self.text;
        let line = line_start(text, self.close);
        // Where the bracket stands alone on its line, the name gets a line above it.
        let own_line = line > self.open && is_blank(&text[line..self.close]);
        let above = match text[..line].strip_suffix('\n') {
            Some(it) => it.strip_suffix('\r').unwrap_or(it).len(),
            None => 0,
        };
        let Some(last) = self.names.last() else {
            return match own_line {
                true => {
                    let (end, indent) = (&text[above..line], self.indent());
                    with(text, above, &format!("{end}{indent}{name},"))
                }
                // Nothing but blanks stands between the brackets.
                false => with(
                    text,
                    self.close,
                    &format!("{name}{}", &text[self.open..self.close]),
                ),
            };
        };
        let comma = self.comma(last.end..self.close);
        let of_last = line_start(text, last.start);
        let lead = &text[of_last.max(self.open)..last.start];
        let is_first = of_last > self.open && lead.chars().all(|c| c == ',' || BLANKS.contains(&c));
        let is_behind_comma = is_first && lead.contains(',') && comma.is_none();
        let indent = match is_first {
            true => lead.replace(',', ""),
            false => self.indent(),
        };
        match (own_line, comma) {
            (true, _) if is_behind_comma => {
                with(text, above, &format!("{}{lead}{name}", &text[above..line]))
            }
            (true, _) => {
                let more = format!("{}{indent}{name},", &text[above..line]);
                let text = with(text, above, &more);
                match comma {
                    Some(_) => text,
                    None => with(&text, last.end, ","),
                }
            }
            // The bracket follows on the last name or its comma: no comment stands between them.
            (false, Some(comma)) => with(text, comma + 1, &format!(" {name},")),
            (false, None) if is_behind_comma => {
                let more = format!("{}{lead}{name}", line_end(text));
                with(text, last.end, &more)
            }
            (false, None) if is_first => {
                let more = format!(",{}{indent}{name}", line_end(text));
                with(text, last.end, &more)
            }
            (false, None) => with(text, last.end, &format!(", {name}")),
        }
    }

    /// How far a name is indented that has a line of its own.
    fn indent(&self) -> String {
        let line = &self.text[line_start(self.text, self.open)..self.open];
        let key = line.trim_start_matches(BLANKS);
        format!("{}  ", &line[..line.len() - key.len()])
    }

    /// The text without the name at this place, and without one comma.
    fn without(&self, at: usize) -> String {
        let name = self.names[at].clone();
        let before = match at.checked_sub(1).map(|before| self.names[before].end) {
            Some(end) => self.comma(end..name.start),
            None => None,
        };
        let next = self.names.get(at + 1).map_or(self.close, |next| next.start);
        let after = self.comma(name.end..next);
        // Some write each comma before its name.
        let leads = before.is_some_and(|comma| comma >= line_start(self.text, name.start))
            && after.is_none_or(|comma| self.text[name.end..comma].contains('\n'));
        let comma = match leads {
            true => before,
            false => after.or(before),
        };
        let (first, second) = match comma {
            None => (name, None),
            Some(comma) if comma < name.start => {
                match is_blank(&self.text[comma + 1..name.start]) {
                    true => (comma..name.end, None),
                    false => (comma..comma + 1, Some(name)),
                }
            }
            Some(comma) => match is_blank(&self.text[name.end..comma]) {
                true => (name.start..comma + 1, None),
                false => (name, Some(comma..comma + 1)),
            },
        };
        let mut text = String::new();
        let mut from = 0;
        for hole in [Some(first), second].into_iter().flatten() {
            let hole = self.with_blanks(hole);
            text += &self.text[from..hole.start];
            from = hole.end;
        }
        text + &self.text[from..]
    }

    /// What is removed, with the blanks on one of its sides; or with its line, if nothing else stands there.
    fn with_blanks(&self, hole: Range<usize>) -> Range<usize> {
        let before = self.text[..hole.start].trim_end_matches(BLANKS);
        let after = self.text[hole.end..].trim_start_matches(BLANKS);
        let (left, right) = (before.len(), self.text.len() - after.len());
        let begins = before.ends_with('\n');
        let ends = ["\n", "\r\n"]
            .into_iter()
            .find(|end| after.starts_with(end));
        match (begins, ends) {
            (true, Some(end)) => left..right + end.len(),
            (false, Some(_)) => left..right,
            (true, None) => hole.start..right,
            (false, None) if after.starts_with(['#', ']']) => left..hole.end,
            (false, None) => hole.start..right,
        }
    }

    /// The comma between two names, or behind the last one.
    fn comma(&self, gap: Range<usize>) -> Option<usize> {
        let mut in_comment = false;
        for (at, c) in self.text[gap.clone()].char_indices() {
            match c {
                '#' => in_comment = true,
                '\n' => in_comment = false,
                ',' if !in_comment => return Some(gap.start + at),
                _ => {}
            }
        }
        None
    }
}

/// A name as TOML writes it.
pub(super) fn quoted(name: &str) -> String {
    toml::Value::from(name).to_string()
}

fn with(text: &str, at: usize, more: &str) -> String {
    format!("{}{more}{}", &text[..at], &text[at..])
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANKS.contains(&c))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// How the lines of the text end.
fn line_end(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
