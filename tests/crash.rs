//! Deliveries that die at every system call, and disks that fail at every system call (D7, C9).
//!
//! Each scenario is run once under strace to learn which calls it makes. Then, for each of them, a
//! fresh desk is brought to the point before it, the delivery is killed (or the call made to fail)
//! there, and the same message is delivered again, as an MTA would. Whatever happened: one copy, in
//! one ticket, in the right place, answered at least once.

use crate::bench::{Bench, Ran, finish};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// Calls that change something, or whose failure does. Between two of them nothing happens that
/// a crash could interrupt.
pub const CALLS: &str = "openat,mkdir,mkdirat,chmod,fchmod,fchown,write,pwrite64,fsync,fdatasync,linkat,link,\
    rename,renameat,renameat2,unlink,unlinkat,ftruncate,fallocate,utimensat,fcntl,flock,read,\
    pread64,clone3,vfork,clone,waitid,wait4,mmap,lseek,newfstatat,getdents64,poll,close,futex";

/// Those calls among them that change something on the disk, or start a program or wait for it. Killed at any other
/// call, the program leaves what it leaves when it is killed at the next one of these.
pub const CHANGES: &str = "openat,mkdir,mkdirat,chmod,fchmod,fchown,write,pwrite64,fsync,fdatasync,linkat,link,\
    rename,renameat,renameat2,unlink,unlinkat,ftruncate,fallocate,utimensat,clone3,vfork,clone,waitid,wait4,poll";

/// Where the disk can fail, and with what.
pub const FAILURES: [(&str, &str); 4] = [
    (
        "ENOSPC",
        "openat,mkdir,mkdirat,write,pwrite64,linkat,renameat2,renameat,rename,ftruncate,fallocate",
    ),
    (
        "EIO",
        "write,pwrite64,fsync,fdatasync,read,pread64,linkat,rename,renameat,renameat2,unlink,unlinkat,newfstatat,\
         statx,fstat,utimensat",
    ),
    // SQLite, which writes with pwrite64, holds it for EIO.
    ("EDQUOT", "write,openat"),
    (
        "EINTR",
        "write,pwrite64,read,pread64,fsync,fdatasync,openat,ftruncate,fallocate,fcntl,flock,\
         poll,waitid,wait4",
    ),
];

/// A delivery, and what there is after it.
pub struct Scenario {
    pub name: &'static str,
    /// Deliveries before the one that dies.
    before: &'static [(&'static str, &'static str)],
    recipient: &'static str,
    pub message: &'static str,
    /// The names in the store at the end.
    names: &'static [&'static str],
    /// `kind args` of each mail that must have been sent, once or (if the kill fell between
    /// sendmail's success and its being noted) twice.
    sent: &'static [&'static str],
}

const FIRST: &str = "From: alice@example.net\nMessage-ID: <1@example.net>\nSubject: s\n\nfirst\n";
const DATED: &str = "From: alice@example.net\nMessage-ID: <1@example.net>\nSubject: s\n\
    Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nfirst\n";
/// What a mailing list made of that.
const BY_LIST: &str = "From: alice@example.net\nMessage-ID: <1@example.net>\nSubject: [l] s\n\
    List-Id: <l.example.net>\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nfirst\n-- \nThe list\n";
const SECOND: &str = "From: alice@example.net\nMessage-ID: <2@example.net>\n\nsecond\n";
const CLOSING: &str = "From: steve@example.org\nMessage-ID: <3@example.org>\n\nclosing\n";

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "new",
        before: &[],
        recipient: "submit@example.org",
        message: FIRST,
        names: &["1"],
        sent: &[
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ],
    },
    Scenario {
        name: "update",
        before: &[("submit@example.org", FIRST)],
        recipient: "ticket-1@example.org",
        message: SECOND,
        names: &["1"],
        sent: &["copy <> -- steve@example.org"],
    },
    Scenario {
        name: "close",
        before: &[("submit@example.org", FIRST)],
        recipient: "ticket-1-done@example.org",
        message: CLOSING,
        names: &["archived/1"],
        sent: &["closed <> -- alice@example.net"],
    },
    Scenario {
        name: "re-open",
        before: &[
            ("submit@example.org", FIRST),
            ("ticket-1-done@example.org", CLOSING),
        ],
        recipient: "ticket-1@example.org",
        message: SECOND,
        names: &["1"],
        sent: &["copy <> -- steve@example.org"],
    },
    Scenario {
        name: "copy",
        before: &[("submit@example.org", DATED)],
        recipient: "submit@example.org",
        message: BY_LIST,
        names: &["1"],
        sent: &[],
    },
];

impl Scenario {
    /// The desk before it. It has a log, which may fail as anything may.
    pub fn desk(&self) -> Bench {
        let bench = Bench::new();
        bench.configure(&format!("log = {:?}\n", bench.path("log")));
        for (recipient, message) in self.before {
            bench.deliver(recipient, message).silent();
        }
        bench.take_sent();
        bench
    }

    /// The arguments with which an MTA starts the program for it.
    pub fn args(&self) -> [&str; 5] {
        let to = self.recipient;
        [
            "deliver",
            "--sender",
            "alice@example.net",
            "--recipient",
            to,
        ]
    }

    /// Delivers the message under strace with these options.
    fn under_strace(&self, bench: &Bench, options: &[&str]) -> Ran {
        under_strace(bench, options, &self.args(), self.message.as_bytes())
    }

    /// How often each call is made, after the program has been loaded.
    fn calls(&self) -> BTreeMap<String, usize> {
        let bench = self.desk();
        let log = bench.path("strace.log");
        let filter = format!("trace={CALLS}");
        let options = ["-o", log.to_str().unwrap(), "-e", &filter];
        self.under_strace(&bench, &options).silent();
        let calls = calls_in(&log);
        assert!(calls.contains_key("fsync"), "{calls:?}");
        calls
    }

    /// Delivers it again, and says what must be true then, whatever happened before. No mail went
    /// out more often than `most` times.
    pub fn check(&self, bench: &Bench, most: usize, what: &str) {
        bench.deliver(self.recipient, self.message).silent();
        // What was staged by a delivery that died stays inert, or was sent by the retry.
        bench.run(&["flush", "--quiet"], b"").silent();
        let mut names = bench.names();
        if what.contains("at unlink") {
            // The lock could not be removed; its owner is dead, and the next one sees that.
            names.retain(|name| !name.ends_with(".lock"));
        }
        assert_eq!(names, self.names, "{what}");
        let mbox = bench.mbox(self.names[0]);
        let mut messages: Vec<&str> = self.before.iter().map(|(_, message)| *message).collect();
        messages.push(self.message);
        let entries: Vec<&str> = mbox.split("\n\nFrom ").collect();
        assert_eq!(entries.len(), messages.len(), "{what}:\n{mbox}");
        for (entry, message) in entries.iter().zip(messages) {
            assert!(
                entry.trim_end().ends_with(message.trim_end()),
                "{what}:\n{mbox}"
            );
        }
        assert!(
            mbox.ends_with("\n\n") && !mbox.ends_with("\n\n\n"),
            "{what}:\n{mbox}"
        );
        let sent = bench.take_sent_in_short();
        for want in self.sent {
            let times = sent.iter().filter(|s| s == want).count();
            assert!(
                (1..=most).contains(&times),
                "{what}: {want} {times} times in {sent:?}"
            );
        }
        let others: Vec<_> = sent
            .iter()
            .filter(|s| !self.sent.contains(&s.as_str()))
            .collect();
        assert!(others.is_empty(), "{what}: {others:?}");
        let due = bench
            .outbox()
            .into_iter()
            .filter(|name| !name.starts_with("tmp/"));
        assert_eq!(due.collect::<Vec<_>>(), [""; 0], "{what}");
        // B7: no number is skipped.
        let next = "Message-ID: <next@x>\nAuto-Submitted: auto-generated\n\nx\n";
        bench.file("submit", next);
        assert!(
            bench.names().contains(&"2".to_owned()),
            "{what}: {:?}",
            bench.names()
        );
        bench.run(&["reindex"], b"").silent_but_for_output(what);
    }
}

/// Runs `work` for every call and every time it is made.
pub fn at_each(calls: &BTreeMap<String, usize>, work: impl Fn(&str, usize) + Sync) -> usize {
    let points = calls
        .iter()
        .flat_map(|(name, &n)| (1..=n).map(move |i| (name.as_str(), i)));
    let points: Vec<(&str, usize)> = points.collect();
    let count = points.len();
    in_threads(points, |(name, n)| work(name, n));
    count
}

/// Runs `work` for every call among `all` that `failures` names beside an error, and every time it is
/// made: with what strace is to inject, and what that is.
pub fn at_each_failure(
    all: &BTreeMap<String, usize>,
    failures: &[(&str, &str)],
    work: impl Fn(&str, &str) + Sync,
) -> usize {
    let mut count = 0;
    for (error, names) in failures {
        let mut calls = all.clone();
        calls.retain(|name, _| names.split(',').any(|n| n == name));
        count += at_each(&calls, |name, n| {
            let inject = format!("inject={name}:error={error}:when={n}");
            work(&inject, &format!("{error} at {name} {n}"));
        });
    }
    count
}

/// Runs `work` for each of `points`, on three threads.
pub fn in_threads<T: Send>(points: Vec<T>, work: impl Fn(T) + Sync) {
    let left = Mutex::new(points);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let point = left.lock().unwrap().pop();
                    let Some(point) = point else { break };
                    work(point);
                }
            });
        }
    });
}

/// Runs the program under strace with these options.
pub fn under_strace(bench: &Bench, options: &[&str], args: &[&str], stdin: &[u8]) -> Ran {
    let plain = bench.command(args);
    let mut command = Command::new("strace");
    command
        .args(options)
        .arg(plain.get_program())
        .args(plain.get_args());
    bench.as_ordinary_user(&mut command);
    finish(command, stdin)
}

/// How often each call stands in what strace wrote.
pub fn calls_in(log: &Path) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        if let Some((name, _)) = line.split_once('(') {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}

/// Those among `calls` at which a kill may leave something else behind than at the one before.
pub fn changes(mut calls: BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    calls.retain(|name, _| CHANGES.split(',').any(|change| change == name));
    calls
}

/// False, and said so, where strace is not installed; CI requires it.
pub fn strace_is_here() -> bool {
    let here = Command::new("strace").arg("-V").output().is_ok();
    let required = std::env::var_os("TICKETS_E2E").is_some_and(|v| v == "required");
    assert!(here || !required, "strace is not installed");
    if !here {
        eprintln!("SKIPPED: tests/crash.rs, since strace is not installed");
    }
    here
}

#[test]
fn killed_at_every_system_call() {
    // A5, C9, D7
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS {
        let count = at_each(&changes(scenario.calls()), |name, n| {
            let bench = scenario.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", &inject]);
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            scenario.check(
                &bench,
                2,
                &format!("{}: killed at {name} {n}", scenario.name),
            );
        });
        println!("{}: {count} kill points", scenario.name);
    }
}

/// A5, C1: the index knows that there are tickets, and not of the one whose delivery died.
#[test]
fn a_new_ticket_is_answered_though_its_first_delivery_died() {
    if !strace_is_here() {
        return;
    }
    let scenario = Scenario {
        before: &[("submit@example.org", CLOSING)],
        ..SCENARIOS[0]
    };
    let mut filed = 0;
    for n in 1.. {
        let bench = scenario.desk();
        let inject = format!("inject=fsync:signal=KILL:when={n}");
        let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", &inject]);
        if ran.status == 0 {
            break;
        }
        filed += usize::from(bench.names() == ["1", "2"]);
        bench.deliver(scenario.recipient, scenario.message).silent();
        assert_eq!(bench.names(), ["1", "2"], "{n}");
        assert_eq!(bench.take_sent_in_short(), scenario.sent, "{n}");
    }
    assert!(filed > 0, "it was never killed between filing and noting");
}

#[test]
fn every_system_call_may_fail() {
    // A3, A4, C9, D7
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS {
        let count = at_each_failure(&scenario.calls(), &FAILURES, |inject, what| {
            let bench = scenario.desk();
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", inject]);
            let what = format!("{}: {what}: {ran:?}", scenario.name);
            // The loader itself may fail before the program begins.
            let loader = ran.stderr.contains("error while loading");
            assert!([0, 75].contains(&ran.status) || loader, "{what}");
            assert_eq!(ran.stdout, "", "{what}");
            let lines = ran.stderr.lines().count();
            assert!(lines <= 1 && (ran.status != 0 || lines == 0), "{what}");
            scenario.check(&bench, 2, &what);
        });
        println!("{}: {count} failures", scenario.name);
    }
}

/// What could not be put on the disk is taken away again. Where that fails as well, the next attempt finds it, and the
/// answers that belong to it.
#[test]
fn what_cannot_be_taken_away_again_is_completed() {
    // A4, C9
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS {
        let calls = scenario.calls();
        let calls = BTreeMap::from([("fsync".to_owned(), calls["fsync"])]);
        let count = at_each(&calls, |name, n| {
            let bench = scenario.desk();
            let first = format!("inject={name}:error=EIO:when={n}+");
            let then = "inject=unlinkat,ftruncate:error=EIO";
            let options = ["-o", "/dev/null", "-e", &first, "-e", then];
            let ran = scenario.under_strace(&bench, &options);
            let what = format!(
                "{}: EIO from {name} {n} on, at unlink: {ran:?}",
                scenario.name
            );
            assert!([0, 75].contains(&ran.status), "{what}");
            scenario.check(&bench, 2, &what);
        });
        println!("{}: {count} failures", scenario.name);
    }
}
