//! Deliveries that die at every system call, where a filter says something else at the next attempt (G5, D7).

use crate::bench::{Bench, finish};
use crate::crash::{CALLS, at_each, calls_in, changes, strace_is_here, under_strace};
use crate::filter::{MAIL, answers, desk_with_tickets, filed, held, switch_on};
use crate::shim::library;

/// What a filter says at the attempt that dies, and at the next.
struct Story {
    to: &'static str,
    first: &'static str,
    then: &'static str,
    config: &'static str,
}

const NOBODY_IS_TOLD: &str = "notify = \"none\"\nack = false\n";

const STORIES: [Story; 4] = [
    Story {
        to: "submit@example.org",
        first: r#"{"go":"ticket","ticket":1}"#,
        then: "{}",
        config: "",
    },
    // Nothing is staged that would say where it went.
    Story {
        to: "submit@example.org",
        first: r#"{"go":"ticket","ticket":1}"#,
        then: r#"{"go":"quarantine"}"#,
        config: NOBODY_IS_TOLD,
    },
    Story {
        to: "ticket-1@example.org",
        first: r#"{"go":"new"}"#,
        then: r#"{"go":"ticket","ticket":2}"#,
        config: NOBODY_IS_TOLD,
    },
    Story {
        to: "submit@example.org",
        first: "{}",
        then: r#"{"go":"quiet"}"#,
        config: "",
    },
];

impl Story {
    fn desk(&self) -> Bench {
        let bench = desk_with_tickets();
        switch_on(&bench, &["f"], self.config);
        answers(&bench, self.first);
        bench
    }

    fn args(&self) -> [&str; 5] {
        ["deliver", "-f", "alice@example.net", "-r", self.to]
    }

    /// The message is there once, and nobody is told of it where that was the last word.
    fn check(&self, bench: &Bench, what: &str) {
        answers(bench, self.then);
        bench.deliver(self.to, MAIL).silent();
        let flushed = bench.run(&["flush", "--quiet"], b"");
        flushed.silent();
        // By then what nobody came back for is seen to.
        let mut later = bench.command(&["flush", "--quiet"]);
        later
            .env("LD_PRELOAD", library(bench))
            .env("SHIM_LATER", "7200");
        finish(later, b"").silent();
        let filed = filed(bench);
        let count = filed.len() + held(bench).len();
        assert_eq!(count, 1, "{what}: {filed:?}");
        let sent = bench.take_sent_in_short();
        if filed.iter().any(|it| it.contains("go=quiet")) || self.config == NOBODY_IS_TOLD {
            assert_eq!(sent, [""; 0], "{what}: {filed:?}");
        } else {
            assert!(!sent.is_empty(), "{what}: {filed:?}");
        }
        // What belongs to a ticket that it did not come to in the end is removed after a day.
        let own = filed.first().map(|it| it.split(' ').next().unwrap());
        let own = own.map_or("tmp/none".to_owned(), |ticket| format!("tmp/{ticket}."));
        let mut left = bench.outbox();
        left.retain(|name| !name.starts_with("tmp/") || name.starts_with(&own));
        assert_eq!(left, [""; 0], "{what}: {filed:?}");
    }
}

#[test]
fn a_message_is_there_once_though_a_filter_changes_its_mind_after_a_crash() {
    if !strace_is_here() {
        return;
    }
    for story in STORIES {
        let Story {
            to, first, then, ..
        } = &story;
        let bench = story.desk();
        let log = bench.path("strace.log");
        let filter = format!("trace={CALLS}");
        let options = ["-o", log.to_str().unwrap(), "-e", &filter];
        under_strace(&bench, &options, &story.args(), MAIL.as_bytes()).silent();
        let count = at_each(&changes(calls_in(&log)), |name, n| {
            let bench = story.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let options = ["-o", "/dev/null", "-e", &inject];
            let ran = under_strace(&bench, &options, &story.args(), MAIL.as_bytes());
            assert!([-9, 0].contains(&ran.status), "{ran:?}");
            story.check(&bench, &format!("{to}: {first}, {then}: {name} {n}"));
        });
        println!("{to}: {first}, {then}: {count} kill points");
    }
}
