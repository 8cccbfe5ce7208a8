//! Quarantine: what filters kept from the tickets, and what is done with it (G5).

use crate::bench::{Bench, own};
use crate::crash::{
    FAILURES, at_each, at_each_failure, calls_in, changes, strace_is_here, under_strace,
};
use crate::filter::{MAIL, answers, desk, held, install, switch_on, tickets};
use crate::transcript::Transcript;
use crate::until::until;
use fs2::FileExt;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};

const VIRUS: &str = r#"{"go":"quarantine","reason":"a virus was found"}"#;

/// The only file in quarantine.
fn file(b: &Bench) -> PathBuf {
    let mut entries = fs::read_dir(b.ticket("quarantine/new")).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    path
}

// G1, G2, G5, E3
#[test]
fn manual() {
    let b = desk();
    answers(&b, VIRUS);
    b.put("one.eml", MAIL.as_bytes());
    let two = "From: bob@example.com\nTo: submit@example.org\nSubject: Two\nMessage-ID: <2@example.com>\n\nTwo\n";
    b.put("two.eml", two.as_bytes());
    let mut t = Transcript::new(&b);
    t.step(
        "What a filter puts into quarantine is in no ticket, and nobody is told.",
        "tickets deliver -v -f alice@example.net submit@example.org <one.eml\ntickets list",
    );
    t.step(
        "It waits there, and says why.",
        "tickets quarantine\ntickets quarantine --json",
    );
    t.step(
        "It can be looked at; --raw is its very bytes.",
        "tickets quarantine show 6677 | grep -v ^Held\n\
         tickets quarantine show --raw 6677 | cmp - one.eml\n\
         tickets quarantine show x",
    );
    t.step(
        "Let out, it goes where it would have gone, and is answered.",
        "tickets quarantine release\ntickets quarantine release 6677\ntickets show 1 | grep Module\ntickets quarantine",
    );
    t.step(
        "The same mail again is filed already, whatever the filter says; another one is kept.",
        "tickets deliver -f alice@example.net submit@example.org <one.eml\n\
         tickets deliver -f bob@example.com submit@example.org <two.eml\n\
         tickets quarantine",
    );
    t.step(
        "What nobody wants is dropped; what is old, by a job of every night.",
        "tickets quarantine drop --before 30d\n\
         tickets quarantine drop --all\n\
         tickets quarantine drop --all",
    );
    b.configure("[parts]\noff = [\"quarantine\"]\n");
    t.step(
        "It is a part, and can be switched off.",
        "tickets quarantine",
    );
    insta::assert_snapshot!("quarantine", t);
}

// G5: a ticket that is gone when its mail is let out
#[test]
fn what_is_refused_when_it_is_let_out_stays() {
    let b = desk();
    answers(&b, "");
    b.file("submit", MAIL);
    answers(&b, VIRUS);
    b.file("ticket-1", MAIL.replace("<1@", "<2@"));
    fs::remove_file(b.ticket("1")).unwrap();
    b.works("reindex");
    let id = file(&b).file_name().unwrap().to_str().unwrap()[..8].to_owned();
    let said = format!(
        "tickets: {id} stays in quarantine: There is no ticket ticket-1@example.org: please write to \
         submit@example.org to open a new one.\n"
    );
    b.run(&["quarantine", "release", &id], b"")
        .is(66, "", &said);
    assert_eq!((held(&b).len(), tickets(&b)), (1, vec![]));
}

// G5: mutt sees one mail for each, and may move it and flag it.
#[test]
fn a_mail_program_may_open_it() {
    let b = desk();
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let path = file(&b);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    fs::rename(
        &path,
        b.ticket("quarantine/cur").join(format!("{name}:2,S")),
    )
    .unwrap();
    b.put(
        "tickets/quarantine/new/foreign",
        b"Subject: put there by hand\n\nx\n",
    );
    // The same message again is found there.
    b.file("submit", MAIL);
    assert_eq!(fs::read_dir(b.ticket("quarantine/new")).unwrap().count(), 1);
    let said = b.run(&["quarantine", "release", "--all"], b"");
    said.is(
        0,
        &format!("released {}: ticket 1 opened\n", &name[..8]),
        "",
    );
    assert_eq!(fs::read_dir(b.ticket("quarantine/cur")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(b.ticket("quarantine/new")).unwrap().count(), 1);
}

// G5, E3: it is counted, and is no ticket
#[test]
fn check_counts_what_is_there() {
    let b = crate::check::desk("");
    install(
        &b,
        "f",
        b"#!/bin/sh\ncat \"$TICKETS_MODULE_DIR/answer\"\n",
        "",
    );
    switch_on(&b, &["f"], "");
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let etc = b.path("etc").display().to_string();
    let said = b.run(&["check", "--etc", &etc], b"").stdout;
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("quarantine"))
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(
        lines[0].starts_with("ok    quarantine: 1 message waits, the oldest since 20"),
        "{said}"
    );
    let plugin = b.run(&["check", "--nagios", "--etc", &etc], b"").stdout;
    assert!(
        plugin.ends_with(" open=0;;;0 closed=0;;;0 quarantine=1;;;0\n"),
        "{plugin}"
    );
    // Without the part it stays there, and that is said.
    let dir = b.ticket("quarantine");
    let warns = |why: &str| {
        let said = b.run(&["check", "--etc", &etc], b"").stdout;
        let lines: Vec<&str> = said.lines().collect();
        let at = lines.iter().position(|line| line.contains("quarantine"));
        let warning = format!(
            "warn  quarantine: this part is switched off: {why}; `mutt -f {}` shows it",
            dir.display()
        );
        assert_eq!(lines[at.unwrap()], warning, "{said}");
        let mend = "      mend: take \"quarantine\" out of `off` in [parts] in ";
        assert!(lines[at.unwrap() + 1].starts_with(mend), "{said}");
        assert_eq!(said.matches(" quarantine: ").count(), 1, "{said}");
    };
    switch_on(&b, &["f"], "[parts]\noff = [\"quarantine\"]\n");
    warns("1 message there, of which nobody is told");
    let list = b.run(&["list"], b"");
    let said = "tickets: 1 message in quarantine: the part quarantine is switched off\n";
    assert!(list.stderr.ends_with(said), "{list:?}");
    let kept = held(&b);
    fs::rename(&dir, b.path("aside")).unwrap();
    warns("what the module f sends there stays there, and nobody is told");
    switch_on(&b, &[], "[parts]\noff = [\"quarantine\"]\n");
    let said = b.run(&["check", "--etc", &etc], b"").stdout;
    assert!(!said.contains(" quarantine: "), "{said}");
    switch_on(&b, &["f"], "");
    fs::rename(b.path("aside"), &dir).unwrap();
    assert_eq!(held(&b), kept);
    b.says("reindex", "0 tickets, 0 messages\n");
    b.works("check --store");
    // It is no archive of tickets, and no file of it is one.
    let store = b.ticket("").display().to_string();
    let imported = b.run(&["import", "--dry-run", &store], b"");
    assert!(!imported.stdout.contains("1 message"), "{imported:?}");
    // Where something else stands in its place, mail waits.
    fs::remove_dir_all(b.ticket("quarantine")).unwrap();
    b.put("tickets/quarantine", b"");
    let deferred = b.deliver("submit@example.org", MAIL);
    assert_eq!(
        (deferred.status, deferred.stdout.as_str()),
        (75, ""),
        "{deferred:?}"
    );
    let said = b.run(&["check", "--etc", &etc], b"").stdout;
    assert!(
        said.contains("/tickets/quarantine: a file stands there, no directory"),
        "{said}"
    );
}

// G5, A7: however long the header is
#[test]
fn what_stands_behind_a_megabyte_of_header_is_shown() {
    let b = desk();
    answers(&b, VIRUS);
    let (long, many) = ("x".repeat(2 << 20), "y@example.net, ".repeat(100_000));
    let mail = format!("X-Long: {long}\nCc: {many}z@example.net\n{MAIL}");
    b.file("submit", &mail);
    let listed = b.run(&["quarantine", "--json"], b"").stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["subject"], "Printer");
    assert_eq!(listed["from"]["address"], "alice@example.net");
    let id = listed["id"].as_str().unwrap().to_owned();
    let raw = b.run(&["quarantine", "show", "--raw", &id], b"");
    assert!(raw.status == 0 && raw.stdout == mail);
}

// G5: a clock that is wrong for a day lets the job remove nothing; who names a date means it
#[test]
fn what_is_old_can_be_dropped() {
    let b = desk();
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let path = file(&b);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("X-Tickets-Quarantine: ").unwrap();
    let (_, rest) = rest.split_once(';').unwrap();
    let at = b.begun.as_second() - 40 * 86_400;
    fs::write(&path, format!("{before}X-Tickets-Quarantine: {at};{rest}")).unwrap();
    // Nothing but that one mail tells of a later day.
    b.says(
        "jobs run quarantine",
        "quarantine: ok: 0 removed, 1 waiting\n",
    );
    b.says("quarantine drop --before 45d", "dropped 0 messages\n");
    b.says("quarantine drop --before 30d", "dropped 1 message\n");
    assert_eq!(held(&b), [""; 0]);
    let log = fs::read_to_string(b.path("log")).unwrap();
    assert_eq!(log.matches(" quarantine dropped id=").count(), 1, "{log}");
}

/// Starts `tickets quarantine WHAT ID`, which has seen the message when this returns, and waits for the lock.
fn waiting(b: &Bench, what: &str, id: &str) -> Child {
    let mut command = b.command(&["quarantine", what, id]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let has_opened = || {
        let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        let mut open = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
        open.any(|path| path.ends_with("quarantine.lock"))
    };
    until("it waits for the lock", || {
        let ended = child.try_wait().unwrap();
        assert_eq!(ended, None, "{what} did not wait for the lock");
        has_opened()
    });
    child
}

// G5: of those who release and drop a message, one does, and says so
#[test]
fn one_of_several_has_a_message() {
    let b = desk();
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let name = file(&b).file_name().unwrap().to_owned();
    let id = &name.to_str().unwrap()[..8];
    b.put("tickets/.tickets/quarantine.lock", b"");
    let lock = fs::File::open(b.ticket(".tickets/quarantine.lock")).unwrap();
    lock.lock_exclusive().unwrap();
    let all = ["drop", "release", "drop", "release"].map(|what| (what, waiting(&b, what, id)));
    FileExt::unlock(&lock).unwrap();
    let gone =
        format!("tickets: {id} is no longer in quarantine: somebody else released or dropped it\n");
    let mut done = Vec::new();
    for (what, child) in all {
        let ended = child.wait_with_output().unwrap();
        let [out, err] = [ended.stdout, ended.stderr].map(|it| String::from_utf8(it).unwrap());
        match ended.status.code() {
            Some(0) => {
                let says = match what {
                    "drop" => format!("dropped {id}\n"),
                    _ => format!("released {id}: ticket 1 opened\n"),
                };
                assert_eq!((out, err), (says, String::new()));
                done.push(what);
            }
            other => assert_eq!((other, out, err), (Some(66), String::new(), gone.clone())),
        }
    }
    let filed = match done[..] {
        ["drop"] => vec![],
        ["release"] => vec!["1".to_owned()],
        _ => panic!("{done:?}"),
    };
    assert_eq!((tickets(&b), held(&b)), (filed, vec![]));
    let log = fs::read_to_string(b.path("log")).unwrap();
    assert_eq!(
        log.matches("dropped id=").count() + log.matches("released id=").count(),
        1,
        "{log}"
    );
}

// G5: a mail program moves it just then; it is the same message
#[test]
fn what_was_moved_meanwhile_is_found() {
    let b = desk();
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let name = file(&b).file_name().unwrap().to_str().unwrap().to_owned();
    b.put("tickets/.tickets/quarantine.lock", b"");
    let lock = fs::File::open(b.ticket(".tickets/quarantine.lock")).unwrap();
    lock.lock_exclusive().unwrap();
    let child = waiting(&b, "release", &name);
    let moved = b.ticket("quarantine/cur").join(format!("{name}:2,S"));
    fs::rename(file(&b), moved).unwrap();
    FileExt::unlock(&lock).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!((tickets(&b), held(&b)), (vec!["1".to_owned()], vec![]));
}

// G5: a name that is no text is one all the same
#[test]
fn names_of_any_bytes_are_listed_and_can_be_named() {
    let b = desk();
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let path = file(&b);
    for odd in [&b"x\xffy"[..], b"x\xfey:2,S"] {
        let beside = path.with_file_name(OsStr::from_bytes(odd));
        fs::copy(&path, &beside).unwrap();
        own(&beside);
    }
    fs::remove_file(&path).unwrap();
    let listed = || {
        let lines = b.run(&["quarantine", "--json"], b"").stdout;
        let ids = lines.lines().map(|line| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            object["id"].as_str().unwrap().to_owned()
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed(), ["x%FEy", "x%FFy"]);
    let raw = b.run(&["quarantine", "show", "--raw", "x%FEy"], b"");
    raw.is(0, MAIL, "");
    b.says("quarantine drop x%FEy", "dropped x%FEy\n");
    assert_eq!(listed(), ["x%FFy"]);
    b.says(
        "quarantine release x%FFy",
        "released x%FFy: ticket 1 opened\n",
    );
    assert_eq!(listed(), [""; 0]);
    assert_eq!(fs::read_dir(b.ticket("quarantine/new")).unwrap().count(), 0);
}

// G5, I1: a job of each day removes what is old, and tells the admins of what waits
#[test]
fn a_job_removes_what_is_old_and_tells_of_what_waits() {
    let b = desk();
    answers(&b, "");
    let named = |b: &Bench| {
        b.run(&["jobs", "--json"], b"")
            .stdout
            .contains("\"quarantine\"")
    };
    b.file("submit", MAIL.replace("<1@", "<3@"));
    b.take_sent();
    b.says(
        "jobs run quarantine",
        "quarantine: ok: 0 removed, 0 waiting\n",
    );
    assert_eq!(b.take_sent_in_short(), [""; 0]);
    answers(&b, VIRUS);
    b.file("submit", MAIL);
    let hostile = MAIL
        .replace("<1@", "<2@")
        .replace("Printer", "=?utf-8?q?a=0Ab=1B[1m?=");
    let hostile = hostile.replace("Alice", &"x".repeat(200));
    b.file("submit", hostile);
    b.says(
        "jobs run quarantine",
        "quarantine: ok: 0 removed, 2 waiting\n",
    );
    let sent = b.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].args, "-i -f <> -- steve@example.org");
    assert_eq!(
        sent[0].field("Subject").unwrap(),
        "2 messages are in quarantine"
    );
    assert_eq!(sent[0].field("Auto-Submitted").unwrap(), "auto-generated");
    let body = sent[0].body().replace("=\n", "");
    let lines = body.lines();
    let mut lines: Vec<&str> = lines.filter(|line| line.starts_with("  ")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "  now  Alice <alice@example.net>: Printer (f: a virus was found)".to_owned(),
            format!(
                "  now  {}=E2=80=A6: a b[1m (f: a virus was found)",
                "x".repeat(49)
            ),
        ]
    );
    // 31 days later, as other mail tells.
    let now = b.begun.as_second();
    for entry in fs::read_dir(b.ticket("quarantine/new")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let days = if text.contains("<1@") { 31 } else { 29 };
        let (before, rest) = text.split_once("X-Tickets-Quarantine: ").unwrap();
        let (_, rest) = rest.split_once(';').unwrap();
        let at = now - days * 86_400;
        fs::write(&path, format!("{before}X-Tickets-Quarantine: {at};{rest}")).unwrap();
    }
    let recent = b.ticket(".tickets/recent");
    let day = fs::read_dir(&recent)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let yesterday = jiff::Timestamp::from_second(now - 86_400).unwrap();
    fs::rename(day, recent.join(yesterday.strftime("%Y-%m-%d").to_string())).unwrap();
    b.says(
        "jobs run quarantine",
        "quarantine: ok: 1 removed, 1 waiting\n",
    );
    assert!(held(&b)[0].contains("<2@"));
    let sent = b.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].field("Subject").unwrap(),
        "1 message is in quarantine"
    );
    // It goes on without modules, as long as there is a quarantine.
    b.configure("");
    assert!(named(&b));
    b.works("quarantine drop --all");
    fs::remove_dir_all(b.ticket("quarantine")).unwrap();
    assert!(!named(&b));
    // With its part it is gone.
    b.make_dir("tickets/quarantine");
    b.configure("[parts]\noff = [\"quarantine\"]\n");
    assert!(!named(&b));
}

/// A delivery with a filter that says `answer`.
struct Scenario {
    name: &'static str,
    answer: &'static str,
    /// The names in the store at the end, and how many messages are in quarantine.
    ends: (&'static [&'static str], usize),
    sent: &'static [&'static str],
}

const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "go on",
        answer: r#"{"note":"n"}"#,
        ends: (&["1"], 0),
        sent: &[
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ],
    },
    Scenario {
        name: "quarantine",
        answer: VIRUS,
        ends: (&[], 1),
        sent: &[],
    },
    Scenario {
        name: "a failure",
        answer: "broken",
        ends: (&["1"], 0),
        sent: &[
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ],
    },
];

const ARGS: [&str; 5] = [
    "deliver",
    "-f",
    "alice@example.net",
    "-r",
    "submit@example.org",
];

impl Scenario {
    fn desk(&self) -> Bench {
        let b = desk();
        answers(&b, self.answer);
        b
    }

    fn calls(&self) -> BTreeMap<String, usize> {
        let b = self.desk();
        let log = b.path("strace.log");
        let filter = format!("trace={}", crate::crash::CALLS);
        let options = ["-o", log.to_str().unwrap(), "-e", &filter];
        under_strace(&b, &options, &ARGS, MAIL.as_bytes()).silent();
        calls_in(&log)
    }

    /// Delivers it again, and says what must be true then.
    fn check(&self, b: &Bench, what: &str) {
        let what = format!("{}: {what}", self.name);
        b.run(&ARGS, MAIL.as_bytes()).silent();
        b.run(&["flush", "--quiet"], b"").silent();
        assert_eq!(tickets(b), self.ends.0, "{what}");
        let held = held(b);
        assert_eq!(held.len(), self.ends.1, "{what}");
        assert!(
            held.iter().all(|text| text.ends_with(MAIL)),
            "{what}: {held:?}"
        );
        for name in tickets(b) {
            let mbox = b.mbox(&name);
            assert_eq!(mbox.matches("Message-ID: <1@").count(), 1, "{what}: {mbox}");
            assert_eq!(mbox.matches("\n\nFrom ").count(), 0, "{what}: {mbox}");
        }
        let sent = b.take_sent_in_short();
        for want in self.sent {
            let times = sent.iter().filter(|sent| sent == want).count();
            assert!((1..=2).contains(&times), "{what}: {sent:?}");
        }
        assert!(
            sent.iter().all(|sent| self.sent.contains(&sent.as_str())),
            "{what}: {sent:?}"
        );
        if let [held] = &held[..] {
            assert!(
                held.contains("X-Tickets-Recipient: submit@example.org\n"),
                "{what}"
            );
            b.works("quarantine release --all");
            assert_eq!(tickets(b), ["1"], "{what}");
        }
        b.run(&["check", "--store"], b"")
            .silent_but_for_output(&what);
    }
}

// A4, A5, D7, G5
#[test]
fn a_delivery_with_a_filter_may_be_killed_at_every_system_call() {
    if !strace_is_here() {
        return;
    }
    for scenario in &SCENARIOS {
        let count = at_each(&changes(scenario.calls()), |name, n| {
            let b = scenario.desk();
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let options = ["-o", "/dev/null", "-e", &inject];
            let ran = under_strace(&b, &options, &ARGS, MAIL.as_bytes());
            assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
            scenario.check(&b, &format!("killed at {name} {n}"));
        });
        println!("{}: {count} kill points", scenario.name);
    }
}

// A3, A4, G5
#[test]
fn every_system_call_of_a_delivery_with_a_filter_may_fail() {
    if !strace_is_here() {
        return;
    }
    for scenario in &SCENARIOS[1..2] {
        let count = at_each_failure(&scenario.calls(), &FAILURES[..2], |inject, what| {
            let b = scenario.desk();
            let options = ["-o", "/dev/null", "-e", inject];
            let ran = under_strace(&b, &options, &ARGS, MAIL.as_bytes());
            let loader = ran.stderr.contains("error while loading");
            assert!([0, 75].contains(&ran.status) || loader, "{what}: {ran:?}");
            assert_eq!(ran.stdout, "", "{what}");
            // It may have failed to ask, and then the message is filed.
            if scenario.ends.1 == 1 && !tickets(&b).is_empty() {
                assert!(
                    b.mbox("1").contains("X-Tickets-Module: f; failed="),
                    "{what}"
                );
                assert_eq!(held(&b), [""; 0], "{what}");
                b.run(&ARGS, MAIL.as_bytes()).silent();
                assert_eq!(
                    (tickets(&b), held(&b).len()),
                    (vec!["1".into()], 0),
                    "{what}"
                );
                return;
            }
            scenario.check(&b, what);
        });
        println!("{}: {count} failures", scenario.name);
    }
}
