//! Ten thousand deliveries, eight at a time, and an operator at mutt among them.

use std::fs;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::mutt;
use crate::site;
use crate::tally::{self, Letter};
use crate::terminal::Terminal;
use crate::together::first_is_flagged;

const DELIVERIES: usize = 10_000;
const TICKETS: usize = 50;
const SENDERS: usize = 8;
/// How often mutt's folder is looked at until another one's turn comes.
const LOOKS: usize = 200;

/// A5, B7, B11, C4, D1, D2, D5, D9: each message lies there once, as it came, whatever went on
/// beside it; each ticket is where its last messages put it, and the index says so, too.
#[test]
fn ten_thousand_deliveries() {
    if !site::may_run(site::missing(&[])) {
        return;
    }
    // Who is told what is counted in other tests, with a thousand times fewer messages.
    let bench = Bench::with("notify = \"none\"\nack = false\n");
    let taken = bench.path("taken");
    bench.put("taken", b"");
    bench.sendmail(&format!("#!/bin/sh\necho \"$*\" >>{}\n", taken.display()));
    let begun = Instant::now();
    let mut deferred = deliver(&bench, 0..TICKETS, |_| ());
    let written = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let operator = scope.spawn(|| flag_and_write(&bench, &over, &written));
        // However slow mutt is, it writes between these mails and not only after them.
        deferred += deliver(&bench, TICKETS..DELIVERIES, |n| {
            site::wait("mutt to write some more", || {
                let so_far = (written.load(Relaxed) + 1) * DELIVERIES / 10;
                (n < so_far || operator.is_finished()).then_some(())
            });
        });
        over.store(true, Relaxed);
        operator.join().unwrap();
    });
    let took = begun.elapsed();
    let written = written.into_inner();
    let tickets = tally::tickets(&bench);
    tally::assert_each_once(&tickets, (0..DELIVERIES).map(letter));
    let mut closings = 0;
    for ticket in &tickets {
        let (open, closed) = ticket.story();
        assert_eq!(ticket.open, open, "ticket {}", ticket.number);
        closings += closed;
    }
    let notices = fs::read_to_string(&taken).unwrap();
    let told = notices
        .lines()
        .filter(|&line| line == "-i -f <> -- alice@example.net");
    assert_eq!(
        (told.count(), notices.lines().count()),
        (closings, closings)
    );
    tally::assert_sound(&bench, &tickets);
    let messages: usize = tickets.iter().map(|ticket| ticket.entries.len()).sum();
    let archived = tickets.iter().filter(|ticket| !ticket.open).count();
    println!(
        "{messages} of {DELIVERIES} messages once in {} tickets ({archived} closed), {closings} \
         closings told, {deferred} deliveries deferred, mutt wrote {written} times; {took:.0?}",
        tickets.len()
    );
    assert_eq!((messages, tickets.len()), (DELIVERIES, TICKETS));
    assert!(written >= 9, "mutt wrote only {written} times");
}

/// The first ones open tickets; of those that follow one in ten closes its ticket, whatever comes
/// next opens it again, and one in ten is filed quietly.
fn letter(n: usize) -> Letter {
    let ticket = 1 + n * 7 % TICKETS;
    match (n, (n / TICKETS + n) % 10) {
        (..TICKETS, _) => Letter::new("submit@example.org", n),
        (_, 3) => Letter::new(&format!("ticket-{ticket}-done@example.org"), n),
        (_, 4) => Letter::new(&format!("ticket-{ticket}-quiet@example.org"), n),
        _ => Letter::new(&format!("ticket-{ticket}@example.org"), n),
    }
}

/// Hands letters in, eight at a time, each after `wait` and until it is taken; says how often one
/// was deferred.
fn deliver(bench: &Bench, numbers: Range<usize>, wait: impl Fn(usize) + Sync) -> usize {
    let next = AtomicUsize::new(numbers.start);
    let deferred = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Relaxed);
                    if n >= numbers.end {
                        break;
                    }
                    wait(n);
                    deferred.fetch_add(tally::deliver_until_filed(bench, &letter(n)), Relaxed);
                }
            });
        }
    });
    deferred.into_inner()
}

/// An operator who goes from ticket to ticket, flags the first mail there (or takes the flag
/// away) and has mutt write the folder, until `over`.
fn flag_and_write(bench: &Bench, over: &AtomicBool, written: &AtomicUsize) {
    let rc = "set quit=yes delete=yes move=no record='' header_cache='' wait_key=no sort=mailbox-order\n\
              set folder=/\n";
    bench.put("empty", b"");
    let empty = bench.path("empty").display().to_string();
    let mutt = mutt::at_bench(bench, &["mutt"], rc, &["-f", &empty]);
    mutt.shows("-Mutt: ");
    let mut number = 0;
    while !over.load(Relaxed) {
        number = 1 + number % TICKETS;
        written.fetch_add(usize::from(writes(&mutt, bench, number)), Relaxed);
    }
    mutt.press(&["q"]);
    mutt.wait_until_gone();
}

/// Has mutt open this ticket and write it; false if the ticket was closed or opened meanwhile, or
/// others were at it all the time.
fn writes(mutt: &Terminal, bench: &Bench, number: usize) -> bool {
    let names = [number.to_string(), format!("archived/{number}")];
    let there = |name: &&String| bench.ticket(name).exists();
    let Some(name) = names.iter().find(there) else {
        return false;
    };
    let path = bench.ticket(name);
    let flagged = first_is_flagged(&path);
    mutt.press(&["C-g", "c"]);
    mutt.types(&path.display().to_string());
    mutt.press(&["Enter"]);
    let title = format!("tickets/{name} [");
    let mut opened = false;
    for _ in 0..LOOKS {
        if first_is_flagged(&path) != flagged {
            return path.exists();
        }
        let screen = mutt.screen();
        if screen.contains("remove lock") {
            // It belongs to a delivery that waits for the disk.
            mutt.press(&["n"]);
        } else if opened {
            // When mail came in since mutt looked last, `$` shows that and writes nothing.
            mutt.press(&["$"]);
        } else if screen.contains(&title) {
            mutt.press(&["=", "F", "$"]);
            opened = true;
        }
        if !path.exists() {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}
