//! `tickets check`: what is in force, what is wrong, and what mends it.

use crate::bench::{Bench, ordinary_user};
use crate::transcript::Transcript;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

pub const MAIL: &str = "From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

/// A desk on a machine of its own: nothing is in its /etc, and anybody may pass through.
pub fn desk(config: &str) -> Bench {
    let b = Bench::with(config);
    fs::set_permissions(b.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(b.path("etc")).unwrap();
    b
}

/// A sentence, and what `tickets check` finds. The values in force are left out, and so is what is `known`.
pub fn finds(t: &mut Transcript, b: &Bench, sentence: &str, known: &str) -> String {
    t.say(sentence).begin();
    let mut ran = b.run(&["check", "--etc", b.path("etc").to_str().unwrap()], b"");
    let (found, _) = ran
        .stdout
        .split_once("\n\n")
        .expect("findings, then values");
    let found = format!("{found}\n");
    let news = found
        .split_inclusive('\n')
        .filter(|line| !known.contains(line));
    ran.stdout = format!("{}...\n", news.collect::<String>());
    t.ran("tickets check --etc etc", &ran);
    t.space();
    found
}

// C9, D6, E3, E6
#[test]
fn manual() {
    let b = desk("");
    let mut t = Transcript::new(&b);
    t.step(
        "First what is found, the worst before all; then the values in force. A store that is not there was lost, or \
         its disk is not mounted, since `init` makes it.",
        "tickets check --etc etc",
    );
    assert!(!b.ticket("").exists(), "looking creates nothing");
    b.file("submit", MAIL);
    let sound = finds(&mut t, &b, "A sound desk.", "");

    let modes = |name: &str, mode| {
        fs::set_permissions(b.path(name), Permissions::from_mode(mode)).unwrap();
    };
    modes("tickets", 0o511);
    finds(&mut t, &b, "A store that cannot be written fails.", &sound);
    modes("tickets", 0o777);
    finds(&mut t, &b, "So does one that everybody can write.", &sound);
    modes("tickets", 0o711);
    fs::remove_dir(b.ticket("archived")).unwrap();
    finds(
        &mut t,
        &b,
        "And one where closed tickets cannot go.",
        &sound,
    );
    b.make_dir("tickets/archived");

    for name in ["notes.txt", "012", "archived/x", "2.lock", "3.lock"] {
        b.put(&format!("tickets/{name}"), b"");
    }
    let lock = fs::File::options().write(true).open(b.ticket("3.lock"));
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    lock.unwrap().set_modified(hour_ago).unwrap();
    b.put("tickets/archived/1", &fs::read(b.ticket("1")).unwrap());
    finds(
        &mut t,
        &b,
        "Locks that were left, files that are no tickets, and a ticket that is there twice.",
        &sound,
    );

    let b = desk("");
    t.at(&b);
    fs::remove_file(b.path("sendmail")).unwrap();
    b.file("submit", MAIL);
    finds(&mut t, &b, "Answers wait, since sendmail is missing.", "");
    b.put("sendmail", b"#!/bin/sh\n");
    t.step(
        "Or it may not be run.",
        "tickets check --etc etc | grep -A1 sendmail:",
    );
    let outbox = b.ticket(".tickets/outbox");
    for name in b.outbox() {
        let name = Path::new(&name);
        let to = outbox.join("failed/new").join(name.file_name().unwrap());
        fs::rename(outbox.join(name), to).unwrap();
    }
    t.step(
        "What was given up is not sent again, and not forgotten.",
        "tickets check --etc etc | grep -A2 outbox:",
    );

    b.configure(&format!("templates = {:?}\n", b.path("texts")));
    b.make_dir("texts");
    let templates = "tickets check --etc etc | grep -A1 templates:";
    t.step("Templates are tried.", templates);
    b.put("texts/ack.txt", b"Danke, {{ author }}\n");
    t.run(templates);
    b.put("texts/closed.txt", b"Ticket {ticket} is done.\n");
    b.put("texts/refused.txt", b"\n");
    b.put("texts/akc.txt", b"Thanks.\n");
    let sentence = "What was meant otherwise is said.";
    t.step(sentence, "tickets check --etc etc | grep -A1 templates:");
    for name in ["closed", "refused", "akc"] {
        fs::remove_file(b.path(&format!("texts/{name}.txt"))).unwrap();
    }
    b.put("texts/note.txt", b"{{ auhtor }}\n");
    let sentence = "One that cannot be used is no fault: the built-in text stands in.";
    finds(&mut t, &b, sentence, "");

    b.configure("subject_tags = ['\\[issue(\\d+)\\]', '(']\n");
    finds(
        &mut t,
        &b,
        "A value that cannot be used is found before mail needs it.",
        "",
    );
    b.configure("domian = \"x\"\n");
    t.step(
        "A configuration that cannot be read is a fault, too.",
        "tickets check",
    );
    insta::assert_snapshot!("check", t);
}

// E3: a person reads all of it, others one line and the status.
#[test]
fn one_line_says_it() {
    let b = desk("");
    b.file("submit", MAIL);
    let etc = b.path("etc").display().to_string();
    let check = |option: &str| b.run(&["check", "--etc", &etc, option], b"");
    let none = "MTA: neither Exim nor Postfix is installed; nothing brings mail here";
    let counts =
        "|waiting=0;0;;0 failed=0;0;;0 queued=U;0;;0 open=1;;;0 closed=0;;;0 quarantine=0;;;0\n";
    check("-q").is(1, &format!("tickets: warn: 1 warning: {none}\n"), "");
    check("--nagios").is(
        1,
        &format!("TICKETS WARNING - 1 warning: {none}{counts}"),
        "",
    );

    b.make_dir("etc/postfix");
    b.put("etc/postfix/main.cf", b"");
    b.put("etc/aliases", b"submit: \"|/usr/bin/tickets deliver\"\n");
    check("-q").is(0, "tickets: ok\n", "");
    let well = "TICKETS OK - mail is taken, filed and answered";
    check("--nagios").is(0, &format!("{well}{counts}"), "");

    fs::set_permissions(b.ticket(""), Permissions::from_mode(0o777)).unwrap();
    fs::remove_file(b.path("sendmail")).unwrap();
    let store = b.ticket("").display().to_string();
    let faults = format!(
        "1 fault, 1 warning: store: everybody can write to {}",
        store.trim_end_matches('/')
    );
    check("-q").is(2, &format!("tickets: FAIL: {faults}\n"), "");
    check("--nagios").is(2, &format!("TICKETS CRITICAL - {faults}{counts}"), "");

    // A configuration with a mistake, and one that the desk's user may not read.
    b.configure("domian = \"x\"\n");
    let config = b.path("config.toml").display().to_string();
    let mistake = format!("1 fault: config: {config}:5: unknown key `domian`");
    check("-q").is(2, &format!("tickets: FAIL: {mistake}\n"), "");
    let nothing =
        "|waiting=0;0;;0 failed=0;0;;0 queued=U;0;;0 open=0;;;0 closed=0;;;0 quarantine=0;;;0\n";
    check("--nagios").is(2, &format!("TICKETS CRITICAL - {mistake}{nothing}"), "");
    fs::set_permissions(&config, Permissions::from_mode(0o000)).unwrap();
    let denied = format!("1 fault: config: cannot read {config}: Permission denied (os error 13)");
    check("--nagios").is(2, &format!("TICKETS CRITICAL - {denied}{nothing}"), "");
}

// E3: what is wrong with the files, the disk and the clock.
#[test]
fn the_store_and_the_clock() {
    let b = desk("");
    b.file("submit", MAIL);
    let mut t = Transcript::new(&b);
    let known = finds(&mut t, &b, "A sound desk.", "");
    let index = b.ticket(".tickets/index.db");
    let mut bytes = fs::read(&index).unwrap();
    bytes[63] = 1;
    b.put("tickets/.tickets/index.db", &bytes);
    let sentence = "An index of another version is no fault.";
    finds(&mut t, &b, sentence, &known);
    b.says("list -q", "1\n");
    let mbox = fs::File::options().write(true).open(b.ticket("1")).unwrap();
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    mbox.set_modified(far).unwrap();
    finds(
        &mut t,
        &b,
        "A ticket from the future is one of a clock that is behind.",
        &known,
    );
    insta::assert_snapshot!("check-clock", t);
}

#[test]
fn what_is_in_force_reads_like_a_configuration() {
    let more = "ack = [\"no@*\"]\nmax_size = 1000\ntemplates = \"/none\"\nnotify = \"none\"\n\
                submit = [\"help\", \"x@y.example\"]\nticket = \"help+{n}\"\n";
    let b = desk(more);
    let mut t = Transcript::new(&b);
    let config = b.path("config.toml").display().to_string();
    let check = |config: &str| {
        let etc = b.path("etc").display().to_string();
        b.run(&["--config", config, "check", "--etc", &etc], b"")
    };
    let first = check(&config);
    b.put(
        "again.toml",
        first.stdout.split("\n\n").nth(1).unwrap().as_bytes(),
    );
    let mut again = check(b.path("again.toml").to_str().unwrap());
    again.stdout = again.stdout.replace("again.toml", "config.toml");
    assert_eq!(again, first);
    t.step("Every value that differs.", "tickets check --etc etc");
    insta::assert_snapshot!("check-values", t);
}

// D6, D10
#[test]
fn every_message_is_verified() {
    let b = desk("");
    let mail = |n: u32| MAIL.replace("1@x", &format!("{n}@x"));
    for n in 1..=3 {
        b.file("submit", mail(n));
    }
    b.file("ticket-1", mail(4));
    b.says("close 2", "closed 2  Printer\n");
    let edit = |name: &str, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(b.ticket(name)).unwrap();
        fs::write(b.ticket(name), change(text)).unwrap();
    };
    let mut t = Transcript::new(&b);
    edit("3", &|t| t.replace("Subject:", "Status: RO\nSubject:"));
    t.step(
        "The digest of each message is that of the bytes that came in. Marks of mutt do not count.",
        "tickets check --store",
    );
    edit("1", &|t| {
        let at = t.rfind("Help").unwrap();
        format!("{}Hell{}", &t[..at], &t[at + 4..])
    });
    edit("archived/2", &|t| {
        t + "From bob@x Mon Jan  1 00:00:00 2024\nSubject: by hand\n\nx\n\n"
    });
    edit("3", &|t| {
        t + "From alice@example.net Mon Jan  1 00:00:00 2024\nReturn-Pa"
    });
    fs::copy(b.ticket("1"), b.ticket("archived/1")).unwrap();
    t.step(
        "One was edited, one copied in, one torn, and a ticket is there twice.",
        "tickets check --store",
    );

    let b = desk("");
    b.file("submit", MAIL);
    b.file("ticket-1", mail(2));
    let text = fs::read_to_string(b.ticket("1")).unwrap();
    let second = text.rfind("\nFrom alice").unwrap() + 1;
    b.put("tickets/1", &text.as_bytes()[..second]);
    t.at(&b).step(
        "A message that another program overwrote is missed, and comes back.",
        "tickets check --store\ntickets restore 1\ntickets check --store",
    );
    insta::assert_snapshot!("check-store", t);
}

// E3: who sets `group` before there is one is told both commands.
#[test]
fn a_missing_group_comes_with_what_makes_it() {
    let b = desk("group = \"nobodys-group\"\n");
    let ran = b.run(&["check", "--etc", "etc"], b"");
    let user = match ordinary_user() {
        Some(_) => "nobody".to_owned(),
        None => {
            nix::unistd::User::from_uid(nix::unistd::geteuid())
                .unwrap()
                .unwrap()
                .name
        }
    };
    let said = format!(
        "FAIL  config: group: there is no group \"nobodys-group\"\n      \
         mend: sudo groupadd nobodys-group && sudo usermod -aG nobodys-group {user}\n"
    );
    assert!(ran.status == 2 && ran.stdout.contains(&said), "{ran:?}");
}
