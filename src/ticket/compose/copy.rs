//! A ticket's message under a new header, for the admins and for the submitter.

use super::head::{Head, cut, people, push_lf};
use super::{Composer, Kind, Outgoing, line};
use crate::ticket::address::Verb;
use crate::ticket::reach::{ascii_address, is_ours};
use mail::decode::{Mailbox, clean};
use mail::message::{Field, Message};

/// The most people named in the Cc of a copy. The ticket holds the mail with all of them.
const MOST_PEOPLE: usize = 100;

/// The most bytes of `Content-*` fields. More are an attack, and the MTA would refuse a copy of them for days.
const MOST_CONTENT_FIELDS: usize = 64 << 10;

/// The longest line that an MTA accepts, with its line feed (RFC 5322 2.1.1).
const LONGEST_LINE: usize = 999;

/// What a message did, for the copies of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Did<'a> {
    /// `opened`, `filed`, `closed` or `re-opened`.
    pub event: &'a str,
    /// What admins should see at once, in a word or two; mostly empty.
    pub label: &'a str,
    /// What was not done, in a sentence; mostly empty.
    pub remark: &'a str,
    /// The address it was filed under.
    pub filed_under: &'a str,
}

impl Did<'_> {
    fn in_brackets(&self) -> String {
        match self.label {
            "" => String::new(),
            label => format!(" ({label})"),
        }
    }
}

/// The display name of mail that somebody writes for the desk: `Steve (Support)`.
#[must_use]
pub fn signed_for(own: &str, desk: &str) -> String {
    match clean(own) {
        own if own.is_empty() || own == desk => desk.to_owned(),
        own if desk.is_empty() => own,
        own => format!("{} ({desk})", cut(&own, 100)),
    }
}

/// Whose name a display name of that form has: `Steve` of `Steve (Support)`. `None` if it has another form.
#[must_use]
pub fn signed_by<'a>(signed: &'a str, desk: &str) -> Option<&'a str> {
    let own = match desk.is_empty() {
        true => Some(signed),
        false => signed
            .strip_suffix(')')
            .and_then(|it| it.strip_suffix(desk))
            .and_then(|it| it.strip_suffix(" (")),
    };
    own.filter(|own| !own.trim().is_empty())
}

impl Composer<'_> {
    /// `original` for admins: body and MIME structure byte for byte, under a new header (C2). Plain Reply works with
    /// that header, and the author's DMARC policy does not apply to it.
    #[must_use]
    pub fn copy(&self, original: &Message, admins: &[String], did: &Did) -> Outgoing {
        let from = format!(
            "{} via tickets{}",
            self.shown_author(original),
            did.in_brackets()
        );
        let admins = people(admins);
        let mut head = self.new_head(Kind::Copy.word(), &from, &self.subject(&original.subject()));
        head.recipients("To", &admins);
        head.people("Reply-To", &self.reply_to());
        head.people("Cc", &self.others(original, &admins));
        self.thread(&mut head, original);
        self.marks(&mut head, Kind::Copy);
        self.deeds(&mut head, did);
        head.plain("Auto-Submitted", "auto-generated");
        head.plain("X-Auto-Response-Suppress", "All");
        let line = match self.notify_line {
            true => line::above(original, &self.line(original, did)),
            false => String::new(),
        };
        self.finish(Kind::Copy, &admins, head.with_body_of(original, &line))
    }

    /// What the mail did, for programs.
    fn deeds(&self, head: &mut Head, did: &Did) {
        head.plain("X-Tickets-Event", did.event);
        let writer = self
            .by
            .writer
            .as_ref()
            .and_then(|m| ascii_address(&m.address));
        if let Some(writer) = writer {
            head.plain("X-Tickets-From", &writer);
        }
        head.plain("X-Tickets-To", did.filed_under);
        if !did.remark.is_empty() {
            head.text("X-Tickets-Remark", did.remark);
        }
    }

    /// The same in a line.
    fn line(&self, original: &Message, did: &Did) -> String {
        let writer = match self.both_addresses(original) {
            writer if writer.is_empty() || !writer.is_ascii() => "somebody".into(),
            writer => writer,
        };
        let (ticket, to) = (self.ticket, did.filed_under);
        let event = match did.label.is_empty() {
            true => did.event,
            false => did.label,
        };
        format!("[ticket {ticket} {event}: from {writer} to {to}]")
    }

    /// An admin's mail for the submitter (C3). `by` is the display name in From; if it is empty, the desk's is used.
    #[must_use]
    pub fn pass_on(&self, original: &Message, to: &Mailbox, by: &str) -> Outgoing {
        let to = [to.clone()];
        let by = signed_for(by, self.name);
        // Not `copy`: that is the msg-id of the admins' copies of the same message, whose header differs.
        let mut head = self.new_head("pass", &by, &self.subject(&original.subject()));
        head.recipients("To", &to);
        head.people("Reply-To", &[self.ticket_mailbox()]);
        head.people("Cc", &self.others(original, &to));
        self.thread(&mut head, original);
        self.marks(&mut head, Kind::Copy);
        let mail = self.finish(Kind::Copy, &to, head.with_body_of(original, ""));
        Outgoing {
            sender: ascii_address(&self.address(Verb::Update)),
            ..mail
        }
    }

    /// The people in To and Cc of `original` apart from the desk, its admins, the author and those in `to`. Named in
    /// Cc, so that a group reply reaches them.
    pub(super) fn others(&self, original: &Message, to: &[Mailbox]) -> Vec<Mailbox> {
        let admins = self.people.iter().flat_map(|person| &person.addresses);
        let mut known: Vec<String> = admins.map(|a| a.to_ascii_lowercase()).collect();
        known.extend(
            to.iter()
                .chain(&original.from())
                .map(|m| m.address.to_ascii_lowercase()),
        );
        let mut others = original.to_cc();
        others.retain(|m| {
            let address = m.address.to_ascii_lowercase();
            let new = !known.contains(&address) && !is_ours(self.addresses, &address);
            known.push(address);
            new
        });
        others.truncate(MOST_PEOPLE);
        others
    }
}

impl Head {
    /// A whole mail: this header, the MIME fields of `original`, the text `above`, and its body. The body is copied once:
    /// with LF for CRLF, otherwise byte for byte.
    fn with_body_of(self, original: &Message, above: &str) -> Vec<u8> {
        let body = original.body();
        let mut mail = Vec::with_capacity(body.len() + 4096);
        mail.extend_from_slice(self.as_str().as_bytes());
        mail.extend(mime_fields(original));
        mail.push(b'\n');
        mail.extend_from_slice(above.as_bytes());
        push_lf(&mut mail, body);
        mail
    }
}

/// The MIME fields of `original`, less what an MTA would refuse or mistake for the end of the header. If that does
/// not make them acceptable, all of them are left out, and the body is read as text.
fn mime_fields(original: &Message) -> Vec<u8> {
    let mut header = Vec::new();
    let mut names: Vec<&[u8]> = Vec::new();
    for field in original.fields() {
        let known = names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(field.name));
        if known || !is_mime_field(field) {
            continue;
        }
        names.push(field.name);
        let start = header.len();
        if start + field.line.len() > MOST_CONTENT_FIELDS {
            return Vec::new();
        }
        for (at, line) in field
            .line
            .split_inclusive(|&byte| byte == b'\n')
            .enumerate()
        {
            // The field was folded without a blank, which MTAs would take for the end of the header.
            if at > 0 && !line.starts_with(b" ") && !line.starts_with(b"\t") {
                header.push(b' ');
            }
            push_lf(&mut header, line);
        }
        // Some MTAs read a lone CR as a line end, which could end the header.
        for byte in &mut header[start..] {
            if matches!(*byte, b'\r' | 0) {
                *byte = b' ';
            }
        }
        if header.last() != Some(&b'\n') {
            header.push(b'\n');
        }
    }
    // A line of blanks ends the header for software that strips trailing blanks.
    let lines = header.split_inclusive(|&byte| byte == b'\n');
    let lines: Vec<&[u8]> = lines.filter(|l| !l.trim_ascii().is_empty()).collect();
    match lines.iter().any(|line| line.len() > LONGEST_LINE) {
        true => Vec::new(),
        false => lines.concat(),
    }
}

fn is_mime_field(field: &Field) -> bool {
    let is_word = |name: &[u8]| name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    let content = field
        .name
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    let content = content && is_word(field.name) && !field.is("Content-Length");
    field.is("MIME-Version") || content
}
