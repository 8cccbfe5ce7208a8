//! `tickets init`: a desk from nothing.

use super::bench::{Bench, Ran, finish};
use std::fs;

/// A machine with these files in its /etc.
fn machine(files: &[(&str, &str)]) -> Bench {
    let b = Bench::new();
    for (name, text) in files {
        let path = b.path("etc").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    b
}

fn init(b: &Bench, args: &[&str]) -> Ran {
    let etc = b.path("etc");
    let all = [&["init", "--etc", etc.to_str().unwrap()], args].concat();
    let mut command = b.command(&all);
    command.env("TICKETS_CONFIG", b.path("new/desk.toml"));
    let mut ran = finish(command, b"");
    for text in [&mut ran.stdout, &mut ran.stderr] {
        *text = text.replace(b.path("").to_str().unwrap(), "ROOT/");
    }
    ran
}

const EXIM: (&str, &str) = (
    "exim4/update-exim4.conf.conf",
    "dc_other_hostnames='example.org'\ndc_use_split_config='true'\n",
);

#[test]
fn a_desk_is_set_up_once() {
    // E3
    let b = machine(&[("mailname", "mail.example.net\n"), EXIM]);
    let store = b.path("desk store");
    let args = [
        "--dir",
        store.to_str().unwrap(),
        "--domain",
        "example.org",
        "--admin",
        "ann@example.com",
        "--admin",
        "bob@example.com",
    ];
    init(&b, &args).is(
        0,
        "configuration  ROOT/new/desk.toml\n\
         store          ROOT/desk store\n\
         mail to        submit@example.org\n\
         told           ann@example.com, bob@example.com\n\
         \n\
         next:\n  \
         let Exim bring the mail\n      \
         tickets --config ROOT/new/desk.toml init --exim | sudo sh\n  \
         for mutt, and a line `source ~/.mutt/tickets` in ~/.muttrc\n      \
         mkdir -p ~/.mutt && tickets --config ROOT/new/desk.toml init --mutt >~/.mutt/tickets\n  \
         see what is still missing\n      \
         tickets --config ROOT/new/desk.toml check\n",
        "",
    );
    let written = fs::read_to_string(b.path("new/desk.toml")).unwrap();
    let set: Vec<&str> = written
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect();
    let dir = format!("dir = {store:?}");
    assert_eq!(
        set,
        [
            "domain = \"example.org\"",
            "admins = [\"ann@example.com\", \"bob@example.com\"]",
            &dir
        ]
    );
    assert!(store.join(".tickets").is_dir() && store.join("archived").is_dir());
    // What is there is left alone.
    init(&b, &["--domain", "example.com"]).is(
        77,
        "",
        "tickets: cannot write ROOT/new/desk.toml: it is there already\n\
         hint: `tickets init --print-config` prints a fresh one\n",
    );
    assert_eq!(
        fs::read_to_string(b.path("new/desk.toml")).unwrap(),
        written
    );
}

#[test]
fn wrong_values_write_nothing() {
    let b = machine(&[]);
    init(&b, &["--domain", "exa mple.org"]).is(
        78,
        "",
        "tickets: cannot use ROOT/new/desk.toml: domain: \"exa mple.org\" is no domain\n",
    );
    init(&b, &["--domain", "example.org", "--ticket", "t{n}1"]).is(
        78,
        "",
        "tickets: cannot use ROOT/new/desk.toml: ticket: \"t{n}1\" is no template of a \
         local-part\nhint: for example: ticket = \"ticket-{n}\" or ticket = \"help+{n}\"\n",
    );
    assert!(!b.path("new").exists());
    assert!(!b.ticket("").exists());
}

#[test]
fn the_configuration_can_be_looked_at_first() {
    let b = machine(&[("mailname", "mail.example.net\n")]);
    let template = include_str!("../contrib/config.toml");
    let want = template.replace("#domain = \"example.org\"", "domain = \"mail.example.net\"");
    assert_ne!(want, template);
    init(&b, &["--print-config"]).is(0, &want, "");
    // A name without a dot is no domain for mail.
    let b = machine(&[("mailname", "vm\n")]);
    init(&b, &["--print-config"]).is(0, template, "");
    let args = [
        "--print-config",
        "--ticket",
        "help+{n}",
        "--submit",
        "help",
        "--name",
        "Hilfe \"x\"",
    ];
    let want = template
        .replace("#ticket = \"ticket-{n}\"", "ticket = \"help+{n}\"")
        .replace("#submit = [\"submit\"]", "submit = \"help\"")
        .replace("#name = \"Support\"", "name = \"Hilfe \\\"x\\\"\"");
    init(&b, &args).is(0, &want, "");
    assert!(!b.path("new").exists());
}

#[test]
fn pieces_are_filled_in() {
    // E3
    let b = machine(&[EXIM]);
    init(
        &b,
        &[
            "--domain",
            "d.example",
            "--submit",
            "help",
            "--ticket",
            "help+{n}",
        ],
    )
    .stderr
    .clear();
    let mutt = init(&b, &["--mutt"]);
    assert_eq!((mutt.status, mutt.stderr.as_str()), (0, ""));
    assert!(
        mutt.stdout.contains("alternates '^help@d[.]example$'\n"),
        "{}",
        mutt.stdout
    );
    assert!(!mutt.stdout.contains("example.org"), "{}", mutt.stdout);

    let exim = init(&b, &["--exim"]);
    assert_eq!((exim.status, exim.stderr.as_str()), (0, ""));
    for line in [
        "# Lets Exim hand mail for help@d.example and help+12@d.example to this desk.",
        "# This Exim's configuration is split: the files go to /etc/exim4/conf.d.",
        "# Put in:    tickets --config ROOT/new/desk.toml init --exim | sudo sh",
        "# Exim does not take mail for d.example yet: add it to dc_other_hostnames in",
        "TICKETS_DOMAIN = d.example",
        "TICKETS_SUBMIT = help",
        "TICKETS_PREFIX = help[+]",
    ] {
        assert!(
            exim.stdout.lines().any(|l| l == line),
            "{line} in\n{}",
            exim.stdout
        );
    }
    let postfix = init(&b, &["--postfix"]);
    assert_eq!((postfix.status, postfix.stderr.as_str()), (0, ""));
    for line in [
        "# Lets Postfix hand mail for help@d.example and help+12@d.example to this desk.",
        "# Put in:    tickets --config ROOT/new/desk.toml init --postfix | sudo sh",
        "        TICKETS_DOMAIN='d.example' \\",
        "        TICKETS_SUBMIT='help' \\",
        "        TICKETS_PREFIX='help[+]' \\",
    ] {
        assert!(
            postfix.stdout.lines().any(|l| l == line),
            "{line} in\n{}",
            postfix.stdout
        );
    }
    assert!(!postfix.stdout.contains("TICKETS_DIR="));
    // Scripts that a shell can read.
    for script in [exim.stdout, postfix.stdout] {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-n");
        finish(shell, script.as_bytes()).is(0, "", "");
    }
}

#[test]
fn pieces_want_to_know_the_domain() {
    let b = machine(&[EXIM]);
    b.put("none.toml", b"admins = \"a@example.org\"\n");
    let none = b.path("none.toml");
    let mut ran = b.run(&["--config", none.to_str().unwrap(), "init", "--exim"], b"");
    let from = ran.stderr.find(": is it ").unwrap();
    ran.stderr.truncate(from);
    ran.is(78, "", "tickets: cannot fill in the domain");
    b.run(&["init", "--exim", "--domain", "x"], b"").is(
        64,
        "",
        "tickets: the argument '--exim' cannot be used with '--domain <DOMAIN>'\n\
         hint: `tickets init --help` shows its options\n",
    );
}
