use super::*;

#[test]
fn any_name_that_mail_programs_write() {
    // Label, bytes, text.
    let table: &[(&str, &[u8], &str)] = &[
        ("iso-8859-1", b"\xe4 \x80", "ä €"),
        ("ISO8859-1", b"\xe4", "ä"),
        ("iso_8859_1", b"\xe4", "ä"),
        ("iso88591", b"\xe4", "ä"),
        ("8859-1", b"\xe4", "ä"),
        ("latin-1", b"\xe4", "ä"),
        ("'iso-8859-1'", b"\xe4", "ä"),
        ("\"iso-8859-1", b"\xe4", "ä"),
        ("cp28591", b"\xe4", "ä"),
        ("iso-8859-15", b"\xa4", "€"),
        ("latin9", b"\xa4", "€"),
        ("cp28605", b"\xa4", "€"),
        ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
        ("win-1251", b"\xcf\xf0", "Пр"),
        ("windows_1251", b"\xcf\xf0", "Пр"),
        ("CP-1251", b"\xcf\xf0", "Пр"),
        ("x-cp1251", b"\xcf\xf0", "Пр"),
        ("koi8-ru", b"\xf0\xa4", "Пє"),
        ("cp20866", b"\xf0", "П"),
        ("cp-850", b"\x81\xe1", "üß"),
        ("ibm850", b"\x81\xe1", "üß"),
        ("850", b"\x81\xe1", "üß"),
        ("cp858", b"\xd5", "€"),
        ("dos-437", b"\x81\xe1", "üß"),
        ("IBM-852", b"\xa5", "ą"),
        ("cp866", b"\x8f", "П"),
        ("ks_c_5601-1987", b"\xc7\xd1", "한"),
        ("cp949", b"\xc7\xd1", "한"),
        ("x-windows-949", b"\xc7\xd1", "한"),
        ("x-sjis", b"\x83\x65", "テ"),
        ("windows-31j", b"\x83\x65", "テ"),
        ("MS_Kanji", b"\x83\x65", "テ"),
        ("cp932", b"\x87\x40", "①"),
        ("x-euc-jp", b"\xa5\xc6", "テ"),
        ("eucJP-ms", b"\xa5\xc6", "テ"),
        ("cp936", b"\xc4\xe3", "你"),
        ("euc-cn", b"\xc4\xe3", "你"),
        ("gb_2312-80", b"\xc4\xe3", "你"),
        ("hz-gb-2312", b"a ~{Dc:C~} ~~", "a 你好 ~"),
        ("big5-hkscs", b"\xa4\x40", "一"),
        ("tis-620", b"\xa1", "ก"),
        ("utf-7", b"+ANw-ber", "Über"),
        ("unicode-1-1-utf-7", b"+ANw-ber", "Über"),
        ("x-unicode-2-0-utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("utf-16", b"\xfe\xff\x00a\x00\xe4", "aä"),
        ("utf-16", b"\x00a\x00\xe4", "aä"),
        ("utf-16", b"a\x00\xe4\x00", "aä"),
        ("utf-16be", b"\x00a", "a"),
        ("UTF8", b"\xc3\xa4", "ä"),
        ("unknown-8bit", b"\xe4", "ä"),
        ("x-unknown", b"\xc3\xa4", "ä"),
        ("x-user-defined", b"\xe4", "ä"),
        ("default", b"\xe4", "ä"),
        ("", b"\xe4", "ä"),
    ];
    for (name, bytes, want) in table {
        assert_eq!(in_charset(name, bytes), *want, "{name}");
    }
    assert_eq!(in_charset(&"x".repeat(1000), b"\xe4"), "ä");
}

#[test]
fn two_byte_sets_in_seven_bits() {
    let table: &[(&str, &[u8], &str)] = &[
        ("iso-2022-jp", b"a \x1b$B%F%9\x1b(B b", "a テス b"),
        // As neighbouring words leave them.
        ("iso-2022-jp", b"\x1b$B%F\x1b(B\x1b$B%9\x1b(B", "テス"),
        ("iso-2022-jp", b"\x1b(B\x1b(B\x1b$B\x1b(Ba", "a"),
        ("iso-2022-jp", b"\x1b(J\\\x1b(B", "¥"),
        ("iso-2022-jp", b"\x1b(I6@\x1b(B", "ｶﾀ"),
        ("cp50220", b"\x1b$B-!\x1b(B", "①"),
        ("iso-2022-jp-1", b"\x1b$(D0!\x1b(B", "丂"),
        ("iso-2022-jp-2", b"\x1b$A<:\x1b(B \x1b$(CGQ\x1b(B", "己 한"),
        ("iso-2022-jp-2", b"caf\x1b.A\x1bNi", "café"),
        ("iso-2022-kr", b"\x1b$)C\x0eGQ\x0f abc", "한 abc"),
        ("iso-2022-cn", b"\x1b$)A\x0eDc\x0f abc", "你 abc"),
        // The line end belongs to no set.
        ("iso-2022-jp", b"\x1b$B%F\n%9\x1b(B", "テ\nス"),
        // Nobody said so.
        ("", b"\x1b$B%F%9\x1b(B", "テス"),
        ("us-ascii", b"\x1b$B%F%9\x1b(B", "テス"),
    ];
    for (name, bytes, want) in table {
        assert_eq!(in_charset(name, bytes), *want, "{name} {bytes:?}");
    }
}

#[test]
fn a_label_that_cannot_be_true_is_not_believed() {
    let greeting = "Grüße テスト".as_bytes();
    let table: &[(&str, &str, &[u8], &str)] = &[
        ("UTF-8", "iso-2022-jp", greeting, "Grüße テスト"),
        ("UTF-8", "shift_jis", greeting, "Grüße テスト"),
        ("UTF-8", "euc-kr", greeting, "Grüße テスト"),
        ("UTF-8", "gb2312", "Größe, 5 €".as_bytes(), "Größe, 5 €"),
        ("UTF-8", "utf-7", greeting, "Grüße テスト"),
        ("UTF-8", "utf-16", greeting, "Grüße テスト"),
        ("ASCII", "utf-16le", b"hello", "hello"),
        ("UTF-8", "iso-8859-2", "“Łódź”".as_bytes(), "“Łódź”"),
        (
            "UTF-8 cut off",
            "iso-2022-jp",
            b"Gr\xc3\xbc\xc3\x9fe\xc3",
            "Grüße\u{fffd}",
        ),
        ("windows-1250", "iso-8859-2", b"\x8akoda", "Škoda"),
        (
            "windows-1251",
            "iso-8859-5",
            b"\x93\xcf\xf0\xe8\x94",
            "“При”",
        ),
        ("Shift_JIS", "iso-2022-jp", b"\x83\x65\x83\x58", "テス"),
        ("EUC-JP", "shift_jis", b"\xc6\xfc\xcb\xdc", "日本"),
        ("EUC-JP", "iso-2022-jp", b"\xa5\xc6\xa5\xb9", "テス"),
        ("ISO-2022-JP", "euc-jp", b"\x1b$B%F%9\x1b(B", "テス"),
        ("Latin-1", "iso-2022-jp", b"Gr\xfc\xdfe", "Grüße"),
        ("Latin-1", "utf-8", b"Gr\xfc\xdfe", "Grüße"),
        ("Latin-1", "us-ascii", b"Gr\xfc\xdfe", "Grüße"),
        // One bad byte makes no lie.
        (
            "EUC-JP with a slip",
            "euc-jp",
            b"\xa5\xc6\xa5\xb9\xa5\xc8\xa5\xc6\xa5\xb9\xa5\xc8\xa5\xc6\xa5\xb9\xa5\xc8\xff",
            "テストテストテスト\u{fffd}",
        ),
        // It may be true: the text speaks of bytes that were read wrongly.
        ("true", "iso-8859-1", b"\xc3\xa4 is \xe4", "Ã¤ is ä"),
    ];
    for (case, name, bytes, want) in table {
        assert_eq!(in_charset(name, bytes), *want, "{case} as {name}");
    }
}
