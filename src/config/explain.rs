//! Mistakes in the configuration, explained.

use crate::error::{Fault, Status};
use std::path::Path;

/// An error that names the file, the line and, for a misspelt key, the nearest right one.
pub(super) fn explain(file: Option<&Path>, text: &str, error: &toml::de::Error) -> Fault {
    let line = error.span().map_or(1, |span| {
        1 + text.as_bytes()[..span.start.min(text.len())]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
    });
    let name = file.map_or_else(|| "configuration".into(), |f| f.display().to_string());
    let message = error.message();
    let mut words = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field")
        && let Some(wrong) = words.next()
    {
        let fault = Fault::new(
            Status::Config,
            format!("{name}:{line}: unknown key `{wrong}`"),
        );
        return match nearest(wrong, words) {
            Some(right) => fault.hint(format!("the key is `{right}`")),
            None => fault.hint("`tickets init --print-config` shows every key"),
        };
    }
    let message = match wrong_value(message) {
        Some(message) => format!("{}{message}", key_in(text, line)),
        None => message.trim().replace('\n', ", "),
    };
    Fault::new(Status::Config, format!("{name}:{line}: {message}"))
}

/// An error about the value of a key.
pub(super) fn wrong(key: &str, why: &str) -> Fault {
    Fault::new(Status::Config, format!("{key}: {why}"))
}

/// Says of a value that serde does not accept what is expected, in words that mean something to people who
/// do not know Rust. `None` for other errors.
pub(super) fn wrong_value(message: &str) -> Option<String> {
    const KINDS: [&str; 3] = ["invalid type: ", "invalid value: ", "unknown variant "];
    let rest = KINDS.iter().find_map(|kind| message.strip_prefix(kind))?;
    let (found, expected) = rest.split_once(", expected ")?;
    let expected = match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "a boolean" => "true or false",
        "struct AlertKeys" | "struct PartKeys" | "struct PersonKeys" => "a table",
        "a map" => "a table for each person",
        other => other,
    };
    Some(format!("expected {expected}, not {found}"))
}

/// The key in a line, counted from 1, as `key: `. Empty if the line has none, as within a list.
fn key_in(text: &str, line: usize) -> String {
    let before = text
        .lines()
        .nth(line - 1)
        .and_then(|line| line.split_once('='));
    let key = before.map(|(key, _)| key.trim());
    let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    key.filter(|key| key.chars().all(is_key))
        .map(|key| format!("{key}: "))
        .unwrap_or_default()
}

/// The one among `all` that is most like `wrong`, if any is.
pub(super) fn nearest_of<'a>(wrong: &str, all: &[&'a str]) -> Option<&'a str> {
    nearest(wrong, all.iter().copied())
}

/// The candidate with the smallest distance from `wrong`, if that is small.
fn nearest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|c| (distance(wrong, c), c))
        .min()
        .filter(|(d, _)| *d <= 1 + wrong.len() / 3)
        .map(|(_, c)| c)
}

/// Levenshtein distance, in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
