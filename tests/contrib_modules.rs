//! The modules of contrib/modules, each with the real thing beside it: SpamAssassin's daemon, a server that takes what
//! is sent to telephones, a git repository.

mod faults;
mod settings;
mod spamassassin;

use crate::bench::{Bench, own};
use crate::deliver::mail;
use crate::filter::install;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

/// Puts a module of contrib in, and switches it on with these settings.
fn with_module(bench: &Bench, name: &str, settings: &str) {
    bench.make_dir("modules");
    bench.make_dir(&format!("modules/{name}"));
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("contrib/modules")
        .join(name);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let path = format!("modules/{name}/{}", entry.file_name().to_str().unwrap());
        bench.put(&path, &fs::read(entry.path()).unwrap());
        let mode = entry.metadata().unwrap().permissions().mode() & 0o755;
        fs::set_permissions(bench.path(&path), fs::Permissions::from_mode(mode)).unwrap();
    }
    set(bench, name, settings);
}

/// Gives the module other settings.
fn set(bench: &Bench, name: &str, settings: &str) {
    let path = bench.path("modules");
    bench.configure(&format!(
        "modules = [{name:?}]\nmodules_path = {path:?}\n[module.{name}]\n{settings}"
    ));
}

/// A port of this machine that nobody has.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A server that answers each request with the next of these statuses; what it was sent: the first line, the field
/// Authorization, and the body.
fn server(listener: TcpListener, statuses: &'static [u16]) -> JoinHandle<Vec<[String; 3]>> {
    let answer = move |status: &u16| {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let (mut first, mut token, mut size) = (String::new(), String::new(), 0);
        reader.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some(("Authorization", value)) => token = value.to_owned(),
                Some(("Content-Length", value)) => size = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; size];
        reader.read_exact(&mut body).unwrap();
        let answer =
            format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        (&stream).write_all(answer.as_bytes()).unwrap();
        [
            first.trim_end().to_owned(),
            token,
            String::from_utf8(body).unwrap(),
        ]
    };
    std::thread::spawn(move || statuses.iter().map(answer).collect())
}

#[test]
fn ntfy_sends_what_happens_until_it_is_taken() {
    // G3, G6
    let bench = Bench::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    bench.put("token", b"tk_secret\n");
    let token = bench.path("token");
    let settings = format!(
        "url = \"http://127.0.0.1:{port}/\"\ntopic = \"desk\"\ntoken_file = {token:?}\npriority = 4\n"
    );
    with_module(&bench, "ntfy", &settings);
    bench.make_store();
    let served = server(listener, &[200, 500, 200]);
    let checked = bench.run(&["check"], b"");
    assert!(
        checked
            .stdout
            .contains("module ntfy: the ntfy server answers"),
        "{checked:?}"
    );
    let fire = mail("1", "Subject: Printer \"on\" fire\n", "x");
    bench.deliver("submit@example.org", fire).silent();
    assert_eq!(
        bench
            .outbox()
            .iter()
            .filter(|name| name.contains(".event."))
            .count(),
        1
    );
    // Neither of these rings anybody.
    bench.file("ticket-1", mail("2", "", "x"));
    bench.file("submit", mail("3", "Auto-Submitted: auto-generated\n", "x"));
    bench.works("flush");
    // Nor does what a filter sends quietly on.
    let quiet = b"#!/bin/sh\necho '{\"go\":\"quiet\"}'\n";
    install(&bench, "quiet", quiet, "");
    let path = bench.path("modules");
    bench.configure(&format!(
        "modules = [\"quiet\", \"ntfy\"]\nmodules_path = {path:?}\n[module.ntfy]\n{settings}"
    ));
    bench.file("submit", mail("4", "", "buy now"));
    bench.works("flush");
    assert_eq!(bench.outbox(), [""; 0]);
    assert_eq!(bench.names(), ["1", "2", "3"]);
    let body = r##"{"topic": "desk", "title": "#1 opened", "message": "Alice: Printer \"on\" fire", "priority": 4}"##;
    let post = ["POST / HTTP/1.1", "Bearer tk_secret", body].map(str::to_owned);
    let health = ["GET /v1/health HTTP/1.1", "Bearer tk_secret", ""].map(str::to_owned);
    assert_eq!(served.join().unwrap(), [health, post.clone(), post]);
    set(&bench, "ntfy", "url = \"http://127.0.0.1\"\n");
    let checked = bench.run(&["check"], b"");
    assert!(
        checked.stdout.contains("module ntfy: topic is not set"),
        "{checked:?}"
    );
}

/// Runs git in a directory, without what its user has configured.
fn git(bench: &Bench, dir: &str, args: &[&str]) {
    git_at(bench, dir, args, "2026-11-02T09:00:00Z");
}

/// The same at a time that the clock says.
fn git_at(bench: &Bench, dir: &str, args: &[&str], at: &str) {
    let mut command = Command::new("git");
    bench.as_ordinary_user(&mut command);
    command
        .args([
            "-c",
            "user.name=Ann \"x\"",
            "-c",
            "user.email=ann@example.net",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .current_dir(bench.path(dir))
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", at)
        .env("GIT_COMMITTER_DATE", at);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{args:?}: {done:?}");
}

#[test]
fn git_shows_the_commits_that_name_a_ticket_once_they_are_fetched() {
    // G3
    let bench = Bench::new();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    git(
        &bench,
        "work",
        &["commit", "--quiet", "--allow-empty", "-m", "Begin"],
    );
    git(
        &bench,
        "",
        &["clone", "--quiet", "--mirror", "work", "mirror"],
    );
    git(
        &bench,
        "work",
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "Mend the printer, #1\n\nSee &#99; and a#5.",
        ],
    );
    let mirror = bench.path("mirror");
    with_module(
        &bench,
        "git",
        &format!("repository = {mirror:?}\nurl = \"https://git.example/{{}}\"\n"),
    );
    bench.file("submit", mail("1", "", "x"));
    let commits = ["timeline", "--json", "--events", "commit"];
    bench.run(&commits, b"").silent();
    git(&bench, "mirror", &["fetch", "--quiet"]);
    let shown = bench.run(&commits, b"");
    assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
    let line: serde_json::Value = serde_json::from_str(shown.stdout.trim_end()).unwrap();
    assert_eq!(
        (&line["ticket"], &line["subject"]),
        (&1.into(), &"Mend the printer, #1".into()),
        "{line}"
    );
    set(&bench, "git", "repository = \"/nowhere\"\n");
    let failed = bench.run(&commits, b"");
    assert_eq!((failed.status, failed.stdout.as_str()), (0, ""));
    assert!(failed.stderr.contains("module git"), "{failed:?}");
    own(&mirror);
}

#[test]
fn git_may_have_commits_by_anybody() {
    // G3, G7: whoever can commit there does not put the module out of service.
    let bench = Bench::new();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    let long = format!("Long #1 {}", "\u{1}x".repeat(20_000));
    for (subject, day) in [
        ("First #1", "2026-11-01T09:00:00Z"),
        ("Counting from #0 and #00", "2026-11-02T09:00:00Z"),
        (&long, "2026-11-03T09:00:00Z"),
        ("Of a strange clock #1", "@253402300800 +0000"),
        ("Last #0 #1", "2026-11-04T09:00:00Z"),
    ] {
        let args = ["commit", "--quiet", "--allow-empty", "-m", subject];
        git_at(&bench, "work", &args, day);
    }
    let repository = bench.path("work/.git");
    with_module(&bench, "git", &format!("repository = {repository:?}\n"));
    bench.file("submit", mail("1", "", "x"));
    let args = ["timeline", "--json", "--events", "commit"];
    let shown = bench.run(&args, b"");
    assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
    let subjects = shown.stdout.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let subject = line["subject"].as_str().unwrap();
        subject.chars().take(10).collect::<String>()
    });
    let subjects: Vec<String> = subjects.collect();
    assert_eq!(subjects, ["Last #0 #1", "Long #1  x", "First #1"]);
    own(&repository);
}

#[test]
fn git_may_have_commits_that_are_later_than_their_children() {
    // G3
    let bench = Bench::new();
    bench.make_dir("work");
    git(&bench, "work", &["init", "--quiet"]);
    for day in ["01", "20", "10", "25", "24"] {
        let subject = format!("On day {day}, #1");
        let args = ["commit", "--quiet", "--allow-empty", "-m", &subject];
        git_at(&bench, "work", &args, &format!("2026-11-{day}T09:00:00Z"));
    }
    let repository = bench.path("work/.git");
    with_module(&bench, "git", &format!("repository = {repository:?}\n"));
    bench.file("submit", mail("1", "", "x"));
    let days = |more: &[&str]| {
        let args = [&["timeline", "--json", "--events", "commit"][..], more].concat();
        let shown = bench.run(&args, b"");
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""), "{more:?}");
        let day = |line: &str| line.split_once("On day ").unwrap().1[..2].to_owned();
        shown.stdout.lines().map(day).collect::<Vec<_>>()
    };
    assert_eq!(days(&[]), ["25", "24", "20", "10", "01"]);
    assert_eq!(days(&["--since", "2026-11-15"]), ["25", "24", "20"]);
    assert_eq!(days(&["--until", "2026-11-23"]), ["20", "10", "01"]);
    let stretch = ["--since", "2026-11-05", "--until", "2026-11-15"];
    assert_eq!(days(&stretch), ["10"]);
    own(&repository);
}
