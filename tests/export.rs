//! `tickets export`: a mailbox that any program reads, and of which `tickets import` makes the same
//! tickets again.

use crate::bench::{Bench, Ran};
use crate::deliver::mail;
use crate::import::{archive, tickets, written};
use crate::reply::on_terminal;
use crate::transcript::Transcript;
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

// A6, B7, D6, E4
#[test]
fn manual() {
    let b = desk();
    let mut t = Transcript::new(&b);
    let same = "diff -r -x .tickets tickets";
    t.step(
        "All tickets as an mbox or a Maildir. A field more says where each message belongs.",
        "tickets export --mbox all.mbox\ntickets export --all --maildir backup\nhead -n 8 all.mbox",
    );
    t.step(
        "Of either, another store makes the same tickets, byte for byte, and once. Where they came from, all is known.",
        &format!(
            "tickets --dir one import --keep-numbers all.mbox\n{same} one\n\
             tickets --dir one import --keep-numbers all.mbox\n{same} one\n\
             tickets --dir two import --keep-numbers backup\n{same} two\n\
             tickets import all.mbox\ntickets import backup\n\
             tickets import all.mbox backup all.mbox\n{same} one"
        ),
    );
    t.step(
        "Both at once are the same tickets once. So is a copy of the store.",
        &format!(
            "tickets --dir both import -k backup all.mbox\n{same} both\n\
             tickets --dir copy import -k backup tickets\n{same} copy"
        ),
    );
    t.step(
        "A pipe gets the same.",
        "tickets export --mbox - | cmp - all.mbox",
    );
    b.file("ticket-2", mail("5", "", "again"));
    b.file("ticket-1-done", mail("6", "", "z"));
    t.step(
        "What has happened since is added, and each ticket is in the state that it is in now.",
        &format!("tickets export --mbox - | tickets --dir both import -k -\n{same} both"),
    );

    let b = desk();
    t.at(&b).step(
        "Some of the tickets, each once.",
        "tickets export --mbox - --open | grep ^X-Tickets-Export\n\
         tickets export --mbox - --closed | grep ^X-Tickets-Export\n\
         tickets export --mbox - 1 1 | grep ^X-Tickets-Export\n\
         tickets export --mbox - 2 1 | grep -c ^X-Tickets-Export\n\
         tickets export 1 7 --mbox x\n\
         ls x",
    );
    b.put("there", b"precious");
    b.make_dir("full");
    b.put("full/x", b"");
    b.make_dir("empty");
    t.step(
        "Nothing is overwritten, and no half mailbox is left.",
        "tickets export --mbox there\n\
         tickets export --maildir there\n\
         tickets export --maildir full\n\
         tickets export --mbox tickets/9\n\
         tickets export --maildir tickets/archived/9\n\
         tickets export --mbox no/such/x\n\
         tickets export --maildir no/such/x\n\
         tickets export --mbox - >/dev/full\n\
         tickets export --maildir empty\n\
         cat there\n\
         ls",
    );

    let there = Bench::with("domain = \"example.com\"\nsubmit = \"help\"\nticket = \"help+{n}\"\n");
    let help = there.deliver("help@example.com", mail("9", "", "x"));
    help.silent();
    b.works("export --mbox all.mbox");
    there.put("all.mbox", &fs::read(b.path("all.mbox")).unwrap());
    t.at(&there).step(
        "Another desk gives its own numbers, and writes its own addresses.",
        "tickets import all.mbox\ngrep ^Delivered-To: tickets/2 tickets/archived/3",
    );
    for (here, k, there_is) in [("1", "1", "2"), ("1", "3", "2"), ("2", "1", "3")] {
        let raw = b.run(&["show", "--raw", here, k], b"");
        assert_eq!(there.run(&["show", "--raw", there_is, k], b""), raw);
    }

    let nothing = Bench::new();
    t.at(&nothing).step(
        "Where there is no store, nothing is exported: the backup would be empty.",
        "tickets export --mbox none\ncat none\nls",
    );
    insta::assert_snapshot!("export", t);
}

#[test]
fn other_programs_read_it() {
    let bench = desk();
    bench.works("export --mbox all.mbox");
    bench.works("export --maildir backup");
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
        bench.make_store();
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
    bench.works("export --mbox all");
    bench.works("export 2 --mbox second");
    // One after the other: what is in ticket 1 does not make it ticket 2.
    let said = "filed 2 messages in 1 new ticket\n";
    other(&bench, "there", &["import", "second"], b"").is(0, said, "");
    let said = "filed 2 messages in 1 new ticket; 2 were there already\n";
    other(&bench, "there", &["import", "all"], b"").is(0, said, "");
    let there = Bench::new();
    there.put("all", &fs::read(bench.path("all")).unwrap());
    there.says("import all", "filed 4 messages in 2 new tickets\n");
    assert_eq!(tickets(&there), ["1: 1 2", "2: 2 1"]);
    // Part of an archive that was imported before, in a foreign mailbox.
    there.put("mine", archive(&[&one, &two]).as_bytes());
    there.says("import mine", "filed 0 messages; 2 were there already\n");
}

/// (E2) A terminal gets no bytes that could steer it; a pipe gets all.
#[test]
fn a_terminal_gets_no_escape_sequences() {
    // T11
    let b = Bench::new();
    b.file(
        "submit",
        "Message-ID: <1@x>\nSubject: x\n\n\u{1b}]0;owned\u{7}\n",
    );
    let ran = on_terminal(&b, "export --mbox -", "");
    let text = "cannot show this on a terminal: it holds control characters or binary data";
    let hint = "`tickets export --mbox - > FILE` saves it";
    assert_eq!(ran.status, 64, "{ran:?}");
    let said = ran.stdout + &ran.stderr;
    assert_eq!(said, format!("tickets: {text}\nhint: {hint}\n"));
    let piped = b.run(&["export", "--mbox", "-"], b"");
    assert_eq!((piped.status, &*piped.stderr), (0, ""));
    assert!(piped.stdout.contains("\n\u{1b}]0;owned\u{7}\n"));
    // What is harmless is shown.
    let b = Bench::new();
    b.file(
        "submit",
        "Message-ID: <1@x>\nSubject: x\n\nGr\u{fc}\u{df}e\n",
    );
    let ran = on_terminal(&b, "export --mbox -", "");
    assert!(
        ran.status == 0 && ran.stdout.contains("Gr\u{fc}\u{df}e"),
        "{ran:?}"
    );
}

/// E3: what an export that was killed left beside its place goes with the next one, and nothing else does.
#[test]
fn what_a_killed_export_left_is_removed() {
    let b = Bench::new();
    b.file("submit", mail("1", "", "x"));
    b.file("ticket-1", mail("2", "", "y"));
    b.works("export --mbox whole");
    let whole = fs::read(b.path("whole")).unwrap();
    let second = whole.windows(7).rposition(|it| it == b"\nFrom a").unwrap();
    // Cut off in the first field of the second message, and in its text, and before anything was written.
    b.put(".export.night.aaaaaa.part", &whole[..second + 60]);
    b.put(".export.night.bbbbbb.part", &whole[..whole.len() - 3]);
    b.put(".export.night.cccccc.part", b"");
    for (dir, text) in [
        ("aaaaaa", &b""[..]),
        (
            "bbbbbb",
            &whole[whole.iter().position(|&b| b == b'\n').unwrap() + 1..],
        ),
    ] {
        let dir = format!(".export.nights.{dir}.part");
        b.make_dir(&dir);
        b.make_dir(&format!("{dir}/cur"));
        b.put(&format!("{dir}/cur/1.x"), text);
    }
    b.make_dir(".export.nights.cccccc.part");
    // Somebody's mail, an export that is being written, other names, and what is no export.
    let mine = [
        &whole[..],
        b"From x Thu Jan  1 00:00:00 1970\nSubject: mine\n\nx\n\n",
    ]
    .concat();
    b.put(".export.night.mine00.part", &mine);
    b.make_dir(".export.nights.mine00.part");
    b.make_dir(".export.nights.mine00.part/new");
    b.put(".export.nights.mine00.part/new/1", b"Subject: mine\n\nx\n");
    b.put(".export.night.locked.part", &whole);
    b.put(".export.night.name", &whole);
    b.put(".export.other.aaaaaa.part", &whole);
    std::os::unix::fs::symlink("whole", b.path(".export.night.link00.part")).unwrap();
    let lock = fs::File::open(b.path(".export.night.locked.part")).unwrap();
    lock.lock().unwrap();
    b.works("export --mbox night");
    b.works("export --maildir nights");
    let mut left: Vec<String> = (fs::read_dir(b.path("")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".export"))
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            ".export.night.link00.part",
            ".export.night.locked.part",
            ".export.night.mine00.part",
            ".export.night.name",
            ".export.nights.mine00.part",
            ".export.other.aaaaaa.part",
        ]
    );
    assert_eq!(fs::read(b.path("night")).unwrap(), whole);
}

/// E3: where an export cannot be written, it is refused before it begins.
#[test]
fn a_place_that_cannot_be_is_refused_at_once() {
    let b = Bench::new();
    b.file("submit", mail("1", "", "x"));
    b.make_dir("empty");
    b.make_dir("full");
    b.works("export --maildir full");
    std::os::unix::fs::symlink("full", b.path("to-full")).unwrap();
    std::os::unix::fs::symlink("empty", b.path("to-empty")).unwrap();
    std::os::unix::fs::symlink("tickets", b.path("to-store")).unwrap();
    let names = || {
        let dirs = [
            "",
            "full",
            "full/cur",
            "empty",
            "tickets",
            "tickets/archived",
            "tickets/.tickets",
        ];
        let names = dirs.map(|dir| {
            fs::read_dir(b.path(dir))
                .unwrap()
                .map(|it| it.unwrap().path())
        });
        let mut names: Vec<_> = names.into_iter().flatten().collect();
        names.sort();
        names
    };
    let before = names();
    for (target, why) in [
        ("--mbox tickets/archived/1.lock", "it is in the store"),
        ("--mbox tickets/.tickets/x", "it is in the store"),
        ("--maildir tickets/x", "it is in the store"),
        ("--mbox to-store/x", "it is in the store"),
        ("--mbox to-store/./7", "it would be a ticket"),
        ("--maildir to-full/", "it is a link"),
        ("--maildir to-full", "it is a link"),
        ("--maildir to-empty//", "it is a link"),
        ("--mbox to-full/", "there is such a file already"),
        ("--maildir .", "it has no name of its own"),
        ("--maildir empty/..", "it has no name of its own"),
        ("--mbox /", "it has no name of its own"),
    ] {
        let (option, path) = target.split_once(' ').unwrap();
        let hint = match why {
            "it is a link" | "there is such a file already" => {
                "remove it first, or give another name"
            }
            "it is in the store" | "it would be a ticket" => "name a place outside the store",
            _ => "give it a name",
        };
        let shown = path.trim_end_matches('/').replace("/./", "/");
        let shown = if shown.is_empty() || shown.ends_with('.') {
            path
        } else {
            &shown
        };
        b.run(&["export", option, path], b"").is(
            64,
            "",
            &format!("tickets: cannot export to {shown}: {why}\nhint: {hint}\n"),
        );
    }
    assert_eq!(names(), before);
    b.works("export --maildir full/");
}

/// E3: a backup of every night has one place, and what is there is given up for a whole one only.
#[test]
fn an_export_takes_the_place_of_the_one_before() {
    let b = Bench::new();
    b.file("submit", mail("1", "", "x"));
    for (option, name) in [("--mbox", "night"), ("--maildir", "nights")] {
        let export = |b: &Bench| b.run(&["export", option, name], b"");
        export(&b).is(0, "exported 1 ticket, 1 message\n", "");
        export(&b).is(0, "exported 1 ticket, 1 message\n", "");
    }
    b.file("submit", mail("2", "", "From here on\nx\n"));
    b.works("close --quiet 1");
    for (option, name) in [("--mbox", "night"), ("--maildir", "nights")] {
        let ran = b.run(&["export", option, name], b"");
        ran.is(0, "exported 2 tickets, 3 messages\n", "");
        // It restores the tickets as they are.
        let restored = Bench::new();
        let path = b.path(name).display().to_string();
        let ran = restored.run(&["import", "--keep-numbers", &path], b"");
        assert_eq!(ran.status, 0, "{ran:?}");
        assert_eq!(restored.names(), ["2", "archived/1"]);
        // A part of the tickets does not take its place, nor does an empty store.
        let part = b.run(&["export", option, name, "2"], b"");
        assert_eq!((part.status, part.stdout.as_str()), (64, ""), "{part:?}");
        b.make_dir("empty");
        let empty = b.path("empty").display().to_string();
        let ran = b.run(&["--dir", &empty, "export", option, name], b"");
        let why = format!(
            "tickets: cannot export to {name}: the store has no messages, and what is there has\n"
        );
        ran.is(
            66,
            "",
            &format!("{why}hint: `tickets --dir {empty} check` says which store it is\n"),
        );
    }
    // Another desk's stays, too.
    let other = Bench::with("domain = \"example.com\"\n");
    other
        .deliver("submit@example.com", mail("9", "", "x"))
        .silent();
    for (option, name) in [("--mbox", "night"), ("--maildir", "nights")] {
        let there = b.path(name).display().to_string();
        let ran = other.run(&["export", option, &there], b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (64, ""), "{ran:?}");
    }
    // What somebody else put there stays.
    let mbox = fs::read(b.path("night")).unwrap();
    let more = [
        &mbox[..],
        b"From x Thu Jan  1 00:00:00 1970\nSubject: mine\n\nx\n\n",
    ]
    .concat();
    b.put("night", &more);
    b.put("nights/cur/mine", b"Subject: mine\n\nx\n");
    for (option, name) in [("--mbox", "night"), ("--maildir", "nights")] {
        let ran = b.run(&["export", option, name], b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (64, ""), "{ran:?}");
    }
    assert_eq!(fs::read(b.path("night")).unwrap(), more);
    assert!(b.path("nights/cur/mine").exists());
    let left = fs::read_dir(b.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        !left
            .into_iter()
            .any(|name| name.to_string_lossy().starts_with(".export"))
    );
}
