//! The deliveries during which the power is cut, and what there is in the end if it is not.

use super::journal::Journal;
use crate::bench::{Bench, Ran, Sent};
use std::collections::HashMap;
use std::fs::DirEntry;
use std::path::Path;

/// A message for an address; or, without one, somebody looks at the list.
#[derive(Clone)]
pub struct Delivery {
    to: &'static str,
    pub mail: String,
}

/// A delivery, and what comes before it.
pub struct Scenario {
    pub name: &'static str,
    /// Deliveries that are on the disk, every bit of them.
    before: Vec<Delivery>,
    /// Deliveries that ended just now: what they did not sync may be lost with the rest.
    just_now: Vec<Delivery>,
    /// The one during which, or after which, the power is cut.
    pub last: Delivery,
    /// The names in the store at its end.
    names: &'static [&'static str],
    /// `kind args` of the mails that are sent because of `just_now` and `last`.
    sent: &'static [&'static str],
    /// sendmail takes nothing until the power is back.
    pub sendmail_is_down: bool,
}

/// What there is in the end, if no power is cut.
pub struct Want {
    /// The names after the delivery.
    pub names: Vec<String>,
    /// The names and mboxes after a further mail to ticket 1 and to a new one.
    pub mboxes: Vec<(String, String)>,
    /// All mail that is sent.
    pub sent: Vec<Sent>,
}

const ACK: &str = "ack <> -- alice@example.net";
const COPY: &str = "copy <> -- steve@example.org";
const CLOSED: &str = "closed <> -- alice@example.net";

/// A mail of alice, or (by its number) of somebody else.
fn mail(from: &str, id: &str, text: &str) -> String {
    format!("From: {from}\nMessage-ID: <{id}@example.net>\nSubject: s\n\n{text}\n")
}

fn first() -> Delivery {
    let mail = mail("alice@example.net", "first", "first");
    let to = "submit@example.org";
    Delivery { to, mail }
}

fn update() -> Delivery {
    let mail = mail("alice@example.net", "update", "update");
    let to = "ticket-1@example.org";
    Delivery { to, mail }
}

fn closing() -> Delivery {
    let mail = mail("steve@example.org", "closing", "closing");
    let to = "ticket-1-done@example.org";
    Delivery { to, mail }
}

/// A mail over several pages, which is full of what looks like the end of an entry.
fn long(to: &'static str) -> Delivery {
    let line = |n| format!("Line {n}: a line as people write them, sixty letters or so.\n\n");
    let text: String = (0..160).map(line).collect();
    let mail = mail("alice@example.net", "long", &text);
    Delivery { to, mail }
}

/// The `n`th of many small mails by a person: so many of a machine's would be told to nobody.
fn small(n: usize) -> Delivery {
    let mail = mail("bob@example.net", &format!("small-{n}"), "small");
    let to = "ticket-1@example.org";
    Delivery { to, mail }
}

/// Comes when all is over, to ticket 1 and to submit@. A machine of the admin's wrote it: nobody
/// is told, and no state changes.
pub fn further() -> (Vec<&'static str>, String) {
    let mail = mail("steve@example.org", "further", "further");
    let to = ["submit@example.org", "ticket-1@example.org"];
    (
        [&["deliver", "-f", "steve@example.org"], &to[..]].concat(),
        format!("Auto-Submitted: auto-generated\n{mail}"),
    )
}

impl Delivery {
    /// The arguments with which an MTA starts the program for it.
    pub fn args(&self) -> Vec<&str> {
        match self.to {
            "" => vec!["list"],
            to => vec!["deliver", "-f", "alice@example.net", "-r", to],
        }
    }

    fn done(&self, bench: &Bench) {
        let ran = bench.run(&self.args(), self.mail.as_bytes());
        ran.silent_but_for_output(self.to);
    }
}

pub fn the_very_first() -> Scenario {
    Scenario {
        name: "the very first",
        before: vec![],
        just_now: vec![],
        last: first(),
        names: &["1"],
        sent: &[ACK, COPY],
        sendmail_is_down: false,
    }
}

pub fn the_very_first_without_sendmail() -> Scenario {
    Scenario {
        name: "the very first without sendmail",
        sendmail_is_down: true,
        ..the_very_first()
    }
}

pub fn new() -> Scenario {
    let mail = mail("bob@example.com", "other", "other");
    let to = "submit@example.org";
    Scenario {
        name: "new",
        before: vec![first()],
        just_now: vec![Delivery { to, mail }],
        last: long("submit@example.org"),
        names: &["1", "2", "3"],
        sent: &["ack <> -- bob@example.com", COPY, ACK, COPY],
        sendmail_is_down: false,
    }
}

/// Somebody looks at the list meanwhile, and the index is told.
pub fn new_after_a_look() -> Scenario {
    let (to, mail) = ("", String::new());
    let look = Delivery { to, mail };
    Scenario {
        name: "new after a look",
        just_now: [new().just_now, vec![look]].concat(),
        ..new()
    }
}

pub fn an_update() -> Scenario {
    Scenario {
        name: "update",
        before: vec![first()],
        just_now: vec![update()],
        last: long("ticket-1@example.org"),
        names: &["1"],
        sent: &[COPY, COPY],
        sendmail_is_down: false,
    }
}

pub fn a_closing() -> Scenario {
    Scenario {
        name: "close",
        before: vec![first()],
        just_now: vec![update()],
        last: closing(),
        names: &["archived/1"],
        sent: &[COPY, CLOSED],
        sendmail_is_down: false,
    }
}

pub fn a_reopening() -> Scenario {
    Scenario {
        name: "re-open",
        before: vec![first()],
        just_now: vec![closing()],
        last: long("ticket-1@example.org"),
        names: &["1"],
        sent: &[CLOSED, COPY],
        sendmail_is_down: false,
    }
}

pub fn new_without_sendmail() -> Scenario {
    Scenario {
        name: "new without sendmail",
        before: vec![update_as_first()],
        just_now: vec![],
        last: first(),
        names: &["1", "2"],
        sent: &[ACK, COPY],
        sendmail_is_down: true,
    }
}

fn update_as_first() -> Delivery {
    let to = "submit@example.org";
    Delivery { to, ..update() }
}

pub fn an_update_without_sendmail() -> Scenario {
    Scenario {
        name: "update without sendmail",
        before: vec![first()],
        just_now: vec![],
        last: update(),
        names: &["1"],
        sent: &[COPY],
        sendmail_is_down: true,
    }
}

/// The delivery that tidies up what others left: of many small ones the first after which one of
/// the private files is smaller than before.
pub fn one_that_tidies_up() -> Scenario {
    let bench = Bench::new();
    first().done(&bench);
    let mut before = vec![first()];
    let mut sizes = HashMap::new();
    for n in 0..150 {
        small(n).done(&bench);
        let now = private_sizes(&bench.ticket(".tickets"));
        let shrunk = |(name, size): (&String, &u64)| now.get(name).is_none_or(|now| now < size);
        if sizes.iter().any(shrunk) {
            break;
        }
        sizes = now;
        before.push(small(n));
    }
    let just_now = before.split_off(before.len() - 2);
    Scenario {
        name: "tidying up",
        last: small(before.len() + 1),
        before,
        just_now,
        names: &["1"],
        sent: &[COPY, COPY, COPY],
        sendmail_is_down: false,
    }
}

/// The sizes of all private files but mail.
fn private_sizes(dir: &Path) -> HashMap<String, u64> {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let size = |file: DirEntry| {
        let name = file.file_name().into_string().unwrap();
        (name, file.metadata().unwrap().len())
    };
    files.map(size).collect()
}

impl Scenario {
    /// Those of which something may be lost.
    pub fn deliveries(&self) -> Vec<&Delivery> {
        self.just_now.iter().chain([&self.last]).collect()
    }

    /// Runs all of it on a desk of its own.
    pub fn want(&self) -> Want {
        let bench = Bench::new();
        for delivery in &self.before {
            delivery.done(&bench);
        }
        bench.take_sent();
        for delivery in self.deliveries() {
            delivery.done(&bench);
        }
        let names = bench.names();
        assert_eq!(names, self.names, "{}", self.name);
        let mut sent = bench.take_sent();
        let mut short: Vec<String> = sent.iter().map(Sent::in_short).collect();
        let mut said: Vec<&str> = self.sent.to_vec();
        short.sort_unstable();
        said.sort_unstable();
        assert_eq!(short, said, "{}", self.name);
        let (args, mail) = further();
        bench.run(&args, mail.as_bytes()).silent();
        sent.extend(bench.take_sent());
        Want {
            names,
            mboxes: mboxes(&bench),
            sent: sent.into_iter().map(undated).collect(),
        }
    }

    /// Does what comes before, and begins a journal of what comes just before.
    pub fn begin(&self, bench: &Bench) -> Journal {
        for delivery in &self.before {
            delivery.done(bench);
        }
        bench.take_sent();
        if self.sendmail_is_down {
            bench.sendmail("#!/bin/sh\nexit 75\n");
        }
        let mut journal = Journal::new(bench);
        for delivery in &self.just_now {
            let mail = delivery.mail.as_bytes();
            let ran = journal.record(bench, &delivery.args(), mail, &[]);
            ran.silent_but_for_output(delivery.to);
        }
        journal
    }

    /// Records the last delivery; `options` are more ones for strace.
    pub fn record_last(&self, bench: &Bench, journal: &mut Journal, options: &[&str]) -> Ran {
        let (args, mail) = (self.last.args(), self.last.mail.as_bytes());
        journal.record(bench, &args, mail, options)
    }
}

/// All mboxes with their names. A lock that was found stale and moved aside may have been left
/// there; nobody minds it.
pub fn mboxes(bench: &Bench) -> Vec<(String, String)> {
    let mut names = bench.names();
    names.retain(|name| !name.contains(".lock.stale."));
    let read = |name: String| {
        let text = bench.mbox(&name);
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// A mail without the time it was written.
pub fn undated(sent: Sent) -> Sent {
    let lines = sent.mail.split_inclusive('\n');
    let (dates, others): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("Date: "));
    assert_eq!(dates.len(), 1, "{}", sent.mail);
    Sent {
        args: sent.args,
        mail: others.concat(),
    }
}
