//! Nothing waits for ever: what is no file is not opened, and others' locks are waited for no longer than the
//! patience of a delivery (D5).

use crate::bench::{Bench, Ran, binary, finish};
use crate::deliver::{mail, open};
use fs2::FileExt;
use nix::sys::stat::Mode;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;

/// Runs the program, and kills it (137) after a minute, which is more than twice any patience.
fn run(bench: &Bench, args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["-s", "KILL", "60"]).arg(binary()).args(args);
    bench.as_ordinary_user(&mut command);
    finish(command, stdin)
}

fn deliver(bench: &Bench, local: &str, message: &str) -> Ran {
    let recipient = format!("{local}@example.org");
    let args = ["deliver", "-f", "alice@example.net", "-r", &recipient];
    run(bench, &args, message.as_bytes())
}

/// Puts a named pipe in the place of `name`, which is in the store.
fn pipe(bench: &Bench, name: &str) -> String {
    let path = bench.ticket(name);
    let _ = fs::remove_file(&path);
    nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o666)).unwrap();
    crate::bench::own(&path);
    path.display().to_string()
}

/// Locks a file of the store as another process would.
fn hold(bench: &Bench, name: &str) -> File {
    let path = bench.ticket(name);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(&path).unwrap();
    crate::bench::own(&path);
    file.lock_exclusive().unwrap();
    file
}

fn held(bench: &Bench, name: &str) -> String {
    let (path, us) = (bench.ticket(name), std::process::id());
    format!("cannot lock {}: process {us} holds it", path.display())
}

fn two_tickets() -> Bench {
    let bench = Bench::new();
    open(&bench);
    bench.file("submit", mail("2", "", "x"));
    bench.take_sent();
    bench
}

#[test]
fn a_pipe_is_no_ticket() {
    // D5
    let bench = two_tickets();
    let path = pipe(&bench, "1");
    let line = format!("tickets: cannot open {path}: a named pipe stands there, no file\n");
    deliver(&bench, "ticket-1", &mail("3", "", "x")).is(75, "", &line);
    let hint = format!("hint: `ls -l {path}` shows it; move it away\n");
    for command in ["show", "close"] {
        run(&bench, &[command, "1"], b"").is(75, "", &format!("{line}{hint}"));
    }
    deliver(&bench, "ticket-2", &mail("4", "", "x")).silent();
    let listed = run(&bench, &["list", "-q"], b"");
    listed.is(0, "2\n", "");
    // The next number is taken as well, and the one after it is given.
    pipe(&bench, "3");
    deliver(&bench, "submit", &mail("5", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2", "3", "4"]);
}

#[test]
fn a_pipe_keeps_a_closed_ticket_closed() {
    // D5, B11
    let bench = two_tickets();
    bench.works("close 1");
    bench.take_sent();
    let before = bench.mbox("archived/1");
    let path = pipe(&bench, "1");
    let archived = bench.ticket("archived/1");
    let line = format!(
        "tickets: cannot move {} to {path}: File exists (os error 17)\n",
        archived.display()
    );
    deliver(&bench, "ticket-1", &mail("3", "", "x")).is(75, "", &line);
    assert_eq!(bench.mbox("archived/1"), before);
    assert_eq!(bench.outbox(), [""; 0]);
    assert_eq!(bench.sent().len(), 0);
    // What does not open it is filed.
    deliver(&bench, "ticket-1-quiet", &mail("4", "", "quiet")).silent();
    assert!(bench.mbox("archived/1").starts_with(&before));
    assert!(bench.mbox("archived/1").contains("quiet"));
    fs::remove_file(path).unwrap();
    deliver(&bench, "ticket-1", &mail("3", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2"]);
}

/// A pipe, and a directory that was there before any patience began: no lock, and nobody's. It is left alone.
#[test]
fn what_is_no_file_is_no_lock() {
    // D5
    thread::scope(|scope| {
        for what in ["a named pipe", "a directory"] {
            scope.spawn(move || {
                let bench = two_tickets();
                let lock = match what {
                    "a directory" => {
                        bench.make_dir("tickets/1.lock");
                        let lock = bench.ticket("1.lock");
                        let long_ago = std::time::SystemTime::UNIX_EPOCH;
                        File::open(&lock).unwrap().set_modified(long_ago).unwrap();
                        lock.display().to_string()
                    }
                    _ => pipe(&bench, "1.lock"),
                };
                let (before, mbox) = (bench.mbox("1"), bench.ticket("1"));
                let mbox = mbox.display();
                let line =
                    format!("tickets: cannot lock {mbox}: {lock}: {what} stands there, no file\n");
                deliver(&bench, "ticket-1", &mail("3", "", "x")).is(75, "", &line);
                assert_eq!(bench.names(), ["1", "1.lock", "2"]);
                assert_eq!(bench.mbox("1"), before);
                assert_eq!(bench.outbox(), [""; 0]);
                deliver(&bench, "ticket-2", &mail("4", "", "x")).silent();
                bench.take_sent();
                assert_eq!(bench.names(), ["1", "1.lock", "2"]);
            });
        }
    });
}

/// Files of our own. A mail to a small ticket needs none of them but the message's turn.
#[test]
fn a_pipe_is_none_of_our_files() {
    // D5, T16
    let cannot = |doing: &str, path: &str| {
        format!("tickets: cannot {doing} {path}: a named pipe stands there, no file\n")
    };
    for (name, doing, to_new, to_ticket) in [
        ("journal", "read", 75, 0),
        ("sequence", "open", 75, 0),
        ("turns", "open", 75, 75),
        ("index.db", "open", 75, 0),
    ] {
        let bench = two_tickets();
        let path = pipe(&bench, &format!(".tickets/{name}"));
        let line = cannot(doing, &path);
        let said = |status| if status == 0 { "" } else { &*line };
        let ran = deliver(&bench, "submit", &mail("3", "", "x"));
        ran.is(to_new, "", said(to_new));
        let ran = deliver(&bench, "ticket-1", &mail("4", "", "x"));
        ran.is(to_ticket, "", said(to_ticket));
        let filed = bench.mbox("1").matches("\nX-Tickets-").count();
        assert_eq!(filed > 1, to_ticket == 0, "{name}");
        assert_eq!(bench.names(), ["1", "2"], "{name}");
        fs::remove_file(path).unwrap();
        deliver(&bench, "submit", &mail("3", "", "x")).silent();
        assert_eq!(bench.names(), ["1", "2", "3"], "{name}");
    }
    let all = [
        "journal",
        "journal.old",
        "index.db",
        "index.db-journal",
        "index.lock",
        "text.db",
        "text.db-journal",
        "text.lock",
        "rebuild.lock",
        "import",
        "index.new",
        "text.new",
        "answered",
        "recent",
        "outbox",
        "torn",
    ];
    for name in all {
        let bench = two_tickets();
        let path = bench.ticket(&format!(".tickets/{name}"));
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
        pipe(&bench, &format!(".tickets/{name}"));
        for args in [
            &["list"][..],
            &["search", "x"],
            &["reindex"],
            &["show", "1"],
            &["timeline"],
            &["stats"],
            &["check", "--etc", "/nowhere"],
            &["check", "--store"],
            &["flush"],
            &["restore", "1"],
            &["close", "1"],
            &["deliver", "submit@example.org"],
        ] {
            let Ran { status, stderr, .. } = run(&bench, args, mail("9", "", "x").as_bytes());
            assert!((0..128).contains(&status), "{name} {args:?}: {status}");
            assert!(stderr.lines().count() <= 2, "{name} {args:?}: {stderr}");
        }
    }
}

/// The lock of the index, held by a command that was stopped.
#[test]
fn the_index_is_waited_for_with_patience() {
    // D5, T14
    let bench = two_tickets();
    // Larger than what is read without the index.
    bench.file("ticket-2", mail("3", "", &"x\n".repeat(600_000)));
    bench.works("list");
    bench.take_sent();
    let lock = hold(&bench, ".tickets/index.lock");
    let line = format!(
        "tickets: cannot open {}: ",
        bench.ticket(".tickets/index.db").display()
    );
    let line = format!("{line}{}\n", held(&bench, ".tickets/index.lock"));
    thread::scope(|scope| {
        let bench = &bench;
        // A small ticket, and a new one: neither needs the lock.
        scope.spawn(|| deliver(bench, "ticket-1", &mail("4", "", "x")).silent());
        scope.spawn(|| deliver(bench, "submit", &mail("5", "", "x")).silent());
        scope.spawn(|| deliver(bench, "ticket-2", &mail("6", "", "x")).is(75, "", &line));
        scope.spawn(|| {
            let Ran { status, stderr, .. } = run(bench, &["list"], b"");
            let hint = format!(
                "hint: `ps -fp {0}` shows it; try again when it has ended\n",
                std::process::id()
            );
            assert_eq!((status, stderr), (75, format!("{line}{hint}")));
        });
    });
    drop(lock);
    deliver(&bench, "ticket-2", &mail("6", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2", "3"]);
}

/// The lock for numbers, held by a delivery that was stopped.
#[test]
fn the_next_number_is_waited_for_with_patience() {
    // D5, T14
    let bench = two_tickets();
    let lock = hold(&bench, ".tickets/sequence");
    let line = format!("tickets: {}\n", held(&bench, ".tickets/sequence"));
    thread::scope(|scope| {
        let bench = &bench;
        scope.spawn(|| deliver(bench, "submit", &mail("3", "", "x")).is(75, "", &line));
        scope.spawn(|| deliver(bench, "ticket-1", &mail("4", "", "x")).silent());
    });
    assert_eq!(bench.names(), ["1", "2"]);
    drop(lock);
    deliver(&bench, "submit", &mail("3", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2", "3"]);
}

/// What is only noted once the message is filed: it is left out, and found by looking.
#[test]
fn what_is_noted_afterwards_is_left_out() {
    // D5, A4
    let bench = two_tickets();
    let journal = hold(&bench, ".tickets/journal");
    let answered = hold(&bench, ".tickets/answered");
    deliver(&bench, "ticket-1", &mail("3", "", "x")).silent();
    let ran = deliver(&bench, "submit", &mail("4", "", "x"));
    assert_eq!((ran.status, &*ran.stdout), (0, ""));
    assert_eq!(bench.names(), ["1", "2", "3"]);
    assert_eq!(bench.outbox(), [""; 0]);
    drop((journal, answered));
    // In the second in which the one was opened, another may have got a mail.
    let listed = run(&bench, &["list", "-q"], b"");
    let mut numbers: Vec<&str> = listed.stdout.lines().collect();
    numbers.sort_unstable();
    assert_eq!((listed.status, numbers), (0, vec!["1", "2", "3"]));
    assert_eq!(listed.stderr, "");
    deliver(&bench, "submit", &mail("4", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2", "3"]);
}

#[test]
fn a_maildir_with_what_is_no_mail_is_imported() {
    // D5, T13
    let bench = Bench::new();
    for part in ["Mail", "Mail/cur", "Mail/new", "Mail/tmp"] {
        bench.make_dir(part);
    }
    let [fifo, zero] = ["Mail/new/1.pipe", "Mail/cur/2.zero:2,S"].map(|name| bench.path(name));
    nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o666)).unwrap();
    crate::bench::own(&fifo);
    std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
    fs::write(bench.path("Mail/cur/3.mail:2,S"), mail("3", "", "x")).unwrap();
    crate::bench::own(&bench.path("Mail/cur/3.mail:2,S"));
    let Ran {
        status,
        stdout,
        stderr,
    } = run(&bench, &["import", "Mail"], b"");
    assert_eq!(
        (status, &*stdout),
        (65, "filed 1 message in 1 new ticket\n"),
        "{stderr}"
    );
    let mut lines: Vec<&str> = stderr.lines().collect();
    lines.sort_unstable();
    let want = [
        "tickets: Mail: cannot read Mail/cur/2.zero:2,S: a device stands there, no file",
        "tickets: Mail: cannot read Mail/new/1.pipe: a named pipe stands there, no file",
    ];
    assert_eq!(lines, want);
}

/// Moves a directory of the store elsewhere, and leaves a link there.
fn link_out(bench: &Bench, name: &str) -> std::path::PathBuf {
    let (path, elsewhere) = (bench.ticket(name), bench.path("elsewhere"));
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    elsewhere
}

/// The names below a directory.
fn below(dir: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_str().unwrap().to_owned();
        if entry.file_type().unwrap().is_dir() {
            names.extend(below(&entry.path()).iter().map(|it| format!("{name}/{it}")));
        }
        names.push(name);
    }
    names.sort();
    names
}

#[test]
fn a_store_has_its_own_directories() {
    // D8, T16
    for name in ["archived", ".tickets"] {
        let bench = two_tickets();
        bench.works("close 2");
        bench.take_sent();
        let elsewhere = link_out(&bench, name);
        let before = below(&elsewhere);
        let path = bench.ticket(name);
        let path = path.display();
        let line = format!(
            "tickets: {path}: a symbolic link stands there, no directory; a store holds its own directories\n"
        );
        let hint = format!("hint: `ls -ld {path}` shows it\n");
        for local in ["submit", "ticket-1", "ticket-1-done", "ticket-2"] {
            deliver(&bench, local, &mail("3", "", "x")).is(75, "", &line);
        }
        for command in ["list", "flush", "close 1", "reopen 2", "show 2", "import x"] {
            let args: Vec<&str> = command.split(' ').collect();
            run(&bench, &args, b"").is(78, "", &format!("{line}{hint}"));
        }
        assert_eq!(below(&elsewhere), before, "{name}");
        assert_eq!(bench.names()[..1], ["1"]);
        assert_eq!(bench.sent().len(), 0);
    }
}

/// The user may make a link to the store itself.
#[test]
fn a_link_to_the_store_is_followed() {
    // D8
    let bench = two_tickets();
    let elsewhere = bench.path("elsewhere");
    fs::rename(bench.ticket(""), &elsewhere).unwrap();
    symlink(&elsewhere, bench.path("tickets")).unwrap();
    deliver(&bench, "submit", &mail("3", "", "x")).silent();
    bench.works("close 3");
    bench.works("search x");
    bench.works("reindex");
    run(&bench, &["list", "-q"], b"").is(0, "2\n1\n", "");
    assert!(elsewhere.join("archived/3").is_file());
}

#[test]
fn the_outbox_is_not_elsewhere() {
    // D8
    for name in ["", "/tmp", "/new", "/cur", "/failed", "/failed/new"] {
        let bench = two_tickets();
        let name = format!(".tickets/outbox{name}");
        let elsewhere = link_out(&bench, &name);
        let before = below(&elsewhere);
        let path = bench.ticket(&name);
        let why = format!(
            "{}: a symbolic link stands there, no directory\n",
            path.display()
        );
        deliver(&bench, "submit", &mail("3", "", "x")).is(
            75,
            "",
            &format!("tickets: cannot open {why}"),
        );
        assert_eq!(below(&elsewhere), before, "{name}");
        assert_eq!(bench.names(), ["1", "2"]);
        assert_eq!(bench.sent().len(), 0);
    }
}

/// The purge and the copies keep to the store's own directories, and to names of ours.
#[test]
fn the_purge_removes_nothing_of_others() {
    // D8, D10, T16
    let bench = two_tickets();
    let recent = bench.ticket(".tickets/recent");
    let today = fs::read_dir(&recent)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    // As if the last mail had come in long ago: the next copy is the first of its day, and old ones go.
    fs::remove_dir_all(&today).unwrap();
    bench.make_dir("tickets/.tickets/recent/2002-01-01");
    for (file, stays) in [
        ("2001-01-01/1.abc", false),
        ("2001-01-02/precious", true),
        ("2001-01-02/2.abc", false),
    ] {
        bench.make_dir(&format!(
            "tickets/.tickets/recent/{}",
            file.split('/').next().unwrap()
        ));
        fs::write(recent.join(file), "x").unwrap();
        crate::bench::own(&recent.join(file));
        assert_eq!(stays, file.ends_with("precious"));
    }
    let elsewhere = bench.path("elsewhere");
    bench.make_dir("elsewhere");
    fs::write(elsewhere.join("7.abc"), "x").unwrap();
    crate::bench::own(&elsewhere.join("7.abc"));
    symlink(&elsewhere, recent.join("2001-01-03")).unwrap();
    symlink(elsewhere.join("7.abc"), recent.join("2001-01-02/3.abc")).unwrap();
    deliver(&bench, "ticket-1", &mail("3", "", "x")).silent();
    let mut left = below(&recent);
    left.retain(|name| name.starts_with("200"));
    let want = [
        "2001-01-02",
        "2001-01-02/3.abc",
        "2001-01-02/precious",
        "2001-01-03",
        "2002-01-01",
    ];
    assert_eq!(left, want);
    assert_eq!(below(&elsewhere), ["7.abc"]);
    // All of recent/ elsewhere: the mail is filed, and nothing is kept or removed there.
    fs::remove_dir_all(&recent).unwrap();
    fs::create_dir(elsewhere.join("2001-01-01")).unwrap();
    fs::write(elsewhere.join("2001-01-01/7.abc"), "x").unwrap();
    symlink(&elsewhere, &recent).unwrap();
    deliver(&bench, "ticket-1", &mail("4", "", "x")).silent();
    assert_eq!(
        below(&elsewhere),
        ["2001-01-01", "2001-01-01/7.abc", "7.abc"]
    );
    assert!(bench.mbox("1").contains("<4@"));
}

#[test]
fn a_database_is_not_elsewhere() {
    // D8
    for name in ["index.db", "text.db"] {
        let bench = two_tickets();
        let before_it = run(&bench, &["search", "x"], b"").stdout;
        let elsewhere = link_out(&bench, &format!(".tickets/{name}"));
        let before = fs::read(&elsewhere).unwrap();
        let ran = run(&bench, &["search", "x"], b"");
        let why =
            "a symbolic link stands there, no file; all tickets are read, which takes longer\n";
        assert!(ran.stderr.ends_with(why), "{ran:?}");
        assert_eq!((ran.status, ran.stdout), (0, before_it));
        assert_eq!(fs::read(&elsewhere).unwrap(), before);
    }
}

#[test]
fn check_names_what_stands_in_the_way() {
    // D5, D8
    let bench = two_tickets();
    let fifos = ["1", "7.lock", ".tickets/rebuild.lock"].map(|name| pipe(&bench, name));
    bench.make_dir("tickets/2.lock");
    let recent = bench.ticket(".tickets/recent");
    fs::remove_dir_all(&recent).unwrap();
    symlink("/nonexistent", &recent).unwrap();
    let lock = bench.ticket("2.lock");
    let mut lines = vec![
        format!(
            "{}: a symbolic link stands there, no directory",
            recent.display()
        ),
        format!("{}: a directory stands there, no file", lock.display()),
    ];
    lines.extend(fifos.map(|path| format!("{path}: a named pipe stands there, no file")));
    lines.sort();
    let Ran {
        status,
        stdout,
        stderr,
    } = run(&bench, &["check", "--etc", "/nowhere"], b"");
    assert_eq!((status, &*stderr), (2, ""));
    let found = stdout.lines().filter(|line| line.contains("stands there"));
    let found: Vec<&str> = found
        .map(|line| line.trim_start_matches("FAIL  store: "))
        .collect();
    assert_eq!(found, lines);
    // The copies cannot be compared with what is there, so the last line is about them.
    let ran = run(&bench, &["check", "--store"], b"");
    let said: Vec<&str> = ran.stdout.lines().take(lines.len()).collect();
    assert_eq!(
        (ran.status, said),
        (75, lines.iter().map(String::as_str).collect())
    );
    fs::remove_file(&recent).unwrap();
    lines.remove(
        lines
            .iter()
            .position(|line| line.contains("recent"))
            .unwrap(),
    );
    let ran = run(&bench, &["check", "--store"], b"");
    let want = format!(
        "{}\n1 message in 1 ticket, none changed\n",
        lines.join("\n")
    );
    ran.is(65, &want, "");
}
