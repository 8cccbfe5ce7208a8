use super::*;

#[test]
fn unstructured_fields_become_one_clean_line() {
    let table: &[(&str, &[u8], &str)] = &[
        ("plain", b" Printer on fire\n", "Printer on fire"),
        ("empty", b"\n", ""),
        (
            "folded",
            b" Printer\r\n\ton\n   fire\r\n",
            "Printer on fire",
        ),
        ("no text but a tag", b" [issue12]\n", "[issue12]"),
        ("raw UTF-8", "Größe".as_bytes(), "Größe"),
        ("raw Latin-1", b"Gr\xf6\xdfe", "Größe"),
        ("raw windows-1252", b"5 \x80", "5 €"),
        ("UTF-8 with a slip", b"\xc3\xb6\xc3\xb6\xff", "öö\u{fffd}"),
        ("Q", b"=?utf-8?Q?Gr=C3=B6=C3=9Fe_XL?=", "Größe XL"),
        ("Q, lower case hex", b"=?UTF-8?q?Gr=c3=b6=c3=9fe?=", "Größe"),
        (
            "Q with blanks",
            b"=?iso-8859-1?Q?so ein =D6l?=",
            "so ein Öl",
        ),
        ("B", b"=?UTF-8?B?R3LDtsOfZQ==?=", "Größe"),
        ("B without padding", b"=?UTF-8?B?R3LDtsOfZQ?=", "Größe"),
        ("B of a useless length", b"=?UTF-8?B?R3LDt?=", "GrÃ"),
        ("B that is none", b"=?UTF-8?B?***?= x", "x"),
        ("language", b"=?iso-8859-1*de?Q?=D6l?=", "Öl"),
        (
            "neighbours join",
            b"=?utf-8?Q?a?=\n =?utf-8?Q?b?= c",
            "ab c",
        ),
        (
            "neighbours of two charsets",
            b"=?utf-8?Q?=C3=B6?= =?iso-8859-1?Q?=F6?=",
            "öö",
        ),
        ("no blank between", b"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        (
            "text between",
            b"=?utf-8?Q?a?= und =?utf-8?Q?b?=",
            "a und b",
        ),
        ("in the middle of a word", b"x=?utf-8?Q?y?=z", "xyz"),
        (
            "character cut in two, Q",
            b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=B6=C3=9Fe?=",
            "Größe",
        ),
        (
            "character cut in two, B",
            b"=?utf-8?B?R3LD?=\r\n =?utf-8?B?tg==?=",
            "Grö",
        ),
        (
            "ISO-2022-JP",
            b"=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=",
            "こんにちは",
        ),
        (
            "ISO-2022-JP in two words",
            b"=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=",
            "テストテスト",
        ),
        (
            "ISO-2022-JP cut without a way back",
            b"=?iso-2022-jp?B?GyRCJUYl?= =?iso-2022-jp?B?OSVIGyhC?=",
            "テスト",
        ),
        (
            "UTF-7",
            b"=?unicode-1-1-utf-7?Q?+ANw-bermittlung?=",
            "Übermittlung",
        ),
        (
            "UTF-7 whose shift ends with its word",
            b"=?utf-7?Q?+ANw?= =?utf-7?Q?bermittlung?=",
            "Übermittlung",
        ),
        (
            "raw 8 bit in a word",
            b"=?iso-8859-1?Q?Fr\xf6sche?=",
            "Frösche",
        ),
        (
            "raw 8 bit in a word, not in Latin letters",
            b"=?koi8-r?Q?\xf0\xd2\xc9?= =?koi8-r?Q?=D7\xc5\xd4?=",
            "Привет",
        ),
        (
            "raw UTF-8 in a word of another charset",
            "=?iso-8859-1?Q?Frösche?=".as_bytes(),
            "Frösche",
        ),
        (
            "raw 8 bit in a word and beside it",
            b"\xe4 =?koi8-r?q?\xf0?= \xf6",
            "ä П ö",
        ),
        ("raw 8 bit, and no end", b"=?koi8-r?Q?\xf0", "=?koi8-r?Q?ð"),
        (
            "a lie in a word",
            b"=?iso-2022-jp?Q?Gr=C3=BC=C3=9Fe?=",
            "Grüße",
        ),
        ("blanks around the charset", b"=? utf-8 ?Q?=C3=BC?=", "ü"),
        ("charset of DOS", b"=?cp-850?Q?gr=81n?=", "grün"),
        ("raw ISO-2022-JP", b"\x1b$B%F%9%H\x1b(B", "テスト"),
        ("gb18030", b"=?gb18030?B?xOO6ww==?=", "你好"),
        ("Shift_JIS", b"=?shift_jis?B?g26DjYFb?=", "ハロー"),
        ("KOI8-R", b"=?koi8-r?B?8NLJ18XU?=", "Привет"),
        ("unknown charset", b"=?x-klingon?Q?nuqneH?=", "nuqneH"),
        ("unknown charset, 8 bit", b"=?x-klingon?Q?=F6?=", "ö"),
        ("UTF-8 that is none", b"=?utf-8?Q?M=FCller?=", "Müller"),
        ("no end", b"=?utf-8?Q?abc", "=?utf-8?Q?abc"),
        ("no charset", b"=??Q?abc?=", "=??Q?abc?="),
        ("no such encoding", b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("half a code", b"=?utf-8?Q?100=?=", "100="),
        ("empty word", b"a =?utf-8?Q??= b", "a b"),
        // C8: no header of an outgoing mail can be written by a sender.
        (
            "encoded newline",
            b"=?utf-8?Q?Hi=0D=0ABcc:_x@example.net?=",
            "Hi Bcc: x@example.net",
        ),
        ("NUL", b"a\0b=?utf-8?Q?=00c?=", "abc"),
        (
            "escape sequence",
            b"=?utf-8?Q?=1B[2J=1B]0;x=07?=",
            "[2J]0;x",
        ),
        ("C1", "a\u{9b}31mb".as_bytes(), "a31mb"),
        (
            "direction override",
            "a\u{202e}fdp.exe\u{2066}".as_bytes(),
            "afdp.exe",
        ),
        ("line separator", "a\u{2028}b\u{85}c".as_bytes(), "a b c"),
        (
            "no characters",
            "a\u{fffe}\u{1ffff}\u{fdd0}b".as_bytes(),
            "ab",
        ),
        ("emoji of several", "👩‍💻 e\u{301}".as_bytes(), "👩‍💻 e\u{301}"),
    ];
    for (case, raw, want) in table {
        assert_eq!(text(raw), *want, "{case}");
    }
}

#[test]
fn long_fields_are_cut_between_characters() {
    assert_eq!(text(&[b'a'; 100_000]).len(), FIELD_LIMIT);
    let umlauts = "xö".to_owned() + &"ö".repeat(100_000);
    let cut = text(umlauts.as_bytes());
    assert!(cut.len() >= FIELD_LIMIT - 1 && cut.ends_with('ö'));
}

#[test]
fn hostile_fields_take_linear_time() {
    for unit in [
        "=?", "=?a?Q?", "=?a?B?", "=?a?B?#", "<", "< ", "\"", "(", "(\\", "[", "@[", "a@b,", ":",
        "<\"", "<(",
    ] {
        let raw = unit.repeat((256 << 10) / unit.len());
        for end in ["", "?=>\")]"] {
            let raw = format!("{raw}{end}");
            text(raw.as_bytes());
            mailboxes(raw.as_bytes());
            msg_ids(raw.as_bytes());
            date(raw.as_bytes());
        }
    }
}

#[test]
fn msg_ids_are_found_in_junk() {
    let table: &[(&str, &[u8], &[&str])] = &[
        ("one", b" <1@x>\n", &["<1@x>"]),
        (
            "several, folded",
            b" <1@x>\r\n <2@x>\n\t<3@x>\n",
            &["<1@x>", "<2@x>", "<3@x>"],
        ),
        (
            "no blank between, junk",
            b"<1@x><2@x> junk <3@x>",
            &["<1@x>", "<2@x>", "<3@x>"],
        ),
        ("fold inside", b"<long-\r\n id@x>", &["<long-id@x>"]),
        ("old prose", b"Message of 1 Jan from a@b <1@x>", &["<1@x>"]),
        ("old prose without id", b"Your message of 1 Jan", &[]),
        ("brackets forgotten", b" 1@x \n", &["<1@x>"]),
        (
            "several without",
            b" 1@x\r\n 2@x,3@x\n",
            &["<1@x>", "<2@x>", "<3@x>"],
        ),
        ("old prose with an address", b"mail from a@b of 1 Jan", &[]),
        ("an encoded word", b"=?us-ascii?Q?=3C1=40x=3E?=", &["<1@x>"]),
        (
            "an id cut in two words",
            b"=?utf-8?Q?=3Clong-id=40?=\r\n =?utf-8?B?ZXhhbXBsZT4=?= <2@x>",
            &["<long-id@example>", "<2@x>"],
        ),
        (
            "an encoded word without brackets",
            b"=?utf-8?q?1=40x?=",
            &["<1@x>"],
        ),
        (
            "an id that looks like a word",
            b"<=?utf-8?q?a?=@x> =?utf-8?q?=3C2=40x=3E?=",
            &["<=?utf-8?q?a?=@x>", "<2@x>"],
        ),
        ("not an id", b"hello", &[]),
        ("opened twice", b"<<1@x>", &["<1@x>"]),
        ("never closed", b"<1@x", &[]),
        ("empty", b"<> < >", &[]),
        ("NUL", b"<1\0@x> <2@x>", &["<2@x>"]),
        ("quoted local-part", b"<\"a b\"@x>", &["<\"ab\"@x>"]),
        ("8 bit", b"<\xf6@x>", &["<ö@x>"]),
    ];
    for (case, raw, want) in table {
        assert_eq!(msg_ids(raw), *want, "{case}");
    }
    let long = format!("<{}@x> <{}@x>", "a".repeat(994), "b".repeat(995));
    assert_eq!(
        msg_ids(long.as_bytes()),
        [format!("<{}@x>", "a".repeat(994))]
    );
}
