//! How much memory does each command need?

use super::Bench;
use super::meter::Cost;
use super::table::{Table, megabytes, time};

/// The most bytes that a command may use, for any store.
const MOST: u64 = 200_000_000;

pub fn measure(bench: &Bench, table: &mut Table) {
    // An old ticket that no other part of this benchmark changes.
    let commands: [&[&str]; 11] = [
        &["list"],
        &["list", "--all"],
        &["list", "--all", "--json"],
        &["search", "Drucker"],
        &["search", "-q", "Drucker"],
        &["show", "1"],
        &["timeline"],
        &["timeline", "--ticket", "1"],
        &["stats"],
        &["stats", "--json"],
        &["check", "--store"],
    ];
    for arguments in commands {
        if !bench.has(arguments[0], table) {
            continue;
        }
        peak(
            table,
            &arguments.join(" "),
            bench.long(&bench.command(arguments)),
        );
    }
}

/// The peak memory of a command.
pub fn peak(table: &mut Table, command: &str, cost: Cost) {
    let bytes = cost.memory * 1024;
    table.goal(
        &format!("memory of `{command}`"),
        megabytes(bytes),
        format!("in {}", time(cost.wall)),
        &format!("< {}", megabytes(MOST)),
        bytes < MOST,
    );
}
