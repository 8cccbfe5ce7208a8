//! What a copy says besides the mail, and whom mail can be written to.

use super::*;

#[test]
fn a_copy_hides_nobody() {
    // C2
    for (case, header, want) in [
        ("plain", "From: Ann <ann@x>\n", "Ann via tickets"),
        ("no name", "From: ann@x\n", "ann@x via tickets"),
        ("nobody", "", "somebody via tickets"),
        (
            "a form",
            "From: Shop <noreply@shop>\nReply-To: Ann <ann@x>\n",
            "Ann (noreply@shop) via tickets",
        ),
        (
            "in an admin's name",
            "From: steve@example.org\nReply-To: Ann <ann@x>\n",
            "Ann (steve@example.org) via tickets",
        ),
        (
            "one person",
            "From: Ann <ann@x>\nReply-To: ANN@x\n",
            "Ann via tickets",
        ),
    ] {
        let raw = format!("{header}\nx\n");
        let desk = Desk::new("example.org").by(raw.as_bytes());
        let message = Message::new(raw.as_bytes());
        let got = desk.composer().copy(&message, &desk.admins, &FILED);
        assert_eq!(Message::new(&got.bytes).from()[0].name, want, "{case}");
    }
}

#[test]
fn a_line_says_what_it_did() {
    // C2
    let desk = Desk::new("example.org").by(MAIL.as_bytes());
    let composer = Composer {
        notify_line: true,
        ..desk.composer()
    };
    let did = Did {
        event: "closed",
        label: "closed",
        filed_under: "ticket-12-done@example.org",
        ..FILED
    };
    let plain = Message::new(b"From: alice@example.net\n\nHelp!\n");
    let got = text(&composer.copy(&plain, &desk.admins, &did).bytes);
    let line = "[ticket 12 closed: from alice@example.net to ticket-12-done@example.org]";
    assert!(got.ends_with(&format!("\n\n{line}\n\nHelp!\n")), "{got}");
    let multipart = Message::new(MAIL.as_bytes());
    let got = text(&composer.copy(&multipart, &desk.admins, &did).bytes);
    assert!(got.ends_with("\n\n--b\n\nHelp!\n--b--"), "{got}");
}

#[test]
fn internationalized_addresses_are_written_to() {
    // C1, RFC 6532
    let unal = Mailbox {
        name: "Ünal".into(),
        address: "ünal@example.net".into(),
    };
    let desk = Desk::new("example.org");
    let got = desk.composer().ack(&Message::new(b"\n"), &unal).mail;
    assert_eq!(got.recipients, ["ünal@example.net"]);
    let mail = text(&got.bytes);
    assert!(
        mail.contains("\nTo: =?utf-8?b?w5xuYWw=?= <ünal@example.net>\n"),
        "{mail}"
    );
    let nameless = Mailbox {
        name: String::new(),
        ..unal
    };
    let got = desk.composer().ack(&Message::new(b"\n"), &nameless).mail;
    assert!(text(&got.bytes).contains("\nTo: ünal@example.net\n"));
    // Only who gets the mail may make it need SMTPUTF8.
    let cc = Message::new("Cc: ünal@example.net\n\nx\n".as_bytes());
    assert!(
        desk.composer()
            .copy(&cc, &desk.admins, &FILED)
            .bytes
            .is_ascii()
    );
}

#[test]
fn the_submitter_can_thread_a_closing() {
    // C4: they know their own mail, not the one that closed the ticket.
    let closing = Message::new(b"From: steve@example.org\nMessage-ID: <s@x>\n\nDone.\n");
    let desk = Desk::new("example.org");
    let composer = Composer {
        opening: Some("<m1@example.net>"),
        ..desk.composer()
    };
    let got = composer.closed(&closing, &alice(), "Done.", "Printer").mail;
    assert!(text(&got.bytes).contains("\nReferences: <m1@example.net>\n <s@x>\n"));
    let got = composer.pass_on(&closing, &alice(), "Steve");
    assert!(text(&got.bytes).contains("\nReferences: <m1@example.net>\n <s@x>\n"));
}
