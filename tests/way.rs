//! Where the program changes something in a store, it has opened the directory before, and gone through no link:
//! whatever somebody puts in the place of a directory meanwhile leads nowhere else (D8).

use crate::bench::Bench;
use crate::crash::{strace_is_here, under_strace};
use crate::deliver::mail;
use std::fs;

/// Calls that open, create, change or remove what a path names.
const CALLS: &str = "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,\
    renameat,renameat2,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,lchown,fchownat,utime,utimes,futimesat,\
    utimensat,setxattr,removexattr";

/// What SQLite opens by its path. It follows no link, but looks before it opens (T16).
const OF_SQLITE: [&str; 4] = ["index.db", "index.new", "text.db", "text.new"];

/// True if a call, a line of strace -y, may be led out of the store: it names something there by a path through the
/// store, or follows a link to it.
fn may_go_astray(line: &str, store: &str) -> bool {
    let Some((_, args)) = line.split_once('(') else {
        return false;
    };
    let below = |path: &str| {
        let name = path.strip_prefix(store)?.strip_prefix('/')?;
        Some(name.to_owned())
    };
    let names: Vec<&str> = args.split('"').skip(1).step_by(2).collect();
    let by_path: Vec<String> = names.iter().filter_map(|name| below(name)).collect();
    for name in &by_path {
        let of_sqlite = OF_SQLITE
            .iter()
            .any(|db| name.starts_with(&format!(".tickets/{db}")));
        let is_dir = ["archived", ".tickets"].contains(&name.as_str()) && line.contains("O_RDONLY");
        // SQLite syncs the directory, and `check` lists it. Neither changes anything.
        let looks = !line.contains("O_DIRECTORY") || line.contains("O_NONBLOCK");
        let is_held = line.contains("O_NOFOLLOW");
        if !of_sqlite && !(is_dir && (looks || is_held)) {
            return true;
        }
    }
    // A name in an open directory of the store.
    let in_store = by_path.is_empty() && args.contains(&format!("<{store}"));
    let goes_on = names
        .iter()
        .any(|name| !name.starts_with('/') && name.contains('/'));
    let opens = args.contains("O_")
        && !names
            .iter()
            .all(|name| name.starts_with('/') || *name == ".");
    in_store && (goes_on || (opens && !args.contains("O_NOFOLLOW")))
}

/// Runs a command, and notes every call of it that may go astray.
fn watch(bench: &Bench, args: &[&str], stdin: &str, found: &mut Vec<String>) {
    let log = bench.path("strace.log");
    let filter = format!("trace={CALLS}");
    let options = ["-f", "-y", "-s", "4096", "-e", &filter, "-o"];
    let options = [&options[..], &[log.to_str().unwrap()]].concat();
    let ran = under_strace(bench, &options, args, stdin.as_bytes());
    assert!([0, 1, 75].contains(&ran.status), "{args:?}: {ran:?}");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains(bench.ticket("").to_str().unwrap()), "{args:?}");
    // What sendmail and others do is theirs.
    let us = log.split_once(' ').unwrap().0;
    let store = bench.ticket("").display().to_string();
    let ours = log.lines().filter(|line| line.starts_with(us));
    let astray = ours.filter(|line| may_go_astray(line, store.trim_end_matches('/')));
    found.extend(astray.map(|line| format!("{args:?}: {line}")));
}

#[test]
fn nothing_in_a_store_is_opened_by_a_path_through_it() {
    // D8, T16
    if !strace_is_here() {
        return;
    }
    let bench = Bench::new();
    let mut found = Vec::new();
    let deliver = |to: &str, id: &str, from: &str, found: &mut Vec<String>| {
        let recipient = format!("{to}@example.org");
        let args = ["deliver", "-f", from, "-r", &recipient];
        watch(&bench, &args, &mail(id, "", "x"), found);
    };
    deliver("submit", "1", "alice@example.net", &mut found);
    deliver("submit", "2", "alice@example.net", &mut found);
    deliver("ticket-1", "3", "alice@example.net", &mut found);
    deliver("ticket-1-done", "4", "alice@example.net", &mut found);
    deliver("ticket-1", "5", "alice@example.net", &mut found);
    // A part of an entry that a crash left.
    let mbox = fs::read_to_string(bench.ticket("2")).unwrap();
    fs::write(bench.ticket("2"), mbox.clone() + &mbox[..mbox.len() / 2]).unwrap();
    deliver("ticket-2", "6", "alice@example.net", &mut found);
    bench.sendmail("#!/bin/sh\nexit 75\n");
    deliver("submit", "7", "alice@example.net", &mut found);
    // A lock that somebody left who is dead.
    fs::write(bench.ticket("2.lock"), "").unwrap();
    let old = fs::File::options()
        .write(true)
        .open(bench.ticket("2.lock"))
        .unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    drop(old);
    for args in [
        &["close", "2", "-m", "done"][..],
        &["list"],
        &["list", "--all"],
        &["show", "2"],
        &["search", "x"],
        &["reopen", "2"],
        &["stats"],
        &["timeline"],
        &["flush"],
        &["restore"],
        &["check", "--etc", "/nowhere"],
        &["check", "--store"],
        &["export", "1", "--mbox", "-"],
        &["reindex"],
        &["search", "x"],
        &["list", "--all"],
    ] {
        watch(&bench, args, "", &mut found);
    }
    let archive = bench.path("archive");
    fs::write(
        &archive,
        format!("From a@b Sun Nov 22 10:00:00 2026\n{}", mail("9", "", "x")),
    )
    .unwrap();
    watch(
        &bench,
        &["import", archive.to_str().unwrap()],
        "",
        &mut found,
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_way_through_the_store_is_noticed() {
    let store = "/d/tickets";
    for (line, want) in [
        (
            r#"1 openat(AT_FDCWD</d>, "/d/tickets", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = 3</d/tickets>"#,
            false,
        ),
        (
            r#"1 openat(3</d/tickets>, ".tickets", O_RDONLY|O_NOFOLLOW|O_DIRECTORY) = 4</d/tickets/.tickets>"#,
            false,
        ),
        (
            r#"1 openat(3</d/tickets>, ".tickets", O_RDONLY|O_DIRECTORY) = 4</d/tickets/.tickets>"#,
            true,
        ),
        (
            r#"1 openat(AT_FDCWD</d>, "/d/tickets/.tickets", O_RDONLY|O_DIRECTORY) = 4</d/tickets/.tickets>"#,
            true,
        ),
        (
            r#"1 openat(AT_FDCWD</d>, "/d/tickets/.tickets/index.db", O_RDWR|O_NOFOLLOW) = 5</d/tickets/.tickets/index.db>"#,
            false,
        ),
        (
            r#"1 openat(AT_FDCWD</d>, "/d/tickets/12", O_RDWR|O_NOFOLLOW) = 5</d/tickets/12>"#,
            true,
        ),
        (
            r#"1 openat(3</d/tickets>, "archived/12", O_RDWR|O_NOFOLLOW) = 5</d/tickets/archived/12>"#,
            true,
        ),
        (
            r#"1 openat(3</d/tickets>, "12", O_RDWR|O_NOFOLLOW) = 5</d/tickets/12>"#,
            false,
        ),
        (
            r#"1 openat(3</d/tickets>, "12", O_RDWR) = 5</d/tickets/12>"#,
            true,
        ),
        (r#"1 unlinkat(3</d/tickets>, "12.lock", 0) = 0"#, false),
        (r#"1 unlink("/d/tickets/12.lock") = 0"#, true),
        (
            r#"1 renameat2(3</d/tickets>, "1", 4</d/tickets/archived>, "1", RENAME_NOREPLACE) = 0"#,
            false,
        ),
        (
            r#"1 rename("/d/tickets/1", "/d/tickets/archived/1") = 0"#,
            true,
        ),
        (
            r#"1 linkat(AT_FDCWD</d>, "/proc/self/fd/7", 3</d/tickets>, "3", AT_SYMLINK_FOLLOW) = 0"#,
            false,
        ),
        (
            r#"1 openat(AT_FDCWD</d>, "/etc/localtime", O_RDONLY) = 5</usr/share/zoneinfo>"#,
            false,
        ),
    ] {
        assert_eq!(may_go_astray(line, store), want, "{line}");
    }
}
