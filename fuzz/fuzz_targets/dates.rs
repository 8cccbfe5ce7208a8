//! Dates: what is read can be written in several ways, each of which means the same; folds and comments
//! change nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::decode::date;
use tickets::mail::mbox;
use tickets::mail::message::Message;
use tickets_fuzz::run;

fuzz_target!(|data: &[u8]| run(data, target));

/// 1970 to 9999, as From_ lines have it, without the last day: a zone would lead out of the calendar.
const OF_FROM_LINES: std::ops::Range<i64> = 0..253_402_100_000;

fn target(raw: &[u8]) {
    let message = Message::new(raw);
    for field in message.fields().iter().take(100) {
        value(field.value);
    }
    // Inputs need not have fields for this.
    for line in raw.split(|&byte| byte == b'\n').take(100) {
        value(line);
    }
}

fn value(value: &[u8]) {
    let Some(at) = date(value) else { return };
    assert!(at.abs() < 400_000_000_000, "{at}");
    if OF_FROM_LINES.contains(&at) {
        let line = mbox::from_line(Some("a@b"), at);
        assert_eq!(mbox::date_of(line.as_bytes()), Some(at));
        // asctime(3), with and without a zone, and in the order of date(1).
        let asctime = line.trim_end().strip_prefix("From a@b ").unwrap();
        assert_eq!(date(asctime.as_bytes()), Some(at), "{asctime}");
        assert_eq!(date(format!("{asctime} +0000").as_bytes()), Some(at));
        let (clock, year) = asctime.rsplit_once(' ').unwrap();
        assert_eq!(
            date(format!("{clock} EST {year}").as_bytes()),
            Some(at + 5 * 3600)
        );
        let iso = rfc3339(asctime);
        assert_eq!(date(iso.as_bytes()), Some(at), "{iso}");
    }
    // At most 256 bytes are read.
    let plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let marks = |byte: &u8| b"()\\\"".contains(byte);
    if value.len() < 100 && value.iter().all(plain) && !value.iter().any(marks) {
        let text = std::str::from_utf8(value).unwrap();
        assert_eq!(
            date(format!(" {text} (a (b))\r\n").as_bytes()),
            Some(at),
            "{text}"
        );
        assert_eq!(
            date(text.replace(' ', "\r\n ").as_bytes()),
            Some(at),
            "{text}"
        );
    }
}

/// RFC 3339 for `Fri Jan 12 09:08:07 2024`.
fn rfc3339(asctime: &str) -> String {
    let words: Vec<&str> = asctime.split_ascii_whitespace().collect();
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(words[1]).unwrap() / 3 + 1;
    let (year, day, time) = (words[4], words[2], words[3]);
    format!("{year}-{month:02}-{day:0>2}T{time}Z")
}
