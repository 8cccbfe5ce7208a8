//! D8, E4, L7: who may not use a store that is shared, is not yet or is no longer, is told why, and what mends it.

use crate::bench::{Bench, Ran, binary, finish};
use crate::group::{GROUP, OPERATORS, configure, desk, file, run};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::process::Command;

/// A delivery by `operator`, as a mail server starts it that gives the program no other group than `group`.
fn deliver(bench: &Bench, operator: u32, group: u32, id: &str) -> Ran {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &operator.to_string()])
        .args(["--regid", &group.to_string(), "--clear-groups"])
        .arg(binary())
        .args(["deliver", "--routed", "-r", "submit@example.org"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TICKETS_CONFIG", bench.path("config.toml"))
        .current_dir("/");
    let mail = format!("From: a@b.example\nSubject: hello\nMessage-ID: <{id}@x>\n\nhello\n");
    finish(command, mail.as_bytes())
}

/// The program as another user is told to call it for this desk.
fn owners(bench: &Bench) -> String {
    let config = bench.path("config.toml");
    format!("sudo -u daemon tickets --config {}", config.display())
}

/// As long as not all of it is given to the group, a member's way in is `check --mend`.
#[test]
fn a_store_that_is_not_shared_yet_says_so() {
    let Some(bench) = desk(false) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    configure(&bench, true);
    let store = bench.path("home/tickets");
    let hint = format!(
        "hint: `{} check --mend` gives the group games what it may not use yet\n",
        owners(&bench)
    );
    for command in [&["list"][..], &["close", "1"], &["search", "hello"]] {
        let ran = run(&bench, second, command, "");
        assert!(
            ran.status == 77 && ran.stdout.is_empty() && ran.stderr.ends_with(&hint),
            "{command:?}: {ran:?}"
        );
        assert_eq!(ran.stderr.lines().count(), 2, "{ran:?}");
    }
    // As the hint says.
    let mended = run(&bench, first, &["check", "--mend"], "");
    assert_eq!((mended.status, &*mended.stderr), (0, ""), "{mended:?}");
    run(&bench, second, &["list", "-q"], "").is(0, "1\n", "");

    // A mail server that does not know the group yet. The name of the owner's own group, of which the user database says
    // that they are in it, is known everywhere.
    let config = bench.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"games\"", "\"daemon\"")).unwrap();
    let said = format!(
        "tickets: cannot write in {}/.tickets: Operation not permitted (os error 1): daemon is in the group daemon, but the \
         mail server starts the program without it; `{} init --postfix | sudo sh` mends that\n",
        store.display(),
        owners(&bench)
    );
    deliver(&bench, first, GROUP, "2").is(75, "", &said);
    deliver(&bench, first, first, "2").is(0, "", "");
}

/// Every path of the store that belongs to `owner`, or may be written by a group.
fn left(bench: &Bench, owner: u32) -> Vec<String> {
    let mut dirs = vec![bench.path("home/tickets")];
    let mut left = Vec::new();
    while let Some(dir) = dirs.pop() {
        let meta = fs::metadata(&dir).unwrap();
        if meta.uid() == owner || meta.mode() & 0o2020 != 0 {
            left.push(dir.display().to_string());
        }
        if meta.is_dir() {
            dirs.extend(fs::read_dir(&dir).unwrap().map(|it| it.unwrap().path()));
        }
    }
    left
}

/// Where a store is no longer shared, what mends it works on what others have made, and until then the log says why mail
/// waits.
#[test]
fn a_store_that_is_no_longer_shared_is_taken_back() {
    let Some(bench) = desk(true) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    file(&bench, second, "submit", "2");
    run(&bench, second, &["close", "--quiet", "1"], "").is(0, "closed 1  hello\n", "");
    configure(&bench, false);
    let store = bench.path("home/tickets").display().to_string();
    let journal = bench.path("home/tickets/.tickets/journal");
    lchown(&journal, Some(second), Some(GROUP)).unwrap();
    let said = format!(
        "tickets: cannot read {}: Permission denied (os error 13): the store is shared with the group games, but no `group` \
         is set; `{} check` says what mends that\n",
        journal.display(),
        owners(&bench)
    );
    deliver(&bench, first, first, "3").is(75, "", &said);
    let config = bench.path("config.toml").display().to_string();
    let checked = run(&bench, first, &["check", "--etc", "/nowhere"], "");
    let mend = format!(
        "FAIL  store: the group can write to {store}, but `group` is not set\n      mend: `group = \"games\"` in {config}; \
         else, if nobody is to share it, sudo chown -R daemon: {store} && sudo chmod -R g-ws {store}\n"
    );
    assert!(checked.stdout.contains(&mend), "{}", checked.stdout);
    // As root does it.
    for args in [["chown", "-R", "daemon:"], ["chmod", "-R", "g-ws"]] {
        let done = Command::new(args[0]).args(&args[1..]).arg(&store).status();
        assert!(done.unwrap().success());
    }
    assert_eq!(left(&bench, second), [""; 0]);
    let checked = run(&bench, first, &["check", "--etc", "/nowhere"], "");
    assert!(
        !checked.stdout.contains("  store: the group"),
        "{checked:?}"
    );
    deliver(&bench, first, first, "3").is(0, "", "");
    let mut ids = run(
        &bench,
        first,
        &["list", "-q", "--all", "--sort", "number", "--reverse"],
        "",
    );
    ids.stdout = ids.stdout.replace('\n', " ");
    ids.is(0, "1 2 3 ", "");
}

/// What stands in the way to the store is named, with what opens it.
#[test]
fn who_is_stopped_on_the_way_is_told_where() {
    let Some(bench) = desk(true) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    let home = bench.path("home");
    for (group, whom, mode) in [(first, "o", 0o701), (GROUP, "g", 0o710)] {
        lchown(&home, Some(first), Some(group)).unwrap();
        fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).unwrap();
        let open = format!("sudo -u daemon chmod {whom}+x {}", home.display());
        let hint = format!("hint: `{open}` lets you pass through it\n");
        for command in [&["list"][..], &["show", "1"], &["close", "1"]] {
            let ran = run(&bench, second, command, "");
            assert!(
                ran.status == 77 && ran.stdout.is_empty() && ran.stderr.ends_with(&hint),
                "{command:?}: {ran:?}"
            );
        }
        let ran = deliver(&bench, second, GROUP, "2");
        let ends = format!(
            "Permission denied (os error 13): sys cannot pass through {}; `{open}` mends that\n",
            home.display()
        );
        assert!(ran.status == 75 && ran.stderr.ends_with(&ends), "{ran:?}");
        fs::set_permissions(&home, PermissionsExt::from_mode(mode)).unwrap();
        run(&bench, second, &["list", "-q"], "").is(0, "1\n", "");
    }
}
