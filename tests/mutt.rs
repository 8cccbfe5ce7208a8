//! `tickets mutt`: what mutt is started with. The keys are tried with the real one in e2e.

use super::bench::{Bench, Ran, finish};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const MAIL: &str = "From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

/// Says how it was started, and where its children would find the desk.
const FAKE: &str = "#!/bin/sh\nfor word in \"$0\" \"$@\"; do echo \"<$word>\"; done\n\
                    echo \"$TICKETS_CONFIG $TICKETS_DIR\"\n";

fn mutt(b: &Bench, programs: &[&str], ticket: &str) -> Ran {
    fs::create_dir_all(b.path("bin")).unwrap();
    for name in programs {
        let path = b.path("bin").join(name);
        fs::write(&path, FAKE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(b.path("bin"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = b.command(&["mutt", ticket]);
    command.env("PATH", b.path("bin"));
    let mut ran = finish(command, b"");
    let root = b.path("");
    let own = super::bench::binary();
    for text in [&mut ran.stdout, &mut ran.stderr] {
        *text = text
            .replace(root.to_str().unwrap(), "ROOT/")
            .replace(own.to_str().unwrap(), "OWN");
    }
    ran
}

#[test]
fn a_ticket_is_opened_wherever_it_lies() {
    // E3
    let b = Bench::new();
    b.file("submit", MAIL);
    let started = |program: &str, path: &str| {
        format!(
            "<ROOT/bin/{program}>\n<-e>\n<source \"'OWN' init --mutt|\">\n<-f>\n\
             <ROOT/tickets/{path}>\nROOT/config.toml ROOT/tickets\n"
        )
    };
    mutt(&b, &["neomutt"], "1").is(0, &started("neomutt", "1"), "");
    mutt(&b, &["mutt"], "1").is(0, &started("mutt", "1"), "");
    b.run(&["close", "1"], b"").is(0, "closed 1  Printer\n", "");
    mutt(&b, &[], "1").is(0, &started("mutt", "archived/1"), "");
    assert_eq!(b.names(), ["archived/1"]);
}

#[test]
fn what_cannot_be_opened_is_said() {
    let b = Bench::new();
    mutt(&b, &["mutt"], "7").is(
        66,
        "",
        "tickets: no ticket 7 in ROOT/tickets\nhint: `tickets list --all` shows every ticket\n",
    );
    mutt(&b, &[], "x").is(
        64,
        "",
        "tickets: invalid value 'x' for '<TICKET>': a ticket is a number from 1 to 999999999, \
         without leading zeros\nhint: `tickets mutt --help` shows its options\n",
    );
    b.file("submit", MAIL);
    fs::remove_file(b.path("bin/mutt")).unwrap();
    mutt(&b, &[], "1").is(
        75,
        "",
        "tickets: cannot open ticket 1: mutt is not installed\nhint: `sudo apt install mutt`\n",
    );
}
