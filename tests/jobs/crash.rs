//! `tickets tick` that is killed, or fails, at any system call (I2, D7).

use super::{due, history, make_due, state};
use crate::bench::Bench;
use crate::crash::{at_each, calls_in, strace_is_here, under_strace};
use crate::until::until;

/// Calls after which a kill may leave something else behind than before them.
const CALLS: &str = "openat,mkdirat,write,ftruncate,fsync,renameat,unlinkat,flock,utimensat,clone3,vfork,clone,execve,dup3,dup2";

/// A desk on which a mail waits, and `flush` is due.
fn desk() -> Bench {
    let bench = due("", &[]);
    bench.sendmail("#!/bin/sh\nexit 75\n");
    bench.file("submit", crate::deliver::mail("2", "", "x"));
    bench.mend_sendmail();
    make_due(&bench, "flush");
    bench
}

fn tick(bench: &Bench, options: &[&str]) -> i32 {
    under_strace(bench, options, &["tick"], b"").status
}

/// Whatever happened, the next ticks do what is to be done.
fn check(bench: &Bench, what: &str) {
    // A run that the dead one had begun may still be at it, or not even have begun to hold its lock; then it is
    // the one that counts, and a tick has nothing to do.
    let mut runs = Vec::new();
    for _ in 0..1000 {
        until("the run that the dead one had begun ends", || {
            let jobs = bench.run(&["jobs", "--json"], b"").stdout;
            !jobs.contains("\"running\":true")
        });
        bench.run(&["tick"], b"").silent();
        runs = history(bench, "flush");
        if !runs.is_empty() {
            break;
        }
    }
    // It was due once: it ran for that, or died at it.
    assert_eq!(runs.len(), 1, "{what}: {runs:?}");
    make_due(bench, "flush");
    bench.run(&["tick"], b"").silent();
    let after = history(bench, "flush");
    assert_eq!(after.len(), 2, "{what}: {after:?}");
    assert!(after[1].ends_with(" sent, 0 waiting"), "{what}: {after:?}");
    assert_eq!(state(bench, "flush")["failures"], 0, "{what}");
    assert_eq!(bench.outbox(), [""; 0], "{what}");
    let sent = bench.take_sent();
    // One mail may go out twice.
    assert!((2..=3).contains(&sent.len()), "{what}: {}", sent.len());
    assert!(bench.ticket(".tickets/jobs/beat").exists(), "{what}");
}

// I2, D7
#[test]
fn a_tick_that_is_killed_at_any_call_ends_well() {
    if !strace_is_here() {
        return;
    }
    let bench = desk();
    let log = bench.path("strace.log");
    let filter = format!("trace={CALLS}");
    // That of the tick itself, and of the run that it starts.
    let options = ["-f", "-o", log.to_str().unwrap(), "-e", &filter];
    assert_eq!(tick(&bench, &options), 0);
    check(&bench, "nothing");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("flush.json"), "{text}");
    let bench = desk();
    let options = ["-o", log.to_str().unwrap(), "-e", &filter];
    assert_eq!(tick(&bench, &options), 0);
    let calls = calls_in(&log);
    assert!(calls["openat"] > 10, "{calls:?}");
    let count = at_each(&calls, |name, n| {
        let bench = desk();
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let status = tick(&bench, &["-o", "/dev/null", "-e", &inject]);
        assert!([-9, 0].contains(&status), "{name} {n}: {status}");
        check(&bench, &format!("tick: {name} {n}"));
    });
    println!("tick: {count} kill points");
}

// I2, D7
#[test]
fn a_run_that_is_killed_at_any_call_ends_well() {
    if !strace_is_here() {
        return;
    }
    let bench = desk();
    let log = bench.path("strace.log");
    let filter = format!("trace={CALLS}");
    let work = ["jobs", "work", "flush"];
    let options = ["-o", log.to_str().unwrap(), "-e", &filter];
    under_strace(&bench, &options, &work, b"").silent();
    let calls = calls_in(&log);
    assert!(calls["fsync"] >= 2, "{calls:?}");
    let count = at_each(&calls, |name, n| {
        let bench = desk();
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let ran = under_strace(&bench, &["-o", "/dev/null", "-e", &inject], &work, b"");
        assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
        check(&bench, &format!("work: {name} {n}"));
    });
    println!("work: {count} kill points");
}
