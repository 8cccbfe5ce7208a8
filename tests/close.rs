//! `tickets close` and `tickets reopen`: the operator's mail, through the same door (D4).

use crate::bench::Bench;
use crate::transcript::Transcript;

const FIRST: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\n\
    Subject: =?utf-8?q?Drucker_br=C3=A4nnt?=\nMessage-ID: <1@example.net>\n\nIt burns.\n";

fn desk() -> Bench {
    let bench = Bench::new();
    bench.file("submit", FIRST);
    bench.take_sent();
    bench
}

// C4, D1, D4, E3, E4
#[test]
fn manual() {
    let b = desk();
    // The Message-ID of the operator's mail holds the number of the process.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("size=3[0-9]{2};\n", "size=<size>;\n");
    let _settings = settings.bind_to_scope();
    let mut t = Transcript::new(&b);
    t.step(
        "Closing files a mail in the ticket, and tells the submitter.",
        "tickets close 1 -m $'Gelöscht.\\nFrom now on: water.'",
    );
    t.mails();
    t.step(
        "The mail in the ticket is like any other.",
        "sed '1,/^It burns/d' tickets/archived/1",
    );
    t.step(
        "What is done is not done again. Opening again says nothing to the submitter, unless there is \
         a text.",
        "tickets close 1\n\
         tickets reopen 1\n\
         tickets reopen 1\n\
         tickets close 1\n\
         tickets reopen 1 -m 'Sorry!'\n\
         grep -c '^From ' tickets/1",
    );
    t.step(
        "A text is filed whatever the state is, as a mail would be: the submitter of an open ticket \
         gets it, and closing what is closed says nothing.",
        "tickets reopen 1 -m 'Once more.'\n\
         tickets close 1\n\
         tickets close 1 -m 'Really.'\n\
         grep -c -e '^Once more' -e '^Really' tickets/archived/1\n\
         tickets reopen 1",
    );
    b.file("submit", "Message-ID: <2@x>\n\nx\n");
    t.step(
        "Of several, all are closed or none.",
        "tickets close 1 7\ntickets close 1 2",
    );
    t.step(
        "Mistakes name the way out.",
        "tickets close 01\ntickets close\ntickets clsoe 1",
    );
    b.configure("nmae = \"x\"\n");
    t.run("tickets close 1");
    insta::assert_snapshot!("close", t);
}

#[test]
fn reindex_counts_what_there_is() {
    // E3
    let bench = desk();
    bench.file("ticket-1", "Message-ID: <2@x>\n\nx\n");
    bench.says("close 1", "closed 1  Drucker brännt\n");
    bench.says("reindex", "1 ticket, 3 messages\n");
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
    bench.says("check --store", "3 messages in 1 ticket, none changed\n");
}
