//! A module's own data: its version, upgrades, and what is left when one dies (G8).

use super::shelf::{path_line, put, set_mode};
use super::switch::{MORE, POINTS, SPAM, desk};
use crate::bench::{Bench, finish};
use crate::crash::{
    CALLS, FAILURES, at_each, at_each_failure, calls_in, changes, strace_is_here, under_strace,
};
use crate::until::until;
use nix::sys::stat::Mode;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;

/// What the data of the module holds, and the version that is noted.
fn data(b: &Bench) -> (String, String) {
    let home = b.ticket(".tickets/modules/spam");
    let read = |name: &str| fs::read_to_string(home.join(name)).unwrap_or_default();
    (read("data/words"), read("data_version"))
}

/// A desk where the module is on, with data of version 2.
fn with_data() -> Bench {
    let b = desk();
    b.works("modules enable spam");
    assert_eq!(data(&b), ("words\n".into(), "2\n".into()));
    b
}

/// A module of version 3, whose `setup` is this.
fn newer(b: &Bench, setup: &str) {
    let script = SPAM.replace("echo words >\"$TICKETS_DATA/words\"", setup);
    put(b, "spam", &POINTS, &MORE.replace('2', "3"), &script);
}

#[test]
fn an_upgrade_that_fails_puts_the_data_back() {
    // G8
    let b = with_data();
    newer(
        &b,
        "rm words; mkdir -p new/er; echo half >new/er/x; echo no room >&2; exit 1",
    );
    let fault = "tickets: module spam: its data is not set up: it exited with status 1: no room\n";
    b.run(&["modules", "upgrade"], b"").is(75, "", fault);
    assert_eq!(data(&b), ("words\n".into(), "2\n".into()));
    let home = b.ticket(".tickets/modules/spam");
    let mut names: Vec<_> = fs::read_dir(home)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["data", "data_version", "setup.lock", "state", "state.lock"]
    );
    // It is named, nobody asks it, and all else goes on.
    let list = b.run(&["modules"], b"").stdout;
    assert!(list.contains("needs upgrade"), "{list}");
    assert!(list.contains("    it needs an upgrade of its data: `tickets modules upgrade spam`\n"));
    assert!(
        list.contains(": setup: it exited with status 1: no room\n"),
        "{list}"
    );
    b.file("submit", "Subject: Hi\n\nx\n");
    let ran = b.run(&["timeline", "--events", "verdict"], b"");
    let left_out = "tickets: events of the module spam are missing: it needs an upgrade of its data: \
                    `tickets modules upgrade spam`\ntickets: nothing of that kind happened\n";
    ran.is(0, "", left_out);
    // What it reads says from which version to which.
    newer(
        &b,
        "read -r head; echo \"$head\" | grep -o '\"from\":2\\|\"to\":3' >words",
    );
    b.says(
        "modules upgrade spam",
        "spam: data upgraded from version 2 to 3\n",
    );
    assert_eq!(data(&b), ("\"from\":2\n\"to\":3\n".into(), "3\n".into()));
    // An older one would not know what to do with it.
    put(&b, "spam", &POINTS, MORE, SPAM);
    b.run(&["modules", "upgrade"], b"").is(
        75,
        "",
        "tickets: module spam: its data is not set up: its data is of version 3, and it only knows 2: it was newer once; put that version of it back, or a backup of its data\n",
    );
    let list = b.run(&["modules"], b"").stdout;
    assert!(
        list.contains("its data is of version 3, and it only knows 2"),
        "{list}"
    );
}

#[test]
fn what_cannot_be_copied_before_an_upgrade_is_named() {
    // G8
    let b = with_data();
    newer(&b, "echo new >words");
    let data_dir = b.ticket(".tickets/modules/spam/data");
    let odd = data_dir.join(OsStr::from_bytes(b"a\xff"));
    fs::write(&odd, "odd").unwrap();
    let refused = |name: &str, why: &str| {
        let said = format!(
            "tickets: module spam: its data is not set up: cannot copy its data: {}: {why}\n",
            data_dir.join(name).display()
        );
        b.run(&["modules", "upgrade"], b"").is(75, "", &said);
        assert_eq!(data(&b), ("words\n".into(), "2\n".into()));
    };
    let special = "a socket, a pipe or a device cannot be copied; it has to be removed";
    nix::unistd::mkfifo(&data_dir.join("fifo"), Mode::S_IRWXU).unwrap();
    refused("fifo", special);
    fs::remove_file(data_dir.join("fifo")).unwrap();
    fs::create_dir(data_dir.join("deep")).unwrap();
    let socket = UnixListener::bind(data_dir.join("deep/socket")).unwrap();
    refused("deep/socket", special);
    drop(socket);
    fs::remove_file(data_dir.join("deep/socket")).unwrap();
    let secret = data_dir.join("secret");
    fs::write(&secret, "").unwrap();
    set_mode(&secret, 0);
    refused("secret", "Permission denied (os error 13)");
    fs::remove_file(secret).unwrap();
    b.says(
        "modules upgrade",
        "spam: data upgraded from version 2 to 3\n",
    );
    assert_eq!(fs::read(&odd).unwrap(), b"odd");
    assert_eq!(data(&b), ("new\n".into(), "3\n".into()));
}

#[test]
fn nobody_asks_a_module_whose_data_is_of_another_version() {
    // G8
    let b = with_data();
    let health = format!(
        "{{\"faults\":3,\"last_fault\":\"hung\",\"rests_until\":{}}}",
        jiff::Timestamp::now().as_second() + 1800
    );
    let refused = |why: &str| {
        b.put("tickets/.tickets/modules/spam/state", health.as_bytes());
        for point in ["filter", "timeline", "check", "command"] {
            let said = format!("tickets: module spam: {why}\n");
            b.run(&["modules", "run", "spam", point], b"")
                .is(78, "", &said);
        }
        // It is tried on new data, which says nothing of its own.
        let checked = b.run(&["modules", "check", "spam"], b"");
        assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
        assert!(
            checked.stdout.ends_with(&format!("\n{why}\n")),
            "{checked:?}"
        );
        let state = fs::read_to_string(b.ticket(".tickets/modules/spam/state"));
        assert_eq!(state.unwrap(), health);
    };
    newer(&b, "true");
    refused("it needs an upgrade of its data: `tickets modules upgrade spam`");
    put(&b, "spam", &POINTS, &MORE.replace('2', "1"), SPAM);
    refused(
        "its data is of version 2, and it only knows 1: it was newer once; put that version of it back, or a backup of its data",
    );
    put(&b, "spam", &POINTS, MORE, SPAM);
    let checked = b.run(&["modules", "check", "spam"], b"").stdout;
    assert!(checked.ends_with("\nspam rests no more\n"), "{checked}");
}

#[test]
fn one_that_fails_keeps_no_other_from_its_upgrade() {
    // G8
    let b = Bench::new();
    for name in ["a", "b", "c"] {
        let exit = i32::from(name == "b");
        put(
            &b,
            name,
            &["setup"],
            "data_version = 1\n",
            &format!("#!/bin/sh\nexit {exit}\n"),
        );
    }
    b.configure(&format!(
        "{}modules = [\"a\", \"b\", \"gone\", \"c\"]\n",
        path_line(&b)
    ));
    b.make_store();
    let ran = b.run(&["modules", "upgrade"], b"");
    assert_eq!(
        ran.stdout,
        "a: data set up, version 1\nc: data set up, version 1\n"
    );
    assert_eq!(ran.status, 66, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("tickets: module b: its data is not set up: it exited with status 1\n")
    );
}

// G8
#[test]
fn whatever_an_upgrade_that_failed_has_left_does_not_stand_in_the_way() {
    let b = with_data();
    let odd = "mkdir -p a/b c; touch a/b/x c/x \"$(printf 'd\\377')\"; chmod 555 a/b a; chmod 0 c; exit 1";
    newer(&b, odd);
    let fault = "tickets: module spam: its data is not set up: it exited with status 1\n";
    for _ in 0..2 {
        b.run(&["modules", "upgrade"], b"").is(75, "", fault);
        assert_eq!(data(&b), ("words\n".into(), "2\n".into()));
        assert!(!b.ticket(".tickets/modules/spam/failed").exists());
    }
    newer(&b, "echo more >>words");
    b.says(
        "modules upgrade spam",
        "spam: data upgraded from version 2 to 3\n",
    );
    assert_eq!(data(&b), ("words\nmore\n".into(), "3\n".into()));
}

/// A desk whose module has data without a version, and this `setup`.
fn without_version(setup: &str) -> Bench {
    let b = Bench::new();
    let script =
        format!("#!/bin/sh\ncase $1 in\nsetup) {setup} ;;\nobserver) echo told >>words ;;\nesac\n");
    put(&b, "spam", &["setup", "observer"], "", &script);
    b.configure(&format!("{}modules = [\"spam\"]\n", path_line(&b)));
    b.make_store();
    b
}

#[test]
fn data_without_a_version_stays_where_it_is() {
    // G8: what the module writes while its `setup` runs, and fails, is kept.
    let b = without_version(
        ": >asked; until [ -e words ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done; exit 1",
    );
    let upgrade = b.command(&["modules", "upgrade"]);
    let upgrade = std::thread::spawn(move || finish(upgrade, b""));
    until("the module is asked", || {
        b.ticket(".tickets/modules/spam/data/asked").exists()
    });
    b.file("submit", "Subject: Hi\n\nx\n");
    let fault = "tickets: module spam: its data is not set up: it exited with status 1\n";
    upgrade.join().unwrap().is(75, "", fault);
    assert_eq!(data(&b), ("told\n".into(), String::new()));
    assert_eq!(b.outbox(), [""; 0]);
    // The same if it is killed, and what it wrote before as well.
    if !strace_is_here() {
        return;
    }
    let fresh = || {
        let b = without_version(":");
        b.works("modules upgrade");
        for name in ["a", "b", "c"] {
            b.put(&format!("tickets/.tickets/modules/spam/data/{name}"), b"");
        }
        b
    };
    killed_at_each(&["modules", "upgrade"], fresh, |b, what| {
        b.put("tickets/.tickets/modules/spam/data/words", b"since\n");
        b.says("modules upgrade", "spam: set up\n");
        let home = b.ticket(".tickets/modules/spam");
        let names = |dir: &str| {
            let names = fs::read_dir(home.join(dir)).unwrap();
            let mut names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names("data"), ["a", "b", "c", "words"], "{what}");
        assert_eq!(data(b).0, "since\n", "{what}");
        let left = names("")
            .into_iter()
            .any(|name| name == "copy" || name == "before-new");
        assert!(!left, "{what}: {:?}", names(""));
    });
}

/// Runs `args` on a fresh desk and kills it at each call that changes something; then `check`.
fn killed_at_each(
    args: &[&str],
    fresh: impl Fn() -> Bench + Sync,
    check: impl Fn(&Bench, &str) + Sync,
) {
    let b = fresh();
    let log = b.path("strace.log");
    let filter = format!("trace={CALLS}");
    let ran = under_strace(&b, &["-o", log.to_str().unwrap(), "-e", &filter], args, b"");
    assert_eq!(ran.status, 0, "{ran:?}");
    let count = at_each(&changes(calls_in(&log)), |name, n| {
        let b = fresh();
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let ran = under_strace(&b, &["-o", "/dev/null", "-e", &inject], args, b"");
        assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
        check(&b, &format!("killed at {name} {n}"));
    });
    println!("{args:?}: {count} kill points");
    assert!(count > 10, "{count}");
}

#[test]
fn enabling_that_is_killed_at_any_system_call_can_be_repeated() {
    // G3, G8
    if !strace_is_here() {
        return;
    }
    let before = fs::read_to_string(desk().path("config.toml")).unwrap();
    let lines = before.lines().count();
    killed_at_each(&["modules", "enable", "spam"], desk, |b, what| {
        // The configuration is as it was or as it should be; mail is filed with either.
        let config = fs::read_to_string(b.path("config.toml")).unwrap();
        let on = config
            .lines()
            .filter(|line| *line == "modules = [\"spam\"]")
            .count();
        assert_eq!(config.lines().count(), lines + on, "{what}: {config}");
        b.file("submit", "Message-ID: <1@x>\nSubject: Hi\n\nx\n");
        if on == 1 {
            assert_eq!(data(b), ("words\n".into(), "2\n".into()), "{what}");
        }
        let ran = b.run(&["modules", "enable", "spam"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
        assert_eq!(data(b), ("words\n".into(), "2\n".into()), "{what}");
        let config = fs::read_to_string(b.path("config.toml")).unwrap();
        assert_eq!(
            config.matches("\nmodules = [\"spam\"]\n").count(),
            1,
            "{what}: {config}"
        );
        assert!(!b.path(".config.toml.tickets").exists(), "{what}");
        assert_eq!(b.run(&["spam"], b"").status, 7, "{what}");
    });
}

#[test]
fn an_upgrade_that_is_killed_at_any_system_call_can_be_repeated() {
    // G8
    if !strace_is_here() {
        return;
    }
    let fresh = || {
        let b = with_data();
        // It would do harm if it were done twice to the same data.
        newer(
            &b,
            "test -e words && mv words old && { cat old; echo more; } >words",
        );
        b
    };
    killed_at_each(&["modules", "upgrade"], fresh, |b, what| {
        let (words, version) = data(b);
        if version == "3\n" {
            assert_eq!(words, "words\nmore\n", "{what}");
        }
        let ran = b.run(&["modules", "upgrade"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
        assert_eq!(data(b), ("words\nmore\n".into(), "3\n".into()), "{what}");
        assert_eq!(b.run(&["spam"], b"").status, 7, "{what}");
        // Nothing is left of it.
        b.works("modules upgrade");
        let home = b.ticket(".tickets/modules/spam");
        let names = fs::read_dir(home)
            .unwrap()
            .map(|it| it.unwrap().file_name());
        let odd = ["before-2", "copy", "failed"];
        let left: Vec<_> = names
            .filter(|name| odd.iter().any(|odd| name == odd))
            .collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    });
}

#[test]
fn an_upgrade_may_meet_an_error_at_any_system_call() {
    // G8
    if !strace_is_here() {
        return;
    }
    let fresh = || {
        let b = with_data();
        newer(
            &b,
            "test -e words && mv words old && { cat old; echo more; } >words",
        );
        b
    };
    let args = ["modules", "upgrade"];
    let b = fresh();
    let log = b.path("strace.log");
    let filter = format!("trace={CALLS}");
    let ran = under_strace(
        &b,
        &["-o", log.to_str().unwrap(), "-e", &filter],
        &args,
        b"",
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    let count = at_each_failure(&calls_in(&log), &FAILURES[..2], |inject, what| {
        let b = fresh();
        let ran = under_strace(&b, &["-o", "/dev/null", "-e", inject], &args, b"");
        let (words, version) = data(&b);
        let what = format!("{what}: {ran:?}: {words:?} {version:?}");
        // What is said to be done is done.
        if version == "3\n" || ran.status == 0 && ran.stdout.starts_with("spam: data upgraded") {
            assert_eq!(words, "words\nmore\n", "{what}");
        }
        let ran = b.run(&args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
        assert_eq!(data(&b), ("words\nmore\n".into(), "3\n".into()), "{what}");
    });
    println!("{count} failures");
}
