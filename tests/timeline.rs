//! `tickets timeline`.

use crate::bench::Bench;
use crate::story::{BERLIN, empty, entry, run, weeks};
use crate::transcript::Transcript;
use roxmltree::Document;

// E4
#[test]
fn manual() {
    let b = weeks();
    let mut t = Transcript::new(&b);
    t.zone = BERLIN;
    t.step(
        "What happened, the newest first. Times are local: in the night of 25 October the clocks in \
         Berlin show half past two twice.",
        "tickets timeline",
    );
    t.step(
        "Some of it, on a small terminal.",
        "COLUMNS=60 tickets timeline --events opened",
    );
    t.step(
        "Objects are for programs, one a line.",
        "tickets timeline --json --ticket 3",
    );
    t.step(
        "Feeds are for readers of news, and hold no more than the list does.",
        "tickets timeline --rss --from cron\ntickets timeline --atom -n 2",
    );
    for form in ["--rss", "--atom"] {
        let feed = run(&b, &["timeline", form], None);
        feed.silent_but_for_output(form);
        assert!(Document::parse(&feed.stdout).is_ok(), "{form}");
    }
    t.step(
        "Nothing is said so, and mistakes name the way out.",
        "tickets timeline --from bob\n\
         tickets timeline --events opend\n\
         tickets timeline --events opened,,mail\n\
         tickets timeline --since soon\n\
         tickets timeline --since 2026-11 --until 2026-10\n\
         tickets timeline --rss --json\n\
         tickets timeline -n -1\n\
         tickets timeline --ticket 99\n\
         tickets timeline --evnets opened",
    );
    let none = Bench::new();
    none.make_dir("tickets");
    t.at(&none).step(
        "A desk to which nobody has written yet. Its feed is a feed.",
        "tickets timeline\ntickets timeline --json\ntickets timeline --atom",
    );
    let feed = run(&none, &["timeline", "--atom"], None);
    assert!(Document::parse(&feed.stdout).is_ok());
    assert_eq!(none.names(), [""; 0], "looking creates nothing");
    assert!(!none.ticket(".tickets").exists());
    insta::assert_snapshot!("timeline", t);
}

#[test]
fn filters_choose_what_is_shown() {
    let b = weeks();
    let shown = |args: &[&str]| {
        let ran = run(&b, &[&["timeline", "--json"], args].concat(), None);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        let short = |line: &str| {
            let it: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{}.{}", it["ticket"], it["message"])
        };
        ran.stdout.lines().map(short).collect::<Vec<_>>().join(" ")
    };
    for (args, want) in [
        (&["-n", "3"][..], "1.5 2.1 1.4"),
        (&["-n", "0"], ""),
        (&["--events", "closed"], "1.5 3.2 1.3"),
        (&["--events", "re-opened,quiet"], "1.4 4.2"),
        (&["--events", "Reopened", "--events", "mail"], "1.4 4.5"),
        (&["--ticket", "4"], "4.4 4.3 4.5 4.2 4.1"),
        (&["--ticket", "4", "-n", "2"], "4.4 4.3"),
        (&["--from", "ALICE"], "1.4 4.5 1.1"),
        (&["--from", "山田"], "2.1"),
        (&["--from", "nobody"], ""),
        // From midnight in Berlin, which is 22:00 in UTC.
        (&["--since", "2026-10-25"], "1.5 2.1 1.4"),
        (&["--since", "2026-10-25 02:30:00"], "1.5 2.1 1.4"),
        (&["--since", "2026-10-25T00:30:01Z"], "1.5 2.1"),
        (&["--until", "2026-10-06"], "1.3 1.2 1.1"),
        (&["--until", "2026-10-06 10:00"], "1.2 1.1"),
        (
            &["--since", "2026-10-12", "--until", "2026-10-12"],
            "3.2 3.1",
        ),
        (&["--since", "2026-11"], ""),
        (&["--until", "2026-09"], ""),
        (
            &[
                "--since",
                "2026-10-06",
                "--until",
                "2026-10",
                "--events",
                "opened",
                "-n",
                "1",
            ],
            "2.1",
        ),
    ] {
        assert_eq!(shown(args), want, "{args:?}");
    }
}

#[test]
fn a_feed_holds_a_hundred() {
    let b = empty();
    let mails: Vec<u8> = (0..150)
        .flat_map(|n| {
            let date = format!("2026-10-01T{:02}:{:02}:00Z", n / 60, n % 60);
            entry(&date, "ann@example.net", "submit", &format!("Mail {n}"))
        })
        .collect();
    b.put("tickets/1", &mails);
    let count = |args: &[&str]| {
        let ran = run(&b, &[&["timeline"], args].concat(), None);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        ran.stdout.matches("<item>").count() + ran.stdout.matches("<entry>").count()
    };
    assert_eq!(count(&["--rss"]), 100);
    assert_eq!(count(&["--atom"]), 100);
    assert_eq!(count(&["--atom", "-n", "120"]), 120);
    let lines = run(&b, &["timeline"], None).stdout.lines().count();
    assert_eq!(lines, 150);
}

/// More entries than are read at a time, many of them of the same second.
fn long() -> Bench {
    let b = empty();
    let mails = |ticket: u32| -> Vec<u8> {
        let mail = |n: u32| {
            let date = format!("2026-10-01T00:00:{:02}Z", n / 300);
            let subject = format!("{ticket}.{}", n + 1);
            entry(&date, "ann@example.net", "submit", &subject)
        };
        (0..700).flat_map(mail).collect()
    };
    b.put("tickets/1", &mails(1));
    b.put("tickets/2", &mails(2));
    b
}

#[test]
fn a_long_one_is_read_bit_by_bit() {
    let b = long();
    let shown = run(&b, &["timeline", "--json"], None).stdout;
    let mut seen: Vec<(String, u64, u64)> = shown
        .lines()
        .map(|line| {
            let it: serde_json::Value = serde_json::from_str(line).unwrap();
            let at = it["at"].as_str().unwrap().to_owned();
            (
                at,
                it["ticket"].as_u64().unwrap(),
                it["message"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen.len(), 1400);
    let shown = seen.clone();
    seen.sort();
    seen.reverse();
    assert_eq!(shown, seen);
    seen.dedup();
    assert_eq!(seen.len(), 1400);
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    // More than fits into a buffer, and less.
    for b in [long(), weeks()] {
        for form in ["--from=e", "--json", "--rss", "--atom"] {
            b.run_into_closed_pipe(&["timeline", "-n", "2000", form]);
        }
    }
}
