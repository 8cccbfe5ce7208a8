//! `tickets export`: a mailbox that any program reads, and of which `tickets import` makes the same
//! tickets again.

use crate::bench::{Bench, Ran, finish};
use crate::deliver::mail;
use crate::import::{archive, tickets, written};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::process::Command;
use tickets::mail::entry::{self, Trace, Verdict};
use tickets::mail::mbox;

/// A desk with an open and a closed ticket, one of which mutt has read.
fn desk() -> Bench {
    let bench = Bench::new();
    let first = mail("1", "Subject: Fire\n", "It burns.\nFrom the back.\r");
    bench.file("submit", &first);
    bench.file("submit", mail("2", "Status: RO\n", "x"));
    bench
        .deliver_bounce("ticket-1@example.org", mail("3", "", "undelivered"))
        .silent();
    bench.file("ticket-2-done", mail("4", "", "y"));
    bench.file("ticket-1-quiet", "no header at all");
    bench
}

/// The same desk with no tickets.
fn other(bench: &Bench, name: &str, args: &[&str], stdin: &[u8]) -> Ran {
    let dir = bench.path(name);
    let args = [&["--dir", dir.to_str().unwrap()], args].concat();
    bench.run(&args, stdin)
}

/// All files of a store, byte for byte.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for dir in ["", "archived"] {
        for entry in fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn there_and_back() {
    let bench = desk();
    let said = "exported 2 tickets, 5 messages\n";
    bench
        .run(&["export", "--mbox", "all.mbox"], b"")
        .is(0, said, "");
    bench
        .run(&["export", "--all", "--maildir", "backup"], b"")
        .is(0, said, "");
    let filed = "filed 5 messages in 2 new tickets\n";
    let there = "filed 0 messages; 5 were there already\n";
    let want = files(&bench.ticket(""));
    for archive in ["all.mbox", "backup"] {
        let store = format!("{archive}.store");
        for said in [filed, there] {
            other(&bench, &store, &["import", "--keep-numbers", archive], b"").is(0, said, "");
            assert_eq!(files(&bench.path(&store)), want, "{archive}");
        }
        // Where it came from it is known, too.
        bench.run(&["import", archive], b"").is(0, there, "");
    }
    assert_eq!(files(&bench.ticket("")), want);
    // Both at once are the same tickets once.
    let both = ["import", "-k", "backup", "all.mbox"];
    let twice = "filed 5 messages in 2 new tickets; 5 were in the archive twice\n";
    other(&bench, "both", &both, b"").is(0, twice, "");
    assert_eq!(files(&bench.path("both")), want);
    // So is a copy of the store itself.
    let with_copy = ["import", "-k", "backup", "tickets"];
    other(&bench, "with_copy", &with_copy, b"").is(0, twice, "");
    assert_eq!(files(&bench.path("with_copy")), want);
    // A pipe; and what has happened since is added, in the state it is in now.
    let piped = bench.run(&["export", "--mbox", "-"], b"");
    assert_eq!((piped.status, piped.stderr.as_str()), (0, ""));
    assert_eq!(
        piped.stdout.as_bytes(),
        fs::read(bench.path("all.mbox")).unwrap()
    );
    bench.file("ticket-2", mail("5", "", "again"));
    bench.file("ticket-1-done", mail("6", "", "z"));
    let piped = bench.run(&["export", "--mbox", "-"], b"");
    let grown = "filed 2 messages in 2 tickets that were there; 5 were there already\n";
    other(
        &bench,
        "both",
        &["import", "-k", "-"],
        piped.stdout.as_bytes(),
    )
    .is(0, grown, "");
    assert_eq!(files(&bench.path("both")), files(&bench.ticket("")));
}

#[test]
fn another_desk_writes_its_own_addresses_and_numbers() {
    let bench = desk();
    bench
        .run(&["export", "--mbox", "all.mbox"], b"")
        .silent_but_for_output("export");
    let there = Bench::with("domain = \"example.com\"\nsubmit = \"help\"\nticket = \"help+{n}\"\n");
    there
        .deliver("help@example.com", mail("9", "", "x"))
        .silent();
    there.put("all.mbox", &fs::read(bench.path("all.mbox")).unwrap());
    there
        .run(&["import", "all.mbox"], b"")
        .silent_but_for_output("import");
    assert_eq!(there.names(), ["1", "2", "archived/3"]);
    let to = |name: &str| -> Vec<String> {
        let mbox = there.mbox(name);
        mbox.lines()
            .filter_map(|l| l.strip_prefix("Delivered-To: "))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        to("2"),
        [
            "help@example.com",
            "help+2@example.com",
            "help+2-quiet@example.com"
        ]
    );
    assert_eq!(
        to("archived/3"),
        ["help@example.com", "help+3-done@example.com"]
    );
    for (here, k) in [("1", "1"), ("1", "3"), ("2", "1")] {
        let raw = bench.run(&["show", "--raw", here, k], b"");
        let number = if here == "1" { "2" } else { "3" };
        assert_eq!(there.run(&["show", "--raw", number, k], b""), raw);
    }
}

#[test]
fn only_some() {
    let bench = desk();
    let export = |args: &[&str]| {
        let ran = bench.run(&[&["export", "--mbox", "-"], args].concat(), b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let numbers = ran
            .stdout
            .lines()
            .filter_map(|l| l.strip_prefix("X-Tickets-Export: ticket="));
        let short = numbers.map(|l| l.split(';').take(3).collect::<String>());
        short.collect::<Vec<_>>()
    };
    let plain = bench.command(&["export", "--mbox", "-"]);
    let mut shell = Command::new("sh");
    let program = plain.get_program().to_str().unwrap();
    shell.args(["-c", &format!("exec {program} export --mbox - >/dev/full")]);
    bench.as_ordinary_user(&mut shell);
    finish(shell, b"").is(
        75,
        "",
        "tickets: cannot write standard output: No space left on device (os error 28)\n\
         hint: free some space, then try again\n",
    );
    let one = [
        "1 state=open entry=1",
        "1 state=open entry=2",
        "1 state=open entry=3",
    ];
    let two = ["2 state=closed entry=1", "2 state=closed entry=2"];
    assert_eq!(export(&["--open"]), one);
    assert_eq!(export(&["--closed"]), two);
    assert_eq!(export(&["1", "1"]), one);
    assert_eq!(export(&["2", "1"]), [&one[..], &two].concat());
    let dir = bench.path("tickets").display().to_string();
    bench.run(&["export", "1", "7", "--mbox", "x"], b"").is(
        66,
        "",
        &format!("tickets: no ticket 7 in {dir}\nhint: `tickets list --all` shows every ticket\n"),
    );
    assert!(!bench.path("x").exists());
    let nothing = Bench::new();
    nothing
        .run(&["export", "--mbox", "none"], b"")
        .is(0, "exported 0 tickets, 0 messages\n", "");
    assert_eq!(fs::read(nothing.path("none")).unwrap(), b"");
    assert!(!nothing.ticket("").exists());
}

#[test]
fn nothing_is_overwritten() {
    let bench = desk();
    bench.put("there", b"precious");
    bench.make_dir("full");
    bench.put("full/x", b"");
    bench.make_dir("empty");
    let hint = "hint: remove it first, or give another name\n";
    for (args, why) in [
        (["--mbox", "there"], "there: there is such a file already"),
        (
            ["--maildir", "there"],
            "there: there is such a file already",
        ),
        (["--maildir", "full"], "full: the directory is not empty"),
        (["--mbox", "tickets/9"], "tickets/9: it would be a ticket"),
        (
            ["--maildir", "tickets/archived/9"],
            "tickets/archived/9: it would be a ticket",
        ),
    ] {
        let said = format!("tickets: cannot export to {why}\n{hint}");
        bench
            .run(&[&["export"], &args[..]].concat(), b"")
            .is(64, "", &said);
    }
    assert_eq!(fs::read(bench.path("there")).unwrap(), b"precious");
    for form in ["--mbox", "--maildir"] {
        let said = "tickets: cannot export to no/such/x: there is no directory no/such\n\
                    hint: mkdir -p no/such\n";
        bench
            .run(&["export", form, "no/such/x"], b"")
            .is(64, "", said);
    }
    let said = "exported 2 tickets, 5 messages\n";
    bench
        .run(&["export", "--maildir", "empty"], b"")
        .is(0, said, "");
    let mut names: Vec<String> = fs::read_dir(bench.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.contains("export"));
    assert_eq!(names, [""; 0], "no half mailbox is left");
}

#[test]
fn other_programs_read_it() {
    let bench = desk();
    bench
        .run(&["export", "--mbox", "all.mbox"], b"")
        .silent_but_for_output("export");
    bench
        .run(&["export", "--maildir", "backup"], b"")
        .silent_but_for_output("export");
    let script = "import mailbox, sys\n\
        for box in mailbox.mbox('all.mbox'), mailbox.Maildir('backup', create=False):\n\
        \x20   print(len(box), sorted(str(m['Subject']) for m in box))\n";
    let mut python = Command::new("python3");
    python.args(["-c", script]);
    bench.as_ordinary_user(&mut python);
    let Ok(output) = python.output() else {
        eprintln!("SKIPPED: tests/export.rs, since python3 is not installed");
        return;
    };
    let line = "5 ['Fire', 'None', 'None', 'None', 'None']\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), line.repeat(2));
}

/// What lies in a ticket: mail of any kind, filed by us or put there by a mail program.
#[derive(Clone, Debug)]
struct Lying {
    raw: Vec<u8>,
    to: &'static str,
    ours: bool,
    read: bool,
}

fn lying() -> impl Strategy<Value = Lying> {
    let piece = prop::sample::select(vec![
        "\n",
        "\n\n",
        "\r\n",
        ">",
        "From ",
        "\nFrom x\n",
        "Subject: [issue3] x\n",
        "Message-ID: <1@x>\n",
        "In-Reply-To: <1@x>\n",
        "X-Tickets-Export: ticket=9\n",
        "Content-Length: 3\n",
        "Date: 1 Jan 2024 00:00:00 +0000\n",
        "\0",
        "ü",
        "x",
    ]);
    let to = prop::sample::select(vec![
        "submit@example.org",
        "ticket-9@example.org",
        "ticket-9-done@example.org",
        "ticket-9-quiet@example.org",
        "gone@x",
    ]);
    (
        vec(piece, 0..12),
        any::<u32>(),
        to,
        prop::bool::weighted(0.8),
        any::<bool>(),
    )
        .prop_map(|(pieces, unique, to, ours, read)| Lying {
            // Two that are the same message are one to the desk (A5).
            raw: format!("X-Nr: {unique}\n{}{unique}", pieces.concat()).into_bytes(),
            to,
            ours,
            read,
        })
}

fn stored(mail: &Lying, at: i64) -> Vec<u8> {
    let trace = Trace {
        sender: (at % 3 > 0).then_some("ann@example.net"),
        filed_under: mail.to,
        at,
    };
    let mut entry = entry::encode(&trace, &mail.raw);
    if !mail.ours {
        let date = mbox::from_line(Some("bob@example.net"), at);
        entry = [date.as_bytes(), &mail.raw, b"\n\n"].concat();
    }
    if mail.read {
        let text = b"\nX-Tickets-Entry:";
        if let Some(found) = entry.windows(text.len()).position(|w| w == text) {
            entry.splice(found..found, *b"\nStatus: RO");
        }
    }
    entry
}

/// A message: its bytes and its date.
type Content = (Vec<u8>, Option<i64>);

/// The messages of each ticket.
fn content(root: &Path) -> Vec<(String, Vec<Content>)> {
    let read = |(name, file): (String, Vec<u8>)| {
        let messages = mbox::entries(&file, 0).map(|found| {
            let decoded = entry::decode(found.content);
            assert_ne!(decoded.verdict, Verdict::Changed, "{name}");
            (decoded.raw.to_vec(), mbox::date_of(found.from_line))
        });
        let messages: Vec<_> = messages.collect();
        (name, messages)
    };
    files(root).into_iter().map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    // Any store: the same tickets, the same bytes, the same numbers, the same states.
    #[test]
    fn any_store_comes_back(
        store in prop::collection::btree_map(1..40u32, (any::<bool>(), vec(lying(), 1..4)), 1..6),
        maildir in any::<bool>(),
    ) {
        let bench = Bench::new();
        bench.run(&["reindex"], b"").is(0, "0 tickets, 0 messages\n", "");
        let mut at = 1_700_000_000;
        for (number, (closed, mails)) in &store {
            let mut file = Vec::new();
            for mail in mails {
                at += 1;
                file.extend(stored(mail, at));
            }
            let dir = if *closed { "archived/" } else { "" };
            bench.put(&format!("tickets/{dir}{number}"), &file);
        }
        let want = content(&bench.ticket(""));
        let form = if maildir { "--maildir" } else { "--mbox" };
        bench.run(&["export", form, "all"], b"").silent_but_for_output("export");
        other(&bench, "there", &["import", "-k", "all"], b"").silent_but_for_output("import");
        prop_assert_eq!(content(&bench.path("there")), want);
        let checked = other(&bench, "there", &["check", "--store"], b"");
        let count = |n: usize, what| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let messages = count(store.values().map(|(_, mails)| mails.len()).sum(), "message");
        let said = format!("{messages} in {}, none changed\n", count(store.len(), "ticket"));
        checked.is(0, &said, "");
        let again = other(&bench, "there", &["import", "all"], b"");
        prop_assert!(again.stdout.starts_with("filed 0 messages"), "{again:?}");
        // A second journey changes nothing at all any more.
        let before = files(&bench.path("there"));
        let dir = bench.path("there");
        bench.run(&["--dir", dir.to_str().unwrap(), "export", form, "more"], b"").silent_but_for_output("export");
        other(&bench, "elsewhere", &["import", "-k", "more"], b"").silent_but_for_output("import");
        prop_assert_eq!(files(&bench.path("elsewhere")), before);
    }
}

// A6: one mail in several tickets is in several tickets afterwards.
#[test]
fn a_mail_in_two_tickets() {
    let bench = Bench::new();
    let [one, two] = ["1", "2"].map(|id| written(id, "ann", (1, 1), "", id));
    for mail in [&one, &two] {
        bench.file("submit", mail);
    }
    bench.file("ticket-1", &two);
    bench.file("ticket-2", &one);
    bench
        .run(&["export", "--mbox", "all"], b"")
        .silent_but_for_output("export");
    bench
        .run(&["export", "2", "--mbox", "second"], b"")
        .silent_but_for_output("export");
    // One after the other: what is in ticket 1 does not make it ticket 2.
    let said = "filed 2 messages in 1 new ticket\n";
    other(&bench, "there", &["import", "second"], b"").is(0, said, "");
    let said = "filed 2 messages in 1 new ticket; 2 were there already\n";
    other(&bench, "there", &["import", "all"], b"").is(0, said, "");
    let there = Bench::new();
    there.put("all", &fs::read(bench.path("all")).unwrap());
    there
        .run(&["import", "all"], b"")
        .is(0, "filed 4 messages in 2 new tickets\n", "");
    assert_eq!(tickets(&there), ["1: 1 2", "2: 2 1"]);
    // Part of an archive that was imported before, in a foreign mailbox.
    there.put("mine", archive(&[&one, &two]).as_bytes());
    there
        .run(&["import", "mine"], b"")
        .is(0, "filed 0 messages; 2 were there already\n", "");
}
