//! From_ lines and quoting.

use proptest::prelude::*;

use super::nasty::nasty_bytes;
use super::*;

#[test]
fn from_lines_are_told_from_sentences() {
    // The comments name the vectors; where mutt and dovecot differ, mutt decides.
    let table: &[(&str, Option<&str>)] = &[
        (
            "From alice@example.org Mon Jan  1 00:00:00 2024",
            Some("alice@example.org"),
        ),
        (
            "From alice@example.org Mon Jan  1 00:00:00 2024\n",
            Some("alice@example.org"),
        ),
        (
            "From alice@example.org Mon Jan  1 00:00:00 2024\r\n",
            Some("alice@example.org"),
        ), // 08l
        ("From b@x Tue Jan  2 00:00:00 +0000 2024", Some("b@x")), // 07a
        ("From b@x Tue Jan  2 00:00:00 UTC 2024", Some("b@x")),   // 07b
        ("From b@x Wed Aug  2 00:39:12 MET DST 1995", Some("b@x")),
        ("From b@x Tue Jan  2 00:00:00 2024 +0100", Some("b@x")), // 07c
        ("From b@x Tue Jan  2 00:00:00 2024 CET", Some("b@x")),   // 07d
        ("From b@x Tue Jan  2 00:00 2024", Some("b@x")),          // 07e
        ("From b@x Tue Jan 02 00:00:00 2024", Some("b@x")),       // 07f
        ("From b@x Tue Jan 2 00:00:00 2024", Some("b@x")),        // 07g
        ("From b@x Tue Jan  2 00:00:00 24", Some("b@x")),         // 07h
        ("From b@x tue jan  2 00:00:00 2024", Some("b@x")),       // 07k
        (
            "From b@x Tue Jan  2 00:00:00 2024 remote from host",
            Some("b@x"),
        ), // 07l
        (
            "From MAILER-DAEMON Tue Jan  2 00:00:00 2024",
            Some("MAILER-DAEMON"),
        ), // 08a
        ("From  Tue Jan  2 00:00:00 2024", Some("")),             // 08b
        ("From Tue Jan  2 00:00:00 2024", Some("")),
        ("From <> Tue Jan  2 00:00:00 2024", Some("<>")), // 08c
        ("From - Tue Jan  2 00:00:00 2024", Some("-")),   // 08d
        ("From b@x  Tue Jan  2 00:00:00 2024", Some("b@x")), // 08e
        ("From \"b o\"@x Tue Jan  2 00:00:00 2024", Some("\"b o\"@x")), // 08f
        ("From jörg@x Tue Jan  2 00:00:00 2024", Some("jörg@x")), // 08g
        ("From bob at x.org Tue Jan  2 00:00:00 2024", Some("bob")), // 08h
        ("From b@x\tTue Jan  2 00:00:00 2024", Some("b@x")), // 08i
        ("From b@x Tue Jan  2 00:00:00 2024 ", Some("b@x")), // 08j
        ("From mon Mon Jan  1 00:00:00 2024", Some("mon")),
        ("From here I go on", None),                        // 03
        ("From now on we ship daily.", None),               // 21b
        ("From b@x", None),                                 // 07m
        ("From b@x 2024-01-02T00:00:00Z", None),            // 07i
        ("From b@x Tue, 02 Jan 2024 00:00:00 +0000", None), // 07j
        ("From b\0b@x Tue Jan  2 00:00:00 2024", None),     // 11c
        ("From my trip on Mon Jan  1 00:00:00 2024", None),
        ("From b@x Tue Jan  2 00:00:00", None),
        ("From b@x Tue Jan  2 00:00:00:00 2024", None),
        (">From b@x Tue Jan  2 00:00:00 2024", None),
        (" From b@x Tue Jan  2 00:00:00 2024", None), // 19b
        ("from b@x Tue Jan  2 00:00:00 2024", None),  // 19a
        ("From: b@x Tue Jan  2 00:00:00 2024", None),
        ("From ", None),
        ("", None),
    ];
    for (line, want) in table {
        assert_eq!(
            sender_of(line.as_bytes()),
            want.map(str::as_bytes),
            "{line:?}"
        );
        assert_eq!(is_from_line(line.as_bytes()), want.is_some(), "{line:?}");
    }
    let long = format!("From {}@x Tue Jan  2 00:00:00 2024", "b".repeat(2000));
    assert!(is_from_line(long.as_bytes())); // 08k
}

#[test]
fn the_from_line_written_is_the_plainest() {
    // D3
    let at = 1_705_050_487;
    let table: &[(Option<&str>, i64, &str)] = &[
        (
            Some("bob@example.org"),
            at,
            "From bob@example.org Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("bob@example.org"),
            1_704_067_200,
            "From bob@example.org Mon Jan  1 00:00:00 2024\n",
        ),
        (None, at, "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n"),
        (
            Some(""),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("\"b o\"@x"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("a\"b@x"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("a\\"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("a\nFrom b"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("jörg@x"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (
            Some("Mon"),
            at,
            "From MAILER-DAEMON Fri Jan 12 09:08:07 2024\n",
        ),
        (Some("b@x"), i64::MIN, "From b@x Thu Jan  1 00:00:00 1970\n"),
        (Some("b@x"), i64::MAX, "From b@x Thu Dec 30 22:00:00 9999\n"),
    ];
    for (sender, at, want) in table {
        assert_eq!(from_line(*sender, *at), *want, "{sender:?} {at}");
    }
    assert_eq!(from_line(Some(&"b".repeat(321)), at), from_line(None, at));
}

#[test]
fn one_from_line_is_taken_off_the_input() {
    // A2
    let from = "From bob@x  Fri Jan 12 09:08:07 2024";
    let table: &[(&str, String, Option<&str>, String)] = &[
        (
            "none",
            "Subject: x\n\n".into(),
            None,
            "Subject: x\n\n".into(),
        ),
        (
            "one",
            format!("{from}\nSubject: x\n"),
            Some("bob@x"),
            "Subject: x\n".into(),
        ),
        (
            "with CRLF",
            format!("{from}\r\nSubject: x\r\n"),
            Some("bob@x"),
            "Subject: x\r\n".into(),
        ),
        (
            "two",
            format!("{from}\n{from}\nx\n"),
            Some("bob@x"),
            format!("{from}\nx\n"),
        ),
        (
            "quoted",
            format!(">{from}\nx\n"),
            None,
            format!(">{from}\nx\n"),
        ),
        (
            "a sentence",
            "From here on\n".into(),
            None,
            "From here on\n".into(),
        ),
        (
            "and nothing else",
            format!("{from}\n"),
            Some("bob@x"),
            String::new(),
        ),
        ("not a line", from.into(), None, from.into()),
        ("nothing", String::new(), None, String::new()),
    ];
    for (case, input, sender, rest) in table {
        assert_eq!(
            strip_from_line(input.as_bytes()),
            (sender.map(str::as_bytes), rest.as_bytes()),
            "{case}"
        );
    }
}

#[test]
fn from_is_quoted_wherever_a_line_may_be_seen() {
    // D2
    let q = |n: usize| "q".repeat(n);
    let table: &[(&str, String, String)] = &[
        ("plain", "a\nFrome\n".into(), "a\nFrome\n".into()),
        (
            "each level",
            "From a\n>From b\n>>From c\n".into(),
            ">From a\n>>From b\n>>>From c\n".into(),
        ),
        (
            "inside a line",
            "x From a\n >From b\n".into(),
            "x From a\n >From b\n".into(),
        ),
        ("after CRLF", "a\r\nFrom b".into(), "a\r\n>From b".into()),
        (
            "after a bare CR",
            "a\rFrom b\n".into(),
            "a\rFrom b\n".into(),
        ),
        (
            "at a piece",
            format!("{}From a\n", q(8191)),
            format!("{}>From a\n", q(8191)),
        ),
        (
            "quoted at a piece",
            format!("{}>From a\n", q(8191)),
            format!("{}>>From a\n", q(8191)),
        ),
        (
            "beside a piece",
            format!("{}From a\n", q(8190)),
            format!("{}From a\n", q(8190)),
        ),
        (
            "at two pieces, the first > moves the second",
            format!("From {}From a\n", q(8185)),
            format!(">From {}>From a\n", q(8185)),
        ),
        (
            "a run over a piece",
            format!("{}From a\n", ">".repeat(9000)),
            format!("{}From a\n", ">".repeat(9002)),
        ),
    ];
    for (case, body, stored) in table {
        let mut out = Vec::new();
        quote_into(&mut out, body.as_bytes());
        assert!(
            out == stored.as_bytes(),
            "{case}: {:?}",
            String::from_utf8_lossy(&out)
        );
        assert!(unquote(&out) == body.as_bytes(), "{case}, back");
    }
    assert!(matches!(unquote(b"nothing to do\n"), Cow::Borrowed(_)));
}

proptest! {
    #[test]
    fn unquoting_is_the_inverse_of_quoting(body in nasty_bytes()) {
        let mut stored = Vec::new();
        quote_into(&mut stored, &body);
        let mut back = Vec::new();
        unquote_into(&mut back, &stored);
        prop_assert!(back == body);
        prop_assert!(unquote(&stored) == body);
        for line in lines(&stored) {
            for piece in line.chunks(PIECE) {
                prop_assert!(!piece.starts_with(b"From "));
            }
        }
    }

    #[test]
    fn a_written_from_line_is_read_back(sender in "\\PC{0,30}", at: i64) {
        let line = from_line(Some(&sender), at);
        prop_assert!(is_from_line(line.as_bytes()));
        prop_assert_eq!(line.matches('\n').count(), 1);
        for end in 0..line.len() {
            prop_assert!(is_from_line_cut_short(&line.as_bytes()[..end]), "{}", &line[..end]);
        }
    }
}
