//! Where a message goes (B1 to B11), and the same one again (A5).

use crate::bench::{Bench, finish};
use crate::deliver::{FIRST, lose_index, mail, open};
use std::fs;

#[test]
fn the_same_message_is_filed_once_and_answered_once() {
    // A5
    let bench = Bench::new();
    for _ in 0..3 {
        bench.file("submit", FIRST);
    }
    let before = bench.mbox("1");
    assert_eq!(bench.take_sent().len(), 2);
    // An MTA adds trace fields of its own at each attempt.
    let again = format!("Delivery-date: now\n{FIRST}");
    bench.file("submit", &again);
    let update = mail("2", "", "more");
    bench.file("ticket-1", &update);
    bench.file("ticket-1", &update);
    assert_eq!(bench.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\nFrom alice").count(), 1);
    assert!(bench.mbox("1").starts_with(&before));
    // Another body under the same Message-ID is another message.
    bench.file("submit", FIRST.replace("burns", "smokes"));
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn mail_without_message_id_is_not_confused() {
    // A5
    let bench = Bench::new();
    bench.file("submit", "Date: a\n\nx\n");
    bench.file("submit", "Date: a\n\nx\n");
    bench.file("submit", "Date: b\n\nx\n");
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn addresses_and_tags_lead_to_tickets() {
    // B1, B4, B5
    let bench = Bench::new();
    open(&bench);
    bench.file("submit", mail("2", "Subject: other\n", "x"));
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
fn numbers_are_never_used_twice() {
    // B7
    let bench = Bench::new();
    open(&bench);
    bench.file("submit", mail("2", "", "x"));
    fs::remove_file(bench.ticket("2")).unwrap();
    bench.file("submit", mail("3", "", "x"));
    assert_eq!(bench.names(), ["1", "3"]);
    // An index or a sequence that was lost is made again.
    fs::remove_file(bench.ticket(".tickets/index.db")).unwrap();
    bench.file("submit", mail("4", "", "x"));
    fs::remove_file(bench.ticket(".tickets/sequence")).unwrap();
    bench.file("submit", mail("5", "", "x"));
    // A file put there by hand is stepped over, and known from then on.
    let copied = "From ann@example.com Sun Nov 22 00:30:39 2026\nMessage-ID: <by-hand@x>\n\nx\n\n";
    bench.put("tickets/6", copied.as_bytes());
    bench.file("submit", mail("7", "", "x"));
    assert_eq!(bench.names(), ["1", "3", "4", "5", "6", "7"]);
    bench.file("submit", mail("8", "In-Reply-To: <by-hand@x>\n", "y"));
    assert!(bench.mbox("6").ends_with("y\n\n"), "{}", bench.mbox("6"));
}

#[test]
fn after_the_index_is_lost_nothing_is_doubled() {
    // D9
    let bench = Bench::new();
    open(&bench);
    bench.file("ticket-1", mail("2", "", "x"));
    let before = bench.mbox("1");
    lose_index(&bench);
    bench.file("ticket-1", mail("2", "", "x"));
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
    bench.works("reindex");
    let mut pages = fs::read(bench.ticket(".tickets/index.db")).unwrap();
    pages[2000..].fill(b'x');
    lose_index(&bench);
    bench.put("tickets/.tickets/index.db", &pages);
    open(&bench);
    bench.file("ticket-1", mail("2", "", "x"));
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\n\nFrom ").count(), 1);
    // B5: the index is asked, also when it has just been lost.
    lose_index(&bench);
    let reply = mail("3", "In-Reply-To: <2@example.net>\n", "y");
    bench.file("submit", reply);
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
                    bench.file("submit", message);
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
