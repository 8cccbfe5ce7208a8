//! Tags that name a ticket in a Subject (B4): finding them by pattern, and writing them.

use super::TicketId;
use anyhow::{Context, Result, ensure};
use regex::bytes::{Regex, RegexBuilder};

/// The default pattern: it finds `[issue12]` (B4).
pub const DEFAULT: &str = r"\[issue\s*(\d+)\]";

/// The tickets that `patterns` find in a decoded Subject, from left to right.
///
/// # Errors
/// If a pattern is invalid; see [`compile`].
pub fn find(patterns: &[String], subject: &str) -> Result<Vec<TicketId>> {
    // Every tag has a digit. Most Subjects have none, and compiling the patterns takes 0.2 ms.
    if !subject.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    let patterns: Vec<Regex> = patterns.iter().map(|p| compile(p)).collect::<Result<_>>()?;
    Ok(find_compiled(&patterns, subject))
}

/// Like [`find`], with compiled patterns.
pub fn find_compiled(patterns: &[Regex], text: &str) -> Vec<TicketId> {
    let mut found: Vec<(usize, TicketId)> = Vec::new();
    for pattern in patterns {
        for captures in pattern.captures_iter(text.as_bytes()) {
            let Some(number) = captures.iter().skip(1).flatten().next() else {
                continue;
            };
            let digits = std::str::from_utf8(number.as_bytes()).unwrap_or_default();
            if let Ok(id) = digits.parse() {
                found.push((number.start(), id));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, id)| id).collect()
}

/// Compiles a pattern of `subject_tags`; see [`pattern`].
pub fn compile(text: &str) -> Result<Regex> {
    pattern("subject_tags", text)
}

/// Compiles a pattern for bytes. Unicode classes (`\p{L}`) are not supported: every start of the program
/// would pay for their tables, and tags are made of digits.
///
/// # Errors
/// If it is not a regular expression, or has no group for the number. The error names the key or option
/// `what`.
pub fn pattern(what: &str, text: &str) -> Result<Regex> {
    let tag = RegexBuilder::new(text)
        .case_insensitive(true)
        .unicode(false)
        .size_limit(4 << 20)
        .build();
    let tag = tag.with_context(|| format!("{what}: {text:?} is not a regular expression"))?;
    ensure!(
        tag.captures_len() >= 2,
        "{what}: {text:?} has no group for the number"
    );
    Ok(tag)
}

/// A tag that `pattern` finds: for `\[issue\s*(\d+)\]` it is `[issue12]`. `None` if the pattern does not
/// determine the text.
pub fn write(pattern: &str, id: TicketId) -> Option<String> {
    let mut text = String::new();
    let mut rest = pattern;
    let mut numbered = false;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = optional_blanks(rest) {
            rest = after;
            continue;
        }
        if let Some(after) = number_group(rest) {
            if std::mem::replace(&mut numbered, true) {
                return None;
            }
            text.push_str(&id.to_string());
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().filter(|c| !c.is_alphanumeric())?;
                text.push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '*' | '+' | '?' | '|' | '.' | '^' | '$' => {
                return None;
            }
            c if c.is_control() => return None,
            c => text.push(c),
        }
        if rest.starts_with(['*', '+', '?', '{']) {
            return None;
        }
    }
    numbered.then_some(text)
}

fn optional_blanks(pattern: &str) -> Option<&str> {
    let blanks = [r"\s*", r"\s?", " *", " ?", r"[ ]*", r"\ *"];
    blanks.iter().find_map(|b| pattern.strip_prefix(b))
}

fn number_group(pattern: &str) -> Option<&str> {
    let groups = [r"(\d+)", "([0-9]+)", r"([1-9]\d*)", "([1-9][0-9]*)"];
    groups.iter().find_map(|g| pattern.strip_prefix(g))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_determines_the_tag() {
        for (pattern, want) in [
            (DEFAULT, Some("[issue12]")),
            (r"\[bug #([0-9]+)\]", Some("[bug #12]")),
            (r"#([1-9]\d*)", Some("#12")),
            (r"\[Störung (\d+)\]", Some("[Störung 12]")),
            (r"\[(issue|bug)(\d+)\]", None),
            (r"\[issue.*(\d+)\]", None),
            (r"\[issues?(\d+)\]", None),
            (r"issue \d+", None),
            ("issue", None),
        ] {
            let id = TicketId::new(12).unwrap();
            let got = write(pattern, id);
            assert_eq!(got.as_deref(), want, "{pattern}");
            if let Some(tag) = got {
                let found = find(&[pattern.to_owned()], &format!("Re: {tag} x")).unwrap();
                assert_eq!(found, [id], "{pattern} finds what is written");
            }
        }
    }

    #[test]
    fn tags_are_found_anywhere() {
        let patterns = [DEFAULT.to_owned(), r"#(\d+)".to_owned()];
        for (subject, want) in [
            ("Re: [issue12] x", &[12][..]),
            ("AW: [list] [ISSUE 7]", &[7]),
            ("[issue3] #4 [issue5]", &[3, 4, 5]),
            ("[issue012] [issue0]", &[]),
            ("[issue99999999999]", &[]),
            ("no number", &[]),
            ("größe [issue8]", &[8]),
        ] {
            let found = find(&patterns, subject).unwrap();
            let found: Vec<u32> = found.into_iter().map(TicketId::get).collect();
            assert_eq!(found, want, "{subject}");
        }
        assert!(find(&["(".into()], "1").is_err());
        assert!(find(&[r"\d+".into()], "1").is_err());
    }
}
