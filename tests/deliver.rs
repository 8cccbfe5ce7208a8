//! `tickets deliver`: one message from standard input to the store and the outbox.

use crate::bench::{Bench, Ran, finish};
use crate::reply::on_terminal;
use std::fs;

/// A mail of Alice's with its own Message-ID, Subject and text.
pub fn mail(id: &str, more: &str, text: &str) -> String {
    format!("From: Alice <alice@example.net>\nMessage-ID: <{id}@example.net>\n{more}\n{text}\n")
}

const FIRST: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\n\
    Subject: Printer on fire\nMessage-ID: <1@example.net>\n\nIt burns.\nFrom the back.\n";

fn lose_index(bench: &Bench) {
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(bench.ticket(".tickets").join(name));
    }
}

fn open(bench: &Bench) {
    bench.deliver("submit@example.org", FIRST).silent();
}

#[test]
fn a_first_mail_opens_a_ticket_and_is_answered() {
    // A1, A3, B6, C1, C2, C12, D2, D3
    let bench = Bench::new();
    open(&bench);
    assert_eq!(bench.names(), ["1"]);
    let digest = tickets::mail::entry::digest(FIRST.as_bytes());
    let want = format!(
        "From alice@example.net DATE\nReturn-Path: <alice@example.net>\n\
         Delivered-To: submit@example.org\nX-Tickets-Entry: size={};\n sha256={digest}\n{}\n",
        FIRST.len(),
        FIRST.replace("\nFrom the", "\n>From the"),
    );
    assert_eq!(bench.mbox("1"), want);
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(bench.outbox(), [""; 0]);

    let ack = &sent[0];
    assert_eq!(ack.args, "-i -f <> -- alice@example.net");
    for (name, want) in [
        ("From", "Support <ticket-1@example.org>"),
        ("To", "Alice <alice@example.net>"),
        ("Reply-To", "ticket-1@example.org"),
        ("Subject", "[issue1] Printer on fire"),
        ("In-Reply-To", "<1@example.net>"),
        ("References", "<1@example.net>"),
        ("Auto-Submitted", "auto-replied"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Tickets-Ticket", "1"),
        ("X-Tickets-Kind", "ack"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(ack.field(name).as_deref(), Some(want), "{name}");
    }
    let id = ack.field("Message-ID").unwrap();
    assert!(
        id.starts_with("<ticket-1.ack.") && id.ends_with("@example.org>"),
        "{id}"
    );
    assert!(ack.field("Date").is_some());
    assert!(
        ack.body()
            .contains("is now ticket 1:\n\n    Printer on fire\n"),
        "{}",
        ack.body()
    );

    let copy = &sent[1];
    assert_eq!(copy.args, "-i -f <> -- steve@example.org");
    for (name, want) in [
        ("From", "Alice via tickets <ticket-1@example.org>"),
        ("To", "steve@example.org"),
        (
            "Reply-To",
            "Alice <alice@example.net>, ticket-1@example.org",
        ),
        ("Subject", "[issue1] Printer on fire"),
        ("In-Reply-To", "<1@example.net>"),
        ("X-Tickets-Kind", "copy"),
    ] {
        assert_eq!(
            copy.field(name).map(|v| v.replace('"', "")).as_deref(),
            Some(want),
            "{name}"
        );
    }
    assert_eq!(copy.body(), "It burns.\nFrom the back.\n");
}

#[test]
fn the_same_message_is_filed_once_and_answered_once() {
    // A5
    let bench = Bench::new();
    for _ in 0..3 {
        open(&bench);
    }
    let before = bench.mbox("1");
    assert_eq!(bench.take_sent().len(), 2);
    // An MTA adds trace fields of its own at each attempt.
    let again = format!("Delivery-date: now\n{FIRST}");
    bench.deliver("submit@example.org", &again).silent();
    let update = mail("2", "", "more");
    bench.deliver("ticket-1@example.org", &update).silent();
    bench.deliver("ticket-1@example.org", &update).silent();
    assert_eq!(bench.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\nFrom alice").count(), 1);
    assert!(bench.mbox("1").starts_with(&before));
    // Another body under the same Message-ID is another message.
    bench
        .deliver("submit@example.org", FIRST.replace("burns", "smokes"))
        .silent();
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn mail_without_message_id_is_not_confused() {
    // A5
    let bench = Bench::new();
    bench
        .deliver("submit@example.org", "Date: a\n\nx\n")
        .silent();
    bench
        .deliver("submit@example.org", "Date: a\n\nx\n")
        .silent();
    bench
        .deliver("submit@example.org", "Date: b\n\nx\n")
        .silent();
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn addresses_and_tags_lead_to_tickets() {
    // B1, B4, B5
    let bench = Bench::new();
    open(&bench);
    bench
        .deliver("submit@example.org", mail("2", "Subject: other\n", "x"))
        .silent();
    bench.take_sent();
    for (recipient, header) in [
        ("TICKET-1@Example.Org", "Subject: by address\n"),
        (
            "submit@example.org",
            "Subject: AW: [list] Re: [issue1] by tag\n",
        ),
        (
            "submit@example.org",
            "Subject: =?utf-8?q?=5BISSUE_1=5D?= encoded\n",
        ),
        ("submit@example.org", "In-Reply-To: <1@example.net>\n"),
        (
            "submit@example.org",
            "References: <unknown@x> <1@example.net>\n",
        ),
        (
            "submit@example.org",
            "In-Reply-To: <ticket-1.ack.0123abcd@example.org>\n",
        ),
    ] {
        let before = bench.mbox("1");
        let message = mail(&format!("{}", header.len()), header, header);
        bench.deliver(recipient, &message).silent();
        assert!(
            bench.mbox("1").ends_with(&format!("{message}\n")),
            "{header}"
        );
        assert!(bench.mbox("1").starts_with(&before), "{header}");
        assert_eq!(
            bench.take_sent_in_short(),
            ["copy <> -- steve@example.org"],
            "{header}"
        );
    }
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn one_message_to_two_tickets_lies_in_both() {
    // A6
    let bench = Bench::new();
    open(&bench);
    bench.take_sent();
    let message = mail("2", "", "both");
    let args = [
        "deliver",
        "-f",
        "alice@example.net",
        "submit@example.org",
        "ticket-1@example.org",
    ];
    bench.run(&args, message.as_bytes()).silent();
    assert_eq!(bench.names(), ["1", "2"]);
    assert!(bench.mbox("1").contains(&message) && bench.mbox("2").contains(&message));
    assert_eq!(bench.take_sent().len(), 3);
    bench.run(&args, message.as_bytes()).silent();
    assert_eq!(bench.names(), ["1", "2"]);
    assert_eq!(bench.take_sent().len(), 0);
}

#[test]
fn what_does_not_exist_is_refused_in_one_sentence() {
    // A3, B8, B9
    let bench = Bench::new();
    let by_tag = mail("2", "Subject: Re: [issue7]\n", "x");
    for (recipient, message, want) in [
        (
            "ticket-7@example.org",
            FIRST,
            "5.1.1 There is no ticket ticket-7@example.org: \
             please write to submit@example.org to open a new one.\n",
        ),
        (
            "ticket-07@example.org",
            FIRST,
            "5.1.1 There is no ticket ticket-07@example.org: \
             please write to submit@example.org to open a new one.\n",
        ),
        (
            "submit@example.org",
            &by_tag,
            "5.1.1 There is no ticket 7, which your subject names: \
             please write to submit@example.org without that number to open a new one.\n",
        ),
        (
            "steve@example.org",
            "To: steve@example.org\n\nx\n",
            "5.1.1 steve@example.org is no address of this desk: \
             please write to submit@example.org.\n",
        ),
    ] {
        bench.deliver(recipient, message).is(67, want, "");
    }
    assert_eq!(bench.names(), [""; 0]);
    assert_eq!(bench.take_sent().len(), 0);
    let lenient = Bench::with("unknown_ticket = \"open\"\ncatch_all = \"submit\"\n");
    lenient.deliver("ticket-7@example.org", FIRST).silent();
    lenient.deliver("submit@example.org", &by_tag).silent();
    lenient
        .deliver("steve@example.org", "To: steve@example.org\n\nx\n")
        .silent();
    assert_eq!(lenient.names(), ["1", "2", "3"]);
}

#[test]
fn of_two_recipients_the_one_that_exists_gets_it() {
    let bench = Bench::new();
    let args = [
        "deliver",
        "-f",
        "a@example.net",
        "submit@example.org",
        "ticket-9@example.org",
    ];
    bench.run(&args, FIRST.as_bytes()).silent();
    assert_eq!(bench.names(), ["1"]);
    let sent = bench.take_sent();
    let kinds: Vec<_> = sent
        .iter()
        .map(|s| s.field("X-Tickets-Kind").unwrap())
        .collect();
    assert_eq!(kinds, ["ack", "copy", "refused"]);
    assert!(
        sent[2]
            .body()
            .contains("There is no ticket ticket-9@example.org"),
        "{}",
        sent[2].mail
    );
}

#[test]
fn the_envelope_comes_from_the_mta() {
    // A1, A2
    for (name, env) in [
        (
            "Exim",
            &[
                ("SENDER", "alice@example.net"),
                ("RECIPIENT", "submit@example.org"),
                ("LOCAL_PART", "submit"),
                ("DOMAIN", "example.org"),
                ("HOME", ""),
                ("USER", "submit"),
            ][..],
        ),
        (
            "Postfix local",
            &[
                ("SENDER", "alice@example.net"),
                ("RECIPIENT", "bob+submit@localhost"),
                ("ORIGINAL_RECIPIENT", "submit@example.org"),
            ],
        ),
    ] {
        let bench = Bench::new();
        let mut command = bench.command(&["deliver"]);
        command.envs(env.iter().copied());
        let from_line = format!("From someone@else Sun Nov 22 00:30:39 2026\n{FIRST}");
        finish(command, from_line.as_bytes()).silent();
        let mbox = bench.mbox("1");
        assert!(
            mbox.starts_with("From alice@example.net DATE\nReturn-Path: <alice@"),
            "{name}"
        );
        assert!(!mbox.contains("someone@else"), "{name}");
    }
    let bench = Bench::new();
    bench.run(&["deliver"], FIRST.as_bytes()).silent();
    assert_eq!(bench.names(), ["1"], "To alone");
    let blind = mail(
        "2",
        "Delivered-To: ticket-1@example.org\nTo: list@example.com\n",
        "x",
    );
    bench.run(&["deliver"], blind.as_bytes()).silent();
    assert!(bench.mbox("1").contains("<2@example.net>"), "a blind copy");
}

#[test]
fn closing_and_opening_again() {
    // B2, B11, C4, D1
    let bench = Bench::new();
    open(&bench);
    bench.take_sent();
    let steve = |id: &str, text: &str| {
        format!(
            "From: steve@example.org\nSubject: Re: fire\nMessage-ID: <{id}@example.org>\n\n{text}\n"
        )
    };
    bench
        .deliver("ticket-1-done@example.org", steve("s1", "Put out. Grüße"))
        .silent();
    assert_eq!(bench.names(), ["archived/1"]);
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 1, "the closer is not written to");
    let notice = &sent[0];
    assert_eq!(notice.args, "-i -f <> -- alice@example.net");
    assert_eq!(notice.field("X-Tickets-Kind").as_deref(), Some("closed"));
    assert_eq!(
        notice.field("Subject").as_deref(),
        Some("[issue1] Printer on fire")
    );
    assert_eq!(
        notice.field("Reply-To").as_deref(),
        Some("ticket-1@example.org")
    );
    assert!(notice.body().contains("Put out. Gr"), "{}", notice.mail);
    assert!(
        notice
            .body()
            .contains("answer this mail: that opens the ticket"),
        "{}",
        notice.mail
    );

    // C4: closing a closed ticket files the mail and says nothing.
    bench
        .deliver("ticket-1-close@example.org", steve("s2", "really"))
        .silent();
    assert_eq!(bench.names(), ["archived/1"]);
    assert_eq!(bench.take_sent().len(), 0);
    assert!(bench.mbox("archived/1").contains("<s2@example.org>"));

    // B11: a duplicate, automatic mail and -quiet do not re-open; a mail of Alice's does.
    open(&bench);
    bench
        .deliver_bounce("ticket-1@example.org", mail("v", "", "I am away"))
        .silent();
    bench
        .deliver("ticket-1-quiet@example.org", mail("q", "", "psst"))
        .silent();
    assert_eq!(bench.names(), ["archived/1"]);
    assert_eq!(
        bench.take_sent_in_short(),
        ["copy <> -- steve@example.org"],
        "the bounce only"
    );
    bench
        .deliver("ticket-1@example.org", mail("3", "", "still burning"))
        .silent();
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    let delivered: Vec<String> = bench
        .mbox("1")
        .lines()
        .filter_map(|l| l.strip_prefix("Delivered-To: ").map(str::to_owned))
        .collect();
    let under = |what: &str| format!("{what}@example.org");
    // D3: the first Delivered-To of an entry says what it did.
    let want = [
        "submit",
        "ticket-1-done",
        "ticket-1-done",
        "ticket-1",
        "ticket-1-quiet",
        "ticket-1",
    ];
    assert_eq!(delivered, want.map(under));
}

#[test]
fn who_may_not_close_does_not() {
    // C5
    let bench = Bench::new();
    open(&bench);
    bench.take_sent();
    let eve = "From: eve@evil.example\nMessage-ID: <e@evil.example>\n\nclose it\n";
    bench.deliver("ticket-1-done@example.org", eve).silent();
    assert_eq!(bench.names(), ["1"]);
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].field("X-Tickets-Kind").as_deref(), Some("refused"));
    assert!(
        sent[1].body().contains("asked to close the ticket"),
        "{}",
        sent[1].mail
    );
    assert!(
        bench
            .mbox("1")
            .contains("Delivered-To: ticket-1@example.org\n")
    );
}

#[test]
fn an_admins_mail_is_passed_on() {
    // C3
    let bench = Bench::new();
    open(&bench);
    bench.take_sent();
    let steve = "From: Steve <steve@example.org>\nSubject: Re: [issue1] Printer on fire\n\
        Message-ID: <s@example.org>\nContent-Type: text/plain; charset=utf-8\n\
        Content-Transfer-Encoding: 8bit\n\nWasser hilft. Grüße\n";
    bench.deliver("ticket-1@example.org", steve).silent();
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].args,
        "-i -f ticket-1@example.org -- alice@example.net"
    );
    assert_eq!(
        sent[0].field("From").as_deref(),
        Some("Steve <ticket-1@example.org>")
    );
    assert_eq!(
        sent[0].field("Subject").as_deref(),
        Some("Re: [issue1] Printer on fire")
    );
    assert_eq!(
        sent[0].field("Content-Transfer-Encoding").as_deref(),
        Some("8bit")
    );
    assert_eq!(sent[0].field("Auto-Submitted"), None);
    assert_eq!(sent[0].body(), "Wasser hilft. Grüße\n");
    let eve = "From: eve@evil.example\nMessage-ID: <e@evil.example>\n\nbuy this\n";
    bench.deliver("ticket-1@example.org", eve).silent();
    assert_eq!(bench.take_sent_in_short(), ["copy <> -- steve@example.org"]);
}

#[test]
fn numbers_are_never_used_twice() {
    // B7
    let bench = Bench::new();
    open(&bench);
    bench
        .deliver("submit@example.org", mail("2", "", "x"))
        .silent();
    fs::remove_file(bench.ticket("2")).unwrap();
    bench
        .deliver("submit@example.org", mail("3", "", "x"))
        .silent();
    assert_eq!(bench.names(), ["1", "3"]);
    // An index or a sequence that was lost is made again.
    fs::remove_file(bench.ticket(".tickets/index.db")).unwrap();
    bench
        .deliver("submit@example.org", mail("4", "", "x"))
        .silent();
    fs::remove_file(bench.ticket(".tickets/sequence")).unwrap();
    bench
        .deliver("submit@example.org", mail("5", "", "x"))
        .silent();
    // A file put there by hand is stepped over, and known from then on.
    let copied = "From ann@example.com Sun Nov 22 00:30:39 2026\nMessage-ID: <by-hand@x>\n\nx\n\n";
    bench.put("tickets/6", copied.as_bytes());
    bench
        .deliver("submit@example.org", mail("7", "", "x"))
        .silent();
    assert_eq!(bench.names(), ["1", "3", "4", "5", "6", "7"]);
    bench
        .deliver(
            "submit@example.org",
            mail("8", "In-Reply-To: <by-hand@x>\n", "y"),
        )
        .silent();
    assert!(bench.mbox("6").ends_with("y\n\n"), "{}", bench.mbox("6"));
}

#[test]
fn after_the_index_is_lost_nothing_is_doubled() {
    // D9
    let bench = Bench::new();
    open(&bench);
    bench
        .deliver("ticket-1@example.org", mail("2", "", "x"))
        .silent();
    let before = bench.mbox("1");
    lose_index(&bench);
    bench
        .deliver("ticket-1@example.org", mail("2", "", "x"))
        .silent();
    open(&bench);
    assert_eq!(
        (bench.mbox("1"), bench.names()),
        (before, vec!["1".to_owned()])
    );
    fs::write(
        bench.ticket(".tickets/index.db"),
        "garbage, and more than a header of it",
    )
    .unwrap();
    open(&bench);
    assert_eq!(bench.names(), ["1"]);
    // Damaged further in, where nobody looks when it is opened.
    bench
        .run(&["reindex"], b"")
        .silent_but_for_output("reindex");
    let mut pages = fs::read(bench.ticket(".tickets/index.db")).unwrap();
    pages[2000..].fill(b'x');
    lose_index(&bench);
    bench.put("tickets/.tickets/index.db", &pages);
    open(&bench);
    bench
        .deliver("ticket-1@example.org", mail("2", "", "x"))
        .silent();
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\n\nFrom ").count(), 1);
    // B5: the index is asked, also when it has just been lost.
    lose_index(&bench);
    let reply = mail("3", "In-Reply-To: <2@example.net>\n", "y");
    bench.deliver("submit@example.org", reply).silent();
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn answers_wait_for_sendmail() {
    // C9, E3: missing, 75, hanging
    for (case, script) in [
        ("exits 75", "#!/bin/sh\necho no room >&2; exit 75\n"),
        ("hangs", "#!/bin/sh\nexec sleep 1000\n"),
        ("killed", "#!/bin/sh\nkill -9 $$\n"),
    ] {
        let bench = Bench::with("sendmail_timeout = 1\n");
        bench.sendmail(script);
        open(&bench);
        assert_eq!(bench.names(), ["1"], "{case}");
        let waiting = bench.outbox();
        assert_eq!(waiting.len(), 2, "{case}");
        assert!(
            waiting.iter().all(|name| name.starts_with("new/")),
            "{waiting:?}"
        );
        bench.mend_sendmail();
        bench.run(&["flush"], b"").is(0, "2 sent, 0 waiting\n", "");
        let want = [
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ];
        assert_eq!(bench.take_sent_in_short(), want, "{case}");
        assert_eq!(bench.outbox(), [""; 0], "{case}");
        bench.run(&["flush"], b"").is(0, "0 sent, 0 waiting\n", "");
    }
    let bench = Bench::with("sendmail = \"/nonexistent/sendmail -oem\"\n");
    let args = [
        "deliver",
        "-v",
        "-f",
        "alice@example.net",
        "-r",
        "submit@example.org",
    ];
    let path = bench.ticket("1").display().to_string();
    bench.run(&args, FIRST.as_bytes()).is(
        0,
        "",
        &format!(
            "ticket 1 opened: {path}; acknowledgement queued for alice@example.net; \
             copy queued for steve@example.org\n\
             tickets: the ack of ticket 1 for alice@example.net waits in the outbox: \
             there is no /nonexistent/sendmail\n\
             tickets: the copy of ticket 1 for steve@example.org waits in the outbox: \
             there is no /nonexistent/sendmail\n"
        ),
    );
    let ran = bench.run(&["flush"], b"");
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (75, "0 sent, 2 waiting\n")
    );
    bench.configure("");
    // The next delivery tries what is due again; what has just failed waits a minute.
    bench
        .deliver("submit@example.org", mail("2", "", "x"))
        .silent();
    assert_eq!(bench.take_sent_in_short().len(), 2);
    assert_eq!(bench.outbox().len(), 2);
}

#[test]
fn by_hand_it_says_what_it_did() {
    // E5
    let bench = Bench::new();
    bench.put("first.eml", FIRST.as_bytes());
    let path = bench.ticket("1").display().to_string();
    let said = format!(
        "ticket 1 opened: {path}; acknowledgement queued for alice@example.net; \
         copy queued for steve@example.org\n"
    );
    let args = "deliver --recipient submit@example.org <first.eml";
    on_terminal(&bench, args, "").is(0, &said, "");
    assert_eq!(bench.take_sent().len(), 2);
}

#[test]
fn mistakes_of_the_admin_never_bounce_mail() {
    // A3
    let bench = Bench::new();
    let wrong = |args: &[&str], want: &str| {
        bench.run(args, FIRST.as_bytes()).is(75, "", want);
    };
    wrong(
        &["deliver", "--bogus"],
        "tickets: unexpected argument '--bogus' found\n",
    );
    wrong(
        &["--bogus", "deliver"],
        "tickets: unexpected argument '--bogus' found\n",
    );
    wrong(
        &["--config", "/nonexistent", "deliver"],
        "tickets: cannot read /nonexistent: No such file or directory (os error 2)\n",
    );
    wrong(
        &["--dir", "/proc/nonexistent", "deliver"],
        "tickets: cannot create /proc/nonexistent: No such file or directory (os error 2)\n",
    );
    bench.configure("subjct = 1\n");
    let file = bench.path("config.toml").display().to_string();
    wrong(
        &["deliver"],
        &format!("tickets: {file}:5: unknown key `subjct`\n"),
    );
    bench.configure("subject_tags = [ '\\[issue(\\d+)\\]', '(' ]\n");
    let tagged = mail("9", "Subject: [issue 7]\n", "x");
    let ran = bench.deliver("submit@example.org", &tagged);
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.lines().count()),
        (75, "", 1)
    );
    assert!(
        ran.stderr
            .starts_with("tickets: subject_tags: \"(\" is no regular"),
        "{ran:?}"
    );
    assert_eq!(bench.names(), [""; 0], "nothing was filed");
    bench.configure("");
    bench.run(&["deliver"], b"").is(
        75,
        "",
        "tickets: cannot read the message: standard input is empty\n",
    );
}

#[test]
fn a_store_that_cannot_be_written_defers() {
    // A3
    let bench = Bench::new();
    open(&bench);
    bench.take_sent();
    let before = bench.mbox("1");
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(bench.ticket("1"), mode(0o400)).unwrap();
    let path = bench.ticket("1").display().to_string();
    let update = mail("2", "", "x");
    bench.deliver("ticket-1@example.org", &update).is(
        75,
        "",
        &format!("tickets: cannot open {path}: Permission denied (os error 13)\n"),
    );
    fs::set_permissions(bench.ticket("1"), mode(0o600)).unwrap();
    assert_eq!(
        (bench.mbox("1"), bench.names()),
        (before, vec!["1".to_owned()])
    );
    assert_eq!(bench.outbox(), [""; 0], "no answer to what was not filed");
    bench.deliver("ticket-1@example.org", &update).silent();
    assert_eq!(bench.take_sent().len(), 1);
}

#[test]
fn too_large_is_said_so() {
    // A3
    let bench = Bench::with("max_size = 1000\n");
    let header = "Message-ID: <l@x>\n\n";
    let exactly = format!("{header}{}\n", "x".repeat(999 - header.len()));
    assert_eq!(exactly.len(), 1000);
    let from_line = "From a@b Sun Nov 22 00:30:39 2026\n";
    bench
        .deliver("submit@example.org", format!("{from_line}{exactly}"))
        .silent();
    let want =
        "5.3.4 Your message is larger than 1000 bytes, which is the most that is taken here.\n";
    bench
        .deliver("submit@example.org", format!("{exactly}x"))
        .is(65, want, "");
    bench
        .deliver("submit@example.org", "x".repeat(3_000_000))
        .is(65, want, "");
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn a_torn_entry_is_cut_and_its_message_comes_again() {
    // D7
    let bench = Bench::new();
    open(&bench);
    let whole = fs::read(bench.ticket("1")).unwrap();
    let update = mail("2", "", "the second");
    bench.deliver("ticket-1@example.org", &update).silent();
    let both = fs::read(bench.ticket("1")).unwrap();
    for cut in (whole.len() + 1..both.len() - 1).step_by(7) {
        // As a kill would leave it: half an entry, and an index that knows nothing of it.
        bench.put("tickets/1", &both[..cut]);
        for name in ["index.db", "index.db-wal", "index.db-shm"] {
            let _ = fs::remove_file(bench.ticket(".tickets").join(name));
        }
        bench.deliver("ticket-1@example.org", &update).silent();
        assert_eq!(
            bench
                .mbox("1")
                .matches("\nFrom alice@example.net DATE\n")
                .count(),
            1,
            "{cut}"
        );
        assert!(bench.mbox("1").ends_with("\nthe second\n\n"), "{cut}");
        assert_eq!(
            &fs::read(bench.ticket("1")).unwrap()[..whole.len()],
            whole,
            "{cut}"
        );
    }
}

#[test]
fn locks_of_mail_programs_are_waited_for() {
    // D5: whoever holds either lock keeps us out, and gets their file unharmed.
    let bench = Bench::new();
    open(&bench);
    for kind in ["fcntl", "dotlock"] {
        let path = bench.ticket("1");
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let dotlock = bench.ticket("1.lock");
        match kind {
            "fcntl" => {
                let whole = nix::libc::flock {
                    l_type: nix::libc::F_WRLCK as _,
                    l_whence: 0,
                    l_start: 0,
                    l_len: 0,
                    l_pid: 0,
                };
                let lock = nix::fcntl::FcntlArg::F_SETLK(&whole);
                nix::fcntl::fcntl(&file, lock).unwrap();
            }
            _ => bench.put("tickets/1.lock", b""),
        }
        let message = mail(kind, "", kind);
        let mut command = bench.command(&["deliver", "-r", "ticket-1@example.org"]);
        command
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), message.as_bytes()).unwrap();
        // It has staged its answer, so it has come as far as the lock.
        let staged = || bench.outbox().iter().any(|name| name.starts_with("tmp/"));
        while !staged() {
            assert_eq!(child.try_wait().unwrap(), None, "{kind}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!bench.mbox("1").contains(&message), "{kind}");
        drop(file);
        let _ = fs::remove_file(dotlock);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), ended.stderr),
            (Some(0), vec![]),
            "{kind}"
        );
        assert!(bench.mbox("1").ends_with(&format!("{message}\n")), "{kind}");
    }
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn eight_at_once_get_numbers_without_a_gap() {
    // B7
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let bench = &bench;
            scope.spawn(move || {
                for n in 0..5 {
                    let from = format!("From: a{worker}.{n}@example.net\n");
                    let message = format!("{from}Message-ID: <{worker}.{n}@x>\n\nx\n");
                    bench.deliver("submit@example.org", message).silent();
                }
            });
        }
    });
    let mut numbers: Vec<u32> = bench.names().iter().map(|n| n.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let acks = bench.take_sent_in_short();
    assert_eq!(acks.iter().filter(|s| s.starts_with("ack ")).count(), 40);
    assert_eq!(bench.outbox(), [""; 0]);
}

#[test]
fn the_operators_own_words_replace_the_texts() {
    // C1: templates, and umlauts both ways
    let bench = Bench::new();
    let dir = bench.path("texts");
    fs::create_dir(&dir).unwrap();
    let text = "Subject: Eingegangen: {{ subject }}\n\nLieber Mensch,\n{{ subject }} ist Nr. {{ ticket }}.\nGrüße\n";
    bench.put("texts/ack.txt", text.as_bytes());
    bench.configure(&format!("templates = {dir:?}\nname = \"Büro, Hilfe\"\n"));
    let german = "From: =?iso-8859-1?q?J=F6rg_M=FCller?= <joerg@example.net>\n\
        Subject: =?utf-8?b?RHJ1Y2tlciBicsOkbm50?=\nMessage-ID: <g@x>\n\nx\n";
    bench.deliver("submit@example.org", german).silent();
    let sent = bench.take_sent();
    let ack = mailparse::parse_mail(sent[0].mail.as_bytes()).unwrap();
    let field = |name: &str| mailparse::MailHeaderMap::get_first_value(&ack.headers[..], name);
    assert_eq!(
        field("Subject").unwrap(),
        "[issue1] Eingegangen: Drucker brännt"
    );
    assert_eq!(
        field("From").unwrap().replace('"', ""),
        "Büro, Hilfe <ticket-1@example.org>"
    );
    assert_eq!(field("To").unwrap(), "Jörg Müller <joerg@example.net>");
    let body = ack.get_body().unwrap().replace("\r\n", "\n");
    assert_eq!(
        body.trim_end(),
        "Lieber Mensch,\nDrucker brännt ist Nr. 1.\nGrüße"
    );
    // A broken template costs the text, not the answer.
    bench.put("texts/ack.txt", b"{% if %}");
    bench
        .deliver("submit@example.org", mail("2", "", "x"))
        .silent();
    assert!(bench.take_sent()[0].body().contains("is now ticket 2"));
}

#[test]
fn files_are_private_and_links_are_not_followed() {
    // D8
    use std::os::unix::fs::{MetadataExt, symlink};
    let bench = Bench::new();
    open(&bench);
    let mode = |name: &str| fs::symlink_metadata(bench.ticket(name)).unwrap().mode() & 0o7777;
    let modes = [
        mode(""),
        mode("archived"),
        mode(".tickets"),
        mode("1"),
        mode(".tickets/index.db"),
    ];
    assert_eq!(modes, [0o711, 0o711, 0o700, 0o600, 0o600]);
    let secret = bench.path("secret");
    bench.put("secret", b"");
    symlink(&secret, bench.ticket("2")).unwrap();
    let Ran { status, .. } = bench.deliver("ticket-2@example.org", mail("2", "", "x"));
    assert_eq!(status, 67, "a link is no ticket");
    bench
        .deliver("submit@example.org", mail("3", "", "x"))
        .silent();
    assert_eq!(fs::read(secret).unwrap(), b"");
    assert_eq!(bench.names(), ["1", "2", "3"]);
}

#[test]
fn root_leaves_nothing_that_the_desk_cannot_read() {
    // D8, E7
    use std::os::unix::fs::MetadataExt;
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can try what root would leave behind");
        return;
    }
    let bench = Bench::new();
    open(&bench);
    let owner = fs::metadata(bench.ticket("1")).unwrap().uid();
    assert_ne!(owner, 0);
    for args in [
        &["close", "1"][..],
        &["reopen", "1"],
        &["deliver", "-r", "submit@example.org"],
    ] {
        let mut command = std::process::Command::new(crate::bench::binary());
        command
            .args(args)
            .env_clear()
            .env("TICKETS_CONFIG", bench.path("config.toml"));
        assert_eq!(
            finish(command, mail("2", "", "x").as_bytes()).status,
            0,
            "{args:?}"
        );
    }
    assert_eq!(bench.names(), ["1", "2"]);
    let mut dirs = vec![bench.path("tickets")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().uid(), owner, "{:?}", entry.path());
            if entry.file_type().unwrap().is_dir() {
                dirs.push(entry.path());
            }
        }
    }
}

#[test]
fn another_user_is_told_whose_store_it_is() {
    // E4
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can become two users");
        return;
    }
    use std::os::unix::process::CommandExt;
    let bench = Bench::new();
    open(&bench);
    fs::set_permissions(
        bench.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut command = std::process::Command::new(crate::bench::binary());
    command
        .args(["close", "1"])
        .env_clear()
        .env("TICKETS_CONFIG", bench.path("config.toml"));
    command.uid(1).gid(1);
    let index = bench.ticket(".tickets/index.db").display().to_string();
    finish(command, b"").is(
        77,
        "",
        &format!(
            "tickets: cannot open {index}: Permission denied (os error 13)\n\
             hint: run it as the user who owns the store (see `tickets check`)\n"
        ),
    );
}
