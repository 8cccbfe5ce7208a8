use super::*;

fn calendar(method: &str, event: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\n\
         BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
         BEGIN:VEVENT\r\n{}\r\nBEGIN:VALARM\r\nDESCRIPTION:no\r\nEND:VALARM\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n",
        event.replace('\n', "\r\n")
    )
}

#[test]
fn invitations_say_who_when_and_where() {
    let table = [
        (
            "Google",
            calendar(
                "REQUEST",
                "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nORGANIZER;CN=Ann Example:mailto:ann@example.net\n\
                 ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=\"Bob; the\n  builder\":mailto:bob@example.net\n\
                 ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=submit@example.org:MAILTO:submit@example.org\n\
                 DESCRIPTION:Bring\\, please:\\n- paper\nLOCATION:Room 5\\, 2nd floor\nSUMMARY:Printer\\; and\n  ink",
            ),
            "Invitation: Printer; and ink\nWhen: 2026-12-01 09:00 to 10:00 (UTC)\nWhere: Room 5, 2nd floor\n\
             Who: Ann Example <ann@example.net> (organizer), Bob; the builder <bob@example.net> (accepted), submit@example.org\n\
             \nBring, please:\n- paper",
        ),
        (
            "Outlook, every second week",
            calendar(
                "REQUEST",
                "SUMMARY:x\nDTSTART;TZID=\"W. Europe Standard Time\":20261201T233000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20270101T000000Z",
            ),
            "Invitation: x\nWhen: 2026-12-01 23:30 to 2026-12-02 00:30 (W. Europe Standard Time), every 2 weeks until 2027-01-01\n",
        ),
        (
            "an answer",
            calendar(
                "REPLY",
                "SUMMARY:x\nDTSTART:20261201T100000\nATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.net",
            ),
            "Answer to an invitation: x\nWhen: 2026-12-01 10:00\nWho: bob@example.net (declined)\n",
        ),
        (
            "whole days, cancelled",
            calendar(
                "CANCEL",
                "SUMMARY:x\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
            ),
            "Cancelled: x\nWhen: 2026-12-24 to 2026-12-26\n",
        ),
        (
            "one day, each year",
            calendar(
                "PUBLISH",
                "SUMMARY:x\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3",
            ),
            "Event: x\nWhen: 2026-12-24, every year, 3 times\n",
        ),
        (
            "two zones",
            calendar(
                "REQUEST",
                "SUMMARY:x\nDTSTART;TZID=A:20261201T100000\nDTEND;TZID=B:20261201T100000",
            ),
            "Invitation: x\nWhen: 2026-12-01 10:00 (A) to 10:00 (B)\n",
        ),
        (
            "nonsense",
            calendar(
                "REQUEST",
                "DTSTART:2026\nDTEND:x\nno colon\nSUMMARY:\n:\n;:;",
            ),
            "Invitation: \n",
        ),
        (
            "two events",
            calendar("PUBLISH", "SUMMARY:a\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:b"),
            "Event: a\n(and 1 more in this file)\n",
        ),
    ];
    for (case, calendar, want) in table {
        assert_eq!(summary(&calendar, true).as_deref(), Some(want), "{case}");
    }
    for calendar in ["", "x", "BEGIN:VCALENDAR\nEND:VCALENDAR"] {
        assert_eq!(summary(calendar, true), None, "{calendar}");
    }
}

#[test]
fn crowds_are_counted() {
    let all: String = (0..60)
        .map(|n| format!("\nATTENDEE:mailto:p{n}@example.net"))
        .collect();
    let text = summary(&calendar("REQUEST", &format!("SUMMARY:x{all}")), false).unwrap();
    assert!(text.ends_with(", p49@example.net, and 10 more\n"), "{text}");
}
