//! `tickets restore`: what another program overwrote (D10).

use crate::bench::Bench;
use crate::deliver::mail;
use crate::transcript::Transcript;
use std::collections::BTreeSet;
use std::fs;

// D10, E4
#[test]
fn manual() {
    let b = Bench::new();
    b.file("submit", mail("1", "Subject: one\n", "first"));
    let before = fs::read(b.ticket("1")).unwrap();
    b.file("ticket-1", mail("2", "Subject: two\n", "second"));
    b.file("ticket-1", mail("3", "Subject: three\n", "third"));
    let whole = b.mbox("1");
    let mut t = Transcript::new(&b);
    t.step("All that was filed is there.", "tickets restore");
    let third = fs::read(b.ticket("1")).unwrap();
    let at = third.windows(7).rposition(|w| w == b"\n\nFrom ").unwrap() + 2;
    b.put("tickets/1", &[&before[..], &third[at..]].concat());
    t.step(
        "A mail program wrote what it had read over what came in meanwhile. Without a ticket, \
         `restore` only says so.",
        "tickets restore\ngrep -c ^second tickets/1",
    );
    t.step(
        "With one, it puts the message back.",
        "tickets restore 1\ntickets restore --all",
    );
    let sorted = |mbox: &str| {
        let entries = mbox
            .split("\n\nFrom ")
            .map(|entry| entry.trim_end().to_owned());
        entries.collect::<BTreeSet<_>>()
    };
    assert_eq!(
        sorted(&b.mbox("1")),
        sorted(&whole),
        "every entry as it was"
    );
    assert_eq!(b.mbox("1").matches("\n\nFrom ").count(), 2);
    t.step(
        "A ticket that somebody removed is not missed.",
        "rm tickets/1\ntickets restore\ntickets restore 1",
    );
    insta::assert_snapshot!("restore", t);
}

#[test]
fn copies_can_be_done_without() {
    let bench = Bench::with("keep_recent = 0\n");
    bench.file("submit", mail("1", "", "x"));
    assert!(!bench.ticket(".tickets/recent").exists());
}
