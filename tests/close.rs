//! `tickets close` and `tickets reopen`: the operator's mail, through the same door (D4).

use crate::bench::Bench;

const FIRST: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\n\
    Subject: =?utf-8?q?Drucker_br=C3=A4nnt?=\nMessage-ID: <1@example.net>\n\nIt burns.\n";

fn desk() -> Bench {
    let bench = Bench::new();
    bench.file("submit", FIRST);
    bench.take_sent();
    bench
}

#[test]
fn closing_is_a_mail_like_any_other() {
    // C4, D4, E3
    let bench = desk();
    bench
        .run(&["close", "1", "-m", "Gelöscht.\nFrom now on: water."], b"")
        .is(0, "closed 1  Drucker brännt\n", "");
    assert_eq!(bench.names(), ["archived/1"]);
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].args, "-i -f <> -- alice@example.net");
    assert_eq!(sent[0].field("X-Tickets-Kind").as_deref(), Some("closed"));
    let notice = mailparse::parse_mail(sent[0].mail.as_bytes()).unwrap();
    let text = notice.get_body().unwrap().replace("\r\n", "\n");
    assert!(
        text.contains("\nGelöscht.\nFrom now on: water.\n"),
        "{text}"
    );
    let mbox = bench.mbox("archived/1");
    let (_, entry) = mbox.split_once("\n\nFrom ").unwrap();
    assert!(entry.starts_with("ticket-1@example.org DATE\nReturn-Path: <ticket-1@example.org>\n"));
    assert!(
        entry.contains("\nDelivered-To: ticket-1-done@example.org\n"),
        "{entry}"
    );
    assert!(
        entry.contains("\nTo: ticket-1-done@example.org\n"),
        "{entry}"
    );
    assert!(entry.contains("\nMIME-Version: 1.0\n"), "{entry}");

    bench
        .run(&["close", "1"], b"")
        .is(0, "", "tickets: ticket 1 is closed already\n");
    assert_eq!(bench.mbox("archived/1"), mbox);

    bench
        .run(&["reopen", "1"], b"")
        .is(0, "re-opened 1  Drucker brännt\n", "");
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(
        bench.take_sent_in_short(),
        [""; 0],
        "nothing was said to her"
    );
    bench
        .run(&["reopen", "1"], b"")
        .is(0, "", "tickets: ticket 1 is open already\n");
    bench
        .run(&["close", "1"], b"")
        .is(0, "closed 1  Drucker brännt\n", "");
    bench.take_sent();
    bench
        .run(&["reopen", "1", "-m", "Sorry!"], b"")
        .is(0, "re-opened 1  Drucker brännt\n", "");
    let want = ["copy ticket-1@example.org -- alice@example.net"];
    assert_eq!(bench.take_sent_in_short(), want, "with a text she gets it");
    assert_eq!(bench.mbox("1").matches("\n\nFrom ").count(), 4);
}

#[test]
fn several_at_once_or_none() {
    let bench = desk();
    bench.file("submit", "Message-ID: <2@x>\n\nx\n");
    let dir = bench.path("tickets").display().to_string();
    bench.run(&["close", "1", "7"], b"").is(
        66,
        "",
        &format!("tickets: no ticket 7 in {dir}\nhint: `tickets list --all` shows every ticket\n"),
    );
    assert_eq!(bench.names(), ["1", "2"]);
    bench
        .run(&["close", "1", "2"], b"")
        .is(0, "closed 1  Drucker brännt\nclosed 2\n", "");
    assert_eq!(bench.names(), ["archived/1", "archived/2"]);
}

#[test]
fn mistakes_are_explained() {
    // E4
    let bench = desk();
    bench.run(&["close", "01"], b"").is(
        64,
        "",
        "tickets: invalid value '01' for '<TICKET>...': a ticket is a number from 1 to 999999999, \
         without leading zeros\nhint: `tickets close --help` shows its options\n",
    );
    bench.run(&["close"], b"").is(
        64,
        "",
        "tickets: the following required arguments were not provided: <TICKET>...\n\
         hint: `tickets close --help` shows its options\n",
    );
    let ran = bench.run(&["clsoe", "1"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (64, ""));
    assert_eq!(
        ran.stderr,
        "tickets: unrecognized subcommand 'clsoe'\nhint: a similar subcommand exists: 'close'\n"
    );
    bench.configure("nmae = \"x\"\n");
    let file = bench.path("config.toml").display().to_string();
    bench.run(&["close", "1"], b"").is(
        78,
        "",
        &format!("tickets: {file}:5: unknown key `nmae`\nhint: the key is `name`\n"),
    );
}

#[test]
fn reindex_counts_what_there_is() {
    // E3
    let bench = desk();
    bench.file("ticket-1", "Message-ID: <2@x>\n\nx\n");
    bench
        .run(&["close", "1"], b"")
        .is(0, "closed 1  Drucker brännt\n", "");
    bench
        .run(&["reindex"], b"")
        .is(0, "1 ticket, 3 messages\n", "");
    bench.file("ticket-1", "Message-ID: <2@x>\n\nx\n");
    assert_eq!(bench.names(), ["archived/1"], "still known");
}

/// D7: on a file system where a rename is not one change, a power cut may leave both names.
#[test]
fn a_move_that_was_broken_off_is_finished() {
    let bench = desk();
    let closing = "From: steve@example.org\nMessage-ID: <2@example.org>\n\nDone.\n";
    let break_off = |from: &str, to: &str| {
        std::fs::hard_link(bench.ticket(from), bench.ticket(to)).unwrap();
        assert_eq!(bench.names(), ["1", "archived/1"]);
    };
    bench.file("ticket-1-done", closing);
    let mbox = bench.mbox("archived/1");
    break_off("archived/1", "1");
    bench.file("ticket-1-done", closing);
    assert_eq!(bench.names(), ["archived/1"]);
    assert_eq!(bench.mbox("archived/1"), mbox);

    break_off("archived/1", "1");
    let more = "From: alice@example.net\nMessage-ID: <3@example.net>\n\nIt burns again.\n";
    bench.file("ticket-1", more);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\n\nFrom ").count(), 2);
    bench
        .run(&["check", "--store"], b"")
        .is(0, "3 messages in 1 ticket, none changed\n", "");
}
