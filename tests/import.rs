//! `tickets import`: archives become tickets, each message once, however often it is done.

use crate::bench::{Bench, finish};
use crate::deliver::mail;
use std::fs;
use std::process::Command;
use tickets::mail::{entry, mbox};

/// An mbox as Exim or mutt writes it: `>From ` is quoted, `>>From ` never.
pub fn archive(mails: &[&str]) -> String {
    let mut file = String::new();
    for mail in mails {
        let from_line = "From somebody@example.net Mon Jan  1 10:00:00 2024\n";
        let quoted = mail.replace("\nFrom ", "\n>From ");
        file += &format!("{from_line}{quoted}\n");
    }
    file
}

/// A mail of `who`, written at `hour` o'clock on a day in January.
pub fn written(id: &str, who: &str, (day, hour): (u32, u32), more: &str, text: &str) -> String {
    format!(
        "From: {who} <{who}@example.net>\nMessage-ID: <{id}@example.net>\n\
         Date: {day} Jan 2024 {hour:02}:00:00 +0000\n{more}\n{text}\n"
    )
}

/// Each message of a ticket as it came in, with the sender, date and address it was filed under.
pub fn filed(bench: &Bench, name: &str) -> Vec<(String, String, i64, String)> {
    let file = fs::read(bench.ticket(name)).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let read = |found: mbox::Entry| {
        let decoded = entry::decode(found.content);
        assert_eq!(decoded.verdict, entry::Verdict::Intact, "{name}");
        (
            decoded.return_path.unwrap(),
            decoded.delivered_to.unwrap(),
            mbox::date_of(found.from_line).unwrap(),
            text(&decoded.raw),
        )
    };
    mbox::entries(&file, 0).map(read).collect()
}

/// The messages of each ticket by the numbers in their Message-IDs: `1: 1 2`.
pub fn tickets(bench: &Bench) -> Vec<String> {
    let names = bench.names();
    let messages = |name: &String| {
        let ids = filed(bench, name).into_iter().map(|(.., raw)| {
            let id = raw.split("Message-ID: <").nth(1).unwrap_or("?@");
            id.split('@').next().unwrap().to_owned()
        });
        format!("{name}: {}", ids.collect::<Vec<_>>().join(" "))
    };
    names.iter().map(messages).collect()
}

/// Nobody was told anything, and nothing waits to be sent.
#[track_caller]
pub fn nobody_was_told(bench: &Bench) {
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
    assert_eq!(bench.outbox(), [""; 0]);
}

const JANUARY: i64 = 1_704_067_200;

fn hours(day: i64, hour: i64) -> i64 {
    JANUARY + (day - 1) * 86_400 + hour * 3600
}

// A6, B7, D3, D6
#[test]
fn an_mbox_becomes_tickets() {
    let bench = Bench::new();
    let first = written(
        "1",
        "ann",
        (2, 9),
        "To: help@old.example\nSubject: Fire\n",
        "It burns.\nFrom the back.",
    );
    let answer = written(
        "2",
        "steve",
        (2, 8),
        "In-Reply-To: <1@example.net>\nSubject: Re: Fire\n",
        "Water.",
    );
    let other = format!(
        "Return-Path: <>\nReceived: from x by y; Mon, 1 Jan 2024 12:00:00 +0100\n{}",
        written(
            "3",
            "bob",
            (3, 0),
            "Subject: Login\nStatus: RO\n",
            "Cannot."
        )
    );
    let later = written(
        "4",
        "ann",
        (9, 9),
        "References: <1@example.net> <lost@x>\n",
        "Still.",
    );
    bench.put(
        "old.mbox",
        archive(&[&later, &answer, &other, &first]).as_bytes(),
    );
    bench.says("import old.mbox", "filed 4 messages in 2 new tickets\n");

    // In order of date, though no answer comes before what it answers.
    assert_eq!(tickets(&bench), ["1: 3", "2: 1 2 4"]);
    let quoted = first.replace("\nFrom ", "\n>From ");
    let entry = |sender: &str, to: &str, at, raw: &str| {
        (
            sender.to_owned(),
            format!("{to}@example.org"),
            at,
            raw.to_owned(),
        )
    };
    assert_eq!(
        filed(&bench, "1"),
        [entry("", "submit", hours(1, 11), &other)]
    );
    assert_eq!(
        filed(&bench, "2"),
        [
            entry("somebody@example.net", "submit", hours(2, 9), &quoted),
            entry("somebody@example.net", "ticket-2", hours(2, 8), &answer),
            entry("somebody@example.net", "ticket-2", hours(9, 9), &later),
        ]
    );
    bench.says("show --raw 1 1", &other);
    nobody_was_told(&bench);
    let list = bench.run(&["list", "--json"], b"");
    let subjects = list.stdout.lines().map(|l| {
        l.split("\"subject\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
    });
    assert_eq!(subjects.collect::<Vec<_>>(), ["Fire", "Login"]);
    bench.works("check --store");

    // Once only; and what comes in later finds its ticket and the next number.
    bench.says(
        "import old.mbox old.mbox",
        "filed 0 messages; 8 were there already\n",
    );
    bench.file("submit", mail("5", "In-Reply-To: <4@example.net>\n", "x"));
    bench.file("submit", mail("6", "", "x"));
    assert_eq!(tickets(&bench), ["1: 3", "2: 1 2 4 5", "3: 6"]);
}

#[test]
fn an_archive_that_has_grown() {
    let bench = Bench::new();
    let mails: Vec<String> = vec![
        written("1", "ann", (1, 1), "Subject: a\n", "a"),
        written("2", "ann", (1, 2), "Subject: b\n", "b"),
        written("3", "ann", (1, 3), "In-Reply-To: <1@example.net>\n", "c"),
        written("4", "ann", (1, 4), "References: <3@example.net>\n", "d"),
        written("5", "ann", (1, 5), "Subject: e\n", "e"),
        // Connects what was two threads; the nearest one has it.
        written(
            "6",
            "ann",
            (1, 6),
            "References: <1@example.net> <2@example.net>\n",
            "f",
        ),
        // Tagged only now: it is still the ticket of what it answers.
        written(
            "7",
            "ann",
            (1, 7),
            "Subject: [issue9] b\nIn-Reply-To: <2@example.net>\n",
            "g",
        ),
    ];
    let refs: Vec<&str> = mails.iter().map(String::as_str).collect();
    for (count, said, want) in [
        (
            2,
            "filed 2 messages in 2 new tickets\n",
            vec!["1: 1", "2: 2"],
        ),
        (
            3,
            "filed 1 message in 1 existing ticket; 2 were there already\n",
            vec!["1: 1 3", "2: 2"],
        ),
        (
            7,
            "filed 4 messages in 1 new ticket and 2 existing tickets; 3 were there already\n",
            vec!["1: 1 3 4", "2: 2 6 7", "3: 5"],
        ),
        (
            7,
            "filed 0 messages; 7 were there already\n",
            vec!["1: 1 3 4", "2: 2 6 7", "3: 5"],
        ),
    ] {
        bench.put("a.mbox", archive(&refs[..count]).as_bytes());
        bench.says("import a.mbox", said);
        assert_eq!(tickets(&bench), want);
    }
    // A month later the archive holds only what is new.
    let new = written(
        "8",
        "ann",
        (5, 1),
        "References: <lost@x> <4@example.net>\n",
        "h",
    );
    bench.put("b.mbox", archive(&[&new]).as_bytes());
    let ran = bench.run(&["import", "-v", "b.mbox"], b"");
    ran.is(
        0,
        "add 1  open  1  ann@example.net  a\nfiled 1 message in 1 existing ticket\n",
        "",
    );
    assert_eq!(tickets(&bench)[0], "1: 1 3 4 8");
    // What somebody removed comes back; there is nothing else by which it could be known.
    fs::remove_file(bench.ticket("3")).unwrap();
    let said = "filed 1 message in 1 new ticket; 6 were there already\n";
    bench.says("import a.mbox", said);
    assert_eq!(tickets(&bench), ["1: 1 3 4 8", "2: 2 6 7", "4: 5"]);
    nobody_was_told(&bench);
}

#[test]
fn mail_that_was_delivered_is_there_already() {
    let bench = Bench::new();
    let one = mail("1", "Subject: a\n", "a");
    bench.file("submit", &one);
    bench.file("ticket-1-done", mail("2", "", "b"));
    assert_eq!(tickets(&bench), ["archived/1: 1 2"]);
    bench.take_sent();
    // An older mail of the same conversation, kept elsewhere; and a machine's, which opens nothing.
    let older = written("3", "ann", (1, 1), "", "c");
    let machine = mail(
        "4",
        "Auto-Submitted: auto-replied\nIn-Reply-To: <1@example.net>\n",
        "away",
    );
    let linked = one.replace("\n\n", "\nReferences: <3@example.net>\n\n");
    bench.put("a.mbox", archive(&[&older, &linked, &machine]).as_bytes());
    let said = "filed 2 messages in 1 existing ticket; 1 was there already\n";
    bench.says("import a.mbox", said);
    assert_eq!(tickets(&bench), ["archived/1: 1 2 3 4"]);
    nobody_was_told(&bench);
}

/// Memory for data in KiB: three times the largest message, and 16 MiB (A8).
const ENOUGH: u32 = (3 * 4 + 16) << 10;

#[test]
fn an_archive_larger_than_memory() {
    let bench = Bench::new();
    let text = "It burns, and nobody knows why.\n".repeat(4000);
    let mut mails: Vec<String> = (0..600)
        .map(|n| {
            let parent = format!("In-Reply-To: <{}@example.net>\n", n / 3 * 3);
            written(&n.to_string(), "ann", (1, 1), &parent, &text)
        })
        .collect();
    mails.push(written("large", "ann", (1, 1), "", &text.repeat(32)));
    let refs: Vec<&str> = mails.iter().map(String::as_str).collect();
    let file = archive(&refs);
    assert!(file.len() > 70 << 20);
    bench.put("a.mbox", file.as_bytes());
    let import = |limit: u32| {
        let plain = bench.command(&["import", "a.mbox"]);
        let program = plain.get_program().to_str().unwrap();
        let script = format!("ulimit -d {limit} && exec {program} import a.mbox");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]);
        bench.as_ordinary_user(&mut shell);
        finish(shell, b"")
    };
    assert_ne!(import(1 << 10).status, 0, "the limit is one");
    let said = "filed 601 messages in 201 new tickets\n";
    import(ENOUGH).is(0, said, "");
    let said = "filed 0 messages; 601 were there already\n";
    import(ENOUGH).is(0, said, "");
}
