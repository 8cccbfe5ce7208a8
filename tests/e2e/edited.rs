//! What the operator does to a ticket in mutt is the truth, and every command sees it at once (D9).

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::bench::Bench;
use crate::mail;
use crate::mutt;
use crate::site;

const RC: &str = "set quit=yes delete=yes move=no record='' header_cache='' wait_key=no\n\
                  set sort=mailbox-order folder=/ editor=~/editor\n";

/// What an operator asks for, and gets, of a ticket of three mails.
const QUESTIONS: [&[&str]; 8] = [
    &["list"],
    &["list", "--waiting", "-q"],
    &["list", "--json"],
    &["show", "1"],
    &["search", "burns"],
    &["search", "-q", "enough"],
    &["timeline", "--json"],
    &["stats", "--json"],
];

/// The answers to all of them.
fn answers(bench: &Bench) -> Vec<String> {
    let answer = |args: &&[&str]| {
        let ran = bench.run(args, b"");
        // `search` that finds nothing says so with its status.
        assert!([0, 1].contains(&ran.status), "{args:?}: {ran:?}");
        format!("{args:?}: {}\n{}{}", ran.status, ran.stdout, ran.stderr)
    };
    QUESTIONS.iter().map(answer).collect()
}

/// The same from an index that was never there before.
fn answers_anew(bench: &Bench) -> Vec<String> {
    for name in fs::read_dir(bench.ticket(".tickets")).unwrap() {
        let name = name.unwrap();
        let is = |start| name.file_name().to_str().unwrap().starts_with(start);
        if is("index") || is("text") || is("journal") {
            fs::remove_file(name.path()).unwrap();
        }
    }
    answers(bench)
}

#[test]
fn what_mutt_deletes_and_edits_is_seen_at_once() {
    if !site::may_run(site::missing(&[])) {
        return;
    }
    let bench = Bench::with("notify = \"none\"\nack = false\n");
    let deliver = |n: u32, from: &str, to: &str, text: &str| {
        let mail = format!(
            "From: {from}\nMessage-ID: <{n}@example.net>\nDate: Sun, 1 Nov 2026 10:0{n}:00 +0000\n\
             Subject: Printer\n\n{text}\n"
        );
        bench.deliver(to, mail).silent();
    };
    let alice = "Alice <alice@example.net>";
    deliver(1, alice, "submit@example.org", "The printer burns.");
    deliver(2, "steve@example.org", "ticket-1@example.org", "Use water.");
    deliver(
        3,
        alice,
        "ticket-1@example.org",
        "It burns still; enough of it.",
    );
    let before = answers(&bench);
    for (at, holds) in [
        (0, "  3  Alice  Printer\n"),
        (1, ": 0\n1\n"),
        (2, "\"messages\":3,"),
        (3, "It burns still"),
        (4, "       3  It burns still"),
        (5, ": 0\n1\n"),
        (6, "\"Printer\""),
        (7, "\"messages\":3"),
    ] {
        assert!(before[at].contains(holds), "{holds}: {}", before[at]);
    }

    // Deleted, and saved.
    let mbox = bench.ticket("1");
    let folder = mbox.display().to_string();
    let program = mutt::at_bench(&bench, &["mutt"], RC, &["-f", &folder]);
    program.shows("-Mutt: ");
    program.press(&["*", "d", "$"]);
    site::wait("mutt to delete a mail", || {
        (mail::ids(&mail::mbox(&mbox)) == ["<1@example.net>", "<2@example.net>"]).then_some(())
    });
    let deleted = answers(&bench);
    for (at, holds) in [
        (0, "  2  Alice  Printer\n"),
        // The last word is Steve's now.
        (1, ": 0\n"),
        (2, "\"messages\":2,"),
        (3, "Use water."),
        (4, "       1  The printer burns."),
        (5, ": 1\n"),
        (7, "\"messages\":2"),
    ] {
        assert!(deleted[at].contains(holds), "{holds}: {}", deleted[at]);
    }
    for answer in &deleted {
        assert!(!answer.contains("still"), "{answer}");
    }
    assert!(!deleted[1].ends_with("1\n"), "{}", deleted[1]);
    let events = |answers: &[String]| answers[6].lines().count();
    assert_eq!(events(&deleted) + 1, events(&before));

    // Edited, which mutt does by writing the mail anew at the end.
    bench.put(
        "editor",
        b"#!/bin/sh\nexec sed -i 's/printer burns/toaster smokes/' \"$1\"\n",
    );
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bench.path("editor"), executable).unwrap();
    program.press(&["=", "e"]);
    program.shows("Msgs:3");
    program.press(&["$"]);
    site::wait("mutt to write the mail anew", || {
        (mail::ids(&mail::mbox(&mbox)) == ["<2@example.net>", "<1@example.net>"]).then_some(())
    });
    program.press(&["q"]);
    program.wait_until_gone();
    let edited = answers(&bench);
    assert!(edited[3].contains("The toaster smokes."), "{}", edited[3]);
    assert!(edited[4].contains(": 1\n"), "{}", edited[4]);
    bench
        .run(&["search", "-q", "toaster"], b"")
        .is(0, "1\n", "");

    assert_eq!(answers_anew(&bench), edited);
}
