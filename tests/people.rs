//! The people of the desk: several addresses are one admin, and answers carry their names (F, C2, C3, E1).

use crate::bench::{Bench, Ran, binary, finish, ordinary_user};
use crate::deliver::mail;
use crate::reply::on_terminal;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Steve, who writes from two addresses and signs as Steve; Eva; and Joe, whom only `admins` names.
const PEOPLE: &str = "admins = \"joe@example.com\"\n\
    [person.steve]\naddress = [\"steve@example.org\", \"Steve@Home.example\"]\nsign = \"Steve\"\n\
    [person.eva]\naddress = \"eva\"\n";

const ALL: &str = "copy <> -- eva@example.org steve@example.org joe@example.com";
const NOT_STEVE: &str = "copy <> -- eva@example.org joe@example.com";
const PASSED: &str = "copy ticket-1@example.org -- alice@example.net";

/// A desk of these people with Alice's ticket 1.
fn desk(first: &str) -> Bench {
    let b = Bench::with(&format!("{first}{PEOPLE}"));
    b.file("submit", mail("1", "Subject: Printer\n", "It burns.\n"));
    b.take_sent();
    b
}

/// The login name of whoever runs the tests' commands.
fn login() -> String {
    let uid = ordinary_user().map_or(nix::unistd::geteuid(), |(uid, _)| uid.into());
    nix::unistd::User::from_uid(uid).unwrap().unwrap().name
}

// F, C2, C3, C4
#[test]
fn several_addresses_are_one_admin() {
    for (case, to, header, want) in [
        (
            "a customer's mail",
            "ticket-1",
            "From: alice@example.net",
            &[ALL][..],
        ),
        (
            "which named one of them",
            "ticket-1",
            "From: alice@example.net\nCc: steve@HOME.example",
            &[NOT_STEVE],
        ),
        (
            "Steve's, from his first address",
            "ticket-1",
            "From: Steve M <steve@example.org>",
            &[NOT_STEVE, PASSED],
        ),
        (
            "from the other",
            "ticket-1",
            "From: Steve M <steve@home.example>",
            &[NOT_STEVE, PASSED],
        ),
        (
            "it is nobody's spelling",
            "ticket-1",
            "From: Steve M <ste.ve@home.example>",
            &[ALL],
        ),
        (
            "he closes",
            "ticket-1-done",
            "From: Steve M <steve@home.example>",
            &["closed <> -- alice@example.net", NOT_STEVE],
        ),
        (
            "the ticket's address, signed",
            "ticket-1",
            "From: \"Steve (Support)\" <ticket-1@example.org>",
            &[NOT_STEVE, PASSED],
        ),
        (
            "signed by nobody",
            "ticket-1",
            "From: Support <ticket-1@example.org>",
            &[ALL, PASSED],
        ),
        (
            "a stranger with his name",
            "ticket-1",
            "From: Steve (Support) <x@example.com>",
            &[ALL],
        ),
        (
            "a stranger beside him",
            "ticket-1",
            "From: steve@home.example, x@example.com",
            &[ALL],
        ),
    ] {
        let b = desk("");
        b.file(
            to,
            format!("{header}\nMessage-ID: <2@x>\nSubject: Re: Printer\n\nWords.\n"),
        );
        assert_eq!(b.take_sent_in_short(), want, "{case}");
    }
}

// C3, C4
#[test]
fn answers_carry_the_name_of_whoever_wrote() {
    let config = format!("{PEOPLE}[person.ida]\naddress = \"ida@example.org\"\n");
    for (case, to, from, want) in [
        (
            "the configured name",
            "ticket-1",
            "Steve M <steve@home.example>",
            "\"Steve (Support)\"",
        ),
        (
            "that of the mail",
            "ticket-1",
            "Eva E <eva@example.org>",
            "\"Eva E (Support)\"",
        ),
        (
            "that of the table",
            "ticket-1",
            "ida@example.org",
            "\"ida (Support)\"",
        ),
        (
            "that of the mail of an admin who is no person",
            "ticket-1",
            "Joe <joe@example.com>",
            "\"Joe (Support)\"",
        ),
        ("nobody's", "ticket-1", "joe@example.com", "Support"),
        (
            "signed from the ticket's address",
            "ticket-1",
            "\"Steve (Support)\" <ticket-1@example.org>",
            "\"Steve (Support)\"",
        ),
        (
            "signed from the ticket's address by somebody of whom the configuration says nothing",
            "ticket-1",
            "\"Steve Miller (Support)\" <ticket-1@example.org>",
            "\"Steve Miller (Support)\"",
        ),
        (
            "signed from the ticket's address for another desk",
            "ticket-1",
            "\"Steve Miller (Sales)\" <ticket-1@example.org>",
            "Support",
        ),
        (
            "signed by nobody",
            "ticket-1",
            "\" (Support)\" <ticket-1@example.org>",
            "Support",
        ),
        (
            "not signed",
            "ticket-1",
            "Support <ticket-1@example.org>",
            "Support",
        ),
        (
            "a closing",
            "ticket-1-done",
            "Steve M <steve@home.example>",
            "\"Steve (Support)\"",
        ),
        (
            "a closing by the name of the table",
            "ticket-1-done",
            "Eva E <eva@example.org>",
            "\"eva (Support)\"",
        ),
        (
            "a closing by the submitter's friend",
            "ticket-1-done",
            "Joe <joe@example.com>",
            "Support",
        ),
    ] {
        let b = Bench::with(&config);
        b.file("submit", mail("1", "Subject: Printer\n", "It burns.\n"));
        b.take_sent();
        b.file(to, format!("From: {from}\nMessage-ID: <2@x>\n\nWords.\n"));
        let sent = b.take_sent();
        let mut alices = sent
            .iter()
            .filter(|it| it.args.ends_with(" alice@example.net"));
        let from = alices.next().unwrap().field("From").unwrap();
        assert_eq!(from, format!("{want} <ticket-1@example.org>"), "{case}");
        assert_eq!(alices.count(), 0, "{case}");
        if to == "ticket-1-done" {
            let body = &sent
                .iter()
                .find(|it| it.in_short().starts_with("closed"))
                .unwrap();
            let name = want.trim_matches('"');
            assert!(
                body.body().ends_with(&format!("\n{name}\n")),
                "{}",
                body.mail
            );
        }
    }
}

// C2, C3: whoever opened a ticket and writes in it from another address is told nothing of it.
#[test]
fn nobody_is_told_what_they_wrote() {
    let b = Bench::with(PEOPLE);
    b.file(
        "submit",
        "From: steve@home.example\nMessage-ID: <1@x>\nSubject: Mine\n\nNote.\n",
    );
    let ack = "ack <> -- Steve@home.example";
    let sent = b.take_sent_in_short();
    assert_eq!(sent, [&ack.to_lowercase(), NOT_STEVE]);
    b.file(
        "ticket-1",
        "From: steve@example.org\nMessage-ID: <2@x>\n\nMore.\n",
    );
    b.file(
        "ticket-1-done",
        "From: steve@example.org\nMessage-ID: <3@x>\n\nDone.\n",
    );
    assert_eq!(b.take_sent_in_short(), [NOT_STEVE, NOT_STEVE]);
}

// C2, T9
#[test]
fn nobody_bears_the_name_of_a_person() {
    for (name, want) in [
        ("Steve", "\"Steve (x@example.com) via tickets\""),
        (
            "Your Steve, Support team",
            "\"Your Steve, Support team (x@example.com) via tickets\"",
        ),
        ("Steven", "\"Steven via tickets\""),
        ("EVA", "\"EVA (x@example.com) via tickets\""),
    ] {
        let b = desk("");
        b.file(
            "ticket-1",
            format!("From: \"{name}\" <x@example.com>\nMessage-ID: <2@x>\n\nWords.\n"),
        );
        let from = b.take_sent()[0].field("From").unwrap();
        assert_eq!(from, format!("{want} <ticket-1@example.org>"));
    }
}

// C3, C5: a proof is asked for each of the addresses.
#[test]
fn each_address_needs_its_proof() {
    let b = desk("authserv_id = \"mx.example.org\"\n");
    let results = |domain: &str| {
        format!("Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n")
    };
    let close = |id: &str, header: &str| {
        let to = "To: ticket-1-done@example.org\n";
        b.file(
            "ticket-1-done",
            format!("{header}From: steve@home.example\n{to}Message-ID: <{id}@x>\n\nWords.\n"),
        );
    };
    close("2", "");
    close("3", &results("example.org"));
    assert_eq!(
        (b.take_sent_in_short(), b.names()),
        (vec![ALL.to_owned(); 2], vec!["1".to_owned()])
    );
    close("4", &results("home.example"));
    let told = b.take_sent_in_short();
    assert_eq!(told, ["closed <> -- alice@example.net", NOT_STEVE]);
    assert_eq!(b.names(), ["archived/1"]);
}

// F
#[test]
fn what_is_wrong_with_a_person_is_said() {
    let b = Bench::new();
    let config = b.path("config.toml").display().to_string();
    let line = fs::read_to_string(b.path("config.toml"))
        .unwrap()
        .lines()
        .count()
        + 1;
    let steve = "[person.steve]\naddress = [\"a@x.example\", \"b@x.example\"]\n";
    for (more, why) in [
        (
            "[person.\"st eve\"]\naddress = \"a@x\"\n".to_owned(),
            "cannot use FILE: person.\"st eve\": a name has 32 ASCII letters, digits, dots, - and _ at most, and begins with a letter or digit",
        ),
        (
            format!("[person.{}]\naddress = \"a@x\"\n", "x".repeat(33)),
            "cannot use FILE: person.\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": a name has 32",
        ),
        (
            "[person.steve]\nsign = \"S\"\n".into(),
            "cannot use FILE: person.steve: expected address = \"...\" or a list of addresses",
        ),
        (
            "[person.steve]\naddress = []\n".into(),
            "cannot use FILE: person.steve: expected address = \"...\" or a list of addresses",
        ),
        (
            "[person.steve]\naddress = \"submit@example.org\"\n".into(),
            "cannot use FILE: person.steve: submit@example.org is an address of the desk itself, so its mail would come back",
        ),
        (
            "[person.steve]\naddress = \"ticket-3-done\"\n".into(),
            "cannot use FILE: person.steve: ticket-3-done@example.org is an address of the desk itself, so its mail would come back",
        ),
        (
            format!("{steve}[person.tom]\naddress = [\"c@x.example\", \"B@X.Example\"]\n"),
            "cannot use FILE: person.tom: B@X.Example is an address of person.steve, too",
        ),
        (
            format!("{steve}[person.Steve]\naddress = \"c@x.example\"\n"),
            "cannot use FILE: person.steve: only letter case tells it from person.Steve",
        ),
        (
            format!("{steve}[person.tom]\naddress = \"c@x.example\"\nlogin = \"steve\"\n"),
            "cannot use FILE: person.tom: steve is the login of person.steve, too",
        ),
        (
            format!("{steve}[person.tom]\naddress = \"c@x.example\"\nsign = \"steve\"\n"),
            "cannot use FILE: person.tom: person.steve signs as \"steve\", too",
        ),
        (
            "[person.steve]\naddress = \"c@x.example\"\nsign = \"Support\"\n".into(),
            "cannot use FILE: person.steve: signs as \"Support\", which is the `name` of the desk",
        ),
        (
            "[person.Support]\naddress = \"c@x.example\"\n".into(),
            "cannot use FILE: person.Support: signs as \"Support\", which is the `name` of the desk",
        ),
        (
            "[person.steve]\naddress = [\"c@x.example\", \"a b\\nBcc: e@x.example\"]\n".into(),
            "cannot use FILE: person.steve: \"a b\\nBcc: e@x.example\" is not an address",
        ),
        (
            "[person.steve]\naddress = \"a@x\"\nadress = \"b@x\"\n".into(),
            "FILE:LINE+2: unknown key `adress`\nhint: the key is `address`",
        ),
        (
            "[person.steve]\naddress = \"a@x\"\nquiet = true\n".into(),
            "FILE:LINE+2: quiet: expected a string, not boolean `true`",
        ),
        (
            "[persons.steve]\naddress = \"a@x\"\n".into(),
            "FILE:LINE: unknown key `persons`\nhint: the key is `person`",
        ),
        (
            "[person.steve]\naddress = 7\n".into(),
            "FILE:LINE+1: address: expected a string or a list of strings, not integer `7`",
        ),
        (
            "[person]\nsteve = \"a@x\"\n".into(),
            "FILE:LINE+1: steve: expected a table, not string \"a@x\"",
        ),
        (
            "person = \"a@x\"\n".into(),
            "FILE:LINE-1: person: expected a table for each person, not string \"a@x\"",
        ),
    ] {
        b.configure(&more);
        let ran = b.run(&["list"], b"");
        let why = why.replace("FILE", &config);
        let why = why
            .replace("LINE-1", &(line - 1).to_string())
            .replace("LINE+1", &(line + 1).to_string())
            .replace("LINE+2", &(line + 2).to_string());
        let why = why.replace("LINE", &line.to_string());
        assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{more}");
        assert!(
            ran.stderr.starts_with(&format!("tickets: {why}")),
            "{more}{ran:?}"
        );
        // An MTA keeps the mail.
        assert_eq!(b.deliver("submit@example.org", "From: a@x\n\n").status, 75);
    }
    // What `check` prints puts the same in force.
    b.configure(&format!(
        "{PEOPLE}[person.\"o.k\"]\naddress = \"ok@example.org\"\nlogin = \"root\"\n"
    ));
    let values = |b: &Bench| {
        let said = b.run(&["check"], b"").stdout;
        said.split_once("\n\n").unwrap().1.trim_end().to_owned()
    };
    let said = values(&b);
    let people = "[person.eva]\naddress = [\"eva@example.org\"]\nlogin = \"eva\"\n\
        [person.\"o.k\"]\naddress = [\"ok@example.org\"]\nlogin = \"root\"\n\
        [person.steve]\naddress = [\"steve@example.org\", \"Steve@Home.example\"]\nsign = \"Steve\"\nlogin = \"steve\"";
    assert!(said.ends_with(people), "{said}");
    b.put("config.toml", said.as_bytes());
    assert_eq!(values(&b), said);
}

// D4, E3
#[test]
fn a_login_that_this_machine_does_not_know_is_named() {
    let b = desk("");
    let eva = "[person.eva]\naddress = \"eva@example.org\"\n";
    let config = b.path("config.toml").display().to_string();
    for (login, found) in [
        ("", String::new()),
        ("login = \"root\"\n", String::new()),
        (
            "login = \"no-such-user\"\n",
            format!(
                "warn  person.eva: this machine has no user no-such-user\n      mend: correct `login` in {config}\n"
            ),
        ),
    ] {
        b.configure(&format!("{eva}{login}"));
        let said = b.run(&["check", "--etc", "/nowhere"], b"").stdout;
        let at = said.find("warn  person.");
        let told = at.map_or("", |at| &said[at..]);
        let told: String = told.split_inclusive('\n').take(2).collect();
        assert_eq!(told, found, "{said}");
    }
}

/// The header of the last message in a ticket.
fn last_header(b: &Bench, name: &str) -> String {
    let mbox = b.mbox(name);
    let last = mbox
        .rsplit_once("\nFrom ")
        .map_or(mbox.as_str(), |(_, last)| last);
    last.split_once("\n\n").unwrap().0.to_owned()
}

// D4, F
#[test]
fn on_the_shell_one_is_who_one_has_logged_in_as() {
    let who = login();
    let steve = "admins = []\n[person.steve]\naddress = [\"steve@example.org\", \"s@home.example\"]\nsign = \"Steve\"\n";
    let eva = "[person.eva]\naddress = \"eva@example.org\"\n";
    for (case, login, from, told) in [
        (
            "by the login",
            format!("login = {who:?}\n"),
            "From: Steve <steve@example.org>",
            "copy <> -- eva@example.org",
        ),
        (
            "nobody known",
            String::new(),
            "From: Support <ticket-1@example.org>",
            "copy <> -- eva@example.org steve@example.org",
        ),
    ] {
        let b = Bench::with(&format!("{steve}{login}{eva}"));
        b.file("submit", mail("1", "Subject: Printer\n", "It burns.\n"));
        b.take_sent();
        let sudo = |line: &str| {
            let mut command = b.command(&line.split(' ').collect::<Vec<_>>());
            // It is somebody else's word, who is not root.
            command
                .env("SUDO_USER", "eva")
                .env("USER", "eva")
                .env("LOGNAME", "eva");
            finish(command, b"")
        };
        sudo("close 1 -m fixed").is(0, "closed 1  Printer\n", "");
        let header = last_header(&b, "archived/1");
        assert!(header.contains(&format!("\n{from}\n")), "{case}: {header}");
        assert_eq!(
            b.take_sent_in_short(),
            ["closed <> -- alice@example.net", told],
            "{case}"
        );
        // The same command again is the same mail (D7).
        sudo("close 1 -m fixed").is(0, "", "tickets: ticket 1 is closed already\n");
        assert_eq!(b.take_sent_in_short(), [""; 0], "{case}");
        sudo("reopen 1").is(0, "re-opened 1  Printer\n", "");
        assert!(
            last_header(&b, "1").contains(&format!("\n{from}\n")),
            "{case}"
        );
        assert_eq!(b.take_sent_in_short(), [told], "{case}");
    }
}

// D4, F: root's own name is the one that sudo(8) gives.
#[test]
fn under_sudo_one_is_who_called_it() {
    if ordinary_user().is_none() {
        eprintln!("SKIPPED: only root can work as root");
        return;
    }
    for (sudo, from) in [
        (Some("steve"), "From: Steve <steve@example.org>"),
        (Some("eva"), "From: eva <eva@example.org>"),
        (Some("mallory"), "From: Support <ticket-1@example.org>"),
        (Some(""), "From: Support <ticket-1@example.org>"),
        (None, "From: Support <ticket-1@example.org>"),
    ] {
        let b = desk("");
        let mut command = Command::new(binary());
        command
            .args(["close", "1"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        command.env("TICKETS_CONFIG", b.path("config.toml"));
        if let Some(name) = sudo {
            command.env("SUDO_USER", name);
        }
        finish(command, b"").is(0, "closed 1  Printer\n", "");
        let header = last_header(&b, "archived/1");
        assert!(
            header.contains(&format!("\n{from}\n")),
            "{sudo:?}: {header}"
        );
    }
}

// E3
#[test]
fn a_reply_is_signed() {
    let b = Bench::with(&format!(
        "[person.steve]\naddress = \"steve@example.org\"\nsign = \"Steve\"\nlogin = {:?}\n",
        login()
    ));
    for dir in ["tmp", "bin"] {
        b.make_dir(dir);
    }
    b.file("submit", mail("1", "Subject: Printer\n", "It burns.\n"));
    b.take_sent();
    b.put(
        "editor",
        b"#!/bin/sh\nsed -i '/^Subject/{n;s/.*/\\nWir kommen./}' \"$1\"\n",
    );
    fs::set_permissions(
        b.path("editor"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let ran = on_terminal(&b, "reply --editor 1", "y\n");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let sent = b.take_sent();
    assert_eq!(
        sent[0].args,
        "-i -f ticket-1@example.org -- alice@example.net ticket-1@example.org"
    );
    let from = sent[0].field("From").unwrap();
    assert_eq!(from, "\"Steve (Support)\" <ticket-1@example.org>");
    // It comes in again as Steve's: he is told nothing, and the ticket is his.
    b.file("ticket-1", &sent[0].mail);
    assert_eq!(b.take_sent_in_short(), ["copy <> -- steve@example.org"; 0]);
    b.says("list -q --by steve", "1\n");
}

// C3, C4: whoever is alone with a `[person.NAME]` lends it to nobody who signs with another name.
#[test]
fn nobody_answers_in_the_name_of_the_only_person() {
    let person = "[person.steve]\naddress = \"steve@example.org\"\nlogin = \"steve\"\n";
    for (sign, steve) in [("", "steve"), ("sign = \"Steve\"\n", "Steve")] {
        for (name, want) in [
            ("Eve Jones (Support)", "Eve Jones (Support)"),
            (
                &format!("{steve} (Support)")[..],
                &format!("{steve} (Support)")[..],
            ),
            ("Support", &format!("{steve} (Support)")),
        ] {
            let b = Bench::with(&format!("{person}{sign}"));
            b.file("submit", mail("1", "Subject: Printer\n", "It burns.\n"));
            b.take_sent();
            for (id, to) in [(2, "ticket-1"), (3, "ticket-1-done")] {
                let from = format!("From: \"{name}\" <ticket-1@example.org>");
                b.file(to, format!("{from}\nMessage-ID: <{id}@x>\n\nWords.\n"));
                let sent = b.take_sent();
                let to_alice = sent.iter().find(|it| it.args.contains("alice@"));
                let from = to_alice.unwrap().field("From").unwrap();
                assert_eq!(
                    from,
                    format!("\"{want}\" <ticket-1@example.org>"),
                    "{to} {sign}"
                );
            }
            let whose = match name {
                "Eve Jones (Support)" => "",
                _ => "1\n",
            };
            b.says("list -q --all --by steve", whose);
        }
    }
}

/// E1: whose a ticket is to follow.
#[test]
fn tickets_are_listed_by_who_follows_them() {
    let b = Bench::with(&format!(
        "{PEOPLE}[person.me]\naddress = \"me@example.org\"\nlogin = {:?}\n",
        login()
    ));
    let steve = "From: Steve M <steve@home.example>";
    let eva = "From: eva@example.org";
    let alice = "From: alice@example.net";
    let mut id = 0;
    let mut ticket = 0;
    let mut want = Vec::new();
    for (mails, whose) in [
        (&[][..], ""),
        (&[("", steve)], "steve"),
        (&[("", steve), ("", alice)], "steve"),
        (&[("", steve), ("", eva)], "eva"),
        (&[("-done", steve)], "steve"),
        (&[("-done", steve), ("", alice)], "steve"),
        (&[("-done", steve), ("", eva)], "eva"),
        // What is filed quietly, or was written by a machine, follows nothing.
        (&[("", steve), ("-quiet", eva)], "steve"),
        (
            &[
                ("", steve),
                ("", "From: eva@example.org\nAuto-Submitted: auto-replied"),
            ],
            "steve",
        ),
        (
            &[("", "From: \"Steve (Support)\" <ticket-N@example.org>")],
            "steve",
        ),
        (
            &[("", steve), ("", "From: Support <ticket-N@example.org>")],
            "",
        ),
        (&[("", steve), ("", "From: joe@example.com")], ""),
        (&[("", "From: \"Steve (Support)\" <x@example.com>")], ""),
        (&[("", "From: me@example.org")], "me"),
        (&[("", steve), ("-done", alice)], "steve"),
    ] {
        ticket += 1;
        id += 1;
        b.file("submit", mail(&id.to_string(), "", whose));
        for (verb, from) in mails {
            id += 1;
            let from = from.replace('N', &ticket.to_string());
            b.file(
                &format!("ticket-{ticket}{verb}"),
                format!("{from}\nMessage-ID: <{id}@x>\n\n{id}\n"),
            );
        }
        want.push((ticket, whose));
    }
    let mut json = BTreeMap::new();
    for line in b.run(&["list", "--json", "--all"], b"").stdout.lines() {
        let it: serde_json::Value = serde_json::from_str(line).unwrap();
        json.insert(it["number"].as_u64().unwrap(), it["person"].clone());
    }
    for (ticket, whose) in want {
        let found = json[&ticket].as_str().unwrap_or_default();
        assert_eq!(found, whose, "{ticket}");
    }
    // An opening is no reply.
    b.file(
        "submit",
        format!("{steve}\nMessage-ID: <own@x>\n\nMy own.\n"),
    );
    let list = |args: &str| {
        let ran = b.run(
            &format!("list -q --sort number -r {args}")
                .split(' ')
                .collect::<Vec<_>>(),
            b"",
        );
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args}");
        ran.stdout.replace('\n', " ").trim_end().to_owned()
    };
    assert_eq!(list("--by steve"), "2 3 6 8 9 10");
    assert_eq!(list("--by STEVE"), "2 3 6 8 9 10");
    assert_eq!(list("--by steve --closed"), "5 15");
    assert_eq!(list("--by steve --all"), "2 3 5 6 8 9 10 15");
    assert_eq!(list("--by steve --waiting"), "3 6");
    assert_eq!(list("--by steve --from bob"), "");
    assert_eq!(list("--by steve --since 1d"), "2 3 6 8 9 10");
    assert_eq!(list("--by eva"), "4 7");
    assert_eq!(list("--mine"), "14");
    assert_eq!(list("-m --closed"), "");
    // The index was lost, so that all of it comes from the mboxes.
    b.works("reindex");
    assert_eq!(list("--by steve"), "2 3 6 8 9 10");
    let show = b.run(&["show", "3", "--json"], b"").stdout;
    let people: Vec<String> = show
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["person"].to_string())
        .collect();
    assert_eq!(people, ["null", "\"steve\"", "null"]);
}

// E1, E4
#[test]
fn who_is_not_of_the_desk_follows_nothing() {
    let said = |b: &Bench, args: &[&str]| -> Ran { b.run(&[&["list"], args].concat(), b"") };
    let b = desk("");
    let people = "hint: the people are eva, steve\n";
    said(&b, &["--by", "tom"]).is(
        64,
        "",
        &format!("tickets: no person of the desk has the name tom\n{people}"),
    );
    said(&b, &["--by", "joe@example.com"]).is(
        64,
        "",
        &format!("tickets: no person of the desk has the name joe@example.com\n{people}"),
    );
    let who = login();
    let file = b.path("config.toml").display().to_string();
    let hint = format!("hint: `login = {who:?}` in a [person.NAME] of {file} says who that is\n");
    said(&b, &["--mine"]).is(
        64,
        "",
        &format!("tickets: no person of the desk has the login {who}\n{hint}"),
    );
    let ran = said(&b, &["--mine", "--by", "eva"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (64, ""));
    let b = Bench::with("admins = [\"steve@example.org\", \"eva@example.org\"]\n");
    std::fs::create_dir(b.path("tickets")).unwrap();
    let file = b.path("config.toml").display().to_string();
    let hint = format!("hint: a [person.NAME] in {file} says who works at the desk\n");
    said(&b, &["--by", "tom"]).is(
        64,
        "",
        &format!("tickets: no person of the desk has the name tom\n{hint}"),
    );
    said(&b, &["--mine"]).is(
        64,
        "",
        &format!("tickets: no person of the desk has the login {who}\n{hint}"),
    );
}
