//! Outgoing mail as bytes.
//!
//! Nothing here fails: an answer with a poorer header is better than none. Nothing here lets a stranger write a
//! header field either (C8): every string is cleaned and cut before it reaches `head`, which encodes and folds.
//!
//! What goes to admins and to authors by itself has the null sender, so that no bounce can breed another. Only what
//! an admin wrote, and is passed on, bounces back into its ticket.

mod copy;
mod head;
pub mod letter;
#[cfg(test)]
mod tests;

pub use head::ascii_address;

use self::head::{Head, cut};
use super::TicketId;
use super::address::{Addresses, Verb};
use super::template::{Rendered, Templates, Text, Values};
use mail::decode::{Mailbox, clean, clean_block};
use mail::message::Message;

/// The fields that every mail of ours carries (C12), passed-on ones too: those come from the ticket's
/// own address, and one that came back would count as the operator's.
pub const OWN_MARKS: &[&str] = &[TICKET_MARK, KIND_MARK];
const TICKET_MARK: &str = "X-Tickets-Ticket";
const KIND_MARK: &str = "X-Tickets-Kind";

/// What an outgoing mail is for; `X-Tickets-Kind` (C12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The acknowledgement of a new ticket, to its author (C1).
    Ack,
    /// A mail of the ticket under a new header, to the admins or the submitter (C2, C3).
    Copy,
    /// A short note to the admins (C2).
    Note,
    /// The news that a ticket was closed, to its submitter (C4).
    Closed,
    /// The news that something asked for by mail was not done, to the admins (C5, C7).
    Refused,
}

impl Kind {
    /// The word in `X-Tickets-Kind`, in file names and in msg-ids.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Copy => "copy",
            Self::Note => "note",
            Self::Closed => "closed",
            Self::Refused => "refused",
        }
    }
}

/// A mail that is ready to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What it is for.
    pub kind: Kind,
    /// The envelope's sender; `None` is the null sender.
    pub sender: Option<String>,
    /// The envelope's recipients. Who cannot be written to is left out, and it may be that nobody is left.
    pub recipients: Vec<String>,
    /// The mail, lines ending in LF.
    pub bytes: Vec<u8>,
}

/// An answer made from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The answer.
    pub mail: Outgoing,
    /// What is wrong with the admin's template, if the built-in text had to stand in for it.
    pub warning: Option<String>,
}

/// Who speaks, about which ticket, because of which message.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    /// The desk's display name.
    pub name: &'a str,
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// All admins: their addresses are not shown to others.
    pub admins: &'a [String],
    /// The texts.
    pub templates: &'a Templates,
    /// The ticket.
    pub ticket: TicketId,
    /// What names the ticket in a Subject, such as `[issue12]`.
    pub tag: &'a str,
    /// The ticket that a Subject names, if it holds a tag.
    pub tagged: &'a dyn Fn(&str) -> Option<TicketId>,
    /// Digest of the filed message, in hex: with ticket and kind it makes the msg-id, so that the same answer always
    /// has the same one.
    pub digest: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

impl Voice<'_> {
    /// The acknowledgement of a new ticket that `original` opened (C1).
    #[must_use]
    pub fn ack(&self, original: &Message, to: &Mailbox) -> Composed {
        self.answer(
            Kind::Ack,
            Text::Ack,
            original,
            std::slice::from_ref(to),
            Values::default(),
        )
    }

    /// Tells the submitter that `closing` closed the ticket; `text` is what it says, `subject` the ticket's (C4).
    #[must_use]
    pub fn closed(&self, closing: &Message, to: &Mailbox, text: &str, subject: &str) -> Composed {
        let values = Values {
            text: block(text),
            subject: subject.to_owned(),
            ..Values::default()
        };
        self.answer(
            Kind::Closed,
            Text::Closed,
            closing,
            std::slice::from_ref(to),
            values,
        )
    }

    /// Tells admins shortly about `original`, whose mbox lies at `path` (C2, `notify = "note"`).
    #[must_use]
    pub fn note(
        &self,
        original: &Message,
        admins: &[String],
        first_lines: &str,
        path: &str,
    ) -> Composed {
        let values = Values {
            first_lines: block(first_lines),
            path: clean(path),
            ..Values::default()
        };
        self.answer(Kind::Note, Text::Note, original, &people(admins), values)
    }

    /// Tells admins that `original` is filed, but that something it asked for was not done (C5, C7).
    #[must_use]
    pub fn refused(&self, original: &Message, admins: &[String], reason: &str) -> Composed {
        let values = Values {
            reason: clean(reason),
            ..Values::default()
        };
        self.answer(
            Kind::Refused,
            Text::Refused,
            original,
            &people(admins),
            values,
        )
    }

    /// Tells admins something that is about no message, such as mail that was given up (C9).
    #[must_use]
    pub fn notice(&self, admins: &[String], subject: &str, text: &str) -> Outgoing {
        let admins = people(admins);
        let mut head = self.head(Kind::Note, &self.subject(subject), &admins);
        head.plain("Auto-Submitted", "auto-generated");
        head.plain("X-Auto-Response-Suppress", "All");
        self.finish(Kind::Note, &admins, head.with_text(&block(text)))
    }

    fn answer(
        &self,
        kind: Kind,
        text: Text,
        original: &Message,
        to: &[Mailbox],
        values: Values,
    ) -> Composed {
        let author = original.from().into_iter().next();
        let (author, author_address) = author.map(|m| (m.name, m.address)).unwrap_or_default();
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
        let (Rendered { subject: own, body }, warning) =
            self.templates.render_or_builtin(text, &values);
        let subject = self.subject(own.as_deref().unwrap_or(&subject));
        let mut head = self.head(kind, &subject, to);
        let to_author = matches!(kind, Kind::Ack | Kind::Closed);
        let reply_to = if to_author {
            vec![self.ticket_mailbox()]
        } else {
            self.author_and_ticket(original)
        };
        head.people("Reply-To", &reply_to);
        self.thread(&mut head, original);
        head.plain(
            "Auto-Submitted",
            if kind == Kind::Ack {
                "auto-replied"
            } else {
                "auto-generated"
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

    /// The header that every mail of the desk's own begins with.
    fn head(&self, kind: Kind, subject: &str, to: &[Mailbox]) -> Head {
        let mut head = self.new_head(kind.word(), self.name, subject);
        head.people("To", to);
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

    /// An answer to `original`, also for those who only have what it answers.
    fn thread(&self, head: &mut Head, original: &Message) {
        let mut references = original.parents();
        references.reverse();
        if let Some(id) = original.message_id() {
            head.msg_ids("In-Reply-To", std::slice::from_ref(&id));
            references.retain(|parent| *parent != id);
            references.push(id);
        }
        head.msg_ids("References", &references);
    }

    fn finish(&self, kind: Kind, to: &[Mailbox], bytes: Vec<u8>) -> Outgoing {
        let mut recipients: Vec<String> = Vec::new();
        for recipient in to.iter().filter_map(|m| ascii_address(&m.address)) {
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        Outgoing {
            kind,
            sender: None,
            recipients,
            bytes,
        }
    }

    /// `<ticket-12.ack.0123456789abcdef@example.org>`
    fn msg_id(&self, word: &str) -> String {
        let digest: String = self
            .digest
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(32)
            .collect();
        let domain = ascii_domain(self.addresses.domain());
        format!("<ticket-{}.{word}.{digest}@{domain}>", self.ticket)
    }

    /// `subject` with the tag, once.
    fn subject(&self, subject: &str) -> String {
        let subject = clean(subject);
        // A tag that the cut would take away does not count.
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

    /// Plain Reply answers the author and is filed.
    fn author_and_ticket(&self, original: &Message) -> Vec<Mailbox> {
        let author = original
            .reply_to()
            .filter(|m| self.addresses.target(&m.address).is_none());
        author.into_iter().chain([self.ticket_mailbox()]).collect()
    }
}

fn people(addresses: &[String]) -> Vec<Mailbox> {
    addresses
        .iter()
        .map(|address| Mailbox {
            name: String::new(),
            address: address.clone(),
        })
        .collect()
}

/// Lines of a stranger for a text of ours, not endless.
fn block(text: &str) -> String {
    cut(clean_block(text).trim_end(), 64 << 10).to_owned()
}

fn ascii_domain(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| "localhost".into())
}

/// The ticket that a msg-id of ours names (B5), and the digest of the message that it was written
/// because of; `domain` is the one in answers.
#[must_use]
pub fn ticket_of_msg_id<'a>(id: &'a str, domain: &str) -> Option<(TicketId, &'a str)> {
    let (local, host) = id.strip_prefix('<')?.strip_suffix('>')?.rsplit_once('@')?;
    let mut parts = local.strip_prefix("ticket-")?.split('.');
    let (ticket, word, digest) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = word.bytes().all(|b| b.is_ascii_lowercase())
        && digest.bytes().all(|b| b.is_ascii_alphanumeric());
    let ours = host.eq_ignore_ascii_case(&ascii_domain(domain)) && plain && parts.next().is_none();
    Some((ticket.parse().ok().filter(|_| ours)?, digest))
}
