//! Stories of a desk and what they add up to.

mod dates;

use super::*;
use crate::ticket::address::Addresses;
use crate::ticket::event::{Event, HistoryEntry};
use crate::ticket::staff::Staff;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail::decode::Mailbox;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A story of a desk: `12 2026-11-01T10:00Z opened ann [robot]`, one entry a line.
fn story(text: &str) -> Vec<HistoryEntry> {
    let mut seq = std::collections::HashMap::new();
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [ticket, date, event, who, ..] = words[..] else {
            panic!("{line}");
        };
        let seq = seq.entry(ticket.to_owned()).or_insert(0);
        *seq += 1;
        let address = match who {
            "desk" => "ticket-12@example.org".to_owned(),
            "steve" => "steve@example.org".to_owned(),
            who => format!("{who}@example.net"),
        };
        HistoryEntry {
            ticket: ticket.parse().unwrap(),
            seq: *seq - 1,
            at: at(date),
            event: match event {
                "opened" => Event::Opened,
                "closed" => Event::Closed,
                "reopened" => Event::Reopened,
                "quiet" => Event::Quiet,
                "filed" => Event::Filed,
                other => panic!("{other}"),
            },
            author: (who != "nobody").then(|| Mailbox {
                name: who.to_owned(),
                address,
            }),
            automatic: words.contains(&"robot"),
            silent: event == "quiet" || words.contains(&"robot"),
            subject: format!("Subject {ticket}"),
            size: 1000,
            attachments: 1,
        }
    };
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines.map(entry).collect()
}

fn at(date: &str) -> i64 {
    match date {
        "never" => 0,
        date => date.parse::<Timestamp>().unwrap().as_second(),
    }
}

/// How the stretch differs from all that was until 2026-12-01 in UTC.
#[derive(Default)]
struct Asked<'a> {
    since: Option<&'a str>,
    until: Option<&'a str>,
    unit: Option<Unit>,
    zone: Option<&'a str>,
    automatic: bool,
    archived: &'a [u32],
}

fn count(text: &str, asked: &Asked) -> DeskStats {
    let domain = ["example.org".to_owned()];
    let addresses = Addresses::new(&domain, false, &["submit".into()], "ticket-{n}").unwrap();
    let people = [crate::ticket::person::Person::with_address(
        "steve@example.org",
    )];
    let now = at("2026-12-01T00:00Z");
    let mut counter = StatsCounter::new(Scope {
        since: asked.since.map(at),
        until: asked.until.map_or(now + 1, at),
        now,
        unit: asked.unit,
        zone: asked
            .zone
            .map_or(TimeZone::UTC, |z| TimeZone::posix(z).unwrap()),
        automatic: asked.automatic,
        most: 3,
        staff: Staff {
            people: &people,
            addresses: &addresses,
        },
    });
    for it in story(text) {
        counter.add(&it, asked.archived.contains(&it.ticket.get()));
    }
    counter.finish()
}

/// `opened closed re-opened / mail replies automatic`.
fn short(c: &Counts) -> String {
    format!(
        "{} {} {} / {} {} {}",
        c.opened, c.closed, c.reopened, c.mail, c.replies, c.automatic
    )
}

/// Each period as `label opened closed re-opened / mail replies automatic, open`.
fn periods(stats: &DeskStats) -> Vec<String> {
    let short = |p: &Period| {
        let label = stats.unit.label(p.start);
        format!("{label} {}, {}", short(&p.counts), p.open)
    };
    stats.periods.iter().map(short).collect()
}

fn times(count: u64, median: u64, ninety: u64) -> Times {
    Times {
        count,
        median: Some(median),
        ninety: Some(ninety),
    }
}

#[test]
fn nothing_is_nothing() {
    let stats = count("", &Asked::default());
    assert_eq!(stats.total, Counts::default());
    assert_eq!(periods(&stats), [""; 0]);
    assert_eq!(stats.first_reply, Times::default());
    let since = Asked {
        since: Some("2026-10-15T00:00Z"),
        unit: Some(Unit::Month),
        ..Asked::default()
    };
    // What was asked for is shown, empty as it is.
    assert_eq!(
        periods(&count("", &since)),
        [
            "2026-10 0 0 0 / 0 0 0, 0",
            "2026-11 0 0 0 / 0 0 0, 0",
            "2026-12 0 0 0 / 0 0 0, 0"
        ]
    );
}

const COURSE: &str = "
    1 2026-11-02T10:00Z opened   ann
    1 2026-11-02T11:00Z filed    ann
    1 2026-11-02T13:00Z filed    steve
    1 2026-11-03T10:00Z closed   desk
    1 2026-11-05T10:00Z reopened ann
    1 2026-11-05T12:00Z filed    desk
    1 2026-11-12T10:00Z closed   ann
    2 2026-11-10T08:00Z opened   bob
    2 2026-11-10T08:30Z quiet    steve
    2 2026-11-10T09:00Z filed    carol
    ";

#[test]
fn a_ticket_from_its_opening_to_its_end() {
    let asked = Asked {
        unit: Some(Unit::Week),
        archived: &[1],
        ..Asked::default()
    };
    let stats = count(COURSE, &asked);
    assert_eq!(
        periods(&stats),
        [
            "2026-W45 1 1 1 / 3 3 0, 1",
            "2026-W46 1 1 0 / 3 1 0, 1",
            "2026-W47 0 0 0 / 0 0 0, 1",
            "2026-W48 0 0 0 / 0 0 0, 1",
            "2026-W49 0 0 0 / 0 0 0, 1",
        ]
    );
    assert_eq!(short(&stats.total), "2 2 1 / 6 4 0");
    assert_eq!((stats.open, stats.unanswered, stats.tickets), (1, 1, 2));
    // The first reply came three hours after the first mail; a quiet note is none.
    assert_eq!(stats.first_reply, times(1, 3 * HOUR, 3 * HOUR));
    // Closed twice, but done once, ten days after it was opened.
    assert_eq!(stats.closing, times(1, 10 * DAY, 10 * DAY));
    assert_eq!(stats.periods[0].first_reply.count, 1);
    assert_eq!(stats.periods[0].closing.count, 0);
    assert_eq!(stats.periods[1].closing, stats.closing);
    assert_eq!((stats.bytes, stats.attachments), (10_000, 10));
    // Monday 10:00 and 11:00 (ann), Tuesday 8:00 (bob), 9:00 (carol), Thursday 10:00 twice (ann).
    let busy = |day: usize, hour: usize| stats.hours[day][hour];
    assert_eq!(
        (
            busy(0, 10),
            busy(0, 11),
            busy(1, 8),
            busy(1, 9),
            busy(3, 10)
        ),
        (1, 1, 1, 1, 2)
    );
    assert_eq!(stats.hours.iter().flatten().sum::<u64>(), 6);
    let top: Vec<(&str, u64)> = (stats.top.iter())
        .map(|s| (s.who.address.as_str(), s.tickets))
        .collect();
    assert_eq!(top, [("ann@example.net", 1), ("bob@example.net", 1)]);
    let largest: Vec<(u32, u64, u64)> = (stats.largest.iter())
        .map(|l| (l.ticket.get(), l.messages, l.bytes))
        .collect();
    assert_eq!(largest, [(1, 7, 7000), (2, 3, 3000)]);
}

#[test]
fn a_stretch_counts_what_happened_in_it() {
    let asked = |since, until| Asked {
        since,
        until,
        unit: Some(Unit::Month),
        archived: &[1],
        ..Asked::default()
    };
    let november_4 = Some("2026-11-04T00:00Z");
    for (case, since, until, want, closing, open) in [
        // Until then it was done, after a day.
        ("before", None, november_4, "1 1 0 / 2 2 0", Some(DAY), 0),
        // Opened before, done in it: its whole time.
        (
            "after",
            november_4,
            None,
            "1 1 1 / 4 2 0",
            Some(10 * DAY),
            1,
        ),
        (
            "open in between",
            november_4,
            Some("2026-11-06T00:00Z"),
            "0 0 1 / 1 1 0",
            None,
            1,
        ),
        (
            "nothing happened",
            Some("2026-11-20T00:00Z"),
            None,
            "0 0 0 / 0 0 0",
            None,
            1,
        ),
        (
            "before all",
            None,
            Some("2026-01-01T00:00Z"),
            "0 0 0 / 0 0 0",
            None,
            0,
        ),
        (
            "to the second",
            Some("2026-11-12T10:00Z"),
            Some("2026-11-12T10:00:01Z"),
            "0 1 0 / 1 0 0",
            Some(10 * DAY),
            1,
        ),
        (
            "not until",
            Some("2026-11-12T09:00Z"),
            Some("2026-11-12T10:00Z"),
            "0 0 0 / 0 0 0",
            None,
            2,
        ),
    ] {
        let stats = count(COURSE, &asked(since, until));
        assert_eq!(short(&stats.total), want, "{case}");
        assert_eq!(stats.closing.median, closing, "{case}");
        assert_eq!(stats.open, open, "{case}");
    }
}

#[test]
fn first_replies() {
    for (case, text, want) in [
        ("none", "1 2026-11-02T10:00Z opened ann", None),
        (
            "closing is one",
            "1 2026-11-02T10:00Z opened ann
             1 2026-11-02T11:00Z closed steve",
            Some(HOUR),
        ),
        (
            "opened by an admin, for somebody who writes later",
            "1 2026-11-02T10:00Z opened steve
             1 2026-11-02T11:00Z filed steve
             1 2026-11-02T12:00Z filed ann
             1 2026-11-02T15:00Z filed steve",
            Some(3 * HOUR),
        ),
        (
            "a robot's answer is none",
            "1 2026-11-02T10:00Z opened ann
             1 2026-11-02T10:01Z filed steve robot
             1 2026-11-02T12:00Z filed steve",
            Some(2 * HOUR),
        ),
        (
            "in the same second",
            "1 2026-11-02T10:00Z opened ann
             1 2026-11-02T10:00Z filed steve",
            Some(0),
        ),
        (
            "a reply from before the question",
            "1 2026-11-02T10:00Z opened ann
             1 2026-11-01T10:00Z filed steve
             1 2026-11-03T10:00Z filed steve",
            None,
        ),
        (
            "nobody knows when it was asked",
            "1 never opened ann
             1 2026-11-03T10:00Z filed steve",
            None,
        ),
        (
            "asked by nobody",
            "1 2026-11-02T10:00Z opened nobody
             1 2026-11-02T10:30Z filed steve",
            Some(HOUR / 2),
        ),
    ] {
        let stats = count(
            text,
            &Asked {
                archived: &[1],
                ..Asked::default()
            },
        );
        assert_eq!(stats.first_reply.median, want, "{case}");
    }
}

#[test]
fn machines_open_tickets_of_their_own() {
    let text = "
        1 2026-11-02T10:00Z opened root   robot
        1 2026-11-02T11:00Z filed  steve
        1 2026-11-02T12:00Z closed steve
        2 2026-11-02T10:00Z opened ann
        2 2026-11-02T10:01Z filed  ann    robot
        ";
    let asked = |automatic| Asked {
        automatic,
        archived: &[1],
        ..Asked::default()
    };
    let without = count(text, &asked(false));
    assert_eq!(short(&without.total), "1 0 0 / 1 2 2");
    assert_eq!(
        (without.by_machines, without.open, without.submitters),
        (1, 1, 1)
    );
    assert_eq!((without.first_reply.count, without.closing.count), (0, 0));
    let with = count(text, &asked(true));
    assert_eq!(short(&with.total), "2 1 0 / 1 2 2");
    assert_eq!((with.by_machines, with.open, with.submitters), (1, 1, 2));
    assert_eq!(with.closing, times(1, 2 * HOUR, 2 * HOUR));
    assert_eq!(with.unanswered, 1);
}

#[test]
fn the_few_that_are_shown() {
    let mut text = String::new();
    for ticket in 1..=6 {
        for message in 0..ticket % 4 + 1 {
            let event = if message == 0 { "opened" } else { "filed" };
            let who = ["ann", "bob", "carol", "dora"][ticket as usize % 4];
            text += &format!("{ticket} 2026-11-0{ticket}T10:0{message}Z {event} {who}\n");
        }
    }
    let stats = count(&text, &Asked::default());
    assert_eq!(stats.submitters, 4);
    let top: Vec<String> = (stats.top.iter())
        .map(|s| format!("{} {}", s.who.name, s.tickets))
        .collect();
    assert_eq!(top, ["bob 2", "carol 2", "ann 1"]);
    let largest: Vec<String> = (stats.largest.iter())
        .map(|l| format!("{} {} {}", l.ticket, l.messages, l.subject))
        .collect();
    assert_eq!(largest, ["3 4 Subject 3", "2 3 Subject 2", "6 3 Subject 6"]);
}
