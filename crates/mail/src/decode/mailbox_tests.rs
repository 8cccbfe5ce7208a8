use super::*;

#[test]
fn mailboxes_as_strangers_write_them() {
    type Case = (
        &'static str,
        &'static [u8],
        &'static [(&'static str, &'static str)],
    );
    let table: &[Case] = &[
        ("bare", b" a@b\n", &[("", "a@b")]),
        ("angle", b"Alice <a@b>", &[("Alice", "a@b")]),
        ("two", b"Alice <a@b>, c@d", &[("Alice", "a@b"), ("", "c@d")]),
        (
            "folded",
            b"Alice\r\n <a@b>,\r\n\tBob <c@d>\r\n",
            &[("Alice", "a@b"), ("Bob", "c@d")],
        ),
        (
            "fold inside",
            b"<long\r\n @example.\r\n org>",
            &[("", "long@example.org")],
        ),
        (
            "domain in lower case",
            b"A@EXAMPLE.Org",
            &[("", "A@example.org")],
        ),
        (
            "quoted name",
            "\"Müller, Jörg\" <j@x>".as_bytes(),
            &[("Müller, Jörg", "j@x")],
        ),
        (
            "Latin-1",
            b"\"M\xfcller, J\xf6rg\" <j@x>",
            &[("Müller, Jörg", "j@x")],
        ),
        (
            "escapes",
            br#""Al \"the\" \\" <a@b>"#,
            &[(r#"Al "the" \"#, "a@b")],
        ),
        (
            "encoded",
            b"=?utf-8?Q?J=C3=B6rg?= M <j@x>",
            &[("Jörg M", "j@x")],
        ),
        (
            "encoded, joined",
            b"=?utf-8?Q?J=C3?= =?utf-8?Q?=B6rg?= <j@x>",
            &[("Jörg", "j@x")],
        ),
        (
            "encoded in quotes",
            b"\"=?utf-8?Q?J=C3=B6rg?=\" <j@x>",
            &[("Jörg", "j@x")],
        ),
        (
            "comma encoded",
            b"=?utf-8?Q?M=2C_J?= <j@x>",
            &[("M, J", "j@x")],
        ),
        (
            "comma raw in a word",
            b"=?utf-8?Q?M,_<J@y>?= <j@x>",
            &[("M, <J@y>", "j@x")],
        ),
        ("address only encoded", b"=?utf-8?Q?a=40b?=", &[]),
        (
            "blanks in a Q word",
            b"=?utf-8?Q?M J?= <j@x>",
            &[("M J", "j@x")],
        ),
        (
            "raw 8 bit in a word",
            b"=?iso-8859-1?Q?J\xf6rg?= <j@x>",
            &[("Jörg", "j@x")],
        ),
        ("comment as name", b"a@b (Alice)", &[("Alice", "a@b")]),
        (
            "encoded comment",
            b"a@b (=?utf-8?Q?J=C3=B6rg?=)",
            &[("Jörg", "a@b")],
        ),
        (
            "comments",
            b"Al (x (y\\) z)) ice <a (m)@b(n)> (o)",
            &[("Al ice", "a@b")],
        ),
        (
            "group",
            b"Staff: Alice <a@b>, c@d;, e@f",
            &[("Alice", "a@b"), ("", "c@d"), ("", "e@f")],
        ),
        ("empty group", b"undisclosed-recipients:;", &[]),
        (
            "semicolons",
            b"a@b; Bob <c@d>",
            &[("", "a@b"), ("Bob", "c@d")],
        ),
        ("two and no comma", b"a@b c@d", &[]),
        (
            "brackets forgotten",
            b"Alice A. a@b",
            &[("Alice A.", "a@b")],
        ),
        (
            "bracket not closed",
            b"Alice <a@b, c@d",
            &[("Alice", "a@b"), ("", "c@d")],
        ),
        ("two brackets", b"<<a@b>>", &[("", "a@b")]),
        ("two in brackets", b"Alice <a@b> <c@d>", &[("Alice", "a@b")]),
        ("address as name", b"c@d <a@b>", &[("c@d", "a@b")]),
        (
            "quoted address as name",
            b"\"c@d\" <a@b>",
            &[("c@d", "a@b")],
        ),
        ("only a quoted address", b"\"c@d\"", &[]),
        ("quote not closed", b"\"Alice <a@b>", &[("Alice", "a@b")]),
        (
            "comment not closed",
            b"Alice (home <a@b>",
            &[("Alice home", "a@b")],
        ),
        ("quoted local-part", b"\"a b\"@c", &[("", "\"a b\"@c")]),
        (
            "the same in brackets",
            b"X <\"a>,b\" @ c>",
            &[("X", "\"a>,b\"@c")],
        ),
        ("blanks around @", b"a @ b", &[("", "a@b")]),
        ("blank in the local-part", b"<a b@c>", &[]),
        ("route", b"<@route,@b:user@c>", &[("", "user@c")]),
        (
            "route without brackets",
            b"@route,@b:user@c",
            &[("", "user@c")],
        ),
        ("mailto", b"mailto:a@b", &[("", "a@b")]),
        (
            "IPv6",
            b"a@[IPv6:::1], b@[192.0.2.1]",
            &[("", "a@[ipv6:::1]"), ("", "b@[192.0.2.1]")],
        ),
        (
            "IDN",
            "Ä <ä@BÜCHER.example>".as_bytes(),
            &[("Ä", "ä@bÜcher.example")],
        ),
        (
            // C8: nobody's address is made of it.
            "one domain in other letters",
            "a@ｅxample。org, b@ex\u{ad}ample.org, c@bu\u{308}cher.example".as_bytes(),
            &[("", "a@ｅxample。org"), ("", "c@bu\u{308}cher.example")],
        ),
        (
            "detail",
            b"help+12-done@example.org",
            &[("", "help+12-done@example.org")],
        ),
        (
            "odd dots",
            b"a..b.@docomo.example",
            &[("", "a..b.@docomo.example")],
        ),
        ("dash first", b"-oQ/tmp@x", &[("", "-oQ/tmp@x")]),
        ("dot at the end", b"a@b., c@.d, e@f..g", &[]),
        ("null", b"<>", &[]),
        ("name of nobody", b"Alice <>, Bob <root>", &[]),
        ("halves", b"a@, @b, @, a@b@c", &[]),
        ("commas", b",,, a@b,,", &[("", "a@b")]),
        ("nonsense", b"\0\xff<\"(,;:", &[]),
        // C8
        (
            "newline in the name",
            b"=?utf-8?Q?A=0D=0ABcc:_x?= <a@b>",
            &[("A Bcc: x", "a@b")],
        ),
        (
            "NUL in the name",
            b"A\0l =?utf-8?Q?=00ice?= <a@b>",
            &[("Al ice", "a@b")],
        ),
        ("NUL in the address", b"<a\0@b>", &[]),
        ("override in the address", "<a\u{202e}@b>".as_bytes(), &[]),
        ("escape in a quoted local-part", b"\"\x1b[2J\"@b", &[]),
    ];
    for (case, raw, want) in table {
        let found = mailboxes(raw);
        let found: Vec<_> = found
            .iter()
            .map(|m| (m.name.as_str(), m.address.as_str()))
            .collect();
        assert_eq!(found, *want, "{case}");
    }
}

#[test]
fn long_lists_are_cut() {
    let list = "Somebody <somebody@example.org>, ".repeat(3000);
    assert_eq!(mailboxes(list.as_bytes()).len(), 1000);
    let long = format!("{}@b", "a".repeat(600));
    assert_eq!(mailboxes(long.as_bytes()), []);
}
