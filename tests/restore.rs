//! `tickets restore`: what another program overwrote (D10).

use crate::bench::Bench;
use crate::deliver::mail;
use std::fs;

#[test]
fn an_overwritten_entry_comes_back() {
    // D10
    let bench = Bench::new();
    bench.file("submit", mail("1", "Subject: one\n", "first"));
    let before = fs::read(bench.ticket("1")).unwrap();
    bench.file("ticket-1", mail("2", "Subject: two\n", "second"));
    bench.file("ticket-1", mail("3", "Subject: three\n", "third"));
    let whole = bench.mbox("1");
    bench
        .run(&["restore"], b"")
        .is(0, "", "tickets: nothing is missing\n");
    // As neomutt leaves it: what it had read, written over what was appended meanwhile.
    let third = fs::read(bench.ticket("1")).unwrap();
    let at = third.windows(7).rposition(|w| w == b"\n\nFrom ").unwrap() + 2;
    bench.put("tickets/1", &[&before[..], &third[at..]].concat());

    let ran = bench.run(&["restore"], b"");
    let day = ran.stdout.split("  ").nth(1).unwrap_or_default().to_owned();
    ran.is(
        0,
        &format!("missing 1  {day}  alice@example.net  two\n"),
        "tickets: `tickets restore TICKET` puts them back\n",
    );
    assert!(!bench.mbox("1").contains("second"), "it was only said");
    bench.run(&["restore", "1"], b"").is(
        0,
        &format!("restored 1  {day}  alice@example.net  two\n"),
        "",
    );
    let mbox = bench.mbox("1");
    let mut want: Vec<&str> = whole.split("\n\nFrom ").map(str::trim_end).collect();
    let mut got: Vec<&str> = mbox.split("\n\nFrom ").map(str::trim_end).collect();
    got.sort_unstable();
    want.sort_unstable();
    assert_eq!(got, want, "every entry as it was");
    bench
        .run(&["restore", "--all"], b"")
        .is(0, "", "tickets: nothing is missing\n");
    // A ticket that somebody removed is not missed.
    fs::remove_file(bench.ticket("1")).unwrap();
    bench
        .run(&["restore"], b"")
        .is(0, "", "tickets: nothing is missing\n");
    let dir = bench.path("tickets").display().to_string();
    bench.run(&["restore", "1"], b"").is(
        66,
        "",
        &format!("tickets: no ticket 1 in {dir}\nhint: `tickets list --all` shows every ticket\n"),
    );
}

#[test]
fn copies_can_be_done_without() {
    let bench = Bench::with("keep_recent = 0\n");
    bench.file("submit", mail("1", "", "x"));
    assert!(!bench.ticket(".tickets/recent").exists());
}
