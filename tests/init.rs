//! `tickets init`: a desk from nothing.

use super::bench::{Bench, Ran, finish};
use crate::transcript::Transcript;
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

// E3, E4
#[test]
fn manual() {
    let b = machine(&[("mailname", "mail.example.net\n"), EXIM]);
    let mut t = Transcript::new(&b);
    let init = "TICKETS_CONFIG=$PWD/new/desk.toml tickets init --etc etc";
    t.step(
        "Wrong values write nothing.",
        &format!(
            "{init} --domain 'exa mple.org'\n{init} --domain example.org --ticket 't{{n}}1'\nls"
        ),
    );
    t.step(
        "A configuration is written, a store is made, and what is left to do is printed.",
        &format!(
            "{init} --dir \"$PWD/desk store\" --domain example.org --admin ann@example.com \
             --admin bob@example.com\n\
             grep '^[^#]' new/desk.toml\nls -A 'desk store'"
        ),
    );
    t.step(
        "What is there is left alone.",
        &format!("cp new/desk.toml before\n{init} --domain example.com\ncmp new/desk.toml before"),
    );
    b.put("none.toml", b"admins = \"a@example.org\"\n");
    let none = b.path("none.toml").display().to_string();
    let said = b.run(&["--config", &none, "init", "--exim"], b"").stderr;
    let (_, guess) = said.split_once("configured, and ").unwrap();
    let (guess, _) = guess.split_once(" is only").unwrap();
    t.mask(&format!("and {guess} is only"), "and <host> is only");
    t.mask(&format!("domain = \"{guess}\""), "domain = \"<host>\"");
    t.step(
        "The pieces for an MTA take the domain from the configuration.",
        "tickets --config none.toml init --exim\ntickets init --exim --domain x",
    );
    insta::assert_snapshot!("init", t);
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
        "# Exim does not accept mail for d.example yet: add it to dc_other_hostnames in",
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
