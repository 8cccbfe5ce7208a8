//! A store that does not exist: whoever looks for one says so, and makes none (E4).

use crate::bench::{Bench, Ran, finish, ordinary_user};
use std::fs;

/// Commands that want a store. What they are asked for is never there.
const COMMANDS: [&str; 18] = [
    "list",
    "list --json",
    "show 1",
    "search fire",
    "stats",
    "timeline",
    "export --mbox backup",
    "export --maildir backup",
    "check --store",
    "check --mend",
    "reply 1",
    "mutt 1",
    "close 1",
    "reopen 1",
    "flush",
    "reindex",
    "restore",
    "restore --all",
];

/// What lies in the bench's directory.
fn names(b: &Bench) -> Vec<String> {
    let names = fs::read_dir(b.path("")).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run(b: &Bench, line: &str) -> Ran {
    b.run(&line.split(' ').collect::<Vec<_>>(), b"")
}

// E4: however it was named, a store that is not there is an error, and is not there afterwards.
#[test]
fn a_named_store_that_is_missing_is_an_error() {
    let b = Bench::new();
    b.put(
        "other.toml",
        b"domain = \"example.org\"\nadmins = \"steve@example.org\"\n",
    );
    let missing = b.path("tickets").display().to_string();
    let typo = b.path("tikets").display().to_string();
    let before = names(&b);
    let said = |dir: &str| {
        format!(
            "tickets: cannot find the store: there is no directory {dir}\n\
             hint: if the name is right, `install -d -m 711 {dir}` makes it\n"
        )
    };
    for command in COMMANDS {
        run(&b, command).is(66, "", &said(&missing));
        run(&b, &format!("--dir tikets {command}")).is(66, "", &said(&typo));
        let mut by_variable = b.command(&command.split(' ').collect::<Vec<_>>());
        by_variable.env("TICKETS_DIR", &typo);
        finish(by_variable, b"").is(66, "", &said(&typo));
    }
    // A file is no store either.
    run(&b, "--dir other.toml list").is(66, "", &said(&b.path("other.toml").display().to_string()));
    assert_eq!(names(&b), before);
    // The hint is right.
    let made = said(&missing);
    let command = made.split('`').nth(1).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", command]);
    b.as_ordinary_user(&mut shell);
    finish(shell, b"").silent();
    assert!(
        run(&b, "list")
            .stderr
            .starts_with("tickets: no tickets in ")
    );
}

/// The home of the program's user, if there is neither a store nor a configuration.
fn bare_home() -> Option<String> {
    let uid = ordinary_user().map_or(nix::unistd::geteuid(), |(uid, _)| uid.into());
    let home = nix::unistd::User::from_uid(uid).unwrap().unwrap().dir;
    let taken = ["tickets", ".config/tickets/config.toml"].map(|name| home.join(name));
    let machines = std::path::Path::new("/etc/tickets/config.toml");
    let is_bare = !taken.iter().any(|path| path.exists()) && !machines.exists();
    is_bare.then(|| home.display().to_string())
}

// E4, E6: nobody named the store. It is no error that there is none yet, but for what wants to change or save it.
#[test]
fn where_nobody_named_a_store_there_may_be_none_yet() {
    let Some(home) = bare_home() else {
        eprintln!("SKIPPED: tests/nowhere.rs, since this user has a desk");
        return;
    };
    let b = Bench::new();
    let run = |line: &str| {
        let mut command = b.command(&line.split(' ').collect::<Vec<_>>());
        command.env_remove("TICKETS_CONFIG");
        finish(command, b"")
    };
    let hint = "hint: `tickets init` sets up a desk\n";
    let none =
        format!("tickets: cannot find the store: there is no directory {home}/tickets\n{hint}");
    let yet = format!("tickets: no tickets in {home}/tickets yet; `tickets init` sets up a desk\n");
    for command in COMMANDS {
        match command {
            "list" | "timeline" => run(command).is(0, "", &yet),
            "list --json" => run(command).is(0, "", ""),
            "search fire" => run(command).is(1, "", &yet),
            "stats" => {
                let ran = run(command);
                assert_eq!((ran.status, &*ran.stderr), (0, &*yet), "{command}");
            }
            _ => run(command).is(66, "", &none),
        }
    }
    assert_eq!(names(&b), names(&Bench::new()));
    assert_eq!(bare_home(), Some(home));
    let typo = b.path("tikets").display().to_string();
    run("--dir tikets list").is(
        66,
        "",
        &format!(
            "tickets: cannot find the store: there is no directory {typo}\n\
             hint: if the name is right, `tickets --dir {typo} init` sets up a desk there\n"
        ),
    );
}

// E4: a directory that was never a store does not become one by being looked at, or by a command that finds nothing.
#[test]
fn another_directory_is_left_as_it_is() {
    let b = Bench::new();
    b.make_dir("other");
    b.put("other/letter", b"x");
    for command in COMMANDS {
        if command.starts_with("export") {
            continue;
        }
        let status = match command {
            "show 1" | "reply 1" | "mutt 1" | "close 1" | "reopen 1" => 66,
            "search fire" => 1,
            // It has no tickets, which is no mistake.
            _ => 0,
        };
        let ran = run(&b, &format!("--dir other {command}"));
        assert_eq!(ran.status, status, "{command}: {ran:?}");
        let left: Vec<_> = fs::read_dir(b.path("other")).unwrap().collect();
        assert_eq!(left.len(), 1, "{command}");
    }
}

// E4: a delivery, an import and init make a store; an import that only says what it would do does not.
#[test]
fn what_brings_tickets_makes_a_store() {
    let b = Bench::new();
    b.put(
        "one.mbox",
        b"From ann@example.net Mon Jan  1 00:00:00 2024\nFrom: ann@example.net\n\nx\n",
    );
    run(&b, "--dir new import -n one.mbox").silent_but_for_output("import -n");
    assert!(!b.path("new").exists());
    run(&b, "--dir new import one.mbox").is(0, "filed 1 message in 1 new ticket\n", "");
    b.file("submit", "Subject: x\n\ny\n");
    let init = format!(
        "--config new.toml --dir {} init --domain example.org",
        b.path("third").display()
    );
    run(&b, &init).silent_but_for_output("init");
    for store in ["new", "tickets", "third"] {
        assert!(b.path(store).join(".tickets").is_dir(), "{store}");
    }
}
