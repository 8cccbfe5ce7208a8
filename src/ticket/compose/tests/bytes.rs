//! Copied bodies, and the addresses passed to sendmail.

use super::*;
use crate::ticket::reach::mail_address;

#[test]
fn a_body_is_copied_byte_for_byte() {
    // C2: with LF, which sendmail expects; only `show --raw` restores line ends (D6).
    let table: &[(&str, &[u8], &[u8])] = &[
        (
            "as it is",
            b"A: 1\n\nx \xff\0\r y\nFrom me\n.\n",
            b"\n\nx \xff\0\r y\nFrom me\n.\n",
        ),
        (
            "CRLF",
            b"A: 1\r\nContent-Type: text/html;\r\n x=y\r\n\r\na\r\nb\r\n",
            b"\nContent-Type: text/html;\n x=y\n\na\nb\n",
        ),
        ("no last newline", b"A: 1\n\nx", b"\n\nx"),
        (
            "header without an end",
            b"Content-Type: text/html",
            b"\nContent-Type: text/html\n\n",
        ),
        ("nothing at all", b"\n", b"\n\n"),
        ("no header", b"just text\n", b"\n\njust text\n"),
        (
            "a field twice",
            b"Content-Type: a/b\ncontent-type: c/d\n\nx",
            b"\nContent-Type: a/b\n\nx",
        ),
        (
            "a line of blanks in a field",
            b"Content-Type: a/b;\n \t\n c=d\n\nx",
            b"\nContent-Type: a/b;\n c=d\n\nx",
        ),
        (
            "a field folded without a blank",
            b"Content-Type: multipart/mixed;\r\nboundary=x;\r\n\ta=b\r\n\r\nx",
            b"\nContent-Type: multipart/mixed;\n boundary=x;\n\ta=b\n\nx",
        ),
        (
            "names that are none",
            b"Content-\xff: x\nContent-Length: 1\nContent-A(b): x\n\nx",
            b"All\n\nx",
        ),
        (
            "a lone CR in a field",
            b"Content-Type: a/b\rBcc: x@y\n\nx",
            b"\nContent-Type: a/b Bcc: x@y\n\nx",
        ),
    ];
    let desk = Desk::new("example.org");
    for (case, raw, want) in table {
        let got = desk
            .composer()
            .copy(&Message::new(raw), &desk.admins, &FILED);
        assert!(
            got.bytes.ends_with(want),
            "{case}: {}",
            String::from_utf8_lossy(&got.bytes)
        );
    }
    // Fields that an MTA would refuse for their length are left out.
    for length in [980, 1 << 20] {
        let long = format!("Content-Type: text/plain; x={}\n\nbody", "y".repeat(length));
        let got = desk
            .composer()
            .copy(&Message::new(long.as_bytes()), &desk.admins, &FILED);
        assert!(got.bytes.len() < 2000 && got.bytes.ends_with(b"All\n\nbody"));
    }
    let folded = format!("Content-Type: text/plain;\n x={}\n\nbody", "y".repeat(980));
    let got = desk
        .composer()
        .copy(&Message::new(folded.as_bytes()), &desk.admins, &FILED);
    assert!(text(&got.bytes).ends_with(&folded));
}

#[test]
fn unusable_addresses_are_left_out() {
    // C10
    let table = [
        ("plain", "a@x", Some("a@x")),
        (
            "dots anywhere",
            "foo..bar.@docomo.example",
            Some("foo..bar.@docomo.example"),
        ),
        (
            "long",
            &format!("{}@x", "a".repeat(100)),
            Some(&*format!("{}@x", "a".repeat(100))),
        ),
        ("a dash", "-oQ/tmp@x", Some("-oQ/tmp@x")),
        ("quoted", r#""a b\"@c"@x"#, Some(r#""a b\"@c"@x"#)),
        ("a literal", "a@[IPv6:::1]", Some("a@[IPv6:::1]")),
        (
            "an IDN",
            "a@MÜNCHEN.example",
            Some("a@xn--mnchen-3ya.example"),
        ),
        ("SMTPUTF8", "jürgen@x", Some("jürgen@x")),
        ("two", "a@x,b@y", None),
        ("a blank", "a b@x", None),
        ("broken quotes", r#""a"b"@x"#, None),
        ("an open escape", r#""a\"@x"#, None),
        ("no domain", "a@", None),
        ("no local-part", "@x", None),
        ("a newline", "a\nb@x", None),
        ("root", "root", None),
    ];
    for (case, address, want) in table {
        assert_eq!(mail_address(address).as_deref(), want, "{case}");
    }
    let desk = Desk::new("example.org");
    let nobody = Mailbox {
        address: "root".into(),
        ..alice()
    };
    let got = desk
        .composer()
        .ack(&Message::new(MAIL.as_bytes()), &nobody)
        .mail;
    assert!(
        got.recipients.is_empty() && text(&got.bytes).contains("\nTo: undisclosed-recipients:;\n")
    );
}
