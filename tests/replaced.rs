//! Another process makes the index anew, or somebody deletes it, under the hands of a command: before any of the
//! locks that it asks for or gives back. No command minds it (D8, D9).

use crate::bench::{Bench, Ran, finish};
use crate::shim;
use std::fs;
use std::os::unix::fs::MetadataExt;

fn mail(id: &str) -> String {
    format!("From: a@b.example\nSubject: hello {id}\nMessage-ID: <{id}@x>\n\nhello\n")
}

/// A desk with two open tickets and a closed one, all of which the index knows.
fn desk() -> Bench {
    let b = Bench::with("ack = false\nnotify = \"none\"\nclose_by = \"anyone\"\n");
    for id in ["1", "2", "3"] {
        b.file("submit", mail(id));
    }
    b.file("ticket-3-done", mail("done"));
    b.works("search -q hello");
    b
}

/// Another program has written a ticket anew, with the bytes that were there.
fn change(b: &Bench, name: &str) {
    let bytes = fs::read(b.ticket(name)).unwrap();
    b.put(&format!("tickets/{name}"), &bytes);
}

/// Runs a command whose index is taken away before its `nth` lock, and says whether it came to that. With
/// `replaced` another index comes in its place.
fn run(b: &Bench, line: &str, stdin: &str, nth: usize, replaced: bool) -> (Ran, bool) {
    let index = b.ticket(".tickets/index.db");
    if replaced {
        b.put(
            "tickets/.tickets/index.db.other",
            &fs::read(&index).unwrap(),
        );
    }
    let kept = b.path("kept");
    let _ = fs::remove_file(&kept);
    fs::hard_link(&index, &kept).unwrap();
    let mut command = b.command(&line.split(' ').collect::<Vec<_>>());
    command
        .env("LD_PRELOAD", shim::library(b))
        .env("SHIM_NOSYNC", "1")
        .env("SHIM_INDEX", &index)
        .env("SHIM_GONE", nth.to_string());
    let ran = finish(command, stdin.as_bytes());
    let _ = fs::remove_file(index.with_extension("db.other"));
    (ran, fs::metadata(kept).unwrap().nlink() == 1)
}

/// Gives a command again and again; another index comes before its first lock, its second, and so on, until there is
/// no further one. `check` sees each time how it ended.
fn at_each_lock(
    b: &Bench,
    replaced: bool,
    line: impl Fn(usize) -> (String, String),
    check: impl Fn(&Ran, &str),
) {
    for nth in 1.. {
        b.works("search -q hello");
        let (line, stdin) = line(nth);
        let (ran, came) = run(b, &line, &stdin, nth, replaced);
        let what = format!("{line}: before lock {nth}: {ran:?}");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
        check(&ran, &what);
        if !came {
            println!("{line}: {nth} locks");
            assert!(nth > 4, "{what}");
            break;
        }
    }
}

// D8, D9
#[test]
fn commands_that_read_say_what_they_say() {
    let b = desk();
    for (line, replaced) in [
        ("list --all --json", true),
        ("list -q", false),
        ("search -q hello", true),
        ("stats --json", true),
        ("timeline --json", false),
    ] {
        let said = b.run(&line.split(' ').collect::<Vec<_>>(), b"");
        // So that it has something to write, too.
        let changed = |_| {
            change(&b, "2");
            (line.to_owned(), String::new())
        };
        at_each_lock(&b, replaced, changed, |ran, what| {
            assert_eq!(ran, &said, "{what}");
        });
    }
}

// D8: what was begun is done, once, and said.
#[test]
fn commands_that_write_do_what_they_do() {
    let b = desk();
    let close = |n: usize| {
        change(&b, "1");
        (format!("close 1 -m text-{n}"), String::new())
    };
    at_each_lock(&b, true, close, |ran, what| {
        assert_eq!(ran.stdout, "closed 1  hello 1\n", "{what}");
        b.works("reopen 1");
    });
    let mbox = b.mbox("1");
    for n in 1..=mbox.matches("text-").count() {
        assert_eq!(mbox.matches(&format!("\ntext-{n}\n")).count(), 1, "{mbox}");
    }
    let reopen = |_| {
        change(&b, "archived/3");
        ("reopen 3".to_owned(), String::new())
    };
    at_each_lock(&b, false, reopen, |ran, what| {
        assert_eq!(ran.stdout, "re-opened 3  hello 3\n", "{what}");
        b.works("close 3");
    });
    let answer = |n: usize| {
        change(&b, "2");
        let line = "deliver -f a@b.example -r submit@example.org";
        let mail = format!("In-Reply-To: <2@x>\n{}", mail(&format!("answer-{n}")));
        (line.to_owned(), mail)
    };
    at_each_lock(&b, true, answer, |ran, what| {
        assert_eq!(ran.stdout, "", "{what}");
    });
    let import = |n: usize| {
        change(&b, "2");
        let mail = mail(&format!("import-{n}"));
        let archive = format!("From x@y Mon Jan  1 10:00:00 2024\n{mail}\n");
        b.put("a.mbox", archive.as_bytes());
        ("import a.mbox".to_owned(), String::new())
    };
    at_each_lock(&b, true, import, |ran, what| {
        assert_eq!(ran.stdout, "filed 1 message in 1 new ticket\n", "{what}");
    });
}

// D8, D10
#[test]
fn what_was_overwritten_is_put_back() {
    let b = desk();
    let whole = fs::read(b.ticket("2")).unwrap();
    b.file("ticket-2", mail("lost"));
    let lose = |_| {
        b.put("tickets/2", &whole);
        ("restore 2".to_owned(), String::new())
    };
    at_each_lock(&b, true, lose, |ran, what| {
        let (first, words) = ran.stdout.split_once(' ').expect(what);
        assert_eq!(first, "restored", "{what}");
        assert!(words.ends_with("  a@b.example  hello lost\n"), "{what}");
        assert_eq!(b.mbox("2").matches("<lost@x>").count(), 1, "{what}");
    });
}
