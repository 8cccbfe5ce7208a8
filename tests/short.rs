//! Writes that take less than they were given, and a disk that fills up in the middle of one (D7,
//! A3, A4).
//!
//! write(2) may take a part of the bytes: before a disk is full, when a signal comes, on many a
//! network file system. strace could only say so: it changes what a call returns, not what it does.
//! A small file system that is really full wants privileges, and a limit for the size of files
//! (RLIMIT_FSIZE) comes with a signal that kills and does not see the sum of many files. So the
//! library of `shim.c` makes the calls, with fewer bytes.

use crate::bench::{Bench, Ran, finish};
use crate::crash::{SCENARIOS, Scenario, in_threads};
use crate::shim;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Delivers a scenario's message on a disk of this kind.
fn deliver(scenario: &Scenario, bench: &Bench, kind: &[(&str, &str)]) -> Ran {
    let mut command = bench.command(&scenario.args());
    command
        .env("LD_PRELOAD", shim::library(bench))
        .env("SHIM_DISK", bench.ticket(""))
        .env("SHIM_NOSYNC", "1")
        .envs(kind.iter().copied());
    finish(command, scenario.message.as_bytes())
}

/// How many bytes each write to a disk of this kind is given.
fn writes(scenario: &Scenario, kind: &[(&str, &str)]) -> Vec<u64> {
    let bench = scenario.desk();
    bench.put("writes", b"");
    let log = bench.path("writes");
    let kind = [kind, &[("SHIM_WRITES", log.to_str().unwrap())]].concat();
    deliver(scenario, &bench, &kind).silent();
    let log = fs::read_to_string(log).unwrap();
    let writes: Vec<u64> = log.lines().map(|line| line.parse().unwrap()).collect();
    // Its entry, at the least.
    assert!(writes.iter().any(|&n| n > scenario.message.len() as u64));
    writes
}

#[test]
fn short_writes_are_no_mistake() {
    // A4, D7
    let always: [&[(&str, &str)]; 4] = [
        &[("SHIM_SHORT", "half")],
        &[("SHIM_SHORT", "one")],
        &[("SHIM_EINTR", "1")],
        &[("SHIM_SHORT", "half"), ("SHIM_EINTR", "1")],
    ];
    for scenario in SCENARIOS {
        let plain = writes(scenario, &[]).len();
        for kind in always {
            assert!(
                writes(scenario, kind).len() > plain,
                "{kind:?} changes nothing"
            );
        }
        let own = |kind: &[(&'static str, &str)]| {
            let pairs = kind.iter().map(|&(name, value)| (name, value.to_owned()));
            pairs.collect::<Vec<_>>()
        };
        let mut kinds: Vec<_> = always.iter().map(|kind| own(kind)).collect();
        kinds.extend((1..=plain).map(|n| vec![("SHIM_SHORT", n.to_string())]));
        let count = kinds.len();
        in_threads(kinds, |kind| {
            let bench = scenario.desk();
            let pairs: Vec<(&str, &str)> = kind.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let what = format!("{}: {kind:?}", scenario.name);
            let ran = deliver(scenario, &bench, &pairs);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
            scenario.check(&bench, 1, &what);
        });
        println!("{}: {count} kinds of short writes", scenario.name);
    }
}

#[test]
fn the_disk_fills_up_in_the_middle_of_a_write() {
    // A3, A4, D7
    for scenario in SCENARIOS {
        let mut end = 0;
        let mut rooms = Vec::new();
        for bytes in writes(scenario, &[]) {
            rooms.extend([1, bytes / 2, bytes - 1].map(|part| end + part));
            end += bytes;
        }
        rooms.dedup();
        let count = rooms.len();
        let deferred = AtomicUsize::new(0);
        in_threads(rooms, |room| {
            let bench = scenario.desk();
            let ran = deliver(scenario, &bench, &[("SHIM_ROOM", &room.to_string())]);
            let what = format!("{}: room for {room} bytes: {ran:?}", scenario.name);
            assert!(
                [0, 75].contains(&ran.status) && ran.stdout.is_empty(),
                "{what}"
            );
            let lines = ran.stderr.lines().count();
            assert!(lines <= 1 && (ran.status != 0 || lines == 0), "{what}");
            deferred.fetch_add(usize::from(ran.status == 75), Relaxed);
            scenario.check(&bench, 2, &what);
        });
        assert!(
            deferred.into_inner() > 0,
            "there was room enough for {}",
            scenario.name
        );
        println!("{}: {count} disks that are too small", scenario.name);
    }
}
