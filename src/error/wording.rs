//! What the parser of TOML and serde say, in words that mean something to people who do not know Rust. Pure.

/// What the parser says about `text`, and the line that it means, counted from 1.
pub fn toml_in_words(text: &str, error: &toml::de::Error) -> (usize, String) {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = &text.as_bytes()[..start];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let value = error.span().and_then(|span| text.get(span));
    let said = match is_without_quotes(value.unwrap_or_default(), error.message()) {
        true => "expected a value; text stands in quotes".to_owned(),
        false => in_words(text, line, error.message()),
    };
    (line, said)
}

/// True if a parser that says this of `value` took a text without quotes for another kind of value, most often by its
/// first letter.
fn is_without_quotes(value: &str, message: &str) -> bool {
    const TAKEN_FOR: [&str; 5] = [
        "string values must be quoted",
        "invalid boolean",
        "invalid float",
        "invalid date",
        "invalid time",
    ];
    let mut words = ["true", "false"].into_iter();
    let is_word = words.any(|word| value.eq_ignore_ascii_case(word));
    !is_word && TAKEN_FOR.iter().any(|kind| message.starts_with(kind))
}

fn in_words(text: &str, line: usize, message: &str) -> String {
    if message == "duplicate key"
        && let Some((key, first)) = repeated(text, line)
    {
        return format!("{message} `{key}`, which stands in line {first}, too");
    }
    if let Some(message) = wrong_value(message) {
        let table = table_in(text, line).filter(|_| message.ends_with("not a table"));
        return match table {
            Some(table) if message.starts_with("expected a list") => {
                format!("`[[{table}]]` is meant, in two pairs of brackets")
            }
            _ => format!("{}{message}", key_in(text, line)),
        };
    }
    match message.strip_prefix("missing field ") {
        Some(key) => format!("the key {key} is missing"),
        None => message.trim().replace('\n', ", "),
    }
}

/// Says of a value that serde does not accept what is expected. `None` for other errors.
pub fn wrong_value(message: &str) -> Option<String> {
    const KINDS: [&str; 3] = ["invalid type: ", "invalid value: ", "unknown variant "];
    let rest = KINDS.iter().find_map(|kind| message.strip_prefix(kind))?;
    let (found, expected) = rest.split_once(", expected ")?;
    let expected = match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table for each person",
        of_keys if of_keys.starts_with("struct ") => "a table",
        other => other,
    };
    let found = match found {
        "sequence" => "a list",
        "map" => "a table",
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

/// The name of the table that a line begins, one of its kind.
fn table_in(text: &str, line: usize) -> Option<&str> {
    let line = text.lines().nth(line - 1)?.trim();
    name_in(line).filter(|_| is_head(line) && !line.starts_with("[["))
}

/// The first line up to `line` that takes `modules`, the list, for `module`, the tables of settings, or the other way
/// round, and what is called what.
pub fn mixed_up(text: &str, line: usize) -> Option<(usize, String)> {
    let lines: Vec<&str> = text.lines().take(line).map(str::trim).collect();
    let last_head = lines.iter().rposition(|line| is_head(line));
    let mut above_tables = true;
    for (at, &written) in lines.iter().enumerate() {
        let is_head = is_head(written);
        above_tables &= !is_head;
        let Some(name) = name_in(written).filter(|_| is_head || above_tables) else {
            continue;
        };
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let is_wrong = match (first.trim(), rest) {
            // A list, or a name, instead of tables.
            ("module", "") if !is_head => {
                let value = written.split_once('=').map_or("", |(_, value)| value);
                if value.trim().starts_with('{') {
                    continue;
                }
                return Some((at + 1, "the list of modules is called `modules`".into()));
            }
            // Tables may stand in it.
            ("module", "") => written.starts_with("[[") || last_head == Some(at),
            ("module", rest) => written.starts_with("[[") && !rest.contains('.'),
            ("modules", rest) => is_head || !rest.is_empty(),
            _ => false,
        };
        if is_wrong {
            let module = rest.split('.').next().filter(|it| !it.is_empty());
            let module = module.unwrap_or("NAME").trim();
            let what = format!("the table of a module is called `[module.{module}]`");
            return Some((at + 1, what));
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_quotes_is_called_that() {
        let quotes = "expected a value; text stands in quotes";
        for (value, want) in [
            ("filter.sh", quotes),
            ("test.sh", quotes),
            ("run.sh", quotes),
            ("noquote", quotes),
            ("index", quotes),
            ("[filter]", quotes),
            ("[\"observer\", filter]", quotes),
            ("{ x = no }", quotes),
            ("yes", quotes),
            ("tru", quotes),
            ("1.0.0", quotes),
            ("127.0.0.1:80", quotes),
            ("22-7", quotes),
            ("2026-11-30 x", quotes),
            ("10 s", quotes),
            ("-x", quotes),
            ("", quotes),
            ("True", "invalid boolean, expected `true`"),
            ("[FALSE]", "invalid boolean, expected `false`"),
            ("\"x\" y", "unexpected key or value, expected newline, `#`"),
            ("0800", "unexpected leading zero, expected nothing"),
        ] {
            let text = format!("a = 1\nb = {value}\n");
            let error = toml::from_str::<toml::Table>(&text).unwrap_err();
            let got = toml_in_words(&text, &error);
            assert_eq!(got, (2, want.to_owned()), "{value}");
        }
    }
}
