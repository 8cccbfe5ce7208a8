//! `tickets flush` that is killed: nothing that waits is lost, and one mail at most is sent twice (C9).

use crate::bench::{Bench, Sent};
use crate::crash::{at_each, strace_is_here, under_strace};
use crate::deliver::mail;
use std::collections::{BTreeMap, BTreeSet};

/// Calls after which a kill may leave something else behind than before them.
const CALLS: &str =
    "openat,write,utimensat,renameat,unlinkat,flock,clone3,vfork,clone,waitid,wait4,futex";

/// A desk on which eight mails wait.
fn desk() -> Bench {
    let bench = Bench::new();
    bench.sendmail("#!/bin/sh\nexit 75\n");
    for id in ["1", "2", "3", "4"] {
        let from = format!("From: {id}@example.net\nMessage-ID: <{id}@x>\n\nx\n");
        bench.file("submit", from);
    }
    assert_eq!(bench.outbox().len(), 8);
    bench.mend_sendmail();
    bench
}

fn flush_under_strace(bench: &Bench, options: &[&str]) -> i32 {
    under_strace(bench, options, &["flush", "--quiet"], b"").status
}

/// The Message-ID of each mail that was sent.
fn msg_ids(bench: &Bench) -> Vec<String> {
    let sent = bench.sent();
    let msg_id = |mail: &Sent| mail.field("Message-ID").unwrap();
    sent.iter().map(msg_id).collect()
}

/// (C9)
#[test]
fn a_flush_that_is_killed_sends_one_mail_twice_at_most() {
    // T19
    if !strace_is_here() {
        return;
    }
    let bench = desk();
    let log = bench.path("strace.log");
    let filter = format!("trace={CALLS}");
    let options = ["-o", log.to_str().unwrap(), "-e", &filter];
    assert_eq!(flush_under_strace(&bench, &options), 0);
    assert_eq!(msg_ids(&bench).len(), 8);
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        if let Some((name, _)) = line.split_once('(') {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    assert!(calls["unlinkat"] >= 8, "{calls:?}");
    let count = at_each(&calls, |name, n| {
        let bench = desk();
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let status = flush_under_strace(&bench, &["-o", "/dev/null", "-e", &inject]);
        assert!([-9, 0].contains(&status), "{name} {n}: {status}");
        bench.run(&["flush", "--quiet"], b"").silent();
        assert_eq!(bench.outbox(), [""; 0], "{name} {n}");
        let sent = msg_ids(&bench);
        let each: BTreeSet<&String> = sent.iter().collect();
        assert_eq!(each.len(), 8, "{name} {n}: {sent:?}");
        assert!(sent.len() <= 9, "{name} {n}: {sent:?}");
    });
    println!("{count} kill points");
}

/// (C9) A delivery gives sendmail four mails side by side. Killed when all four are taken and none is noted yet, it
/// sends these again, under the same Message-IDs, and no other.
#[test]
fn a_delivery_that_is_killed_sends_four_mails_twice_at_most() {
    // T19
    let bench = Bench::new();
    for id in ["1", "2", "3", "4", "5", "6"] {
        bench.file("submit", mail(id, "", "x"));
    }
    bench.take_sent();
    bench.sendmail(
        "#!/bin/sh\ncd \"${0%/*}\"\n{ printf '%s\\n' \"$*\" && cat; } >sent.tmp/$$\nmv sent.tmp/$$ sent/$$\n\
         until [ ! -e \"$0\" ] || [ \"$(ls sent | wc -l)\" = 4 ]; do sleep 0.1; done\nkill -9 $PPID\n",
    );
    let closing = "From: steve@example.org\nMessage-ID: <done@x>\n\ndone\n";
    let to = ["1", "2", "3", "4", "5", "6"].map(|id| format!("ticket-{id}-done@example.org"));
    let mut args = vec!["deliver", "-f", "steve@example.org"];
    args.extend(to.iter().flat_map(|to| ["-r", to]));
    assert_eq!(bench.run(&args, closing.as_bytes()).status, -9);
    let first = msg_ids(&bench);
    assert_eq!(first.len(), 4);
    bench.mend_sendmail();
    bench.run(&args, closing.as_bytes()).silent();
    assert_eq!(bench.outbox(), [""; 0]);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for id in msg_ids(&bench) {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), 6, "{times:?}");
    for (id, times) in times {
        assert_eq!(times, 1 + usize::from(first.contains(&id)), "{id}");
    }
}

/// (C9) One sendmail that hangs does not hold up the others, and all are given the time that they have.
#[test]
fn a_sendmail_that_hangs_holds_up_nobody() {
    let bench = Bench::with("sendmail_timeout = \"20 s\"\n");
    bench.sendmail("#!/bin/sh\nexit 75\n");
    for id in ["1", "2", "3", "4"] {
        bench.file("submit", mail(id, "", "x"));
    }
    // The first one ends when all others are through; if they had to wait for it, it would be killed.
    bench.sendmail(
        "#!/bin/sh\ncd \"${0%/*}\"\necho >>tried\nif mkdir first 2>/dev/null; then\n\
         until [ ! -e \"$0\" ] || [ \"$(wc -l <tried)\" = 8 ]; do sleep 0.1; done\nfi\n",
    );
    bench.says("flush", "8 sent, 0 waiting\n");
}
