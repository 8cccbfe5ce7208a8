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
    let message = message.trim().replace('\n', ", ");
    Fault::new(Status::Config, format!("{name}:{line}: {message}"))
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
