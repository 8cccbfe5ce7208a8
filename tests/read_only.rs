//! Commands that read, where nothing can be written: a disk that is full or may only be read, or a store
//! of somebody else's. They say the same as always, so that a store can be saved (D9).

use crate::bench::{Bench, Ran, finish, ordinary_user};
use crate::deliver::mail;
use crate::shim;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

/// Commands, and whether they ask the index.
const COMMANDS: [(&str, bool); 12] = [
    ("list --all", true),
    ("list --json", true),
    ("list -q --closed", true),
    ("search burns", true),
    ("search --json from:alice", true),
    ("stats --csv", true),
    ("timeline", true),
    ("timeline --ticket 1 --json", true),
    ("export --mbox -", false),
    ("show 1", false),
    ("show 2 1 --raw", false),
    ("check --store", true),
];

/// Three tickets, one of them closed; the index has not seen what was done last.
fn desk() -> Bench {
    let bench = Bench::new();
    bench.make_dir("tmp");
    for id in ["1", "2", "3"] {
        bench.file("submit", mail(id, "Subject: Printer\n", "It burns."));
    }
    bench.says("close 2", "closed 2  Printer\n");
    bench.works("search burns");
    bench.file("ticket-1", mail("4", "Subject: Re: Printer\n", "Still."));
    let more =
        "From ann@x Mon Nov  2 10:00:00 2026\nFrom: Ann <ann@x>\nSubject: By hand\n\nHi.\n\n";
    bench.put("tickets/9", more.as_bytes());
    bench
}

/// All names below a directory, with what would change if somebody wrote there.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (u32, u64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let (path, meta) = (
            entry.as_ref().unwrap().path(),
            entry.unwrap().metadata().unwrap(),
        );
        let bytes = match meta.is_dir() {
            true => Vec::new(),
            false => fs::read(&path).unwrap(),
        };
        if meta.is_dir() {
            found.extend(tree(&path));
        }
        let changed = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
        found.insert(path, (meta.mode(), meta.len(), changed, bytes));
    }
    found
}

/// Changes the modes of all directories and files below and with `dir`.
fn chmod(dir: &Path, of_dirs: u32, of_files: u32) {
    for path in tree(dir).keys().filter(|path| path.is_file()) {
        fs::set_permissions(path, Permissions::from_mode(of_files)).unwrap();
    }
    let dirs = tree(dir);
    // The deepest first, or those below could not be reached.
    for path in dirs.keys().rev().filter(|path| path.is_dir()) {
        fs::set_permissions(path, Permissions::from_mode(of_dirs)).unwrap();
    }
    fs::set_permissions(dir, Permissions::from_mode(of_dirs)).unwrap();
}

/// Runs all commands, which say the same as `wanted`, with at most one remark more; nothing is changed,
/// and nothing left behind.
fn assert_all_can_be_read(
    bench: &Bench,
    wanted: &[Ran],
    remark: &str,
    start: impl Fn(&[&str]) -> Ran,
) {
    let before = tree(&bench.path("tickets"));
    for ((line, asks), want) in COMMANDS.iter().zip(wanted) {
        let ran = start(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(
            (ran.status, &ran.stdout),
            (want.status, &want.stdout),
            "{line}: {ran:?}"
        );
        let end = "; all tickets are read, which takes longer\n";
        match asks {
            true => assert_eq!(ran.stderr, format!("tickets: {remark}{end}"), "{line}"),
            false => assert_eq!(ran.stderr, "", "{line}"),
        }
        assert!(
            tree(&bench.path("tickets")) == before,
            "{line} changed something"
        );
        assert_eq!(
            fs::read_dir(bench.path("tmp")).unwrap().count(),
            0,
            "{line}"
        );
    }
}

/// What the commands say of the same store where it can be written.
fn wanted(bench: &Bench) -> Vec<Ran> {
    let copy = Bench::new();
    let (from, to) = (bench.path("tickets"), copy.path("tickets"));
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([&from, &to])
        .status();
    assert!(status.unwrap().success());
    let run = |&(line, _): &(&str, bool)| {
        let mut ran = copy.run(&line.split(' ').collect::<Vec<_>>(), b"");
        assert_eq!(ran.stderr, "", "{line}");
        let [from, to] = [&from, &to].map(|path| path.to_str().unwrap());
        ran.stdout = ran.stdout.replace(to, from);
        ran
    };
    COMMANDS.iter().map(run).collect()
}

fn command(bench: &Bench, args: &[&str]) -> std::process::Command {
    let mut command = bench.command(args);
    command.env("TMPDIR", bench.path("tmp"));
    command
}

/// (D9)
#[test]
fn a_store_that_may_only_be_read() {
    for has_index in [true, false] {
        let bench = desk();
        let wanted = wanted(&bench);
        let index = bench.ticket(".tickets/index.db");
        if !has_index {
            for name in ["index.db", "index.lock", "text.db", "text.lock"] {
                fs::remove_file(bench.ticket(".tickets").join(name)).unwrap();
            }
        }
        chmod(&bench.path("tickets"), 0o555, 0o444);
        let remark = format!(
            "cannot open {}: Permission denied (os error 13)",
            index.display()
        );
        assert_all_can_be_read(&bench, &wanted, &remark, |args| {
            finish(command(&bench, args), b"")
        });
        chmod(&bench.path("tickets"), 0o755, 0o644);
    }
}

/// (D9) Somebody who may read it, and is not its owner. Only root can try that.
#[test]
fn a_store_of_somebody_elses() {
    // T15
    if ordinary_user().is_none() {
        return;
    }
    let bench = desk();
    let wanted = wanted(&bench);
    chmod(&bench.path("tickets"), 0o755, 0o644);
    fs::set_permissions(bench.path("tmp"), Permissions::from_mode(0o777)).unwrap();
    let index = bench.ticket(".tickets/index.db");
    let remark = format!(
        "cannot open {}: Permission denied (os error 13)",
        index.display()
    );
    let root = bench.path("");
    fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
    assert_all_can_be_read(&bench, &wanted, &remark, |args| {
        let mut command = command(&bench, args);
        command.uid(1).gid(1);
        finish(command, b"")
    });
}

/// (D9) On a full disk no byte more can be written.
#[test]
fn a_store_on_a_full_disk() {
    let bench = desk();
    let wanted = wanted(&bench);
    let full = |args: &[&str]| {
        let mut command = command(&bench, args);
        command
            .env("LD_PRELOAD", shim::library(&bench))
            .env("SHIM_DISK", bench.ticket(""))
            .env("SHIM_ROOM", "0");
        finish(command, b"")
    };
    shim::library(&bench);
    for ((line, asks), want) in COMMANDS.iter().zip(&wanted) {
        let ran = full(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(
            (ran.status, &ran.stdout),
            (want.status, &want.stdout),
            "{line}: {ran:?}"
        );
        assert_eq!(
            ran.stderr.lines().count(),
            usize::from(*asks),
            "{line}: {ran:?}"
        );
        assert_eq!(
            fs::read_dir(bench.path("tmp")).unwrap().count(),
            0,
            "{line}"
        );
    }
    // The disk has room again.
    bench.works("list -q");
}
