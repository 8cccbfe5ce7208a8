use super::*;

mod hostile;

/// Renders and gives the text, and the attachments as `number name mime size`.
fn shown(raw: &[u8]) -> (String, Vec<String>) {
    let Rendered { text, attachments } = render(raw, &Limits::default());
    let list = |a: Attachment| {
        format!(
            "{} {} {} {}",
            a.number,
            a.name.as_deref().unwrap_or("-"),
            a.mime,
            a.size
        )
    };
    (text, attachments.into_iter().map(list).collect())
}

/// A multipart of that subtype, its boundary `bb`, from entities.
fn multipart(subtype: &str, parts: &[&str]) -> String {
    let mut mail = format!("Content-Type: multipart/{subtype}; boundary=\"bb\"\n\npreamble\n");
    for part in parts {
        mail += &format!("--bb\n{part}\n");
    }
    mail + "--bb--\nepilogue\n"
}

const PLAIN: &str = "Content-Type: text/plain\n\nplain";
const HTML: &str = "Content-Type: text/html\n\n<p>html";
const PDF: &str =
    "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nYWJj\n";

#[test]
fn a_mail_is_its_text_and_a_list_of_attachments() {
    let nested = multipart("alternative", &["\nplain", HTML]).replace("bb", "cc");
    let table: &[(&str, String, &str, &[&str])] = &[
        ("no MIME", "Subject: x\n\nHello\n\nWorld\n".into(), "Hello\n\nWorld", &[]),
        ("no header", "\nHello\n".into(), "Hello", &[]),
        ("no header, no empty line", "Hello there\nWorld\n".into(), "Hello there\nWorld", &[]),
        ("no body", "Subject: x\n".into(), "", &[]),
        ("nothing", "".into(), "", &[]),
        ("CRLF", "Subject: x\r\n\r\nHello\r\nWorld\r\n".into(), "Hello\nWorld", &[]),
        ("escapes", "\nred \u{1b}[31m\u{7} \u{9b}2J \u{202e}x".into(), "red [31m 2J x", &[]),
        ("escapes by HTML", "Content-Type: text/html\n\na&#27;[31m&#x9b;&#x202e;b".into(), "a[31m›b", &[]),
        ("mixed", multipart("mixed", &[PLAIN, PDF]), "plain", &["2 a.pdf application/pdf 3"]),
        ("alternative", multipart("alternative", &[PLAIN, HTML]), "plain", &[]),
        ("alternative the wrong way round", multipart("alternative", &[HTML, PLAIN]), "plain", &[]),
        ("alternative with an empty plain", multipart("alternative", &["\n\n", HTML]), "html", &[]),
        ("alternative with a calendar", multipart("alternative", &[PLAIN, HTML, "Content-Type: text/calendar\n\nx"]), "plain", &["3 - text/calendar 1"]),
        ("alternative in mixed", multipart("mixed", &[&nested, PDF]), "plain", &["3 a.pdf application/pdf 3"]),
        ("HTML only", HTML.into(), "html", &[]),
        ("HTML without text", "Content-Type: text/html\n\n<img src=x>".into(), "", &["1 - text/html 11"]),
        ("two texts", multipart("mixed", &[PLAIN, HTML]), "plain\n\nhtml", &[]),
        ("text as attachment", multipart("mixed", &[PLAIN, "Content-Disposition: attachment; filename=l.txt\n\nlog"]), "plain", &["2 l.txt text/plain 3"]),
        ("named text", multipart("mixed", &[PLAIN, "Content-Type: text/plain; name=l.txt\n\nlog"]), "plain", &["2 l.txt text/plain 3"]),
        ("named text, inline", multipart("mixed", &[PLAIN, "Content-Disposition: inline; filename=l.txt\n\nlog"]), "plain\n\nlog", &["2 l.txt text/plain 3"]),
        ("boundary inside a line", multipart("mixed", &["\na --bb b\n--bbb\n --bb", PDF]), "a --bb b\n--bbb\n --bb", &["2 a.pdf application/pdf 3"]),
        ("end missing", multipart("mixed", &[PLAIN, PDF]).replace("--bb--\nepilogue\n", ""), "plain", &["2 a.pdf application/pdf 3"]),
        ("boundary never used", "Content-Type: multipart/mixed; boundary=x\n\nHello".into(), "Hello", &[]),
        ("boundary not said", "Content-Type: multipart/mixed\n\nHello".into(), "Hello", &[]),
        ("PGP/MIME signature", multipart("signed", &[PLAIN, "Content-Type: application/pgp-signature; name=\"signature.asc\"\n\nx"]), "plain", &["2 signature.asc application/pgp-signature 1"]),
        ("PGP/MIME encrypted", multipart("encrypted", &["Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream; name=e.asc\n\nx"]), "[encrypted: only its recipient can read it]", &["1 - application/pgp-encrypted 10", "2 e.asc application/octet-stream 1"]),
        ("S/MIME", "Content-Type: application/pkcs7-mime; name=smime.p7m\n\nx".into(), "", &["1 smime.p7m application/pkcs7-mime 1"]),
        ("enclosed mail", multipart("mixed", &[PLAIN, "Content-Type: message/rfc822\n\nSubject: =?utf-8?Q?=C3=84/B?=\n\nx"]), "plain\n\n----- Enclosed mail -----\nSubject: Ä/B\n\nx", &["2 Ä-B.eml message/rfc822 32"]),
        ("digest", multipart("digest", &["\nSubject: one\n\nx", "\nSubject: two\n\ny"]), "----- Enclosed mail -----\nSubject: one\n\nx\n\n----- End of the enclosed mail -----\n\n----- Enclosed mail -----\nSubject: two\n\ny", &["1 one.eml message/rfc822 15", "2 two.eml message/rfc822 15"]),
        ("enclosed mail, encoded", multipart("mixed", &["Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQoKYg==", PLAIN]), "----- Enclosed mail -----\nSubject: a\n\nb\n\n----- End of the enclosed mail -----\n\nplain", &["1 a.eml message/rfc822 13"]),
        ("enclosed mails' parts are numbered last", multipart("mixed", &[&format!("Content-Type: message/rfc822\n\n{}", multipart("mixed", &[PLAIN, PDF]).replace("bb", "cc")), PDF]), "----- Enclosed mail -----\n\nplain", &["1 - message/rfc822 196", "2 a.pdf application/pdf 3", "4 a.pdf application/pdf 3"]),
        ("mail in a mail in a mail", format!("Content-Type: message/rfc822\n\nSubject: a\n{}", "Content-Type: message/rfc822\n\nSubject: b\n\nc"), "----- Enclosed mail -----\nSubject: a\n\n----- Enclosed mail -----\nSubject: b\n\nc", &["1 a.eml message/rfc822 54", "2 b.eml message/rfc822 13"]),
        ("blank plain: no-break space", multipart("alternative", &["Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C2=A0\n=E2=80=8B=EF=BB=BF", HTML]), "html", &[]),
        ("blank plain: no-break space in Latin-1, base64", multipart("alternative", &["Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\noAo=", HTML]), "html", &[]),
        ("blank plain, long", multipart("alternative", &[&format!("\n{}x", " \n".repeat(1000)), HTML]), "x", &[]),
        ("nothing at all", multipart("alternative", &["\n \n", "Content-Type: text/html\n\n<div><br></div>"]), "", &[]),
        ("nothing but a picture", multipart("alternative", &["\n\n", "Content-Type: text/html\n\n<img src=cid:1>"]), "", &["2 - text/html 15"]),
        ("text file in the version that is not shown", multipart("alternative", &[PLAIN, &multipart("mixed", &[HTML, "Content-Type: text/plain; name=error.log\nContent-Disposition: inline\n\npanic"]).replace("bb", "cc")]), "plain\n\npanic", &["3 error.log text/plain 5"]),
        ("flowed", "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\nhttps://example.net/abc \ndef".into(), "https://example.net/abcdef", &[]),
        ("flowed, in other letters", "Content-Type: Text/Plain; Format=\"Flowed\"\n\na \nb".into(), "a b", &[]),
        ("HTML with data", format!("Content-Type: text/html\n\n<p>before</p><img src=\"data:image/png;base64,{}\"><p>after", "A".repeat(3 << 20)), "before\n\nafter", &[]),
        ("broken type", "Content-Type: ;;;\n\nHello".into(), "Hello",
            &[]),
        ("old type", "Content-Type: text\n\nHello".into(), "Hello", &[]),
        ("QP, stray =", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n1 == 1 =C3=B6=\n!\n".into(), "1 == 1 ö!", &[]),
        ("base64, no padding", "Content-Transfer-Encoding: base64\n\nw7Y".into(), "ö", &[]),
        ("blank lines", "\n\n\n a  \n\n\n\n\n\n b\n\n".into(), " a\n\n\n b", &[]),
    ];
    for (case, raw, text, attachments) in table {
        assert_eq!(
            shown(raw.as_bytes()),
            (
                (*text).to_owned(),
                attachments.iter().map(|a| (*a).to_owned()).collect()
            ),
            "{case}"
        );
    }
}

#[test]
fn charsets_are_decoded() {
    let table: &[(&str, &str, &[u8], &str)] = &[
        ("Latin-1", "iso-8859-1", b"Gr\xf6\xdfe", "Größe"),
        ("not said, Latin-1", "", b"Gr\xf6\xdfe", "Größe"),
        ("not said, UTF-8", "", "Größe".as_bytes(), "Größe"),
        ("a lie", "us-ascii", "Größe".as_bytes(), "Größe"),
        ("unknown", "x-klingon", "Größe".as_bytes(), "Größe"),
        ("ISO-2022-JP", "iso-2022-jp", b"\x1b$B$3$s\x1b(B", "こん"),
        ("gb18030", "gb18030", b"\xc4\xe3\xba\xc3", "你好"),
        ("UTF-16", "utf-16le", b"a\0b\0", "ab"),
        ("UTF-7", "utf-7", b"a +AOQ- b", "a ä b"),
    ];
    for (case, charset, body, want) in table {
        let parameter = if charset.is_empty() {
            String::new()
        } else {
            format!("; charset=\"{charset}\"")
        };
        let raw = [
            format!("Content-Type: text/plain{parameter}\n\n").as_bytes(),
            body,
        ]
        .concat();
        assert_eq!(shown(&raw), ((*want).to_owned(), vec![]), "{case}");
    }
}

#[test]
fn a_page_may_state_its_charset() {
    let table: &[(&str, &str, &[u8], &str)] = &[
        ("meta", "", b"<meta charset=windows-1251>\xcf\xf0", "Пр"),
        (
            "http-equiv",
            "",
            b"<META http-equiv='Content-Type' content='text/html; charset=koi8-r'>\xd0",
            "п",
        ),
        (
            "ASCII with escapes",
            "",
            b"<meta charset='iso-2022-jp'>\x1b$B$3$s\x1b(B",
            "こん",
        ),
        (
            "the field is right",
            "iso-8859-1",
            b"<meta charset=koi8-r>\xe4",
            "ä",
        ),
        (
            "the page is not",
            "",
            "<meta charset=koi8-r>ä".as_bytes(),
            "ä",
        ),
        ("an unknown one", "", b"<meta charset=x>\xe4", "ä"),
    ];
    for (case, charset, body, want) in table {
        let parameter = match *charset {
            "" => String::new(),
            charset => format!("; charset={charset}"),
        };
        let head = format!("Content-Type: text/html{parameter}\n\n");
        let raw = [head.as_bytes(), body].concat();
        assert_eq!(shown(&raw).0, *want, "{case}");
    }
}

#[test]
fn names_are_harmless() {
    let long = "a".repeat(200);
    let cut = format!("{}~{}.pdf", "a".repeat(100), "a".repeat(12));
    let table: &[(&str, String, Option<&str>)] = &[
        (
            "plain",
            "filename=\"invoice 1.pdf\"".into(),
            Some("invoice 1.pdf"),
        ),
        (
            "directories",
            "filename=\"../../etc/passwd\"".into(),
            Some("passwd"),
        ),
        (
            "their directories",
            "filename=\"C:\\\\a\\\\b.txt\"".into(),
            Some("b.txt"),
        ),
        ("hidden", "filename=.bashrc".into(), Some("_bashrc")),
        ("option", "filename=-rf".into(), Some("_rf")),
        ("only dots", "filename=\"..\"".into(), None),
        ("ends in a slash", "filename=\"a/\"".into(), None),
        ("empty", "filename=\"\"".into(), None),
        (
            "RFC 2231",
            "filename*=utf-8''%e2%82%ac%20rates.pdf".into(),
            Some("€ rates.pdf"),
        ),
        (
            "RFC 2231, in pieces",
            "filename*0=\"a\"; filename*1=\"b.pdf\"".into(),
            Some("ab.pdf"),
        ),
        (
            "RFC 2047",
            "filename=\"=?utf-8?Q?=C3=A4=2Fb=0A.pdf?=\"".into(),
            Some("b .pdf"),
        ),
        ("raw UTF-8", "filename=\"ä.pdf\"".into(), Some("ä.pdf")),
        (
            "controls",
            "filename*=utf-8''a%1b%5b31m%0ab%e2%80%ae".into(),
            Some("a[31m b"),
        ),
        ("long", format!("filename={long}.pdf"), Some(&cut)),
    ];
    for (case, parameter, want) in table {
        let raw = format!("Content-Disposition: attachment; {parameter}\n\nx");
        let found = render(raw.as_bytes(), &Limits::default()).attachments;
        assert_eq!(
            found.first().and_then(|a| a.name.as_deref()),
            *want,
            "{case}"
        );
    }
}

#[test]
fn parts_are_given_back_exactly() {
    let binary =
        "Content-Type: application/x\nContent-Transfer-Encoding: 8bit\n\n\u{1}\r\n\n--b\n\n";
    let raw = multipart(
        "mixed",
        &[
            &multipart("alternative", &[PLAIN, HTML]).replace("bb", "cc"),
            PDF,
            binary,
        ],
    );
    type Case = (usize, Option<(Option<&'static str>, &'static [u8])>);
    let table: &[Case] = &[
        (0, None),
        (1, Some((None, b"plain"))),
        (2, Some((None, b"<p>html"))),
        (3, Some((Some("a.pdf"), b"abc"))),
        (4, Some((None, b"\x01\r\n\n--b\n\n"))),
        (5, None),
    ];
    for (number, want) in table {
        let want = want.map(|(name, bytes)| (name.map(str::to_owned), bytes.to_vec()));
        assert_eq!(part(raw.as_bytes(), *number), want, "{number}");
    }
    assert_eq!(
        part(b"Subject: x\n\nHello\n", 1),
        Some((None, b"Hello\n".to_vec()))
    );
}

#[test]
fn text_is_cut_between_characters() {
    let limits = Limits { text: 10, html: 5 };
    let table = [
        ("fits", "\n0123456789", "0123456789"),
        (
            "too long",
            "\n0123456789a",
            "0123456789\n[the rest is left out here]",
        ),
        (
            "inside a character",
            "\n012345678ö",
            "012345678\n[the rest is left out here]",
        ),
        (
            "HTML",
            "Content-Type: text/html\n\nabcdefgh",
            "abcde\n[the rest is left out here]",
        ),
    ];
    for (case, raw, want) in table {
        assert_eq!(render(raw.as_bytes(), &limits).text, want, "{case}");
    }
    let limits = Limits { text: 100, html: 8 };
    for (case, page, want) in [
        (
            "a tag that is cut",
            "a<b>b<blockquote>",
            "ab\n[the rest is left out here]",
        ),
        (
            "nothing but tags",
            "<p><p><p><p>",
            "[the rest is left out here]",
        ),
    ] {
        let raw = format!("Content-Type: text/html\n\n{page}");
        assert_eq!(render(raw.as_bytes(), &limits).text, want, "{case}");
    }
    let limits = Limits { text: 10, html: 5 };
    let raw = multipart("mixed", &["\n01234567", "\nabcdef", "\nxyz"]);
    assert_eq!(
        render(raw.as_bytes(), &limits).text,
        "01234567\n\nab\n[the rest is left out here]"
    );
}

#[test]
fn a_cut_is_said_once_where_there_is_no_room() {
    // E2: each of the parts is more than may be shown, and none of them shows anything.
    let limits = Limits { text: 10, html: 5 };
    let mails = "Content-Type: message/rfc822\n\nSubject: x\n\ny";
    let raw = multipart("mixed", &[mails; 100]);
    assert_eq!(
        render(raw.as_bytes(), &limits).text,
        "----- Encl\n[the rest is left out here]"
    );
    let nothing = format!("\n{}", "\0".repeat(20));
    let raw = multipart("mixed", &[&*nothing; 500]);
    assert_eq!(render(raw.as_bytes(), &limits).text, CUT);
}

#[test]
fn enclosed_mails_are_not_the_authors_words() {
    let mail = "Content-Type: message/rfc822\n\nSubject: secret\n\nthe password";
    let table = [
        ("before", multipart("mixed", &[mail, PLAIN]), "plain"),
        ("behind", multipart("mixed", &[PLAIN, mail]), "plain"),
        ("alone", mail.to_owned(), ""),
        ("none", "Subject: x\n\nHello\n".to_owned(), "Hello"),
    ];
    for (case, raw, want) in table {
        assert_eq!(own_text(raw.as_bytes(), &Limits::default()), want, "{case}");
        assert_eq!(
            first_lines(raw.as_bytes(), 5, &Limits::default()),
            want,
            "{case}"
        );
    }
}

#[test]
fn notes_hold_what_the_author_wrote() {
    let long = "a".repeat(500);
    let cut = format!("{}…", "a".repeat(400));
    let table = [
        ("plain", "One\n\nTwo\nThree\nFour\n", "One\nTwo\nThree"),
        (
            "quotes above",
            "On Monday, Al wrote:\n> old\n> older\n\nNew\n",
            "New",
        ),
        (
            "blank before the quote",
            "Am Montag schrieb Al:\n\n> old\n\nNew",
            "New",
        ),
        ("a colon that introduces nothing", "Log:\nx", "Log:\nx"),
        ("signature", "New\n-- \nAl\n", "New"),
        (
            "forward",
            "See below\n-----Original Message-----\nFrom: x",
            "See below",
        ),
        ("only quotes", "> old", ""),
        ("long line", long.as_str(), cut.as_str()),
        ("escapes", "a\u{1b}[2Jb", "a[2Jb"),
        (
            "Outlook's ruler",
            "New\n________________________________\nFrom: x",
            "New",
        ),
    ];
    for (case, body, want) in table {
        let raw = format!("Subject: x\n\n{body}");
        assert_eq!(
            first_lines(raw.as_bytes(), 3, &Limits::default()),
            want,
            "{case}"
        );
    }
}
