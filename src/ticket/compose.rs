//! Outgoing mail as bytes.
//!
//! Nothing here fails: an answer with a poorer header is better than none. No stranger can write a header field (C8):
//! every string is cleaned and cut before it reaches `head`, which encodes and folds.
//!
//! Automatic answers have the null sender, so that a bounce never causes another one. Only an admin's mail that is
//! passed on has the ticket's address as sender, so that its bounce is filed in the ticket.

mod copy;
mod head;
pub mod letter;
mod line;
mod msg_id;
pub mod notice;
mod outgoing;
mod shown;
#[cfg(test)]
mod tests;
mod wake;
mod words;

pub use copy::{Did, signed_by, signed_for};
pub use msg_id::{OwnMsgId, ticket_of_msg_id};
pub use outgoing::{Composed, Kind, Outgoing};
pub use words::own_words;

use self::head::{Head, cut, mail_addresses, people, references, without_names};
use super::TicketId;
use super::address::{Addresses, Verb};
use super::person::Person;
use super::policy::ReplyTo;
use super::staff::Authorship;
use super::template::{AnswerText, Template, Templates, Values};
use mail::decode::{Mailbox, clean, clean_block};
use mail::message::Message;

/// The fields that mark every mail of ours (C12), including mail that is passed on: that has the ticket's address in
/// From, so without the mark it would count as the operator's if it came back.
pub const OWN_MARKS: &[&str] = &[TICKET_MARK, KIND_MARK];
const TICKET_MARK: &str = "X-Tickets-Ticket";
const KIND_MARK: &str = "X-Tickets-Kind";

/// Composes the mail of one ticket that follows from one message.
#[derive(Clone, Copy)]
pub struct Composer<'a> {
    /// The desk's display name.
    pub name: &'a str,
    pub addresses: &'a Addresses,
    /// The people of the desk. Their addresses are not shown to others.
    pub people: &'a [Person],
    /// Where admins' answers to mail for them go (C2).
    pub reply_to: ReplyTo,
    /// A line above the text of a copy says what the mail did (C2).
    pub notify_line: bool,
    /// The msg-id of the mail that opened the ticket. All answers name it, since a reader may know none of the other
    /// mails that an answer names: the submitter those between operators, an operator a customer's that is no reply.
    pub opening: Option<&'a str>,
    /// Who wrote the message.
    pub by: &'a Authorship,
    pub templates: &'a Templates,
    pub ticket: TicketId,
    /// The tag that names the ticket in a Subject, such as `[issue12]`.
    pub tag: &'a str,
    /// Finds the ticket that a Subject names by its tag.
    pub tagged: &'a dyn Fn(&str) -> Option<TicketId>,
    /// Digest of the filed message, in hex. Together with ticket and kind it makes the msg-id, so that the same answer
    /// always has the same one.
    pub digest: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

impl Composer<'_> {
    /// The acknowledgement of a new ticket that `original` opened (C1).
    #[must_use]
    pub fn ack(&self, original: &Message, to: &Mailbox) -> Composed {
        self.answer(
            Kind::Ack,
            Template::Ack,
            original,
            std::slice::from_ref(to),
            Values::default(),
        )
    }

    /// The notice to the submitter that `closing` closed the ticket (C4). `text` is the text of that mail, empty if a
    /// stranger wrote it; `subject` is the ticket's Subject.
    #[must_use]
    pub fn closed(&self, closing: &Message, to: &Mailbox, text: &str, subject: &str) -> Composed {
        let values = Values {
            text: block(text),
            subject: subject.to_owned(),
            ..Values::default()
        };
        self.answer(
            Kind::Closed,
            Template::Closed,
            closing,
            std::slice::from_ref(to),
            values,
        )
    }

    /// A short note to admins about `original`, which is filed in the mbox at `path` (C2, `notify = "note"`).
    #[must_use]
    pub fn note(
        &self,
        original: &Message,
        admins: &[String],
        first_lines: &str,
        path: &str,
        reason: &str,
    ) -> Composed {
        let values = Values {
            first_lines: block(first_lines),
            path: clean(path),
            reason: clean(reason),
            ..Values::default()
        };
        self.answer(
            Kind::Note,
            Template::Note,
            original,
            &people(admins),
            values,
        )
    }

    /// A note to admins that `original` is filed, but that something it asked for was not done (C5, C7).
    #[must_use]
    pub fn refused(&self, original: &Message, admins: &[String], reason: &str) -> Composed {
        let values = Values {
            reason: clean(reason),
            ..Values::default()
        };
        self.answer(
            Kind::Refused,
            Template::Refused,
            original,
            &people(admins),
            values,
        )
    }

    /// A note to somebody who answered an admin's copy with `original`, and is no admin, that it was not passed on (C3).
    #[must_use]
    pub fn not_passed_on(&self, original: &Message, to: &Mailbox) -> Composed {
        self.answer(
            Kind::Refused,
            Template::NotPassedOn,
            original,
            std::slice::from_ref(to),
            Values::default(),
        )
    }

    /// A note to admins that is not about a message, for instance about mail that was given up (C9).
    #[must_use]
    pub fn notice(&self, admins: &[String], subject: &str, text: &str) -> Outgoing {
        let admins = people(admins);
        let kind = Kind::Note;
        let mut head = self.head(kind, kind.word(), &self.subject(subject), &admins);
        head.plain("Auto-Submitted", "auto-generated");
        head.plain("X-Auto-Response-Suppress", "All");
        self.finish(Kind::Note, &admins, head.with_text(&block(text)))
    }

    fn answer(
        &self,
        kind: Kind,
        text: Template,
        original: &Message,
        to: &[Mailbox],
        values: Values,
    ) -> Composed {
        let to_author = matches!(
            text,
            Template::Ack | Template::Closed | Template::NotPassedOn
        );
        let author = match text {
            Template::Ack => to.first(),
            _ => self.by.writer.as_ref(),
        };
        let (author, author_address) = match author {
            Some(author) if to_author => (author.name.clone(), author.address.clone()),
            Some(author) => (author.name.clone(), self.both_addresses(original)),
            None => (original.author_text(), String::new()),
        };
        let subject = match values.subject.is_empty() {
            true => clean(&original.subject()),
            false => clean(&values.subject),
        };
        let values = Values {
            ticket: self.ticket.to_string(),
            subject: cut(&clean(&subject.replace(self.tag, "")), 200).to_owned(),
            address: self.address(Verb::Update),
            done_address: self.address(Verb::Done),
            submit_address: self.addresses.submit(),
            author: cut(&clean(&author), 200).to_owned(),
            author_address: clean(&author_address),
            name: clean(self.name),
            ..values
        };
        let (AnswerText { subject: own, body }, warning) =
            self.templates.render_or_builtin(text, &values);
        let subject = self.subject(own.as_deref().unwrap_or(&subject));
        // Mail of one kind to different people about one message has different msg-ids.
        let word = match text {
            Template::NotPassedOn => "kept",
            _ => kind.word(),
        };
        let to = if to_author {
            &without_names(to)[..]
        } else {
            to
        };
        let mut head = self.head(kind, word, &subject, to);
        let reply_to = match to_author {
            true => vec![self.ticket_mailbox()],
            false => self.reply_to(),
        };
        head.people("Reply-To", &reply_to);
        self.thread(&mut head, original);
        head.plain(
            "Auto-Submitted",
            match text {
                Template::Ack | Template::NotPassedOn => "auto-replied",
                _ => "auto-generated",
            },
        );
        if to_author {
            head.plain("Precedence", "bulk");
        }
        head.plain("X-Auto-Response-Suppress", "All");
        Composed {
            mail: self.finish(kind, to, head.with_text(&clean_block(&body))),
            warning,
        }
    }

    /// The beginning of the header of mail that the desk writes itself.
    fn head(&self, kind: Kind, word: &str, subject: &str, to: &[Mailbox]) -> Head {
        let mut head = self.new_head(word, self.name, subject);
        head.recipients("To", to);
        self.marks(&mut head, kind);
        head
    }

    fn new_head(&self, id: &str, from: &str, subject: &str) -> Head {
        let from = Mailbox {
            name: clean(from),
            ..self.ticket_mailbox()
        };
        let mut head = Head::default();
        head.date(self.now);
        head.people("From", &[from]);
        head.text("Subject", subject);
        head.plain("Message-ID", &self.msg_id(id));
        head
    }

    fn marks(&self, head: &mut Head, kind: Kind) {
        head.plain(TICKET_MARK, &self.ticket.to_string());
        head.plain(KIND_MARK, kind.word());
    }

    /// Adds In-Reply-To and References: what opened the ticket, which connects all its mail, and the references of
    /// `original`, for readers who have only those messages.
    fn thread(&self, head: &mut Head, original: &Message) {
        if let Some(id) = original.message_id() {
            head.msg_ids("In-Reply-To", &[id]);
        }
        let mut references = references(original);
        if let Some(opening) = self
            .opening
            .filter(|id| !references.iter().any(|r| r == id))
        {
            references.insert(0, opening.to_owned());
        }
        head.msg_ids("References", &references);
    }

    fn finish(&self, kind: Kind, to: &[Mailbox], bytes: Vec<u8>) -> Outgoing {
        Outgoing {
            kind,
            sender: None,
            recipients: mail_addresses(to),
            bytes,
            held_until: None,
        }
    }

    /// `<ticket-12.ack.0123456789abcdef@example.org>`
    fn msg_id(&self, word: &str) -> String {
        let digest: String = self
            .digest
            .chars()
            .filter(char::is_ascii_alphanumeric)
            // 16 bytes in hex, and what tells a proven message from one like it.
            .take(33)
            .collect();
        let domain = ascii_domain(self.addresses.domain());
        format!("<ticket-{}.{word}.{digest}@{domain}>", self.ticket)
    }

    /// `subject` with exactly one tag.
    fn subject(&self, subject: &str) -> String {
        let subject = clean(subject);
        // A tag beyond the cut does not count.
        let subject = cut(&subject, 850);
        if (self.tagged)(subject) == Some(self.ticket) {
            subject.to_owned()
        } else {
            format!("{} {subject}", clean(self.tag))
                .trim_end()
                .to_owned()
        }
    }

    fn address(&self, verb: Verb) -> String {
        self.addresses.ticket(self.ticket, verb)
    }

    fn ticket_mailbox(&self) -> Mailbox {
        Mailbox {
            name: String::new(),
            address: self.address(Verb::Update),
        }
    }

    /// Reply-To of mail to admins: a plain Reply is filed, and passed on or sent to the author.
    fn reply_to(&self) -> Vec<Mailbox> {
        let author = self.by.author.as_ref();
        let author = author.filter(|_| self.reply_to == ReplyTo::Both);
        let author = author.filter(|m| self.addresses.target(&m.address).is_none());
        author
            .cloned()
            .into_iter()
            .chain([self.ticket_mailbox()])
            .collect()
    }
}

/// A stranger's lines, cleaned and cut, for use in a text of ours.
fn block(text: &str) -> String {
    cut(clean_block(text).trim_end(), 64 << 10).to_owned()
}

fn ascii_domain(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| "localhost".into())
}
