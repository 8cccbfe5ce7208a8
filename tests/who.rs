//! C3, C5: who may do what, and what somebody gets done who writes another one's name into From.
//!
//! From is believed as it stands here; authserv.rs has the desk that wants a proof.

use crate::bench::Bench;
use crate::deliver::mail;

/// One mail to Alice's ticket 1, of a desk with the admins Steve and Eva.
pub struct Case {
    pub name: &'static str,
    /// The envelope's sender.
    pub sender: &'static str,
    /// The local-part it goes to.
    pub to: &'static str,
    /// Header and body, less the Message-ID.
    pub mail: &'static str,
    /// Where the ticket lies afterwards.
    pub lies: &'static str,
    /// What its `Delivered-To` says: what it did.
    pub did: &'static str,
    /// What is sent: kind, envelope sender, recipients.
    pub sent: &'static [&'static str],
}

pub const BOTH: &str = "copy <> -- steve@example.org eva@example.org";
pub const EVA: &str = "copy <> -- eva@example.org";
pub const PASSED: &str = "copy ticket-1@example.org -- alice@example.net";

pub fn desk(config: &str) -> Bench {
    let admins = "admins = [\"steve@example.org\", \"eva@example.org\"]\n";
    let bench = Bench::with(&format!("{admins}{config}"));
    let first = mail(
        "1",
        "To: submit@example.org\nCc: Bob <bob@example.net>\n",
        "x",
    );
    bench.file("submit", first);
    bench.take_sent();
    bench
}

/// The local-parts in our own `Delivered-To` of each entry.
pub fn deeds(bench: &Bench, name: &str) -> Vec<String> {
    let mbox = bench.mbox(name);
    let fields = mbox
        .lines()
        .filter_map(|l| l.strip_prefix("Delivered-To: "));
    fields.map(|a| a.replace("@example.org", "")).collect()
}

/// Files each of them in a desk of its own.
pub fn run(config: &str, cases: &[Case]) {
    for case in cases {
        let name = case.name;
        let bench = desk(config);
        let text = format!("Message-ID: <2@example.net>\n{}", case.mail);
        let to = format!("{}@example.org", case.to);
        let args = ["deliver", "--sender", case.sender, "--recipient", &to];
        let ran = bench.run(&args, text.as_bytes());
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (0, "".into(), "".into()),
            "{name}"
        );
        assert_eq!(bench.names(), [case.lies], "{name}");
        assert_eq!(deeds(&bench, case.lies), ["submit", case.did], "{name}");
        assert_eq!(bench.take_sent_in_short(), case.sent, "{name}");
    }
}

#[test]
fn from_says_who_may_close() {
    // C5
    let usual = Case {
        name: "",
        sender: "mallory@example.com",
        to: "ticket-1-done",
        mail: "",
        lies: "1",
        did: "ticket-1-refused",
        sent: &[BOTH],
    };
    let closed = Case {
        lies: "archived/1",
        did: "ticket-1-done",
        sent: &["closed <> -- alice@example.net", BOTH],
        ..usual
    };
    run(
        "",
        &[
            Case {
                name: "a stranger",
                mail: "From: mallory@example.com\n\nx\n",
                ..usual
            },
            // Nothing but the name in From is asked for, and anybody can write it there.
            Case {
                name: "an admin's name in From",
                mail: "From: Steve <steve@example.org>\n\nx\n",
                sent: &["closed <> -- alice@example.net", EVA],
                ..closed
            },
            Case {
                name: "the ticket's",
                mail: "From: ticket-1@example.org\n\nx\n",
                ..closed
            },
            Case {
                name: "a participant's",
                mail: "From: BOB@example.net\n\nx\n",
                ..closed
            },
            Case {
                name: "an admin's, and his own",
                mail: "From: steve@example.org, mallory@example.com\n\nx\n",
                sent: &[BOTH],
                ..usual
            },
            Case {
                name: "the same in two fields",
                mail: "From: steve@example.org\nFrom: mallory@example.com\n\nx\n",
                sent: &[BOTH],
                ..usual
            },
            Case {
                name: "an admin's as a display name",
                mail: "From: \"steve@example.org\" <mallory@example.com>\n\nx\n",
                ..usual
            },
            Case {
                name: "an admin's everywhere but in From",
                sender: "steve@example.org",
                mail: "From: mallory@example.com\nSender: steve@example.org\n\
                       Reply-To: steve@example.org\nResent-From: steve@example.org\n\nx\n",
                ..usual
            },
            Case {
                name: "nobody's",
                sender: "steve@example.org",
                mail: "Subject: x\n\nx\n",
                ..usual
            },
            Case {
                name: "an admin's vacation",
                sender: "steve@example.org",
                mail: "From: steve@example.org\nAuto-Submitted: auto-replied\n\nx\n",
                did: "ticket-1",
                sent: &[EVA],
                ..usual
            },
            Case {
                name: "an admin's bounce",
                sender: "",
                mail: "From: steve@example.org\n\nx\n",
                did: "ticket-1",
                sent: &[EVA],
                ..usual
            },
        ],
    );
    run(
        "close_by = \"admins\"\n",
        &[Case {
            name: "a participant's, where admins close",
            mail: "From: bob@example.net\n\nx\n",
            ..usual
        }],
    );
    run(
        "close_by = \"anyone\"\n",
        &[Case {
            name: "a stranger, where anyone closes",
            mail: "From: mallory@example.com\n\nx\n",
            ..closed
        }],
    );
}

#[test]
fn from_says_whose_mail_is_passed_on() {
    // C3
    let usual = Case {
        name: "",
        sender: "mallory@example.com",
        to: "ticket-1",
        mail: "",
        lies: "1",
        did: "ticket-1",
        sent: &[BOTH],
    };
    run(
        "",
        &[
            Case {
                name: "a stranger",
                mail: "From: mallory@example.com\n\nx\n",
                ..usual
            },
            Case {
                name: "a stranger, to the submitter",
                to: "ticket-1-submitter",
                mail: "From: mallory@example.com\n\nx\n",
                did: "ticket-1-submitter",
                ..usual
            },
            Case {
                name: "a participant",
                mail: "From: bob@example.net\n\nx\n",
                ..usual
            },
            Case {
                name: "an admin's name in From",
                mail: "From: steve@example.org\n\nx\n",
                sent: &[EVA, PASSED],
                ..usual
            },
            Case {
                name: "the ticket's",
                mail: "From: ticket-1@example.org\n\nx\n",
                sent: &[BOTH, PASSED],
                ..usual
            },
            Case {
                name: "an admin's everywhere but in From",
                sender: "steve@example.org",
                mail: "From: mallory@example.com\nSender: steve@example.org\n\
                       Reply-To: steve@example.org\n\nx\n",
                ..usual
            },
            Case {
                name: "an admin's vacation",
                sender: "steve@example.org",
                mail: "From: steve@example.org\nAuto-Submitted: auto-replied\n\nx\n",
                sent: &[EVA],
                ..usual
            },
            Case {
                name: "quietly, whoever it is",
                to: "ticket-1-quiet",
                mail: "From: mallory@example.com\n\nx\n",
                did: "ticket-1-quiet",
                sent: &[],
                ..usual
            },
        ],
    );
}

#[test]
fn who_is_filed_takes_part() {
    // C5: so `participants` keeps out who never wrote, and no more.
    let bench = desk("");
    let steps = [
        ("a@example.com", "ticket-1", "1"),
        ("b@example.com", "ticket-1-done", "archived/1"),
    ];
    for (id, to, lies) in steps {
        let text = format!("From: mallory@example.com\nMessage-ID: <{id}>\n\nx\n");
        let to = format!("{to}@example.org");
        bench.deliver(&to, text).silent();
        assert_eq!(bench.names(), [lies]);
    }
}

#[test]
fn a_ticket_that_writes_is_not_written_to() {
    // C1, C7: neither an acknowledgement nor an admin's mail goes to an address of our own.
    for from in ["ticket-1", "ticket-7", "submit"] {
        for admins in [
            "\"steve@example.org\"",
            "[\"steve@example.org\", \"eva@example.org\"]",
        ] {
            let bench = Bench::with(&format!("admins = {admins}\n"));
            let text = format!("From: {from}@example.org\nMessage-ID: <1@x>\nSubject: x\n\nx\n");
            bench.file("submit", text);
            assert_eq!(bench.names(), ["1"], "{from}");
            // Whoever wrote it, a new ticket is told.
            let told = match admins.starts_with('[') {
                true => BOTH,
                false => "copy <> -- steve@example.org",
            };
            assert_eq!(bench.take_sent_in_short(), [told], "{from}, {admins}");
            let steve = "From: steve@example.org\nMessage-ID: <2@x>\n\nWhat do you mean?\n";
            bench.file("ticket-1", steve);
            let told: &[&str] = match admins.starts_with('[') {
                true => &[EVA],
                false => &[],
            };
            assert_eq!(bench.take_sent_in_short(), told, "{from}, {admins}");
        }
    }
}

// E1, E2: who cannot be answered still has a name.
#[test]
fn authors_without_an_address_are_named() {
    let bench = Bench::new();
    for (from, said) in [
        (
            "Mail Delivery Subsystem <MAILER-DAEMON>",
            "Mail Delivery Subsystem",
        ),
        ("root (Cron Daemon)", "root (Cron Daemon)"),
        ("ann at example.net (Ann Example)", "Ann Example"),
        ("=?utf-8?Q?J=C3=B6rg?= <>", "Jörg"),
    ] {
        let mail = format!(
            "From: {from}\nSubject: disk full\nMessage-ID: <{}@x>\n\nhi\n",
            said.len()
        );
        bench.file("submit", mail);
        let id = bench.names().len().to_string();
        let list = bench.run(&["list", "--from", said], b"").stdout;
        assert_eq!(list.lines().count(), 1, "{list}");
        assert!(list.contains(&format!(" {said} ")), "{list}");
        let shown = bench.run(&["show", &id], b"").stdout;
        assert!(shown.contains(&format!(" {said} ")), "{shown}");
        // The admin's copy is written in that name, and nobody else is written to.
        let sent = bench.take_sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        let name = tickets::mail::message::Message::new(sent[0].mail.as_bytes()).from();
        // Round brackets are the desk's own there.
        let wanted = format!("{said} via tickets")
            .replace('(', "[")
            .replace(')', "]");
        assert!(name[0].name.starts_with(&wanted), "{}", name[0].name);
    }
    // Without an index, too.
    let all = bench.run(&["list"], b"").stdout;
    assert_eq!(bench.run(&["reindex"], b"").status, 0);
    assert_eq!(bench.run(&["list"], b"").stdout, all);
    let found = bench.run(&["search", "from:Cron"], b"").stdout;
    assert!(found.contains("root (Cron Daemon)"), "{found}");
    assert!(!found.contains("<>"), "{found}");
}

#[test]
fn no_spelling_is_mapped_to_who_may_close() {
    // C5, C8, T7: what IDNA and Unicode map to an admin, a participant or the desk itself.
    let foreign = [
        "steve@\u{ff45}xample.org",
        "steve@example\u{3002}org",
        "steve@\u{24d4}xample.org",
        "steve@exam\u{ad}ple.org",
        "steve@example.\u{2134}rg",
        "bob@\u{ff45}xample.net",
        "ticket-1@\u{ff45}xample.org",
        "tic\u{212a}et-1@example.org",
        "\u{17f}teve@example.org",
        "\"steve\"@example.org",
    ];
    for from in foreign {
        let bench = desk("");
        let text = format!("From: {from}\nMessage-ID: <2@example.com>\n\nx\n");
        let to = "ticket-1-done@example.org";
        let args = [
            "deliver",
            "--sender",
            "mallory@example.com",
            "--recipient",
            to,
        ];
        bench.run(&args, text.as_bytes()).silent();
        assert_eq!(bench.names(), ["1"], "{from}");
        assert_eq!(deeds(&bench, "1"), ["submit", "ticket-1-refused"], "{from}");
        // Neither is the admin taken for its author.
        assert_eq!(bench.take_sent_in_short(), [BOTH], "{from}");
    }
    // A U-label needs no mapping.
    for (admin, from) in [
        ("eva@b\u{fc}cher.example", "Eva@xn--bcher-kva.example"),
        ("eva@xn--bcher-kva.example", "eva@b\u{fc}cher.EXAMPLE"),
    ] {
        let bench = Bench::with(&format!("admins = [\"{admin}\"]\n"));
        bench.file("submit", mail("1", "To: submit@example.org\n", "x"));
        let text = format!("From: {from}\nMessage-ID: <2@example.com>\n\nx\n");
        bench.file("ticket-1-done", text);
        assert_eq!(bench.names(), ["archived/1"], "{from}");
    }
}
