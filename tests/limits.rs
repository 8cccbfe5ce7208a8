//! Tickets that strangers made large, and limits that an MTA or a shell sets for what it starts.

use crate::bench::{Bench, Ran, finish};
use std::fmt::Write;
use std::process::Command;

/// Runs the program under limits, as the shell's `ulimit` sets them.
fn under(limits: &str, bench: &Bench, args: &[&str], stdin: &[u8]) -> Ran {
    let plain = bench.command(args);
    let mut command = Command::new("/bin/sh");
    let script = format!("{limits}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]);
    command.arg(plain.get_program()).args(plain.get_args());
    bench.as_ordinary_user(&mut command);
    finish(command, stdin)
}

/// Mail of 199 addresses each, in which nobody is named twice.
fn crowd(mails: usize) -> String {
    let mut mbox = String::new();
    for mail in 0..mails {
        let people: Vec<String> = (0..199).map(|n| format!("{mail:x}.{n:x}@e.fr")).collect();
        let people = people.join(",\n ");
        let _ = write!(
            mbox,
            "From f{mail}@e.fr Mon Nov  2 10:00:00 2026\nFrom: f{mail}@e.fr\nCc: {people}\n\nhi\n\n"
        );
    }
    mbox
}

// A8, C5: with a list of people it would take minutes; it takes about a second. The smaller ticket is read,
// the larger one the index knows.
#[test]
fn a_ticket_that_names_hundreds_of_thousands() {
    for mails in [330, 2000] {
        let bench = Bench::with("notify = \"none\"\n");
        bench.file(
            "submit",
            "From: ann@example.com\nMessage-ID: <1@a>\n\nfirst\n",
        );
        let first = std::fs::read_to_string(bench.ticket("1")).unwrap();
        let mbox = first + &crowd(mails);
        assert_eq!(mbox.len() > 1 << 20, mails > 330, "{}", mbox.len());
        bench.put("tickets/1", mbox.as_bytes());
        bench.take_sent();
        let close = |from: &str| {
            let mail = format!("From: {from}\nMessage-ID: <{from}>\n\nDone.\n");
            let args = ["deliver", "-f", "z@e.fr", "-r", "ticket-1-done@example.org"];
            under("ulimit -t 60", &bench, &args, mail.as_bytes()).silent();
        };
        close("nobody@e.fr");
        assert_eq!(bench.names(), ["1"]);
        let refused = ["refused <> -- steve@example.org"];
        assert_eq!(bench.take_sent_in_short(), refused);
        let last = format!("{:x}.c6@e.fr", mails - 1);
        close(&last);
        assert_eq!(bench.names(), ["archived/1"]);
        let entries = std::fs::read_to_string(bench.ticket("archived/1")).unwrap();
        assert_eq!(entries.matches("\n\nFrom ").count(), mails + 2);
        assert_eq!(bench.take_sent_in_short(), ["closed <> -- ann@example.com"]);
    }
}
