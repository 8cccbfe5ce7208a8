//! C1 to C5, C7: whom the desk takes for the author, and whom its answers reach.

use crate::bench::{Bench, Sent};

/// A desk with the admins Steve and Eva, and Ann's ticket 1.
fn desk(config: &str) -> Bench {
    let bench = empty(config);
    bench.file("submit", from_ann("first", "submit", "Printer"));
    bench.take_sent();
    bench
}

/// The same without a ticket.
fn empty(config: &str) -> Bench {
    let admins = "admins = [\"steve@example.org\", \"eva@example.org\"]\n";
    Bench::with(&format!("{admins}{config}"))
}

fn from_ann(id: &str, to: &str, subject: &str) -> String {
    written("Ann <ann@example.net>", id, to, subject)
}

fn from_steve(id: &str, to: &str) -> String {
    written("Steve <steve@example.org>", id, to, "Re: [issue1] Printer")
}

fn written(from: &str, id: &str, to: &str, subject: &str) -> String {
    format!(
        "From: {from}\nTo: {to}@example.org\nSubject: {subject}\nMessage-ID: <{id}@example.net>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nThe words of {id}.\n"
    )
}

const ACK: &str = "ack <> -- ann@example.net";
const BOTH: &str = "copy <> -- steve@example.org eva@example.org";
const EVA: &str = "copy <> -- eva@example.org";
const REFUSED: &str = "refused <> -- steve@example.org eva@example.org";
const PASSED: &str = "copy ticket-1@example.org -- ann@example.net";
const CLOSED: &str = "closed <> -- ann@example.net";

/// The mail that was sent of this kind.
fn of_kind<'a>(sent: &'a [Sent], kind: &str) -> &'a Sent {
    let is = |mail: &&Sent| mail.field("X-Tickets-Kind").as_deref() == Some(kind);
    sent.iter().find(is).unwrap_or_else(|| panic!("no {kind}"))
}

fn short(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(Sent::in_short).collect()
}

#[test]
fn a_contact_form_speaks_for_its_user() {
    // C1, C2, C5: in an admin's name, and in its own.
    for form in ["Website <steve@example.org>", "Shop <form@shop.example>"] {
        let bench = empty("");
        let mail = format!(
            "Reply-To: Ann <ann@example.net>\n{}",
            written(form, "f", "submit", "Call")
        );
        bench.file("submit", mail);
        let sent = bench.take_sent();
        assert_eq!(short(&sent), [ACK, BOTH], "{form}");
        let address = form.split(['<', '>']).nth(1).unwrap();
        let from = of_kind(&sent, "copy").field("From").unwrap();
        let want = format!("\"Ann ({address}) via tickets\" <ticket-1@example.org>");
        assert_eq!(from, want);
        // She is waiting, and is the one who wrote.
        let list = bench.run(&["list", "--waiting"], b"").stdout;
        assert!(list.contains("Ann") && list.contains("Call"), "{list}");
        let show = bench.run(&["show", "1", "--json"], b"").stdout;
        assert!(
            show.contains(r#""author":{"name":"Ann","address":"ann@example.net"}"#),
            "{show}"
        );
        let found = bench.run(&["search", "-q", "from:ann@example.net"], b"");
        assert_eq!(found.stdout, "1\n");
        // The acknowledgement offers her to close it, so she may.
        bench.file(
            "ticket-1-done",
            from_ann("done", "ticket-1-done", "Re: Call"),
        );
        assert_eq!(bench.names(), ["archived/1"], "{form}");
        assert_eq!(bench.take_sent_in_short(), [BOTH], "{form}");
    }
}

#[test]
fn reply_to_the_desk_itself_does_not_count() {
    // C1
    let bench = empty("");
    let mail = format!(
        "Reply-To: submit@example.org\n{}",
        from_ann("1", "submit", "Printer")
    );
    bench.file("submit", mail);
    assert_eq!(bench.take_sent_in_short(), [ACK, BOTH]);
    let list = bench.run(&["list"], b"").stdout;
    assert!(list.contains("Ann") && !list.contains("submit@"), "{list}");
    bench.file("ticket-1", from_steve("2", "ticket-1"));
    assert_eq!(bench.take_sent_in_short(), [EVA, PASSED]);
}

#[test]
fn a_name_that_stands_in_from_alone_is_shown() {
    // C1
    let bench = empty("");
    let mail = format!(
        "Reply-To: ann@example.net\n{}",
        from_ann("1", "submit", "Printer")
    );
    bench.file("submit", mail);
    let list = bench.run(&["list"], b"").stdout;
    assert!(list.contains("Ann  ") && !list.contains("ann@"), "{list}");
    let sent = bench.take_sent();
    // A name is a stranger's words, and the address may be somebody else's.
    assert_eq!(
        of_kind(&sent, "ack").field("To").unwrap(),
        "ann@example.net"
    );
}

#[test]
fn plain_reply_to_a_copy_reaches_the_customer() {
    // C2, C3: what a telephone does, which knows nothing but Reply-To.
    let bench = empty("");
    bench.file("submit", from_ann("1", "submit", "Printer"));
    let sent = bench.take_sent();
    let copy = of_kind(&sent, "copy");
    assert_eq!(copy.field("Reply-To").unwrap(), "ticket-1@example.org");
    assert_eq!(copy.field("X-Tickets-Event").unwrap(), "opened");
    assert_eq!(copy.field("X-Tickets-From").unwrap(), "ann@example.net");
    assert_eq!(copy.field("X-Tickets-To").unwrap(), "submit@example.org");
    let reply = format!(
        "In-Reply-To: {}\n{}",
        copy.field("Message-ID").unwrap(),
        from_steve("2", "ticket-1")
    );
    bench.file("ticket-1", reply);
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [EVA, PASSED]);
    let passed = &sent[1];
    assert_eq!(
        passed.field("From").unwrap(),
        "\"Steve (Support)\" <ticket-1@example.org>"
    );
    assert_eq!(passed.field("Reply-To").unwrap(), "ticket-1@example.org");
    assert_eq!(passed.body(), "The words of 2.\n");
    // Both, if that is what somebody wants.
    let bench = empty("reply_to = \"both\"\nnotify_line = true\n");
    bench.file("submit", from_ann("1", "submit", "Printer"));
    let sent = bench.take_sent();
    let copy = of_kind(&sent, "copy");
    let both = "Ann <ann@example.net>,\n ticket-1@example.org";
    assert_eq!(copy.field("Reply-To").unwrap(), both.replace("\n ", " "));
    let line = "[ticket 1 opened: from ann@example.net to submit@example.org]";
    assert_eq!(copy.body(), format!("{line}\n\nThe words of 1.\n"));
}

#[test]
fn what_an_admin_writes_to_a_third_party_stays_between_them() {
    // C3
    let bench = desk("");
    let vic = written(
        "Vic <vic@vendor.example>",
        "v1",
        "ticket-1",
        "Re: [issue1] Printer",
    );
    bench.file("ticket-1", vic);
    assert_eq!(bench.take_sent_in_short(), [BOTH]);
    let to_vic = |id: &str, parent: &str, to: &str| {
        format!(
            "From: Steve <steve@example.org>\nTo: Vic <vic@vendor.example>, {to}@example.org\n\
             Message-ID: <{id}@example.org>\nIn-Reply-To: <{parent}@example.net>\n\nNot yet.\n"
        )
    };
    bench.file("ticket-1", to_vic("s1", "v1", "ticket-1"));
    assert_eq!(bench.take_sent_in_short(), [EVA]);
    // A group reply to the customer was perhaps meant to reach her.
    bench.file("ticket-1", to_vic("s2", "first", "ticket-1"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [EVA, "refused <> -- steve@example.org"]);
    let why = of_kind(&sent, "refused").body().to_owned();
    assert!(
        why.contains("it was not passed on to the submitter"),
        "{why}"
    );
    bench.file(
        "ticket-1-submitter",
        to_vic("s3", "first", "ticket-1-submitter"),
    );
    assert_eq!(bench.take_sent_in_short(), [EVA, PASSED]);
}

#[test]
fn a_reply_to_all_reaches_a_customer_who_had_others_in_cc() {
    // C3
    let bench = empty("");
    let ann = from_ann("1", "submit", "Printer");
    bench.file("submit", format!("Cc: Bea <bea@example.net>\n{ann}"));
    let sent = bench.take_sent();
    let copy = of_kind(&sent, "copy").field("Message-ID").unwrap();
    let steve = from_steve("2", "ticket-1");
    bench.file(
        "ticket-1",
        format!("In-Reply-To: {copy}\nCc: bea@example.net\n{steve}"),
    );
    assert_eq!(bench.take_sent_in_short(), [EVA, PASSED]);
}

#[test]
fn a_plain_reply_goes_to_whom_it_answers() {
    // C3: on a telephone it names nobody but the ticket, and quotes what the vendor wrote.
    for (case, cc, want) in [
        (
            "in private",
            "",
            vec![EVA, "copy ticket-1@example.org -- vic@vendor.example"],
        ),
        (
            "the customer knows it",
            "Cc: ann@example.net\n",
            vec![
                EVA,
                PASSED,
                "copy ticket-1@example.org -- vic@vendor.example",
            ],
        ),
    ] {
        for indexed in [false, true] {
            let bench = desk("");
            if indexed {
                // A large ticket is not read.
                let long = "x\n".repeat(600 << 10);
                bench.file(
                    "ticket-1",
                    from_ann("long", "ticket-1", "Re: Printer") + &long,
                );
            }
            let vic = written("Vic <vic@vendor.example>", "v1", "ticket-1", "Re: Printer");
            bench.file("ticket-1", format!("{cc}{vic}"));
            let sent = bench.take_sent();
            let copy = sent.iter().rfind(|mail| mail.mail.contains("Vic")).unwrap();
            let copy = copy.field("Message-ID").unwrap();
            for (n, parent) in ["<v1@example.net>", &copy].into_iter().enumerate() {
                let steve = from_steve(&format!("s{n}"), "ticket-1");
                bench.file("ticket-1", format!("In-Reply-To: {parent}\n{steve}"));
                let sent = bench.take_sent_in_short();
                assert_eq!(sent, want, "{case}, answering {parent}, {indexed}");
            }
            let steve = from_steve("s9", "ticket-1-submitter");
            bench.file(
                "ticket-1-submitter",
                format!("In-Reply-To: {copy}\n{steve}"),
            );
            assert_eq!(
                bench.take_sent_in_short(),
                [EVA, PASSED],
                "{case}: asked for"
            );
        }
    }
}

#[test]
fn who_answers_a_copy_and_is_no_admin_is_told_once() {
    // C3: an admin's mailbox is forwarded to a colleague.
    let bench = empty("");
    bench.file("submit", from_ann("1", "submit", "Printer"));
    let sent = bench.take_sent();
    let copy = of_kind(&sent, "copy").field("Message-ID").unwrap();
    let reply = |from: &str, id: &str| {
        format!(
            "In-Reply-To: {copy}\n{}",
            written(from, id, "ticket-1", "Re: Printer")
        )
    };
    bench.file("ticket-1", reply("Kim <kim@example.com>", "k1"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH, "refused <> -- kim@example.com"]);
    let note = &sent[1];
    assert_eq!(note.field("Auto-Submitted").unwrap(), "auto-replied");
    assert_eq!(note.field("Reply-To").unwrap(), "ticket-1@example.org");
    let want = "Hello,\n\nyour mail has been filed in ticket 1, where our staff will read it:\n\n    \
                Re: Printer\n\nIt was not passed on to anybody else. You replied to a copy that is \
                meant for\nour staff, and kim@example.com is not one of their addresses.\n\nIf you \
                work here, please write from the address that is registered.\n\nSupport\n";
    assert_eq!(note.body(), want);
    bench.file("ticket-1", reply("Kim <kim@example.com>", "k2"));
    assert_eq!(bench.take_sent_in_short(), [BOTH]);
    bench.file("ticket-1", reply("Ann <ann@example.net>", "a2"));
    assert_eq!(bench.take_sent_in_short(), [BOTH], "the customer herself");
}

#[test]
fn nothing_is_told_to_a_machine_that_opened_a_ticket() {
    // C3, C4
    let machine = "Auto-Submitted: auto-generated\n";
    let bounce = "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n";
    for mark in [machine, bounce] {
        let bench = empty("");
        let robot = written(
            "Monitor <root@monitor.example>",
            "m1",
            "submit",
            "Disk full",
        );
        bench.file("submit", format!("{mark}{robot}"));
        assert_eq!(bench.take_sent_in_short(), [BOTH]);
        bench.file("ticket-1", from_steve("s1", "ticket-1"));
        let sent = bench.take_sent();
        assert_eq!(short(&sent), [EVA, REFUSED]);
        assert!(
            of_kind(&sent, "refused")
                .body()
                .contains("A machine opened this ticket")
        );
        bench.file("ticket-1", from_steve("s2", "ticket-1"));
        assert_eq!(bench.take_sent_in_short(), [EVA], "once");
        bench.file("ticket-1-done", from_steve("s3", "ticket-1-done"));
        assert_eq!(bench.take_sent_in_short(), [EVA]);
        assert_eq!(bench.names(), ["archived/1"]);
    }
}

#[test]
fn a_closing_is_told_in_one_mail() {
    // C2, C4, C5
    let bench = desk("");
    let mallory = |id: &str| {
        let mail = written(
            "Mallory <mallory@example.com>",
            id,
            "ticket-1-done",
            "Re: Printer",
        );
        format!("Cc: steve@example.org\n{mail}")
    };
    let label = |sent: &[Sent]| of_kind(sent, "copy").field("From").unwrap();
    bench.file("ticket-1-done", mallory("m1"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH]);
    let want = "\"Mallory via tickets (closing refused)\" <ticket-1@example.org>";
    assert_eq!(label(&sent), want);
    let remark = of_kind(&sent, "copy").field("X-Tickets-Remark").unwrap();
    assert_eq!(
        remark,
        "It asked to close the ticket, but its author is not allowed to. The ticket stays open."
    );
    let filed = "Delivered-To: ticket-1-refused@example.org\n";
    assert!(bench.mbox("1").contains(filed));
    // To have tried makes nobody a participant, whether the index knows it or the file.
    bench.file("ticket-1-done", mallory("m2"));
    bench.works("reindex");
    bench.file("ticket-1-done", mallory("m3"));
    assert_eq!(bench.names(), ["1"]);
    bench.take_sent();
    bench.file(
        "ticket-1-done",
        from_ann("a1", "ticket-1-done", "Re: Printer"),
    );
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH]);
    assert_eq!(
        label(&sent),
        "\"Ann via tickets (closed)\" <ticket-1@example.org>"
    );
    // "No, still broken!" to the same address must not vanish.
    bench.file(
        "ticket-1-done",
        from_ann("a2", "ticket-1-done", "Re: Printer"),
    );
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH]);
    assert_eq!(
        label(&sent),
        "\"Ann via tickets (stays closed)\" <ticket-1@example.org>"
    );
    assert_eq!(bench.names(), ["archived/1"]);
    bench.file("ticket-1", from_ann("a3", "ticket-1", "Re: Printer"));
    assert_eq!(
        label(&bench.take_sent()),
        "\"Ann via tickets (re-opened)\" <ticket-1@example.org>"
    );
    // Nobody can send to the address under which an attempt is filed.
    let ran = bench.deliver("ticket-1-refused@example.org", from_ann("a4", "x", "y"));
    assert_eq!(ran.status, 67);
}

#[test]
fn only_the_desks_own_words_go_out_with_a_closing() {
    // C4, T2
    let bench = desk("");
    let bob = |id: &str, to: &str| {
        let mail = written("Bob <bob@example.com>", id, to, "Re: [issue1] Printer");
        mail.replace("To: ", "Cc: bob@example.com\nTo: ")
    };
    bench.file("ticket-1", bob("b1", "ticket-1"));
    bench.take_sent();
    bench.file("ticket-1-done", bob("b2", "ticket-1-done"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [CLOSED, BOTH]);
    assert!(!of_kind(&sent, "closed").body().contains("The words of"));
    bench.file("ticket-1", bob("b3", "ticket-1"));
    bench.take_sent();
    bench.file("ticket-1-done", from_steve("s1", "ticket-1-done"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [CLOSED, EVA]);
    assert!(of_kind(&sent, "closed").body().contains("The words of s1."));
}

#[test]
fn a_quiet_closing_is_told_to_nobody() {
    // C4
    let bench = desk("");
    let ran = bench.run(&["close", "1", "--quiet", "-m", "Spam."], b"");
    ran.is(0, "closed 1  Printer\n", "");
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
    assert_eq!(bench.names(), ["archived/1"]);
    assert!(bench.mbox("archived/1").contains("\nSpam.\n"));
}

#[test]
fn an_internationalized_address_is_written_to() {
    // C1
    let bench = empty("");
    let mail = written("Ünal <ünal@example.net>", "u1", "submit", "Printer");
    bench.file("submit", mail.clone());
    assert_eq!(
        bench.take_sent_in_short(),
        ["ack <> -- ünal@example.net", BOTH]
    );
    // A sendmail that cannot is not asked again, and the admins are told.
    let bench = empty("");
    bench.sendmail(
        "#!/bin/sh\ncase \"$*\" in *ünal*) echo no SMTPUTF8 >&2; exit 65;; esac; exit 75",
    );
    let args = [
        "deliver",
        "-f",
        "ann@example.net",
        "-r",
        "submit@example.org",
    ];
    let ran = bench.run(&args, mail.as_bytes());
    assert_eq!(ran.status, 0);
    bench.mend_sendmail();
    bench.works("flush");
    let sent = bench.take_sent();
    assert_eq!(
        short(&sent),
        [BOTH, "note <> -- steve@example.org eva@example.org"]
    );
    let note = of_kind(&sent, "note").body().replace("=\n", "");
    let why = "was given up: sendmail exited with status 65: no SMTPUTF8";
    assert!(note.contains(why), "{note}");
}

#[test]
fn what_can_reach_nobody_is_not_said_to_be_queued() {
    // C1, E5
    let bench = empty("");
    bench.file("submit", written("Ann", "1", "submit", "Printer"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH]);
    let copy = of_kind(&sent, "copy");
    let from = "\"Ann via tickets (no address to answer)\" <ticket-1@example.org>";
    assert_eq!(copy.field("From").unwrap(), from);
    // What an admin then writes goes nowhere, and that must be said.
    bench.file("ticket-1", from_steve("2", "ticket-1"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [EVA, REFUSED]);
    let why = of_kind(&sent, "refused").body().to_owned();
    assert!(
        why.contains("no address at which its submitter can be written to"),
        "{why}"
    );
}

#[test]
fn strangers_together_get_so_many_answers_an_hour() {
    // C7, T2: robots with a new address each, of one domain and of many.
    let bench = empty("ack_total = 6\n");
    let acks = |n: usize, domain: &str| {
        let from = format!("Robot <r{n}@{domain}>");
        bench.file(
            "submit",
            written(&from, &format!("{n}{domain}"), "submit", "Hello"),
        );
        bench
            .take_sent_in_short()
            .into_iter()
            .filter(|it| *it != BOTH)
            .collect::<Vec<_>>()
            .join(", ")
    };
    for n in 0..3 {
        assert_eq!(
            acks(n, "one.example"),
            format!("ack <> -- r{n}@one.example")
        );
    }
    assert_eq!(
        acks(3, "one.example"),
        REFUSED,
        "half of all go to one domain"
    );
    assert_eq!(acks(4, "one.example"), "", "said once");
    assert_eq!(acks(5, "two.example"), "ack <> -- r5@two.example");
    assert_eq!(acks(6, "three.example"), "ack <> -- r6@three.example");
    assert_eq!(acks(7, "four.example"), "ack <> -- r7@four.example");
    assert_eq!(acks(8, "five.example"), REFUSED, "six are all");
    assert_eq!(acks(9, "six.example"), "", "said once");
}

#[test]
fn only_answers_count() {
    // C7: what is not answered takes nothing away from those who are.
    let bench = empty("ack_total = 4\nack_limit = 2\n");
    for n in 0..9 {
        let robot = written(
            &format!("R <noreply@x{n}.example>"),
            &format!("r{n}"),
            "submit",
            "x",
        );
        bench.file("submit", robot);
        let spam = written("Eve <eve@y.example>", &format!("s{n}"), "submit", "x");
        bench.file("submit", format!("X-Spam-Flag: YES\n{spam}"));
    }
    bench.take_sent();
    bench.file("submit", from_ann("1", "submit", "Printer"));
    assert_eq!(bench.take_sent_in_short(), [ACK, BOTH]);
}

#[test]
fn notes_to_strangers_count() {
    // C7: who has an acknowledgement can make up the msg-id of the admins' copy of the same mail.
    let bench = empty("ack_total = 6\n");
    bench.file(
        "submit",
        written("Eve <eve@y.example>", "1", "submit", "Buy"),
    );
    let sent = bench.take_sent();
    let copy = of_kind(&sent, "ack")
        .field("Message-ID")
        .unwrap()
        .replace(".ack.", ".copy.");
    for n in 0..9 {
        let victim = format!("V <v{n}@d{n}.example>");
        let mail = written(&victim, &format!("v{n}"), "ticket-1", "Buy");
        bench.file("ticket-1", format!("In-Reply-To: {copy}\n{mail}"));
    }
    let sent = bench.take_sent_in_short();
    let to_victims = sent.iter().filter(|it| it.contains("-- v")).count();
    assert_eq!(to_victims, 5, "{sent:?}");
}

#[test]
fn the_same_bytes_close_nothing_unseen() {
    // C5: to the ticket's own address first, and then to the one that closes it.
    let bench = desk("");
    let mail = written(
        "Mallory <mallory@example.com>",
        "m",
        "ticket-1",
        "Re: Printer",
    );
    bench.file("ticket-1", mail.as_str());
    assert_eq!(bench.take_sent_in_short(), [BOTH]);
    bench.file("ticket-1-done", mail.as_str());
    assert_eq!(
        (bench.names(), bench.take_sent_in_short()),
        (vec!["1".to_owned()], vec![])
    );
}

#[test]
fn an_admin_who_opened_a_ticket_hears_of_it_once() {
    // C2, C3, C4
    let bench = empty("");
    let eva = "Eva <eva@example.org>";
    bench.file(
        "submit",
        written("Steve <steve@example.org>", "1", "submit", "Printer"),
    );
    bench.take_sent();
    bench.file("ticket-1", written(eva, "2", "ticket-1", "Re: Printer"));
    assert_eq!(
        bench.take_sent_in_short(),
        ["copy ticket-1@example.org -- steve@example.org"]
    );
    bench.file(
        "ticket-1-done",
        written(eva, "3", "ticket-1-done", "Re: Printer"),
    );
    assert_eq!(
        bench.take_sent_in_short(),
        ["closed <> -- steve@example.org"]
    );
}

#[test]
fn all_spellings_of_a_mailbox_count_as_one() {
    // C7, T7
    let bench = empty("ack_limit = 2\n");
    let spellings = [
        "ann@x.example",
        "\"ann\"@x.example",
        "ANN@X.EXAMPLE",
        "\"a\\nn\"@x.example",
        "ann+news@x.example",
    ];
    let mut acks = 0;
    for (n, address) in spellings.into_iter().enumerate() {
        let from = format!("Ann <{address}>");
        bench.file("submit", written(&from, &n.to_string(), "submit", "Hello"));
        let sent = bench.take_sent_in_short();
        acks += sent.iter().filter(|it| it.starts_with("ack")).count();
    }
    assert_eq!(acks, 2);
    // One that holds a blank is counted as well.
    let mut acks = 0;
    for n in ["a", "b", "c"] {
        bench.file("submit", written("\"v v\"@y.example", n, "submit", "Hello"));
        let sent = bench.take_sent_in_short();
        acks += sent.iter().filter(|it| it.starts_with("ack")).count();
    }
    assert_eq!(acks, 2);
    // And what comes back to us is never acknowledged.
    let ours = "Reply-To: \"ticket-1-done\"@example.org\n";
    bench.file(
        "submit",
        format!(
            "{ours}{}",
            written("Eve <eve@y.example>", "9", "submit", "x")
        ),
    );
    let sent = bench.take_sent_in_short();
    assert!(
        sent.iter().all(|it| !it.contains("ticket-1-done")),
        "{sent:?}"
    );
}

/// However many deliveries there are at once: each knows what the one before was given.
#[test]
fn closings_at_once_stay_within_the_limit() {
    // C7, T2
    let bench = empty("ack = false\nclose_by = \"anyone\"\nack_limit = 3\n");
    for n in 1..=12 {
        bench.file(
            "submit",
            written("Vic <vic@x.example>", &n.to_string(), "submit", "Hello"),
        );
    }
    bench.take_sent();
    std::thread::scope(|scope| {
        for n in 1..=12 {
            let bench = &bench;
            scope.spawn(move || {
                let to = format!("ticket-{n}-done");
                let mail = written("Eve <eve@y.example>", &format!("c{n}"), &to, "Closed");
                bench.file(&to, mail);
            });
        }
    });
    let sent = bench.take_sent_in_short();
    let notices = sent.iter().filter(|it| it.starts_with("closed"));
    assert_eq!(notices.count(), 3, "{sent:?}");
}

#[test]
fn closing_notices_that_strangers_cause_count() {
    // C7, T2: Reply-To names a victim, then one closes and re-opens in turn.
    let bench = empty("ack_limit = 3\n");
    let mail = |id: &str, to: &str| {
        let mail = written("Mallory <mallory@example.com>", id, to, "Buy now");
        format!("Reply-To: victim@example.net\n{mail}")
    };
    let other = |id: &str, to: &str| written("Mallory <mallory@example.com>", id, to, "Buy now");
    bench.file("submit", mail("0", "submit"));
    for n in 1..10 {
        bench.file("ticket-1-done", other(&format!("d{n}"), "ticket-1-done"));
        bench.file("ticket-1", other(&format!("u{n}"), "ticket-1"));
    }
    let sent = bench.take_sent_in_short();
    let to_victim = sent.iter().filter(|it| it.contains("victim")).count();
    assert_eq!(to_victim, 3, "{sent:?}");
    assert_eq!(
        sent.iter().filter(|it| **it == REFUSED).count(),
        1,
        "{sent:?}"
    );
}

#[test]
fn forwarded_mail_opens_a_ticket_of_whoever_wrote_it() {
    // B3
    let enclosed = "From: Ann <ann@example.net>\nSubject: It burns\nMessage-ID: <a@example.net>\n\nIt burns.\n";
    let attached = format!(
        "From: Steve <steve@example.org>\nTo: submit-for@example.org\nSubject: Fwd: Printer\n\
         Message-ID: <f1@example.org>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\n\
         Content-Type: message/rfc822\n\n{enclosed}--b--\n"
    );
    let inline = "From: Steve <steve@example.org>\nTo: submit@example.org\nSubject: Fwd: Printer\n\
                  Message-ID: <f2@example.org>\nReferences: <first@example.net>\n\n\
                  Submitter: Ann <ann@example.net>\n\n----- Forwarded message -----\nIt burns.\n";
    // The Subject is the one that the submitter knows, if it is to be had.
    for (case, to, mail, answers, subject) in [
        (
            "attached",
            "submit-for",
            attached.as_str(),
            "<a@example.net>",
            "It burns",
        ),
        (
            "inline",
            "submit",
            inline,
            "<f2@example.org>",
            "Fwd: Printer",
        ),
    ] {
        let bench = desk("");
        bench.file(to, mail);
        assert_eq!(bench.names(), ["1", "2"], "{case}");
        let sent = bench.take_sent();
        let note = "note <> -- steve@example.org";
        assert_eq!(short(&sent), [ACK, EVA, note], "{case}");
        let ack = of_kind(&sent, "ack");
        assert_eq!(ack.field("In-Reply-To").unwrap(), answers, "{case}");
        let tagged = format!("[issue2] {subject}");
        assert_eq!(ack.field("Subject").unwrap(), tagged, "{case}");
        let told = of_kind(&sent, "note").body();
        let want = "opened ticket 2 in the name of Ann <ann@example.net>.";
        assert!(told.contains(want), "{case}: {told}");
        assert!(
            bench
                .mbox("2")
                .contains("Delivered-To: submit-for@example.org\n"),
            "{case}"
        );
        // The ticket is hers, also in an index made anew, and she may close it.
        for again in [false, true] {
            if again {
                bench.works("reindex");
            }
            let list = bench
                .run(&["list", "--waiting", "--from", "ann@example.net"], b"")
                .stdout;
            let ends = format!("  Ann  {subject}\n");
            assert!(list.contains(&ends), "{case}: {list}");
            let timeline = bench.run(&["timeline"], b"").stdout;
            let newest = timeline.lines().next().unwrap();
            assert!(newest.ends_with(subject), "{case}: {newest}");
        }
        bench.works("close 2");
        let closed = bench.take_sent().pop().unwrap();
        assert_eq!(closed.field("Subject").unwrap(), tagged, "{case}");
        bench.works("reopen 2");
        bench.take_sent();
        bench.file("ticket-2", from_steve("s1", "ticket-2"));
        let passed = "copy ticket-2@example.org -- ann@example.net";
        assert_eq!(bench.take_sent_in_short(), [EVA, passed], "{case}");
        bench.file(
            "ticket-2-done",
            from_ann("done", "ticket-2-done", "Re: Printer"),
        );
        assert_eq!(bench.names(), ["1", "archived/2"], "{case}");
    }
}

#[test]
fn forwarded_mail_that_is_unclear_is_the_admins_own() {
    // B3
    let bench = empty("");
    bench.file("submit-for", from_steve("1", "submit-for"));
    let sent = bench.take_sent();
    let own = "refused <> -- steve@example.org";
    assert_eq!(short(&sent), ["ack <> -- steve@example.org", EVA, own]);
    let why = of_kind(&sent, "refused").body().to_owned();
    assert!(why.contains("it encloses no mail"), "{why}");
    assert!(
        bench
            .mbox("1")
            .contains("Delivered-To: submit@example.org\n")
    );
    // A stranger forwards nothing in the name of another.
    let mail = from_ann("2", "submit-for", "x").replace("\n\n", "\n\nSubmitter: bob@example.com\n");
    bench.file("submit-for", mail);
    assert_eq!(bench.take_sent_in_short(), [ACK, BOTH]);
}

#[test]
fn admins_hear_of_every_change_of_state_that_strangers_cause() {
    // B11, C4, C5, C7, T4: whomever the header names, and whoever it says wrote.
    for (notify, label) in [("copy", "copy"), ("note", "note")] {
        let bench = desk(&format!("notify = \"{notify}\"\n"));
        let both = BOTH.replace("copy", label);
        let from = |id: &str, from: &str, to: &str| {
            let mail = written(from, id, to, "Re: Printer");
            format!("Cc: steve@example.org, eva@example.org\n{mail}")
        };
        let (ann, mallory) = ("Ann <ann@example.net>", "Mallory <mallory@example.com>");
        for n in 0..3 {
            bench.file(
                "ticket-1-done",
                from(&format!("d{n}"), ann, "ticket-1-done"),
            );
            assert_eq!(
                bench.take_sent_in_short(),
                std::slice::from_ref(&both),
                "{notify}"
            );
            bench.file("ticket-1", from(&format!("u{n}"), mallory, "ticket-1"));
            let sent = bench.take_sent();
            assert_eq!(short(&sent), std::slice::from_ref(&both), "{notify}");
            let said = match notify {
                "copy" => sent[0].field("From").unwrap(),
                _ => sent[0].body().to_owned(),
            };
            assert!(said.contains("re-opened"), "{said}");
        }
        // What changes nothing is not told to whom it reached (C2).
        bench.file("ticket-1", from("u9", mallory, "ticket-1"));
        assert_eq!(bench.take_sent_in_short(), [""; 0], "{notify}");
    }
}

#[test]
fn an_admin_named_beside_a_stranger_did_not_write_it() {
    // C2, C5, T4
    let bench = desk("");
    let both = "Steve <steve@example.org>, Mallory <mallory@example.com>";
    bench.file("submit", written(both, "m0", "submit", "Hello"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), ["ack <> -- mallory@example.com", BOTH]);
    let from = of_kind(&sent, "copy").field("From").unwrap();
    assert_eq!(
        from,
        "\"Mallory and others via tickets\" <ticket-2@example.org>"
    );
    bench.file("ticket-1-done", written(both, "m1", "ticket-1-done", "x"));
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH]);
    let from = of_kind(&sent, "copy").field("From").unwrap();
    let want = "\"Mallory and others via tickets (closing refused)\" <ticket-1@example.org>";
    assert_eq!(
        (from.as_str(), bench.names()),
        (want, vec!["1".to_owned(), "2".to_owned()])
    );
}

#[test]
fn what_bears_an_admins_name_without_a_proof_says_so_in_one_mail() {
    // C2, C3, T3
    let bench = desk("authserv_id = \"mail.example.org\"\n");
    for (id, to) in [("s1", "ticket-1"), ("s2", "ticket-1-submitter")] {
        bench.file(to, from_steve(id, to));
        let sent = bench.take_sent();
        assert_eq!(short(&sent), [BOTH]);
        let from = of_kind(&sent, "copy").field("From").unwrap();
        assert_eq!(
            from,
            "\"Steve via tickets (not proven)\" <ticket-1@example.org>"
        );
        let remark = of_kind(&sent, "copy").field("X-Tickets-Remark").unwrap();
        assert!(
            remark.contains("It was not passed on to the submitter."),
            "{remark}"
        );
    }
    bench.file("ticket-1-done", from_steve("s3", "ticket-1-done"));
    let from = of_kind(&bench.take_sent(), "copy").field("From").unwrap();
    let want = "\"Steve via tickets (closing not proven)\" <ticket-1@example.org>";
    assert_eq!(from, want);
    bench
        .run(&["close", "1", "--quiet"], b"")
        .silent_but_for_output("close");
    bench.file("ticket-1", from_steve("s4", "ticket-1"));
    let from = of_kind(&bench.take_sent(), "copy").field("From").unwrap();
    let want = "\"Steve via tickets (re-opened, not proven)\" <ticket-1@example.org>";
    assert_eq!(from, want);
    bench.file(
        "submit",
        from_steve("s5", "submit").replace("[issue1] ", ""),
    );
    let from = of_kind(&bench.take_sent(), "copy").field("From").unwrap();
    assert_eq!(
        from,
        "\"Steve via tickets (not proven)\" <ticket-2@example.org>"
    );
}

fn eight_tickets() -> Bench {
    let bench = empty("ack = false\n");
    for n in 0..8 {
        bench.file("submit", from_ann(&format!("{n}"), "submit", "Printer"));
    }
    bench.take_sent();
    bench
}

#[test]
fn one_mail_does_something_in_a_few_tickets_at_most() {
    // A6, B9, T1, T3: a whole mailbox is piped in, and To names them all.
    let bench = eight_tickets();
    let all: Vec<String> = (1..=9)
        .map(|n| format!("ticket-{n}-done@example.org"))
        .collect();
    let mail = |from: &str, id: &str| {
        format!(
            "From: {from}\nTo: {}\nSubject: x\nMessage-ID: <{id}@example.net>\n\nDone.\n",
            all.join(", ")
        )
    };
    let told = |bench: &Bench| {
        let mut told = bench.take_sent_in_short();
        told.sort();
        told
    };
    let ann = mail("Ann <ann@example.net>", "d1");
    bench.deliver("steve@example.org", &ann).silent();
    let few = [
        "6",
        "7",
        "8",
        "archived/1",
        "archived/2",
        "archived/3",
        "archived/4",
        "archived/5",
    ];
    assert_eq!(bench.names(), few);
    for name in few {
        assert_eq!(
            bench.mbox(name).matches("<d1@example.net>").count(),
            1,
            "{name}"
        );
    }
    let sent = bench.take_sent();
    assert_eq!(short(&sent), [BOTH, BOTH, BOTH, BOTH, BOTH, REFUSED]);
    let why = of_kind(&sent, "refused").body().replace('\n', " ");
    assert!(
        why.contains("There is no ticket ticket-9-done@example.org"),
        "{why}"
    );
    assert!(why.contains("nobody is told: 6, 7, 8."), "{why}");
    // Brought again, it is told to nobody.
    bench.deliver("steve@example.org", &ann).silent();
    assert_eq!(told(&bench), [""; 0]);
    // The desk's own people may.
    bench
        .deliver("steve@example.org", mail("Steve <steve@example.org>", "d2"))
        .silent();
    assert_eq!(
        bench
            .names()
            .iter()
            .filter(|name| name.starts_with("archived"))
            .count(),
        8
    );
}

/// An MTA may start the program once for each recipient.
#[test]
fn one_mail_does_as_little_if_it_comes_recipient_by_recipient() {
    // A6, T1, T3
    let bench = eight_tickets();
    let mail = "From: Ann <ann@example.net>\nSubject: x\nMessage-ID: <d@example.net>\n\nDone.\n";
    let bring = || {
        for n in 1..=8 {
            bench.file(&format!("ticket-{n}-done"), mail);
        }
        bench.take_sent()
    };
    let sent = bring();
    assert_eq!(short(&sent), [BOTH, BOTH, BOTH, BOTH, BOTH, REFUSED]);
    let why = of_kind(&sent, "refused").body().replace('\n', " ");
    assert!(
        why.contains("nobody is told: 6. Nor is anybody told of any further one."),
        "{why}"
    );
    let few = ["6", "7", "8"].map(str::to_owned);
    let closed = (1..=5).map(|n| format!("archived/{n}"));
    let names: Vec<String> = few.into_iter().chain(closed).collect();
    assert_eq!(bench.names(), names);
    assert_eq!(bring(), [], "brought again");
    assert_eq!(bench.names(), names);
    for name in &names {
        let count = bench.mbox(name).matches("<d@example.net>").count();
        assert_eq!(count, 1, "{name}");
    }
}

#[test]
fn the_desks_own_address_takes_part_in_nothing() {
    // C5, T4: all mail names submit@ in To, and anybody can write it into From.
    let bench = desk("");
    for (id, from) in [("1", "submit@example.org"), ("2", "\"submit\"@example.org")] {
        bench.file("ticket-1-done", written(from, id, "ticket-1-done", "x"));
        assert_eq!(bench.names(), ["1"], "{from}");
        let from = of_kind(&bench.take_sent(), "copy").field("From").unwrap();
        assert!(from.contains("(closing refused)"), "{from}");
    }
}
