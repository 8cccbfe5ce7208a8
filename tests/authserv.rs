//! C3, C5: with `authserv_id` From is believed where the mail server says so, or where a user of
//! the store handed the mail in on this machine.

use crate::bench::Bench;
use crate::check::{self, MAIL};
use crate::transcript::Transcript;
use crate::who::{BOTH, Case, EVA, PASSED, deeds, desk, run};
use nix::unistd::{Uid, User, geteuid};

const CONFIG: &str = "authserv_id = \"mx.example.org\"\n";

/// What an unproven closing comes to.
const REFUSED: Case = Case {
    name: "",
    sender: "steve@example.org",
    to: "ticket-1-done",
    mail: "",
    lies: "1",
    did: "ticket-1-refused",
    sent: &[BOTH],
};

/// What an admin's unproven mail comes to.
const NOT_PASSED: Case = Case {
    did: "ticket-1-apart",
    sent: &[BOTH],
    ..REFUSED
};

const CLOSED: Case = Case {
    lies: "archived/1",
    did: "ticket-1-done",
    sent: &["closed <> -- alice@example.net", EVA],
    ..REFUSED
};

#[test]
fn who_closes_must_be_proven() {
    // T6
    let closed_by_bob: &[&str] = &["closed <> -- alice@example.net", BOTH];
    run(
        CONFIG,
        &[
            Case {
                name: "no proof",
                mail: "From: steve@example.org\nTo: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "DMARC",
                mail: "Authentication-Results: MX.example.org;\n\tdmarc=pass (p=none dis=none) \
                       header.from=example.org\nFrom: Steve <steve@example.org>\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..CLOSED
            },
            Case {
                name: "DKIM, a participant",
                mail: "Authentication-Results: mx.example.org 1; spf=none; dkim=pass \
                       header.d=example.net header.s=x\nFrom: bob@example.net\n\
                       To: x@y.example\nCc: ticket-1-close@example.org\n\nx\n",
                sent: closed_by_bob,
                ..CLOSED
            },
            Case {
                name: "a stranger, proven",
                mail: "Authentication-Results: mx.example.org; dmarc=pass \
                       header.from=example.com\nFrom: mallory@example.com\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "by another server",
                mail: "Authentication-Results: mx.example.com; dmarc=pass \
                       header.from=example.org\nFrom: steve@example.org\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "forged, below our server's own",
                mail: "Authentication-Results: mx.example.org; dmarc=fail \
                       header.from=example.org\nReceived: from [192.0.2.1] by mx.example.org\n\
                       Authentication-Results: mx.example.org; dmarc=pass \
                       header.from=example.org\nFrom: steve@example.org\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "another's domain",
                mail: "Authentication-Results: mx.example.org; dkim=pass header.d=example.com; \
                       dmarc=fail header.from=example.org\nFrom: steve@example.org\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "DKIM, but the domain's owner says by DMARC that it is not theirs",
                mail: "Authentication-Results: mx.example.org; dkim=pass header.d=example.org; \
                       dmarc=fail header.from=example.org\nFrom: steve@example.org\n\
                       To: ticket-1-done@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "sent once more by who got it",
                mail: "Authentication-Results: mx.example.org; dmarc=pass \
                       header.from=example.org\nFrom: steve@example.org\n\
                       To: list@example.com\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "to submit@, sent on to the ticket by who got it",
                to: "ticket-1",
                mail: "Authentication-Results: mx.example.org; dmarc=pass \
                       header.from=example.org\nFrom: steve@example.org\n\
                       To: submit@example.org\n\nx\n",
                ..NOT_PASSED
            },
            Case {
                name: "a password",
                mail: "Authentication-Results: mx.example.org; auth=pass (PLAIN) \
                       smtp.auth=steve\nFrom: steve@example.org\n\nx\n",
                ..CLOSED
            },
            Case {
                name: "an admin's password, from the ticket",
                mail: "Authentication-Results: mx.example.org; auth=pass (PLAIN) \
                       smtp.auth=steve\nFrom: ticket-1@example.org\n\nx\n",
                sent: closed_by_bob,
                ..CLOSED
            },
            Case {
                name: "somebody's password",
                mail: "Authentication-Results: mx.example.org; auth=pass (PLAIN) \
                       smtp.auth=mallory\nFrom: steve@example.org\n\nx\n",
                ..REFUSED
            },
            Case {
                name: "a machine, proven",
                mail: "Authentication-Results: mx.example.org; dmarc=pass \
                       header.from=example.org\nAuto-Submitted: auto-replied\n\
                       From: steve@example.org\nTo: ticket-1-done@example.org\n\nx\n",
                did: "ticket-1",
                sent: &[EVA],
                ..REFUSED
            },
        ],
    );
}

/// In an admin's name, of a ticket that is closed already: it is told, and makes nobody a participant.
#[test]
fn nobody_closes_a_closed_ticket_unseen() {
    // C4, C5, T4
    let bench = desk(CONFIG);
    bench.works("close 1");
    bench.take_sent();
    let forged = "From: Steve <steve@example.org>\nCc: mallory@example.com\n\
                  Message-ID: <2@example.net>\n\nx\n";
    bench.file("ticket-1-done", forged);
    assert_eq!(bench.take_sent_in_short(), [BOTH]);
    let deeds = deeds(&bench, "archived/1");
    assert_eq!(deeds, ["submit", "ticket-1-done", "ticket-1-refused"]);
}

#[test]
fn an_admins_mail_is_passed_on_if_it_is_proven() {
    run(
        CONFIG,
        &[
            Case {
                name: "no proof",
                to: "ticket-1",
                mail: "From: Steve <steve@example.org>\nTo: ticket-1@example.org\n\nx\n",
                ..NOT_PASSED
            },
            Case {
                name: "no proof, from the ticket",
                to: "ticket-1-submitter",
                mail: "From: ticket-1@example.org\nTo: ticket-1@example.org\n\nx\n",
                ..NOT_PASSED
            },
            Case {
                name: "proven",
                to: "ticket-1",
                did: "ticket-1",
                mail: "Authentication-Results: mx.example.org; dkim=pass header.d=example.org\n\
                       From: steve@example.org\nTo: ticket-1@example.org\n\nx\n",
                sent: &[EVA, PASSED],
                ..NOT_PASSED
            },
            Case {
                name: "a stranger, proven",
                to: "ticket-1",
                did: "ticket-1",
                mail: "Authentication-Results: mx.example.org; dkim=pass header.d=example.com\n\
                       From: mallory@example.com\nTo: ticket-1@example.org\n\nx\n",
                sent: &[BOTH],
                ..NOT_PASSED
            },
        ],
    );
    let bench = desk(CONFIG);
    let steve = "From: steve@example.org\nMessage-ID: <2@x>\n\nPay to this account.\n";
    bench.file("ticket-1", steve);
    let sent = bench.take_sent();
    let reason = "It bears an admin's name, or the ticket's, and the Authentication-Results of \
                  mx.example.org do not prove who wrote it. It was not passed on to the submitter.";
    let remark = sent[0].field("X-Tickets-Remark").unwrap();
    assert_eq!((remark.as_str(), sent.len()), (reason, 1));
}

/// The user the program runs as.
fn own_user() -> User {
    let own = match geteuid().is_root() {
        true => User::from_name("nobody"),
        false => User::from_uid(geteuid()),
    };
    own.unwrap().unwrap()
}

#[test]
fn who_may_use_the_store_may_close_by_sendmail() {
    let own = own_user();
    let (root, uid) = (Uid::from_raw(0), own.uid.as_raw());
    let exim = |login: &str| {
        format!(
            "Received: from {login} by mail.example.org with local (Exim 4.96)\n\t(envelope-from \
             <ticket-1@example.org>)\n\tid 1vMf8T-0000bX-0a;\n\tSun, 22 Nov 2026 10:00:00 +0000\n"
        )
    };
    let postfix = |uid: u32| {
        format!("Received: by mail.example.org (Postfix, from userid {uid})\n\tid 4F1C; x\n")
    };
    let forged = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\n";
    for (case, header, closes) in [
        ("Exim", exim(&own.name), true),
        ("Postfix", postfix(uid), true),
        ("somebody else, Exim", exim("root"), false),
        ("somebody else, Postfix", postfix(root.as_raw()), false),
        ("nobody there, Exim", exim("no-such-user"), false),
        ("nobody there, Postfix", postfix(4_000_000_000), false),
        (
            "somebody's mail, sent on by a filter of ours",
            exim(&own.name) + "Received: from [192.0.2.1] by x\n",
            false,
        ),
        (
            "the same, with what no server wrote",
            exim(&own.name) + "Received: from [192.0.2.1] by x\n" + forged,
            false,
        ),
        ("somebody else, the same", exim("root") + forged, false),
        (
            "not the last that happened to it",
            format!("Received: from [192.0.2.1] by x\n{}", exim(&own.name)),
            false,
        ),
    ] {
        let bench = desk(CONFIG);
        // As mutt writes for the operator.
        let text = format!(
            "{header}From: Support <ticket-1@example.org>\nTo: alice@example.net\n\
             Cc: ticket-1-done@example.org\nMessage-ID: <2@example.org>\n\nPut out.\n"
        );
        bench.file("ticket-1-done", text);
        let lies = if closes { "archived/1" } else { "1" };
        assert_eq!(bench.names(), [lies], "{case}");
    }
}

#[test]
fn members_of_the_stores_group_may_close_by_sendmail() {
    // T16
    // On Debian the user `sync` is in the group of `nobody`, as whom the program runs for root.
    let sync = User::from_name("sync").unwrap();
    let Some(sync) = sync.filter(|sync| sync.gid == own_user().gid) else {
        return;
    };
    let received = format!(
        "Received: by mail.example.org (Postfix, from userid {})\n\tid 4F1C; x\n",
        sync.uid
    );
    for (more, lies) in [("", "1"), ("group = \"nogroup\"\n", "archived/1")] {
        let bench = desk(&format!("{CONFIG}{more}"));
        let text = format!("{received}From: ticket-1@example.org\nMessage-ID: <2@x>\n\nx\n");
        bench.file("ticket-1-done", text);
        assert_eq!(bench.names(), [lies], "{more}");
    }
}

#[test]
fn the_shell_needs_no_proof() {
    // D4
    let bench = desk(CONFIG);
    let ran = bench.run(&["close", "1", "-m", "Put out."], b"");
    ran.silent_but_for_output("close");
    assert_eq!(bench.names(), ["archived/1"]);
    let sent = bench.take_sent_in_short();
    assert_eq!(sent, ["closed <> -- alice@example.net", BOTH]);
    let ran = bench.run(&["reopen", "1", "-m", "Still burning?"], b"");
    ran.silent_but_for_output("reopen");
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.take_sent_in_short(), [BOTH, PASSED]);
}

#[test]
fn a_robot_of_an_unproven_admin_comes_to_an_end() {
    // C7: each copy of its own mail brings the next one.
    let config = format!("{CONFIG}ack = false\n");
    for (to, most) in [("submit@example.org", 8), ("ticket-1@example.org", 60)] {
        let bench = Bench::with(&config);
        let mut count = 0;
        let mut next = "submit@example.org";
        loop {
            let text = format!("From: steve@example.org\nMessage-ID: <{count}@x>\n\nI am away.\n");
            bench.deliver(next, text).silent();
            if bench.take_sent().is_empty() {
                break;
            }
            count += 1;
            next = to;
            assert!(count < most, "{to}");
        }
        assert!(count > 3, "{to}: {count}");
    }
}

#[test]
fn a_server_that_proves_nothing_is_told() {
    let b = check::desk("authserv_id = \"mail.example.org\"\n");
    let mut t = Transcript::new(&b);
    let check = "tickets check --etc etc | grep -A1 authserv_id";
    t.step("Nobody has written yet.", check);
    let local = format!("Received: by x (Postfix, from userid 1)\n{MAIL}");
    b.file("submit", local);
    t.step(
        "Mail that was handed in on this machine proves nothing.",
        check,
    );
    b.file("submit", MAIL.replace("1@x", "2@x"));
    t.step("Mail from elsewhere has to bear the server's name.", check);
    let mail = MAIL.replace("1@x", "3@x");
    let proven = format!("Authentication-Results: MAIL.example.org; none\n{mail}");
    b.file("submit", proven);
    t.step("In any letter case.", check);
    insta::assert_snapshot!("check-authserv", t);
}

/// Mail with one Message-ID: `proof` is all that tells one from another.
fn twin(proof: &str, author: &str, to: &str) -> String {
    let date = "Date: Sun, 22 Nov 2026 10:00:00 +0000";
    format!("{proof}From: {author}\nTo: {to}@example.org\nMessage-ID: <twin@x>\n{date}\n\nNow\n")
}

/// A mail that nothing proves keeps none from its effect that is proven and otherwise like it.
#[test]
fn nobody_silences_what_is_proven() {
    // T6, A5
    let proof = |domain: &str| {
        format!("Authentication-Results: mx.example.org; dmarc=pass header.from={domain}\n")
    };
    let (staff, customer) = (proof("example.org"), proof("example.net"));
    let (steve, alice) = ("steve@example.org", "alice@example.net");
    let longer = |mail: &str| format!("{mail}Me, really\n");
    // The mail that nothing proves and the one that is proven, and the answers to each.
    type Row<'a> = (&'a str, String, String, &'a [&'a str], &'a [&'a str]);
    let table: [Row; 5] = [
        (
            "an answer",
            twin("", steve, "ticket-1"),
            twin(&staff, steve, "ticket-1"),
            &[BOTH],
            &[EVA, PASSED],
        ),
        (
            "an answer, of which a like one came before",
            longer(&twin("", steve, "ticket-1")),
            twin(&staff, steve, "ticket-1"),
            &[BOTH],
            &[EVA, PASSED],
        ),
        (
            "a customer's",
            longer(&twin("", alice, "ticket-1")),
            twin(&customer, alice, "ticket-1"),
            &[BOTH],
            &[BOTH],
        ),
        (
            "a closing",
            twin("", steve, "ticket-1-done"),
            twin(&staff, steve, "ticket-1-done"),
            &[BOTH],
            &["closed <> -- alice@example.net", EVA],
        ),
        (
            "a new ticket",
            twin("", alice, "submit"),
            twin(&customer, alice, "submit"),
            &["ack <> -- alice@example.net", BOTH],
            &["ack <> -- alice@example.net", BOTH],
        ),
    ];
    for (name, forged, proven, first, second) in table {
        let bench = desk(CONFIG);
        bench.take_sent();
        let to = forged.split("To: ").nth(1).unwrap().lines().next().unwrap();
        let deliver = |mail: &str| {
            bench.deliver(to, mail).silent();
            let mut msg_ids: Vec<String> = Vec::new();
            for sent in bench.sent() {
                msg_ids.push(sent.field("Message-ID").unwrap());
            }
            (bench.take_sent_in_short(), msg_ids)
        };
        let (sent, known) = deliver(&forged);
        assert_eq!(sent, first, "{name}: what nothing proves");
        let (sent, msg_ids) = deliver(&proven);
        assert_eq!(sent, second, "{name}: what is proven");
        assert!(
            msg_ids.iter().all(|id| !known.contains(id)),
            "{name}: {msg_ids:?} after {known:?}"
        );
        for again in [&proven, &forged, &proven] {
            assert_eq!(deliver(again).0, [""; 0], "{name}: again");
        }
        let closes = name == "a closing";
        let mbox = match (closes, name) {
            (true, _) => bench.mbox("archived/1"),
            (_, "a new ticket") => bench.mbox("2") + &bench.mbox("3"),
            _ => bench.mbox("1"),
        };
        assert_eq!(mbox.matches("<twin@x>").count(), 2, "{name}:\n{mbox}");
        bench
            .run(&["check", "--store"], b"")
            .silent_but_for_output(name);
    }
}
