use super::*;

/// 1 Jul 2025 10:00:00 UTC
const TEN: i64 = 1_751_364_000;
const HOUR: i64 = 3600;

#[test]
fn dates_of_all_ages() {
    for (case, value, want) in [
        ("RFC 5322", "Tue, 1 Jul 2025 10:00:00 +0000", Some(TEN)),
        ("east", "Tue, 1 Jul 2025 12:00:00 +0200", Some(TEN)),
        ("west", "Tue, 1 Jul 2025 06:30:00 -0330", Some(TEN)),
        (
            "comment",
            "Tue, 1 Jul 2025 12:00:00 +0200 (CEST)",
            Some(TEN),
        ),
        (
            "comments inside",
            "Tue (x\\)), (a (b)) 1 Jul 2025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "comment that never ends",
            "Tue, 1 Jul 2025 12:00:00 +0200 (CE",
            Some(TEN),
        ),
        ("folded", "Tue, 1 Jul 2025\r\n 12:00:00 +0200", Some(TEN)),
        ("no week day", "1 Jul 2025 10:00:00 +0000", Some(TEN)),
        (
            "wrong week day",
            "Mon, 1 Jul 2025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "week day without comma",
            "Tue 1 Jul 2025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "German week day",
            "Di, 1 Jul 2025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "French week day",
            "mar., 1 Jul 2025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "long names",
            "Tuesday, 01 July 2025 10:00:00 +0000",
            Some(TEN),
        ),
        ("letter case", "TUE, 1 JUL 2025 10:00:00 gmt", Some(TEN)),
        ("no seconds", "Tue, 1 Jul 2025 12:00 +0200", Some(TEN)),
        ("short hour", "Tue, 1 Jul 2025 9:00:00 -0100", Some(TEN)),
        ("fraction", "Tue, 1 Jul 2025 10:00:00.123 +0000", Some(TEN)),
        ("two digits", "Tue, 1 Jul 25 12:00:00 +0200", Some(TEN)),
        ("two digits, no seconds", "1 Jul 25 12:00 +0200", Some(TEN)),
        ("three digits", "Tue, 1 Jul 125 10:00:00 +0000", Some(TEN)),
        ("last century", "1 Jul 99 00:00:00 GMT", Some(930_787_200)),
        ("end of a day", "Mon, 30 Jun 2025 24:00 -1000", Some(TEN)),
        (
            "end of a day, with seconds",
            "30 Jun 2025 24:00:00 -1000",
            Some(TEN),
        ),
        ("after the end of a day", "30 Jun 2025 24:00:01 -1000", None),
        ("no zone", "Tue, 1 Jul 2025 10:00:00", Some(TEN)),
        ("no zone, no seconds", "Tue, 1 Jul 2025 10:00", Some(TEN)),
        (
            "zone with a colon",
            "Tue, 1 Jul 2025 12:00:00 +02:00",
            Some(TEN),
        ),
        (
            "zone of two digits",
            "Tue, 1 Jul 2025 12:00:00 +02",
            Some(TEN),
        ),
        (
            "zone from Greenwich",
            "Tue, 1 Jul 2025 12:00:00 GMT+0200",
            Some(TEN),
        ),
        (
            "two zones",
            "Tue, 1 Jul 2025 12:00:00 +0200 CEST",
            Some(TEN),
        ),
        (
            "two zones, letters first",
            "Tue, 1 Jul 2025 12:00:00 EST +0200",
            Some(TEN),
        ),
        ("no such zone", "Tue, 1 Jul 2025 10:00:00 +9999", Some(TEN)),
        (
            "zone of one digit",
            "Tue, 1 Jul 2025 12:00:00 +2",
            Some(TEN),
        ),
        ("half a zone", "Tue, 1 Jul 2025 10:00:00 +", Some(TEN)),
        (
            "zone without a blank",
            "Tue, 1 Jul 2025 12:00:00+0200",
            Some(TEN),
        ),
        ("the same by name", "Tue, 1 Jul 2025 05:00EST", Some(TEN)),
        ("asctime", "Tue Jul  1 10:00:00 2025", Some(TEN)),
        (
            "asctime with a zone",
            "Tue Jul  1 12:00:00 2025 +0200",
            Some(TEN),
        ),
        ("date(1)", "Tue Jul  1 06:00:00 EDT 2025", Some(TEN)),
        ("hyphens", "Tue, 01-Jul-2025 10:00:00 GMT", Some(TEN)),
        (
            "hyphens, two digits",
            "Tuesday, 1-Jul-25 10:00:00 GMT",
            Some(TEN),
        ),
        ("slashes", "01/Jul/2025 12:00:00 +0200", Some(TEN)),
        ("ISO 8601", "2025-07-01T10:00:00Z", Some(TEN)),
        (
            "ISO 8601 with a zone",
            "2025-07-01T12:00:00+02:00",
            Some(TEN),
        ),
        (
            "ISO 8601 with blanks",
            "2025-07-01 12:00:00 +0200",
            Some(TEN),
        ),
        ("ISO 8601, no such month", "2025-13-01T10:00:00Z", None),
        ("ordinal", "Tue, 1st Jul 2025 10:00:00 +0000", Some(TEN)),
        ("German", "Di, 1. Juli 2025 12:00:00 +0200", Some(TEN)),
        (
            "German month",
            "Mi, 1. Okt. 2025 10:00:00 +0000",
            Some(TEN + 92 * DAY),
        ),
        (
            "afternoon",
            "Tue, 1 Jul 2025 5:00:00 PM -0700",
            Some(TEN + 14 * HOUR),
        ),
        ("forenoon", "Tue, 1 Jul 2025 10:00:00 AM +0000", Some(TEN)),
        ("noon", "Tue, 1 Jul 2025 12:00:00 PM +0200", Some(TEN)),
        ("dots", "Tue, 1 Jul 2025 10.00.00 +0000", Some(TEN)),
        (
            "year with zeros",
            "Tue, 1 Jul 0025 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "years since 1900 with a zero",
            "Tue, 1 Jul 0125 10:00:00 +0000",
            Some(TEN),
        ),
        (
            "asctime of a broken program",
            "Tue Jul  1 10:00:00 125",
            Some(TEN),
        ),
        (
            "date(1) in Europe",
            "Tue Jul  1 10:00:00 CET 2025",
            Some(TEN),
        ),
        (
            "date(1) with an offset",
            "Tue Jul  1 12:00:00 +0200 2025",
            Some(TEN),
        ),
        (
            "a zone of two words",
            "Tue Jul  1 10:00:00 MET DST 2025",
            Some(TEN),
        ),
        (
            "a zone in halves",
            "Tue, 1 Jul 2025 12:00:00 +02 00",
            Some(TEN),
        ),
        (
            "of JavaScript",
            "Tue Jul 01 2025 12:00:00 GMT+0200 (CEST)",
            Some(TEN),
        ),
        (
            "year of five digits",
            "Tue, 1 Jul 20250 10:00:00 +0000",
            None,
        ),
        ("American order", "Jul 1, 2025 10:00:00 +0000", Some(TEN)),
        (
            "leap second",
            "Tue, 1 Jul 2025 09:59:60 +0000",
            Some(TEN - 1),
        ),
        ("before 1970", "31 Dec 1969 23:59:59 +0000", Some(-1)),
        ("no such day", "31 Feb 2025 10:00:00 +0000", None),
        ("no leap year", "29 Feb 2023 10:00:00 +0000", None),
        ("no such hour", "1 Jul 2025 25:61:00 +0000", None),
        ("no such month", "1 Foo 2025 10:00:00 +0000", None),
        ("no time", "Tue, 1 Jul 2025", None),
        ("no year", "Tue, 1 Jul 10:00:00 +0000", None),
        ("year first", "2025 Jul 1 10:00:00 +0000", None),
        ("nonsense", "yesterday", None),
        ("empty", "", None),
        ("controls", "\0\u{1b}\r\n", None),
    ] {
        assert_eq!(date(value.as_bytes()), want, "{case}: {value}");
    }
}

#[test]
fn zones_by_name_mean_what_rfc_5322_says() {
    let known = [
        ("UT", 0),
        ("GMT", 0),
        ("UTC", 0),
        ("EST", -5),
        ("EDT", -4),
        ("CST", -6),
        ("CDT", -5),
        ("MST", -7),
        ("MDT", -6),
        ("PST", -8),
        ("PDT", -7),
        // Unknown ones, and the military ones, which RFC 822 got wrong, are -0000.
        ("MESZ", 0),
        ("XX", 0),
        ("Westeuropa", 0),
    ];
    let military = ('A'..='Z').map(|letter| (letter.to_string(), 0));
    let zones = known.map(|(zone, east)| (zone.to_owned(), east));
    for (zone, east) in zones.into_iter().chain(military) {
        for zone in [zone.to_lowercase(), zone] {
            let want = Some(TEN - east * HOUR);
            for head in [
                "Tue, 1 Jul 2025 10:00:00",
                "Tue, 1 Jul 2025 10:00",
                "1 Jul 25 10:00",
                "Di, 1 Jul 2025 10:00:00",
                "Di., 1 Jul 2025 10:00",
                "Tue Jul  1 10:00 2025",
            ] {
                let value = format!("{head} {zone}");
                assert_eq!(date(value.as_bytes()), want, "{value}");
                let value = format!("{head} {zone} (comment)");
                assert_eq!(date(value.as_bytes()), want, "{value}");
            }
            let value = format!("Tue Jul 1 10:00:00 {zone} 2025");
            assert_eq!(date(value.as_bytes()), want, "{value}");
            let value = format!("30 Jun 2025 24:00 {zone}");
            assert_eq!(
                date(value.as_bytes()),
                Some(TEN - east * HOUR - 10 * HOUR),
                "{value}"
            );
        }
    }
}
