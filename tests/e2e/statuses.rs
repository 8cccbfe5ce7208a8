//! What becomes of a mail by how the program ends: the table of `contrib/README.md`, as observed.

use std::fs;

use crate::exim::{stand_in, trial};
use crate::postfix_site::{self, set_forward};
use crate::recipes::{inbox, set_filter};
use crate::site::{self, Form, Site};
use crate::smtp::Smtp;
use crate::story::ALICE;

const SENTENCE: &str = "There is no ticket 99";

/// The first column of the table, and a program that ends like that.
const ENDS: [(&str, &str); 9] = [
    ("0", "cat >/dev/null"),
    (
        "65 and a sentence",
        "echo '5.3.4 There is no ticket 99'; exit 65",
    ),
    (
        "67 and a sentence",
        "echo '5.1.1 There is no ticket 99'; exit 67",
    ),
    ("75", "exit 75"),
    (
        "75 and a line on stderr",
        "echo 'tickets: cannot' >&2; exit 75",
    ),
    ("is not there", ""),
    ("killed", "kill -KILL $$"),
    ("101, a panic", "exit 101"),
    (
        "75 and `5.1.1 ...`",
        "echo '5.1.1 There is no ticket 99'; exit 75",
    ),
];

/// Sends a mail and says what became of it; `fate` finds that in the log by the mail's id.
fn outcome(site: &Site, to: &str, fate: impl Fn(&str, &str) -> Option<&'static str>) -> String {
    let acks = site.mailbox(ALICE).len();
    let mail = trial(ALICE, "a@example.net", "printer");
    let id = Smtp::connect(site.port).send(ALICE, &[to], mail.as_bytes());
    let fate = site.wait("the mail's fate", || fate(&site.log(), &id));
    if fate != "bounced" {
        return fate.to_owned();
    }
    let bounce = site.wait("the bounce", || site.mailbox(ALICE).get(acks).cloned());
    match bounce.body().contains(SENTENCE) {
        true => "bounced".to_owned(),
        false => "bounced without a word".to_owned(),
    }
}

fn exim(log: &str, id: &str) -> Option<&'static str> {
    let marks = [(" => ", "done"), (" ** ", "bounced"), (" == ", "waits")];
    let of_mail = |line: &&str| line.contains(id);
    log.lines().filter(of_mail).find_map(|line| {
        let frozen = line.ends_with("Frozen").then_some("waits, frozen");
        let fate = marks.iter().find(|(mark, _)| line.contains(mark));
        frozen.or(fate.map(|(_, fate)| *fate))
    })
}

fn postfix(log: &str, id: &str) -> Option<&'static str> {
    let fates = [
        ("sent", "done"),
        ("bounced", "bounced"),
        ("deferred", "waits"),
    ];
    let of_mail = |line: &&str| line.contains(&format!("{id}: to="));
    log.lines().filter(of_mail).find_map(|line| {
        let status = |(status, _): &&(&str, _)| line.contains(&format!("status={status}"));
        fates.iter().find(status).map(|(_, fate)| *fate)
    })
}

/// Puts the program in place; the empty script is none.
fn ends_with(site: &Site, script: &str) {
    let program = site.path("bin/tickets");
    if !program.exists() {
        fs::write(&program, "").unwrap();
    }
    stand_in(site, script);
    if script.is_empty() {
        fs::remove_file(program).unwrap();
    }
}

#[test]
fn the_table_is_what_happens() {
    // A3
    let Some(exim_site) = site::start(Form::Split, &[]) else {
        return;
    };
    let Some(site) = postfix_site::start(&[]) else {
        return;
    };
    // The program that is not there could not be asked.
    let unasked = ["postconf", "-e", "tickets_policy=reject_unlisted_recipient"];
    assert!(site.inside(&unasked).status().unwrap().success());
    let mut rows = Vec::new();
    for (end, script) in ENDS {
        // A service that could not start its program is left alone for a while.
        let flush = ["sh", "-c", "postsuper -d ALL; postfix reload"];
        assert!(site.inside(&flush).output().unwrap().status.success());
        ends_with(&exim_site, script);
        ends_with(&site, script);
        let mut row = vec![end.to_owned()];
        row.push(outcome(&exim_site, "submit@example.org", exim));
        row.push(outcome(&site, "submit@example.org", postfix));
        set_forward(&site, "\"|/usr/local/bin/tickets deliver\"\n");
        row.push(outcome(&site, "tickets@example.org", postfix));
        for filter in ["procmail", "maildrop"] {
            set_filter(&site, filter);
            let mut fate = outcome(&site, "tickets@example.org", postfix);
            if !inbox(&site).is_empty() {
                fate = "into the mailbox".to_owned();
                site.inside(&["rm", "/var/mail/tickets"]).status().unwrap();
            }
            row.push(fate);
        }
        rows.push(format!("| {} |\n", row.join(" | ")));
    }
    let text = include_str!("../../contrib/README.md");
    let (_, table) = text.split_once("| the program |").unwrap();
    let table: String = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| format!("{line}\n"))
        .collect();
    let seen = rows.concat();
    assert!(
        seen == table,
        "the table says\n{table}but this happens:\n{seen}"
    );
}
