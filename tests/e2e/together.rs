//! Many at once: senders beside each other, and mutt beside all of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::exim::trial;
use crate::mail;
use crate::mutt::Mutt;
use crate::site::{self, Form};
use crate::smtp::Smtp;

const ALICE: &str = "alice@example.net";

/// B7, C1: numbers without a gap and an acknowledgement for everyone.
#[test]
fn two_hundred_authors_and_eight_senders() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    // More strangers than usual are answered within an hour (C7), all of one domain.
    site::configure(&site.path(""), "ack_total = 400\n");
    let next = AtomicUsize::new(1);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let n @ 1..=200 = next.fetch_add(1, Ordering::Relaxed) {
                    let author = format!("author{n}@example.net");
                    let message = trial(
                        &author,
                        &format!("{n}@example.net"),
                        &format!("question {n}"),
                    );
                    Smtp::connect(site.port).send(
                        &author,
                        &["submit@example.org"],
                        message.as_bytes(),
                    );
                }
            });
        }
    });
    site.settle();
    let count = site.count();
    assert_eq!(count.open, (1..=200).collect::<Vec<u32>>());
    let mut tickets = BTreeMap::new();
    for number in count.open {
        let [entry] = &site.ticket(number)[..] else {
            panic!("ticket {number} has not one entry")
        };
        tickets.insert(entry.get("Message-ID"), number);
    }
    for n in 1..=200 {
        let number = tickets
            .get(&format!("<{n}@example.net>"))
            .unwrap_or_else(|| panic!("mail {n} is in no ticket"));
        let [ack] = &site.mailbox(&format!("author{n}@example.net"))[..] else {
            panic!("author {n} has not one acknowledgement")
        };
        assert_eq!(ack.get("Subject"), format!("[issue{number}] question {n}"));
        assert_eq!(ack.get("In-Reply-To"), format!("<{n}@example.net>"));
    }
}

/// D5: mutt flags and writes back its folder without pause, and no mail is lost or doubled.
#[test]
fn mutt_writes_while_mail_comes_in() {
    const OLD: usize = 600;
    const NEW: usize = 150;
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    // A folder that takes mutt a while to write.
    let filler = "A line of a mail that has been here for some time already.\n".repeat(40);
    let old: String = (0..OLD)
        .map(|n| {
            let mail = trial(ALICE, &format!("old-{n}@example.net"), "printer");
            format!("From alice@example.net Sun Nov 22 10:00:00 2026\n{mail}{filler}\n")
        })
        .collect();
    let path = site.store().join("1");
    site.make_store(&["1"]);
    fs::write(&path, old).unwrap();

    let mutt = Mutt::open(&site, "~/tickets/1", "");
    let rounds = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    let sender = || {
        while let n @ 0..NEW = next.fetch_add(1, Ordering::Relaxed) {
            // However slow mutt is, it writes between these mails and not only after them.
            site.wait("mutt to write some more", || {
                (n < (rounds.load(Ordering::Relaxed) + 1) * 20).then_some(())
            });
            let message = trial(ALICE, &format!("new-{n}@example.net"), "Re: printer");
            let message = message.replace("submit@", "ticket-1@");
            let recipients = ["ticket-1@example.org"];
            let id = Smtp::connect(site.port).send(ALICE, &recipients, message.as_bytes());
            site.wait_for_delivery(&id);
        }
    };
    thread::scope(|scope| {
        // Three mails at a time, and no gap between them.
        let senders = [(); 3].map(|()| scope.spawn(sender));
        let at_work = || senders.iter().any(|sender| !sender.is_finished());
        while at_work() {
            // From the first message on: mutt writes everything behind a changed one.
            mutt.press(&["=", "F", "$"]);
            let round = rounds.load(Ordering::Relaxed) + 1;
            site.wait("mutt to write its folder", || {
                let written = first_is_flagged(&path) == (round % 2 == 1);
                // When mail came in since mutt looked last, `$` shows that and writes nothing.
                if !written {
                    mutt.press(&["$"]);
                }
                (written || !at_work()).then_some(())
            });
            rounds.store(round, Ordering::Relaxed);
        }
    });
    site.settle();
    mutt.quit();
    let rounds = rounds.into_inner();
    assert!(rounds > 5, "mutt wrote only {rounds} times");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\nStatus: "), "mutt wrote nothing");
    let mut seen = BTreeMap::new();
    for entry in mail::mbox(&path) {
        *seen.entry(entry.get("Message-ID")).or_insert(0) += 1;
    }
    let wanted: BTreeMap<String, i32> = (0..OLD)
        .map(|n| (format!("<old-{n}@example.net>"), 1))
        .chain((0..NEW).map(|n| (format!("<new-{n}@example.net>"), 1)))
        .collect();
    assert_eq!(seen, wanted);
}

/// Whether the first entry of an mbox has mutt's mark of a flagged one; false if it is not there.
pub fn first_is_flagged(path: &Path) -> bool {
    let mut head = vec![0; 1024];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    let head = String::from_utf8_lossy(&head[..read.unwrap_or(0)]).into_owned();
    let header = head.split("\n\n").next().unwrap_or_default();
    header.contains("\nX-Status: F")
}
