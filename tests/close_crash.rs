//! `tickets close` and `tickets reopen` that die, or fail, at every system call, and are given again, as
//! a person does who saw no answer: what was begun is finished, and nothing is done twice (D7).

use crate::bench::{Bench, Ran};
use crate::crash::{CALLS, FAILURES, at_each, at_each_failure, calls_in, changes, strace_is_here};
use std::collections::BTreeMap;

const FIRST: &str = "From: alice@example.net\nMessage-ID: <1@example.net>\nSubject: s\n\nfirst\n";
const CLOSING: &str = "From: steve@example.org\nMessage-ID: <3@example.org>\n\nclosing\n";

/// A command, and what there is after it.
struct Scenario {
    args: &'static [&'static str],
    /// The ticket is closed before it.
    closed: bool,
    /// The one name in the store at the end.
    name: &'static str,
    /// The address that the operator's mail is filed under.
    filed_under: &'static str,
    /// The last words of the mbox, once.
    text: &'static str,
    /// The mail that goes to the submitter.
    sent: Option<&'static str>,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        args: &["close", "1", "-m", "Repaired."],
        closed: false,
        name: "archived/1",
        filed_under: "ticket-1-done@example.org",
        text: "Repaired.",
        sent: Some("closed <> -- alice@example.net"),
    },
    Scenario {
        args: &["close", "1"],
        closed: false,
        name: "archived/1",
        filed_under: "ticket-1-done@example.org",
        text: "",
        sent: Some("closed <> -- alice@example.net"),
    },
    Scenario {
        args: &["reopen", "1"],
        closed: true,
        name: "1",
        filed_under: "ticket-1@example.org",
        text: "",
        sent: None,
    },
    Scenario {
        args: &["reopen", "1", "-m", "Sorry!"],
        closed: true,
        name: "1",
        filed_under: "ticket-1@example.org",
        text: "Sorry!",
        sent: Some("copy ticket-1@example.org -- alice@example.net"),
    },
];

impl Scenario {
    fn desk(&self) -> Bench {
        let bench = Bench::new();
        bench.file("submit", FIRST);
        if self.closed {
            bench.file("ticket-1-done", CLOSING);
        }
        bench.take_sent();
        bench
    }

    fn under_strace(&self, bench: &Bench, options: &[&str]) -> Ran {
        crate::crash::under_strace(bench, options, self.args, b"")
    }

    /// How often each call is made, after the program has been loaded.
    fn calls(&self) -> BTreeMap<String, usize> {
        let bench = self.desk();
        let log = bench.path("strace.log");
        let filter = format!("trace={CALLS}");
        let ran = self.under_strace(&bench, &["-o", log.to_str().unwrap(), "-e", &filter]);
        assert_eq!(ran.status, 0, "{ran:?}");
        calls_in(&log)
    }

    /// Gives the command again, and says what must be true then, whatever happened before.
    fn check(&self, bench: &Bench, what: &str) {
        let own = format!("Delivered-To: {}\n", self.filed_under);
        let was_filed = |name: &String| bench.mbox(name).contains(&own);
        let was_filed = bench.names().iter().any(was_filed);
        let ran = bench.run(self.args, b"");
        assert_eq!(ran.status, 0, "{what}: {ran:?}");
        let mut names = bench.names();
        // A lock could not be removed; its owner is dead, and the next one sees that.
        names.retain(|name| !name.ends_with(".lock") || !what.contains("at unlink"));
        assert_eq!(names, [self.name], "{what}: {ran:?}");
        let mbox = bench.mbox(self.name);
        assert_eq!(mbox.matches(&own).count(), 1, "{what}:\n{mbox}");
        let entries = 2 + usize::from(self.closed);
        assert_eq!(
            mbox.matches("\nX-Tickets-Entry: ").count(),
            entries,
            "{what}:\n{mbox}"
        );
        assert!(mbox.trim_end().ends_with(self.text), "{what}:\n{mbox}");
        let sent = bench.take_sent();
        let short: Vec<String> = sent.iter().map(|mail| mail.in_short()).collect();
        let mut msg_ids: Vec<_> = sent.iter().map(|mail| mail.field("Message-ID")).collect();
        msg_ids.dedup();
        // Twice where sendmail took it, and the kill came before that was noted.
        match self.sent {
            None => assert_eq!(short, [""; 0], "{what}"),
            Some(want) => {
                assert!((1..=2).contains(&sent.len()), "{what}: {short:?}");
                assert!(short.iter().all(|mail| mail == want), "{what}: {short:?}");
                assert_eq!(msg_ids.len(), 1, "{what}: {msg_ids:?}");
            }
        }
        let due = bench.outbox().into_iter();
        // What was staged for a mail that was never filed is inert, and removed after a day.
        let due = due.filter(|name| was_filed || !name.starts_with("tmp/"));
        assert_eq!(due.collect::<Vec<_>>(), [""; 0], "{what}");
        bench.says(
            "check --store",
            &format!("{entries} messages in 1 ticket, none changed\n"),
        );
    }
}

/// D7
#[test]
fn killed_at_every_system_call_and_given_again() {
    // T19
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS {
        let count = at_each(&changes(scenario.calls()), |name, n| {
            let bench = scenario.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", &inject]);
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            let what = format!("{:?}: killed at {name} {n}", scenario.args);
            scenario.check(&bench, &what);
        });
        println!("{:?}: {count} kill points", scenario.args);
    }
}

/// D7
#[test]
fn an_error_at_every_system_call_and_given_again() {
    if !strace_is_here() {
        return;
    }
    for scenario in SCENARIOS.iter().filter(|it| !it.text.is_empty()) {
        let count = at_each_failure(&scenario.calls(), &FAILURES[..2], |inject, what| {
            let bench = scenario.desk();
            let ran = scenario.under_strace(&bench, &["-o", "/dev/null", "-e", inject]);
            let what = format!("{:?}: {what}: {ran:?}", scenario.args);
            let loader = ran.stderr.contains("error while loading");
            assert!([0, 75, 78].contains(&ran.status) || loader, "{what}");
            // What is said to be done is done.
            if ran.stdout.starts_with("closed ") || ran.stdout.starts_with("re-opened ") {
                assert!(bench.names().contains(&scenario.name.to_owned()), "{what}");
            }
            scenario.check(&bench, &what);
        });
        println!("{:?}: {count} failures", scenario.args);
    }
}
