//! Splitting and decoding headers: nothing is dropped, nothing is invented, and values are harmless.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::decode;
use tickets::mail::message::Message;
use tickets_fuzz::{assert_harmless, assert_one_address, assert_one_line, run, with_lf};

fuzz_target!(|data: &[u8]| run(data, target));

fn target(raw: &[u8]) {
    let message = Message::new(raw);
    split(raw, &message);
    values(&message);
    if !raw.contains(&b'\r') {
        line_ends_do_not_matter(raw, &message);
    }
}

/// Compares the header with a second parser, and checks that no byte is lost.
fn split(raw: &[u8], message: &Message) {
    if is_tolerant(raw) {
        return tolerated(raw, message);
    }
    let (fields, body) = reference(raw);
    assert_eq!(message.body(), body);
    assert_eq!(message.fields().len(), fields.len().min(50_000));
    for (field, line) in message.fields().iter().zip(&fields) {
        assert_eq!(field.line, *line);
        let (name, value) = halves(line);
        assert_eq!((field.name, field.value), (name, value));
        let lower = String::from_utf8_lossy(name).to_lowercase();
        if name.is_ascii() {
            assert!(field.is(&lower) && message.first(&lower).is_some());
        }
    }
    let header: usize = fields.iter().map(|line| line.len()).sum();
    let between = &raw[header..raw.len() - body.len()];
    assert!(matches!(between, b"" | b"\n" | b"\r\n"), "{between:?}");

    // A body cannot change its header.
    let alone = Message::new(&raw[..raw.len() - body.len()]);
    assert_eq!((alone.fields(), alone.body()), (message.fields(), &b""[..]));
}

/// True if a line of `raw` may be one over which the header goes on, though it is no field: a From_ line,
/// or a parameter that was folded without a blank.
fn is_tolerant(raw: &[u8]) -> bool {
    let lower = raw.to_ascii_lowercase();
    memchr::memmem::find(&lower, b"from ").is_some()
        || memchr::memmem::find(&lower, b"content-").is_some()
}

/// What holds of any header: fields are pieces of it, in order, and the body is its end.
fn tolerated(raw: &[u8], message: &Message) {
    let place = |piece: &[u8]| piece.as_ptr() as usize - raw.as_ptr() as usize;
    let mut end = 0;
    for field in message.fields() {
        assert!(place(field.line) >= end, "not in order");
        end = place(field.line) + field.line.len();
        assert!(field.line.starts_with(field.name) && !field.name.is_empty());
        assert!(place(field.value) + field.value.len() <= end);
    }
    assert!(raw.ends_with(message.body()));
    assert!(raw.len() - message.body().len() >= end);
    // A body cannot change its header, but for the fields with which it seems to go on.
    let alone = Message::new(&raw[..raw.len() - message.body().len()]);
    assert_eq!(alone.fields(), message.fields());
}

/// The second parser: fields and body, line by line.
fn reference(raw: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut fields: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for line in raw.split_inclusive(|&b| b == b'\n') {
        let end = at + line.len();
        match line {
            b"\n" | b"\r\n" => {
                at = end;
                break;
            }
            [b' ' | b'\t', ..] if !fields.is_empty() => fields.last_mut().unwrap().1 = end,
            _ if begins_a_field(line) => fields.push((at, end)),
            _ => break,
        }
        at = end;
    }
    let fields = fields.iter().map(|&(start, end)| &raw[start..end]);
    (fields.collect(), &raw[at..])
}

fn begins_a_field(line: &[u8]) -> bool {
    let name = line.split(|&b| b == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end();
    line.contains(&b':') && !name.is_empty() && name.iter().all(|&b| b > 32 && b != 127)
}

fn halves(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|&b| b == b':').unwrap();
    let mut end = line.len();
    if line.ends_with(b"\n") {
        end -= 1;
    }
    if end > colon + 1 && line[end - 1] == b'\r' {
        end -= 1;
    }
    (line[..colon].trim_ascii_end(), &line[colon + 1..end])
}

/// The decoded values that the rest of the program uses.
fn values(message: &Message) {
    for field in message.fields().iter().take(200) {
        let text = field.text();
        assert_one_line(&text);
        assert_eq!(decode::clean(&text), text);
        // One byte becomes at most three bytes of UTF-8, and may count twice: raw and in an encoded-word.
        assert!(text.len() <= 9 * field.value.len().min(64 << 10) + 9);
        let block = decode::clean_block(&String::from_utf8_lossy(field.value));
        assert_harmless(&block, &['\n', '\t']);
        assert_eq!(decode::clean_block(&block), block);
        people(&decode::mailboxes(field.value));
        for id in decode::msg_ids(field.value) {
            assert_harmless(&id, &[]);
            assert!(
                id.len() <= 998 && id.starts_with('<') && id.ends_with('>'),
                "{id:?}"
            );
            assert!(!id.contains(|c: char| c.is_ascii_whitespace()), "{id:?}");
            assert_eq!(decode::msg_ids(id.as_bytes()), [&*id]);
        }
        if let Some(date) = decode::date(field.value) {
            // The years -9999 to 9999, with a zone of up to 255 hours.
            assert!(date.abs() < 400_000_000_000, "{date}");
        }
    }
    people(&message.to_cc());
    people(&message.from());
    people(&message.mailboxes("Reply-To"));
    let mut parents = message.parents();
    assert!(parents.len() <= 100);
    parents.sort();
    parents.dedup();
    assert_eq!(parents.len(), message.parents().len());
}

fn people(people: &[decode::Mailbox]) {
    assert!(people.len() <= 2000);
    for person in people {
        assert_one_line(&person.name);
        assert_one_address(&person.address);
    }
}

/// The same mail with CRLF has the same content (A2).
fn line_ends_do_not_matter(raw: &[u8], message: &Message) {
    let mut crlf = Vec::with_capacity(raw.len() * 2);
    for &byte in raw {
        if byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(byte);
    }
    let other = Message::new(&crlf);
    assert_eq!(with_lf(other.body()), message.body());
    assert_eq!(other.fields().len(), message.fields().len());
    for (a, b) in message.fields().iter().zip(other.fields()).take(200) {
        assert_eq!(a.name, b.name);
        // At most 64 KiB of a field are read, including CRs.
        if b.value.len() < 60_000 {
            assert_eq!(a.text(), b.text());
            assert_eq!(decode::mailboxes(a.value), decode::mailboxes(b.value));
            assert_eq!(decode::msg_ids(a.value), decode::msg_ids(b.value));
        }
    }
}
