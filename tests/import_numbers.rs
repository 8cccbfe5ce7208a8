//! Numbers and states that an archive gives its tickets.

use crate::bench::Bench;
use crate::deliver::mail;
use crate::import::{archive, filed, nobody_was_told, tickets, written};
use std::fs;

// B2, B7, B11, C6
#[test]
fn numbers_and_states_of_another_system() {
    let bug = |id: &str, at, to: &str, subject: &str| {
        let head = format!("To: {to}@bugs.old.example\nSubject: {subject}\n");
        written(id, "ann", at, &head, id)
    };
    let machine = "Auto-Submitted: auto-replied\n";
    let mails = [
        bug("1", (1, 1), "submit", "Fire"),
        written(
            "2",
            "eve",
            (1, 2),
            "To: 40@bugs.old.example\nReferences: <1@example.net>\nSubject: Bug#40: Fire\n",
            "2",
        ),
        bug("3", (1, 3), "40-done", "Re: Bug#40: Fire"),
        bug("4", (1, 4), "38", "Bug#38: older number"),
        bug("5", (1, 5), "38-done", "x"),
        bug("6", (1, 6), "38", "again"),
        written(
            "7",
            "eve",
            (1, 7),
            &format!("To: 40-done@bugs.old.example\n{machine}"),
            "away",
        ),
        written(
            "8",
            "eve",
            (1, 8),
            &format!("To: 38-done@bugs.old.example\n{machine}"),
            "away",
        ),
        written("9", "bob", (1, 9), "Subject: no number\n", "9"),
    ];
    let refs: Vec<&str> = mails.iter().map(String::as_str).collect();
    let run = |options: &[&str]| {
        let bench = Bench::new();
        bench.put("bugs.mbox", archive(&refs).as_bytes());
        let args = [&["import", "bugs.mbox", "--system", "debbugs"], options].concat();
        let said = "filed 9 messages in 3 new tickets\n";
        bench.run(&args, b"").is(0, said, "");
        let found = tickets(&bench);
        // Whatever was asked for: the second time all is there.
        bench
            .run(&args, b"")
            .is(0, "filed 0 messages; 9 were there already\n", "");
        assert_eq!(tickets(&bench), found);
        nobody_was_told(&bench);
        (bench, found)
    };
    let (bench, found) = run(&[]);
    assert_eq!(found, ["2: 4 5 6 8", "3: 9", "archived/1: 1 2 3 7"]);
    let to: Vec<String> = filed(&bench, "archived/1")
        .into_iter()
        .map(|(_, to, ..)| to)
        .collect();
    let want =
        ["submit", "ticket-1", "ticket-1-done", "ticket-1"].map(|a| format!("{a}@example.org"));
    assert_eq!(to, want);
    let show = bench.run(&["show", "1", "--json"], b"").stdout;
    let events: Vec<&str> = show
        .lines()
        .map(|l| {
            l.split("\"event\":")
                .nth(1)
                .unwrap()
                .split(',')
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(events, ["\"opened\"", "null", "\"closed\"", "null"]);

    let (bench, found) = run(&["--keep-numbers"]);
    assert_eq!(found, ["38: 4 5 6 8", "41: 9", "archived/40: 1 2 3 7"]);
    bench.file("submit", mail("10", "", "x"));
    assert!(
        bench.names().contains(&"42".to_owned()),
        "{:?}",
        bench.names()
    );

    assert_eq!(
        run(&["--closed"]).1,
        [
            "archived/1: 1 2 3 7",
            "archived/2: 4 5 6 8",
            "archived/3: 9"
        ]
    );
    assert_eq!(run(&["--open"]).1, ["1: 1 2 3 7", "2: 4 5 6 8", "3: 9"]);
    // Other patterns: nothing is a number or closes anything.
    let bench = Bench::new();
    bench.put("bugs.mbox", archive(&refs).as_bytes());
    let args = [
        "import",
        "bugs.mbox",
        "--tag",
        "xx([0-9]+)",
        "--done",
        "yy([0-9]+)",
    ];
    bench
        .run(&args, b"")
        .is(0, "filed 9 messages in 8 new tickets\n", "");
}

#[test]
fn a_number_that_is_taken_is_not_kept() {
    let bench = Bench::new();
    for id in ["1", "2", "3"] {
        bench.file("submit", mail(id, "", "x"));
    }
    bench.take_sent();
    bench.works("list -q");
    fs::remove_file(bench.ticket("2")).unwrap();
    bench.put("tickets/7", b"");
    let tagged = |id: &str, hour, tag: &str| {
        written(id, "ann", (1, hour), &format!("Subject: {tag} x\n"), "y")
    };
    let far = tagged("16", 6, "[issue999999999]");
    let mails = [
        tagged("11", 1, "[issue1]"),
        tagged("12", 2, "[issue2]"),
        tagged("13", 3, "[issue5]"),
        tagged("14", 4, "[issue7]"),
        tagged("15", 5, "no number"),
        far,
    ];
    let refs: Vec<&str> = mails.iter().map(String::as_str).collect();
    bench.put("a.mbox", archive(&refs).as_bytes());
    // 1 is there, 2 was there, 7 was made by hand; and nobody wants to begin above 999999999.
    let ran = bench.run(&["import", "-k", "-n", "-v", "a.mbox"], b"");
    let numbers = |text: &str| -> Vec<String> {
        text.lines()
            .map(|l| l.split("  ").next().unwrap().to_owned())
            .collect()
    };
    let want = [
        "new 8",
        "new 9",
        "new 5",
        "new 10",
        "new 11",
        "new 12",
        "would file 6 messages in 6 new tickets",
    ];
    assert_eq!(numbers(&ran.stdout), want);
    let said = |becomes: &str, taken: &str| {
        let of = |archived, here, why: &str| {
            format!(
                "tickets: ticket {archived} of the archive {becomes} ticket {here} here: {why}\n"
            )
        };
        let others = [("1", "8"), ("2", "9"), ("7", "10")]
            .map(|(archived, here)| of(archived, here, &format!("{archived} {taken} taken")));
        let far = of("999999999", "12", "numbers above 99999999 are not kept");
        others.concat() + &far
    };
    assert_eq!(ran.stderr, said("would be", "is"));
    let ran = bench.run(&["import", "-k", "-v", "a.mbox"], b"");
    assert_eq!((ran.status, ran.stderr), (0, said("is", "was")));
    assert_eq!(numbers(&ran.stdout)[..6], want[..6]);
    let said = "filed 0 messages; 6 were there already\n";
    bench.says("import -k -v a.mbox", said);
    bench.file("submit", mail("20", "", "x"));
    assert_eq!(
        bench.names(),
        ["1", "10", "11", "12", "13", "3", "5", "7", "8", "9"]
    );
}

/// E3: of a restore beside mail that came in first, nobody finds out by a customer's reply in another's ticket.
#[test]
fn a_restore_names_the_tickets_that_get_other_numbers() {
    let lost = Bench::new();
    for id in 1..=13 {
        lost.file("submit", mail(&format!("old{id}"), "", "x"));
    }
    let export = lost.run(&["export", "--mbox", "-"], b"").stdout;
    let restored = |new: u32| {
        let bench = Bench::new();
        for id in 1..=new {
            bench.file("submit", mail(&format!("new{id}"), "", "x"));
        }
        let args = ["import", "--keep-numbers", "-"];
        let ran = bench.run(&args, export.as_bytes());
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (0, "filed 13 messages in 13 new tickets\n")
        );
        bench
            .run(&args, export.as_bytes())
            .is(0, "filed 0 messages; 13 were there already\n", "");
        ran.stderr
    };
    let line = |archived: u32, here: u32| {
        format!(
            "tickets: ticket {archived} of the archive is ticket {here} here: {archived} was taken\n"
        )
    };
    let lines = |count: u32| (1..=count).map(|n| line(n, 13 + n)).collect::<String>();
    assert_eq!(restored(0), "");
    assert_eq!(restored(1), line(1, 14));
    assert_eq!(restored(10), lines(10));
    let more = "tickets: and 2 more\n";
    assert_eq!(restored(12), lines(10) + more);
}

#[test]
fn mail_that_comes_in_meanwhile_is_filed_once() {
    let bench = Bench::new();
    bench.file("submit", mail("1", "Subject: a\n", "x"));
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let same = mail("2", &format!("Date: {now}\nSubject: b\n"), "x");
    let answer = mail("3", "In-Reply-To: <2@example.net>\n", "x");
    let other = mail("4", "Subject: c\n", "x");
    bench.put("a.mbox", archive(&[&same, &answer, &other]).as_bytes());
    // While the import has read all and waits for a number, an MTA brings the same mail.
    let sequence = fs::File::open(bench.ticket(".tickets/sequence")).unwrap();
    sequence.lock().unwrap();
    let child = bench
        .command(&["import", "a.mbox"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let waits = |line: &str| {
        line.contains("-> FLOCK") && line.split(' ').any(|w| w == child.id().to_string())
    };
    let begin = std::time::Instant::now();
    while !fs::read_to_string("/proc/locks")
        .unwrap()
        .lines()
        .any(waits)
    {
        assert!(begin.elapsed().as_secs() < 60, "the import does not wait");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    bench.file("ticket-1", &same);
    drop(sequence);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = "filed 2 messages in 1 new ticket and 1 existing ticket; 1 was there already\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), said);
    assert_eq!(tickets(&bench), ["1: 1 2 3", "2: 4"]);
}

#[test]
fn what_is_filed_anywhere_is_not_filed_elsewhere() {
    let bench = Bench::new();
    let tagged = |id: &str| mail(id, "Subject: [bug12] x\n", id);
    for id in ["1", "2"] {
        bench.file("submit", tagged(id));
    }
    let mails = ["1", "2", "3"].map(tagged);
    bench.put(
        "a.mbox",
        archive(&[&mails[0], &mails[1], &mails[2]]).as_bytes(),
    );
    let said = "filed 1 message in 1 existing ticket; 2 were there already\n";
    let args = [
        "import",
        "a.mbox",
        "--tag",
        r"\[bug(\d+)\]",
        "--keep-numbers",
    ];
    bench.run(&args, b"").is(0, said, "");
    assert_eq!(tickets(&bench), ["1: 1 3", "2: 2"]);
}

// B7: an import died between taking the highest number and filing its ticket. It was never used, nor
// were those below, and a delivery does not look at each of a hundred million.
#[test]
fn numbers_that_were_never_used_stay_free() {
    let bench = Bench::new();
    bench.file("submit", mail("1", "", "x"));
    for (last, next, kept) in [("40", "41", "40"), ("99999990", "99999991", "99999980")] {
        bench.put("tickets/.tickets/sequence", last.as_bytes());
        let id = format!("{next}a");
        bench.file("submit", mail(&id, "", "x"));
        let subject = format!("Subject: [issue{kept}] x\n");
        let old = written(kept, "ann", (1, 1), &subject, "y");
        bench.put("a.mbox", archive(&[&old]).as_bytes());
        bench.says("import -k a.mbox", "filed 1 message in 1 new ticket\n");
        assert!(bench.names().contains(&next.to_owned()), "{last}");
        assert!(bench.names().contains(&kept.to_owned()), "{last}");
    }
    assert_eq!(bench.names(), ["1", "40", "41", "99999980", "99999991"]);
}
