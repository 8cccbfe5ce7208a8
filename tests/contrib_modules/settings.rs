//! The settings of the modules of contrib: each as it is documented, and what is said of a wrong one. Nothing here
//! needs a service.

use super::{free_port, git, set, with_module};
use crate::bench::{Bench, own};
use crate::deliver::mail;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a program of contrib says of its settings, as it stands there.
fn documented(module: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/modules");
    let program = root.join(module).join(format!("{module}.py"));
    let text = fs::read_to_string(program).unwrap();
    let (_, after) = text.split_once("\n\n[module.").unwrap();
    // It ends with an empty line, or where the text ends.
    let end = ["\n\n", "\n\"\"\""].map(|end| after.find(end).unwrap_or(after.len()));
    let end = end[0].min(end[1]);
    format!("[module.{}\n", &after[..end])
}

#[test]
fn the_settings_that_are_documented_can_be_copied() {
    // G3
    let manual =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/modules.md")).unwrap();
    for module in ["git", "ntfy", "spamassassin"] {
        let bench = Bench::new();
        let table = documented(module);
        assert!(
            manual.contains(&format!("```toml\n{table}```\n")),
            "{table}"
        );
        // The remarks that hide what is not needed everywhere are taken away, too.
        let all = table.replace("\n#", "\n");
        for text in [&table, &all] {
            bench.configure(text);
            bench
                .run(&["modules", "--json"], b"")
                .silent_but_for_output(module);
        }
    }
}

#[test]
fn a_setting_that_is_wrong_is_named_and_keeps_a_module_from_being_switched_on() {
    // G3
    let bench = Bench::new();
    bench.make_store();
    for (module, settings, what) in [
        ("ntfy", "topic = \"x\"", "url is not set"),
        (
            "ntfy",
            "url = \"ntfy.sh\"\ntopic = \"x\"",
            "url is \"ntfy.sh\", and not an address such as https://ntfy.sh",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"x\"\npriority = \"3\"",
            "priority is \"3\", and no number from 1 to 5",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"\"",
            "topic is \"\", and not 1 to 64 of a-z, A-Z, 0-9, - and _",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"a b/c\"",
            "topic is \"a b/c\", and not 1 to 64 of a-z, A-Z, 0-9, - and _",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = 5",
            "topic is 5, and not 1 to 64 of a-z, A-Z, 0-9, - and _",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"x\"\ntoken_file = 5",
            "token_file is 5, and not the path of a file",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"x\"\ntoken_file = \"/nonexistent\"",
            "cannot read token_file: [Errno 2] No such file or directory: '/nonexistent'",
        ),
        (
            "ntfy",
            "url = \"https://ntfy.sh\"\ntopic = \"x\"\ntoken_file = \"/dev/null\"",
            "token_file holds no token: \"/dev/null\"",
        ),
        (
            "ntfy",
            "url = \"http://127.0.0.1:1\"\ntopic = \"x\"",
            "the ntfy server does not answer: [Errno 111] Connection refused",
        ),
        (
            "ntfy",
            "url = \"http://127.0.0.1:x\"\ntopic = \"x\"",
            "the ntfy server does not answer: nonnumeric port: 'x'",
        ),
        (
            "spamassassin",
            "quarantine = \"8.0\"",
            "quarantine is \"8.0\", and not a number, such as 8.0",
        ),
        (
            "spamassassin",
            "quiet = true",
            "quiet is true, and not a number, such as 5.0",
        ),
        (
            "spamassassin",
            "port = \"783\"",
            "port is \"783\", and not a number, such as 783",
        ),
        (
            "spamassassin",
            "port = 99999",
            "port is 99999, and not a number, such as 783",
        ),
        (
            "spamassassin",
            "max_size = \"big\"",
            "max_size is \"big\", and not a size, such as \"500 KiB\"",
        ),
        ("git", "", "repository is not set"),
        ("git", "repository = 7", "repository is 7, and no text"),
        (
            "git",
            "repository = \"/nonexistent\"",
            "git: fatal: not a git repository: '/nonexistent'",
        ),
        (
            "git",
            "repository = \"/srv/x\"\nurl = \"https://x y/{}\"",
            "url is \"https://x y/{}\", and no address",
        ),
    ] {
        with_module(&bench, module, settings);
        let checked = bench.run(&["modules", "check", module], b"");
        let lacks = format!("\nit cannot be used yet: {what}\nmend: ");
        assert!(
            checked.status == 1 && checked.stdout.contains(&lacks),
            "{settings}: {checked:?}"
        );
    }
}

#[test]
fn spamd_is_not_asked_about_a_mail_that_is_larger_than_the_most() {
    // G5
    let bench = Bench::new();
    // Nobody listens there, so that whoever asks has a fault.
    let port = free_port();
    with_module(&bench, "spamassassin", &format!("port = {port}\n"));
    let of =
        |id: &str, size: usize| mail(id, "", &format!("{}\n", "x".repeat(60)).repeat(size / 61));
    bench.file("submit", of("1", 500 << 10));
    bench.file("submit", of("2", 490 << 10));
    set(
        &bench,
        "spamassassin",
        &format!("port = {port}\nmax_size = \"1 MB\"\n"),
    );
    bench.file("submit", of("3", 990_000));
    bench.file("submit", of("4", 1_000_000));
    let judged = |ticket: &str| {
        let failed = "X-Tickets-Module: spamassassin; failed=";
        let text = bench.mbox(ticket);
        assert_eq!(text.contains(failed), text.contains("X-Tickets-Module"));
        text.contains(failed)
    };
    assert_eq!(["1", "2", "3", "4"].map(judged), [false, true, true, false]);
    // Nor is one learned from; and a trial teaches and closes nothing.
    set(&bench, "spamassassin", &format!("port = {port}\n"));
    let tried = ["modules", "run", "spamassassin", "command", "spam", "2"];
    bench
        .run(&tried, b"")
        .is(0, "2: would be learned and closed\n", "");
    assert_eq!(bench.names(), ["1", "2", "3", "4"]);
    bench.run(&["spam", "1"], b"").is(
        0,
        "1: not learned, since it is larger than max_size\nclosed 1\n",
        "",
    );
}

#[test]
fn ntfy_rings_nobody_for_what_is_quiet() {
    // G5, G6
    let bench = Bench::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    with_module(&bench, "ntfy", "");
    bench.make_dir("modules/hush");
    bench.put(
        "modules/hush/module.toml",
        b"name = \"hush\"\nversion = \"1\"\nprotocol = 1\nsummary = \"Hush\"\nrun = \"run\"\npoints = [\"filter\"]\n",
    );
    bench.put(
        "modules/hush/run",
        b"#!/bin/sh\necho '{\"go\":\"quiet\"}'\n",
    );
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bench.path("modules/hush/run"), mode).unwrap();
    let path = bench.path("modules");
    bench.configure(&format!(
        "modules = [\"hush\", \"ntfy\"]\nmodules_path = {path:?}\n\
         [module.ntfy]\nurl = \"http://127.0.0.1:{port}\"\ntopic = \"desk\"\n"
    ));
    bench.file("submit", mail("1", "", "Buy now."));
    assert_eq!(bench.names(), ["1"]);
    assert!(
        bench
            .mbox("1")
            .contains("X-Tickets-Module: hush; go=quiet\n")
    );
    assert_eq!(bench.outbox(), [""; 0]);
    let rung = listener.accept().map(drop).map_err(|e| e.kind());
    assert_eq!(rung, Err(std::io::ErrorKind::WouldBlock));
}

#[test]
fn git_leaves_out_what_is_no_ticket_and_cuts_what_is_long() {
    // G4: whoever writes a commit takes nothing from the others.
    let bench = Bench::new();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    let long = format!("Long, #1 {}", "\u{1f600}".repeat(9000));
    for subject in ["First #1", "Counting from #0 and #00", &long, "Last #1"] {
        let args = ["commit", "--quiet", "--allow-empty", "-m", subject];
        git(&bench, "work", &args);
    }
    let bare = bench.path("work/.git");
    // A checkout may be named, too.
    for repository in [&bare, &bench.path("work")] {
        with_module(
            &bench,
            "git",
            &format!("repository = {repository:?}\nurl = \"https://git.example/{{x}}/{{}}\"\n"),
        );
        if bench.names().is_empty() {
            bench.file("submit", mail("1", "", "x"));
        }
        let shown = bench.run(&["timeline", "--json", "--events", "commit"], b"");
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
        let lines = shown.stdout.lines();
        let lines: Vec<serde_json::Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut subjects: Vec<String> = (lines.iter())
            .map(|line| line["subject"].as_str().unwrap().chars().take(8).collect())
            .collect();
        subjects.sort();
        assert_eq!(subjects, ["First #1", "Last #1", "Long, #1"]);
        assert!(
            lines[0]["url"]
                .as_str()
                .unwrap()
                .starts_with("https://git.example/{x}/")
        );
        let checked = bench.run(&["modules", "check", "git"], b"");
        assert_eq!(checked.status, 0, "{checked:?}");
    }
    own(&bare);
}

#[test]
fn whoever_tries_the_ntfy_module_rings_nobody() {
    // G6: TICKETS_TRIAL
    let bench = Bench::new();
    bench.make_store();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = format!("url = \"http://127.0.0.1:{port}\"\ntopic = \"desk\"\n");
    with_module(&bench, "ntfy", &settings);
    // What comes is answered until the test says that this was all.
    let served = std::thread::spawn(move || {
        let mut asked = BTreeSet::new();
        loop {
            let (stream, _) = listener.accept().unwrap();
            let (mut reader, mut line) = (BufReader::new(&stream), String::new());
            reader.read_line(&mut line).unwrap();
            asked.insert(line.trim_end().to_owned());
            if line.starts_with("END") {
                return asked;
            }
            let mut rest = String::new();
            while rest != "\r\n" {
                rest.clear();
                reader.read_line(&mut rest).unwrap();
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            (&stream).write_all(answer).unwrap();
        }
    });
    let checked = bench.run(&["modules", "check", "ntfy"], b"");
    assert_eq!(checked.status, 0, "{checked:?}");
    let ran = bench.run(&["modules", "run", "ntfy", "observer"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout
            .contains("\nstderr  a trial, so this is not sent: {\"topic\": \"desk\","),
        "{ran:?}"
    );
    let mut last = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    last.write_all(b"END\r\n").unwrap();
    let asked: Vec<String> = served.join().unwrap().into_iter().collect();
    assert_eq!(asked, ["END", "GET /v1/health HTTP/1.1"]);
}
