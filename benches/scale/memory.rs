//! How much memory does each command take?

use super::Bench;
use super::table::{Table, megabytes, time};

/// Bytes that no command may hold, whatever the store.
const MOST: u64 = 200_000_000;

pub fn measure(bench: &Bench, table: &mut Table) {
    // An old ticket, which no other part of this benchmark writes into.
    let commands: [&[&str]; 10] = [
        &["list"],
        &["list", "--all"],
        &["list", "--all", "--json"],
        &["search", "Drucker"],
        &["show", "1"],
        &["timeline"],
        &["timeline", "--ticket", "1"],
        &["stats"],
        &["check", "--store"],
        &["reindex"],
    ];
    for arguments in commands {
        if !bench.has(arguments[0], table) {
            continue;
        }
        let cost = bench.tickets(arguments);
        let peak = cost.memory * 1024;
        table.goal(
            &format!("memory of `{}`", arguments.join(" ")),
            megabytes(peak),
            format!("in {}", time(cost.wall)),
            &format!("< {}", megabytes(MOST)),
            peak < MOST,
        );
    }
}
