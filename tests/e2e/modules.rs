//! A ticket's whole life on a desk without any part, and on one with every module of contrib/modules: the mail is the
//! same.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use crate::machine::{USER, free_port, home_of, mode, signal};
use crate::site::{self, Form, Site, configure};
use crate::story::{USUAL, story};
use nix::sys::signal::Signal;

/// Every part that can be off.
const PARTS: [&str; 7] = [
    "alerts",
    "archive",
    "jobs",
    "quarantine",
    "search",
    "stats",
    "timeline",
];

/// What a command of the desk's user prints; it does what it should.
fn printed(site: &Site, program: &[&str]) -> String {
    let output = site.as_desk(program).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), error.as_str()),
        (Some(0), ""),
        "{program:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// `tickets modules --json`, as names and states.
fn states(site: &Site) -> Vec<[String; 2]> {
    let shown = printed(site, &["tickets", "modules", "--json"]);
    let state = |line: &str| {
        let module: serde_json::Value = serde_json::from_str(line).unwrap();
        ["name", "state"].map(|key| module[key].as_str().unwrap().to_owned())
    };
    let mut states: Vec<_> = shown.lines().map(state).collect();
    states.sort();
    states
}

#[test]
fn a_tickets_whole_life_without_any_part() {
    // G2
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    configure(&site.path(""), &format!("[parts]\noff = {PARTS:?}\n"));
    assert_eq!(
        states(&site),
        PARTS.map(|name| [name, "off"].map(str::to_owned))
    );
    story(&site, &USUAL);
}

/// The daemon of SpamAssassin, which is ended with the test.
struct Spamd(Child);

impl Spamd {
    fn start(site: &Site, port: u16) -> Spamd {
        let program = format!(
            "exec /usr/sbin/spamd --local --max-children=1 --nouser-config --syslog=stderr --listen=127.0.0.1 \
             --port={port} --cf='use_bayes 0'"
        );
        let log = fs::File::create(site.path("spamd.log")).unwrap();
        let mut command = site.as_desk(&["sh", "-c", &program]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut spamd = Spamd(command.spawn().unwrap());
        site.wait("spamd to answer", || {
            let log = || fs::read_to_string(site.path("spamd.log")).unwrap();
            assert!(
                matches!(spamd.0.try_wait(), Ok(None)),
                "spamd ended: {}",
                log()
            );
            // It listens before it has read its rules.
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
            stream.write_all(b"PING SPAMC/1.2\r\n\r\n").ok()?;
            let mut said = String::new();
            stream.read_to_string(&mut said).ok()?;
            said.contains("PONG").then_some(())
        });
        spamd
    }
}

impl Drop for Spamd {
    fn drop(&mut self) {
        let _ = signal(self.0.id(), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// Takes so many notifications as ntfy does; their bodies.
fn phone(listener: TcpListener, notifications: usize) -> JoinHandle<Vec<String>> {
    let take = move |_| {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut size = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => size = value.parse().unwrap(),
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; size];
        reader.read_exact(&mut body).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (&stream).write_all(answer).unwrap();
        String::from_utf8(body).unwrap()
    };
    std::thread::spawn(move || (0..notifications).map(take).collect())
}

/// Puts the modules of contrib into the desk's home, as whoever follows docs/modules.md does.
fn put_in_modules(site: &Site) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/modules");
    let copied = site
        .inside(&["cp", "-r", from.to_str().unwrap()])
        .arg(site.path("home/modules"))
        .status()
        .unwrap();
    assert!(copied.success());
    for module in fs::read_dir(site.path("home/modules")).unwrap() {
        let module = module.unwrap().path();
        mode(&module, 0o755);
        for file in fs::read_dir(&module).unwrap() {
            let file = file.unwrap().path();
            let is_program = file.extension().is_some_and(|it| it == "py");
            mode(&file, if is_program { 0o755 } else { 0o644 });
        }
    }
    mode(&site.path("home/modules"), 0o755);
    home_of(USER).join("modules")
}

#[test]
fn a_tickets_whole_life_with_three_modules() {
    // G3, G5, G6
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    let modules = put_in_modules(&site);
    let make = "git init --quiet work && cd work && git -c user.name=Ann -c user.email=ann@example.net \
        commit --quiet --allow-empty -m 'Mend the printer, #1' && cd && git clone --quiet --mirror work mirror";
    printed(&site, &["sh", "-c", &format!("cd && {make}")]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (to_phone, to_spamd) = (listener.local_addr().unwrap().port(), free_port());
    let rang = phone(listener, 2);
    let _spamd = Spamd::start(&site, to_spamd);
    let repository = home_of(USER).join("mirror");
    let names = ["git", "ntfy", "spamassassin"];
    configure(
        &site.path(""),
        &format!(
            "modules = {names:?}\nmodules_path = [{modules:?}]\n[module.spamassassin]\nport = {to_spamd}\n\
             [module.ntfy]\nurl = \"http://127.0.0.1:{to_phone}\"\ntopic = \"desk\"\n\
             [module.git]\nrepository = {repository:?}\n"
        ),
    );
    let on = |name: &str| [name, "on"].map(str::to_owned);
    let mut all: Vec<_> = [&PARTS[..], &names].concat().into_iter().map(on).collect();
    all.sort();
    assert_eq!(states(&site), all);

    story(&site, &USUAL);

    // And each module has done its work.
    let judged = site.ticket(1)[0].get("X-Tickets-Module");
    assert!(
        judged.starts_with("spamassassin; go=on; score="),
        "{judged:?}"
    );
    printed(&site, &["tickets", "flush"]);
    let rang: Vec<serde_json::Value> = (rang.join().unwrap().iter())
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let titles: Vec<_> = rang
        .iter()
        .map(|it| it["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["#1 opened", "#1 re-opened"]);
    let commits = printed(
        &site,
        &["tickets", "timeline", "--json", "--events", "commit"],
    );
    let commit: serde_json::Value = serde_json::from_str(commits.trim_end()).unwrap();
    assert_eq!(
        (&commit["ticket"], &commit["subject"]),
        (&1.into(), &"Mend the printer, #1".into()),
        "{commit}"
    );
}
