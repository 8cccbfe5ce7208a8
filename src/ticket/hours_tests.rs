//! (L6)

use super::*;

fn berlin() -> TimeZone {
    // As POSIX has it, so that no database is asked.
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn shown(at: i64) -> String {
    let moment = Timestamp::from_second(at).unwrap();
    moment
        .to_zoned(berlin())
        .strftime("%F %H:%M %z")
        .to_string()
}

/// Christmas is a Friday in 2026.
fn is_holiday(date: Date) -> bool {
    (date.month(), date.day()) == (12, 25)
}

#[test]
fn hours_are_those_of_the_clock_on_the_wall() {
    let zone = berlin();
    let place = Calendar {
        zone: &zone,
        is_holiday: &is_holiday,
    };
    // 2026-11-29 is a Sunday. In Berlin the clock skips 02:00-03:00 on 2026-03-29, and repeats it on 2026-10-25.
    let table = [
        ("10:00-17:00", "2026-11-30T09:59:59+01", false),
        ("10:00-17:00", "2026-11-30T10:00+01", true),
        ("10:00-17:00", "2026-11-30T16:59:59+01", true),
        ("10:00-17:00", "2026-11-30T17:00+01", false),
        ("10:00-17:00 Mon-Fri", "2026-11-29T12:00+01", false),
        ("10:00-17:00 Mon-Fri", "2026-11-30T12:00+01", true),
        ("outside 10:00-17:00 Mon-Fri", "2026-11-29T12:00+01", true),
        ("outside 10:00-17:00 Mon-Fri", "2026-11-30T12:00+01", false),
        ("outside 10:00-17:00 Mon-Fri", "2026-11-30T17:00+01", true),
        // The same moment elsewhere.
        ("10:00-17:00", "2026-11-30T09:30Z", true),
        ("10:00-17:00", "2026-07-30T08:30Z", true),
        // Over midnight: it is the day on which it begins that counts.
        ("22:00-07:00", "2026-11-30T21:59+01", false),
        ("22:00-07:00", "2026-11-30T22:00+01", true),
        ("22:00-07:00", "2026-11-30T00:00+01", true),
        ("22:00-07:00", "2026-11-30T06:59+01", true),
        ("22:00-07:00", "2026-11-30T07:00+01", false),
        ("22:00-07:00 Fri", "2026-11-28T06:00+01", true),
        ("22:00-07:00 Fri", "2026-11-27T06:00+01", false),
        ("22:00-07:00 Fri", "2026-11-27T23:00+01", true),
        ("22:00-07:00 Fri", "2026-11-28T23:00+01", false),
        ("22:00-00:00", "2026-11-30T23:59+01", true),
        ("22:00-00:00", "2026-11-30T00:00+01", false),
        ("00:00-24:00 Sat,Sun", "2026-11-29T23:59:59+01", true),
        ("00:00-24:00 Sat,Sun", "2026-11-30T00:00+01", false),
        ("outside 00:00-24:00", "2026-11-30T00:00+01", false),
        (
            "09:00-12:00 13:00-17:00 Mon-Fri; 10:00-13:00 Sat",
            "2026-11-30T12:30+01",
            false,
        ),
        (
            "09:00-12:00, 13:00-17:00 Mon-Fri; 10:00-13:00 Sat",
            "2026-11-30T13:30+01",
            true,
        ),
        (
            "09:00-12:00 13:00-17:00 Mon-Fri;10:00-13:00 Sat",
            "2026-11-28T12:30+01",
            true,
        ),
        ("09:00-12:00 Sat-Mon", "2026-11-30T11:00+01", true),
        ("09:00-12:00 Sat-Mon", "2026-12-01T11:00+01", false),
        // A holiday is a Sunday.
        ("10:00-17:00 Mon-Fri", "2026-12-25T12:00+01", false),
        ("outside 10:00-17:00 mon-fri", "2026-12-25T12:00+01", true),
        ("10:00-17:00 Sun", "2026-12-25T12:00+01", true),
        ("22:00-07:00 Sun", "2026-12-26T06:00+01", true),
        // What begins in the hour that the clock skips begins at 03:00, and what ends in it ended at 02:00.
        ("02:30-04:00", "2026-03-29T01:59:59+01", false),
        ("02:30-04:00", "2026-03-29T03:00+02", true),
        ("22:00-02:30", "2026-03-29T01:59:59+01", true),
        ("22:00-02:30", "2026-03-29T03:00+02", false),
        ("02:15-02:45", "2026-03-29T03:00+02", false),
        // The hour that it repeats counts twice.
        ("02:00-03:00", "2026-10-25T02:30+02", true),
        ("02:00-03:00", "2026-10-25T02:30+01", true),
        ("02:00-03:00", "2026-10-25T03:00+01", false),
        ("22:00-02:30", "2026-10-25T02:45+02", false),
        ("22:00-02:30", "2026-10-25T02:15+01", true),
    ];
    for (hours, moment, want) in table {
        let parsed: Hours = hours.parse().unwrap();
        assert_eq!(
            parsed.cover(at(moment), &place),
            want,
            "{hours} at {moment}"
        );
    }
}

#[test]
fn hours_end() {
    let zone = berlin();
    let place = Calendar {
        zone: &zone,
        is_holiday: &is_holiday,
    };
    let table = [
        (
            "22:00-07:00",
            "2026-11-30T23:10:05+01",
            "2026-12-01 07:00 +0100",
        ),
        (
            "22:00-07:00",
            "2026-11-30T12:00+01",
            "2026-11-30 12:00 +0100",
        ),
        (
            "outside 10:00-17:00 Mon-Fri",
            "2026-11-27T17:00+01",
            "2026-11-30 10:00 +0100",
        ),
        // Over Christmas, a Friday.
        (
            "outside 10:00-17:00 Mon-Fri",
            "2026-12-24T17:00+01",
            "2026-12-28 10:00 +0100",
        ),
        (
            "00:00-24:00 Sat,Sun",
            "2026-11-28T03:00+01",
            "2026-11-30 00:00 +0100",
        ),
        (
            "22:00-07:00; 07:00-08:00",
            "2026-11-30T23:00+01",
            "2026-12-01 08:00 +0100",
        ),
        (
            "22:00-07:00",
            "2026-03-28T23:00+01",
            "2026-03-29 07:00 +0200",
        ),
        (
            "22:00-02:30",
            "2026-03-28T23:00+01",
            "2026-03-29 03:00 +0200",
        ),
        // 02:30 comes twice, and what lies between is in again.
        (
            "22:00-02:30",
            "2026-10-24T23:00+02",
            "2026-10-25 02:30 +0200",
        ),
        (
            "22:00-02:30",
            "2026-10-25T02:00+01",
            "2026-10-25 02:30 +0100",
        ),
    ];
    for (hours, moment, want) in table {
        let parsed: Hours = hours.parse().unwrap();
        let end = parsed.end(at(moment), &place).unwrap();
        assert_eq!(shown(end), want, "{hours} from {moment}");
    }
    let always: Hours = "00:00-24:00".parse().unwrap();
    assert_eq!(always.end(at("2026-11-30T00:00Z"), &place), None);
}

#[test]
fn what_names_no_hours_is_refused() {
    for text in [
        "",
        "Mon-Fri",
        "outside",
        "outside ",
        "10-17",
        "10:00",
        "10:00-17:00 Foo",
        "Mon-Fri 10:00-17:00",
        "10:00-10:00",
        "24:00-07:00",
        "25:00-07:00",
        "10:60-11:00",
        "9:00-17:00",
        "10:00-17:00;",
        "+1:00-17:00",
        "10:00-24:01",
        "inside 10:00-17:00",
        "10:00–17:00",
    ] {
        assert!(text.parse::<Hours>().is_err(), "{text}");
    }
}

#[test]
fn holidays_stand_in_a_file() {
    let text =
        "# Berlin\n2026-12-25 Christmas\n\n  2026-12-26 # again\nsoon\n2026-13-01\n2027-01-01";
    let read: Vec<String> = dates(text).iter().map(Date::to_string).collect();
    assert_eq!(read, ["2026-12-25", "2026-12-26", "2027-01-01"]);
    let odd: Vec<&str> = no_dates(text).collect();
    assert_eq!(odd, ["soon", "2026-13-01"]);
}
