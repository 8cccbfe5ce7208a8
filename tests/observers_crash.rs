//! Deliveries to a desk with a filter and two observers that die at every system call (G5, G6, D7).

use crate::bench::Bench;
use crate::crash::{CALLS, at_each, calls_in, changes, strace_is_here, under_strace};
use crate::filter::install;
use crate::observers::{WITNESS, heads, module, switch_on, told};
use std::collections::BTreeMap;

const FIRST: &str = "From: ann@example.net\nMessage-ID: <1@example.net>\nSubject: s\n\nfirst\n";
const SECOND: &str = "From: ann@example.net\nMessage-ID: <2@example.net>\n\nsecond\n";

/// A filter that lets everything go on, with a score.
const JUDGE: &str = "#!/bin/sh\nread -r head\ncat >/dev/null\necho '{\"go\":\"on\",\"score\":1}'\n";

/// Mail to a desk with a filter and two observers.
struct Story {
    before: &'static [(&'static str, &'static str)],
    to: &'static str,
    message: &'static str,
    told: &'static [&'static str],
    sent: &'static [&'static str],
}

const STORIES: [Story; 2] = [
    Story {
        before: &[],
        to: "submit@example.org",
        message: FIRST,
        told: &["opened 1.1"],
        sent: &["ack <> -- ann@example.net", "copy <> -- steve@example.org"],
    },
    Story {
        before: &[("submit@example.org", FIRST)],
        to: "ticket-1@example.org",
        message: SECOND,
        told: &["opened 1.1", "mail 1.2"],
        sent: &["copy <> -- steve@example.org"],
    },
];

impl Story {
    fn desk(&self) -> Bench {
        let bench = Bench::new();
        module(&bench, "sms", WITNESS.as_bytes(), "");
        module(&bench, "raw", WITNESS.as_bytes(), "raw = true\n");
        install(&bench, "judge", JUDGE.as_bytes(), "timeout = \"60 s\"\n");
        switch_on(&bench, &["judge", "sms", "raw"], "");
        for (to, message) in self.before {
            bench.deliver(to, message).silent();
        }
        bench.take_sent();
        bench
    }

    fn args(&self) -> [&str; 5] {
        ["deliver", "-f", "alice@example.net", "-r", self.to]
    }

    /// How often each call is made by the program, all its threads together.
    fn calls(&self) -> BTreeMap<String, usize> {
        let bench = self.desk();
        let log = bench.path("strace.log");
        let filter = format!("trace={CALLS}");
        let options = ["-o", log.to_str().unwrap(), "-e", &filter];
        under_strace(&bench, &options, &self.args(), self.message.as_bytes()).silent();
        calls_in(&log)
    }

    /// Delivers it again; whatever happened before, all has been told and sent then.
    fn check(&self, bench: &Bench, what: &str) {
        bench.deliver(self.to, self.message).silent();
        bench.run(&["flush", "--quiet"], b"").silent();
        let mbox = bench.mbox("1");
        let entries = mbox.split("\n\nFrom ").count();
        assert_eq!(entries, self.before.len() + 1, "{what}:\n{mbox}");
        // If the filter itself was killed, its remark says so.
        let judged = mbox.matches("\nX-Tickets-Module: judge; ").count();
        assert_eq!(judged, entries, "{what}:\n{mbox}");
        for name in ["sms", "raw"] {
            let told = told(bench, name);
            let mut once = told.clone();
            once.dedup();
            assert_eq!(once, self.told, "{what}: {name}: {told:?}");
            let ids: Vec<_> = heads(bench, name)
                .iter()
                .map(|head| head["id"].clone())
                .collect();
            for (a, b) in told.iter().zip(&ids).zip(told.iter().zip(&ids).skip(1)) {
                assert_eq!(a.0 == b.0, a.1 == b.1, "{what}: {ids:?}");
            }
        }
        let sent = bench.take_sent_in_short();
        for want in self.sent {
            let times = sent.iter().filter(|s| s == want).count();
            assert!(
                (1..=2).contains(&times),
                "{what}: {want} {times} times in {sent:?}"
            );
        }
        assert!(
            sent.iter().all(|s| self.sent.contains(&s.as_str())),
            "{what}: {sent:?}"
        );
        assert_eq!(bench.outbox(), [""; 0], "{what}");
    }
}

#[test]
fn killed_at_every_system_call_every_observer_is_told_all_the_same() {
    // G5, G6, D7
    if !strace_is_here() {
        return;
    }
    for story in STORIES {
        let calls = changes(story.calls());
        let count = at_each(&calls, |name, n| {
            let bench = story.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let options = ["-o", "/dev/null", "-e", &inject];
            let ran = under_strace(&bench, &options, &story.args(), story.message.as_bytes());
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            story.check(&bench, &format!("{}: killed at {name} {n}", story.to));
        });
        println!("{}: {count} kill points of the main thread", story.to);
        // The same in the threads of the observers, and in the programs themselves: each counts its own calls.
        let calls = BTreeMap::from(
            ["openat", "read", "write", "poll", "unlinkat", "waitid"].map(|it| (it.to_owned(), 6)),
        );
        let count = at_each(&calls, |name, n| {
            let bench = story.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let options = ["-f", "-o", "/dev/null", "-e", &inject];
            let ran = under_strace(&bench, &options, &story.args(), story.message.as_bytes());
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            story.check(&bench, &format!("{}: all killed at {name} {n}", story.to));
        });
        println!("{}: {count} kill points of all", story.to);
    }
}
