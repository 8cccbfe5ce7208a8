use super::*;

fn both(raw: &[u8]) -> (Identity, i64) {
    let message = Message::new(raw);
    Identity::and_origin(&message)
}

const FIRST: &str = "Message-ID: <1@x>\nFrom: Ann <ann@x.org>\nTo: a@x\nSubject: Gr=?utf-8?q?=C3=BC?=n\n\
                     Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nhello\nyou\n";
const NAMELESS: &str = "Date: today\nReceived: by b\nX-Note: =?utf-8?q?=C3=BC?=\n\nhello\n";

/// `FIRST` with `from` replaced.
fn first_with(from: &str, to: &str) -> Vec<u8> {
    assert!(FIRST.contains(from));
    FIRST.replace(from, to).into_bytes()
}

#[test]
fn the_same_message_is_recognised() {
    // A5
    for (case, other) in [
        ("itself", FIRST.into()),
        (
            "trace fields",
            format!("Delivered-To: y\nReceived: by z\n{FIRST}").into_bytes(),
        ),
        ("CRLF", FIRST.replace('\n', "\r\n").into_bytes()),
        ("newlines at the end", first_with("you\n", "you\n\n\r\n")),
        ("none at the end", first_with("you\n", "you")),
        (
            "another encoding of the Subject",
            first_with("Gr=?utf-8?q?=C3=BC?=n", "=?iso-8859-1?B?R3L8bg==?="),
        ),
        (
            "a Subject in 8 bits",
            first_with("Gr=?utf-8?q?=C3=BC?=n", "Grün"),
        ),
        ("a folded Subject", first_with("Subject: ", "Subject:\n\t ")),
        (
            "the name in From",
            first_with("Ann <ann@x.org>", "=?utf-8?q?Ann?= <Ann@X.org>"),
        ),
        (
            "the zone of the Date",
            first_with("10:00:00 +0000", "12:00:00 +0200"),
        ),
    ] {
        assert_eq!(both(&other), both(FIRST.as_bytes()), "{case}");
    }
    let (identity, _) = both(FIRST.as_bytes());
    assert_eq!(identity.key, key("<1@x>"));
    let with = |nul: u8| {
        let mut raw = first_with("you", "y?u and ?");
        raw.extend_from_slice(b"?");
        for byte in raw.iter_mut().filter(|byte| **byte == b'?') {
            // The Subject has some, too.
            *byte = nul;
        }
        raw
    };
    assert_eq!(both(&with(0)), both(&with(0x80)), "NUL as 0x80");
    assert_ne!(both(&with(0)), both(&with(0x81)));
}

#[test]
fn a_msg_id_that_is_used_again_is_no_proof() {
    // A5: of the same origin are copies, which have other bytes.
    for (case, other, copy) in [
        ("other id", first_with("<1@x>", "<2@x>"), false),
        ("other author", first_with("ann@", "bob@"), false),
        (
            "no author",
            first_with("From: Ann <ann@x.org>\n", ""),
            false,
        ),
        ("other date", first_with("10:00:00", "10:00:01"), false),
        ("no date", first_with("Date", "X-Date"), false),
        (
            "a prefix in the Subject",
            first_with("Subject: ", "Subject: [list] "),
            true,
        ),
        (
            "a footer",
            first_with("you\n", "you\n-- \nThe list\n"),
            true,
        ),
        (
            "a gateway's MIME",
            first_with("\n\n", "\nContent-Type: text/html\n\n<p>"),
            true,
        ),
    ] {
        let (identity, origin) = both(&other);
        let (first, first_origin) = both(FIRST.as_bytes());
        assert_ne!(identity, first, "{case}");
        assert_eq!(origin == first_origin, copy, "{case}");
    }
    // What has no author or no date has an origin of its own.
    for lack in [
        "From: Ann <ann@x.org>\n",
        "Date: Sun, 22 Nov 2026 10:00:00 +0000\n",
        "Message-ID: <1@x>\n",
    ] {
        let one = first_with(lack, "");
        let other = String::from_utf8(one.clone()).unwrap() + "footer\n";
        assert_ne!(both(&one).1, both(other.as_bytes()).1, "{lack}");
    }
    // A Date that nobody can read is compared as it stands, an author likewise.
    let odd = "Message-ID: <1@x>\nFrom: nobody\nDate: today\n\nx\n";
    let (identity, origin) = both(odd.as_bytes());
    let (other, other_origin) = both(format!("{odd}footer\n").as_bytes());
    assert!(identity != other && origin == other_origin);
    let (_, tomorrow) = both(odd.replace("today", "tomorrow").as_bytes());
    assert_ne!(origin, tomorrow);
}

#[test]
fn without_a_msg_id_the_header_counts() {
    // A5
    for (case, other, same) in [
        ("a retry", format!("Delivery-date: now\n{NAMELESS}"), true),
        (
            "read in mutt meanwhile",
            format!("Status: RO\nContent-Length: 6\n{NAMELESS}"),
            true,
        ),
        ("CRLF", NAMELESS.replace('\n', "\r\n"), true),
        (
            "encoded otherwise",
            NAMELESS.replace("=?utf-8?q?=C3=BC?=", "ü"),
            true,
        ),
        (
            "folded otherwise",
            NAMELESS.replace("by b", "\n  by\n b"),
            true,
        ),
        ("another way", NAMELESS.replace("by b", "by c"), false),
        (
            "another field",
            NAMELESS.replace("X-Note", "X-Other"),
            false,
        ),
        ("another body", NAMELESS.replace("hello", "hallo"), false),
    ] {
        let same_now = both(other.as_bytes()).0 == both(NAMELESS.as_bytes()).0;
        assert_eq!(same_now, same, "{case}");
    }
}

#[test]
fn all_of_a_long_field_counts() {
    // A5: no message is lost because only the beginning of a field is decoded.
    // A value of 40 kB with CRLF has 20 kB without.
    let folded = NAMELESS.replace("by b", &"\n x".repeat(9_000));
    assert_eq!(
        both(folded.as_bytes()),
        both(folded.replace('\n', "\r\n").as_bytes())
    );
    for field in ["Subject", "From", "Date", "X-Long"] {
        for id in ["Message-ID: <1@x>\n", ""] {
            let long = |end: &str| format!("{id}{field}: {}{end}\n\nx\n", "a ".repeat(60_000));
            let same = both(long("1").as_bytes()) == both(long("2").as_bytes());
            // With a Message-ID, other fields do not matter.
            assert_eq!(same, field == "X-Long" && !id.is_empty(), "{field} {id}");
            let crlf = long("1").replace('\n', "\r\n");
            assert_eq!(
                both(crlf.as_bytes()),
                both(long("1").as_bytes()),
                "{field} {id}"
            );
        }
    }
}

#[test]
fn digests_of_existing_stores_are_still_known() {
    // These names were written by version 0.1.0.
    for (raw, digest) in [
        (
            "Message-ID: <1@x>\nTo: a@x\n\nhello\nyou\n",
            "56debd090d25be651816575d10f703e0",
        ),
        (
            "Delivered-To: z\nDate: today\nReceived: by b\n\nhello\n",
            "698fb711fed17475975fee1a446b0b72",
        ),
    ] {
        assert_eq!(
            hex(&Identity::old_digest(&Message::new(raw.as_bytes()))),
            digest
        );
    }
}

#[test]
fn a_date_is_the_same_with_other_line_ends_however_long_it_is() {
    // A5: no Date is read further than some bytes, and CRLF makes it longer.
    for length in 90..300 {
        let date = format!("Date: {}\n 22 Nov\n 10:00\n 2026\n", "x".repeat(length));
        let raw = format!("Message-ID: <1@x>\nFrom: ann@x.org\n{date}\nhello\n");
        let crlf = raw.replace('\n', "\r\n");
        assert_eq!(both(raw.as_bytes()), both(crlf.as_bytes()), "{length}");
    }
}
