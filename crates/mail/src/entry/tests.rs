//! What goes in comes out, byte for byte (D6).

use proptest::prelude::*;

use super::*;
use crate::mbox::entries;
use crate::mbox::nasty::nasty_bytes;

const TRACE: Trace<'_> = Trace {
    sender: Some("bob@example.net"),
    filed_under: "ticket-12-done@example.org",
    at: 1_705_050_487,
};

fn only_content(file: &[u8]) -> &[u8] {
    let found: Vec<_> = entries(file, 0).collect();
    assert_eq!(found.len(), 1, "{:?}", String::from_utf8_lossy(file));
    found[0].content
}

/// What mutt does when it writes a flag: fields at the end of what it takes for the header.
fn flagged(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries(file, 0) {
        let header = &file[entry.start as usize..entry.header as usize];
        let mut end = 0;
        for (nth, line) in mbox::lines(entry.content).enumerate() {
            let folded = nth > 0 && line.starts_with(b" ");
            let field = line
                .iter()
                .position(|b| b": \t".contains(b))
                .is_some_and(|at| line[at] == b':');
            if !(folded || field || line.starts_with(b">From ")) {
                break;
            }
            end += line.len();
        }
        let (fields, rest) = entry.content.split_at(end);
        let body = rest
            .strip_prefix(b"\n")
            .or(rest.strip_prefix(b"\r\n"))
            .unwrap_or(rest);
        let added = format!(
            "Status: RO\nX-Status: F\nContent-Length: {}\nLines: 7\n\n",
            body.len()
        );
        out.extend([header, fields, added.as_bytes(), body, b"\n"].concat());
    }
    out
}

fn assert_comes_back(case: &str, raw: &[u8]) {
    let file = encode(&TRACE, raw);
    let shown = String::from_utf8_lossy(&file[..file.len().min(600)]).into_owned();
    assert!(file.ends_with(b"\n\n"), "{case}");
    for (how, file) in [
        ("", file.clone()),
        ("flagged, ", flagged(&file)),
        ("twice, ", flagged(&flagged(&file))),
    ] {
        let decoded = decode(only_content(&file));
        assert_eq!(decoded.verdict, Verdict::Intact, "{how}{case}: {shown}");
        assert!(*decoded.raw == *raw, "{how}{case}: {shown}");
        assert_eq!(
            decoded.delivered_to.as_deref(),
            Some(TRACE.filed_under),
            "{how}{case}"
        );
        assert_eq!(tail(&file, 0), Tail::Whole, "{how}{case}");
    }
}

#[test]
fn from_lines_in_the_header_come_back() {
    let line = "From ann@example.net Sun Nov 22 10:00:00 2026\n";
    for top in [
        format!(">{line}"),
        format!(">>{line}>{line}"),
        "From ann@example.net\n".to_owned(),
        ">From ann@example.net\n".to_owned(),
        format!("A: 1\n{line}"),
        format!("A: 1\n>{line}Status: RO\n"),
    ] {
        for end in ["\n", "\r\n"] {
            let mail = format!("{top}Subject: x\nStatus: RO\nB: \0\n\nText.\n").replace('\n', end);
            assert_comes_back(&top, mail.as_bytes());
            let file = encode(&TRACE, mail.as_bytes());
            // Its fields are in the header that lists are made of.
            let entry = entries(&file, 0).next().unwrap();
            let header = &entry.content[..(entry.body - entry.header) as usize];
            let header = decode(header);
            let message = crate::message::Message::new(&header.raw);
            assert_eq!(message.subject(), "x", "{top}");
        }
    }
}

#[test]
fn an_entry_looks_like_this() {
    // D3
    let raw = b"Subject: x\r\nstatus: RO\r\n\r\nFrom here\r\nend";
    let want = format!(
        "From bob@example.net Fri Jan 12 09:08:07 2024\n\
         Return-Path: <bob@example.net>\n\
         Delivered-To: ticket-12-done@example.org\n\
         X-Tickets-Entry: size={}; eol=crlf; end=none;\n\
         \x20sha256={}\n\
         Subject: x\n\
         X-Held-status: RO\n\
         \n\
         >From here\n\
         end\n\
         \n",
        raw.len(),
        digest(raw)
    );
    let file = encode(&TRACE, raw);
    assert_eq!(String::from_utf8_lossy(&file), want);
    assert_eq!(
        decode(only_content(&file)),
        Decoded {
            raw: Cow::Borrowed(raw),
            verdict: Verdict::Intact,
            delivered_to: Some("ticket-12-done@example.org".into()),
            return_path: Some("bob@example.net".into()),
            modules: Vec::new(),
            sha256: Some(digest(raw)),
            size: Some(raw.len() as u64),
        }
    );
}

#[test]
fn what_modules_said_is_told_from_what_the_mail_says() {
    // D3, G5
    let raw = b"X-Tickets-Module: evil; go=on\nDelivered-To: x@y\nSubject: a\n\nbody\n";
    let long = "\u{fc}".repeat(500);
    let said = [
        "rspamd; go=quarantine; note=\"a\nb\rFrom x\"",
        "Gr\u{fc}\u{df}e",
        "",
        &long,
    ];
    let want = [
        "rspamd; go=quarantine; note=\"a?b?From x\"",
        "Gr\u{fc}\u{df}e",
        "",
        &long[..900],
    ];
    let file = encode_noted(&TRACE, &said.map(str::to_owned), raw);
    for file in [file.clone(), flagged(&file)] {
        let text = String::from_utf8_lossy(&file).into_owned();
        let decoded = decode(only_content(&file));
        assert_eq!(decoded.modules, want, "{text}");
        assert_eq!(decoded.verdict, Verdict::Intact, "{text}");
        assert_eq!(*decoded.raw, *raw, "{text}");
        assert_eq!(
            decoded.delivered_to.as_deref(),
            Some("ticket-12-done@example.org")
        );
        assert!(text.lines().all(|line| line.len() <= 998), "{text}");
    }
    let plain = encode(&TRACE, raw);
    assert_eq!(
        decode(only_content(&plain)).modules,
        Vec::<String>::new(),
        "a field of the mail itself is none"
    );
}

#[test]
fn odd_mail_comes_back() {
    // A7, D6
    let table: &[(&str, &[u8])] = &[
        ("nothing", b""),
        ("a newline", b"\n"),
        ("a CRLF", b"\r\n"),
        ("a CR", b"\r"),
        ("ordinary", b"Subject: x\n\nbody\n"),
        ("no final newline", b"Subject: x\n\nbody"),
        ("empty lines at the end", b"Subject: x\n\nbody\n\n\n\n"),
        ("CRLF and empty lines at the end", b"Subject: x\r\n\r\nbody\r\n\r\n\r\n"),
        ("CRLF, no final newline", b"Subject: x\r\n\r\nbody"),
        ("CRLF, cut behind the CR", b"Subject: x\r\n\r\nbody\r"),
        ("two CRs", b"Subject: x\r\r\n\r\r\nbody\r\r\n"),
        ("mixed", b"Subject: x\n\r\nbody\r\n\r\n\nend\r\n"),
        ("no body", b"Subject: x\n\n"),
        ("no empty line", b"Subject: x\n"),
        ("no line end", b"Subject: x"),
        ("no header", b"\nbody\n"),
        ("no header, CRLF", b"\r\nbody\r\n"),
        ("no field first", b"hello\nSubject: x\n\nbody\n"),
        ("folded first", b" folded\nSubject: x\n\nbody\n"),
        ("From_ first", b"From eve@x Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody\n"),
        ("quoted From_ first", b">From eve@x Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody\n"),
        ("From_ in the header", b"A: b\nFrom eve@x Mon Jan  1 00:00:00 2024\nStatus: x\n\nbody\n"),
        ("no field in the header", b"A: b\nnothing\nStatus: x\nX-Held-Lines: 3\n\nbody\n"),
        ("no field in the header, CRLF", b"A: b\r\nnothing\r\nStatus: x\r\n\r\nbody\r\n"),
        ("steering", b"Status: D\nX-STATUS:\n a\nLines : 3\nx-uid: 1\nX-Mozilla-Keys: \nX-IMAPbase: 1 1\nX-IMAP: 1\n\n"),
        ("a NUL in the name of a steering field", b"A: b\nX-Mozilla-\0: x\nx-mozilla-\0Keys\0: y\n\nX-Mozilla-\0: z\n"),
        ("held before", b"X-Held-Status: RO\nx-held-status: RO\nX-Held-: \nX-Held-X-Held-Lines: 3\n\n"),
        ("steering words in the body", b"A: b\n\nStatus: RO\nX-Held-Status: x\n"),
        ("forged trace", b"X-Tickets-Entry: size=1; sha256=00\nDelivered-To: a@b\nReturn-Path: <>\n\nbody\n"),
        ("NULs", b"A: \0\0b\n?\0: ?\n\nbody\0\n"),
        ("8-bit", b"Subject: gr\xf6\xdfe\n\n\xff\xfe\n"),
    ];
    for (case, raw) in table {
        assert_comes_back(case, raw);
    }
    let mixed = b"a\r\nb\n".repeat(999);
    assert_comes_back(
        "998 changes of line end",
        &[b"A: b\n\n", &mixed[..]].concat(),
    );
    assert_comes_back(
        "too many changes of line end",
        &[b"A: b\r\n\r\n".as_slice(), &mixed, &mixed].concat(),
    );
    let nuls = b"N: \0\n".repeat(2000);
    assert_comes_back("2000 NULs", &nuls);
    let too_many = encode(&TRACE, &b"N: \0\n".repeat(2001));
    assert_eq!(decode(only_content(&too_many)).verdict, Verdict::Intact);
    let long = [b"A: ", &[b'z'; 1_000_000][..], b"\n\nStatus"].concat();
    assert_comes_back("a long line", &long);
    let long = [b"Status: ".as_slice(), &[b'>'; 30_000], b"From x\n"].concat();
    assert_comes_back("a long held line", &long);
}

#[test]
fn our_fields_are_folded_and_cannot_be_broken() {
    // C8, D3
    let trace = Trace {
        sender: Some("a\r\nStatus: D\0\u{85}@x"),
        filed_under: "ü@x\nb",
        at: 0,
    };
    let file = encode(&trace, &b"a\r\nb\n".repeat(500));
    let text = String::from_utf8(file.clone()).unwrap();
    let header: Vec<&str> = text.split("\n\n").next().unwrap().lines().collect();
    assert_eq!(
        header[..3],
        [
            "From MAILER-DAEMON Thu Jan  1 00:00:00 1970",
            "Return-Path: <a??Status: D??@x>",
            "Delivered-To: ü@x?b"
        ]
    );
    assert!(
        header[3..].iter().all(|line| line.len() <= 78),
        "{header:?}"
    );
    assert!(
        header[4..].iter().all(|line| line.starts_with(' ')),
        "{header:?}"
    );
    assert_eq!(decode(only_content(&file)).verdict, Verdict::Intact);

    let null = encode(
        &Trace {
            sender: None,
            ..TRACE
        },
        b"",
    );
    assert!(null.starts_with(b"From MAILER-DAEMON Fri Jan 12 09:08:07 2024\nReturn-Path: <>\n"));
    assert_eq!(decode(only_content(&null)).return_path.as_deref(), Some(""));
}

#[test]
fn what_was_changed_or_is_not_ours_is_said_to_be() {
    let file = String::from_utf8(encode(&TRACE, b"Subject: x\n\n>From here\n")).unwrap();
    let others = "From a@x Mon Jan  1 00:00:00 2024\nStatus: RO\n\n>From here\n\n";
    let table: &[(&str, String, Verdict, &str)] = &[
        (
            "edited",
            file.replace("here", "nowhere"),
            Verdict::Changed,
            "Subject: x\n\n>From nowhere\n",
        ),
        (
            "as long",
            file.replace("here", "hell"),
            Verdict::Changed,
            "Subject: x\n\n>From hell\n",
        ),
        (
            "shorter",
            file.replace("here", ""),
            Verdict::Changed,
            "Subject: x\n\n>From \n",
        ),
        (
            "copied back from an export",
            file.replace(
                "Return-Path",
                "X-Tickets-Export: a;\n b\nStatus: RO\nReturn-Path",
            ),
            Verdict::Intact,
            "Subject: x\n\n>From here\n",
        ),
        (
            "empty lines added",
            file.clone() + "\n\n\n",
            Verdict::Intact,
            "Subject: x\n\n>From here\n",
        ),
        (
            "newlines gone",
            file.trim_end().into(),
            Verdict::Intact,
            "Subject: x\n\n>From here\n",
        ),
        (
            "by others",
            others.into(),
            Verdict::Foreign,
            "Status: RO\n\n>From here\n",
        ),
    ];
    for (case, file, verdict, raw) in table {
        let decoded = decode(only_content(file.as_bytes()));
        assert_eq!(
            (decoded.verdict, &*String::from_utf8_lossy(&decoded.raw)),
            (*verdict, *raw),
            "{case}"
        );
        assert_eq!(
            decoded.delivered_to.is_some(),
            *verdict != Verdict::Foreign,
            "{case}"
        );
    }
    // mutt ended the header at the line that is no field, dovecot at the CR further down.
    let raw = b"A: b\nno field\n\r\r\nx-held-a: b\n";
    let twice = String::from_utf8(encode(&TRACE, raw)).unwrap();
    let twice = twice
        .replace("no field", "Status: RO\nLines: 9\n\nno field")
        .replace("\r\n", "X-UID: 1            \n\n");
    let decoded = decode(only_content(twice.as_bytes()));
    assert_eq!(
        (decoded.verdict, &*decoded.raw),
        (Verdict::Intact, raw.as_slice())
    );

    // Our fields prove something only at the top; further down they came with the mail.
    let forged = file.replace("Return-Path", "Received: x\nReturn-Path");
    let decoded = decode(only_content(forged.as_bytes()));
    assert_eq!(
        (decoded.verdict, decoded.delivered_to),
        (Verdict::Foreign, None)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_come_back(raw in nasty_bytes()) {
        assert_comes_back("any bytes", &raw);
    }

    #[test]
    fn any_file_can_be_read(file in nasty_bytes()) {
        let end = file.len() as u64;
        let walk = entries(&file, 0);
        let mut pos = walk.preamble().len() as u64;
        for entry in walk {
            prop_assert_eq!(entry.start, pos);
            prop_assert!(entry.start < entry.header && entry.header <= entry.body);
            prop_assert!(entry.body <= entry.end && entry.end <= entry.next && entry.next <= end);
            pos = entry.next;
            let _ = decode(entry.content);
        }
        prop_assert_eq!(pos, end);
        match tail(&file, 0) {
            Tail::Torn { keep } | Tail::SetAside { keep } => prop_assert!(keep < end),
            Tail::Whole | Tail::Missing(_) => {}
        }
    }

    #[test]
    fn as_many_come_out_as_went_in(mails in proptest::collection::vec(nasty_bytes(), 0..6)) {
        // D2: mutt's rule (ours), Python's rule, and another crate's.
        let file: Vec<u8> = mails.iter().flat_map(|raw| encode(&TRACE, raw)).collect();
        prop_assert_eq!(entries(&file, 0).count(), mails.len());
        prop_assert_eq!(mbox::lines(&file).filter(|line| line.starts_with(b"From ")).count(), mails.len());
        let theirs = mail_parser::mailbox::mbox::MessageIterator::new(&file[..]);
        prop_assert_eq!(theirs.count(), mails.len());
        for (entry, raw) in entries(&file, 0).zip(&mails) {
            prop_assert!(*decode(entry.content).raw == raw[..]);
        }
    }
}
