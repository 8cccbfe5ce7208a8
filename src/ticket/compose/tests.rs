//! Whole mails.

mod bytes;
mod copies;
mod stranger;

use super::*;

struct Desk {
    addresses: Addresses,
    admins: Vec<String>,
    people: Vec<Person>,
    templates: Templates,
    by: Authorship,
    reply_to: ReplyTo,
}

/// What a mail did of which nothing is to be said.
const FILED: Did = Did {
    event: "filed",
    label: "",
    remark: "",
    filed_under: "submit@example.org",
};

impl Desk {
    fn new(domain: &str) -> Self {
        let addresses =
            Addresses::new(&[domain.into()], false, &["submit".into()], "ticket-{n}").unwrap();
        let admins = vec!["steve@example.org".into(), "eve@example.org".into()];
        Self {
            addresses,
            people: admins
                .iter()
                .map(|a: &String| Person::with_address(a))
                .collect(),
            admins,
            templates: Templates::builtin(),
            by: Authorship::default(),
            reply_to: ReplyTo::Ticket,
        }
    }

    /// The same desk, with a message by somebody.
    fn by(self, raw: &[u8]) -> Self {
        let staff = crate::ticket::staff::Staff {
            people: &self.people,
            addresses: &self.addresses,
        };
        let by = staff.authorship(&Message::new(raw));
        Desk { by, ..self }
    }

    fn composer(&self) -> Composer<'_> {
        Composer {
            name: "Support",
            addresses: &self.addresses,
            people: &self.people,
            reply_to: self.reply_to,
            notify_line: false,
            opening: None,
            by: &self.by,
            templates: &self.templates,
            ticket: TicketId::new(12).unwrap(),
            tag: "[issue12]",
            tagged: &tagged,
            digest: "0123456789abcdef0123456789abcdef",
            now: 1_732_240_000,
        }
    }
}

fn tagged(subject: &str) -> Option<TicketId> {
    let (_, rest) = subject.split_once("[issue")?;
    rest.split_once(']')?.0.trim().parse().ok()
}

fn alice() -> Mailbox {
    Mailbox {
        name: "Alice".into(),
        address: "alice@example.net".into(),
    }
}

const MAIL: &str = "Received: from somewhere\n\
    From: Alice <alice@example.net>\n\
    To: submit@example.org, Bob <bob@example.net>\n\
    Cc: steve@example.org, BOB@example.net, alice@example.net\n\
    Subject: Printer on fire\n\
    Message-ID: <m1@example.net>\n\
    References: <a@x>\n <b@x>\n\
    In-Reply-To: <b@x>\n\
    Bcc: secret@example.net\n\
    MIME-Version: 1.0\n\
    Content-Type: multipart/mixed;\n\tboundary=b\n\
    Content-Length: 7\n\
    content-language: de\n\
    \n\
    --b\n\nHelp!\n--b--";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_acknowledgement_is_recognised_as_one() {
    // C1, C12
    let desk = Desk::new("example.org");
    let got = desk
        .composer()
        .ack(&Message::new(MAIL.as_bytes()), &alice());
    assert_eq!(
        (got.warning, got.mail.kind, got.mail.sender),
        (None, Kind::Ack, None)
    );
    assert_eq!(got.mail.recipients, ["alice@example.net"]);
    let want = "Date: Fri, 22 Nov 2024 01:46:40 +0000\n\
        From: Support <ticket-12@example.org>\n\
        Subject: [issue12] Printer on fire\n\
        Message-ID: <ticket-12.ack.0123456789abcdef0123456789abcdef@example.org>\n\
        To: alice@example.net\n\
        X-Tickets-Ticket: 12\n\
        X-Tickets-Kind: ack\n\
        Reply-To: ticket-12@example.org\n\
        In-Reply-To: <m1@example.net>\n\
        References: <a@x>\n <b@x>\n <m1@example.net>\n\
        Auto-Submitted: auto-replied\n\
        Precedence: bulk\n\
        X-Auto-Response-Suppress: All\n\
        MIME-Version: 1.0\n\
        Content-Type: text/plain; charset=utf-8\n\
        Content-Transfer-Encoding: 7bit\n\n\
        Hello,\n\nyour mail has arrived and is now ticket 12:\n\n    Printer on fire\n\n";
    let mail = text(&got.mail.bytes);
    assert!(mail.starts_with(want), "{mail}");
    assert!(mail.ends_with("\nSupport\n"), "{mail}");
}

#[test]
fn a_copy_is_the_mail_under_a_new_header() {
    // C2
    let desk = Desk::new("example.org").by(MAIL.as_bytes());
    let did = Did {
        event: "closed",
        label: "closed",
        remark: "So ö be it.",
        ..FILED
    };
    let message = Message::new(MAIL.as_bytes());
    let got = desk.composer().copy(&message, &desk.admins[1..], &did);
    assert_eq!(
        (got.kind, got.sender, got.recipients),
        (Kind::Copy, None, vec!["eve@example.org".to_owned()])
    );
    let want = "Date: Fri, 22 Nov 2024 01:46:40 +0000\n\
        From: \"Alice via tickets (closed)\" <ticket-12@example.org>\n\
        Subject: [issue12] Printer on fire\n\
        Message-ID: <ticket-12.copy.0123456789abcdef0123456789abcdef@example.org>\n\
        To: eve@example.org\n\
        Reply-To: ticket-12@example.org\n\
        Cc: Bob <bob@example.net>\n\
        In-Reply-To: <m1@example.net>\n\
        References: <a@x>\n <b@x>\n <m1@example.net>\n\
        X-Tickets-Ticket: 12\n\
        X-Tickets-Kind: copy\n\
        X-Tickets-Event: closed\n\
        X-Tickets-From: alice@example.net\n\
        X-Tickets-To: submit@example.org\n\
        X-Tickets-Remark: So =?utf-8?b?w7Y=?= be it.\n\
        Auto-Submitted: auto-generated\n\
        X-Auto-Response-Suppress: All\n\
        MIME-Version: 1.0\n\
        Content-Type: multipart/mixed;\n\tboundary=b\n\
        content-language: de\n\n\
        --b\n\nHelp!\n--b--";
    assert_eq!(text(&got.bytes), want);
    let both = Desk {
        reply_to: ReplyTo::Both,
        ..desk
    };
    let got = both.composer().copy(&message, &both.admins[1..], &FILED);
    let want = "\nReply-To: Alice <alice@example.net>,\n ticket-12@example.org\n";
    assert!(text(&got.bytes).contains(want));
}

#[test]
fn what_an_admin_writes_comes_from_the_ticket() {
    // C3
    let desk = Desk::new("example.org");
    let reply = "From: Steve <steve@example.org>\nTo: ticket-12@example.org\nCc: bob@example.net\n\
        Subject: Re: [issue12] Printer on fire\nMessage-ID: <s@x>\nIn-Reply-To: <m1@example.net>\n\nWater!\n";
    let got = desk
        .composer()
        .pass_on(&Message::new(reply.as_bytes()), &alice(), "Steve");
    assert_eq!(got.sender.as_deref(), Some("ticket-12@example.org"));
    assert_eq!(got.recipients, ["alice@example.net"]);
    let want = "Date: Fri, 22 Nov 2024 01:46:40 +0000\n\
        From: \"Steve (Support)\" <ticket-12@example.org>\n\
        Subject: Re: [issue12] Printer on fire\n\
        Message-ID: <ticket-12.pass.0123456789abcdef0123456789abcdef@example.org>\n\
        To: Alice <alice@example.net>\n\
        Reply-To: ticket-12@example.org\n\
        Cc: bob@example.net\n\
        In-Reply-To: <s@x>\n\
        References: <m1@example.net>\n <s@x>\n\
        X-Tickets-Ticket: 12\n\
        X-Tickets-Kind: copy\n\n\
        Water!\n";
    assert_eq!(text(&got.bytes), want);
    let got = desk
        .composer()
        .pass_on(&Message::new(reply.as_bytes()), &alice(), "");
    assert!(text(&got.bytes).contains("\nFrom: Support <ticket-12@example.org>\n"));
}

#[test]
fn notes_say_who_and_where() {
    // C2, C5, C9
    let desk = Desk::new("example.org").by(MAIL.as_bytes());
    let mail = Message::new(MAIL.as_bytes());
    let note = desk
        .composer()
        .note(
            &mail,
            &desk.admins,
            "Help!\r\n\x1b[2Jbye",
            "/home/steve/tickets/12",
            "It asked for more.",
        )
        .mail;
    assert_eq!((note.kind, &note.recipients), (Kind::Note, &desk.admins));
    let note = text(&note.bytes);
    for words in [
        "\nTo: steve@example.org,\n eve@example.org\n",
        "\nReply-To: ticket-12@example.org\n",
        "\n\nIt asked for more.\n\n",
        "\nAuto-Submitted: auto-generated\n",
        "\n\nAlice wrote to ticket 12:\n",
        "\n\nHelp!\n[2Jbye\n\n",
        "mutt -f /home/steve/tickets/12\n",
    ] {
        assert!(note.contains(words), "no {words:?}:\n{note}");
    }
    let refused = desk
        .composer()
        .refused(&mail, &desk.admins, "alice@example.net may not close it")
        .mail;
    assert_eq!(refused.kind, Kind::Refused);
    assert!(
        text(&refused.bytes)
            .contains("\n\n    alice@example.net may not close it\n\nFrom:    Alice <alice@")
    );
    let notice = desk
        .composer()
        .notice(&desk.admins, "Mail given up", "Nobody took it.\n");
    let notice = text(&notice.bytes);
    assert!(
        notice.contains("\nSubject: [issue12] Mail given up\n")
            && notice.ends_with("\n\nNobody took it.\n")
    );
}

#[test]
fn a_german_mail_keeps_its_umlauts() {
    // C1: in the Subject and in the template, readable without decoding.
    let mut desk = Desk::new("müller.example");
    desk.templates.replace(
        Template::Closed,
        "Subject: Schließung: {{ subject }}\n\nGrüße an {{ author }}!\n{{ text }}\n".into(),
    );
    let mail = "From: =?iso-8859-1?Q?J=FCrgen_Gro=DF=2C_Dr=2E?= <j@b\u{fc}ro.example>\nSubject: =?utf-8?Q?T=C3=BCr?= [issue12]\n\n";
    desk = desk.by(mail.as_bytes());
    let mail = Message::new(mail.as_bytes());
    let got = desk
        .composer()
        .closed(&mail, &mail.from()[0], "Öl hilft.", "");
    assert_eq!(got.mail.recipients, ["j@xn--bro-hoa.example"]);
    let back = Message::new(&got.mail.bytes);
    assert_eq!(back.subject(), "[issue12] Schließung: Tür");
    assert_eq!(
        back.mailboxes("To")[0].name,
        "",
        "a name is a stranger's words"
    );
    assert_eq!(
        back.mailboxes("From")[0].address,
        "ticket-12@xn--mller-kva.example"
    );
    assert!(
        back.message_id()
            .unwrap()
            .ends_with("@xn--mller-kva.example>")
    );
    let body = mailparse::parse_mail(&got.mail.bytes)
        .unwrap()
        .get_body()
        .unwrap();
    assert_eq!(
        body.replace("\r\n", "\n"),
        "Grüße an Jürgen Groß, Dr.!\nÖl hilft.\n"
    );
    assert!(
        text(&got.mail.bytes).contains("Gr=C3=BC=C3=9Fe an J=C3=BCrgen"),
        "quoted-printable, not base64"
    );
}

#[test]
fn a_tag_stands_once() {
    // C1, C2
    let table = [
        ("none", "Printer", "[issue12] Printer"),
        (
            "already there",
            "Re: [issue12] Printer",
            "Re: [issue12] Printer",
        ),
        (
            "another ticket's",
            "[issue7] Printer",
            "[issue12] [issue7] Printer",
        ),
        ("no Subject", "", "[issue12]"),
        (
            "an injected field",
            "=?utf-8?Q?a=0D=0ABcc:_x=40y?=",
            "[issue12] a Bcc: x@y",
        ),
        (
            "a word within a word",
            "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3D0Ab=3F=3D?=",
            "[issue12] = ?utf-8?Q?a=0Ab?=",
        ),
    ];
    let desk = Desk::new("example.org");
    for (case, subject, want) in table {
        let mail = format!("From: a@x\nSubject: {subject}\n\n");
        let got = desk
            .composer()
            .copy(&Message::new(mail.as_bytes()), &desk.admins, &FILED);
        assert_eq!(Message::new(&got.bytes).subject(), want, "{case}");
    }
}

#[test]
fn our_msg_ids_name_their_ticket() {
    // B5
    let desk = Desk::new("example.org");
    let ack = desk
        .composer()
        .ack(&Message::new(MAIL.as_bytes()), &alice())
        .mail;
    let id = Message::new(&ack.bytes).message_id().unwrap();
    let table = [
        ("ours", id.as_str(), Some(12)),
        (
            "letter case of the domain",
            "<ticket-12.ack.0f@EXAMPLE.org>",
            Some(12),
        ),
        ("another domain", "<ticket-12.ack.0f@example.com>", None),
        ("no number", "<ticket-012.ack.0f@example.org>", None),
        ("a part missing", "<ticket-12.ack@example.org>", None),
        ("a part too many", "<ticket-12.ack.0f.1@example.org>", None),
        ("mutt's", "<Z0.12@example.org>", None),
        ("no brackets", "ticket-12.ack.0f@example.org", None),
    ];
    for (case, id, want) in table {
        assert_eq!(
            ticket_of_msg_id(id, "example.org").map(|(id, _)| id.get()),
            want,
            "{case}"
        );
    }
}
