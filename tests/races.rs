//! Many at once, as an MTA starts us: whatever comes between whom, each message is there once.

use crate::bench::Bench;
use crate::tally::{self, Letter};
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ScopedJoinHandle};

/// How many come at the same moment.
const CROWD: usize = 20;

/// Hands in `letters`, all at the same moment. An MTA would take nothing but silence for success.
pub fn deliver_at_once<'a>(bench: &Bench, letters: impl IntoIterator<Item = &'a Letter>) {
    let letters: Vec<&Letter> = letters.into_iter().collect();
    let start = &Barrier::new(letters.len());
    thread::scope(|scope| {
        for letter in letters {
            scope.spawn(move || {
                start.wait();
                bench.deliver(&letter.recipient, &letter.bytes).silent();
            });
        }
    });
}

/// A desk with ticket 1 of Alice's, whose letter is given, too.
pub fn desk() -> (Bench, Letter) {
    let bench = Bench::new();
    let first = Letter::new("submit@example.org", 0);
    bench.deliver(&first.recipient, &first.bytes).silent();
    bench.take_sent();
    (bench, first)
}

/// A5, B7: an alias that delivers twice, or an MTA whose first attempt is still at work.
#[test]
fn the_same_new_message_is_one_ticket_and_one_acknowledgement() {
    for round in 0..5 {
        let bench = Bench::new();
        let letter = Letter::new("submit@example.org", round);
        deliver_at_once(&bench, [&letter; CROWD]);
        let tickets = tally::tickets(&bench);
        tally::assert_each_once(&tickets, [&letter]);
        tally::assert_sound(&bench, &tickets);
        let want = [
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ];
        assert_eq!(bench.take_sent_in_short(), want);
    }
}

/// A5: the same in a ticket that is there. One copy, and those who are told are told once.
#[test]
fn the_same_message_to_a_ticket_is_one_copy_and_one_notice() {
    let (bench, first) = desk();
    let mut letters = vec![first];
    for round in 1..=8 {
        let (recipient, want) = match round % 2 {
            0 => (
                "ticket-1-done@example.org",
                "closed <> -- alice@example.net",
            ),
            _ => ("ticket-1@example.org", "copy <> -- steve@example.org"),
        };
        let letter = Letter::new(recipient, round);
        deliver_at_once(&bench, [&letter; CROWD]);
        assert_eq!(bench.take_sent_in_short(), [want], "round {round}");
        letters.push(letter);
    }
    let tickets = tally::tickets(&bench);
    tally::assert_each_once(&tickets, &letters);
    assert_eq!(tickets[0].story(), (tickets[0].open, 4));
    tally::assert_sound(&bench, &tickets);
}

#[test]
fn different_messages_to_a_ticket_are_all_filed_and_told() {
    let (bench, first) = desk();
    let mut letters = vec![first];
    for round in 0..4 {
        let from = letters.len();
        letters.extend((from..from + CROWD).map(|n| Letter::new("ticket-1@example.org", n)));
        deliver_at_once(&bench, &letters[from..]);
        let told = bench.take_sent_in_short();
        assert_eq!(
            told, ["copy <> -- steve@example.org"; CROWD],
            "round {round}"
        );
        let tickets = tally::tickets(&bench);
        tally::assert_each_once(&tickets, &letters);
        assert_eq!(tickets[0].story(), (tickets[0].open, 0));
        tally::assert_sound(&bench, &tickets);
    }
}

/// D5: `mv` by hand, which takes no locks, between a delivery's look and its lock. A ticket that
/// is somewhere is never said not to be there; at worst its mail has to come again.
#[test]
fn a_ticket_that_is_moved_all_the_time_gets_its_mail() {
    let (bench, first) = desk();
    let letters: Vec<Letter> = (1..=100)
        .map(|n| Letter::new("ticket-1@example.org", n))
        .collect();
    let (open, archived) = (bench.ticket("1"), bench.ticket("archived/1"));
    let next = AtomicUsize::new(0);
    let deferred = AtomicUsize::new(0);
    let work = || {
        while let Some(letter) = letters.get(next.fetch_add(1, Relaxed)) {
            deferred.fetch_add(tally::deliver_until_filed(&bench, letter), Relaxed);
        }
    };
    let moves = thread::scope(|scope| {
        let workers = [(); 4].map(|()| scope.spawn(work));
        let mut moves = 0;
        while !workers.iter().all(ScopedJoinHandle::is_finished) {
            // A delivery may have re-opened it first.
            moves += usize::from(fs::rename(&open, &archived).is_ok());
            moves += usize::from(fs::rename(&archived, &open).is_ok());
        }
        moves
    });
    let deferred = deferred.into_inner();
    println!("100 letters, {moves} moves, {deferred} deliveries deferred");
    assert!(moves > 2 * letters.len(), "only {moves} moves");
    let tickets = tally::tickets(&bench);
    tally::assert_each_once(&tickets, letters.iter().chain([&first]));
    tally::assert_sound(&bench, &tickets);
}
