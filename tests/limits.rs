//! Tickets that strangers made large, and limits that an MTA or a shell sets for what it starts.

use crate::bench::{Bench, Ran, finish};
use crate::crash::{SCENARIOS, Scenario, in_threads};
use crate::until::until;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Runs the program under limits, as the shell's `ulimit` sets them.
pub fn under(limits: &str, bench: &Bench, args: &[&str], stdin: &[u8]) -> Ran {
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
    // T12
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

/// Delivers a scenario's message to a desk under a limit, then without. Returns the first status.
fn deliver_under(limit: &str, scenario: &Scenario, bench: &Bench) -> i32 {
    let ran = under(limit, bench, &scenario.args(), scenario.message.as_bytes());
    let what = format!("{}: {limit}: {ran:?}", scenario.name);
    if ran
        .stderr
        .contains("failed to allocate an alternative stack")
    {
        // Rust's own start did not come as far as our `main`.
        return 75;
    }
    assert!([0, 75].contains(&ran.status), "{what}");
    assert_eq!(ran.stdout, "", "{what}");
    let lines = ran.stderr.lines().count();
    assert!(lines <= 1, "{what}");
    if ran.status == 75 {
        assert!(ran.stderr.starts_with("tickets: cannot "), "{what}");
    } else {
        // The C library may have said something.
        assert!(
            !ran.stderr.starts_with(|c: char| c.is_ascii_digit()),
            "{what}"
        );
    }
    for name in bench.names() {
        if !name.ends_with(".lock") {
            assert!(bench.mbox(&name).ends_with("\n\n"), "half an entry: {what}");
        }
    }
    // An end between sendmail's success and its being noted sends a mail twice.
    let most = if limit.contains("-v") { 2 } else { 1 };
    scenario.check(bench, most, &what);
    ran.status
}

/// How often each status came, for each of these limits and each scenario.
fn statuses(limits: &[String]) -> BTreeMap<i32, usize> {
    let statuses = Mutex::new(BTreeMap::new());
    let runs = (SCENARIOS.iter()).flat_map(|it| limits.iter().map(move |limit| (it, limit)));
    in_threads(runs.collect(), |(scenario, limit)| {
        let bench = scenario.desk();
        let status = deliver_under(limit, scenario, &bench);
        *statuses.lock().unwrap().entry(status).or_default() += 1;
    });
    let statuses = statuses.into_inner().unwrap();
    println!("{} limits: {statuses:?}", limits.len());
    statuses
}

// A3, A4, D7: a new ticket needs an index of some 100 blocks of 512 bytes.
#[test]
fn no_file_may_grow_beyond_a_limit() {
    // T14
    let limits: Vec<String> = (0..12)
        .chain((12..240).step_by(12))
        .map(|blocks| format!("ulimit -f {blocks}"))
        .collect();
    let ends = statuses(&limits);
    assert!(
        ends.get(&0) > Some(&20) && ends.get(&75) > Some(&20),
        "{ends:?}"
    );
}

// A3, A4: the journal is too long already, and gets its line once the message is filed.
#[test]
fn a_limit_is_met_after_the_message_is_filed() {
    for name in ["update", "close", "re-open"] {
        let scenario = SCENARIOS.iter().find(|it| it.name == name).unwrap();
        let bench = scenario.desk();
        let long = vec![b'x'; 30 << 10];
        bench.put("tickets/.tickets/journal", &long);
        assert_eq!(deliver_under("ulimit -f 40", scenario, &bench), 0);
    }
}

// A3, D7: the entry itself comes to a part, and is taken away again.
#[test]
fn an_entry_that_comes_to_a_part() {
    let mut deferred = 0;
    for blocks in 10..20 {
        let bench = Bench::with("notify = \"none\"\n");
        let first = format!(
            "From: ann@example.com\nMessage-ID: <1@a>\n\n{}",
            "text\n".repeat(1000)
        );
        bench.file("submit", first);
        bench.take_sent();
        let before = bench.mbox("1");
        let second = format!(
            "From: ann@example.com\nMessage-ID: <2@a>\n\n{}",
            "more\n".repeat(200)
        );
        let args = [
            "deliver",
            "-f",
            "ann@example.com",
            "-r",
            "ticket-1@example.org",
        ];
        let ran = under(
            &format!("ulimit -f {blocks}"),
            &bench,
            &args,
            second.as_bytes(),
        );
        let path = bench.ticket("1");
        let says = format!(
            "tickets: cannot append to {}: File too large (os error 27)\n",
            path.display()
        );
        if ran.status == 75 {
            ran.is(75, "", &says);
            assert_eq!(bench.mbox("1"), before);
            deferred += 1;
        } else {
            ran.silent();
        }
        assert_eq!(bench.names(), ["1"]);
        bench.file("ticket-1", &second);
        let after = bench.mbox("1");
        assert_eq!(
            after.matches("\n\nFrom ").count(),
            1,
            "{blocks} blocks:\n{after}"
        );
        assert!(after.ends_with("more\nmore\n\n"));
        assert_eq!(bench.take_sent_in_short(), [""; 0]);
    }
    assert!(deferred > 0);
}

// A3, A4: from the smallest limit on under which the program is loaded at all.
#[test]
fn too_little_memory() {
    // T14
    let bench = Bench::new();
    let loads = |kib: &usize| {
        let ran = under(&format!("ulimit -v {kib}"), &bench, &["--version"], b"");
        ran.status == 0 || ran.stderr.starts_with("tickets: ")
    };
    let least = (8 << 10..1 << 20).step_by(64).find(loads).unwrap();
    let limits: Vec<String> = (least..least + 1200)
        .step_by(20)
        .map(|kib| format!("ulimit -v {kib}"))
        .collect();
    let ends = statuses(&limits);
    assert!(
        ends.get(&0) > Some(&5) && ends.get(&75) > Some(&5),
        "{ends:?}"
    );
}

/// The signals in this line of `/proc/PID/status`.
fn signals(status: &str, name: &str) -> u64 {
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
}

// A3
#[test]
fn a_signal_of_a_limit_before_the_message_is_filed() {
    use nix::sys::signal::{Signal, kill};
    for signal in [Signal::SIGXCPU, Signal::SIGABRT] {
        let bench = Bench::new();
        let mut command = bench.command(&["deliver", "-f", "a@b", "-r", "submit@example.org"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It waits for its message.
        let status = format!("/proc/{}/status", child.id());
        let bit = 1 << (signal as i32 - 1);
        until("it heeds the signal", || {
            signals(&std::fs::read_to_string(&status).unwrap(), "SigCgt") & bit != 0
        });
        let pipe = child.stdin.take();
        kill(nix::unistd::Pid::from_raw(child.id() as i32), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        drop(pipe);
        let said = (ended.stdout.as_slice(), ended.stderr.as_slice());
        assert_eq!(
            (ended.status.code(), said),
            (Some(75), (&b""[..], &b""[..]))
        );
        assert_eq!(bench.names(), [""; 0]);
    }
}

// A program that is started has no handlers of ours, and ignores no signal.
#[test]
fn sendmail_is_stopped_by_the_limits_that_it_has() {
    let bench = Bench::new();
    bench.sendmail("#!/bin/sh\ncat >/dev/null\ngrep -E '^Sig(Ign|Cgt)' /proc/self/status >${0%/*}/sent/signals-$$\n");
    bench.file("submit", "From: ann@example.com\n\nfirst\n");
    for file in std::fs::read_dir(bench.path("sent")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for signal in [6, 24, 25] {
            let bit = 1_u64 << (signal - 1);
            assert_eq!(
                (signals(&text, "SigIgn") | signals(&text, "SigCgt")) & bit,
                0,
                "{text}"
            );
        }
    }
}
