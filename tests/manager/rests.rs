//! A module that rests: what is said of it, and what ends that.

use super::shelf::{path_line, put, set_mode, shelf};
use crate::bench::{Bench, finish};
use std::fs;

/// A desk with a filter that fails until there is a file `works`; `more` ends the configuration.
fn desk(points: &[&str], more: &str) -> Bench {
    let b = Bench::new();
    let works = b.path("works").display().to_string();
    let script = format!("#!/bin/sh\necho x >>\"$TICKETS_DATA/asked\"\ntest -e {works}\n");
    let manifest = match points {
        ["timeline"] => "[[timeline.filters]]\nname = \"commit\"\nlabel = \"Commits\"\n",
        _ => "",
    };
    put(&b, "virus", points, manifest, &script);
    b.configure(&format!(
        "{}notify = \"none\"\nack = false\nmodules = [\"virus\"]\n{more}",
        path_line(&b)
    ));
    b
}

fn file(b: &Bench, number: usize) {
    b.file(
        "submit",
        format!("From: ann@example.net\nSubject: Hi\nMessage-ID: <{number}@example.net>\n\nx\n"),
    );
}

/// The same, when it rests after three mails.
fn resting() -> Bench {
    let b = desk(&["filter"], "");
    for number in 1..=4 {
        file(&b, number);
    }
    assert_eq!(asked(&b), 3);
    b
}

/// How often it was asked.
fn asked(b: &Bench) -> usize {
    let text = fs::read_to_string(b.ticket(".tickets/modules/virus/data/asked"));
    text.unwrap_or_default().lines().count()
}

fn mend(b: &Bench) {
    b.put("works", b"");
}

/// The Subjects and the texts of what the admins got.
fn news(b: &Bench) -> Vec<(String, String)> {
    let sent = b.take_sent();
    let news = sent
        .iter()
        .map(|mail| (mail.field("Subject").unwrap(), mail.body().to_owned()));
    news.collect()
}

#[test]
fn whoever_has_mended_it_ends_its_rest() {
    // G5
    for words in [
        &["modules", "enable", "virus"][..],
        &["modules", "run", "virus", "filter"],
        &["modules", "check", "virus"],
    ] {
        let b = resting();
        news(&b);
        if words[1] != "enable" {
            // It still fails.
            let ran = b.run(words, b"");
            assert!([1, 75].contains(&ran.status), "{ran:?}");
            let before = asked(&b);
            file(&b, 5);
            assert_eq!(asked(&b), before, "{words:?}");
        }
        mend(&b);
        let ran = b.run(words, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stdout.contains("virus rests no more\n"), "{ran:?}");
        assert!(!b.run(words, b"").stdout.contains("rests"), "{words:?}");
        assert_eq!(news(&b), [], "nobody has asked it");
        let before = asked(&b);
        file(&b, 6);
        assert_eq!(asked(&b), before + 1, "{words:?}");
        let subjects: Vec<String> = news(&b).into_iter().map(|(subject, _)| subject).collect();
        assert_eq!(subjects, ["The module virus works again"]);
        let last = if words[1] == "enable" { "5" } else { "6" };
        assert!(!b.mbox(last).contains("X-Tickets-Module"), "{words:?}");
    }
}

#[test]
fn one_that_was_switched_off_and_on_has_three_faults_again() {
    // G5
    let b = resting();
    b.works("modules disable virus");
    let list = b.run(&["modules"], b"").stdout;
    let (_, own) = list.split_once("\nvirus ").unwrap();
    assert!(own.contains(" off ") && !own.contains("rests"), "{list}");
    b.says(
        "modules enable virus",
        "virus rests no more\nvirus is on: filter\n",
    );
    for (number, want) in [(5, 4), (6, 5), (7, 6), (8, 6)] {
        file(&b, number);
        assert_eq!(asked(&b), want);
    }
}

#[test]
fn one_whose_files_were_changed_is_asked_again() {
    // G5
    type Change = fn(&Bench);
    let changes: [Change; 4] = [
        |b| {
            let run = shelf(b).join("virus/run");
            let text = fs::read(&run).unwrap();
            fs::write(&run, text).unwrap();
        },
        |b| set_mode(&shelf(b).join("virus/run"), 0o700),
        |b| set_mode(&shelf(b).join("virus/module.toml"), 0o600),
        |b| fs::write(shelf(b).join("virus/words"), "x").unwrap(),
    ];
    for change in changes {
        let b = resting();
        change(&b);
        file(&b, 5);
        assert_eq!(asked(&b), 4);
        // It failed again, and rests.
        file(&b, 6);
        assert_eq!(asked(&b), 4);
    }
    // What was wrong may be in them.
    let b = desk(&["filter"], "");
    let manifest = shelf(&b).join("virus/module.toml");
    set_mode(&manifest, 0o666);
    for number in 1..=4 {
        file(&b, number);
    }
    mend(&b);
    set_mode(&manifest, 0o644);
    file(&b, 5);
    assert_eq!(asked(&b), 1);
    let subjects: Vec<String> = news(&b).into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(
        subjects,
        ["The module virus fails", "The module virus works again"]
    );
}

#[test]
fn who_may_use_the_store_is_changed_and_no_mended_module_rests_again() {
    // G5: `check --mend` gives the store to a group, what is known of the module as well.
    let b = resting();
    let run = shelf(&b).join("virus/run");
    fs::write(&run, fs::read(&run).unwrap()).unwrap();
    set_mode(&b.ticket(".tickets/modules/virus/state"), 0o600);
    file(&b, 5);
    assert_eq!(asked(&b), 4);
}

#[test]
fn the_list_says_how_it_fares() {
    // G1
    let b = desk(&["filter"], "");
    let list = || {
        let list = b.run(&["modules"], b"").stdout;
        let (_, own) = list.split_once("\nvirus ").unwrap();
        let state = own.split_whitespace().nth(1).unwrap().to_owned();
        let below: Vec<&str> = own.lines().skip(1).map(str::trim).collect();
        (state, below.join("\n"))
    };
    assert_eq!(list(), ("on".into(), String::new()));
    file(&b, 1);
    let (state, below) = list();
    assert_eq!(state, "failing");
    assert!(below.starts_with("last fault "), "{below}");
    assert!(below.ends_with(": it exited with status 1"), "{below}");
    let check = b.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let warn = "warn  module virus: it failed when it was asked last, ";
    assert_eq!(check.matches("module virus: ").count(), 1, "{check}");
    let (_, rest) = check.split_once(warn).expect(&check);
    let end =
        ": it exited with status 1\n      mend: `tickets modules run virus filter` asks it once\n";
    assert!(rest.contains(end), "{check}");
    file(&b, 2);
    file(&b, 3);
    let (state, below) = list();
    assert_eq!(state, "resting");
    let fault =
        ": it exited with status 1\nmended? `tickets modules enable virus` asks it again at once";
    assert!(below.starts_with("rests until "), "{below}");
    assert!(
        below.contains("; last fault ") && below.ends_with(fault),
        "{below}"
    );
    // All of it stands there, however narrow the screen is.
    for columns in [60, 80, 200] {
        let mut command = b.command(&["modules"]);
        command.env("COLUMNS", columns.to_string());
        let narrow = finish(command, b"").stdout;
        let widest = narrow.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns), "{narrow}");
        let words = narrow.split_whitespace().collect::<Vec<_>>().join(" ");
        let below = below.replace('\n', " ");
        for said in [&*below, "Does virus", "finds messages by their words"] {
            assert!(words.contains(said), "{columns}: {narrow}");
        }
        assert!(!narrow.contains('…'), "{narrow}");
    }
    let check = b.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let mend_line = "      mend: that first, then `tickets modules enable virus` ends the rest\n";
    assert!(check.contains(mend_line), "{check}");
    mend(&b);
    b.works("modules enable virus");
    file(&b, 4);
    assert_eq!(list(), ("on".into(), String::new()));
    let json = b.run(&["modules", "--json"], b"").stdout;
    let fault = "\"last_fault\":\"it exited with status 1\"";
    assert!(json.lines().last().unwrap().contains(fault), "{json}");
}

#[test]
fn the_admins_hear_what_becomes_of_that_for_which_it_is_not_asked() {
    // G5, G6
    let mended = "Mended? `tickets modules enable virus` asks it again at once.\n";
    let quarantine = "[module.virus]\non_failure = \"quarantine\"\n";
    for (points, more, then) in [
        (&["filter"][..], "", " Until then mail is taken without it."),
        (
            &["filter"],
            quarantine,
            " Until then mail goes into quarantine.",
        ),
        (
            &["observer"],
            "",
            " What it was not told waits in the outbox; `tickets flush` tries it.",
        ),
        (
            &["timeline"],
            "",
            " Its events are missing in the timeline.",
        ),
    ] {
        let b = desk(points, more);
        for number in 1..=3 {
            file(&b, number);
        }
        if points == ["timeline"] {
            for _ in 0..3 {
                assert_eq!(b.run(&["timeline"], b"").status, 0);
            }
        }
        // What an observer was not told waits.
        let waits = if points == ["observer"] { 75 } else { 0 };
        assert_eq!(b.run(&["flush"], b"").status, waits);
        let text = format!(
            "The module virus failed three times in a row, the last time because it exited with status 1.\n\n\
             It rests for a while, and is then tried again; you will get a mail when it works.{then} \
             `tickets modules` shows how it fares.\n\n{mended}"
        );
        assert_eq!(news(&b), [("The module virus fails".into(), text)]);
    }
}
