//! The keys of a manifest. One that the program does not know is no mistake, since a later program may, and yet most often
//! a slip. Pure.

use super::head::clean;
use crate::error::nearest;
use toml::{Table, Value};

/// Those that stand above all tables, and the tables.
const TOP: [&str; 16] = [
    "name",
    "version",
    "protocol",
    "summary",
    "run",
    "points",
    "timeout",
    "serial",
    "raw",
    "events",
    "data_version",
    "timeline",
    "command",
    "job",
    "page",
    "verb",
];

/// Those of the tables.
const TABLES: [(&str, &[&str]); 6] = [
    ("timeline", &["filters"]),
    ("timeline.filters", &["name", "label"]),
    ("command", &["name", "summary"]),
    ("job", &["name", "at", "every", "timeout"]),
    ("page", &["path", "title", "nav"]),
    ("verb", &["name", "args", "by"]),
];

/// What is said of each key in the text of a manifest that is not known.
pub(super) fn unknown_keys(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    if let Ok(table) = text.parse::<Table>() {
        look("", &TOP, &table, &mut said);
    }
    said
}

/// What is said of a `key` that is missing above all tables.
pub(super) fn missing_key(text: &str, key: &str) -> String {
    let table = text.parse::<Table>().unwrap_or_default();
    let there: Vec<&str> = (table.keys().map(String::as_str))
        .filter(|it| !TOP.contains(it))
        .collect();
    match nearest(key, &there) {
        Some(meant) => format!(
            "it has no key `{key}`; is `{}` meant for it?",
            clean(meant, 32)
        ),
        None => format!("it has no key `{key}`"),
    }
}

/// Looks at the keys of a table of this name, and at the tables in it.
fn look(name: &str, known: &[&str], table: &Table, said: &mut Vec<String>) {
    for (key, value) in table {
        if !known.contains(&key.as_str()) {
            said.push(unknown(name, key, known));
            continue;
        }
        let inner = match name {
            "" => key.clone(),
            name => format!("{name}.{key}"),
        };
        let keys = TABLES.iter().find(|(table, _)| *table == inner);
        let Some((inner, keys)) = keys else {
            continue;
        };
        let tables = match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        for table in tables.into_iter().filter_map(Value::as_table) {
            look(inner, keys, table, said);
        }
    }
}

fn unknown(table: &str, key: &str, known: &[&str]) -> String {
    let meant = match nearest(key, known) {
        Some(right) => format!("; is `{right}` meant?"),
        None if TOP.contains(&key) => "; does it belong above all tables?".to_owned(),
        None => String::new(),
    };
    let place = match table {
        "" => String::new(),
        "timeline" => "[timeline]: ".to_owned(),
        table => format!("[[{table}]]: "),
    };
    let key = clean(key, 32);
    format!("{place}this program knows no key `{key}`{meant}")
}
