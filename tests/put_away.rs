//! The job `archive`: old closed tickets are put away, one mbox a year, and can be brought back (D11).

use crate::bench::{Bench, Ran, finish};
use crate::crash::{at_each, at_each_failure, calls_in, in_threads, strace_is_here, under_strace};
use crate::deliver::mail;
use crate::filter::{MAIL, install, switch_on};
use crate::import::{archive, written};
use crate::shim;
use crate::tally::Letter;
use crate::until::until;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tickets::mail::{entry, mbox};

const JOB: &str = "[job.archive]\nrun = \"archive 2y\"\nat = \"@monthly\"\n";

/// Closed tickets of long ago (1 and 2 of 2024, 3 of 2023), an open one (4), and one that was closed just now (5).
fn desk() -> Bench {
    let bench = Bench::with(JOB);
    let mails = [
        written(
            "1",
            "ann",
            (1, 1),
            "Subject: [issue1] a\n",
            "a\nFrom here\r",
        ),
        written(
            "2",
            "bob",
            (1, 2),
            "In-Reply-To: <1@example.net>\n",
            "no end \0",
        ),
        written("3", "ann", (1, 3), "Subject: [issue2] b\n", "b"),
        written("4", "ann", (1, 4), "Subject: [issue3] c\n", "c").replace("2024", "2023"),
    ];
    let mails = mails.each_ref().map(String::as_str);
    bench.put("old.mbox", archive(&mails).as_bytes());
    bench.works("import --closed --keep-numbers old.mbox");
    let open = written("5", "ann", (1, 5), "Subject: d\n", "d");
    bench.put("open.mbox", archive(&[&open]).as_bytes());
    bench.works("import open.mbox");
    // What a mail program has put into a ticket by hand.
    let mut bytes = fs::read(bench.ticket("archived/2")).unwrap();
    bytes.extend(
        b"From me@x.org Mon Jan  8 10:00:00 2024\nStatus: RO\nSubject: by hand\n\n>From me\n\n",
    );
    bench.put("tickets/archived/2", &bytes);
    bench.file("submit", mail("6", "", "f"));
    bench.works("close --quiet 5");
    bench.take_sent();
    let names = ["4", "archived/1", "archived/2", "archived/3", "archived/5"];
    assert_eq!(bench.names(), names);
    bench
}

/// What a store holds: of each ticket its name, and the messages as they came in.
fn raw(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for name in bench.names() {
        if !name.ends_with(char::is_numeric) {
            continue;
        }
        let file = fs::read(bench.ticket(&name)).unwrap();
        let raw = |found: mbox::Entry| {
            let raw = entry::decode(found.content).raw;
            String::from_utf8_lossy(&raw).into_owned()
        };
        all.insert(name, mbox::entries(&file, 0).map(raw).collect());
    }
    all
}

/// The same of the tickets that are put away; of another bench, too.
fn old(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let mut all = raw(bench);
    all.retain(|name, _| name != "archived/5" && name != "4");
    assert_eq!(all.len(), 3);
    all
}

/// The messages in the mbox of a year, by the numbers in their Message-IDs; those without one as `-`.
fn year(bench: &Bench, year: u16) -> String {
    let path = bench.ticket(&format!("archived/{year}.mbox"));
    let Ok(file) = fs::read(path) else {
        return String::new();
    };
    let ids = mbox::entries(&file, 0).map(|found| {
        let text = String::from_utf8_lossy(found.content).into_owned();
        assert!(text.starts_with("X-Tickets-Export: ticket="), "{text}");
        let id = text.split("Message-ID: <").nth(1).unwrap_or("-@");
        id.split('@').next().unwrap().to_owned()
    });
    ids.collect::<Vec<_>>().join(" ")
}

fn run_job(bench: &Bench) -> Ran {
    bench.run(&["jobs", "run", "archive"], b"")
}

/// The job says this, after its name and how long it took.
#[track_caller]
fn says(bench: &Bench, want: &str) {
    let ran = run_job(bench);
    assert_eq!((ran.status, &*ran.stderr), (0, ""), "{ran:?}");
    let note = ran.stdout.trim_end().split_once(": ok: ");
    assert_eq!(note, Some(("archive", want)), "{ran:?}");
}

const BOTH: &str =
    "1 ticket put away into archived/2023.mbox, 2 tickets put away into archived/2024.mbox";
const LEFT: [&str; 5] = [
    "4",
    "archived/2023.mbox",
    "archived/2024.mbox",
    "archived/5",
    "archived/put-away",
];

fn mbox_of(bench: &Bench, year: u16) -> PathBuf {
    bench.ticket(&format!("archived/{year}.mbox"))
}

// D11, D6, D9
#[test]
fn what_is_put_away_can_be_brought_back() {
    let bench = desk();
    let before = raw(&bench);
    let shown = |n: &str| bench.run(&["show", "--raw", "1", n], b"").stdout;
    let came = [shown("1"), shown("2")];
    says(&bench, BOTH);
    assert_eq!(bench.names(), LEFT);
    assert_eq!(
        (year(&bench, 2023), year(&bench, 2024)),
        ("4".into(), "1 2 3 -".into())
    );
    let log = bench.run(&["jobs", "log", "archive"], b"").stdout;
    assert!(log.ends_with("\n\n1 ticket put away into archived/2023.mbox\n2 tickets put away into archived/2024.mbox\n"), "{log}");
    // The same form as an export has, so that any mail program reads it.
    let text = fs::read_to_string(mbox_of(&bench, 2023)).unwrap();
    let first = "From somebody@example.net Sun Jan  1 04:00:00 2023\nX-Tickets-Export: ticket=3; state=closed; entry=1;";
    assert!(text.starts_with(first) && text.ends_with("c\n\n"), "{text}");
    bench.says("list -q --all", "5\n4\n");
    bench.says("check --store", "3 messages in 2 tickets, none changed\n");
    bench.works("reindex");
    says(&bench, "no closed ticket is so old");
    assert_eq!(bench.names(), LEFT);
    for year in ["2023", "2024"] {
        let file = format!("tickets/archived/{year}.mbox");
        bench.works(&format!("import --keep-numbers {file}"));
    }
    let mut after = raw(&bench);
    assert_eq!(after, before);
    assert_eq!([shown("1"), shown("2")], came);
    bench.says("check --store", "8 messages in 5 tickets, none changed\n");
    // A ticket like any other: it can be opened again, and what is old goes again, and is there once.
    bench.works("reopen 3");
    bench.works("close --quiet 3");
    says(&bench, "2 tickets put away into archived/2024.mbox");
    assert_eq!(
        (year(&bench, 2023), year(&bench, 2024)),
        ("4".into(), "1 2 3 -".into())
    );
    bench.works("import --keep-numbers tickets/archived/2024.mbox");
    after.remove("archived/3");
    let mut again = raw(&bench);
    again.remove("archived/3");
    assert_eq!(again, after);
}

// D11, B7: nobody else gets the number, not even by `import --keep-numbers`, whatever is lost.
#[test]
fn the_number_stays_taken() {
    let bench = desk();
    for id in ["4", "5"] {
        fs::rename(
            bench.ticket(if id == "4" { "4" } else { "archived/5" }),
            bench.path(id),
        )
        .unwrap();
    }
    fs::write(bench.ticket(".tickets/sequence"), "").unwrap();
    says(&bench, BOTH);
    for lose in ["sequence", "index.db"] {
        let _ = fs::remove_file(bench.ticket(".tickets").join(lose));
    }
    let other = written("9", "eve", (2, 1), "Subject: [issue2] other\n", "x");
    bench.put("other.mbox", archive(&[&other]).as_bytes());
    bench
        .run(&["import", "--keep-numbers", "other.mbox"], b"")
        .is(
            0,
            "filed 1 message in 1 new ticket\n",
            "tickets: ticket 2 of the archive is ticket 4 here: 2 was taken\n",
        );
    bench.file("submit", mail("10", "", "x"));
    let names = bench.names();
    assert_eq!(names[..2], ["4", "5"], "{names:?}");
    bench.works("import --keep-numbers tickets/archived/2024.mbox");
    assert_eq!(
        raw(&bench).keys().collect::<Vec<_>>(),
        ["4", "5", "archived/1", "archived/2"]
    );
}

// D11, B8
#[test]
fn mail_to_it_is_never_refused() {
    let bench = desk();
    says(&bench, BOTH);
    let path = mbox_of(&bench, 2024);
    let policy = "request=smtpd_access_policy\nrecipient=ticket-1@example.org\n\n";
    bench
        .run(&["policy"], policy.as_bytes())
        .is(0, "action=DUNNO\n\n", "");
    bench.says("verify ticket-2-done@example.org", "");
    let refused = "5.1.1 There is no ticket ticket-9@example.org: please write to submit@example.org to open a new one.\n";
    bench
        .run(&["verify", "ticket-9@example.org"], b"")
        .is(67, refused, "");
    let today = fs::read_to_string(bench.ticket("archived/put-away")).unwrap();
    let today = today
        .lines()
        .find(|line| line.starts_with("1 2024 "))
        .unwrap();
    let today = today.split(' ').nth(2).unwrap().to_owned();
    let remark = |n: u32| {
        format!(
            "It was written to ticket {n}, which was put away on {today} into {path}. `mutt -f {path}` shows it.",
            path = path.display()
        )
    };
    for (n, (to, more, about)) in [
        ("ticket-1", "", 1),
        ("ticket-2-done", "", 2),
        ("submit", "Subject: Re: [issue1] a\n", 1),
        (
            "submit",
            "In-Reply-To: <tickets.2.copy.0123456789abcdef0123456789abcdef@example.org>\n",
            2,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let message = mail(&format!("new{n}"), more, "again");
        bench.file(to, &message);
        // What the MTA brings twice is there once.
        bench.file(to, &message);
        let sent = bench.take_sent();
        let short: Vec<String> = sent.iter().map(|it| it.in_short()).collect();
        let want = [
            "ack <> -- alice@example.net",
            "copy <> -- steve@example.org",
        ];
        assert_eq!(short, want, "{to} {more}");
        if more.starts_with("In-Reply-To") {
            continue;
        }
        assert_eq!(
            sent[1].field("X-Tickets-Remark"),
            Some(remark(about)),
            "{to} {more}"
        );
        assert_eq!(sent[0].field("X-Tickets-Remark"), None);
    }
    let names = bench.names();
    assert_eq!(names[..4], ["4", "6", "7", "8"], "{names:?}");
    // One that is back gets its mail again.
    bench.works("import --keep-numbers tickets/archived/2024.mbox");
    bench.file("ticket-1", mail("back", "", "x"));
    assert!(bench.mbox("1").contains("<back@example.net>"));
}

// D11
#[test]
fn a_desk_all_of_whose_tickets_were_put_away_has_not_lost_them() {
    let bench = desk();
    says(&bench, BOTH);
    for name in ["4", "archived/5"] {
        fs::remove_file(bench.ticket(name)).unwrap();
    }
    let [old, new] = [2023, 2024].map(|year| mbox_of(&bench, year).display().to_string());
    let said = format!(
        "tickets: all tickets in {} were put away, into {old} and {new}, which any mail program reads\n",
        bench.path("tickets").display()
    );
    for (line, status) in [
        ("list", 0),
        ("search printer", 1),
        ("timeline", 0),
        ("stats", 0),
    ] {
        let ran = bench.run(&line.split(' ').collect::<Vec<_>>(), b"");
        assert_eq!(
            (ran.status, ran.stderr.as_str()),
            (status, said.as_str()),
            "{line}"
        );
    }
    let daily =
        ["digest", "reindex", "remind"].map(|job| format!("[job.{job}]\nevery = \"1 day\"\n"));
    bench.configure(&format!("{JOB}{}", daily.concat()));
    for (job, note) in [
        ("digest", "no tickets"),
        ("reindex", "no tickets"),
        ("remind", "nothing waits"),
    ] {
        bench.says(&format!("jobs run {job}"), &format!("{job}: ok: {note}\n"));
    }
    bench.works(&format!("import --keep-numbers {old} {new}"));
    assert_eq!(
        bench.names()[..3],
        ["archived/1", "archived/2", "archived/2023.mbox"]
    );
}

// D11, G5
#[test]
fn a_filter_may_send_mail_to_it() {
    let bench = desk();
    says(&bench, BOTH);
    let answer = "#!/bin/sh\necho '{\"go\":\"ticket\",\"ticket\":2}'\n";
    install(&bench, "f", answer.as_bytes(), "");
    switch_on(&bench, &["f"], JOB);
    let ran = bench.run(&["modules", "run", "f", "filter"], MAIL.as_bytes());
    let then = "\nthen    it opens a ticket, since ticket 2 was put away\n";
    assert!(ran.status == 0 && ran.stdout.contains(then), "{ran:?}");
    for _ in 0..2 {
        bench.file("submit", MAIL);
    }
    // The same message is filed once, also where the filter has changed its mind.
    install(&bench, "f", b"#!/bin/sh\n", "");
    bench.file("submit", MAIL);
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 2);
    let remark = sent[1].field("X-Tickets-Remark").unwrap();
    let (begin, end) = (
        "It was written to ticket 2, which was put away on ",
        " shows it.",
    );
    assert!(
        remark.starts_with(begin) && remark.ends_with(end),
        "{remark}"
    );
    assert_eq!(bench.names().iter().filter(|name| *name == "6").count(), 1);
    assert!(!bench.names().contains(&"7".to_owned()));
    let said = "X-Tickets-Module: f; go=new; instead-of=\"new\"";
    assert_eq!(
        bench.mbox("6").lines().filter(|line| *line == said).count(),
        1
    );
    let list = bench.run(&["modules"], b"").stdout;
    assert!(!list.contains("fault"), "{list}");
}

// D11, E4
#[test]
fn commands_say_where_it_lies() {
    let bench = desk();
    says(&bench, BOTH);
    let path = mbox_of(&bench, 2024);
    let path = path.display();
    let list = fs::read_to_string(bench.ticket("archived/put-away")).unwrap();
    let line = list
        .lines()
        .find(|line| line.starts_with("2 2024 "))
        .unwrap();
    let on = line.split(' ').nth(2).unwrap();
    let said = |on: &str| {
        format!(
            "tickets: ticket 2 was put away{on} into {path}\n\
             hint: `tickets import --keep-numbers {path}` brings back what was put there, `mutt -f {path}` shows it\n"
        )
    };
    for command in [
        "show 2",
        "close 2",
        "reopen 2",
        "reply 2",
        "restore 2",
        "export 2 --mbox x",
    ] {
        let ran = bench.run(&command.split(' ').collect::<Vec<_>>(), b"");
        ran.is(66, "", &said(&format!(" on {on}")));
    }
    // A list that was lost is made anew by the next run.
    fs::remove_file(bench.ticket("archived/put-away")).unwrap();
    let ran = bench.run(&["show", "2"], b"");
    assert!(
        ran.stderr.starts_with("tickets: no ticket 2 in "),
        "{ran:?}"
    );
    says(&bench, "no closed ticket is so old");
    bench.run(&["show", "2"], b"").is(66, "", &said(""));
    let ran = bench.run(&["show", "9"], b"");
    assert!(
        ran.stderr.starts_with("tickets: no ticket 9 in "),
        "{ran:?}"
    );
}

// D11
#[test]
fn what_is_not_to_be_put_away_stays() {
    let bench = desk();
    let before = |name: &str| fs::read(bench.ticket(name)).unwrap();
    // Half a message at the end of one, mutt at work in another; of the third a message of now.
    let whole = before("archived/1");
    bench.put("tickets/archived/1", &[&whole[..], &whole[..200]].concat());
    bench.put("tickets/archived/2.lock", b"");
    let mut third = before("archived/3");
    third.extend(b"From x@x.org Thu Jan  8 10:00:00 2099\nSubject: x\n\nx\n\n");
    let last = b"From x@x.org Mon Jan  9 10:00:00 2023\nSubject: x\n\nx\n\n";
    bench.put("tickets/archived/3", &[&third[..], last].concat());
    let all = ["archived/1", "archived/2", "archived/3"].map(before);
    says(&bench, "2 tickets stay");
    assert_eq!(["archived/1", "archived/2", "archived/3"].map(before), all);
    let log = bench.run(&["jobs", "log", "archive"], b"").stdout;
    let lock = bench.ticket("archived/2");
    let lock = lock.display();
    let want = format!(
        "tickets: ticket 1 stays: it ends in the middle of a message\n\
         tickets: ticket 2 stays: cannot lock {lock}: the owner of {lock}.lock holds it\n"
    );
    assert!(log.ends_with(&want), "{log}");
    fs::remove_file(bench.ticket("archived/2.lock")).unwrap();
    bench.put("tickets/archived/1", &whole);
    says(&bench, "2 tickets put away into archived/2024.mbox");
    // Who locks as mutt does is asked, too.
    bench.works("import --keep-numbers tickets/archived/2024.mbox");
    let file = fs::File::options()
        .write(true)
        .read(true)
        .open(bench.ticket("archived/1"))
        .unwrap();
    let lock = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETLK(&lock)).unwrap();
    says(
        &bench,
        "1 ticket put away into archived/2024.mbox, 1 ticket stays",
    );
    assert!(bench.ticket("archived/1").exists());
}

// D11: a second run leaves at once, whatever table names it; a mail program that has the year's mbox is waited for.
#[test]
fn one_run_at_a_time() {
    let bench = desk();
    bench.put("tickets/archived/put-away", b"");
    let list = fs::File::open(bench.ticket("archived/put-away")).unwrap();
    list.lock().unwrap();
    says(&bench, "another run puts tickets away at this moment");
    drop(list);
    // As mutt leaves it after a crash: five minutes later it is nobody's.
    bench.put("tickets/archived/2024.mbox.lock", b"");
    let lock = fs::File::open(bench.ticket("archived/2024.mbox.lock")).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(301);
    lock.set_modified(old).unwrap();
    says(&bench, BOTH);
    assert_eq!(bench.names(), LEFT);
}

// D11: what the operator has deleted does not come back, and what they edited is not taken for what was.
#[test]
fn what_was_deleted_stays_deleted() {
    let bench = desk();
    let first = fs::read_to_string(bench.ticket("archived/1")).unwrap();
    says(&bench, BOTH);
    bench.works("import --keep-numbers tickets/archived/2024.mbox");
    let second = first.rfind("\nFrom somebody@").unwrap() + 1;
    bench.put("tickets/archived/1", &first.as_bytes()[second..]);
    let edited = fs::read_to_string(bench.ticket("archived/2")).unwrap();
    bench.put(
        "tickets/archived/2",
        edited.replace("\nb\n", "\nmore\n").as_bytes(),
    );
    let before = raw(&bench);
    says(&bench, "2 tickets stay");
    assert_eq!(raw(&bench), before);
    // Deleted there as well, it goes.
    bench.put("tickets/archived/2024.mbox", b"");
    says(&bench, "2 tickets put away into archived/2024.mbox");
    let ran = bench.run(
        &["import", "--keep-numbers", "tickets/archived/2024.mbox"],
        b"",
    );
    let edited = "tickets: 1 message had been changed since it came in: filed as it is now\n";
    ran.is(0, "filed 3 messages in 2 new tickets\n", edited);
    assert_eq!(raw(&bench), before);
}

// D11, G2
#[test]
fn it_runs_where_a_table_says_so_and_the_part_is_on() {
    let bench = Bench::new();
    bench.file("submit", mail("1", "", "x"));
    let names = |bench: &Bench| bench.run(&["jobs"], b"").stdout;
    assert!(!names(&bench).contains("archive"));
    bench.run(&["tick"], b"").silent();
    bench.configure(JOB);
    assert!(names(&bench).contains("archive "));
    for (run, why) in [
        (
            "archive",
            "it takes one argument: for how long nothing was filed, as in \"archive 2y\"",
        ),
        (
            "archive soon",
            "\"soon\" is not a length of time such as \"2y\" or \"90d\"",
        ),
    ] {
        bench.configure(&JOB.replace("archive 2y", run));
        let ran = bench.run(&["jobs"], b"");
        assert_eq!(ran.status, 78, "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
    }
    bench.configure(&format!("[parts]\noff = [\"archive\"]\n{JOB}"));
    let ran = bench.run(&["jobs"], b"");
    assert_eq!((ran.status, ran.stdout.contains("archive")), (0, false));
    bench.file("submit", mail("2", "", "x"));
    assert_eq!(bench.names(), ["1", "2"]);
}

// L7, D10: a line for each run that did something; and no message is missing that was put away.
#[test]
fn it_leaves_a_line_and_nothing_is_missing() {
    let bench = desk();
    bench.works("close --quiet 4");
    let log = bench.path("log");
    let job = JOB.replace("archive 2y", "archive 1s");
    bench.configure(&format!("log = {log:?}\n{job}"));
    // What was filed a moment ago is older than a second some time.
    let mut notes = Vec::new();
    while bench
        .names()
        .iter()
        .any(|name| name == "archived/4" || name == "archived/5")
    {
        notes.push(run_job(&bench));
    }
    bench
        .run(&["restore"], b"")
        .is(0, "", "tickets: nothing is missing\n");
    bench.says("check --store", "0 messages in 0 tickets, none changed\n");
    let log = fs::read_to_string(log).unwrap();
    let fields = |line: &str| line.split("]: ").nth(1).unwrap().to_owned();
    let lines: Vec<String> = log.lines().map(fields).collect();
    let did = notes
        .iter()
        .filter(|ran| ran.stdout.contains("put away"))
        .count();
    assert_eq!(lines.len(), did, "{lines:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with("archive tickets=")),
        "{lines:?}"
    );
}

/// The job itself, without a process above it.
const WORK: [&str; 4] = ["jobs", "work", "--by-hand", "archive"];

/// Calls that change something; between two of them nothing is there that a crash could hurt.
const CALLS: &str = "openat,write,pwrite64,fsync,fdatasync,linkat,renameat,renameat2,unlink,unlinkat,ftruncate,\
    fallocate,flock,fcntl,fchmod";

/// The calls of a run that nothing happens to.
fn calls() -> BTreeMap<String, usize> {
    let bench = desk();
    let log = bench.path("strace.log");
    let filter = format!("trace={CALLS},read,pread64,newfstatat,getdents64");
    let options = ["-o", log.to_str().unwrap(), "-e", &filter];
    under_strace(&bench, &options, &WORK, b"").silent();
    assert_eq!(bench.names(), LEFT);
    let calls = calls_in(&log);
    assert!(calls["unlinkat"] >= 3 && calls["fsync"] >= 8, "{calls:?}");
    calls
}

/// What must be true after another run, whatever happened to the first: each message is there once.
fn check(bench: &Bench, before: &BTreeMap<String, Vec<String>>, what: &str) {
    let ran = run_job(bench);
    assert_eq!((ran.status, &*ran.stderr), (0, ""), "{what}: {ran:?}");
    assert_eq!(bench.names(), LEFT, "{what}");
    // A ticket that had to stay came later.
    let there = year(bench, 2024);
    let mut there: Vec<&str> = there.split(' ').collect();
    there.sort_unstable();
    assert_eq!(
        (&*year(bench, 2023), &there[..]),
        ("4", &["-", "1", "2", "3"][..]),
        "{what}"
    );
    let ran = bench.run(&["check", "--store"], b"");
    assert_eq!(ran.status, 0, "{what}: {ran:?}");
    // Mail to it is taken, as it is to others.
    for to in ["ticket-1@example.org", "ticket-3@example.org"] {
        bench.run(&["verify", to], b"").is(0, "", "");
    }
    let files = ["tickets/archived/2023.mbox", "tickets/archived/2024.mbox"];
    let ran = bench.run(&["import", "--keep-numbers", files[0], files[1]], b"");
    assert_eq!((ran.status, &*ran.stderr), (0, ""), "{what}: {ran:?}");
    assert_eq!(old(bench), *before, "{what}");
}

/// Between two runs, each message is in the store or in the mbox of its year, or in both; and half of none.
fn nothing_is_lost(bench: &Bench, what: &str) {
    let names = bench.names();
    for (ticket, at, messages) in [
        ("archived/1", 2024, &["1", "2"][..]),
        ("archived/2", 2024, &["3", "-"]),
        ("archived/3", 2023, &["4"]),
    ] {
        if !names.iter().any(|name| name == ticket) {
            let there = year(bench, at);
            let mut there = there.split(' ');
            assert!(
                messages.iter().all(|id| there.any(|it| it == *id)),
                "{what}: {ticket}"
            );
        }
    }
}

// D11, D7
#[test]
fn a_run_that_is_killed_is_done_by_the_next() {
    if !strace_is_here() {
        return;
    }
    let mut calls = calls();
    calls.retain(|name, _| CALLS.split(',').any(|it| it.trim() == name));
    let before = old(&desk());
    let count = at_each(&calls, |name, n| {
        let bench = desk();
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let ran = under_strace(&bench, &["-o", "/dev/null", "-e", &inject], &WORK, b"");
        assert!([-9, 0].contains(&ran.status), "{name} {n}: {ran:?}");
        let what = format!("killed at {name} {n}");
        nothing_is_lost(&bench, &what);
        check(&bench, &before, &what);
    });
    println!("{count} kill points");
}

// D11, D7
#[test]
fn a_run_on_a_disk_that_fails_is_done_by_the_next() {
    if !strace_is_here() {
        return;
    }
    let failures = [
        ("ENOSPC", "openat,write,pwrite64,linkat,renameat,ftruncate"),
        (
            "EIO",
            "write,pwrite64,fsync,fdatasync,pread64,linkat,unlinkat,getdents64,ftruncate",
        ),
        ("EINTR", "write,fsync"),
    ];
    let before = old(&desk());
    let count = at_each_failure(&calls(), &failures, |inject, what| {
        let bench = desk();
        let ran = under_strace(&bench, &["-o", "/dev/null", "-e", inject], &WORK, b"");
        let what = format!("{what}: {ran:?}");
        let loader = ran.stderr.contains("error while loading");
        assert!([0, 66, 75, 78].contains(&ran.status) || loader, "{what}");
        nothing_is_lost(&bench, &what);
        check(&bench, &before, &what);
    });
    println!("{count} failures");
}

// D11, D7: in the middle of a write.
#[test]
fn a_disk_that_fills_up_keeps_the_tickets() {
    let before = old(&desk());
    let run = |bench: &Bench, kind: &[(&str, &str)]| {
        let mut command = bench.command(&WORK);
        command
            .env("LD_PRELOAD", shim::library(bench))
            .env("SHIM_DISK", bench.ticket(""))
            .env("SHIM_NOSYNC", "1")
            .envs(kind.iter().copied());
        finish(command, b"")
    };
    let bench = desk();
    let log = bench.path("writes");
    bench.put("writes", b"");
    run(&bench, &[("SHIM_WRITES", log.to_str().unwrap())]).silent();
    let log = fs::read_to_string(log).unwrap();
    let (mut end, mut rooms) = (0, Vec::new());
    for bytes in log.lines().map(|line| line.parse::<u64>().unwrap()) {
        rooms.push(end + bytes / 2);
        end += bytes;
    }
    rooms.dedup();
    println!("{} disks that are too small", rooms.len());
    in_threads(rooms, |room| {
        let bench = desk();
        let ran = run(&bench, &[("SHIM_ROOM", &room.to_string())]);
        let what = format!("room for {room} bytes: {ran:?}");
        assert!([0, 75].contains(&ran.status), "{what}");
        nothing_is_lost(&bench, &what);
        check(&bench, &before, &what);
    });
}

// D11, D7: what a run leaves that a power cut ends in the middle of what it appends. Of the same bytes, at the end of an
// mbox that nobody was at work on, nothing is taken away: somebody has edited them.
#[test]
fn half_a_message_of_a_run_that_died_is_taken_away() {
    let whole = {
        let bench = desk();
        says(&bench, BOTH);
        fs::read(mbox_of(&bench, 2024)).unwrap()
    };
    let mine = b"From me@x.org Mon Jan  1 00:00:00 2024\nSubject: mine\n\nx\n";
    let before = old(&desk());
    let points = (0..whole.len())
        .step_by(97)
        .chain([10, 56, 62, 66, 70])
        .collect();
    in_threads(points, |cut| {
        let bench = desk();
        bench.put(
            "tickets/archived/2024.mbox",
            &[&mine[..], b"\n", &whole[..cut]].concat(),
        );
        let list = format!("# 2024 {}\n", mine.len());
        bench.put("tickets/archived/put-away", list.as_bytes());
        let ran = run_job(&bench);
        assert_eq!((ran.status, &*ran.stderr), (0, ""), "{cut}: {ran:?}");
        let made = fs::read(mbox_of(&bench, 2024)).unwrap();
        let rest = made.strip_prefix(&[&mine[..], b"\n"].concat()[..]).unwrap();
        assert_eq!(
            String::from_utf8_lossy(rest),
            String::from_utf8_lossy(&whole),
            "{cut}"
        );
        // Mail of somebody else's there is imported as a ticket of its own.
        bench.put("tickets/archived/2024.mbox", rest);
        check(&bench, &before, &format!("cut at {cut}"));
    });
    let bench = desk();
    let cut = &whole[..whole.len() / 2];
    bench.put("tickets/archived/2024.mbox", cut);
    bench.put("tickets/archived/put-away", b"# 2024 0\n#\n");
    let ran = run_job(&bench);
    assert_eq!(ran.status, 0, "{ran:?}");
    let made = fs::read(mbox_of(&bench, 2024)).unwrap();
    assert!(made.starts_with(cut));
}

// D11: whoever comes between the copy and the removal is not lost: the ticket stays, and is told what it is told.
#[test]
fn mail_that_comes_meanwhile_stays_in_its_ticket() {
    if !strace_is_here() {
        return;
    }
    let before = old(&desk());
    // The run is held at each of its syncs, and mail to all tickets comes.
    let syncs = calls()["fsync"];
    in_threads((1..=syncs).collect(), |n| {
        let bench = desk();
        let inject = format!("inject=fsync:signal=STOP:when={n}");
        let log = bench.path("strace.log");
        let mut command = std::process::Command::new("strace");
        let plain = bench.command(&WORK);
        let options = [
            "-o",
            log.to_str().unwrap(),
            "-e",
            "trace=fsync",
            "-e",
            &inject,
        ];
        command
            .args(options)
            .arg(plain.get_program())
            .args(plain.get_args());
        bench.as_ordinary_user(&mut command);
        let mut run = command.stdin(std::process::Stdio::null()).spawn().unwrap();
        until("it stops", || {
            assert!(
                run.try_wait().unwrap().is_none(),
                "it does not stop at sync {n}"
            );
            fs::read_to_string(&log).is_ok_and(|it| it.contains("stopped by SIGSTOP"))
        });
        let parent = run.id();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let worker = children.unwrap().trim().parse().unwrap();
        let worker = nix::unistd::Pid::from_raw(worker);
        let letter = mail("meanwhile", "", "x");
        let came = bench.deliver("ticket-3@example.org", &letter);
        nix::sys::signal::kill(worker, nix::sys::signal::Signal::SIGCONT).unwrap();
        assert!(run.wait().unwrap().success());
        // Whoever waits for a lock of the run is told to come again.
        let what = format!("at sync {n}: {came:?}");
        assert!([0, 75].contains(&came.status), "{what}");
        bench.file("ticket-3", &letter);
        let with: Vec<String> = bench
            .names()
            .into_iter()
            .filter(|name| !name.contains('p') || name.ends_with(char::is_numeric))
            .filter(|name| name.ends_with(char::is_numeric))
            .filter(|name| bench.mbox(name).contains("<meanwhile@"))
            .collect();
        assert!(
            [&["3"][..], &["6"]]
                .contains(&&with.iter().map(String::as_str).collect::<Vec<_>>()[..]),
            "{what}: {with:?}"
        );
        if with == ["3"] {
            let mut now = raw(&bench);
            let third = now.remove("3").unwrap();
            assert_eq!(third[..1], before["archived/3"][..], "{what}");
        } else {
            assert_eq!(year(&bench, 2023), "4", "{what}");
        }
    });
}

// D11: deliveries at any moment, of two desks as it were: each mail is in one ticket, and every old one once.
#[test]
fn a_crowd_that_writes_meanwhile_loses_nothing() {
    for round in 0..4 {
        let bench = desk();
        let letters: Vec<Letter> = (0..12)
            .map(|n| {
                Letter::new(
                    &format!("ticket-{}@example.org", n % 3 + 1),
                    1000 + 100 * round + n,
                )
            })
            .collect();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| run_job(&bench));
            scope.spawn(|| {
                for letter in &letters {
                    // One whose ticket goes at that moment comes again.
                    while bench.deliver(&letter.recipient, &letter.bytes).status != 0 {}
                }
            });
            assert_eq!(run.join().unwrap().status, 0);
        });
        let mut all = String::new();
        for name in bench
            .names()
            .iter()
            .filter(|name| *name != "archived/put-away")
        {
            all += &bench.mbox(name);
        }
        for letter in &letters {
            let id = String::from_utf8_lossy(&letter.bytes).into_owned();
            let id = id
                .split("Message-ID: ")
                .nth(1)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .to_owned();
            assert_eq!(
                all.matches(&format!("\nMessage-ID: {id}\n")).count(),
                1,
                "{id}"
            );
        }
        for n in 1..=6 {
            let id = format!("\nMessage-ID: <{n}@example.net>\n");
            let times = all.matches(&id).count();
            // One that came back to life before its file was removed is in both; the next run ends that.
            assert!((1..=2).contains(&times), "{id}: {times}");
        }
        bench.works("check --store");
    }
}

// D11: after a power cut, too. Nothing is removed before its messages, the list and the last number are on the disk, nor
// is it said to be done before the removal is. And mail to a ticket that is there does not ask the list.
#[test]
fn nothing_is_removed_before_the_rest_is_on_the_disk() {
    if !strace_is_here() {
        return;
    }
    let bench = desk();
    let log = bench.path("strace.log");
    let options = |calls: &str| -> Vec<String> {
        let log = log.to_str().unwrap();
        ["-y", "-o", log, "-e", &format!("trace={calls}")]
            .map(str::to_owned)
            .to_vec()
    };
    let run = |calls: &str, args: &[&str], stdin: &[u8]| {
        let options = options(calls);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        under_strace(&bench, &options, args, stdin).silent();
        fs::read_to_string(&log).unwrap()
    };
    let log = run("write,fsync,unlinkat", &WORK, b"");
    let steps: String = log
        .lines()
        .filter_map(|line| {
            let (call, of) = line.split_once('(')?;
            let is = |name: &str| of.contains(&format!("/{name}>"));
            match call {
                "write" if is("2023.mbox") || is("2024.mbox") => Some('m'),
                "fsync" if is("2023.mbox") || is("2024.mbox") => Some('M'),
                "write" if is("put-away") => Some('l'),
                "fsync" if is("put-away") => Some('L'),
                "fsync" if is("sequence") => Some('S'),
                "fsync" if is("tickets/archived") => Some('D'),
                "unlinkat" if !of.contains(".lock") && !of.contains("index") => {
                    of.contains("/archived>").then_some('r')
                }
                _ => None,
            }
        })
        .collect();
    assert_eq!(steps, "DlLmMDlLSrDlLmMDlLSrrD", "{log}");
    let mails = [
        ["deliver", "-r", "ticket-4@example.org"],
        ["deliver", "-r", "submit@example.org"],
    ];
    for (n, args) in mails.iter().enumerate() {
        let log = run("all", args, mail(&format!("there{n}"), "", "x").as_bytes());
        assert!(log.contains("\"From "), "{log}");
        assert!(!log.contains("put-away"), "{log}");
    }
}
