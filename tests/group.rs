//! D8: with `group`, two operators share one store, whoever made what.

use crate::bench::{Bench, Ran, binary, finish, ordinary_user};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;
use std::process::Command;

/// The users `daemon` and `sys`, who have nothing in common but the group `games`.
const OPERATORS: [u32; 2] = [1, 3];
const GROUP: u32 = 60;

/// A desk in a directory of the first operator's and the group's; `None`, and said so, without root.
fn desk(group: bool) -> Option<Bench> {
    if ordinary_user().is_none() {
        eprintln!("SKIPPED: only root can work as two users");
        return None;
    }
    let bench = Bench::new();
    let home = bench.path("home");
    fs::create_dir(&home).unwrap();
    lchown(&home, Some(OPERATORS[0]), Some(GROUP)).unwrap();
    fs::set_permissions(bench.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    configure(&bench, group);
    Some(bench)
}

fn configure(bench: &Bench, group: bool) {
    let group = if group { "group = \"games\"\n" } else { "" };
    let text = format!(
        "domain = \"example.org\"\nadmins = \"steve@example.org\"\nsendmail = \"/bin/true\"\ndir = {:?}\n{group}",
        bench.path("home/tickets")
    );
    fs::write(bench.path("config.toml"), text).unwrap();
    fs::set_permissions(bench.path("config.toml"), PermissionsExt::from_mode(0o644)).unwrap();
}

fn run(bench: &Bench, operator: u32, args: &[&str], stdin: &str) -> Ran {
    let ids = format!("{operator}");
    let groups = format!("{GROUP}");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &ids, "--regid", &ids, "--groups", &groups])
        .arg(binary())
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TICKETS_CONFIG", bench.path("config.toml"))
        .current_dir("/");
    finish(command, stdin.as_bytes())
}

fn works(bench: &Bench, operator: u32, line: &str) {
    let ran = run(bench, operator, &line.split(' ').collect::<Vec<_>>(), "");
    let what = format!("{operator}: {line}: {ran:?}");
    let says = if line == "restore" {
        "tickets: nothing is missing\n"
    } else {
        ""
    };
    assert_eq!((ran.status, ran.stderr.as_str()), (0, says), "{what}");
}

fn file(bench: &Bench, operator: u32, to: &str, id: &str) {
    let mail = format!("From: a@b.example\nSubject: hello\nMessage-ID: <{id}@x>\n\nhello\n");
    let to = format!("{to}@example.org");
    let args = ["deliver", "-f", "a@b.example", "-r", &to];
    run(bench, operator, &args, &mail).is(0, "", "");
}

/// What in the store the group may not use.
fn unshared(bench: &Bench) -> Vec<String> {
    let (mut found, mut dirs) = (Vec::new(), vec![bench.path("home/tickets")]);
    while let Some(dir) = dirs.pop() {
        let look = |path: &Path, wanted: u32| {
            let meta = fs::metadata(path).unwrap();
            let shared = meta.gid() == GROUP && meta.mode() & wanted == wanted;
            (!shared).then(|| format!("{} {:o} {}", path.display(), meta.mode(), meta.gid()))
        };
        found.extend(look(&dir, 0o2070));
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => found.extend(look(&path, 0o060)),
            }
        }
    }
    found
}

/// Every command, in turn by both.
fn take_turns(bench: &Bench) {
    for (turn, line) in [
        "list -q",
        "search -q hello",
        "close 1 -m done;reopen 1",
        "stats",
        "timeline",
        "flush -q",
        "restore",
        "check --store",
        "reindex",
        "search -q hello",
        "list --all",
    ]
    .iter()
    .enumerate()
    {
        for operator in OPERATORS {
            for line in line.split(';') {
                works(bench, operator, line);
            }
            file(bench, operator, "submit", &format!("n{turn}.{operator}"));
            file(bench, operator, "ticket-2", &format!("u{turn}.{operator}"));
        }
        assert_eq!(unshared(bench), [""; 0], "after {line}");
    }
}

#[test]
fn two_operators_share_all_of_a_store() {
    // D8
    let Some(bench) = desk(true) else { return };
    file(&bench, OPERATORS[0], "submit", "1");
    file(&bench, OPERATORS[1], "submit", "2");
    take_turns(&bench);
}

#[test]
fn one_operators_test_mail_is_filed_by_the_other() {
    // D8, E3
    let Some(bench) = desk(true) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    let held = bench.path("home/held");
    bench.sendmail(&format!("#!/bin/sh\ncat >{}\n", held.display()));
    let config = bench.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let sendmail = bench.path("sendmail").display().to_string();
    fs::write(&config, text.replace("/bin/true", &sendmail)).unwrap();
    let sends = |operator| {
        let args = ["check", "--send", "--wait", "0", "--etc", "/nowhere", "-q"];
        let never = "tickets: FAIL: 1 fault, 1 warning: send: a mail to submit@example.org was not filed within 0 s\n";
        run(&bench, operator, &args, "").is(2, never, "");
    };
    sends(first);
    let mail = fs::read_to_string(&held).unwrap();
    let args = ["deliver", "-f", "", "-r", "submit@example.org"];
    run(&bench, second, &args, &mail).is(0, "", "");
    assert_eq!(unshared(&bench), [""; 0]);
    let dir = bench.path("home/tickets/.tickets/check");
    let names = || fs::read_dir(&dir).unwrap().count();
    assert_eq!(names(), 1);
    let late = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let file = fs::File::options().write(true).open(late).unwrap();
    file.set_modified(hours_ago).unwrap();
    // The first one's test takes it away. A new one is expected.
    let args = ["check", "--send", "--wait", "0", "--etc", "/nowhere", "-q"];
    let said = run(&bench, first, &args, "");
    assert!(
        said.stdout
            .starts_with("tickets: FAIL: 1 fault, 2 warnings: "),
        "{said:?}"
    );
    assert_eq!(names(), 1);
    run(&bench, second, &["list", "-q", "--all"], "").is(0, "1\n", "");
}

#[test]
fn a_store_that_is_to_be_shared_is_given_to_the_group() {
    // D8, E3
    let Some(bench) = desk(false) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    file(&bench, first, "submit", "2");
    works(&bench, first, "search -q hello");
    configure(&bench, true);
    let store = bench.path("home/tickets");
    let store = store.display();
    let checked = run(&bench, first, &["check", "--etc", "/nowhere"], "");
    let finding = format!("store: the group games may not use {store} and ");
    let after = checked
        .stdout
        .split_once(&finding)
        .expect(&checked.stdout)
        .1;
    assert!(after.contains("tickets check --mend"), "{after}");
    // It is not the second one's to give.
    let ran = run(&bench, second, &["check", "--mend"], "");
    assert!([75, 77].contains(&ran.status), "{ran:?}");
    let ran = run(&bench, first, &["check", "--mend"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.starts_with("gave the group games "), "{ran:?}");
    assert_eq!(unshared(&bench), [""; 0]);
    run(&bench, first, &["check", "--mend"], "").is(0, "nothing to mend\n", "");
    let checked = run(&bench, second, &["check", "--etc", "/nowhere"], "");
    assert!(
        !checked.stdout.contains("may not use"),
        "{}",
        checked.stdout
    );
    take_turns(&bench);
}
