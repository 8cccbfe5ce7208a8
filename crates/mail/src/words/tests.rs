use super::*;

/// A multipart of that subtype, its boundary `bb`, from entities.
fn multipart(subtype: &str, parts: &[&str]) -> String {
    let mut mail = format!("Content-Type: multipart/{subtype}; boundary=\"bb\"\n\npreamble\n");
    for part in parts {
        mail += &format!("--bb\n{part}\n");
    }
    mail + "--bb--\nepilogue\n"
}

/// The words of a text, as the tokenizer would see them but for case and accents.
fn list(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

const PLAIN: &str = "Content-Type: text/plain\n\nplain";
const HTML: &str = "Content-Type: text/html\n\n<p>html</p>";

/// A ContentInfo of CMS (RFC 5652) that holds `Subject: x` and `signed`.
const SIGNED: &str =
    "MDgGCSqGSIb3DQEHAqArMCkCAQExADAiBgkqhkiG9w0BBwGgFQQTU3ViamVjdDogeAoKc2lnbmVkCg==";

/// A `winmail.dat` with a text, `packed`, and a file, `a.txt`.
const WINMAIL: &str = "eJ8+IgEAAQyAAgAHAAAAcGFja2VkAAAAAgKQBgAOAAAAAAAAAAAAAAAAAAAAAAAAAAIQgAEABgAAAGEudHh0AAAAAg+ABgABAAAAJQAA";

#[test]
fn the_header_gives_subject_and_people() {
    let raw = "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <Joerg@Example.net>\n\
               Reply-To: office@example.net\n\
               To: \"Support, the\" <submit@example.org>, ticket-12@example.org\n\
               Cc: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <yamada@example.jp>\n\
               Subject: =?iso-8859-1?Q?Gr=F6=DFe?= of the\n printer\n\ntext\n";
    let words = words(raw.as_bytes());
    assert_eq!(list(&words.subject), "Grösse of the printer");
    assert_eq!(
        list(&words.author),
        "Jörg Müller Joerg example net office example net"
    );
    assert_eq!(
        list(&words.people),
        "Support the submit example org ticket 12 example org 山 田 yamada example jp"
    );
    assert_eq!((list(&words.body), words.files), ("text".into(), "".into()));
}

#[test]
fn the_body_is_all_text_there_is() {
    let mail = "Content-Type: message/rfc822\n\nFrom: Bob <bob@x.org>\nTo: ann@x.org\n\
                Subject: =?utf-8?q?Z=C3=BCge?=\nReceived: no\n\ninner\n";
    let report = "Content-Type: message/delivery-status\n\nDiagnostic-Code: 550 full\n";
    let long = format!("Content-Type: text/plain\n\n{}", "many words ".repeat(30));
    let deep = multipart("mixed", &["\nouter", mail]);
    let table: &[(&str, String, &str, &str)] = &[
        ("no MIME", "Subject: x\n\nHello\nWorld".into(), "Hello World", ""),
        ("no header", "Hello there\nWorld".into(), "Hello there World", ""),
        ("nothing", "".into(), "", ""),
        ("quoted text", "\n> what?\nthat".into(), "what that", ""),
        ("quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\nK=C3=B6=\nln".into(), "Köln", ""),
        ("base64", "Content-Transfer-Encoding: base64\n\nS8O2bG4=\n".into(), "Köln", ""),
        ("charset", "Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n8NLJ18XU\n".into(), "Привет", ""),
        ("HTML", "Content-Type: text/html\n\n<title>no</title><p>one<br>two&nbsp;thr<b>e</b>e".into(), "one two three", ""),
        ("plain and HTML", multipart("alternative", &[&long, HTML]), &"many words ".repeat(30), ""),
        ("a plain version that is none", multipart("alternative", &[PLAIN, HTML]), "plain html", ""),
        ("HTML with a name for a file", multipart("alternative", &[&long, "Content-Type: application/ics; name=a.ics\n\nx"]), &"many words ".repeat(30), "a ics"),
        ("attached text", multipart("mixed", &[PLAIN, "Content-Disposition: attachment; filename=error.log\n\nsegfault"]), "plain segfault", "error log"),
        ("a text of unknown type", multipart("mixed", &[PLAIN, "Content-Type: application/octet-stream; name=a.LOG\n\nsegfault"]), "plain segfault", "a LOG"),
        ("no text at all", multipart("mixed", &[PLAIN, "Content-Type: application/pdf; name=a.pdf\n\nxyz", "Content-Type: text/plain; name=b\n\nx\0y"]), "plain", "a pdf b"),
        ("name of RFC 2231", multipart("mixed", &[PLAIN, "Content-Type: image/png; name*0*=utf-8''%C3%A4; name*1=b.png\n\nx"]), "plain", "äb png"),
        ("name of RFC 2047", multipart("mixed", &[PLAIN, "Content-Type: image/png; name=\"=?utf-8?q?=C3=A4b?=.png\"\n\nx"]), "plain", "äb png"),
        ("enclosed mail", multipart("mixed", &[PLAIN, mail]), "plain Subject Züge From Bob bob x org To ann x org inner", "Züge eml"),
        ("bounce", multipart("report", &[PLAIN, report, mail]), "plain Diagnostic Code 550 full Subject Züge From Bob bob x org To ann x org inner", "Züge eml"),
        ("mail in a mail", deep.clone(), "outer Subject Züge From Bob bob x org To ann x org inner", "Züge eml"),
        ("flowed", "Content-Type: text/plain; format=flowed; delsp=yes\n\nsteam \nboat".into(), "steamboat", ""),
        ("S/MIME", format!("Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n{SIGNED}"), "signed", "smime p7m"),
        ("encrypted", "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CA".into(), "", "smime p7m"),
        ("winmail.dat", format!("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{WINMAIL}"), "packed", "winmail dat a txt"),
        ("signed", "\n-----BEGIN PGP SIGNED MESSAGE-----\n\nHi\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n-----END PGP SIGNATURE-----\nPS".into(), "BEGIN PGP SIGNED MESSAGE Hi PS", ""),
        ("armour without end", "\n-----BEGIN PGP SIGNATURE-----\nabc".into(), "BEGIN PGP SIGNATURE abc", ""),
    ];
    for (case, raw, body, files) in table {
        let words = words(raw.as_bytes());
        let got = (list(&words.body), list(&words.files));
        assert_eq!(got, (list(body), (*files).to_owned()), "{case}");
    }
}

#[test]
fn words_are_found_however_they_are_written() {
    let table = [
        ("plain", "Printer on fire", "Printer on fire"),
        ("accents are the tokenizer's", "Müller", "Müller"),
        (
            "two characters for one",
            "Mu\u{308}ller \u{306f}\u{309a}",
            "Müller ぱ ",
        ),
        (
            "letters without accents",
            "Straße Ærø Łódź",
            "Strasse aero lódź",
        ),
        (
            "ligatures, soft hyphen",
            "o\u{fb03}ce Dampf\u{ad}schiff",
            "office Dampfschiff",
        ),
        ("Chinese", "请求书abc", " 请 求 书 abc"),
        ("Japanese", "プリンタが", " プ リ ン タ が "),
        ("full-width", "ＡＢ１２！", "AB12！"),
        ("Korean", "프린터가 a", " 프 린 터 가  a"),
        ("Korean, in parts", "\u{1111}\u{1173}", " 프 "),
        ("Thai", "ไฟ๑๒", " ไ ฟ ๑๒"),
        ("Arabic, with vowels", "مُحَمَّد", "محمد"),
        ("Arabic, stretched", "محـــمد أحمد", "محمد احمد"),
        ("marks of direction", "a\u{202b}b\u{200f}", "ab"),
        ("Russian", "Ёлка й", "елка й"),
        ("Greek", "Ώρα ΰ Υ\u{308}\u{301} ᾧ a\u{37e}", "Ωρα υ Υ ω a;"),
        (
            "accents of no letter of their own",
            "q\u{308} q\u{323}",
            "q q",
        ),
    ];
    for (case, text, want) in table {
        assert_eq!(searchable(&composed(text)), want, "{case}");
    }
}

#[test]
fn no_mail_has_too_many_words() {
    let big = "word ".repeat(1 << 20);
    let nested = (0..2000).fold(String::new(), |mail, _| {
        format!("{mail}Content-Type: message/rfc822\n\n")
    });
    let attachments = multipart(
        "mixed",
        &["Content-Type: text/x-log; name=a.log\n\nword "; 3000],
    );
    for (case, raw) in [
        ("text", format!("\n{big}")),
        ("HTML", format!("Content-Type: text/html\n\n{big}")),
        ("subject", format!("Subject: {big}\n\nx")),
        (
            "people",
            format!("To: {}\n\nx", "Somebody <a@x>, ".repeat(20_000)),
        ),
        (
            "attachment",
            multipart(
                "mixed",
                &[&format!("Content-Type: text/csv; name=a\n\n{big}")],
            ),
        ),
        ("attachments", attachments),
        ("mail in mail", nested),
    ] {
        let Words {
            subject,
            author,
            people,
            files,
            body,
        } = words(raw.as_bytes());
        let sum = subject.len() + author.len() + people.len() + files.len() + body.len();
        assert!(sum < 400 << 10, "{case}: {sum}");
    }
}

#[test]
fn any_bytes_are_a_mail() {
    use proptest::prelude::*;
    let bits = [
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        "Content-Type: message/rfc822\n\n",
        "Content-Transfer-Encoding: base64\n\n",
        "\n--b\n",
        "\n--b--\n",
        "-----BEGIN X-----",
        "-----END X-----",
        "<p>&#x41;<!--",
        "请",
        "\u{308}",
        "\n",
    ];
    let piece = prop_oneof![
        prop::sample::select(bits.to_vec()).prop_map(|s| s.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    proptest!(|(pieces in prop::collection::vec(piece, 0..20))| {
        let words = words(&pieces.concat());
        // Folding what is folded changes nothing, so a query may be folded twice.
        let again = searchable(&words.body).split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(again, words.body.split_whitespace().collect::<Vec<_>>().join(" "));
    });
}

#[test]
fn marks_stand_where_the_words_do() {
    for (case, text, marked, want) in [
        (
            "plain",
            "the printer burns",
            "the \u{1}printer\u{2} burns",
            &["printer"][..],
        ),
        (
            "at both ends",
            "a b",
            "\u{1}a\u{2} \u{1}b\u{2}",
            &["a", "b"],
        ),
        (
            "several words",
            "is on fire.",
            "is \u{1}on fire\u{2}.",
            &["on fire"],
        ),
        ("accents", "für Müller", "für \u{1}Müller\u{2}", &["Müller"]),
        (
            "an accent of its own",
            "aq\u{308} b",
            "\u{1}aq\u{2} b",
            &["aq\u{308}"],
        ),
        (
            "spelt otherwise",
            "die Straße, nah",
            "die \u{1}Strasse\u{2}, nah",
            &["Straße"],
        ),
        (
            "spelt otherwise, first",
            "Øl ﬁnden",
            "\u{1}ol\u{2} \u{1}finden\u{2}",
            &["Øl", "ﬁnden"],
        ),
        (
            "Chinese",
            "把请求书给我",
            " 把 \u{1}请 求 书\u{2} 给 我 ",
            &["请求书"],
        ),
        ("mixed", "a请b", "a \u{1}请\u{2} \u{1}b\u{2}", &["请", "b"]),
        ("mixed, in one", "新PC", " \u{1}新 PC\u{2}", &["新PC"]),
        (
            "soft hyphen",
            "ein Dampf\u{ad}schiff",
            "ein \u{1}Dampfschiff\u{2}",
            &["Dampf\u{ad}schiff"],
        ),
        ("vowels", "مُحَمَّد هنا", "\u{1}محمد\u{2} هنا", &["مُحَمَّد"]),
        ("nothing", "a", "a", &[]),
        ("no end", "a b", "a \u{1}b", &[]),
    ] {
        assert_eq!(
            marked.replace(['\u{1}', '\u{2}'], ""),
            searchable(text),
            "{case}"
        );
        let got: Vec<&str> = marks(text, marked)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(got, want, "{case}");
    }
}
