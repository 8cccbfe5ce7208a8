//! What a copy says besides the mail, and whom mail can be written to.

use super::*;

#[test]
fn a_copy_hides_nobody() {
    // C2, T9
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
        (
            "another's address",
            "From: \"Steve <steve@example.org>\" <mallory@evil>\n",
            "mallory@evil via tickets",
        ),
        (
            "another's address in fullwidth letters",
            "From: =?utf-8?Q?steve=EF=BC=A0example.org?= <mallory@evil>\n",
            "mallory@evil via tickets",
        ),
        (
            "what only we say",
            "From: \"Ann (closed)\" <mallory@evil>\n",
            "Ann [closed] via tickets",
        ),
        (
            "by whom it comes",
            "From: \"Ann (noreply@shop) via tickets\" <mallory@evil>\n",
            "mallory@evil via tickets",
        ),
        (
            "by whom it comes, with what nobody sees",
            "From: =?utf-8?Q?Ann_v=E2=80=8Bia_tickets?= <mallory@evil>\n",
            "mallory@evil via tickets",
        ),
        (
            "an admin's name, and no address",
            "From: Steve\n",
            "Steve (no address) via tickets",
        ),
        (
            "an admin's name, with what nobody sees",
            "From: =?utf-8?q?ste=F3=A0=84=80ve?= <mallory@evil>\n",
            "ste\u{e0100}ve (mallory@evil) via tickets",
        ),
        (
            "an admin's name",
            "From: STEVE <mallory@evil>\n",
            "STEVE (mallory@evil) via tickets",
        ),
        (
            "the desk's name",
            "From: Your Support Team <mallory@evil>\n",
            "Your Support Team (mallory@evil) via tickets",
        ),
        (
            "an admin",
            "From: Steve <steve@example.org>\n",
            "Steve via tickets",
        ),
        (
            "an admin beside a stranger",
            "From: Steve <steve@example.org>, Mallory <mallory@evil>\n",
            "Mallory and others via tickets",
        ),
        (
            "an admin in Reply-To",
            "From: Mallory <mallory@evil>\nReply-To: steve@example.org\n",
            "Mallory via tickets",
        ),
        (
            "no From",
            "Reply-To: Steve <mallory@evil>\n",
            "Steve (mallory@evil) via tickets",
        ),
        (
            "other directions",
            "From: =?utf-8?Q?=E2=80=AEnnA?= <mallory@evil>\n",
            "nnA via tickets",
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
fn what_stands_behind_a_name_is_always_seen() {
    // C2
    let (name, local) = ("long name ".repeat(40), "steve.example.org.".repeat(12));
    let raw = format!(
        "From: {local}@evil.example\nReply-To: \"{name}\" <a@{local}victim.example>\n\nx\n"
    );
    let desk = Desk::new("example.org").by(raw.as_bytes());
    let did = Did {
        label: "re-opened, not proven",
        ..FILED
    };
    let got = desk
        .composer()
        .copy(&Message::new(raw.as_bytes()), &desk.admins, &did);
    let name = Message::new(&got.bytes).from()[0].name.clone();
    let end = "example.org.@evil.example) via tickets (re-opened, not proven)";
    assert!(
        name.starts_with("long name long") && name.ends_with(end),
        "{name}"
    );
    assert!(name.len() < 200, "{name}");
    // A note and the line above a text name both addresses as well.
    let raw = "From: mallory@evil\nReply-To: Ann <ann@x>\n\nHelp!\n";
    let desk = Desk::new("example.org").by(raw.as_bytes());
    let message = Message::new(raw.as_bytes());
    let both = "ann@x (From: mallory@evil)";
    let note = desk.composer().note(&message, &desk.admins, "", "", "");
    assert!(text(&note.mail.bytes).contains(&format!("\nFrom:    {both}\n")));
    let composer = Composer {
        notify_line: true,
        ..desk.composer()
    };
    let copy = composer.copy(&message, &desk.admins, &FILED);
    assert!(text(&copy.bytes).contains(&format!(": from {both} to ")));
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
    let got = desk.composer().pass_on(&Message::new(b"\n"), &unal, "");
    assert_eq!(got.recipients, ["ünal@example.net"]);
    let mail = text(&got.bytes);
    assert!(
        mail.contains("\nTo: =?utf-8?b?w5xuYWw=?= <ünal@example.net>\n"),
        "{mail}"
    );
    // C7: strangers choose both the name and the address of what they are answered at.
    let got = desk.composer().ack(&Message::new(b"\n"), &unal).mail;
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
