//! Dotlocks that nobody will remove, and those that somebody may yet (D5).

use crate::bench::Bench;
use crate::races::{deliver_at_once, desk};
use crate::tally::{self, Letter};
use std::fs::{self, File};
use std::thread;
use std::time::{Duration, SystemTime};

/// A lock this old has lost its owner.
const STALE: Duration = Duration::from_secs(5 * 60 + 1);

/// `1.lock` as programs leave it: what it says, and how old it is.
struct Dotlock {
    says: Vec<u8>,
    age: Duration,
}

/// What our own lock says of this process.
fn by(process: u32) -> Vec<u8> {
    let host = nix::unistd::gethostname().unwrap();
    format!("{process} {}\n", host.to_str().unwrap()).into_bytes()
}

fn dead() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

/// What programs write there, and what may come of it.
fn contents() -> Vec<Vec<u8>> {
    vec![
        // mutt, and a full disk.
        b"".to_vec(),
        // Dovecot and liblockfile: whose number it is only their own machine knows.
        b"4711\n".to_vec(),
        b"0".to_vec(),
        b"4711 mail.example.net\n".to_vec(),
        // No process of ours: the number of init, of a group, of everybody, of nothing.
        by(1),
        by(0),
        [b"-".to_vec(), by(4711)].concat(),
        [b"99999999999999999999".to_vec(), by(1)].concat(),
        b"\0\xff\xfe\n\n".repeat(40),
        // This one lives.
        by(std::process::id()),
    ]
}

/// Puts it beside the mbox of ticket 1, which lies there or in archived/.
fn put(bench: &Bench, mbox: &str, lock: &Dotlock) {
    let name = format!("tickets/{mbox}.lock");
    bench.put(&name, &lock.says);
    let file = File::options().write(true).open(bench.path(&name)).unwrap();
    file.set_modified(SystemTime::now() - lock.age).unwrap();
}

#[test]
fn a_stale_one_keeps_nobody_waiting() {
    // D5
    let aged = |says| Dotlock { says, age: STALE };
    let mut stale: Vec<Dotlock> = contents().into_iter().map(aged).collect();
    stale.push(Dotlock {
        says: by(dead()),
        age: Duration::ZERO,
    });
    for lock in &stale {
        let (bench, first) = desk();
        // By a closing, since then the next one finds it at either place.
        let closing = Letter::new("ticket-1-done@example.org", 1);
        put(&bench, "1", lock);
        deliver_at_once(&bench, [&closing]);
        let letters: Vec<Letter> = (2..8)
            .map(|n| Letter::new("ticket-1@example.org", n))
            .collect();
        put(&bench, "archived/1", lock);
        deliver_at_once(&bench, &letters);
        let tickets = tally::tickets(&bench);
        tally::assert_each_once(&tickets, letters.iter().chain([&first, &closing]));
        assert_eq!(tickets[0].story(), (tickets[0].open, 1));
        tally::assert_sound(&bench, &tickets);
    }
}

/// Until the patience of a delivery is at its end; then the mail waits with the MTA, and the lock
/// is left alone.
#[test]
fn a_young_one_holds() {
    // D5
    let young = |says| Dotlock {
        says,
        age: Duration::ZERO,
    };
    let almost = |says| Dotlock {
        says,
        age: STALE / 2,
    };
    let held = contents().into_iter().map(young);
    let held = held.chain(contents().into_iter().map(almost));
    thread::scope(|scope| {
        for lock in held {
            scope.spawn(move || holds_until_it_is_removed(&lock));
        }
    });
}

fn holds_until_it_is_removed(lock: &Dotlock) {
    let (bench, first) = desk();
    put(&bench, "1", lock);
    let letter = Letter::new("ticket-1@example.org", 2);
    let before = bench.mbox("1");
    let [mbox, path] = ["1", "1.lock"].map(|name| bench.ticket(name));
    let us = std::process::id();
    let owner = match lock.says == by(us) {
        true => format!("process {us} ({})", path.display()),
        false => format!("the owner of {}", path.display()),
    };
    let line = format!(
        "tickets: cannot lock {}: {owner} holds it\n",
        mbox.display()
    );
    bench
        .deliver(&letter.recipient, &letter.bytes)
        .is(75, "", &line);
    assert_eq!(bench.mbox("1"), before);
    assert_eq!(bench.names(), ["1", "1.lock"]);
    assert_eq!(fs::read(&path).unwrap(), lock.says);
    fs::remove_file(path).unwrap();
    bench.deliver(&letter.recipient, &letter.bytes).silent();
    let tickets = tally::tickets(&bench);
    tally::assert_each_once(&tickets, [&first, &letter]);
    tally::assert_sound(&bench, &tickets);
}
