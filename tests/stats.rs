//! `tickets stats`.

use crate::bench::{Bench, Ran, finish};
use crate::story::{ALICE, BERLIN, STEVE, empty, entry, run, weeks};
use crate::transcript::Transcript;
use roxmltree::Document;

/// Everything until the end of October, whenever the test is run.
const ALL: [&str; 3] = ["stats", "--until", "2026-10"];

pub fn stats(b: &Bench, args: &[&str]) -> Ran {
    run(b, &[&ALL, args].concat(), None)
}

// E4
#[test]
fn manual() {
    let b = weeks();
    let mut t = Transcript::new(&b);
    t.zone = BERLIN;
    t.step("The numbers of a desk.", "tickets stats --until 2026-10");
    t.step(
        "In a locale with UTF-8 bars are blocks. On a small terminal they are shorter, and a longer \
         unit takes fewer lines.",
        "LC_ALL=C.UTF-8 COLUMNS=60 tickets stats --until 2026-10 --by month --automatic --top 2",
    );
    t.step(
        "For programs there is an object, or a number a line.",
        "tickets stats --until 2026-10 --by month --top 1 --json\n\
         tickets stats --until 2026-10 --by month --top 1 --csv",
    );
    t.step(
        "Mistakes name the way out.",
        "tickets stats --by wek\n\
         tickets stats --top 1001\n\
         tickets stats --json --csv\n\
         tickets stats --since 2026-12 --until 2026-10\n\
         tickets stats --svg\n\
         tickets stats --svg nowhere/report.svg",
    );

    let b = empty();
    let hi = entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi");
    b.put("tickets/1", &hi);
    t.at(&b).step(
        "One ticket, and the time before it.",
        "tickets stats --since 2026-10-05 --until 2026-10\n\
         tickets stats --since 2026-09-01 --until 2026-09-02",
    );
    let none = Bench::new();
    none.make_dir("tickets");
    t.at(&none)
        .step("A desk to which nobody has written yet.", "tickets stats");
    let it = object(&none, &[]);
    let first = (&it["first"], &it["total"]["opened"]);
    assert_eq!(first, (&serde_json::Value::Null, &0.into()));
    let picture = stats(&none, &["--svg", "-"]);
    assert!(Document::parse(&picture.stdout).is_ok());
    assert_eq!(none.names(), [""; 0], "looking creates nothing");
    assert!(!none.ticket(".tickets").exists());
    insta::assert_snapshot!("stats", t);
}

fn on_utf8(b: &Bench, args: &[&str], columns: u32) -> Ran {
    let mut command = b.command(&[&ALL, args].concat());
    command.env("TZ", BERLIN).env("LC_ALL", "C.UTF-8");
    command.env("COLUMNS", columns.to_string());
    finish(command, b"")
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    let b = weeks();
    for columns in [10, 30, 47, 71, 72, 80, 120, 200] {
        let ran = on_utf8(&b, &[], columns);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        for line in ran.stdout.lines() {
            assert!(line.width() <= columns as usize, "{columns}: {line}");
        }
    }
}

pub fn object(b: &Bench, args: &[&str]) -> serde_json::Value {
    let ran = stats(b, &[args, &["--json"]].concat());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

// D1: where the mbox lies is the state, whoever put it there.
#[test]
fn what_is_moved_by_hand_is_closed_by_nobody() {
    let b = empty();
    b.put(
        "tickets/archived/1",
        &entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi"),
    );
    let it = object(&b, &[]);
    assert_eq!(
        (&it["total"]["closed"], &it["total"]["open"]),
        (&0.into(), &0.into())
    );
    std::fs::rename(b.ticket("archived/1"), b.ticket("1")).unwrap();
    assert_eq!(object(&b, &[])["total"]["open"], 1);
}

#[test]
fn an_admin_of_today_wrote_yesterdays_replies() {
    let b = empty();
    let thread = [
        entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi"),
        entry(
            "2026-10-05T09:00:00Z",
            "joe@example.com",
            "ticket-1",
            "Re: Hi",
        ),
        entry("2026-10-05T10:00:00Z", STEVE, "ticket-1", "Re: Hi"),
    ];
    b.put("tickets/1", &thread.concat());
    assert_eq!(object(&b, &[])["first_reply"]["median"], 7200);
    b.configure("admins = [\"steve@example.org\", \"joe@example.com\"]\n");
    assert_eq!(object(&b, &[])["first_reply"]["median"], 3600);
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = weeks();
    for form in ["--by=day", "--json", "--csv", "--svg=-"] {
        b.run_into_closed_pipe(&["stats", form]);
    }
}
