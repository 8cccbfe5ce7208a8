//! D10: neomutt of Debian 12 opens and closes its folder for each mail while it saves it, and so
//! loses its own lock. What comes in then it overwrites; we know it, and put it back.

use nix::sys::signal::Signal;
use std::fs;
use std::path::PathBuf;

use crate::bench::Bench;
use crate::mail;
use crate::mutt;
use crate::site;
use crate::tally::{self, Letter};
use crate::terminal::Terminal;

const RC: &str = "set quit=yes delete=yes move=no record='' header_cache='' wait_key=no\n\
                  set sort=mailbox-order folder=/\n";

#[test]
fn what_neomutt_overwrites_is_missed_and_put_back() {
    // D10
    if !site::may_run(site::missing(&["neomutt", "strace"])) {
        return;
    }
    // One that neomutt writes in one go, and one of which it has written the first 4 kB.
    for more in [0, 300] {
        let bench = Bench::with("notify = \"none\"\nack = false\n");
        let to = |recipient: &str, n| {
            let mut letter = Letter::new(recipient, n);
            letter.bytes.extend(b"And one line more.\n".repeat(more));
            bench.deliver(&letter.recipient, &letter.bytes).silent();
            letter
        };
        let mut letters = vec![
            to("submit@example.org", 0),
            to("submit@example.org", 1),
            to("ticket-2@example.org", 2),
            to("ticket-2@example.org", 3),
        ];
        letters.extend((4..8).map(|n| to("ticket-1@example.org", n)));
        delete_the_first(&bench, "2");

        let (neomutt, log) = stopped_while_it_saves(&bench, "1");
        let lost = [8, 9].map(|n| to("ticket-1@example.org", n));
        bench
            .run(&["list", "-q"], b"")
            .silent_but_for_output("list");
        go_on(&bench, "1");
        neomutt.press(&["q"]);
        neomutt.wait_until_gone();
        let log = fs::read_to_string(&log).unwrap();
        let writes = log.split("ftruncate(").next().unwrap();
        let writes = writes.matches("write(").count();
        assert_eq!(writes > 1, more > 0, "{writes} writes");
        letters.push(to("ticket-1@example.org", 10));

        // Really lost, and nobody puts back what was not asked for.
        let ids = |name: &str| mail::ids(&mail::mbox(&bench.ticket(name)));
        assert_eq!(
            ids("1"),
            [0, 4, 5, 6, 7, 10].map(|n| format!("<{n}@example.net>"))
        );
        assert_eq!(ids("2"), [2, 3].map(|n| format!("<{n}@example.net>")));
        let check = |count: &str| {
            let ran = bench.run(&["check", "--store"], b"");
            assert_eq!((ran.status, ran.stderr.as_str()), (65, ""), "{ran:?}");
            let mut said: Vec<String> = ran.stdout.lines().map(without_day).collect();
            assert_eq!(said.pop().as_deref(), Some(count));
            said.sort();
            said
        };
        let lacks = |ticket: u32, n: usize| {
            format!(
                "ticket {ticket} lacks a message of DAY: alice@example.net: letter {n} (`tickets restore {ticket}`)"
            )
        };
        assert_eq!(
            check("8 messages in 2 tickets, none changed"),
            [lacks(1, 8), lacks(1, 9), lacks(2, 1)]
        );
        let restore = |args: &[&str]| {
            let ran = bench.run(&[&["restore"], args].concat(), b"");
            let mut said: Vec<String> = ran.stdout.lines().map(without_day).collect();
            said.sort();
            (ran.status, said, ran.stderr)
        };
        let line = |what: &str, ticket: u32, n: usize| {
            format!("{what} {ticket}  DAY  alice@example.net  letter {n}")
        };
        let hint = "tickets: `tickets restore TICKET` puts them back\n".to_owned();
        let missing = [(1, 8), (1, 9), (2, 1)].map(|(ticket, n)| line("missing", ticket, n));
        assert_eq!(restore(&[]), (0, missing.to_vec(), hint));
        let restored = [8, 9].map(|n| line("restored", 1, n));
        assert_eq!(restore(&["1"]), (0, restored.to_vec(), String::new()));
        letters.extend(lost);

        // What the operator deleted in another ticket stays deleted, until they want it back.
        assert_eq!(
            check("10 messages in 2 tickets, none changed"),
            [lacks(2, 1)]
        );
        assert_eq!(
            restore(&["2"]),
            (0, vec![line("restored", 2, 1)], String::new())
        );
        let tickets = tally::tickets(&bench);
        tally::assert_each_once(&tickets, &letters);
        tally::assert_sound(&bench, &tickets);
    }
}

/// A neomutt that has a ticket open and saves it, stopped after it wrote to the file for the first
/// time and before it cut it to its length; and the log of what it wrote.
fn stopped_while_it_saves(bench: &Bench, ticket: &str) -> (Terminal, PathBuf) {
    let mbox = bench.ticket(ticket).display().to_string();
    let log = bench.path("strace.log");
    let strace = format!(
        "strace -o {} -P {mbox} -e trace=write,ftruncate",
        log.display()
    );
    let program = format!("{strace} -e inject=write:signal=STOP:when=1 neomutt");
    let program: Vec<&str> = program.split(' ').collect();
    let neomutt = mutt::at_bench(bench, &program, RC, &["-f", &mbox]);
    neomutt.shows("NeoMutt: ");
    neomutt.press(&["=", "F", "$"]);
    site::wait("neomutt to stop while it saves", || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        log.contains("stopped by SIGSTOP").then_some(())
    });
    (neomutt, log)
}

/// Lets the neomutt that has this ticket open go on.
fn go_on(bench: &Bench, ticket: &str) {
    let mbox = bench.ticket(ticket).display().to_string();
    let pid = fs::read_dir("/proc").unwrap().find_map(|process| {
        let process = process.unwrap().path();
        let has = |name: &str, text: &str| {
            fs::read_to_string(process.join(name)).is_ok_and(|found| found.contains(text))
        };
        let found = has("comm", "neomutt") && has("cmdline", &mbox);
        found.then(|| process.file_name().unwrap().to_owned())
    });
    let pid = pid.unwrap().to_str().unwrap().parse().unwrap();
    site::signal(pid, Signal::SIGCONT).unwrap();
}

/// Has neomutt delete the first mail of a ticket, and save.
fn delete_the_first(bench: &Bench, ticket: &str) {
    let mbox = bench.ticket(ticket);
    let before = mail::mbox(&mbox).len();
    let neomutt = mutt::at_bench(
        bench,
        &["neomutt"],
        RC,
        &["-f", &mbox.display().to_string()],
    );
    neomutt.shows("NeoMutt: ");
    neomutt.press(&["=", "d", "$"]);
    site::wait("neomutt to delete a mail", || {
        (mail::mbox(&mbox).len() < before).then_some(())
    });
    neomutt.press(&["q"]);
    neomutt.wait_until_gone();
}

/// A line with its first date as `DAY`.
fn without_day(line: &str) -> String {
    let is_day = |word: &&str| word.len() == 10 && word.starts_with("20") && word.contains('-');
    let words = line.split([' ', ':']);
    let day = words.into_iter().find(is_day).unwrap_or("no date");
    line.replacen(day, "DAY", 1)
}
