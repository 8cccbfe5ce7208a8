//! Dates that are odd, and state that no mail tells of.

use super::*;

// D1: where the file lies is the state.
#[test]
fn what_is_moved_by_hand_is_closed_by_nobody() {
    let text = "
        1 2026-11-02T10:00Z opened ann
        2 2026-11-03T10:00Z opened bob
        2 2026-11-04T10:00Z closed steve
        ";
    let asked = |archived| Asked {
        unit: Some(Unit::Day),
        until: Some("2026-11-06T00:00Z"),
        archived,
        ..Asked::default()
    };
    let open = |archived: &'static [u32]| {
        let stats = count(text, &asked(archived));
        assert_eq!((stats.total.opened, stats.total.closed), (2, 1));
        let open: Vec<u64> = stats.periods.iter().map(|p| p.open).collect();
        (open, stats.closing.count)
    };
    assert_eq!(open(&[2]), (vec![1, 2, 1, 1], 1));
    // Ticket 1 went to archived/ after its last mail, ticket 2 came back from there.
    assert_eq!(open(&[1, 2]), (vec![0, 1, 0, 0], 1));
    assert_eq!(open(&[]), (vec![1, 2, 2, 2], 0));
    // What became of a ticket after the stretch says nothing about it.
    let then = "1 2026-11-02T10:00Z opened ann
                1 2026-11-20T10:00Z closed steve";
    assert_eq!(count(then, &asked(&[1])).open, 1);
}

#[test]
fn dates_that_cannot_be() {
    let text = "
        1 never             opened ann
        1 1970-03-01T10:00Z filed  ann
        1 2026-11-02T10:00Z closed steve
        2 2026-11-03T10:00Z opened bob
        2 2099-01-01T10:00Z filed  steve
        3 2099-01-01T10:00Z opened bob
        4 2026-11-01T10:00Z opened carol
        4 2026-10-30T10:00Z filed  ann
        ";
    let stats = count(
        text,
        &Asked {
            archived: &[1],
            unit: Some(Unit::Day),
            until: Some("2026-12-01T00:00Z"),
            ..Asked::default()
        },
    );
    assert_eq!((stats.undated, stats.future), (2, 2));
    assert_eq!(
        periods(&stats)[..6],
        [
            // Ticket 1 was open before anybody knows when.
            "2026-10-30 0 0 0 / 1 0 0, 1",
            "2026-10-31 0 0 0 / 0 0 0, 1",
            "2026-11-01 1 0 0 / 1 0 0, 2",
            "2026-11-02 0 1 0 / 0 1 0, 1",
            "2026-11-03 1 0 0 / 1 0 0, 2",
            "2026-11-04 0 0 0 / 0 0 0, 2",
        ]
    );
    assert_eq!((stats.open, stats.unanswered, stats.tickets), (2, 2, 3));
    assert_eq!((stats.first_reply.count, stats.closing.count), (0, 0));
    // Asked for the future, it is there.
    let later = count(
        text,
        &Asked {
            until: Some("2100-01-01T00:00Z"),
            ..Asked::default()
        },
    );
    assert_eq!(later.unit, Unit::Year);
    assert_eq!(short(&later.total), "3 1 0 / 4 2 0");
    assert_eq!(later.unit.label(later.periods[73].start), "2099");
    assert_eq!(later.periods.len(), 74);
}

#[test]
fn days_are_days_of_the_place() {
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    // A day of 25 hours, from 22:00Z to 23:00Z.
    let text = "
        1 2026-10-24T21:59:59Z opened ann
        2 2026-10-24T22:00:00Z opened ann
        3 2026-10-25T00:30:00Z opened ann
        4 2026-10-25T01:30:00Z opened ann
        5 2026-10-25T22:59:59Z opened ann
        6 2026-10-25T23:00:00Z opened ann
        ";
    let asked = |zone| Asked {
        zone,
        unit: Some(Unit::Day),
        until: Some("2026-10-26T12:00Z"),
        ..Asked::default()
    };
    let stats = count(text, &asked(Some(berlin)));
    assert_eq!(
        periods(&stats),
        [
            "2026-10-24 1 0 0 / 1 0 0, 1",
            "2026-10-25 4 0 0 / 4 0 0, 5",
            "2026-10-26 1 0 0 / 1 0 0, 6",
        ]
    );
    // Hour 2 came twice.
    assert_eq!(stats.hours[6][2], 2);
    let utc = count(text, &asked(None));
    let opened: Vec<u64> = utc.periods.iter().map(|p| p.counts.opened).collect();
    assert_eq!(opened, [2, 4, 0]);
}
