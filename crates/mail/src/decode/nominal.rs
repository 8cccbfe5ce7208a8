//! What From says of its author where it holds no address.

use super::{clean, encoded_words, guess, head};

/// At most this many bytes of a From field are read.
const LIMIT: usize = 4096;

/// At most this many characters are kept.
const CHARS: usize = 200;

/// The name in a From value that no mailbox can be read from: the display name before angle brackets,
/// the comment of an address that an archive has hidden (`ann at example.net (Ann)`), or else all of it,
/// in one clean line of at most 200 characters.
///
/// ```
/// use tickets_mail::decode::nominal;
///
/// assert_eq!(nominal(b" Mail Delivery Subsystem <MAILER-DAEMON>"), "Mail Delivery Subsystem");
/// assert_eq!(nominal(b" root (Cron Daemon)"), "root (Cron Daemon)");
/// assert_eq!(nominal(b" ann at example.net (Ann Example)"), "Ann Example");
/// ```
pub fn nominal(raw: &[u8]) -> String {
    let value = guess(&encoded_words::in_ascii(head(raw, LIMIT))).replace(['\r', '\n'], "");
    let (before, rest) = value.split_once('<').unwrap_or((&value, ""));
    let inner = rest.split('>').next().unwrap_or_default();
    let written = match is_blank(before) {
        true => inner,
        false => hidden(before).unwrap_or(before),
    };
    let text = clean(&encoded_words::decode(&unquoted(written)));
    text.trim_matches([' ', ',', ';', ':'])
        .chars()
        .take(CHARS)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn is_blank(text: &str) -> bool {
    text.trim_matches([' ', '\t', '"']).is_empty()
}

/// The comment in `ann at example.net (Ann Example)`.
fn hidden(value: &str) -> Option<&str> {
    let (address, comment) = value.split_once('(')?;
    let mut words = address.split_ascii_whitespace();
    let is_hidden = (
        words.next().is_some(),
        words.next(),
        words.next().is_some(),
        words.next(),
    ) == (true, Some("at"), true, None);
    let comment = comment.trim_ascii_end();
    let comment = comment.strip_suffix(')').unwrap_or(comment);
    (is_hidden && !is_blank(comment)).then_some(comment)
}

/// `text` without quotes, and without the backslashes in them.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_addresses() {
        let table: &[(&str, &[u8], &str)] = &[
            (
                "daemon",
                b"Mail Delivery Subsystem <MAILER-DAEMON>",
                "Mail Delivery Subsystem",
            ),
            ("cron", b"root (Cron Daemon)", "root (Cron Daemon)"),
            (
                "archive",
                b"ann at example.net (Ann Example)\r\n",
                "Ann Example",
            ),
            (
                "archive, encoded",
                b"ann at example.net (=?utf-8?Q?J=C3=B6rg?=)",
                "Jörg",
            ),
            (
                "archive without a name",
                b"ann at example.net",
                "ann at example.net",
            ),
            (
                "archive, empty name",
                b"ann at example.net ()",
                "ann at example.net ()",
            ),
            (
                "a sentence",
                b"look at me and you (please)",
                "look at me and you (please)",
            ),
            ("one word", b"root", "root"),
            ("brackets only", b"<MAILER-DAEMON>", "MAILER-DAEMON"),
            ("null", b"<>", ""),
            ("name of nobody", b"Alice <>", "Alice"),
            ("quoted", b"\"A \\\"B\\\" C\" <root>", "A \"B\" C"),
            ("encoded", b"=?utf-8?Q?J=C3=B6rg?= <root>", "Jörg"),
            ("raw 8 bit", b"J\xf6rg", "Jörg"),
            (
                "empty group",
                b"undisclosed-recipients:;",
                "undisclosed-recipients",
            ),
            ("two", b"a@b c@d", "a@b c@d"),
            ("controls", b"=?utf-8?Q?A=1B[2J=0D=0AB?=", "A[2J B"),
            ("empty", b"", ""),
            ("blank", b" \t\r\n \"\" ", ""),
        ];
        for (case, raw, want) in table {
            assert_eq!(nominal(raw), *want, "{case}");
        }
        assert_eq!(nominal(&[b'a'; 100_000]).len(), CHARS);
    }
}
