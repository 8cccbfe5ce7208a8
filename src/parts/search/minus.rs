//! Words with a minus before them are no options.

use std::ffi::OsString;

/// Replaces `-word` after `search`, which the parser would take for options, by `NOT word`. Options stay
/// as they are.
pub(super) fn without_minus(args: Vec<OsString>) -> Vec<OsString> {
    let mut is_value = false;
    let mut searches = None;
    let takes_value = |arg: &str| {
        matches!(
            arg,
            "-n" | "--limit" | "--color" | "--config" | "--dir" | "-qn"
        )
    };
    let mut changed = Vec::with_capacity(args.len());
    for (at, arg) in args.into_iter().enumerate() {
        let text = arg.to_str().unwrap_or_default();
        if at == 0 || std::mem::take(&mut is_value) {
            // The program, or the value of an option.
        } else if searches.is_none() && !text.starts_with('-') {
            searches = Some(text == "search");
        } else if text == "--" {
            searches = Some(false);
        } else if takes_value(text) {
            is_value = true;
        } else if searches == Some(true)
            && let Some(word) = text.strip_prefix('-')
            && !word.is_empty()
            && !word.starts_with('-')
            && !is_option(word)
        {
            changed.push(format!("NOT {word}").into());
            continue;
        }
        changed.push(arg);
    }
    changed
}

/// True for the letters of short options: `q`, `n20`, `qn20`, `h`.
fn is_option(word: &str) -> bool {
    let rest = word.trim_start_matches('q');
    let digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'=');
    matches!(rest, "" | "h" | "V") || rest.strip_prefix('n').is_some_and(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_an_option_or_a_not() {
        for (typed, want) in [
            ("t search a -hp", "t|search|a|NOT hp"),
            (
                "t search -hp -from:ann -q",
                "t|search|NOT hp|NOT from:ann|-q",
            ),
            (
                "t search -n 5 -n5 -qn5 -h --json a",
                "t|search|-n|5|-n5|-qn5|-h|--json|a",
            ),
            ("t search -n -5 - -- -x", "t|search|-n|-5|-|--|-x"),
            ("t --dir search search -no", "t|--dir|search|search|NOT no"),
            ("t list -aw", "t|list|-aw"),
            ("t list search -aw", "t|list|search|-aw"),
            (
                "t deliver --sender search -x",
                "t|deliver|--sender|search|-x",
            ),
        ] {
            let args = typed.split(' ').map(OsString::from).collect();
            let got = without_minus(args).join("|".as_ref());
            assert_eq!(got, want, "{typed}");
        }
    }
}
