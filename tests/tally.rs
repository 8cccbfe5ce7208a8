//! Counts what lies in a store after many have worked on it at once: apart from the program, by what
//! was handed in.

use crate::bench::Bench;
use crate::mail::{self, Mail};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Write;
use tickets::mail::entry;

/// A message that is handed in, once or several times.
#[derive(Clone, Debug)]
pub struct Letter {
    pub recipient: String,
    /// In angle brackets, as in its Message-ID field.
    pub id: String,
    pub bytes: Vec<u8>,
}

impl Letter {
    /// A letter of Alice's, or to an address that closes, of the admin's. `n` makes it the only one
    /// of its kind, and one of several that are easily broken.
    pub fn new(recipient: &str, n: usize) -> Letter {
        let closes = recipient.contains("-done@");
        let author = if closes {
            "steve@example.org"
        } else {
            "alice@example.net"
        };
        let id = format!("<{n}@example.net>");
        let head =
            format!("From: {author}\nTo: {recipient}\nSubject: letter {n}\nMessage-ID: {id}\n\n");
        let text = match n % 6 {
            0 => format!("{head}From here on it burns, says letter {n}.\n\nFrom there too.\n\n\n"),
            1 => format!("{head}A line.\n").replace('\n', "\r\n"),
            2 => format!("{head}There is no newline here"),
            3 => format!(
                "Status: RO\nContent-Length: 3\n{head}{}",
                "A long letter.\n".repeat(100)
            ),
            4 => format!("{head}>From a quotation\n>>From another\n"),
            _ => format!("{head}Printer {n} is on fire.\n"),
        };
        Letter {
            recipient: recipient.to_owned(),
            id,
            bytes: text.into_bytes(),
        }
    }
}

/// Hands in a letter as an MTA does, again and again while it is deferred; says how often it was.
pub fn deliver_until_filed(bench: &Bench, letter: &Letter) -> usize {
    for deferred in 0..100 {
        let ran = bench.deliver(&letter.recipient, &letter.bytes);
        if ran.status == 0 {
            ran.silent();
            return deferred;
        }
        assert_eq!((ran.status, ran.stdout.as_str()), (75, ""), "{ran:?}");
    }
    panic!("{} was deferred a hundred times", letter.id)
}

/// A ticket as it lies there.
pub struct Ticket {
    pub number: u32,
    pub open: bool,
    pub entries: Vec<Mail>,
}

impl Ticket {
    /// Whether the ticket ought to be open after what its entries did, and how often they closed it.
    /// Each is filed under the ticket's locks together with what it does, so their order is the
    /// order of things.
    pub fn story(&self) -> (bool, usize) {
        let (mut open, mut closings) = (true, 0);
        for entry in &self.entries {
            let filed_under = entry.get("Delivered-To");
            if filed_under.contains("-done@") {
                closings += usize::from(open);
                open = false;
            } else if !filed_under.contains("-quiet@") {
                open = true;
            }
        }
        (open, closings)
    }
}

/// All tickets, by number. Nothing else may lie beside them: no lock, no temporary file.
pub fn tickets(bench: &Bench) -> Vec<Ticket> {
    let names = bench.names().into_iter();
    let mut tickets: Vec<Ticket> = names
        .map(|name| {
            let digits = name.strip_prefix("archived/");
            Ticket {
                number: digits
                    .unwrap_or(&name)
                    .parse()
                    .unwrap_or_else(|_| panic!("{name} was left behind")),
                open: digits.is_none(),
                entries: mail::mbox(&bench.ticket(&name)),
            }
        })
        .collect();
    tickets.sort_by_key(|ticket| ticket.number);
    let numbers: Vec<u32> = tickets.iter().map(|ticket| ticket.number).collect();
    let mut once = numbers.clone();
    once.dedup();
    assert_eq!(numbers, once, "a ticket is both open and archived");
    tickets
}

/// Every letter lies in one ticket, once, with the digest of the bytes that were handed in; and
/// nothing else does.
pub fn assert_each_once<L: Borrow<Letter>>(
    tickets: &[Ticket],
    letters: impl IntoIterator<Item = L>,
) {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ticket in tickets {
        for entry in &ticket.entries {
            let record = entry.get("X-Tickets-Entry");
            let digest = record.split("sha256=").nth(1).unwrap_or_default();
            let digest = digest.split([' ', ';']).next().unwrap_or_default();
            let lies = found.entry(entry.get("Message-ID")).or_default();
            lies.push(format!("{digest} in {}", ticket.number));
        }
    }
    let (mut count, mut wrong) = (0, String::new());
    for letter in letters {
        let letter = letter.borrow();
        count += 1;
        let lies = found.remove(&letter.id).unwrap_or_default();
        let digest = entry::digest(&letter.bytes);
        let number = letter
            .recipient
            .split(['-', '@'])
            .nth(1)
            .unwrap_or_default();
        let as_it_should = match &lies[..] {
            // Which number a letter to submit@ opens is not for us to say.
            [one] if letter.recipient.starts_with("submit@") => one.starts_with(&digest),
            [one] => *one == format!("{digest} in {number}"),
            _ => false,
        };
        if !as_it_should {
            let _ = writeln!(wrong, "{} to {}: {lies:?}", letter.id, letter.recipient);
        }
    }
    assert!(
        count > 0 && wrong.is_empty(),
        "not once, as it came:\n{wrong}"
    );
    assert!(found.is_empty(), "nobody sent these: {found:?}");
}

/// What the program says of its store agrees with the files, and nothing is left over: the answers
/// are sent, no end of a file was set aside, no message was changed, and the index holds what an
/// index made anew holds.
pub fn assert_sound(bench: &Bench, tickets: &[Ticket]) {
    let messages: usize = tickets.iter().map(|ticket| ticket.entries.len()).sum();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let counts = format!(
        "{messages} message{} in {} ticket{}",
        plural(messages),
        tickets.len(),
        plural(tickets.len())
    );
    let list = || {
        let ran = bench.run(&["list", "--all", "--json", "--sort", "number"], b"");
        ran.silent_but_for_output("list");
        ran.stdout
    };
    let before = list();
    let digests = bench.run(&["check", "--store"], b"");
    digests.is(0, &format!("{counts}, none changed\n"), "");
    let made_anew = bench.run(&["reindex"], b"");
    let comma = counts.replace(" in ", "|");
    let (messages, tickets) = comma.split_once('|').unwrap();
    made_anew.is(0, &format!("{tickets}, {messages}\n"), "");
    assert_eq!(before, list(), "the index was not what the files say");
    assert_eq!(bench.outbox(), [""; 0]);
    assert!(
        !bench.ticket(".tickets/torn").exists(),
        "something was torn"
    );
}
