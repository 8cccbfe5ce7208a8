use super::*;

#[test]
fn names_of_files_as_mail_programs_write_them() {
    let table: &[(&str, &[u8], &str)] = &[
        ("token", b"attachment; filename=a.pdf", "a.pdf"),
        ("quoted", b"attachment; filename=\"a b.pdf\"", "a b.pdf"),
        (
            "quoted semicolon",
            b"attachment; filename=\"a; b=c.pdf\"",
            "a; b=c.pdf",
        ),
        (
            "quoted-pairs",
            b"attachment; filename=\"a \\\"b\\\" \\\\c.pdf\"",
            "a \"b\" \\c.pdf",
        ),
        (
            "path of Windows",
            b"attachment; filename=\"C:\\docs\\bill.pdf\"",
            "C:\\docs\\bill.pdf",
        ),
        (
            "its own quote",
            b"attachment; filename=\"C:\\docs\\\"; x=y",
            "C:\\docs\\",
        ),
        (
            "blanks, unquoted",
            b"attachment; filename=My new file.pdf; size=7",
            "My new file.pdf",
        ),
        (
            "parentheses, unquoted",
            b"attachment; filename=a (1).pdf",
            "a (1).pdf",
        ),
        (
            "blanks around =",
            b"attachment; filename = \"a.pdf\"",
            "a.pdf",
        ),
        ("letter case", b"attachment; FileName=a.pdf", "a.pdf"),
        (
            "quote not closed",
            b"attachment; filename=\"a b.pdf; size=7",
            "a b.pdf",
        ),
        (
            "quote not opened",
            b"attachment; filename=a.pdf\"; size=7",
            "a.pdf",
        ),
        (
            "quoted twice",
            b"attachment; filename=\"\"a.pdf\"\"",
            "\"a.pdf\"",
        ),
        (
            "quotes in quotes",
            b"attachment; filename=\"the \"best\" file.pdf\"; size=7",
            "the \"best\" file.pdf",
        ),
        (
            "folded",
            b"attachment;\r\n\tfilename=\"a\r\n b.pdf\"",
            "a b.pdf",
        ),
        (
            "folded without a blank",
            b"attachment;\nfilename=a.pdf",
            "a.pdf",
        ),
        ("no semicolon", b"attachment filename=a.pdf", "a.pdf"),
        (
            "no semicolon behind another",
            b"attachment; size=\"7\" filename=\"a.pdf\"",
            "a.pdf",
        ),
        (
            "comments",
            b"attachment (a; b=c); (x) filename=\"a.pdf\" (y)",
            "a.pdf",
        ),
        (
            "twice",
            b"attachment; filename=a.pdf; filename=b.pdf",
            "a.pdf",
        ),
        (
            "empty parameters",
            b"attachment;;; filename=a.pdf;;",
            "a.pdf",
        ),
        ("no type", b"filename=a.pdf", "a.pdf"),
        // RFC 2231
        (
            "charset",
            b"attachment; filename*=utf-8''na%C3%AFve.pdf",
            "naïve.pdf",
        ),
        (
            "language",
            b"attachment; filename*=iso-8859-1'de'M%E4rz.pdf",
            "März.pdf",
        ),
        (
            "no code",
            b"attachment; filename*=utf-8''plain.pdf",
            "plain.pdf",
        ),
        (
            "no charset",
            b"attachment; filename*=''na%C3%AFve.pdf",
            "naïve.pdf",
        ),
        (
            "no marks",
            b"attachment; filename*=na%C3%AFve.pdf",
            "naïve.pdf",
        ),
        (
            "unknown charset",
            b"attachment; filename*=x-klingon''na%EFve.pdf",
            "naïve.pdf",
        ),
        (
            "a lie",
            b"attachment; filename*=us-ascii''na%C3%AFve.pdf",
            "naïve.pdf",
        ),
        (
            "quoted",
            b"attachment; filename*=\"utf-8''na%C3%AFve.pdf\"",
            "naïve.pdf",
        ),
        (
            "mistakes",
            b"attachment; filename*=utf-8''100%25%zz%4.pdf%",
            "100%%zz%4.pdf%",
        ),
        (
            "apostrophes",
            b"attachment; filename*=utf-8''Ann's%20bill",
            "Ann's bill",
        ),
        (
            "raw 8 bit",
            b"attachment; filename*=iso-8859-1''M\xe4rz.pdf",
            "März.pdf",
        ),
        (
            "beside a plain one",
            b"attachment; filename=\"Mrz.pdf\"; filename*=utf-8''M%C3%A4rz.pdf",
            "März.pdf",
        ),
        (
            "before a plain one",
            b"attachment; filename*=utf-8''M%C3%A4rz.pdf; filename=\"Mrz.pdf\"",
            "März.pdf",
        ),
        (
            "sections",
            b"attachment; filename*0=\"a b\"; filename*1=c.pdf",
            "a bc.pdf",
        ),
        (
            "sections in codes",
            b"attachment; filename*0*=ISO-8859-1''M%E4rz%20;\r\n filename*1*=K%F6ln.pdf",
            "März Köln.pdf",
        ),
        (
            "character cut in two",
            b"attachment; filename*0*=utf-8''M%C3; filename*1*=%A4rz.pdf",
            "März.pdf",
        ),
        (
            "mixed sections",
            b"attachment; filename*0*=utf-8''%C3%A4; filename*1=\"%20.pdf\"",
            "ä%20.pdf",
        ),
        (
            "out of order",
            b"attachment; filename*1*=rz.pdf; filename*0*=utf-8''M%C3%A4",
            "März.pdf",
        ),
        (
            "ten sections",
            b"attachment; filename*10=k; filename*0=a; filename*1=b; filename*2=c",
            "abck",
        ),
        ("from one", b"attachment; filename*1=a; filename*2=b", "ab"),
        (
            "one section twice",
            b"attachment; filename*0=a; filename*0=x; filename*1=b",
            "ab",
        ),
        (
            "star forgotten",
            b"attachment; filename=\"utf-8''M%C3%A4rz.pdf\"",
            "März.pdf",
        ),
        (
            "no charset at all",
            b"attachment; filename=\"Ann's and Bob's.pdf\"",
            "Ann's and Bob's.pdf",
        ),
        // RFC 2047
        (
            "two words",
            b"attachment;\n filename=\"=?utf-8?Q?Rechnung_M=C3=A4rz_2026=2E?=\n =?utf-8?Q?pdf?=\"",
            "Rechnung März 2026.pdf",
        ),
        (
            "character cut in two words",
            b"attachment;\n filename=\"=?utf-8?B?TcM=?=\n =?utf-8?B?pHJ6LnBkZg==?=\"",
            "März.pdf",
        ),
        (
            "word without quotes",
            b"attachment; filename==?utf-8?Q?M=C3=A4rz;.pdf?=; size=7",
            "März;.pdf",
        ),
        (
            "word with blanks",
            b"attachment; filename=\"=?utf-8?Q?M=C3=A4rz 26.pdf?=\"",
            "März 26.pdf",
        ),
        (
            "word in sections",
            b"attachment; filename*0=\"=?utf-8?Q?M=C3=A4\"; filename*1=\"rz.pdf?=\"",
            "März.pdf",
        ),
        (
            "raw UTF-8",
            "attachment; filename=\"März.pdf\"".as_bytes(),
            "März.pdf",
        ),
        (
            "raw Latin-1",
            b"attachment; filename=\"M\xe4rz.pdf\"",
            "März.pdf",
        ),
        (
            "controls",
            b"attachment; filename*=utf-8''a%00%1b%5b31m%0d%0ab",
            "a[31m b",
        ),
    ];
    for (case, raw, want) in table {
        let found = Structured::read(raw).text("filename");
        assert_eq!(found.as_deref(), Some(*want), "{case}");
    }
    let none: &[&[u8]] = &[
        b"",
        b"attachment",
        b"attachment; filename",
        b"x=\"filename=a\"",
        b"(filename=a)",
    ];
    for raw in none {
        assert_eq!(Structured::read(raw).text("filename"), None);
    }
}

#[test]
fn values_and_other_parameters() {
    type Case = (
        &'static str,
        &'static str,
        &'static str,
        Option<&'static str>,
    );
    let table: &[Case] = &[
        (
            "plain",
            "text/plain; charset=utf-8",
            "text/plain",
            Some("utf-8"),
        ),
        (
            "no semicolon",
            "text/plain charset=\"utf-8\"",
            "text/plain",
            Some("utf-8"),
        ),
        (
            "comma",
            "text/plain, charset=utf-8",
            "text/plain,",
            Some("utf-8"),
        ),
        (
            "no semicolon between",
            "text/plain; charset=utf-8 format=flowed",
            "text/plain",
            Some("utf-8"),
        ),
        (
            "comments",
            "(a) text/plain (b); (c) charset=(d) utf-8 (e)",
            "text/plain",
            Some("utf-8"),
        ),
        (
            "comment not closed",
            "text/plain (b; charset=utf-8",
            "text/plain (b",
            Some("utf-8"),
        ),
        (
            "folded",
            "text/plain;\r\n\tcharset=\r\n\tutf-8",
            "text/plain",
            Some("utf-8"),
        ),
        (
            "single quotes",
            "text/plain; charset='utf-8'",
            "text/plain",
            Some("'utf-8'"),
        ),
        ("nothing but that", "charset=utf-8", "", Some("utf-8")),
        (
            "not that",
            "text/plain; x-charset=utf-8; charsets=a",
            "text/plain",
            None,
        ),
    ];
    for (case, raw, value, charset) in table {
        let found = Structured::read(raw.as_bytes());
        let got = (found.value.as_str(), found.text("charset"));
        assert_eq!(got, (*value, charset.map(str::to_owned)), "{case}");
    }
    // Blanks in a boundary count.
    let found = Structured::read(b"multipart/mixed; boundary=\"=_ _=  7\"");
    assert_eq!(found.bytes("boundary").as_deref(), Some(&b"=_ _=  7"[..]));
    let found = Structured::read(b"multipart/mixed; boundary==_x=?y; type=z");
    assert_eq!(found.bytes("boundary").as_deref(), Some(&b"=_x=?y"[..]));
}

#[test]
fn hostile_parameters_take_linear_time() {
    for unit in [
        "\"",
        "(",
        "(\\",
        "; a=\"",
        "; name*0*=x",
        ";name=(",
        "name=",
        "=?",
        "=?a?Q?",
        "; name=\"a\" x",
        "; filename=a\"b ",
        "'",
        "%",
        "\\\"",
    ] {
        let raw = unit.repeat((1 << 20) / unit.len());
        let found = Structured::read(raw.as_bytes());
        for name in ["name", "filename", "a"] {
            let text = found.text(name).unwrap_or_default();
            assert!(text.len() <= 4 * LIMIT, "{unit:?}");
        }
    }
}
