//! Where a key stands in the configuration file. What is read when somebody asks for it, such as `[job.NAME]`, has lost its
//! lines, so a mistake there makes the file be looked at once more.

use crate::files::read_text;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Where `key` stands, as the beginning of a line: `FILE:LINE: `; just the file if that says no such thing any more, and
/// nothing without a file. A key is a path through the tables of the file; in a list of tables, the next one is its
/// number, from 0.
pub(super) fn place(file: Option<&Path>, key: &[&str]) -> String {
    let Some(file) = file else {
        return String::new();
    };
    let text = read_text(file).ok();
    match text.and_then(|text| line(&text, key)) {
        Some(line) => format!("{}:{line}: ", file.display()),
        None => format!("{}: ", file.display()),
    }
}

/// The line, from 1, in which `key` stands, or the last of what it lies in that is there.
fn line(text: &str, key: &[&str]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let (first, rest) = key.split_first()?;
    let (name, mut value) = table.get_ref().get_key_value(*first)?;
    let mut at = name.span().start;
    for step in rest {
        let inner = match value.get_ref() {
            DeValue::Table(table) => table
                .get_key_value(*step)
                .map(|(name, value)| (name.span().start, value)),
            DeValue::Array(list) => (step.parse().ok())
                .and_then(|number: usize| list.get(number))
                .map(|value| (value.span().start, value)),
            _ => None,
        };
        let Some((start, inner)) = inner else {
            break;
        };
        (at, value) = (start, inner);
    }
    let before = text.as_bytes().get(..at)?;
    Some(1 + before.iter().filter(|&&c| c == b'\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_line() {
        let text = "domain = \"x\"\n\n[job.a]\nat = \"1\"\n[[alert]]\nto = \"a\"\n\n[[alert]]\n# to\nto = \"b\"\n\
                    [job.\"b.c\"]\nat = \"1\"\njob = 1";
        for (key, want) in [
            (&["domain"][..], Some(1)),
            (&["job", "a"], Some(3)),
            (&["job", "a", "at"], Some(4)),
            (&["job", "a", "every"], Some(3)),
            (&["job", "b.c", "at"], Some(12)),
            (&["alert", "0"], Some(5)),
            (&["alert", "1"], Some(8)),
            (&["alert", "1", "to"], Some(10)),
            (&["alert", "2"], Some(5)),
            (&["gone"], None),
            (&[], None),
        ] {
            assert_eq!(line(text, key), want, "{key:?}");
        }
        assert_eq!(line("job = [", &["job"]), None);
    }
}
