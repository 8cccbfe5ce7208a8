//! Imports that die at every system call, and disks that fail at every system call: done again, all is
//! filed once, in its ticket.
//!
//! As in crash.rs, each scenario is run under strace to learn which calls it makes; then again and
//! again, killed or failed at each of them, and once more without harm. What is in the store then is
//! what an import that nothing happened to leaves behind.

use crate::bench::{Bench, Ran};
use crate::crash::{at_each, at_each_failure, calls_in, strace_is_here, under_strace};
use crate::deliver::mail;
use crate::import::{archive, tickets, written};
use std::collections::BTreeMap;

/// Calls that change something; between two of them nothing is there that a crash could hurt.
const CALLS: &str = "openat,mkdir,mkdirat,chmod,write,pwrite64,fsync,fdatasync,syncfs,linkat,renameat2,unlink,unlinkat,\
    ftruncate,fallocate,flock";

struct Scenario {
    name: &'static str,
    /// How many messages of the archive were imported before it grew.
    before: usize,
    options: &'static [&'static str],
    want: &'static [&'static str],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "an empty store",
        before: 0,
        options: &["--keep-numbers"],
        want: &["5: 2", "6: 4 6", "archived/3: 1 3 5"],
    },
    Scenario {
        name: "an archive that has grown",
        before: 3,
        options: &[],
        want: &["2: 2", "3: 4 6", "archived/1: 1 3 5"],
    },
];

fn mails() -> Vec<String> {
    let done = "To: x-3-done@old.example\nIn-Reply-To: <1@example.net>\n";
    vec![
        written("1", "ann", (1, 1), "Subject: [issue3] a\n", "a"),
        written("2", "ann", (1, 2), "Subject: [issue5] b\n", "b"),
        written("3", "ann", (1, 3), "In-Reply-To: <1@example.net>\n", "c"),
        written("4", "ann", (1, 4), "Subject: d\n", "d"),
        written("5", "ann", (1, 5), done, "e"),
        written("6", "ann", (1, 6), "In-Reply-To: <4@example.net>\n", "f"),
    ]
}

impl Scenario {
    fn desk(&self) -> Bench {
        let bench = Bench::new();
        let mails = mails();
        let refs: Vec<&str> = mails.iter().map(String::as_str).collect();
        if self.before > 0 {
            bench.put("a.mbox", archive(&refs[..self.before]).as_bytes());
            self.import(&bench).silent_but_for_output(self.name);
        }
        bench.put("a.mbox", archive(&refs).as_bytes());
        bench
    }

    fn args(&self) -> Vec<&str> {
        [&["import", "a.mbox"], self.options].concat()
    }

    fn import(&self, bench: &Bench) -> Ran {
        bench.run(&self.args(), b"")
    }

    fn under_strace(&self, bench: &Bench, options: &[&str]) -> Ran {
        crate::crash::under_strace(bench, options, &self.args(), b"")
    }

    fn calls(&self) -> BTreeMap<String, usize> {
        let bench = self.desk();
        let log = bench.path("strace.log");
        let filter = format!("trace={CALLS},read,pread64");
        let options = ["-o", log.to_str().unwrap(), "-e", &filter];
        let ran = self.under_strace(&bench, &options);
        ran.silent_but_for_output(self.name);
        assert_eq!(tickets(&bench), self.want, "{}", self.name);
        let calls = calls_in(&log);
        assert!(
            calls.contains_key("fsync") && calls.contains_key("linkat"),
            "{calls:?}"
        );
        calls
    }

    /// What must be true after another import, whatever happened to the first.
    fn check(&self, bench: &Bench, what: &str) {
        self.import(bench).silent_but_for_output(what);
        let mut names = bench.names();
        if what.contains("at unlink") {
            names.retain(|name| !name.ends_with(".lock"));
        } else {
            assert_eq!(tickets(bench), self.want, "{what}");
        }
        assert_eq!(names.len(), self.want.len(), "{what}");
        bench
            .run(&["check", "--store"], b"")
            .silent_but_for_output(what);
        // A delivery finds the right ticket and the next number.
        bench.file("submit", mail("7", "In-Reply-To: <6@example.net>\n", "g"));
        bench.file("submit", mail("8", "", "h"));
        let last = self.want.iter().map(|t| {
            t.split(':')
                .next()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .parse::<u32>()
                .unwrap()
        });
        let next = (last.max().unwrap() + 1).to_string();
        assert!(bench.names().contains(&next), "{what}: {:?}", bench.names());
        assert!(
            bench
                .mbox(self.want[1].split(':').next().unwrap())
                .contains("<7@example.net>"),
            "{what}"
        );
    }
}

#[test]
fn an_import_that_is_killed_is_done_again() {
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS {
        let mut calls = scenario.calls();
        calls.retain(|name, _| !["read", "pread64"].contains(&name.as_str()));
        let count = at_each(&calls, |name, n| {
            let bench = scenario.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", &inject]);
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            scenario.check(&bench, &format!("{}: killed at {name} {n}", scenario.name));
        });
        println!("{}: {count} kill points", scenario.name);
    }
}

#[test]
fn an_import_on_a_disk_that_fails() {
    if !strace_is_here() {
        return;
    }
    let failures = [
        (
            "ENOSPC",
            "mkdir,mkdirat,write,pwrite64,linkat,renameat2,ftruncate",
        ),
        (
            "EIO",
            "write,pwrite64,fsync,fdatasync,syncfs,pread64,linkat,renameat2,newfstatat,getdents64",
        ),
        ("EINTR", "write,pread64,fsync"),
    ];
    for scenario in SCENARIOS {
        let count = at_each_failure(&scenario.calls(), &failures, |inject, what| {
            let bench = scenario.desk();
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", inject]);
            let what = format!("{}: {what}: {ran:?}", scenario.name);
            let loader = ran.stderr.contains("error while loading");
            assert!([0, 65, 75].contains(&ran.status) || loader, "{what}");
            assert_eq!(ran.status == 0, ran.stderr.is_empty(), "{what}");
            scenario.check(&bench, &what);
        });
        println!("{}: {count} failures", scenario.name);
    }
}

// A ticket whose number turns out to be taken is written again. If one of its messages cannot be read
// then, the ticket is left out, and the exit status says so.
#[test]
fn a_message_that_cannot_be_read_again_is_not_forgotten() {
    if !strace_is_here() {
        return;
    }
    let import = |options: &[&str]| {
        let bench = SCENARIOS[0].desk();
        bench.make_dir("tickets");
        bench
            .run(&["reindex"], b"")
            .silent_but_for_output("reindex");
        // No ticket, but no ticket can have this number.
        bench.make_dir("tickets/2");
        let ran = under_strace(&bench, options, &["import", "a.mbox"], b"");
        (ran, bench)
    };
    let (ran, bench) = import(&["-o", "strace.log", "-e", "trace=pread64"]);
    ran.is(0, "filed 6 messages in 3 new tickets\n", "");
    assert_eq!(bench.names(), ["2", "3", "4", "archived/1"]);
    let log = std::fs::read_to_string(bench.path("strace.log")).unwrap();
    let mut left_out = 0;
    for n in 1..=log.matches("pread64(").count() {
        let inject = format!("inject=pread64:error=EIO:when={n}");
        let (ran, _) = import(&["-o", "/dev/null", "-e", &inject]);
        assert_eq!(ran.status == 0, ran.stderr.is_empty(), "{n}: {ran:?}");
        left_out += usize::from(ran.stderr.contains("cannot read a.mbox again"));
    }
    // Each of the six messages is read in two calls, and some of them are read twice.
    assert!(left_out > 12, "{left_out}");
}

// After a power cut, too: no number is given to what is not on the disk, and no success is reported
// before the names are. And nobody gets the next number before the index knows what has one.
#[test]
fn nothing_has_a_name_before_it_is_on_the_disk() {
    if !strace_is_here() {
        return;
    }
    let scenario = &SCENARIOS[0];
    let bench = scenario.desk();
    let log = bench.path("strace.log");
    let options = [
        "-y",
        "-o",
        log.to_str().unwrap(),
        "-e",
        "trace=write,pwrite64,syncfs,fsync,linkat,close",
    ];
    scenario
        .under_strace(&bench, &options)
        .silent_but_for_output("strace");
    let log = std::fs::read_to_string(log).unwrap();
    let mut steps: Vec<char> = log
        .lines()
        .filter_map(|line| match line.split('(').next().unwrap() {
            "write" if line.contains("\"From ") => Some('w'),
            "write" if line.contains("\"filed ") => Some('!'),
            "syncfs" => Some('s'),
            "linkat" => Some('l'),
            "fsync" if line.contains("/tickets/archived>") => Some('a'),
            "fsync" if line.contains("/tickets>") => Some('o'),
            "pwrite64" if line.contains("/index.db>") => Some('i'),
            "close" if line.contains("/sequence>") => Some('n'),
            _ => None,
        })
        .collect();
    steps.dedup_by(|a, b| (*a, *b) == ('i', 'i'));
    let steps: String = steps.into_iter().collect();
    // Creating the store syncs it; one syncfs is for all six messages of three tickets.
    let steps = steps.trim_start_matches(['a', 'o', 'i', 'n']);
    assert_eq!(steps, "wwwwwwsllloain!", "{log}");
}
