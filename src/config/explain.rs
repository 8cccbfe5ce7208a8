//! Mistakes in the configuration, explained.

use super::keys::Keys;
use crate::error::{Fault, Status, nearest};
use jiff::tz::TimeZone;
use std::path::Path;

/// So many keys are read at a glance: those of a table such as `[[alert]]`, but not all that there are.
const FEW_KEYS: usize = 12;

/// What helps whoever wrote the key `wrong` where `there` are: the nearest of them, else all; or where it belongs, if
/// it was put below a table, as at the end of the file.
pub(super) fn known(wrong: &str, there: &[&str]) -> String {
    if is_above_tables(wrong) {
        let there = there.join(", ");
        return format!(
            "`{wrong}` stands above all tables, before the first line that begins with `[`; here the keys are {there}"
        );
    }
    let only = match there {
        [only] => Some(*only),
        _ => None,
    };
    match nearest(wrong, there).or(only) {
        Some(right) => format!("the key is `{right}`"),
        None => format!("the keys are {}", there.join(", ")),
    }
}

/// True for the keys that belong to no table.
fn is_above_tables(key: &str) -> bool {
    let odd = toml::from_str::<Keys>("\"\" = 0").err();
    let message = odd.map(|e| e.message().to_owned()).unwrap_or_default();
    let mut keys = message.split('`').skip(3).step_by(2);
    keys.any(|known| known == key)
}

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
    if message == "duplicate key"
        && let Some((key, first)) = repeated(text, line)
    {
        let text =
            format!("{name}:{line}: duplicate key `{key}`, which stands in line {first}, too");
        return Fault::new(Status::Config, text).hint("one of the two has to go");
    }
    if message.starts_with("unknown field")
        && let Some(wrong) = words.next()
    {
        let fault = Fault::new(
            Status::Config,
            format!("{name}:{line}: unknown key `{wrong}`"),
        );
        let there: Vec<&str> = words.collect();
        return fault.hint(match nearest(wrong, &there) {
            // Here are those that stand above all tables.
            None if there.len() > FEW_KEYS => {
                "`tickets init --print-config` shows every key".into()
            }
            _ => known(wrong, &there),
        });
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

/// The time zone of this name; `wrong` tells which key has it, and what is wrong.
///
/// # Errors
/// Status 78 if there is none.
pub fn time_zone(name: &str, wrong: impl FnOnce(&str) -> Fault) -> Result<TimeZone, Fault> {
    TimeZone::get(name).map_err(|_| {
        wrong(&format!("{name:?} is no time zone")).hint(
            "a name such as \"Europe/Berlin\" or \"UTC\"; `timedatectl list-timezones` lists them",
        )
    })
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

/// The key or the head of a table in `line`, counted from 1, and the line before it in which the same stands first;
/// `None` if that is written in some other way.
fn repeated(text: &str, line: usize) -> Option<(&str, usize)> {
    let lines: Vec<&str> = text.lines().take(line).map(str::trim).collect();
    let (again, before) = lines.split_last()?;
    let key = name_in(again)?;
    // A key is one of its table; a table is one of the file.
    let table = before.iter().rposition(|line| is_head(line));
    let from = table.filter(|_| !is_head(again)).map_or(0, |at| at + 1);
    let same = |line: &&str| is_head(line) == is_head(again) && name_in(line) == Some(key);
    let first = before[from..].iter().position(same)?;
    Some((key, from + first + 1))
}

/// True if a line begins a table.
fn is_head(line: &str) -> bool {
    line.starts_with('[')
}

/// The name of the key, or of the table, that a line begins with.
fn name_in(line: &str) -> Option<&str> {
    let end = if is_head(line) { ']' } else { '=' };
    let (name, _) = line.split_once(end)?;
    let name = name.trim_start_matches('[').trim();
    let plain = |c: char| c.is_alphanumeric() || "._-\"' ".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}
