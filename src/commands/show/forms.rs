//! The forms in which a ticket's messages are shown.

use crate::desk::FiledMessage;
use crate::listing::MailboxObject;
use crate::screen;
use crate::ticket::event::Event;
use crate::ticket::staff::Staff;
use crate::ticket::when::rfc3339;
use anyhow::Result;
use mail::decode::{self, Mailbox};
use mail::entry::Verdict;
use mail::message::Message;
use mail::render::{self, Limits};
use serde::Serialize;

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
struct MessageObject<'a> {
    number: usize,
    date: Option<String>,
    filed: Option<String>,
    author: Option<MailboxObject<'a>>,
    person: Option<&'a str>,
    to: Vec<MailboxObject<'a>>,
    cc: Vec<MailboxObject<'a>>,
    subject: String,
    message_id: Option<String>,
    event: Option<&'static str>,
    text: String,
    attachments: Vec<AttachmentObject>,
    intact: Option<bool>,
}

#[derive(Serialize)]
struct AttachmentObject {
    part: String,
    name: Option<String>,
    mime: String,
    size: usize,
}

/// Messages as JSON objects, one a line.
pub(super) fn objects(messages: &[FiledMessage], staff: &Staff) -> Result<String> {
    let mut lines = String::new();
    for filed in messages {
        let decoded = filed.decode()?;
        let message = Message::new(&decoded.raw);
        let (to, cc) = (message.mailboxes("To"), message.mailboxes("Cc"));
        let rendered = render::render(&decoded.raw, &Limits::default());
        let attached = |a: render::Attachment| AttachmentObject {
            part: format!("{}.{}", filed.number, a.number),
            name: a.name,
            mime: a.mime,
            size: a.size,
        };
        let person = (filed.writer.as_ref()).and_then(|writer| staff.person(writer));
        let object = MessageObject {
            number: filed.number,
            date: filed.written().map(rfc3339),
            filed: filed.filed.map(rfc3339),
            author: filed.writer.as_ref().map(MailboxObject::from),
            person: person.and_then(|it| it.name.as_deref()),
            to: to.iter().map(MailboxObject::from).collect(),
            cc: cc.iter().map(MailboxObject::from).collect(),
            subject: message.subject(),
            message_id: message.message_id(),
            event: event(filed.event),
            text: rendered.text,
            attachments: rendered.attachments.into_iter().map(attached).collect(),
            intact: match decoded.verdict {
                Verdict::Intact => Some(true),
                Verdict::Changed => Some(false),
                Verdict::Foreign => None,
            },
        };
        lines.push_str(&serde_json::to_string(&object)?);
        lines.push('\n');
    }
    Ok(lines)
}

/// What changed a ticket's state, in a word.
fn event(event: Event) -> Option<&'static str> {
    match event {
        Event::Opened => Some("opened"),
        Event::Closed => Some("closed"),
        Event::Reopened => Some("re-opened"),
        Event::Filed | Event::Quiet => None,
    }
}

/// What stands behind a message's date.
fn remark(filed: &FiledMessage) -> String {
    let apart = filed.apart.then_some("not passed on");
    let all: Vec<&str> = event(filed.event).into_iter().chain(apart).collect();
    all.join(", ")
}

/// A message for the screen; with `headers`, its fields stand above its text.
pub(super) fn shown(
    filed: &FiledMessage,
    subject: &str,
    headers: bool,
) -> Result<screen::ShownMessage> {
    let decoded = filed.decode()?;
    let message = Message::new(&decoded.raw);
    let rendered = render::render(&decoded.raw, &Limits::default());
    let mut shown = screen::ShownMessage {
        number: filed.number,
        author: authors(filed, &message),
        date: filed.written().map(screen::when).unwrap_or_default(),
        event: remark(filed),
        modules: filed.modules().to_vec(),
        text: rendered.text,
        attachments: rendered.attachments,
        ..screen::ShownMessage::default()
    };
    if headers {
        shown.text = format!("{}\n\n{}", fields(filed, &message), shown.text);
    } else {
        shown.subject = subject.to_owned();
        shown.to = message.mailboxes("To");
        shown.cc = message.mailboxes("Cc");
    }
    Ok(shown)
}

/// All header fields, decoded, one a line; above them those of the envelope.
fn fields(filed: &FiledMessage, message: &Message) -> String {
    let mut lines = Vec::new();
    if let Some(path) = filed.return_path() {
        lines.push(format!("Return-Path: <{path}>"));
    }
    if let Some(to) = filed.delivered_to() {
        lines.push(format!("Delivered-To: {to}"));
    }
    lines.extend(message.fields().iter().map(|field| {
        let name = decode::text(field.name);
        format!("{name}: {}", field.text())
    }));
    lines.join("\n")
}

/// Who wrote a message, in one line, as far as anybody knows.
fn authors(filed: &FiledMessage, message: &Message) -> String {
    let written = |m: &Mailbox| match m.name.as_str() {
        "" => m.address.clone(),
        name => format!("{name} <{}>", m.address),
    };
    let people = message.from();
    let from = people.iter().map(written).collect::<Vec<_>>().join(", ");
    let is_writer = |m: &Mailbox| {
        let writer = filed.writer.as_ref();
        writer.is_none_or(|writer| writer.address.eq_ignore_ascii_case(&m.address))
    };
    // A contact form, or an admin who forwarded it, sent it for somebody else.
    let writer = filed
        .writer
        .as_ref()
        .filter(|_| !people.iter().any(is_writer));
    match (message.author_text(), filed.return_path()) {
        _ if !people.is_empty() => match writer {
            Some(writer) => format!("{}, sent by {from}", written(writer)),
            None => from,
        },
        (said, _) if !said.is_empty() => said,
        // Only Sender names somebody.
        _ if filed.writer.is_some() => filed.writer.iter().map(written).collect(),
        (_, None | Some("")) => "nobody".to_owned(),
        (_, Some(sender)) => sender.to_owned(),
    }
}

/// For each message its Subject, if it differs from that of the message before; the first one's
/// stands above all of them.
pub(super) fn subjects(messages: &[FiledMessage], tag: Option<&str>) -> Vec<String> {
    let mut before: Option<String> = None;
    let changed = |filed: &FiledMessage| {
        let subject = filed.header().subject();
        let topic = topic(&subject, tag);
        let same = before.as_ref().is_none_or(|before| *before == topic);
        before = Some(topic);
        if same { String::new() } else { subject }
    };
    messages.iter().map(changed).collect()
}

/// A Subject without the ticket's tag and without what mail programs put in front (`Re:`, `AW:`,
/// `Fwd:`).
fn topic(subject: &str, tag: Option<&str>) -> String {
    let mut topic = subject.to_lowercase();
    if let Some(tag) = tag {
        topic = topic.replace(&tag.to_lowercase(), " ");
    }
    let mut rest = topic.trim();
    while let Some((word, after)) = rest.split_once(':')
        && (1..=4).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphabetic())
    {
        rest = after.trim_start();
    }
    decode::clean(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_topic_of_their_question() {
        for (case, subject, want) in [
            ("itself", "Printer on fire", "printer on fire"),
            ("reply", "Re: Printer on fire", "printer on fire"),
            ("German", "AW: WG: Printer on fire", "printer on fire"),
            ("tagged", "[issue12] Re: Printer on fire", "printer on fire"),
            (
                "tag behind",
                "Re: [Issue12] Printer on fire",
                "printer on fire",
            ),
            ("another", "Printer cold: thanks", "printer cold: thanks"),
            ("nothing left", "Re: ", ""),
        ] {
            assert_eq!(topic(subject, Some("[issue12]")), want, "{case}");
        }
    }
}
