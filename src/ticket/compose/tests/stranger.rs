//! What strangers write stays where it belongs (C8).

use super::*;
use proptest::prelude::*;

/// Names of fields, in order.
fn names(mail: &[u8]) -> Vec<String> {
    Message::new(mail)
        .fields()
        .iter()
        .map(|f| String::from_utf8(f.name.to_vec()).unwrap())
        .collect()
}

fn assert_well_formed(mail: &Outgoing, wanted: &[&str]) {
    let end = memchr::memmem::find(&mail.bytes, b"\n\n").unwrap();
    let head = text(&mail.bytes[..end + 1]);
    assert!(head.is_ascii() && !head.contains(['\r', '\0']), "{head:?}");
    assert!(
        head.lines()
            .all(|line| line.len() <= 998 && !line.trim().is_empty()),
        "{head:?}"
    );
    assert_eq!(names(&mail.bytes), wanted, "{head}");
    let (other, _) = mailparse::parse_headers(head.as_bytes()).unwrap();
    assert_eq!(
        other
            .iter()
            .map(mailparse::MailHeader::get_key)
            .collect::<Vec<_>>(),
        wanted,
        "{head}"
    );
}

/// Texts as strangers write them: anything, and what mail software stumbles over.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        Just("\r\nBcc: x@y\r\n\r\n".to_owned()),
        Just("=?utf-8?B?DQpCY2M6IHhAeQ==?=".to_owned()),
        Just("\"\\,;:<>()@[]\0\u{202e}".to_owned()),
        Just("ü".repeat(700)),
        Just("a".repeat(2000)),
        Just(" \t ".to_owned()),
        Just("[issue12]".to_owned()),
    ];
    proptest::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_stranger_writes_a_field(subject in nasty(), name in nasty(), address in nasty(), body in nasty(), id in nasty()) {
        // C8
        let desk = Desk::new("example.org");
        let one_line = |s: &str| s.replace(['\r', '\n'], " ");
        let raw = format!(
            "From: \"{}\" <alice@example.net>\nSubject: {}\nMessage-ID: <{}@x>\nCc: {}@x\n\n{body}",
            one_line(&name).replace(['"', '\\'], ""), one_line(&subject), one_line(&id), one_line(&address),
        );
        let message = Message::new(raw.as_bytes());
        let to = Mailbox { name: name.clone(), address: address.clone() };
        let known = Mailbox { name: name.clone(), address: "alice@example.net".into() };
        let voice = Voice { name: &name, ..desk.voice() };
        let threads: &[&str] = if message.message_id().is_some_and(|id| id.is_ascii() && id.len() <= 900) {
            &["In-Reply-To", "References"]
        } else {
            &[]
        };
        let fields = |parts: &[&[&'static str]]| parts.concat();
        const FIRST: &[&str] = &["Date", "From", "Subject", "Message-ID", "To"];
        const MARKS: &[&str] = &["X-Tickets-Ticket", "X-Tickets-Kind"];
        const TEXT: &[&str] = &["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
        const AUTO: &[&str] = &["Auto-Submitted", "X-Auto-Response-Suppress"];
        const BULK: &[&str] = &["Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"];
        let threads: &[&'static str] = if threads.is_empty() { &[] } else { &["In-Reply-To", "References"] };

        for to in [&to, &known] {
            let want = fields(&[FIRST, MARKS, &["Reply-To"], threads, BULK, TEXT]);
            let mail = voice.ack(&message, to).mail;
            assert_well_formed(&mail, &want);
            assert_well_formed(&voice.closed(&message, to, &body, "").mail, &want);
            // The subject that went in comes out, as far as it was let in.
            let got = Message::new(&mail.bytes).subject();
            let meant = clean(&voice.subject(&message.subject()).replace("=?", "= ?"));
            prop_assert!(meant.starts_with(&got) && (got.len() > 840 || got == meant), "{:?} {:?}", got, meant);
            let named = Message::new(&mail.bytes).mailboxes("From");
            prop_assert_eq!(named.len(), 1);
            prop_assert_eq!(&named[0].address, "ticket-12@example.org");
            prop_assert_eq!(named[0].name.clone(), cut(&clean(&name), 200).to_owned());
        }
        let cc: &[&'static str] = if voice.others(&message, &[]).iter().any(|m| ascii_address(&m.address).is_some()) {
            &["Cc"]
        } else {
            &[]
        };
        let admins = [address.clone(), "steve@example.org".into()];
        let want = fields(&[FIRST, &["Reply-To"], cc, threads, MARKS, AUTO]);
        let copy = voice.copy(&message, &admins[1..]);
        assert_well_formed(&copy, &want);
        prop_assert_eq!(&copy.recipients, &["steve@example.org"]);
        assert_well_formed(&voice.pass_on(&message, &known, &name), &fields(&[FIRST, &["Reply-To"], cc, threads, MARKS]));
        let want = fields(&[FIRST, MARKS, &["Reply-To"], threads, AUTO, TEXT]);
        assert_well_formed(&voice.note(&message, &admins, &body, &name).mail, &want);
        assert_well_formed(&voice.refused(&message, &admins, &body).mail, &want);
        let want = fields(&[FIRST, MARKS, AUTO, TEXT]);
        assert_well_formed(&voice.notice(&admins, &subject, &body), &want);
    }

    #[test]
    fn a_body_of_ours_comes_back(text in nasty()) {
        let desk = Desk::new("example.org");
        let mail = desk.voice().notice(&desk.admins, "x", &text);
        let got = mailparse::parse_mail(&mail.bytes).unwrap().get_body().unwrap().replace("\r\n", "\n");
        prop_assert_eq!(got.trim_end().to_owned(), clean_block(&text).trim_end().to_owned());
        prop_assert!(mail.bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998));
    }
}
