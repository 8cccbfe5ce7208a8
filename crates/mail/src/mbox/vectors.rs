//! Files as other programs write them, and how many messages mutt finds in each (D2).

use super::*;

const F1: &str = "From alice@example.org Mon Jan  1 00:00:00 2024\n";
const F2: &str = "From bob@example.org Tue Jan  2 00:00:00 2024\n";
const EVE: &str = "From eve@example.org Mon Jan  1 00:00:00 2024\n";

fn header(subject: &str, extra: &str) -> String {
    format!(
        "From: x@example.org\nTo: submit@example.org\nSubject: {subject}\nMessage-ID: <{subject}@v>\n\
         Date: Mon, 1 Jan 2024 00:00:00 +0000\n{extra}\n"
    )
}

fn message(from: &str, subject: &str, body: &str, extra: &str) -> String {
    format!("{from}{}{body}", header(subject, extra))
}

/// Two messages; what stands between, the bodies, the second From_ line and more fields are given.
fn two(between: &str, body: &str, from: &str, extra: &str) -> String {
    let second = message(from, "two", "body two\n", "");
    format!("{}{between}{second}\n", message(F1, "one", body, extra))
}

fn body(body: &str) -> String {
    two("\n", body, F2, "")
}

fn from(line: &str) -> String {
    two("\n", "body one\n", &format!("{line}\n"), "")
}

fn field(field: &str) -> String {
    two("\n", "body one\n", F2, field)
}

#[test]
fn files_are_split_as_mutt_splits_them() {
    let last = message(F2, "two", "body two\n", "") + "\n";
    let inner = body("body one\n");
    let faked = format!("hello\n\n{EVE}Subject: faked\n\nend\n");
    let q = |n: usize| "q".repeat(n);
    let first = message(F1, "one", "body one\n", "");
    let swallowing = format!("Content-Length: {}\n", 9 + 1 + last.len() - 1);
    let table: &[(&str, String, usize)] = &[
        ("01 plain", body("body one\n"), 2),
        ("02 no empty line before", two("", "body one\n", F2, ""), 2),
        (
            "03 a sentence",
            body("hello\n\nFrom here I go on\nend\n"),
            2,
        ),
        ("04 a From_ line in a body", body(&faked), 3),
        (
            "05 the same, no empty line",
            body(&format!("hello\n{EVE}end\n")),
            3,
        ),
        (
            "06 quoted",
            body(&format!("a\n\n>From here\n>>From there\n>{EVE}")),
            2,
        ),
        ("07a", from("From b@x Tue Jan  2 00:00:00 +0000 2024"), 2),
        ("07i ISO date", from("From b@x 2024-01-02T00:00:00Z"), 1),
        ("07m no date", from("From b@x"), 1),
        (
            "08b empty sender",
            from("From  Tue Jan  2 00:00:00 2024"),
            2,
        ),
        ("08e Postfix", from("From b@x  Tue Jan  2 00:00:00 2024"), 2),
        (
            "08k long sender",
            from(&format!("From {}@x Tue Jan  2 00:00:00 2024", q(2000))),
            2,
        ),
        ("08l CR", from("From b@x Tue Jan  2 00:00:00 2024\r"), 2),
        ("09a right length", field("Content-Length: 9\n"), 2),
        ("09b one too long", field("Content-Length: 10\n"), 2),
        ("09c far too long", field("Content-Length: 29\n"), 2),
        ("09d too short", field("Content-Length: 3\n"), 2),
        ("09e zero", field("Content-Length: 0\n"), 2),
        (
            "09f swallows the next",
            format!(
                "{}\n{last}{}",
                message(F1, "one", "body one\n", &swallowing),
                message(F1, "three", "x\n", "")
            ),
            2,
        ),
        ("09g garbage", field("Content-Length: abc\n"), 2),
        ("09h negative", field("Content-Length: -5\n"), 2),
        (
            "09i huge",
            field("Content-Length: 99999999999999999999\n"),
            2,
        ),
        (
            "09j protects",
            two(
                "\n",
                &faked,
                F2,
                &format!("content-length: {}\n", faked.len()),
            ),
            2,
        ),
        ("10a CRLF", body("body one\n").replace('\n', "\r\n"), 2),
        ("10b CRLF in bodies", body("body one\r\nline\r\n"), 2),
        (
            "10c one of two CRLF",
            format!("{}\r\n{last}", first.replace('\n', "\r\n")),
            2,
        ),
        (
            "10d bare CR",
            body(&format!("body\r\r{}\rx\n", EVE.trim_end())),
            2,
        ),
        ("11a NUL", body("nul[\0]nul\nmore\n"), 2),
        (
            "12a no newline at the end",
            body("b\n").trim_end().to_owned(),
            2,
        ),
        (
            "12b one newline at the end",
            body("b\n").trim_end().to_owned() + "\n",
            2,
        ),
        ("12c glued", two("", "body one without newline", F2, ""), 1),
        (
            "12d torn, then glued",
            format!("{first}\n{F2}From: x@exam{last}"),
            2,
        ),
        (
            "12e torn, then mended",
            format!("{first}\n{F2}From: x@exam\n\n{last}"),
            3,
        ),
        ("14a no header", format!("{F1}\nonly body\n\n{last}"), 2),
        (
            "14b no header, no empty line",
            format!("{F1}only body text\nmore\n\n{last}"),
            2,
        ),
        ("14d no body", format!("{F1}Subject: one\n\n{last}"), 2),
        (
            "14e no body, two empty lines",
            format!("{F1}Subject: one\n\n\n{last}"),
            2,
        ),
        ("15a long line", body(&(q(1_000_000) + "\n")), 2),
        (
            "15c From_ in a line",
            body(&format!("{}{EVE}end\n", q(1023))),
            2,
        ),
        ("15d many fields", field(&"X-1: y\n".repeat(10_000)), 2),
        (
            "15g quoted at 8191",
            body(&format!("{}>{EVE}end\n", q(8191))),
            2,
        ),
        (
            "16a an mbox in a body",
            format!(
                "{}\n{last}",
                message(F1, "outer", &format!("see:\n\n{inner}"), "")
            ),
            4,
        ),
        ("17a empty lines first", format!("\n\n{inner}"), 2),
        (
            "17c three empty lines between",
            two("\n\n\n", "body one\n", F2, ""),
            2,
        ),
        ("17d empty", String::new(), 0),
        ("17e one newline", "\n".into(), 0),
        ("17f empty lines last", inner.clone() + "\n\n\n", 2),
        (
            "18a two From_ lines",
            format!("{F1}{F2}{}body one\n\n{last}", header("one", "")),
            2,
        ),
        (
            "18b quoted From_ line",
            format!("{F1}>{F2}{}body one\n\n{last}", header("one", "")),
            2,
        ),
        (
            "19a other letter case",
            body("x\n\nfrom e@x Mon Jan  1 00:00:00 2024\n\nFROM e@x Mon Jan  1 00:00:00 2024\n"),
            2,
        ),
        ("20c flags", field("Status: RO\nX-Status: D\n"), 2),
        ("21a signature", body("x\n-- \nFrom the desk of Eve\n"), 2),
        (
            "21b at the start of a body",
            body("From now on we ship daily.\nok\n"),
            2,
        ),
        (
            "21c From_ at the start of a body",
            body(&format!("{EVE}ok\n")),
            3,
        ),
        (
            "22a the form we write",
            body("\n>From here\n>>From there\n\n"),
            2,
        ),
        // Where mutt does worse than the others, or no two agree.
        (
            "14c header, then From_",
            format!("{F1}Subject: one\n{last}"),
            2,
        ),
        (
            "15e From_ at 8191",
            body(&format!("{}{EVE}end\n", q(8191))),
            2,
        ),
        ("17b garbage first", format!("garbage\n\n{inner}"), 2),
        (
            "18c From_ in a header",
            format!("{F1}Subject: one\n{F2}X-After: y\n\nbody\n\n{last}"),
            3,
        ),
    ];
    for (case, file, want) in table {
        let found: Vec<_> = entries(file.as_bytes(), 0).collect();
        assert_eq!(found.len(), *want, "{case}");
        for chunk in [16, 8192, 1 << 20] {
            super::file::tests::same_as_entries(case, file.as_bytes(), chunk);
        }
        let mut pos = entries(file.as_bytes(), 0).preamble().len() as u64;
        for entry in found {
            assert_eq!(entry.start, pos, "{case}: nothing between entries");
            assert!(
                entry.start < entry.header && entry.header <= entry.body && entry.body <= entry.end,
                "{case}: {entry:?}"
            );
            pos = entry.next;
        }
        if *want > 0 {
            assert_eq!(pos, file.len() as u64, "{case}: to the end");
        }
    }
}

#[test]
fn an_entry_says_where_it_lies() {
    let file = format!("junk\n{F1}Subject: a\n\nbody\n\n{F2}Subject: b\n\n");
    let walk = entries(file.as_bytes(), 100);
    assert_eq!(walk.preamble(), b"junk\n");
    let found: Vec<_> = walk.collect();
    let (f1, f2) = (F1.len() as u64, F2.len() as u64);
    let second = 105 + f1 + 18;
    assert_eq!(
        found,
        [
            Entry {
                start: 105,
                header: 105 + f1,
                body: 105 + f1 + 12,
                end: 105 + f1 + 17,
                next: second,
                from_line: F1.trim_end().as_bytes(),
                content: b"Subject: a\n\nbody\n",
            },
            Entry {
                start: second,
                header: second + f2,
                body: second + f2 + 12,
                end: second + f2 + 12,
                next: second + f2 + 12,
                from_line: F2.trim_end().as_bytes(),
                content: b"Subject: b\n\n",
            },
        ]
    );
}
