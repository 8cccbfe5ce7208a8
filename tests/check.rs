//! `tickets check`: what is in force, what is wrong, and what mends it.

use super::bench::{Bench, Ran, binary};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

const MAIL: &str = "From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

const VALUES: &str = r##"# ROOT/config.toml
dir = "ROOT/tickets"
domain = ["example.org"]
submit = ["submit"]
ticket = "ticket-{n}"
name = "Support"
admins = ["steve@example.org"]
notify = "copy"
ack = true
ack_limit = 5
close_by = "participants"
unknown_ticket = "reject"
catch_all = "reject"
subject_tags = ['\[issue\s*(\d+)\]']
max_size = "64 MiB"
keep_recent = "14 days"
sendmail = ["ROOT/sendmail"]
sendmail_timeout = "60 s"

"##;

/// A desk on a machine of its own: nothing is in its /etc, and anybody may pass through.
pub fn desk(config: &str) -> Bench {
    let b = Bench::with(config);
    fs::set_permissions(b.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(b.path("etc")).unwrap();
    b
}

/// Runs it; paths and free space are masked.
pub fn check(b: &Bench, args: &[&str]) -> Ran {
    let etc = b.path("etc");
    let all = [&["check", "--etc", etc.to_str().unwrap()], args].concat();
    let mut ran = b.run(&all, b"");
    let root = b.path("");
    let mask = |line: &str| match line.split_once(" archived, ") {
        Some((start, end)) if end.ends_with(" free") => format!("{start} archived, FREE"),
        _ => line.to_owned(),
    };
    ran.stdout = ran.stdout.lines().map(|l| mask(l) + "\n").collect();
    for text in [&mut ran.stdout, &mut ran.stderr] {
        *text = text
            .replace(root.to_str().unwrap(), "ROOT/")
            .replace(binary().to_str().unwrap(), "OWN");
    }
    ran
}

/// The same, and what it says below the values.
#[track_caller]
fn finds(b: &Bench, status: i32, want: &str) {
    let mut ran = check(b, &[]);
    let end = ran.stdout.find("\n\n").expect("values, then findings") + 2;
    ran.stdout.drain(..end);
    ran.is(status, want, "");
}

const NO_MTA: &str = "warn  MTA: neither Exim nor Postfix is installed; nothing brings mail here\n      \
                      mend: `tickets deliver --help`, or `sudo apt install exim4-daemon-light`\n";

const SOUND: &str = "ok    config: mail for example.org\n\
                     ok    store: ROOT/tickets: 1 open, 0 archived, FREE\n\
                     ok    locks: fcntl and dotlock work\n\
                     ok    index: 1 ticket\n\
                     ok    sendmail: ROOT/sendmail\n\
                     ok    outbox: nothing waits\n";

#[test]
fn a_desk_that_is_not_there_yet_is_no_mistake() {
    // E6
    let b = desk("");
    let found = "ok    config: mail for example.org\n\
                 ok    store: ROOT/tickets is not there yet; the first mail creates it\n\
                 ok    sendmail: ROOT/sendmail\n\
                 ok    outbox: nothing waits\n";
    check(&b, &[]).is(0, &format!("{VALUES}{found}{NO_MTA}"), "");
    assert!(!b.ticket("").exists(), "looking creates nothing");
}

#[test]
fn a_sound_desk_is_sound() {
    // D6, E3
    let b = desk("");
    b.file("submit", MAIL);
    finds(&b, 0, &format!("{SOUND}{NO_MTA}"));
    assert_eq!(b.names(), ["1"]);
    check(&b, &["--store"]).is(0, "1 message in 1 ticket, none changed\n", "");
}

#[test]
fn what_is_in_force_reads_like_a_configuration() {
    let more = "ack = [\"no@*\"]\nmax_size = 1000\ntemplates = \"/none\"\nnotify = \"none\"\n\
                submit = [\"help\", \"x@y.example\"]\nticket = \"help+{n}\"\n";
    let b = desk(more);
    let ran = check(&b, &[]);
    for line in [
        "ack = [\"no@*\"]",
        "max_size = 1000",
        "notify = \"none\"",
        "templates = \"/none\"",
        "submit = [\"help\", \"x@y.example\"]",
        "ticket = \"help+{n}\"",
        "warn  templates: there is no directory /none",
    ] {
        assert!(
            ran.stdout.lines().any(|l| l == line),
            "{line} in\n{}",
            ran.stdout
        );
    }
    let values = ran.stdout.split("\n\n").next().unwrap();
    b.put(
        "again.toml",
        values
            .replace("ROOT/", b.path("").to_str().unwrap())
            .as_bytes(),
    );
    let again = b.path("again.toml");
    let again = check(&b, &["--config", again.to_str().unwrap()]);
    assert_eq!(
        again.stdout.replace("again.toml", "config.toml"),
        ran.stdout
    );
}

#[test]
fn a_broken_configuration_is_named() {
    let b = desk("");
    b.configure("domian = \"x\"\n");
    check(&b, &[]).is(
        78,
        "",
        "tickets: ROOT/config.toml:5: unknown key `domian`\nhint: the key is `domain`\n",
    );
    b.configure("subject_tags = ['\\[issue(\\d+)\\]', '(']\n");
    finds(
        &b,
        78,
        &format!(
            "FAIL  config: subject_tags: \"(\" is no regular expression: regex parse error: ( ^ error: unclosed group\n      \
             mend: correct subject_tags in ROOT/config.toml\n\
             ok    store: ROOT/tickets is not there yet; the first mail creates it\n\
             ok    sendmail: ROOT/sendmail\n\
             ok    outbox: nothing waits\n{NO_MTA}"
        ),
    );
}

#[test]
fn templates_are_tried() {
    let b = desk("");
    b.configure(&format!("templates = {:?}\n", b.path("texts")));
    fs::create_dir(b.path("texts")).unwrap();
    let finding = |b: &Bench| {
        let ran = check(b, &[]);
        let lines = ran.stdout.lines();
        let found: Vec<String> = lines
            .skip_while(|l| !l.contains("  templates:"))
            .take(2)
            .map(str::to_owned)
            .collect();
        (ran.status, found.join("\n"))
    };
    assert!(
        finding(&b)
            .1
            .starts_with("ok    templates: none of your own")
    );
    fs::write(b.path("texts/ack.txt"), "Danke, {{ author }}\n").unwrap();
    assert!(
        finding(&b)
            .1
            .starts_with("ok    templates: your own ack.txt\n")
    );
    fs::write(b.path("texts/note.txt"), "{{ auhtor }}\n").unwrap();
    let (status, text) = finding(&b);
    assert!(
        text.starts_with("warn  templates: ROOT/texts/note.txt: undefined value"),
        "{text}"
    );
    assert!(
        text.ends_with("mend: correct it; the built-in text stands in until then"),
        "{text}"
    );
    assert_eq!(status, 0);
}

#[test]
fn sendmail_and_what_waits_for_it() {
    let b = desk("");
    fs::remove_file(b.path("sendmail")).unwrap();
    b.file("submit", MAIL);
    let mut ran = check(&b, &[]);
    let since = ran.stdout.find("the oldest since ").unwrap() + 17;
    ran.stdout.replace_range(since..since + 16, "WHEN");
    let from = ran.stdout.find("warn").unwrap();
    ran.stdout.drain(..from);
    ran.is(
        0,
        &format!(
            "warn  sendmail: there is no ROOT/sendmail; answers wait in the outbox\n      \
             mend: `sudo apt install exim4-daemon-light`, or `sendmail = ...` in \
             ROOT/config.toml\n\
             warn  outbox: 2 mails wait, the oldest since WHEN\n      \
             mend: tickets flush\n{NO_MTA}"
        ),
        "",
    );
    b.put("sendmail", b"#!/bin/sh\n");
    let found = check(&b, &[]).stdout;
    assert!(
        found.contains("warn  sendmail: you may not run ROOT/sendmail; "),
        "{found}"
    );
    // C9: what was given up is not sent again, and not forgotten.
    let outbox = b.ticket(".tickets/outbox");
    for name in b.outbox() {
        let to = outbox
            .join("failed/new")
            .join(Path::new(&name).file_name().unwrap());
        fs::rename(outbox.join(&name), to).unwrap();
    }
    let found = check(&b, &[]).stdout;
    let want = "ok    outbox: nothing waits\nwarn  outbox: 2 mails were given up after five days\n      \
                mend: look at them, delete them: mutt -f ROOT/tickets/.tickets/outbox/failed\n";
    assert!(found.contains(want), "{found}");
}

#[test]
fn a_store_that_cannot_be_used_fails() {
    let b = desk("");
    b.file("submit", MAIL);
    let modes = |path: &str, mode| {
        fs::set_permissions(b.ticket(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    let around = |found: &str| {
        let rest = "ok    sendmail: ROOT/sendmail\nok    outbox: nothing waits\n";
        format!("ok    config: mail for example.org\n{found}{rest}{NO_MTA}")
    };
    modes("", 0o511);
    let unwritable = "FAIL  store: you may not write in ROOT/tickets, it is yours\n      \
                      mend: chmod u+rwx ROOT/tickets\n";
    finds(&b, 78, &around(unwritable));
    modes("", 0o777);
    let open = "FAIL  store: everybody may write in ROOT/tickets\n      \
                mend: chmod o-w ROOT/tickets\n";
    finds(&b, 78, &around(open));
    modes("", 0o711);
    fs::remove_dir(b.ticket("archived")).unwrap();
    let gone = "FAIL  store: ROOT/tickets/archived is missing\n      \
                mend: mkdir -m 0711 ROOT/tickets/archived\n";
    finds(&b, 78, &around(gone));
}

#[test]
fn names_that_are_no_tickets_are_told() {
    let b = desk("");
    b.file("submit", MAIL);
    for name in ["notes.txt", "012", "archived/x", "2.lock", "3.lock"] {
        b.put(&format!("tickets/{name}"), b"");
    }
    let old = SystemTime::now() - Duration::from_secs(3600);
    let lock = fs::File::options()
        .write(true)
        .open(b.ticket("3.lock"))
        .unwrap();
    lock.set_modified(old).unwrap();
    fs::copy(b.ticket("1"), b.ticket("archived/1")).unwrap();
    let names = "warn  store: ROOT/tickets/3.lock is a lock that nobody holds\n      \
                 mend: rm ROOT/tickets/3.lock\n\
                 ok    store: 3 names that are no tickets, left alone: 012, archived/x, notes.txt\n\
                 warn  store: ticket 1 is both open and archived, so it cannot be closed\n      \
                 mend: cd ROOT/tickets && cat 1 >>archived/1 && mv archived/1 1\n\
                 ok    locks";
    let want = SOUND
        .replace("ok    locks", names)
        .replace("0 archived", "1 archived");
    finds(&b, 0, &format!("{want}{NO_MTA}"));
}

#[test]
fn every_message_is_verified() {
    let b = desk("");
    // D6
    let mail = |n: u32| MAIL.replace("1@x", &format!("{n}@x"));
    for n in 1..=3 {
        b.file("submit", mail(n));
    }
    b.file("ticket-1", mail(4));
    b.run(&["close", "2"], b"").is(0, "closed 2  Printer\n", "");
    let all = "5 messages in 3 tickets, none changed\n";
    check(&b, &["--store"]).is(0, all, "");
    let edit = |name: &str, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(b.ticket(name)).unwrap();
        fs::write(b.ticket(name), change(text)).unwrap();
    };
    // mutt's marks are no change.
    edit("3", &|t| t.replace("Subject:", "Status: RO\nSubject:"));
    check(&b, &["--store"]).is(0, all, "");
    edit("1", &|t| {
        let at = t.rfind("Help").unwrap();
        format!("{}Hell{}", &t[..at], &t[at + 4..])
    });
    edit("archived/2", &|t| {
        let foreign = "From bob@x Mon Jan  1 00:00:00 2024\nSubject: by hand\n\nx\n\n";
        format!("{t}{foreign}")
    });
    edit("3", &|t| {
        format!("{t}From alice@example.net Mon Jan  1 00:00:00 2024\nReturn-Pa")
    });
    fs::copy(b.ticket("1"), b.ticket("archived/1")).unwrap();
    check(&b, &["--store"]).is(
        65,
        "ticket 1, message 2 was changed after it was filed\n\
         ticket 3 ends in a part of a message; the next mail to it mends that\n\
         ticket 1 is both open and archived; mail goes to the open one\n\
         7 messages in 3 tickets, 1 changed, 2 that other programs wrote and nothing is known of\n",
        "",
    );
}

#[test]
fn a_message_that_vanished_is_named() {
    // D10
    let b = desk("");
    b.file("submit", MAIL);
    b.file("ticket-1", MAIL.replace("1@x", "2@x"));
    let text = fs::read_to_string(b.ticket("1")).unwrap();
    let second = text.rfind("\nFrom alice").unwrap() + 1;
    b.put("tickets/1", &text.as_bytes()[..second]);
    let mut ran = check(&b, &["--store"]);
    let day = ran.stdout.find(" of ").unwrap() + 4;
    ran.stdout.replace_range(day..day + 10, "DAY");
    ran.is(
        65,
        "ticket 1 lacks a message of DAY: alice@example.net: Printer (`tickets restore 1`)\n\
         1 message in 1 ticket, none changed\n",
        "",
    );
    assert_eq!(b.run(&["restore", "1"], b"").status, 0);
    check(&b, &["--store"]).is(0, "2 messages in 1 ticket, none changed\n", "");
}

#[test]
fn exim_must_know_the_same_desk() {
    // E3
    let b = desk("");
    b.file("submit", MAIL);
    let etc = |name: &str, text: &str| {
        let path = b.path("etc/exim4").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let dc =
        |split: bool| format!("dc_other_hostnames='example.org'\ndc_use_split_config='{split}'\n");
    etc("update-exim4.conf.conf", &dc(false));
    etc("exim4.conf.template", "begin routers\nsystem_aliases:\n");
    let config = b.path("config.toml");
    let mend = format!(
        "      mend: tickets --config {} init --exim | sudo sh && sudo systemctl reload exim4\n",
        config.display()
    )
    .replace(b.path("").to_str().unwrap(), "ROOT/");
    let unknown = format!("warn  Exim: it does not know submit@example.org\n{mend}");
    finds(&b, 0, &format!("{SOUND}{unknown}"));

    // What `init` prints is what is wanted here.
    let both = b.run(&["init", "--exim"], b"").stdout;
    let user = both
        .lines()
        .find(|l| l.starts_with("TICKETS_USER = "))
        .unwrap();
    etc("exim4.conf.template", &both);
    let known = "ok    Exim: it brings mail for submit@example.org\n";
    finds(&b, 0, &format!("{SOUND}{known}"));

    // Split: the same text in other files; macros defined before count.
    etc("update-exim4.conf.conf", &dc(true));
    finds(&b, 0, &format!("{SOUND}{unknown}"));
    etc("conf.d/router/350_exim4-config_tickets", &both);
    finds(&b, 0, &format!("{SOUND}{known}"));
    etc(
        "conf.d/main/000_localmacros",
        "TICKETS_DOMAIN = example.com\n",
    );
    etc(
        "conf.d/router/350_exim4-config_tickets",
        &both.replace(user, "TICKETS_USER = x"),
    );
    let wanted = user.strip_prefix("TICKETS_USER = ").unwrap();
    let wrong = format!(
        "FAIL  Exim: TICKETS_DOMAIN is `example.com`, and this desk has `example.org`\n{mend}\
         FAIL  Exim: TICKETS_USER is `x`, and this desk has `{wanted}`\n{mend}"
    );
    finds(&b, 78, &format!("{SOUND}{wrong}"));

    // The MTA's own user has to see whether a ticket exists.
    fs::remove_file(b.path("etc/exim4/conf.d/main/000_localmacros")).unwrap();
    etc("conf.d/router/350_exim4-config_tickets", &both);
    etc(
        "update-exim4.conf.conf",
        "dc_other_hostnames='a.example'\ndc_use_split_config='true'\n",
    );
    fs::set_permissions(b.path(""), fs::Permissions::from_mode(0o700)).unwrap();
    let closed = "FAIL  Exim: it takes no mail for example.org\n      \
                  mend: add example.org to dc_other_hostnames in \
                  ROOT/etc/exim4/update-exim4.conf.conf; sudo update-exim4.conf\n\
                  FAIL  Exim: it cannot pass through ROOT, so mail to tickets waits\n      \
                  mend: chmod o+x ROOT\n";
    let mut ran = check(&b, &[]);
    let at = ran.stdout.find("FAIL").unwrap();
    let root = b.path("");
    let root = root.to_str().unwrap().trim_end_matches('/');
    ran.stdout = ran.stdout[at..].replace(root, "ROOT");
    ran.is(78, closed, "");
}

#[test]
fn postfix_must_start_the_program() {
    // E3
    let b = desk("");
    b.file("submit", MAIL);
    fs::create_dir(b.path("etc/postfix")).unwrap();
    fs::write(b.path("etc/postfix/main.cf"), "# tickets\n").unwrap();
    let unknown = "warn  Postfix: neither master.cf nor aliases names tickets; nothing brings mail\n      \
                   mend: tickets init --postfix | sudo sh\n";
    finds(&b, 0, &format!("{SOUND}{unknown}"));
    fs::write(
        b.path("etc/aliases"),
        "submit: \"|/usr/bin/tickets deliver\"\n",
    )
    .unwrap();
    finds(
        &b,
        0,
        &format!("{SOUND}ok    Postfix: ROOT/etc/aliases names tickets\n"),
    );
}
