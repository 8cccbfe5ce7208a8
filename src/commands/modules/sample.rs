//! What a module is asked when somebody tries it: made-up mail, and the heads that go with it.

use crate::module::{Answer, Head, Module, Point, clean, findings};
use crate::ticket::filter::Word;
use crate::ticket::identity::Identity;
use crate::ticket::when::rfc3339;
use mail::message::Message;
use mail::render::{self, Limits};
use serde_json::{Value, json};

/// The present of the trials: 2026-11-01 12:00 UTC.
const NOW: i64 = 1_793_534_400;

/// A mail for whoever gives none.
pub(super) const PLAIN: &str = "From: Ann Example <ann@example.net>\nTo: submit@example.org\n\
    Subject: Printer on fire\nMessage-ID: <1@example.net>\nDate: Sun, 01 Nov 2026 12:00:00 +0000\n\n\
    It burns.\n";

/// Mails that somebody may send, each with a name: plain ones, and those of people who mean harm.
pub(super) fn mails() -> Vec<(&'static str, Vec<u8>)> {
    let about = |subject: &str| {
        let plain = PLAIN.replace("Printer on fire", subject);
        plain.replace("Ann Example", &format!("\"{}\"", subject.replace('"', "")))
    };
    let long = "x".repeat(1 << 20);
    let mut mails: Vec<(&str, Vec<u8>)> = [
        ("plain", PLAIN.to_owned()),
        ("CRLF", PLAIN.replace('\n', "\r\n")),
        ("$(reboot)", about("$(reboot) `reboot`")),
        ("-rf", about("-rf /")),
        ("quotes", about("'\"; \\' | & > < * ? %s {} \\n")),
        (
            "a line end in a word",
            about("=?utf-8?q?a=0AX-Injected:_1?="),
        ),
        (
            "no text in UTF-8",
            about("=?utf-8?q?=ff=fe=00?= =?x?b?////?="),
        ),
        ("an attachment", ATTACHED.to_owned()),
        ("no header", "\nIt burns.\n".to_owned()),
        ("only a header", "Subject: Hi\n".to_owned()),
        ("no mail", String::new()),
        ("a header of 1 MB", format!("X-Long: {long}\n{PLAIN}")),
        ("a Subject of 1 MB", about(&long)),
        ("a line of 1 MB", format!("{PLAIN}{long}\n")),
    ]
    .map(|(name, text)| (name, text.into_bytes()))
    .into();
    let mut binary = PLAIN.as_bytes().to_vec();
    binary.extend(0..=255u8);
    mails.push(("every byte", binary));
    mails
}

const ATTACHED: &str = "From: ann@example.net\nSubject: Report\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>Hi</p>\n--x\n\
    Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"../$(x).sh\"\n\
    Content-Transfer-Encoding: base64\n\nAAAA\n--x--\n";

/// The ticket of made-up events, in an empty store.
const TICKET: u32 = 12;

/// The same where the store is a real one: there is no such ticket, so that nobody changes one because of the event.
const NO_TICKET: u32 = 999_999_999;

/// What a module is told at `point` about `mail`.
pub(super) fn head(module: &Module, point: Point, mail: &[u8]) -> Head {
    let message = Message::new(mail);
    let from = message.from().into_iter().next();
    let from = from.map(|it| json!({"name": it.name, "address": it.address}));
    let ticket = match module.trial {
        true => TICKET,
        false => NO_TICKET,
    };
    match point {
        Point::Filter => Head::default()
            .with("id", Identity::of(&message).hex())
            .with("way", "pipe")
            .with(
                "envelope",
                json!({"sender": "ann@example.net", "recipients": ["submit@example.org"]}),
            )
            .with("route", vec![json!({"new": true})])
            .with(
                "message",
                json!({
                    "from": from,
                    "subject": message.subject(),
                    "date": message.date().map(rfc3339),
                    "message_id": message.message_id(),
                    "automatic": false,
                    "proof": null,
                    "attachments": attachments(mail),
                }),
            ),
        Point::Observer => Head::default()
            .with("id", format!("12.{}", Identity::of(&message).hex()))
            .with(
                "event",
                json!({
                    "kind": module.manifest.events.first().map_or("opened", String::as_str),
                    "at": rfc3339(NOW),
                    "ticket": ticket,
                    "message": 1,
                    "author": from,
                    "subject": message.subject(),
                    "automatic": false,
                    "quiet": false,
                    "path": format!("/nowhere/{ticket}"),
                }),
            ),
        Point::Timeline => Head::default()
            .with("since", Value::Null)
            .with("until", Value::Null)
            .with("kinds", kinds(module))
            .with("ticket", Value::Null)
            .with("from", Value::Null)
            .with("limit", 100),
        Point::Job => Head::default()
            .with(
                "job",
                module.manifest.jobs.first().map(|it| it.name.clone()),
            )
            .with("due", rfc3339(NOW))
            .with("last_ok", Value::Null),
        Point::Setup => Head::default()
            .with("from", Value::Null)
            .with("to", module.manifest.data_version),
        Point::Check | Point::Verb | Point::Page | Point::Command => Head::default(),
    }
}

fn kinds(module: &Module) -> Vec<String> {
    let filters = module.manifest.timeline.filters.iter();
    filters.map(|entry| entry.name.clone()).collect()
}

fn attachments(mail: &[u8]) -> Vec<Value> {
    let rendered = render::render(mail, &Limits::default());
    let attachments = rendered.attachments.iter();
    attachments
        .map(|it| json!({"name": it.name, "type": it.mime, "size": it.size}))
        .collect()
}

/// True if a module gets the message at `point`.
pub(super) fn has_mail(module: &Module, point: Point) -> bool {
    point == Point::Filter || point == Point::Observer && module.manifest.raw
}

/// Says whether an answer is one that may be given at `point`.
pub(super) fn judge(point: Point, answer: &Answer) -> Result<(), String> {
    match point {
        Point::Filter => Word::read(answer).map(drop),
        Point::Observer | Point::Job => match answer.get("note") {
            None | Some(Value::Null | Value::String(_)) => Ok(()),
            Some(_) => Err("note is no string".into()),
        },
        Point::Check => findings(answer).map(drop),
        _ => Ok(()),
    }
}

/// What is said of an answer that has fields, and none that is known at `point`: no mistake, since a later program may
/// know them, and yet most often one.
pub(super) fn unknown_fields(point: Point, answer: &Answer) -> Option<String> {
    let known: &[&str] = match point {
        Point::Filter => &["go", "ticket", "reason", "note", "score"],
        Point::Observer | Point::Job => &["note"],
        Point::Check => &["findings"],
        _ => return None,
    };
    if answer.is_empty() || answer.keys().any(|key| known.contains(&key.as_str())) {
        return None;
    }
    let said: Vec<String> = answer.keys().take(5).map(|key| clean(key, 32)).collect();
    let (said, are) = (said.join(", "), if known.len() == 1 { "is" } else { "are" });
    let known = known.join(", ");
    Some(format!(
        "none of the fields of its answer is known: {said}; known {are} {known}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        for (point, answer, want) in [
            (Point::Filter, json!({}), Ok(())),
            (
                Point::Filter,
                json!({"go": "quarantine", "reason": "x", "more": 1}),
                Ok(()),
            ),
            (Point::Filter, json!({"go": "ticket", "ticket": 12}), Ok(())),
            (
                Point::Filter,
                json!({"go": "ticket"}),
                Err("ticket is no number of a ticket"),
            ),
            (
                Point::Filter,
                json!({"go": "project", "project": "shop"}),
                Err("there are no projects"),
            ),
            (
                Point::Filter,
                json!({"go": "reject"}),
                Err("go is \"reject\", and not on, ticket, new, quiet or quarantine"),
            ),
            (Point::Filter, json!({"go": null}), Ok(())),
            (Point::Filter, json!({"go": 1}), Err("go is no string")),
            (
                Point::Observer,
                json!({"note": 1}),
                Err("note is no string"),
            ),
            (
                Point::Check,
                json!({"findings": 1}),
                Err("findings is no list"),
            ),
        ] {
            let Value::Object(fields) = &answer else {
                panic!("{answer}");
            };
            assert_eq!(
                judge(point, fields),
                want.map_err(str::to_owned),
                "{answer}"
            );
        }
    }
}
