use super::*;

#[test]
fn hostile_mail_is_shown_in_bounded_time() {
    let deep = |unit: &str, n: usize| unit.repeat(n);
    let level = "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n";
    let levels: String = (0..5000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
        .collect();
    let table = [
        (
            "nested mails",
            deep("Content-Type: message/rfc822\n\n", 100_000),
        ),
        ("nested multiparts, one boundary", deep(level, 20_000)),
        ("nested multiparts", levels),
        ("many parts", multipart("mixed", &["\nx"; 20_000])),
        (
            "many boundaries in lines",
            multipart("mixed", &[&deep("x--bb", 100_000)]),
        ),
        (
            "many continued names",
            format!(
                "Content-Type: x/y{}\n\nx",
                (0..50_000)
                    .map(|n| format!("; name*{n}*=a"))
                    .collect::<String>()
            ),
        ),
        (
            "long header line",
            format!("X: {}\n\nHello", deep("a", 1 << 20)),
        ),
        (
            "many fields",
            format!("{}\nHello", deep("Received: x\n", 100_000)),
        ),
        (
            "deep HTML",
            format!("Content-Type: text/html\n\n{}", deep("<div>", 100_000)),
        ),
        (
            "links in links",
            format!("Content-Type: text/html\n\n{}", deep("<a href=x>", 50_000)),
        ),
        (
            "breaks after breaks",
            format!(
                "Content-Type: text/html\n\n<pre>{}</pre>{}",
                deep("&#13;&#10;", 10_000),
                deep("<p>", 30_000)
            ),
        ),
        (
            "open tags",
            format!("Content-Type: text/html\n\n{}", deep("<a \"", 60_000)),
        ),
        (
            "attributes that are many",
            format!("Content-Type: text/html\n\n<a {}>", deep("b ", 500_000)),
        ),
        (
            "lists in quotations",
            format!("Content-Type: text/html\n\n{}", deep("<blockquote><ul><li>a<br>", 40_000)),
        ),
        (
            "tables in tables",
            format!("Content-Type: text/html\n\n{}", deep("<table><tr><td>a<td>", 50_000)),
        ),
        (
            "ends of nothing",
            format!("Content-Type: text/html\n\n{}{}", deep("<div>", 100), deep("</li>", 200_000)),
        ),
        (
            "hidden that never end",
            format!("Content-Type: text/html\n\n{}", deep("<b hidden><svg>", 60_000)),
        ),
        (
            "blank versions in each other",
            format!("Content-Type: multipart/alternative; boundary=b0\n\n{}", (0..60).map(|n| format!("--b{n}\n\n{}\n--b{n}\nContent-Type: multipart/alternative; boundary=b{}\n\n", deep("\u{a0}", 10_000), n + 1)).collect::<String>()),
        ),
        ("NULs", deep("\0", 1 << 20)),
        ("empty lines", deep("\n", 1 << 20)),
    ];
    for (case, raw) in table {
        let all = render(raw.as_bytes(), &Limits::default());
        let lost = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!all.text.contains(lost), "{case}");
        assert!(all.attachments.len() <= 10_000, "{case}");
        part(raw.as_bytes(), 7);
    }
}

#[test]
fn garbage_is_shown_harmlessly() {
    // A small generator is enough to mix the bytes that mean something.
    let pieces = [
        "Content-Type:",
        " multipart/mixed;",
        " boundary=b",
        "\n",
        "\r\n",
        "--b",
        "--",
        " text/html",
        "\u{1b}[",
        "=",
        "=?utf-8?Q?",
        "<a",
        "Content-Type: text/html\n\n",
        "Content-Type: message/rfc822\n\n",
        "<table><tr><td>",
        "</td>",
        "</table>",
        "<li>",
        "</ol>",
        "<blockquote>",
        "</div>",
        "<pre>",
        "<p hidden>",
        "<br>",
        "&nbsp;",
        "&#27;",
        ";",
        "\"",
        "x",
        " charset=",
        "utf-7",
        "gb18030",
        "Content-Transfer-Encoding: base64\n",
        "ö",
    ];
    let mut state = 1_u32;
    for _ in 0..20_000 {
        let mut raw = String::new();
        for _ in 0..30 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            raw += pieces[(state >> 16) as usize % pieces.len()];
        }
        let all = render(raw.as_bytes(), &Limits::default());
        assert!(
            !all.text
                .contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
            "{raw:?}"
        );
    }
}
