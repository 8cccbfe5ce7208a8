//! Strangers cannot write header fields of our mail (C8).

use super::*;
use crate::ticket::reach::ascii_address;
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
    // Only To may name an internationalized address.
    let sent = Message::new(&mail.bytes);
    let mut others = sent.fields().iter().filter(|field| !field.is("To"));
    assert!(others.all(|field| field.line.is_ascii()), "{head:?}");
    assert!(!head.contains(['\r', '\0']), "{head:?}");
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

/// Texts of strangers: anything, and in particular what mail software trips over.
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

/// The fields that we write.
const OURS: &[&str] = &[
    "Date",
    "From",
    "Subject",
    "Message-ID",
    "To",
    "Cc",
    "Reply-To",
    "In-Reply-To",
    "References",
    "X-Tickets-Ticket",
    "X-Tickets-Kind",
    "X-Tickets-Event",
    "X-Tickets-From",
    "X-Tickets-To",
    "Auto-Submitted",
    "Precedence",
    "X-Auto-Response-Suppress",
];

/// A header field as it may come in: a name that matters, and any bytes.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let name = proptest::sample::select(vec![
        "From",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Message-ID",
        "References",
        "In-Reply-To",
        "MIME-Version",
        "Content-Type",
        "content-type",
        "Content-Length",
        "Content-\u{e9}",
        "Content-Transfer-Encoding",
        "Bcc",
        "X-Tickets-Kind",
        "Sender",
    ]);
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        nasty().prop_map(String::into_bytes),
        Just(b"\n \t\n x".to_vec()),
        Just(b"=?utf-8?Q?a=0D=0ABcc:_x=40y=00?=".to_vec()),
        Just(b"=?iso-2022-jp?B?GyRCJVclag==?=".to_vec()),
        Just(b"\"<>\" <ann@example.com>, bob@example.net (\xfc),".to_vec()),
        Just(b"<a@x> <b\n @x>".to_vec()),
    ];
    let value = proptest::collection::vec(piece, 0..4).prop_map(|pieces| {
        // A line that begins with a blank continues the field; other bytes would begin a new one.
        let mut value = pieces.concat();
        while let Some(at) = value
            .windows(2)
            .position(|w| w[0] == b'\n' && !b" \t".contains(&w[1]))
        {
            value[at] = b' ';
        }
        while value.last() == Some(&b'\n') {
            value.pop();
        }
        value
    });
    (name, value).prop_map(|(name, value)| [name.as_bytes(), b": ", &value, b"\n"].concat())
}

proptest! {
    #[test]
    fn no_stranger_writes_a_field(subject in nasty(), name in nasty(), address in nasty(), body in nasty(), id in nasty()) {
        // C8
        let one_line = |s: &str| s.replace(['\r', '\n'], " ");
        let raw = format!(
            "From: \"{}\" <alice@example.net>\nSubject: {}\nMessage-ID: <{}@x>\nCc: {}@x\n\n{body}",
            one_line(&name).replace(['"', '\\'], ""), one_line(&subject), one_line(&id), one_line(&address),
        );
        let desk = Desk::new("example.org").by(raw.as_bytes());
        let message = Message::new(raw.as_bytes());
        let to = Mailbox { name: name.clone(), address: address.clone() };
        let known = Mailbox { name: name.clone(), address: "alice@example.net".into() };
        let composer = Composer { name: &name, ..desk.composer() };
        let threads: &[&str] = if message.message_id().is_some_and(|id| id.is_ascii() && id.len() <= 900) {
            &["In-Reply-To", "References"]
        } else {
            &[]
        };
        let fields = |parts: &[&[&'static str]]| parts.concat();
        const FIRST: &[&str] = &["Date", "From", "Subject", "Message-ID", "To"];
        const MARKS: &[&str] = &["X-Tickets-Ticket", "X-Tickets-Kind"];
        const TEXT: &[&str] = &["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
        const DID: &[&str] = &["X-Tickets-Event", "X-Tickets-From", "X-Tickets-To"];
        const AUTO: &[&str] = &["Auto-Submitted", "X-Auto-Response-Suppress"];
        const BULK: &[&str] = &["Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"];
        let threads: &[&'static str] = if threads.is_empty() { &[] } else { &["In-Reply-To", "References"] };

        for to in [&to, &known] {
            let want = fields(&[FIRST, MARKS, &["Reply-To"], threads, BULK, TEXT]);
            let mail = composer.ack(&message, to).mail;
            assert_well_formed(&mail, &want);
            assert_well_formed(&composer.closed(&message, to, &body, "").mail, &want);
            // The subject comes out as it went in, up to the cut.
            let got = Message::new(&mail.bytes).subject();
            let meant = clean(&composer.subject(&message.subject()).replace("=?", "= ?"));
            prop_assert!(meant.starts_with(&got) && (got.len() > 840 || got == meant), "{:?} {:?}", got, meant);
            let named = Message::new(&mail.bytes).mailboxes("From");
            prop_assert_eq!(named.len(), 1);
            prop_assert_eq!(&named[0].address, "ticket-12@example.org");
            prop_assert_eq!(named[0].name.clone(), cut(&clean(&name), 200).to_owned());
        }
        let cc: &[&'static str] = if composer.others(&message, &[]).iter().any(|m| ascii_address(&m.address).is_some()) {
            &["Cc"]
        } else {
            &[]
        };
        let admins = [address.clone(), "steve@example.org".into()];
        let want = fields(&[FIRST, &["Reply-To"], cc, threads, MARKS, DID, AUTO]);
        let copy = composer.copy(&message, &admins[1..], &FILED);
        assert_well_formed(&copy, &want);
        prop_assert_eq!(&copy.recipients, &["steve@example.org"]);
        assert_well_formed(&composer.pass_on(&message, &known, &name), &fields(&[FIRST, &["Reply-To"], cc, threads, MARKS]));
        let want = fields(&[FIRST, MARKS, &["Reply-To"], threads, AUTO, TEXT]);
        assert_well_formed(&composer.note(&message, &admins, &body, &name, &subject).mail, &want);
        assert_well_formed(&composer.refused(&message, &admins, &body).mail, &want);
        let want = fields(&[FIRST, MARKS, AUTO, TEXT]);
        assert_well_formed(&composer.notice(&admins, &subject, &body), &want);
    }

    #[test]
    fn no_bytes_write_a_field(fields in proptest::collection::vec(field(), 0..12), body in proptest::collection::vec(any::<u8>(), 0..40)) {
        // C8: from the incoming bytes to the outgoing header.
        let raw = [&fields.concat()[..], b"\n", &body].concat();
        let desk = Desk::new("example.org").by(&raw);
        let message = Message::new(&raw);
        let author = desk.by.author.clone().unwrap_or_else(alice);
        let composer = desk.composer();
        let mails = [
            composer.ack(&message, &author).mail,
            composer.closed(&message, &author, "", "").mail,
            composer.copy(&message, &desk.admins, &FILED),
            composer.not_passed_on(&message, &author).mail,
            composer.pass_on(&message, &author, &author.name),
            composer.note(&message, &desk.admins, "", "", "").mail,
            composer.refused(&message, &desk.admins, "").mail,
        ];
        for mail in mails {
            let end = memchr::memmem::find(&mail.bytes, b"\n\n").unwrap();
            // The MIME fields of a copy are the mail's own. All fields before them are ours.
            let head: Vec<&[u8]> = mail.bytes[..end].split_inclusive(|b| *b == b'\n').collect();
            prop_assert!(head.iter().all(|line| line.len() <= 999 && !line.trim_ascii().is_empty()));
            prop_assert!(head.iter().all(|line| !line.contains(&b'\r') && !line.contains(&0)));
            let names = names(&mail.bytes);
            let mut once = names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), names.len(), "{:?}", &names);
            let is_ours = |name: &String| OURS.contains(&name.as_str());
            let is_mime = |name: &String| {
                let name = name.to_ascii_lowercase();
                name == "mime-version" || (name.starts_with("content-") && name != "content-length")
            };
            prop_assert!(names.iter().all(|name| is_ours(name) || is_mime(name)), "{:?}", &names);
            let sent = Message::new(&mail.bytes);
            prop_assert_eq!(&sent.mailboxes("From")[0].address, "ticket-12@example.org");
            let to: Vec<String> = sent.mailboxes("To").into_iter().map(|m| m.address).collect();
            prop_assert_eq!(to, mail.recipients);
        }
    }

    #[test]
    fn a_body_of_ours_comes_back(text in nasty()) {
        let desk = Desk::new("example.org");
        let mail = desk.composer().notice(&desk.admins, "x", &text);
        let got = mailparse::parse_mail(&mail.bytes).unwrap().get_body().unwrap().replace("\r\n", "\n");
        prop_assert_eq!(got.trim_end().to_owned(), clean_block(&text).trim_end().to_owned());
        prop_assert!(mail.bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998));
    }
}
