//! What `contrib/exim4` promises by itself: where it goes, what it refuses, what it keeps.

use std::fs;

use crate::site::{self, Form, Site, mode};
use crate::smtp::Smtp;

/// A mail for trials.
pub fn trial(author: &str, id: &str, subject: &str) -> String {
    format!(
        "From: {author}\nTo: submit@example.org\nSubject: {subject}\nMessage-ID: <{id}>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nThe printer is on fire.\n"
    )
}

/// The server's answer to RCPT for this address.
pub fn rcpt(site: &Site, address: &str) -> String {
    let mut smtp = Smtp::connect(site.port);
    smtp.say("MAIL FROM:<alice@example.net>");
    smtp.say(&format!("RCPT TO:<{address}>"))
}

/// Puts a program in the place of `tickets`.
pub fn stand_in(site: &Site, script: &str) {
    let path = site.path("bin/tickets");
    fs::remove_file(&path).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    mode(&path, 0o755);
}

#[test]
fn unknown_tickets_are_refused_at_rcpt_time() {
    // B8
    for form in [Form::Split, Form::Unsplit] {
        let macros = [
            "TICKETS_SUBMIT=submit : help",
            "TICKETS_PREFIX=case-|ticket-",
        ];
        let Some(site) = site::start(form, &macros) else {
            return;
        };
        site.make_store(&["1", "archived/2"]);
        let refused = "550 no such ticket; write to submit@example.org to open a new one";
        let table = [
            ("to open one", "submit@example.org", "250"),
            ("a second address for it", "help@example.org", "250"),
            ("any letter case", "SubMit@Example.ORG", "250"),
            ("open ticket", "ticket-1@example.org", "250"),
            ("any letter case", "Ticket-1@Example.ORG", "250"),
            ("by another template (B10)", "case-1@example.org", "250"),
            ("archived, by that", "Case-2-done@example.org", "250"),
            ("none by that", "case-3@example.org", refused),
            ("no template", "cases-1@example.org", "550"),
            ("close it", "ticket-1-done@example.org", "250"),
            ("close it", "ticket-1-CLOSE@example.org", "250"),
            ("quietly", "ticket-1-quiet@example.org", "250"),
            ("to the submitter", "ticket-1-submitter@example.org", "250"),
            ("archived ticket", "ticket-2@example.org", "250"),
            ("archived ticket, done", "ticket-2-done@example.org", "250"),
            ("no such ticket", "ticket-3@example.org", refused),
            (
                "no such ticket to close",
                "Ticket-3-done@example.org",
                refused,
            ),
            ("not a number of ours", "ticket-01@example.org", refused),
            (
                "too long a number",
                "ticket-99999999999999999999@example.org",
                refused,
            ),
            ("no such form", "ticket-1-gone@example.org", refused),
            (
                "another program's file",
                "ticket-1.lock@example.org",
                refused,
            ),
            ("the directory", "ticket-archived@example.org", "550"),
            ("in the name of another", "submit-for@example.org", "250"),
            ("no such way to open one", "submit-fox@example.org", "550"),
            ("a person", "alice@example.net", "250"),
            ("nobody", "nobody-here@example.org", "550"),
            ("another domain's desk", "submit@example.net", "550"),
            ("no relay", "submit@example.com", "550 relay not permitted"),
        ];
        for (case, address, wanted) in table {
            let answer = rcpt(&site, address);
            assert!(answer.starts_with(wanted), "{case}: {address}: {answer}");
        }
    }
}

#[test]
fn a_store_that_exim_may_not_look_into_is_no_missing_ticket() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    site.make_store(&["1"]);
    for (case, closed) in [
        ("the store", "home/tickets"),
        ("the home", "home"),
        ("the archive", "home/tickets/archived"),
    ] {
        mode(&site.path(closed), 0o700);
        // With the archive alone closed the open ticket is still seen.
        let live = if closed.ends_with("archived") {
            "250"
        } else {
            "451"
        };
        for (address, wanted) in [
            ("ticket-1@example.org", live),
            ("ticket-9@example.org", "451"),
        ] {
            let answer = rcpt(&site, address);
            assert!(
                answer.starts_with(wanted),
                "{case} closed: {address}: {answer}"
            );
        }
        mode(&site.path(closed), 0o711);
    }
    assert!(rcpt(&site, "ticket-1@example.org").starts_with("250"));
}

// D11: mail to a ticket that was put away opens a new one, so it is not refused.
#[test]
fn a_ticket_that_was_put_away_is_no_missing_ticket() {
    for form in [Form::Split, Form::Unsplit] {
        let Some(site) = site::start(form, &[]) else {
            return;
        };
        site.make_store(&["1", "archived/2"]);
        let list = site.path("home/tickets/archived/put-away");
        fs::write(&list, "# 2024 7\n12 2024 2026-11-29 00\n3 2023 - 00\n").unwrap();
        mode(&list, 0o644);
        let refused = "550 no such ticket; write to submit@example.org to open a new one";
        for (address, wanted) in [
            ("ticket-1@example.org", "250"),
            ("ticket-2@example.org", "250"),
            ("ticket-3@example.org", "250"),
            ("ticket-12-done@example.org", "250"),
            ("Ticket-12@Example.ORG", "250"),
            ("ticket-4@example.org", refused),
            ("ticket-2024@example.org", refused),
            ("ticket-123@example.org", refused),
            ("ticket-7@example.org", refused),
        ] {
            let answer = rcpt(&site, address);
            assert!(answer.starts_with(wanted), "{address}: {answer}");
        }
        // One that Exim may not read says nothing of what is there.
        mode(&list, 0o600);
        let answer = rcpt(&site, "ticket-12@example.org");
        assert!(answer.starts_with("451"), "{answer}");
        let answer = rcpt(&site, "ticket-1@example.org");
        assert!(answer.starts_with("250"), "{answer}");
    }
}

/// With `unknown_ticket = "open"` the program wants to see them all (B8).
#[test]
fn unknown_tickets_reach_the_program_if_it_opens_them() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    let macros = site.path("etc/conf.d/main/000_localmacros");
    fs::write(macros, "TICKETS_ACCEPT_UNKNOWN = yes\n").unwrap();
    let run = site
        .inside(&[
            "sh",
            "-c",
            "update-exim4.conf && exim4 -bt ticket-9@example.org",
        ])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&run.stdout);
    assert!(
        shown.contains("router = tickets_any, transport = tickets_pipe"),
        "{shown}"
    );
}

#[test]
fn exim_keeps_what_is_not_the_senders_fault() {
    let Some(site) = site::start(Form::Unsplit, &[]) else {
        return;
    };
    // ` =>` delivered, ` **` bounced, ` ==` deferred.
    let table = [
        ("filed", "cat >/dev/null; exit 0", "=>"),
        ("too large", "exit 65", "**"),
        ("no such ticket", "exit 67", "**"),
        ("usage error of a shell", "exit 2", "=="),
        ("usage error", "exit 64", "=="),
        ("I/O error", "exit 74", "=="),
        ("temporary", "exit 75", "=="),
        ("broken config", "exit 78", "=="),
        ("panic", "exit 101", "=="),
        ("cannot be run", "exit 126", "=="),
        ("not there", "exit 127", "=="),
        ("killed for memory", "kill -KILL $$", "=="),
        ("aborted", "kill -ABRT $$", "=="),
    ];
    for (case, script, wanted) in table {
        stand_in(&site, script);
        let id = Smtp::connect(site.port).send(
            "alice@example.net",
            &["submit@example.org"],
            trial("alice@example.net", "code@example.net", case).as_bytes(),
        );
        let outcome = site.wait(case, || {
            let log = site.log();
            let line = log
                .lines()
                .find(|line| line.contains(&id) && line.contains("R=tickets_submit"))?;
            line.split(' ')
                .find(|word| ["=>", "**", "=="].contains(word))
                .map(str::to_owned)
        });
        assert_eq!(outcome, wanted, "{case}: {script}");
    }
    // A replaced program: there is none for a moment.
    fs::remove_file(site.path("bin/tickets")).unwrap();
    let message = trial("alice@example.net", "gone@example.net", "no program");
    let id = Smtp::connect(site.port).send(
        "alice@example.net",
        &["submit@example.org"],
        message.as_bytes(),
    );
    site.wait("the missing program to be noticed", || {
        site.log()
            .lines()
            .any(|line| line.contains(&id) && line.contains(" == submit@"))
            .then_some(())
    });
    assert!(!site.log().contains(&format!("{id} ** ")), "bounced");
}

#[test]
fn the_programs_sentence_is_in_the_bounce() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    stand_in(
        &site,
        "echo '5.1.1 there is no ticket 99; write to submit@example.org to open a new one'; exit 67",
    );
    site.mail(
        "alice@example.net",
        "submit@example.org",
        &trial("alice@example.net", "a@example.net", "[issue99]"),
    );
    let [bounce] = &site.mailbox("alice@example.net")[..] else {
        panic!("no bounce")
    };
    assert_eq!(bounce.get("Return-path"), "<>");
    assert!(
        bounce
            .body()
            .contains("there is no ticket 99; write to submit@example.org"),
        "{}",
        bounce.0
    );
}

#[test]
fn the_program_is_told_the_envelope_and_nothing_is_added_to_the_mail() {
    // A1
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    site.make_store(&["1"]);
    stand_in(
        &site,
        r#"{ echo "$#:$*:$SENDER:$RECIPIENT:$(id -un):$(umask)"; cat; } >~tickets/seen"#,
    );
    for (case, sender, recipient, wanted) in [
        (
            "an update",
            "alice@example.net",
            "Ticket-1-Done@example.org",
            "2:deliver --routed:alice@example.net:ticket-1-done@example.org:tickets:0077",
        ),
        (
            "a bounce",
            "",
            "ticket-1@example.org",
            "2:deliver --routed::ticket-1@example.org:tickets:0077",
        ),
        (
            "a shell's characters",
            "`id`|$HOME'@example.net",
            "submit@example.org",
            "2:deliver --routed:`id`|$HOME'@example.net:submit@example.org:tickets:0077",
        ),
    ] {
        site.mail(
            sender,
            recipient,
            &trial("alice@example.net", "a@example.net", case),
        );
        let seen = fs::read_to_string(site.path("home/seen")).unwrap();
        let (envelope, message) = seen.split_once('\n').unwrap();
        assert_eq!(envelope, wanted, "{case}");
        assert!(message.starts_with("Received: "), "{case}: {message}");
        assert!(
            message.ends_with("\n\nThe printer is on fire.\n"),
            "{case}: {message}"
        );
    }
}

#[test]
fn install_can_be_repeated_and_undone() {
    for form in [Form::Split, Form::Unsplit] {
        let Some(site) = site::start(form, &["TICKETS_DOMAIN=example.com"]) else {
            return;
        };
        let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/exim4/install");
        let run = |arguments: &[&str]| {
            let run = site
                .inside(&[&[install], arguments].concat())
                .output()
                .unwrap();
            (
                run.status.code(),
                String::from_utf8_lossy(&run.stderr).into_owned(),
            )
        };
        let tree = || {
            let run = site.inside(&[
                "sh",
                "-c",
                "cd /etc/exim4 && find . -type f -exec sha256sum {} + | sort",
            ]);
            let mut run = run;
            String::from_utf8(run.output().unwrap().stdout).unwrap()
        };
        let route = |address: &str| {
            let mut run = site.inside(&["exim4", "-bt", address]);
            String::from_utf8(run.output().unwrap().stdout)
                .unwrap()
                .contains("tickets_submit")
        };
        let first = tree();
        assert_eq!(run(&["--undo"]), (Some(0), String::new()));
        let bare = tree();
        assert!(!route("submit@example.com") && !route("submit@example.org"));
        assert_eq!(
            run(&["TICKETS_DOMAIN=example.com"]),
            (Some(0), String::new())
        );
        assert_eq!(tree(), first, "the same again");
        let undo = || {
            let run = site.inside(&[install, "--undo"]).output().unwrap();
            (run.status.code(), String::from_utf8(run.stdout).unwrap())
        };
        let (status, said) = undo();
        assert!(status == Some(0) && said.starts_with("removed"), "{said}");
        let (status, said) = undo();
        assert!(
            status == Some(0) && said.starts_with("nothing of tickets is in Exim"),
            "{said}"
        );
        assert_eq!(tree(), bare, "undone twice");
        assert_eq!(
            run(&["TICKETS_USER=nobody-here"]).0,
            Some(1),
            "Exim refuses an unknown user"
        );
        assert_eq!(tree(), bare, "and nothing stays behind");
        let (status, error) = run(&["TICKETS_DOMIAN=example.com"]);
        assert_eq!(
            (status, error.as_str()),
            (Some(1), "install: there is no macro TICKETS_DOMIAN\n")
        );
        let mistyped = "install: not a macro: --undoo (write TICKETS_DOMAIN=example.net, --undo or --instead=USER)\n";
        assert_eq!(run(&["--undoo"]), (Some(1), mistyped.to_owned()));
        assert_eq!(tree(), bare, "a typing error changes nothing");
        assert_eq!(run(&[]), (Some(0), String::new()));
        assert!(route("submit@example.org"), "the defaults");
    }
}

/// E8: whoever comes second is told whose desk is there, and changes nothing; a running Exim is reloaded.
#[test]
fn a_second_desk_takes_no_desk_off_line() {
    for form in [Form::Split, Form::Unsplit] {
        let Some(site) = site::start(form, &[]) else {
            return;
        };
        let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/exim4/install");
        let run = |arguments: &[&str]| {
            let run = site.inside(&[&[install], arguments].concat());
            let mut run = run;
            let run = run.output().unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            (run.status.code(), text(run.stdout), text(run.stderr))
        };
        let tree = || {
            let mut run = site.inside(&[
                "sh",
                "-c",
                "cd /etc/exim4 && find . -type f -exec sha256sum {} + | sort",
            ]);
            String::from_utf8(run.output().unwrap().stdout).unwrap()
        };
        let refused = |desk: &str, undo: bool| {
            let (user, options) = desk
                .split_once(' ')
                .map_or((desk, String::new()), |(user, options)| {
                    (user, format!(" {options}"))
                });
            let hint = match undo {
                true => format!(
                    "take that out: ./install --undo TICKETS_USER={user} 'TICKETS_COMMAND=/usr/local/bin/tickets{options}'"
                ),
                false => format!("put this one in its place: ./install --instead={user}"),
            };
            let said = format!(
                "install: Exim brings mail to another desk, that of user {user}; nothing is changed\nhint: to {hint}\n"
            );
            (Some(1), String::new(), said)
        };
        let first = tree();
        let config = "TICKETS_COMMAND=/usr/local/bin/tickets --config /etc/desk.toml";
        for other in [
            &["TICKETS_USER=nobody"][..],
            &[config],
            &["TICKETS_USER=nobody", config],
        ] {
            assert_eq!(run(other), refused("tickets", false));
            assert_eq!(
                run(&[&["--undo"], other].concat()),
                refused("tickets", true)
            );
        }
        assert_eq!(tree(), first);
        assert!(rcpt(&site, "submit@example.org").starts_with("250"));
        // Something else is broken in Exim's configuration: what is in force stays there.
        let sh = |script: &str| {
            let done = site.inside(&["sh", "-c", script]).status();
            assert!(done.unwrap().success(), "{script}");
        };
        let bad = "/etc/exim4/conf.d/main/99_bad /etc/exim4/exim4.conf.localmacros";
        sh(&format!(
            "for file in {bad}; do echo no_such_option = x >$file; done"
        ));
        let broken = tree();
        let (status, _, said) = run(&[]);
        assert_eq!(status, Some(1));
        assert!(
            said.ends_with("or something else in it; all is as it was before\n"),
            "{said}"
        );
        assert_eq!(tree(), broken);
        sh(&format!("rm {bad}; update-exim4.conf"));
        assert_eq!(tree(), first);
        // The program may lie elsewhere: it is the same desk.
        site::restarted(&site, || {
            assert_eq!(run(&["TICKETS_COMMAND=/opt/tickets"]).0, Some(0));
        });
        let removed = "removed, and Exim is reloaded\n".to_owned();
        let undone = site::restarted(&site, || run(&["--undo"]));
        assert_eq!(undone, (Some(0), removed.clone(), String::new()));
        assert!(rcpt(&site, "submit@example.org").starts_with("550"));
        let added = "added, and Exim is reloaded\n\
            to test it:     sudo exim4 -bt submit@example.org    (must name the router tickets_submit)\n";
        let done = site::restarted(&site, || run(&["TICKETS_USER=nobody", config]));
        assert_eq!(done, (Some(0), added.to_owned(), String::new()));
        assert!(rcpt(&site, "submit@example.org").starts_with("250"));
        let there = tree();
        assert_eq!(run(&[]), refused("nobody --config /etc/desk.toml", false));
        assert_eq!(
            run(&["--undo"]),
            refused("nobody --config /etc/desk.toml", true)
        );
        assert_eq!(tree(), there);
        // In its place, in one step, and back.
        let done = site::restarted(&site, || run(&["--instead=nobody"]));
        assert_eq!(done, (Some(0), added.to_owned(), String::new()));
        assert_ne!(tree(), there);
        assert!(rcpt(&site, "submit@example.org").starts_with("250"));
        let back = ["--instead=tickets", "TICKETS_USER=nobody", config];
        let done = site::restarted(&site, || run(&back));
        assert_eq!(done, (Some(0), added.to_owned(), String::new()));
        assert_eq!(tree(), there);
        // By its name, also where its user can say nothing any more.
        let undone = site::restarted(&site, || run(&["--undo", "TICKETS_USER=nobody", config]));
        assert_eq!(undone, (Some(0), removed, String::new()));
        assert!(rcpt(&site, "submit@example.org").starts_with("550"));
    }
}

/// E8, A3: the domain is another one for the desk already, and not for Exim yet.
#[test]
fn mail_to_an_address_of_before_waits() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    site.make_store(&[]);
    let configure = |domain: &str| {
        let path = site.path("home/.config/tickets/config.toml");
        let text = format!("domain = {domain:?}\nadmins = [\"steve@example.org\"]\n");
        fs::write(&path, text).unwrap();
        site::give(&path, site::USER);
    };
    configure("example.com");
    let message = trial("alice@example.net", "a@example.net", "x");
    let id = Smtp::connect(site.port).send(
        "alice@example.net",
        &["submit@example.org"],
        message.as_bytes(),
    );
    let line = site.wait("the mail to be deferred", || {
        let log = site.log();
        let line = log
            .lines()
            .find(|line| line.contains(&id) && line.contains(" == submit@"))?;
        Some(line.to_owned())
    });
    assert!(line.contains("R=tickets_submit"), "{line}");
    let why = "tickets: the mail server brings mail for submit@example.org, which is no address of this desk now; \
        make its pieces anew: `sudo -u tickets tickets init --exim | sudo sh`";
    assert!(site.log().contains(why), "{}", site.log());
    assert!(site.mailbox("alice@example.net").is_empty());
    // Mended, and the next attempt files it. Exim holds the message for a moment after it has
    // logged that it is deferred, and an attempt that finds it held does nothing.
    configure("example.org");
    site.wait("the mail to be delivered", || {
        let attempt = site.inside(&["exim4", "-M", &id]).status().unwrap();
        assert!(attempt.success(), "{attempt}");
        site.delivered(&id).then_some(())
    });
    assert_eq!(site.ticket(1).len(), 1);
    assert!(!site.log().contains(&format!("{id} ** ")));
}

/// E8: the old addresses are in the queue, and the new pieces do not take them.
#[test]
fn whoever_changes_addresses_is_told_what_bounces() {
    for form in [Form::Split, Form::Unsplit] {
        let Some(site) = site::start(form, &[]) else {
            return;
        };
        site.make_store(&["1"]);
        stand_in(&site, "exit 75");
        let install = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/exim4/install");
        let run = |arguments: &[&str]| {
            let run = site::restarted(&site, || {
                let mut run = site.inside(&[&[install], arguments].concat());
                run.output().unwrap()
            });
            (run.status.code(), String::from_utf8(run.stderr).unwrap())
        };
        let waits = |address: &str, id: &str| {
            let message = trial("alice@example.net", id, "x");
            let mut smtp = Smtp::connect(site.port);
            let id = smtp.send("alice@example.net", &[address], message.as_bytes());
            site.wait("the mail to be deferred", || {
                let log = site.log();
                let mut lines = log.lines();
                lines
                    .find(|line| line.contains(&id) && line.contains(" == "))
                    .map(drop)
            });
        };
        waits("Submit@example.org", "a@example.net");
        waits("ticket-1@example.org", "b@example.net");
        waits("ticket-1@example.org", "c@example.net");
        // All of them are still taken.
        let kept = [
            "TICKETS_SUBMIT=help : submit",
            "TICKETS_PREFIX=case-|ticket-",
        ];
        assert_eq!(run(&kept), (Some(0), String::new()));
        let said = |what: &str| {
            let text =
                "install: mail waits for addresses that are not the desk's any more, and bounces";
            (Some(0), format!("{text} {what}\n"))
        };
        let (status, text) = run(&["TICKETS_PREFIX=case-"]);
        assert_eq!((status, text), said("(2): ticket-1@example.org"));
        site.wait("the bounces", || {
            (site.mailbox("alice@example.net").len() == 2).then_some(())
        });
        assert_eq!(run(&["--undo"]), said("(1): submit@example.org"));
        assert_eq!(run(&["--undo"]), (Some(0), String::new()));
    }
}
