//! Names of files, people and Subjects: whatever the field, what is read is harmless, and comes back from
//! each of the ways in which it can be written (RFC 2047, RFC 2231, quoted).
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::decode;
use tickets::mail::message::Message;
use tickets::mail::render::{self, Limits};
use tickets_fuzz::{assert_one_address, assert_one_line, run};

fuzz_target!(|data: &[u8]| run(data, target));

fn target(raw: &[u8]) {
    let message = Message::new(raw);
    for field in message.fields().iter().take(100) {
        subject(field.value);
        people(field.value);
        let nominal = decode::nominal(field.value);
        assert_one_line(&nominal);
        assert!(nominal.chars().count() <= 200);
        for name in [
            file_name(b"Content-Disposition:", field.value),
            file_name(b"Content-Type: x/y; name=", field.value),
            file_name(b"Content-Disposition: attachment; filename=", field.value),
        ] {
            name.iter().for_each(|name| file(name));
        }
    }
    assert_one_line(&message.author_text());
    assert_one_line(&message.author_name());
}

/// The text of a field, written again as one word of codes.
fn subject(value: &[u8]) {
    let text = decode::text(value);
    assert_one_line(&text);
    if text.len() < 20_000 {
        assert_eq!(decode::text(word(&text).as_bytes()), text);
    }
}

/// `text` as one encoded word, each byte a code.
fn word(text: &str) -> String {
    let codes: String = text.bytes().map(|byte| format!("={byte:02X}")).collect();
    format!("=?utf-8?Q?{codes}?=")
}

fn people(value: &[u8]) {
    for person in decode::mailboxes(value).iter().take(20) {
        assert_one_line(&person.name);
        assert_one_address(&person.address);
        if person.name.len() < 20_000 && !person.name.is_empty() {
            let written = format!("{} <{}>", word(&person.name), person.address);
            assert_eq!(decode::mailboxes(written.as_bytes()), [person.clone()]);
        }
    }
}

/// The name of the only part of a mail with this field.
fn file_name(field: &[u8], value: &[u8]) -> Option<String> {
    let mail = [
        field,
        value,
        b"\nContent-Transfer-Encoding: base64\n\nYQ==\n",
    ]
    .concat();
    // The value may end the header, and the text be another.
    let (name, _) = render::part(&mail, 1)?;
    let rendered = render::render(&mail, &Limits::default());
    for attachment in &rendered.attachments {
        assert!(attachment.name.as_ref().is_none_or(|name| !name.is_empty()));
    }
    name
}

/// A name is safe, and the same however it is written.
fn file(name: &str) {
    assert_one_line(name);
    assert!(!name.is_empty() && name.chars().count() <= 120 && name.len() <= 200);
    assert!(!name.contains(['/', '\\']), "{name:?}");
    assert!(!name.starts_with(['.', '-', '~', '"', ' ']), "{name:?}");

    let percent: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut ways = vec![
        format!(" attachment; filename*=utf-8''{percent}"),
        format!(" attachment; filename=\"{}\"", word(name)),
    ];
    // In sections, cut anywhere.
    let (head, tail) = percent.split_at(percent.len() / 6 * 3);
    ways.push(format!(
        " attachment;\n filename*1*={tail};\n filename*0*=utf-8'en'{head}"
    ));
    if !name.contains("=?") && !name.contains('\'') {
        ways.push(format!(
            " attachment; filename=\"{}\"",
            name.replace('"', "\\\"")
        ));
    }
    for way in ways {
        let found = file_name(b"Content-Disposition:", way.as_bytes());
        assert_eq!(found.as_deref(), Some(name), "{way}");
    }
}
