//! What stands in a store where a file or a directory of it should be (D5, D8).

use crate::files::{absent, expect_directory, obstacle};
use crate::store::Store;
use crate::ticket::{State, TicketId};
use std::fs::DirEntry;
use std::path::PathBuf;

/// The core's own files in `.tickets`. Those of parts are theirs alone, and are only seen if they are neither file nor
/// directory.
const FILES: [&str; 15] = [
    "turns",
    "moved",
    "moved.new",
    "sequence",
    "answered",
    "answered.lock",
    "journal",
    "journal.old",
    "index.db",
    "index.db-journal",
    "index.db-new",
    "index.new",
    "index.new-journal",
    "index.lock",
    "rebuild.lock",
];

/// Its directories there.
const DIRECTORIES: [&str; 10] = [
    "check",
    "recent",
    "torn",
    "outbox",
    "outbox/tmp",
    "outbox/new",
    "outbox/cur",
    "outbox/failed",
    "outbox/failed/new",
    "outbox/failed/cur",
];

/// The core's own files and directories in the store, whether they are there or not.
pub(super) fn own(store: &Store) -> impl Iterator<Item = PathBuf> {
    let private = store.private();
    let names = FILES.iter().chain(&DIRECTORIES);
    names.map(move |name| private.join(name))
}

/// True if a file of this name is a ticket, or the lock of one.
pub(super) fn is_taken_for_ours(name: &str) -> bool {
    let number = name.strip_suffix(".lock").unwrap_or(name);
    number.parse::<TicketId>().is_ok()
}

/// The path of each, and what stands there.
pub(super) fn look(store: &Store) -> Vec<(PathBuf, std::io::Error)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for state in [State::Open, State::Closed] {
        let dir = store.dir(state);
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let ours = entries.filter(|it| it.file_name().to_str().is_some_and(is_taken_for_ours));
        files.extend(ours.map(|entry| entry.path()));
    }
    let private = store.private();
    let entries = std::fs::read_dir(&private).into_iter().flatten().flatten();
    let stands_in_the_way = |entry: &DirEntry| {
        entry.file_type().is_ok_and(|kind| match kind.is_dir() {
            true => FILES.iter().any(|name| entry.file_name() == *name),
            false => !kind.is_file(),
        })
    };
    let others = |path: &PathBuf| !DIRECTORIES.iter().any(|name| private.join(name) == *path);
    files.extend(
        entries
            .filter(stands_in_the_way)
            .map(|entry| entry.path())
            .filter(others),
    );
    let directories = DIRECTORIES.iter().map(|name| private.join(name));
    let directories = directories.chain([store.quarantine_dir()]);
    let mut found: Vec<_> = files
        .into_iter()
        .filter_map(|path| obstacle(&path).map(|e| (path, e)))
        .collect();
    found.extend(directories.filter_map(|path| {
        let e = expect_directory(&path).err().filter(|e| !absent(e))?;
        Some((path, e))
    }));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
