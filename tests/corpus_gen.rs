//! The large mails of the corpus, each made when it is asked for.

use std::fmt::Write;

/// Makes a mail.
pub type Make = fn() -> Vec<u8>;

/// Name and mail of each. Sizes are such that anything worse than linear would be noticed.
pub const MAILS: &[(&str, Make)] = &[
    ("addresses-50000", || {
        with(
            "addresses-50000",
            &format!("Cc: {}\n", list(50_000)),
            "Text.\n",
        )
    }),
    ("base64-one-line", || {
        let head = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n";
        with("base64-one-line", head, "SXQgYnVybnMu".repeat(250_000))
    }),
    ("blank-lines", || {
        with("blank-lines", "", "\n".repeat(2 << 20))
    }),
    ("boundaries-open", || {
        with("boundaries-open", MIXED, "--x\n".repeat(500_000))
    }),
    ("boundaries-almost", || {
        with("boundaries-almost", MIXED, "--xy\n".repeat(400_000))
    }),
    ("cc-fields-100000", || {
        let fields = (0..100_000).fold(String::new(), |mut fields, number| {
            let _ = writeln!(fields, "Cc: p{number}@example.com");
            fields
        });
        with("cc-fields-100000", &fields, "Text.\n")
    }),
    ("comments-open", || {
        let from = format!("From: {} ann@example.com\n", "(".repeat(1 << 20));
        raw("comments-open", &from, "Text.\n")
    }),
    ("crlf", || {
        let mail = with("crlf", "", "It burns.\n".repeat(200_000));
        String::from_utf8(mail)
            .unwrap()
            .replace('\n', "\r\n")
            .into()
    }),
    ("encoded-words-20000", || {
        let words = "=?utf-8?Q?=C3=BC?=\n ".repeat(20_000);
        subject("encoded-words-20000", &words)
    }),
    ("encoded-words-open", || {
        subject("encoded-words-open", &"=?utf-8?Q?".repeat(100_000))
    }),
    ("ends-in-turn", || {
        with("ends-in-turn", "", "a\r\nb\n".repeat(300_000))
    }),
    ("equals-signs", || {
        let head = "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n";
        with("equals-signs", head, "=".repeat(2 << 20))
    }),
    ("fields-200000", || {
        with("fields-200000", &"X: y\n".repeat(200_000), "Text.\n")
    }),
    ("folds-200000", || {
        let fold = format!("X-Folded:\n{}", " a\n".repeat(200_000));
        with("folds-200000", &fold, "Text.\n")
    }),
    ("from-brackets", || {
        let from = format!("From: {}ann@example.com\n", "<".repeat(1 << 20));
        raw("from-brackets", &from, "Text.\n")
    }),
    ("from-fields-100000", || {
        let fields = "From: Bob <bob@example.com>\n".repeat(100_000);
        with("from-fields-100000", &fields, "Text.\n")
    }),
    ("from-lines", || {
        let line = "From eve@example.com Mon Jan  1 00:00:00 2024\n";
        with("from-lines", "", line.repeat(50_000))
    }),
    ("from-quotes", || {
        let from = format!("From: {} <ann@example.com>\n", "\"\\".repeat(300_000));
        raw("from-quotes", &from, "Text.\n")
    }),
    ("header-line-1mb", || {
        let line = format!("X-Long: {}\n", "long ".repeat(200_000));
        with("header-line-1mb", &line, "Text.\n")
    }),
    ("header-nuls", || {
        let line = format!("X-Nul: {}\n", "\0".repeat(1 << 20));
        with("header-nuls", &line, "Text.\n")
    }),
    ("html-angles", || {
        with("html-angles", HTML, "<".repeat(1 << 20))
    }),
    ("html-entities", || {
        with("html-entities", HTML, "&#x1b;&lt;".repeat(200_000))
    }),
    ("html-lists", || {
        with("html-lists", HTML, "<ul><li>".repeat(100_000))
    }),
    ("html-nested", || {
        with("html-nested", HTML, "<div><blockquote>".repeat(80_000))
    }),
    ("html-pictures", || {
        let data = "A".repeat(3 << 20);
        let body = format!("<p>before</p><img src=\"data:image/png;base64,{data}\"><p>after</p>");
        with("html-pictures", HTML, body)
    }),
    ("html-tables", || {
        with("html-tables", HTML, "<table><tr><td>a<td>b".repeat(50_000))
    }),
    ("html-tables-long", || {
        let rows = "<tr><td>Printer</td><td>99.00</td></tr>\n".repeat(30_000);
        with("html-tables-long", HTML, format!("<table>{rows}</table>"))
    }),
    ("html-tags-open", || {
        with("html-tags-open", HTML, "<a href=\"".repeat(200_000))
    }),
    ("iso-2022-jp-escapes", || {
        let head = "Content-Type: text/plain; charset=iso-2022-jp\n";
        with("iso-2022-jp-escapes", head, "\x1b$B\x1b(B".repeat(200_000))
    }),
    ("line-28kb", || with("line-28kb", "", line(28_000))),
    ("line-4mb", || with("line-4mb", "", line(4_000_000))),
    ("mails-enclosed", || {
        let part = "--x\nContent-Type: message/rfc822\n\nSubject: one\n\nIt burns.\n";
        with("mails-enclosed", MIXED, part.repeat(4_000))
    }),
    ("mails-nested", || {
        let head = "Content-Type: message/rfc822\n";
        let level = "Content-Type: message/rfc822\n\n";
        with("mails-nested", head, level.repeat(100_000))
    }),
    ("message-id-1mb", || {
        let id = format!("Message-ID: <{}@example.com>\n", "x".repeat(1 << 20));
        with("message-id-1mb", &id, "Text.\n")
    }),
    ("multiparts-nested-20000", || {
        let mut body = String::new();
        for level in 0..20_000 {
            let _ = write!(
                body,
                "--x{level}\nContent-Type: multipart/mixed; boundary=x{}\n\n",
                level + 1
            );
        }
        let head = "Content-Type: multipart/mixed; boundary=x0\n";
        with("multiparts-nested-20000", head, body)
    }),
    ("multiparts-nested-same", || {
        let level = "--x\nContent-Type: multipart/mixed; boundary=x\n\n";
        with("multiparts-nested-same", MIXED, level.repeat(40_000))
    }),
    ("messages-nested-140000", || {
        let level = "Content-Type: message/rfc822\n\n";
        with("messages-nested-140000", level, level.repeat(140_000))
    }),
    ("parameters-100000", || {
        let mut head = "Content-Type: text/plain".to_owned();
        for number in 0..100_000 {
            let _ = write!(head, ";\n p{number}*0*=utf-8''x");
        }
        with("parameters-100000", &(head + "\n"), "Text.\n")
    }),
    ("parts-5000", || {
        let part = "--x\nContent-Type: image/png; name=p.png\n\nPNG\n";
        let body = format!("--x\n\nText.\n{}--x--\n", part.repeat(4999));
        with("parts-5000", MIXED, body)
    }),
    ("parts-30000", || {
        let part = "--x\nContent-Disposition: attachment\n\n\n";
        with("parts-30000", MIXED, part.repeat(30_000))
    }),
    ("quote-marks", || {
        with("quote-marks", "", ">".repeat(4 << 20))
    }),
    ("quote-marks-from", || {
        let line = format!("{}From x\n", ">".repeat(9000));
        with("quote-marks-from", "", line.repeat(200))
    }),
    ("received-10000", || {
        let line = "Received: from a.example.net (a.example.net [192.0.2.1])\n\
                    \tby b.example.net with ESMTPS id 4711; Fri, 6 Nov 2026 09:00:00 +0100\n";
        with("received-10000", &line.repeat(10_000), "Text.\n")
    }),
    ("references-100000", || {
        let mut head = "References:".to_owned();
        for number in 0..100_000 {
            let _ = write!(head, "\n <{number}@example.net>");
        }
        with("references-100000", &(head + "\n"), "Text.\n")
    }),
    ("references-fields-50000", || {
        let fields = "References: <a@example.net> <b@example.net>\n".repeat(50_000);
        with("references-fields-50000", &fields, "Text.\n")
    }),
    ("references-open", || {
        let head = format!("References: {}\n", "<".repeat(1 << 20));
        with("references-open", &head, "Text.\n")
    }),
    ("subject-100kb", || {
        subject("subject-100kb", &"printer ".repeat(12_800))
    }),
    ("subject-tags", || {
        subject(
            "subject-tags",
            &format!("{}[issue1]", "[issue".repeat(8_000)),
        )
    }),
    ("subject-blanks-in-tag", || {
        subject(
            "subject-blanks-in-tag",
            &format!("[issue{}", "\u{a0}\t".repeat(20_000)),
        )
    }),
    ("utf-7", || {
        let head = "Content-Type: text/plain; charset=utf-7\n";
        with("utf-7", head, "+AGE-".repeat(300_000))
    }),
    ("wide-lines", || {
        with("wide-lines", "", "山\u{301}".repeat(500_000))
    }),
];

const MIXED: &str = "Content-Type: multipart/mixed; boundary=x\n";
const HTML: &str = "Content-Type: text/html; charset=utf-8\n";

/// A mail of Ann's whose Subject is its name.
fn with(name: &str, head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("From: Ann <ann@example.com>\nSubject: {name}\n{head}");
    raw(name, &head, body)
}

fn subject(name: &str, subject: &str) -> Vec<u8> {
    let head = format!("From: Ann <ann@example.com>\nSubject: {subject}\n");
    raw(name, &head, "Text.\n")
}

fn raw(name: &str, head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("Message-ID: <{name}@corpus.example.net>\n{head}\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// A line of so many bytes, full of From_ lines where a reader might cut it.
fn line(size: usize) -> String {
    let from = "From eve@example.com Mon Jan  1 00:00:00 2024 ";
    let mut line = from.repeat(size / from.len());
    line.push('\n');
    line
}

fn list(people: u32) -> String {
    let mut list = "p@example.com".to_owned();
    for number in 0..people {
        let _ = write!(list, ",\n p{number}@example.com");
    }
    list
}

/// An ordinary mail of about `size` bytes: what the slowest of the corpus are compared with.
#[allow(
    dead_code,
    reason = "asked for by the bench and by the test of memory only"
)]
pub fn ordinary(size: usize) -> Vec<u8> {
    let text = "The printer on the second floor burns, and nobody comes to put it out.\n";
    with(
        "ordinary",
        "",
        text.repeat(size.div_ceil(text.len()).max(1)),
    )
}
