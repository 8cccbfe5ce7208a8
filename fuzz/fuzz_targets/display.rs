//! Display: nothing harmful reaches a terminal, and the output is bounded (E1, E2).
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::decode;
use tickets::mail::message::Message;
use tickets::mail::render::{self, Limits, Rendered};
use tickets::screen::{self, Layout, Row, Widths};
use tickets_fuzz::{Choices, assert_harmless, assert_one_line, run};
use unicode_width::UnicodeWidthStr;

fuzz_target!(|data: &[u8]| run(data, target));

fn target(raw: &[u8]) {
    let mut choices = Choices::of(raw);
    let small = Limits {
        text: choices.below(300),
        html: choices.below(300),
    };
    for limits in [Limits::default(), small] {
        let rendered = render::render(raw, &limits);
        text(&rendered, &limits);
        if limits.text > 300 {
            attachments(raw, &rendered);
        }
    }
    note(raw, &mut choices);
    conversation(raw, &mut choices);
    list(raw, &mut choices);
}

fn text(rendered: &Rendered, limits: &Limits) {
    let text = &rendered.text;
    assert_harmless(text, &['\n', '\t']);
    assert_eq!(text.trim_matches('\n'), text);
    // A remark that something was cut is added, once for HTML and once for the whole text.
    assert!(text.len() <= limits.text + 100, "{} bytes", text.len());
}

fn attachments(raw: &[u8], rendered: &Rendered) {
    assert!(rendered.attachments.len() <= 10_000);
    let mut last = 0;
    for attachment in rendered.attachments.iter().take(50) {
        assert!(attachment.number > last, "not in order");
        last = attachment.number;
        assert!(attachment.size <= raw.len());
        let token = |c: char| c.is_ascii_alphanumeric() || "-+._/".contains(c);
        assert!(attachment.mime.chars().all(token), "{:?}", attachment.mime);
        assert_eq!(attachment.mime.matches('/').count(), 1);
        if let Some(name) = &attachment.name {
            assert_one_line(name);
            assert!(!name.is_empty() && name.chars().count() <= 120, "{name:?}");
            assert!(
                !name.contains(['/', '\\']) && !name.starts_with(['.', '-', '~']),
                "{name:?}"
            );
        }
        let part = render::part(raw, attachment.number).expect("the part that was named");
        assert_eq!(
            (part.0, part.1.len()),
            (attachment.name.clone(), attachment.size)
        );
    }
    assert_eq!(render::part(raw, 0), None);
    assert_eq!(render::part(raw, 10_001), None);
}

fn note(raw: &[u8], choices: &mut Choices) {
    let wanted = choices.below(12);
    let lines = render::first_lines(raw, wanted, &Limits::default());
    assert_harmless(&lines, &['\n', '\t']);
    assert!(lines.lines().count() <= wanted);
    for line in lines.lines() {
        assert!(line.chars().count() <= 401);
        assert!(!line.trim_start().starts_with('>') && !line.trim().is_empty());
    }
}

/// The mail twice in a conversation, once with its whole header, as in `show --headers`.
fn conversation(raw: &[u8], choices: &mut Choices) {
    let message = Message::new(raw);
    let Rendered { text, attachments } = render::render(raw, &Limits::default());
    let fields = message.fields().iter().take(100);
    let fields: Vec<String> = fields
        .map(|f| format!("{}: {}", decode::text(f.name), f.text()))
        .collect();
    let author = message
        .from()
        .first()
        .map(|m| format!("{} <{}>", m.name, m.address));
    let shown = screen::ShownMessage {
        number: 1,
        author: author.unwrap_or_else(|| message.subject()),
        date: message.date().map(screen::when).unwrap_or_default(),
        event: "opened".into(),
        subject: message.subject(),
        to: message.mailboxes("To"),
        cc: message.mailboxes("Cc"),
        // In a stored message they are fields of ours, and so text of strangers.
        modules: fields.iter().take(3).cloned().collect(),
        text,
        attachments,
    };
    let with_header = screen::ShownMessage {
        number: 2,
        text: format!("{}\n\n{}", fields.join("\n"), shown.text),
        ..shown.clone()
    };
    let messages = [shown, with_header];
    let held = measure(&messages);
    let usual = |address: &str| address.ends_with("@example.org");
    for width in [None, Some(80), Some(1 + choices.below(200))] {
        let out = screen::conversation("tickets", 12, &messages, &usual, width);
        // We add a mark after an author's name that is written from right to left.
        let out_of_rules = |line: &str| match line.starts_with("── ") {
            true => line.replacen("\u{200e}", "", 1),
            false => line.to_owned(),
        };
        let lines: Vec<String> = uncoloured(&out).lines().map(out_of_rules).collect();
        assert_harmless(&lines.join("\n"), &['\n', '\t']);
        // Styles and padding, and a quotation mark on each wrapped line.
        assert!(
            out.len() <= 64 * held + 4096,
            "{} bytes of {held} at {width:?}",
            out.len()
        );
    }
}

/// The number of bytes to show.
fn measure(messages: &[screen::ShownMessage]) -> usize {
    let people = |people: &[decode::Mailbox]| -> usize {
        people
            .iter()
            .map(|m| m.name.len() + m.address.len() + 8)
            .sum()
    };
    let attachment = |a: &render::Attachment| 400 + a.name.as_ref().map_or(0, String::len);
    let one = |m: &screen::ShownMessage| {
        let attachments: usize = m.attachments.iter().map(attachment).sum();
        m.author.len()
            + m.subject.len()
            + m.text.len()
            + people(&m.to)
            + people(&m.cc)
            + attachments
    };
    messages.iter().map(one).sum()
}

/// `text` without our own escape sequences. Others stay, so that they are found.
fn uncoloured(text: &str) -> String {
    text.replace("\u{1b}[1m", "")
        .replace("\u{1b}[2m", "")
        .replace("\u{1b}[0m", "")
}

fn list(raw: &[u8], choices: &mut Choices) {
    let message = Message::new(raw);
    let who = message.from().into_iter().next();
    let text = String::from_utf8_lossy(raw);
    let who = who.map_or_else(|| text.to_string(), |m| m.name);
    let subject = message.subject();
    let row = Row {
        number: 1 + choices.below(999_999_999) as u64,
        closed: choices.below(2) == 0,
        age_secs: choices.below(1 << 31) as i64 - (1 << 20),
        messages: choices.below(100_000) as u64,
        who: &who,
        subject: &subject,
        waiting: choices.below(2) == 0,
        undelivered: choices.below(2) == 0,
    };
    let rows = [
        row,
        Row {
            subject: &text,
            ..row
        },
    ];
    let mut widths = Widths::default();
    for row in &rows {
        widths.see(row.number, row.messages, row.who);
    }
    for width in [None, Some(80), Some(1 + choices.below(200))] {
        let layout = Layout::of(&widths, width);
        let mut out = String::new();
        rows.iter().for_each(|row| layout.line(row, &mut out));
        let out = uncoloured(&out);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), rows.len());
        for line in lines {
            let line = line.replace('\u{200e}', "");
            assert_harmless(&line, &[]);
            assert!(width.is_none_or(|width| line.width() <= width), "{line:?}");
        }
    }
}
