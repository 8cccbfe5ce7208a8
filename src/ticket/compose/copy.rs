//! A mail of the ticket under a header of our own: for the admins, and for the submitter.

use super::head::{Head, ascii_address, cut};
use super::{Kind, Outgoing, Voice, people, push_lf};
use crate::mail::decode::{Mailbox, clean};
use crate::mail::message::{Field, Message};
use crate::ticket::address::Verb;

/// More people than this are not named in the Cc of a copy; the mail itself lies in the ticket.
const PEOPLE: usize = 100;

/// Longer `Content-*` fields are some attack; copying them would make the MTA refuse the mail for days.
const CONTENT_FIELDS: usize = 64 << 10;

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
        let content: Vec<&Field> = original
            .fields()
            .iter()
            .filter(|f| says_what_the_body_is(f))
            .collect();
        if content.iter().map(|f| f.line.len()).sum::<usize>() <= CONTENT_FIELDS {
            for field in content {
                let start = mail.len();
                push_lf(&mut mail, field.line);
                // Some MTA takes a lone CR for the end of a line, and there the header would end for it.
                for byte in &mut mail[start..] {
                    if matches!(*byte, b'\r' | 0) {
                        *byte = b' ';
                    }
                }
                if mail.last() != Some(&b'\n') {
                    mail.push(b'\n');
                }
            }
        }
        mail.push(b'\n');
        push_lf(&mut mail, body);
        mail
    }
}

fn says_what_the_body_is(field: &Field) -> bool {
    let content = field
        .name
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
    field.is("MIME-Version") || (content && !field.is("Content-Length"))
}
