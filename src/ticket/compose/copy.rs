//! A mail of the ticket under a header of our own: for the admins, and for the submitter.

use super::head::{Head, ascii_address, cut, push_lf};
use super::{Kind, Outgoing, Voice, people};
use crate::ticket::address::Verb;
use mail::decode::{Mailbox, clean};
use mail::message::{Field, Message};

/// More people than this are not named in the Cc of a copy; the mail itself lies in the ticket.
const PEOPLE: usize = 100;

/// Longer `Content-*` fields are some attack; copying them would make the MTA refuse the mail for days.
const CONTENT_FIELDS: usize = 64 << 10;

/// The longest line that an MTA takes, with its line feed (RFC 5322 2.1.1).
const LINE: usize = 999;

impl Voice<'_> {
    /// `original` itself for admins: body and MIME structure byte for byte, under a header of our own that plain
    /// Reply works with and that the author's DMARC policy cannot break (C2).
    #[must_use]
    pub fn copy(&self, original: &Message, admins: &[String]) -> Outgoing {
        let author = original.from().into_iter().next();
        let name = match author {
            Some(Mailbox { name, address }) if name.is_empty() => address,
            Some(Mailbox { name, .. }) => name,
            None => "somebody".into(),
        };
        let from = format!("{} via tickets", cut(&clean(&name), 150));
        let admins = people(admins);
        let mut head = self.new_head(Kind::Copy.word(), &from, &self.subject(&original.subject()));
        head.people("To", &admins);
        head.people("Reply-To", &self.author_and_ticket(original));
        head.people("Cc", &self.others(original, &admins));
        self.thread(&mut head, original);
        self.marks(&mut head, Kind::Copy);
        head.plain("Auto-Submitted", "auto-generated");
        head.plain("X-Auto-Response-Suppress", "All");
        self.finish(Kind::Copy, &admins, head.with_body_of(original))
    }

    /// What an admin wrote, for the submitter. `by` is the name it comes from: the admin's, or the desk's (C3).
    #[must_use]
    pub fn pass_on(&self, original: &Message, to: &Mailbox, by: &str) -> Outgoing {
        let to = [to.clone()];
        let by = if by.is_empty() { self.name } else { by };
        // Not `copy`: the admins' copies of the same message have that msg-id, and another header.
        let mut head = self.new_head("pass", by, &self.subject(&original.subject()));
        head.people("To", &to);
        head.people("Reply-To", &[self.ticket_mailbox()]);
        head.people("Cc", &self.others(original, &to));
        self.thread(&mut head, original);
        self.marks(&mut head, Kind::Copy);
        let mail = self.finish(Kind::Copy, &to, head.with_body_of(original));
        Outgoing {
            sender: ascii_address(&self.address(Verb::Update)),
            ..mail
        }
    }

    /// Whom `original` names beside the desk, its admins, its author and the people in `to`: group reply reaches
    /// them.
    pub(super) fn others(&self, original: &Message, to: &[Mailbox]) -> Vec<Mailbox> {
        let mut known: Vec<String> = self.admins.iter().map(|a| a.to_lowercase()).collect();
        known.extend(
            to.iter()
                .chain(&original.from())
                .map(|m| m.address.to_lowercase()),
        );
        let mut others = original.to_cc();
        others.retain(|m| {
            let address = m.address.to_lowercase();
            let new = !known.contains(&address) && self.addresses.target(&address).is_none();
            known.push(address);
            new
        });
        others.truncate(PEOPLE);
        others
    }
}

impl Head {
    /// A whole mail: this header, the fields of `original` that say what its body is, and the body. One copy of the
    /// body is made, with LF for CRLF and otherwise byte for byte.
    fn with_body_of(self, original: &Message) -> Vec<u8> {
        let body = original.body();
        let mut mail = Vec::with_capacity(body.len() + 4096);
        mail.extend_from_slice(self.as_str().as_bytes());
        mail.extend(mime_fields(original));
        mail.push(b'\n');
        push_lf(&mut mail, body);
        mail
    }
}

/// The fields of `original` that say what its body is, as they stand but for what an MTA would refuse or take for
/// the end of the header. A header that cannot be passed on so is left out as a whole: the body is text then.
fn mime_fields(original: &Message) -> Vec<u8> {
    let mut header = Vec::new();
    let mut names: Vec<&[u8]> = Vec::new();
    for field in original.fields() {
        let known = names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(field.name));
        if known || !says_what_the_body_is(field) {
            continue;
        }
        names.push(field.name);
        let start = header.len();
        if start + field.line.len() > CONTENT_FIELDS {
            return Vec::new();
        }
        push_lf(&mut header, field.line);
        // Some MTA takes a lone CR for the end of a line, and there the header would end for it.
        for byte in &mut header[start..] {
            if matches!(*byte, b'\r' | 0) {
                *byte = b' ';
            }
        }
        if header.last() != Some(&b'\n') {
            header.push(b'\n');
        }
    }
    // A line of blanks is an end of the header to those who take blanks off the end of lines.
    let lines = header.split_inclusive(|&byte| byte == b'\n');
    let lines: Vec<&[u8]> = lines.filter(|l| !l.trim_ascii().is_empty()).collect();
    match lines.iter().any(|line| line.len() > LINE) {
        true => Vec::new(),
        false => lines.concat(),
    }
}

fn says_what_the_body_is(field: &Field) -> bool {
    let is_word = |name: &[u8]| name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    let content = field
        .name
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    let content = content && is_word(field.name) && !field.is("Content-Length");
    field.is("MIME-Version") || content
}
