//! What is the same message, what is a copy of one, and what is neither (A5).

use crate::bench::Bench;
use crate::deliver::{FIRST, lose_index};
use crate::races::deliver_at_once;
use crate::tally::Letter;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A mail of Carla's with everything that makes it itself.
fn mail(more: &str, subject: &str, text: &str) -> String {
    format!(
        "{more}From: Carla <carla@example.net>\nTo: submit@example.org\nSubject: {subject}\n\
         Message-ID: <c1@example.net>\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\n{text}\n"
    )
}

/// What a list makes of it.
fn by_list(text: &str) -> String {
    mail("List-Id: <l.example.net>\n", "[list] Scanner", text) + "-- \nThe list\n"
}

const TOLD: [&str; 2] = [
    "ack <> -- carla@example.net",
    "copy <> -- steve@example.org",
];

/// How often a text stands in a ticket.
fn count(bench: &Bench, ticket: &str, text: &str) -> usize {
    bench.mbox(ticket).matches(text).count()
}

#[test]
fn what_a_transport_changes_makes_no_other_message() {
    // A5
    let bench = Bench::new();
    let first = mail("", "Gr\u{fc}\u{df}e", "null: \0, all");
    bench.file("submit", &first);
    assert_eq!(bench.take_sent_in_short(), TOLD);
    for again in [
        first.replace('\n', "\r\n").into_bytes(),
        first
            .replace("Gr\u{fc}\u{df}e", "=?iso-8859-1?Q?Gr=FC=DFe?=")
            .into_bytes(),
        first
            .replace("Gr\u{fc}\u{df}e", "=?utf-8?B?R3LDvMOfZQ==?=")
            .into_bytes(),
        first
            .bytes()
            .map(|b| if b == 0 { 0x80 } else { b })
            .collect(),
        format!("Delivered-To: x@example.org\nReceived: by mx\n{first}").into_bytes(),
    ] {
        bench.file("submit", again);
    }
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(count(&bench, "1", "Message-ID: <c1@example.net>"), 1);
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
}

/// A5, B11: a list's copy is filed, told to nobody, and changes no state; the same copy again is a
/// duplicate. So it is if the mbox is so large that the index is asked.
#[test]
fn a_copy_is_filed_and_answered_to_nobody() {
    for filler in [0, 2 << 20] {
        let bench = Bench::new();
        let text = "It scans nothing.\n".to_owned() + &"All is grey.\n".repeat(filler / 13);
        bench.file("submit", mail("", "Scanner", &text));
        let done = "From: steve@example.org\nMessage-ID: <d1@example.org>\n\nDone.\n";
        bench.file("ticket-1-done", done);
        assert_eq!(bench.names(), ["archived/1"]);
        bench.take_sent();
        for recipient in ["submit", "ticket-1", "ticket-1-done", "submit"] {
            bench.file(recipient, by_list(&text));
            assert_eq!(bench.names(), ["archived/1"], "{recipient}, {filler}");
            assert_eq!(bench.take_sent_in_short(), [""; 0], "{recipient}");
            assert_eq!(count(&bench, "archived/1", "The list"), 1, "{recipient}");
        }
        let quiet = "\nDelivered-To: ticket-1-quiet@example.org\n";
        assert_eq!(count(&bench, "archived/1", quiet), 1);
        lose_index(&bench);
        bench.file("submit", by_list(&text));
        bench.file("submit", mail("", "Scanner", &text));
        assert_eq!(count(&bench, "archived/1", "Message-ID: <c1@"), 2);
        assert_eq!(bench.take_sent_in_short(), [""; 0]);
    }
}

/// A5: the copy was faster. It gets no acknowledgement, like all mail of a list, and the mail itself
/// opens no second ticket.
#[test]
fn a_copy_may_come_first() {
    let bench = Bench::new();
    bench.file("submit", by_list("It scans nothing."));
    assert_eq!(bench.take_sent_in_short(), TOLD[1..]);
    for _ in 0..2 {
        bench.file("submit", mail("", "Scanner", "It scans nothing."));
        assert_eq!(bench.names(), ["1"]);
        assert_eq!(count(&bench, "1", "Message-ID: <c1@"), 2);
        assert_eq!(bench.take_sent_in_short(), [""; 0]);
    }
}

/// A5, A6: what was sent to a ticket and to submit@ is filed in each, though the MTA hands it in twice;
/// a copy of it goes to the ticket that it opened.
#[test]
fn one_mail_to_two_addresses_is_no_copy() {
    let bench = Bench::new();
    bench.file("submit", FIRST);
    let both = mail("", "Scanner", "It scans nothing.");
    for _ in 0..2 {
        bench.file("ticket-1", &both);
        bench.file("submit", &both);
    }
    bench.file("submit", by_list("It scans nothing."));
    bench.file("ticket-1", by_list("It scans nothing."));
    assert_eq!(bench.names(), ["1", "2"]);
    let filed = |ticket| count(&bench, ticket, "Message-ID: <c1@");
    assert_eq!((filed("1"), filed("2")), (2, 2));
    // A mail that was sent to a ticket alone has its copies there, too.
    let bench = Bench::new();
    bench.file("submit", FIRST);
    bench.file("ticket-1", &both);
    bench.file("submit", by_list("It scans nothing."));
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(count(&bench, "1", "The list"), 1);
}

/// A5: whichever is first, one opens the ticket and the others are its copies.
#[test]
fn copies_that_come_at_once_are_one_ticket() {
    for round in 0..6 {
        let bench = Bench::new();
        let letters: Vec<Letter> = (0..8)
            .map(|n| Letter {
                recipient: "submit@example.org".into(),
                id: "<c1@example.net>".into(),
                bytes: mail("", "Scanner", &format!("Way {}, round {round}.", n % 4)).into_bytes(),
            })
            .collect();
        deliver_at_once(&bench, &letters);
        assert_eq!(bench.names(), ["1"]);
        assert_eq!(count(&bench, "1", "Message-ID: <c1@"), 4);
        assert_eq!(count(&bench, "1", "-quiet@"), 3);
        assert_eq!(bench.take_sent_in_short(), TOLD);
        assert_eq!(bench.outbox(), [""; 0]);
    }
}

/// The digest of [`FIRST`] as version 0.1.0 made it.
const OLD: &str = "0dc0f0307ef3caff50288dcf9cf0eede";

/// A5, C9, D9, D10: a store of version 0.1.0, which had other digests in its journal, index, outbox and
/// copies. All that lies there stays what it is.
#[test]
fn an_older_store_is_read_rightly() {
    let bench = Bench::new();
    bench.file("submit", FIRST);
    assert_eq!(bench.take_sent().len(), 2);
    let private = bench.ticket(".tickets");
    // The copy's name.
    let day = fs::read_dir(private.join("recent"))
        .unwrap()
        .next()
        .unwrap();
    let day = day.unwrap().path();
    let copy = fs::read_dir(&day).unwrap().next().unwrap().unwrap().path();
    fs::rename(copy, day.join(format!("1.{OLD}"))).unwrap();
    // The journal did not know origins.
    let journal = fs::read_to_string(private.join("journal")).unwrap();
    let at = journal.find("\"origin\":").unwrap();
    let end = at + journal[at..].find(',').unwrap() + 1;
    let old_line = format!("{}{}", &journal[..at], &journal[end..]);
    bench.put("tickets/.tickets/journal", old_line.as_bytes());
    // The index had version 3.
    bench.works("list");
    let mut index = fs::read(private.join("index.db")).unwrap();
    index[60..64].copy_from_slice(&3_u32.to_be_bytes());
    bench.put("tickets/.tickets/index.db", &index);
    bench.put("tickets/.tickets/journal", old_line.as_bytes());
    // An answer that a delivery had still to send when it died.
    let answer = "X-Tickets-Sender: <>\nX-Tickets-Recipient: carla@example.net\nX-Tickets-Kind: ack\n\nhello\n";
    bench.put(
        &format!("tickets/.tickets/outbox/tmp/1.{OLD}.0.ack"),
        answer.as_bytes(),
    );

    bench
        .run(&["restore"], b"")
        .is(0, "", "tickets: nothing is missing\n");
    bench.file("submit", FIRST);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.take_sent_in_short(), ["ack <> -- carla@example.net"]);
    assert_eq!(bench.outbox(), [""; 0]);
    bench.works("check --store");

    // The same if nobody brings the message again: flush finds that it is filed.
    let name = format!("tickets/.tickets/outbox/tmp/1.{OLD}.0.ack");
    bench.put(&name, answer.as_bytes());
    let long_ago = fs::File::options()
        .write(true)
        .open(bench.path(&name))
        .unwrap();
    let hour = std::time::Duration::from_secs(3600);
    long_ago
        .set_modified(std::time::SystemTime::now() - hour)
        .unwrap();
    bench.works("flush");
    assert_eq!(bench.take_sent_in_short(), ["ack <> -- carla@example.net"]);

    // What is really missing is found by an old name as well.
    bench.put("tickets/1", b"");
    let missing = bench.run(&["restore"], b"");
    assert!(missing.stdout.contains("Printer on fire"), "{missing:?}");
}

/// B5: with a secret in the addresses, only who got an answer knows the digest in its msg-id; answers of
/// version 0.1.0 are still known.
#[test]
fn an_older_answer_leads_to_its_ticket() {
    let bench = Bench::new();
    bench.put("secret", b"0123456789abcdef0123456789abcdef\n");
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(bench.path("secret"), mode).unwrap();
    bench.configure(&format!("address_secret = {:?}\n", bench.path("secret")));
    bench.file("submit", FIRST);
    for (digest, tickets) in [(OLD.replace('e', "f"), 2), (OLD.to_owned(), 2)] {
        let reply = format!(
            "From: Carla <carla@example.net>\nMessage-ID: <{digest}@example.net>\n\
             In-Reply-To: <ticket-1.ack.{digest}@example.org>\n\nMore.\n"
        );
        bench.file("submit", reply);
        assert_eq!(bench.names().len(), tickets, "{digest}");
    }
    assert_eq!(count(&bench, "1", "In-Reply-To: <ticket-1.ack"), 1);
}
