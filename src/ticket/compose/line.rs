//! A line of ours above the text of somebody's mail, where that does no harm (C2).

use mail::message::Message;

/// `line` and an empty line in the encoding of `original`, to be put before its body. Empty if the mail is not plain
/// text, or is encoded such that a line cannot be added.
pub(super) fn above(original: &Message, line: &str) -> String {
    let value = |name: &str| {
        let field = original.first(name).map(|f| f.text().to_ascii_lowercase());
        field.unwrap_or_default()
    };
    let kind = value("Content-Type");
    let plain = kind.is_empty() || kind.starts_with("text/plain");
    // Further charsets in which ASCII bytes do not stand for ASCII characters.
    let odd = [
        "utf-16", "utf-32", "utf-7", "ucs-", "ebcdic", "cp037", "cp500",
    ];
    if !plain || odd.iter().any(|charset| kind.contains(charset)) {
        return String::new();
    }
    match value("Content-Transfer-Encoding").trim() {
        "" | "7bit" | "8bit" | "binary" => format!("{line}\n\n"),
        "quoted-printable" => {
            // Soft line ends keep the lines short.
            let pieces = line.as_bytes().chunks(20);
            let encode = |piece| String::from_utf8_lossy(piece).replace('=', "=3D");
            let encoded: Vec<String> = pieces.map(encode).collect();
            format!("{}\n\n", encoded.join("=\n"))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_text_gets_a_line() {
        // C2
        for (header, want) in [
            ("", "[a=b]\n\n"),
            ("Content-Type: Text/Plain; charset=utf-8\n", "[a=b]\n\n"),
            ("Content-Transfer-Encoding: 8BIT\n", "[a=b]\n\n"),
            (
                "Content-Transfer-Encoding: quoted-printable\n",
                "[a=3Db]\n\n",
            ),
            ("Content-Transfer-Encoding: base64\n", ""),
            ("Content-Type: text/plain; charset=utf-16\n", ""),
            ("Content-Type: text/html\n", ""),
            ("Content-Type: multipart/mixed; boundary=b\n", ""),
        ] {
            let mail = format!("{header}\nhello\n");
            assert_eq!(
                above(&Message::new(mail.as_bytes()), "[a=b]"),
                want,
                "{header}"
            );
        }
    }

    #[test]
    fn a_long_line_can_be_read_again() {
        let mail = b"Content-Transfer-Encoding: quoted-printable\n\n";
        let line = "=".repeat(100);
        let above = above(&Message::new(mail), &line);
        assert!(above.lines().all(|line| line.len() <= 76));
        let mail = [&mail[..], above.as_bytes()].concat();
        let text = mail::render::render(&mail, &mail::render::Limits::default()).text;
        assert_eq!(text, line);
    }
}
