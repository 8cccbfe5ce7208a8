//! The index can be deleted at any time, and nothing is lost with it (D9).

use crate::bench::Bench;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};
use tickets::mail::entry::{Trace, encode};

/// 2026-11-01 00:00 UTC.
const NOVEMBER: i64 = 1_793_491_200;

fn mail(n: u32) -> String {
    format!(
        "Message-ID: <{n}@example.net>\nFrom: Author {n} <a{n}@example.net>\n\
         To: submit@example.org\nSubject: Subject {n}\n\nA text about word{n}.\n"
    )
}

/// Puts a ticket there by hand, as a delivery would have left it.
fn put(b: &Bench, n: u32) {
    let trace = Trace {
        sender: Some("a@example.net"),
        filed_under: "submit@example.org",
        at: NOVEMBER + i64::from(n),
    };
    let place = if n.is_multiple_of(3) { "archived/" } else { "" };
    b.put(
        &format!("tickets/{place}{n}"),
        &encode(&trace, mail(n).as_bytes()),
    );
}

/// A desk with so many tickets, and the sequence that belongs to them; never indexed.
fn desk_of(tickets: u32) -> Bench {
    let b = Bench::with("ack = false\nnotify = \"none\"\n");
    b.make_store();
    for n in 1..=tickets {
        put(&b, n);
    }
    b.put(
        "tickets/.tickets/sequence",
        format!("{tickets}\n").as_bytes(),
    );
    forget(&b);
    b
}

/// Deletes everything that can be deleted.
fn forget(b: &Bench) {
    let names = fs::read_dir(b.ticket(".tickets")).unwrap();
    for name in names.map(|e| e.unwrap().file_name().into_string().unwrap()) {
        if ["index", "text.", "journ"]
            .iter()
            .any(|cache| name.starts_with(cache))
        {
            fs::remove_file(b.ticket(&format!(".tickets/{name}"))).unwrap();
        }
    }
}

/// All that the index is asked for.
fn answers(b: &Bench) -> Vec<String> {
    let questions: [&[&str]; 7] = [
        &["list", "--all", "--json"],
        &["list", "--all", "--sort", "from"],
        &["list", "--waiting"],
        &["timeline", "--json"],
        &[
            "stats",
            "--json",
            "--since",
            "2026-01-01",
            "--until",
            "2027-01-01",
        ],
        &["reindex"],
        &["list", "--all", "--json"],
    ];
    let ask = |words: &&[&str]| {
        let ran = b.run(words, b"");
        assert_eq!(ran.status, 0, "{words:?}: {}", ran.stderr);
        ran.stdout + &ran.stderr
    };
    questions.iter().map(ask).collect()
}

/// What a random desk has been through.
#[derive(Clone, Debug)]
enum Step {
    Open,
    Update(u32),
    Close(u32),
    Quiet(u32),
    Bounce(u32),
    /// Somebody takes the file away, or shortens it by an entry.
    Remove(u32),
    Shorten(u32),
    Move(u32),
    /// Somebody asks, and the index is brought up to date.
    Ask,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ticket = 1..6u32;
    let step = prop_oneof![
        4 => Just(Step::Open),
        4 => ticket.clone().prop_map(Step::Update),
        2 => ticket.clone().prop_map(Step::Close),
        1 => ticket.clone().prop_map(Step::Quiet),
        1 => ticket.clone().prop_map(Step::Bounce),
        1 => ticket.clone().prop_map(Step::Remove),
        1 => ticket.clone().prop_map(Step::Shorten),
        1 => ticket.prop_map(Step::Move),
        2 => Just(Step::Ask),
    ];
    proptest::collection::vec(step, 1..16)
}

fn take(b: &Bench, number: u32, step: &Step) {
    let message = mail(number);
    let to = |n: &u32, verb: &str| format!("ticket-{n}{verb}@example.org");
    let place = |n: &u32| {
        let names = [n.to_string(), format!("archived/{n}")];
        names.into_iter().find(|name| b.ticket(name).exists())
    };
    match step {
        Step::Open => b.file("submit", message),
        Step::Update(n) => drop(b.deliver(&to(n, ""), message)),
        Step::Close(n) => drop(b.deliver(&to(n, "-done"), message)),
        Step::Quiet(n) => drop(b.deliver(&to(n, "-quiet"), message)),
        Step::Bounce(n) => drop(b.deliver_bounce(&to(n, ""), message)),
        Step::Remove(n) => {
            if let Some(name) = place(n) {
                fs::remove_file(b.ticket(&name)).unwrap();
            }
        }
        Step::Shorten(n) => {
            if let Some(name) = place(n) {
                let bytes = fs::read(b.ticket(&name)).unwrap();
                let last = tickets::mail::mbox::entries(&bytes, 0).last();
                let keep = last.map_or(0, |entry| entry.start);
                let file = fs::OpenOptions::new().write(true).open(b.ticket(&name));
                file.unwrap().set_len(keep).unwrap();
            }
        }
        Step::Move(n) => {
            if let Some(name) = place(n) {
                let other = match name.strip_prefix("archived/") {
                    Some(number) => number.to_owned(),
                    None => format!("archived/{name}"),
                };
                fs::rename(b.ticket(&name), b.ticket(&other)).unwrap();
            }
        }
        Step::Ask => drop(b.run(&["list"], b"")),
    }
}

/// D9: whatever happened, and whoever did it.
#[test]
fn without_the_index_the_answers_are_the_same() {
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&steps(), |steps| {
        let b = Bench::with("close_by = \"anyone\"\n");
        b.make_store();
        for (number, step) in (1..).zip(&steps) {
            take(&b, number, step);
        }
        let with = answers(&b);
        forget(&b);
        prop_assert_eq!(answers(&b), with);
        Ok(())
    });
    outcome.unwrap();
}

/// Many tickets are read in parallel, into an index beside the one that is missing.
#[test]
fn a_lost_index_of_many_tickets_is_made_by_the_next_command() {
    let b = desk_of(2100);
    let all: String = (1..=2100).rev().map(|n| format!("{n}\n")).collect();
    b.says("list --all -q --sort number", &all);
    let caches = || {
        let names = fs::read_dir(b.ticket(".tickets")).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    // B5: what is answered is known.
    b.file(
        "submit",
        mail(3000).replace("Subject:", "References: <2@example.net>\nSubject:"),
    );
    assert_eq!(b.mbox("2").matches("Delivered-To: ").count(), 2);
    assert_eq!(
        caches(),
        [
            "index.db",
            "index.lock",
            "journal",
            "moved",
            "rebuild.lock",
            "recent",
            "sequence",
            "turns"
        ]
    );
}

/// What `check` says of the index.
fn said_of_index(b: &Bench) -> Vec<String> {
    let said = b.run(&["check"], b"").stdout;
    let lines = said.lines().skip_while(|line| !line.contains("  index: "));
    let lines = lines
        .enumerate()
        .take_while(|(n, line)| *n == 0 || line.contains("mend:"));
    lines.map(|(_, line)| line.to_owned()).collect()
}

/// D9: whatever command comes next, also if it needs a part of the index only.
#[test]
fn the_next_command_makes_all_of_a_lost_index() {
    let b = desk_of(60);
    for line in [
        "list",
        "list -q --closed",
        "search -q word3",
        "stats",
        "timeline",
        "reindex",
    ] {
        forget(&b);
        b.works(line);
        assert_eq!(said_of_index(&b), ["ok    index: 60 tickets"], "{line}");
    }
    let b = desk_of(2100);
    let open: String = (1..=2100)
        .filter(|n| n % 3 != 0)
        .map(|n| format!("{n}\n"))
        .collect();
    // Another process is about to make it: nobody waits for that who can do without.
    let other = fs::File::create(b.ticket(".tickets/rebuild.lock")).unwrap();
    other.lock().unwrap();
    b.says("list -q --sort number --reverse", &open);
    let partly = "ok    index: not complete yet; the next mail or command completes it";
    assert_eq!(said_of_index(&b), [partly]);
    other.unlock().unwrap();
    b.says("list -q --sort number --reverse", &open);
    assert_eq!(said_of_index(&b), ["ok    index: 2100 tickets"]);
}

/// A delivery looks at the newest tickets only; the next one goes on where it stopped.
#[test]
fn a_delivery_does_not_wait_until_all_is_read() {
    let b = desk_of(1200);
    for (case, again, number) in [
        ("B6: it opens the next one", mail(5000), "1201"),
        ("A5: one of the newest, once more", mail(1100), "1201"),
        (
            "one of the middle, and by now they are read",
            mail(400),
            "1201",
        ),
        ("the first one", mail(1), "1201"),
        ("another new one", mail(5001), "1202"),
    ] {
        b.file("submit", again);
        let opened = |n: &str| b.ticket(n).exists();
        let next = (number.parse::<u32>().unwrap() + 1).to_string();
        assert_eq!((opened(number), opened(&next)), (true, false), "{case}");
    }
}

/// The index in use stays; what was done is not done again; in the end all is there.
#[test]
fn reindex_may_be_killed() {
    // D9
    if Command::new("strace").arg("-V").output().is_err() {
        return;
    }
    let b = desk_of(300);
    let all = "300 tickets, 300 messages\n";
    b.says("reindex", all);
    let before = answers(&b);
    let mut killed = 0;
    for n in (1..).step_by(7) {
        let mut strace = Command::new("strace");
        let kill = format!("inject=pwrite64,rename,unlink,openat:signal=KILL:when={n}");
        strace.args(["-f", "-o", "/dev/null", "-e", &kill]);
        strace.arg(crate::bench::binary()).args(["reindex"]);
        b.as_ordinary_user(&mut strace);
        let ran = crate::bench::finish(strace, b"");
        if ran.status == 0 {
            break;
        }
        killed += 1;
        let ids = b.run(&["list", "--all", "-q"], b"");
        assert_eq!((ids.status, ids.stdout.lines().count()), (0, 300), "{n}");
    }
    assert!(killed > 10, "killed {killed} times only");
    b.says("reindex", all);
    assert_eq!(answers(&b), before);
    println!("reindex was killed at {killed} system calls");
}

/// C9: answers of a delivery that died, and nobody came again. Whether their message is filed, the
/// mboxes know.
#[test]
fn answers_that_were_left_are_sent_though_the_index_is_lost() {
    let b = Bench::new();
    b.sendmail("#!/bin/sh\nexit 75\n");
    b.file("submit", mail(1));
    let outbox = b.ticket(".tickets/outbox");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    for name in b.outbox() {
        let (_, staged) = name.split_once('.').unwrap();
        let staged = outbox.join("tmp").join(staged);
        fs::rename(outbox.join(&name), &staged).unwrap();
        let staged = fs::File::open(staged).unwrap();
        staged.set_modified(hour_ago).unwrap();
    }
    forget(&b);
    b.mend_sendmail();
    b.run(&["flush", "--quiet"], b"").silent();
    assert_eq!(
        b.take_sent_in_short(),
        ["ack <> -- a1@example.net", "copy <> -- steve@example.org"]
    );
    assert_eq!(b.outbox(), [""; 0]);
}

#[test]
fn a_damaged_index_is_made_again() {
    // D9
    let b = Bench::new();
    for n in 1..=6 {
        b.file("submit", mail(n));
    }
    b.works("search word3");
    let db = b.ticket(".tickets/index.db");
    let whole = fs::read(&db).unwrap();
    for size in [100, 4096, 5000, 8192, whole.len() / 2] {
        for args in [
            &["list"][..],
            &["list", "-q"],
            &["search", "-q", "word3"],
            &["stats"],
            &["timeline"],
            &["show", "3"],
            &["export", "--mbox", "-"],
        ] {
            let said = b.run(args, b"");
            assert_eq!((said.status, said.stderr.as_str()), (0, ""), "{args:?}");
            fs::write(&db, &whole[..size]).unwrap();
            let ran = b.run(args, b"");
            ran.is(0, &said.stdout, "");
        }
    }
}

/// The damages of which each is done to a page of a database.
const DAMAGES: [fn(&mut [u8]); 4] = [
    |page| page.fill(0),
    |page| page.fill(0xff),
    |page| {
        page.iter_mut()
            .enumerate()
            .for_each(|(n, byte)| *byte = (n * n / 7 + 3 * n) as u8);
    },
    // Its second half: what SQLite looks at first is sound.
    |page| page[2048..].fill(0xfe),
];

const PAGE: usize = 4096;

/// D9: behind the first page, too, whatever stands there.
#[test]
fn garbage_in_any_page_of_the_index_changes_no_answer() {
    let b = desk_of(60);
    let questions = [
        "list --all --json",
        "list -q",
        "search --json word31",
        "stats --json --since 2026-01-01 --until 2027-01-01",
        "timeline --json",
    ];
    let ask = |line: &str| b.run(&line.split(' ').collect::<Vec<_>>(), b"");
    let answers = questions.map(ask);
    for answer in &answers {
        assert_eq!((answer.status, &*answer.stderr), (0, ""), "{answer:?}");
    }
    let mut damaged = 0;
    for name in ["index.db", "text.db"] {
        let db = b.ticket(&format!(".tickets/{name}"));
        for at in 1.. {
            let sound = fs::read(&db).unwrap();
            if sound.len() < (at + 1) * PAGE {
                break;
            }
            for (which, damage) in DAMAGES.iter().enumerate() {
                for (line, answer) in questions.iter().zip(&answers) {
                    let mut bytes = sound.clone();
                    damage(&mut bytes[at * PAGE..(at + 1) * PAGE]);
                    fs::write(&db, bytes).unwrap();
                    assert_eq!(
                        &ask(line),
                        answer,
                        "{name}, page {at}, damage {which}: {line}"
                    );
                    damaged += 1;
                }
            }
        }
    }
    assert!(damaged > 400, "{damaged}");
}

/// D9: a few bytes that SQLite takes for what they are not, and says so in ways of its own.
#[test]
fn no_damage_of_a_few_bytes_stops_a_command() {
    let b = desk_of(60);
    let lines = [
        "list --all",
        "search word31",
        "stats --since 2026-01-01 --until 2027-01-01",
        "timeline",
    ];
    b.works("search word31");
    // The format of the schema, and the page in which it stands.
    let places = [44, 101, 4104].into_iter();
    for name in ["index.db", "text.db"] {
        let db = b.ticket(&format!(".tickets/{name}"));
        let sound = fs::read(&db).unwrap();
        let all = places.clone().chain((200..sound.len() - 64).step_by(2003));
        for (at, (length, byte)) in
            all.flat_map(|at| [(at, (4, 0)), (at, (1, 0xff)), (at, (64, 0))])
        {
            for line in lines {
                let mut bytes = sound.clone();
                bytes[at..at + length].fill(byte);
                fs::write(&db, bytes).unwrap();
                let ran = b.run(&line.split(' ').collect::<Vec<_>>(), b"");
                let what = format!("{name}, {length} times {byte} at {at}: {line}: {ran:?}");
                assert_eq!((ran.status, &*ran.stderr), (0, ""), "{what}");
            }
        }
    }
}

/// D9: a long answer whose beginning is printed when the damage is met ends there, and is not begun anew.
#[test]
fn nothing_is_printed_twice_where_the_index_is_damaged() {
    let b = desk_of(1900);
    b.works("reindex");
    let db = b.ticket(".tickets/index.db");
    let sound = fs::read(&db).unwrap();
    // What is said of the first tickets comes last.
    let late = memchr::memmem::Finder::new("Subject 50");
    let pages = || {
        sound
            .chunks(PAGE)
            .enumerate()
            .filter(|(_, page)| late.find(page).is_some())
    };
    assert!(pages().count() > 2);
    for line in ["list --json --sort number", "timeline --json"] {
        let words: Vec<&str> = line.split(' ').collect();
        fs::write(&db, &sound).unwrap();
        let whole = b.run(&words, b"");
        let mut cut_short = 0;
        for (at, _) in pages() {
            let mut bytes = sound.clone();
            DAMAGES[2](&mut bytes[at * PAGE..(at + 1) * PAGE]);
            fs::write(&db, bytes).unwrap();
            let ran = b.run(&words, b"");
            if ran == whole {
                continue;
            }
            cut_short += 1;
            let damage = "tickets: cannot read the index: it is damaged\nhint: `tickets reindex` rebuilds it\n";
            assert_eq!(
                (ran.status, &*ran.stderr),
                (75, damage),
                "{line}: page {at}"
            );
            assert!(ran.stdout.len() >= 60_000, "{line}: page {at}");
            assert!(whole.stdout.starts_with(&ran.stdout), "{line}: page {at}");
            assert!(b.run(&words, b"") == whole, "{line}: page {at}");
        }
        assert!(cut_short > 0, "{line}");
    }
}

// E3, D9
#[test]
fn check_says_what_stands_in_the_place_of_the_index() {
    let b = desk_of(60);
    b.works("list --all");
    let db = b.ticket(".tickets/index.db");
    let sound = fs::read(&db).unwrap();
    let path = db.display();
    let lines = || said_of_index(&b);
    let mend = "      mend: tickets reindex";
    assert_eq!(lines(), ["ok    index: 60 tickets"]);
    fs::write(&db, "garbage").unwrap();
    let text =
        "is no index; something else wrote there, or the disk has faults; no mail is lost with it";
    assert_eq!(
        lines(),
        [format!("warn  index: {path} {text}"), mend.to_owned()]
    );
    let mut other = sound.clone();
    other[60..64].copy_from_slice(&1u32.to_be_bytes());
    fs::write(&db, other).unwrap();
    let text = "ok    index: it is of another version; the next mail or command makes it anew";
    assert_eq!(lines(), [text]);
    for at in [1, 3, sound.len() / PAGE - 1] {
        let mut bytes = sound.clone();
        DAMAGES[2](&mut bytes[at * PAGE..(at + 1) * PAGE]);
        fs::write(&db, bytes).unwrap();
        let text = format!("warn  index: {path} is damaged; no mail is lost with it");
        assert_eq!(lines(), [text, mend.to_owned()], "page {at}");
    }
    b.says("reindex", "60 tickets, 60 messages\n");
    assert_eq!(lines(), ["ok    index: 60 tickets"]);
    fs::remove_file(&db).unwrap();
    assert_eq!(
        lines(),
        ["ok    index: none yet; the next mail or command makes it"]
    );
}
