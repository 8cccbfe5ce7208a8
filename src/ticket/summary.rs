//! What the index keeps of each filed message, so that it need not be read again.

use super::address::{Addresses, Verb};
use super::compose::OWN_MARKS;
use super::identity::Identity;
use super::staff::{Authorship, Staff};
use mail::automatic::{self, LocalSigns, SpamSign};
use mail::decode::Mailbox;
use mail::envelope::Sender;
use mail::message::Message;
use mail::render;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Summary of a filed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub identity: Identity,
    /// The same for all copies of one message; see [`Identity::and_origin`].
    // Journals whose lines lack it have identities of another form, so they must not be read.
    pub origin: i64,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// Where answers go (C1).
    pub author: Option<Mailbox>,
    /// The address of whoever wrote it, in lower case; empty if there is none.
    pub from: String,
    /// Their display name, or what From says if it holds no address.
    pub name: String,
    /// The Subject in one line.
    pub subject: String,
    /// Addresses in From, Reply-To, To and Cc, in lower case, separated by blanks (C5). Empty if the
    /// message makes nobody a participant.
    pub people: String,
    /// A machine wrote it.
    pub automatic: bool,
    /// It says that a mail of the desk did not arrive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undelivered: bool,
    /// Whoever waits for a reply waits as before: a machine wrote it, it was filed quietly, or one of the desk wrote nothing
    /// in it, or nothing that reached a customer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Number of attachments.
    pub attachments: u32,
}

/// How the desk recognises its own mail (C6), and that which `spam` marks.
pub fn local_signs<'a>(addresses: &'a Addresses, spam: &'a [SpamSign]) -> LocalSigns<'a> {
    LocalSigns {
        own_marks: OWN_MARKS,
        own_domains: addresses.domains(),
        spam,
    }
}

impl Summary {
    pub fn of(
        message: &Message,
        sender: &Sender,
        by: &Authorship,
        at: i64,
        addresses: &Addresses,
    ) -> Summary {
        let attachments = render::attachments(message);
        let (identity, origin) = Identity::and_origin(message);
        let is_empty = message.body().trim_ascii().is_empty();
        let summary = Summary::of_header(message, sender, by, at, addresses);
        Summary {
            identity,
            origin,
            silent: summary.silent || by.is_staff && is_empty,
            attachments: u32::try_from(attachments).unwrap_or(u32::MAX),
            ..summary
        }
        .with_report(message)
    }

    /// The same, with what a machine's mail reports.
    fn with_report(self, message: &Message) -> Summary {
        Summary {
            undelivered: self.automatic && automatic::reports_failure(message),
            ..self
        }
    }

    /// The summary of a message whose body is not known: it lacks the identity, the origin, the number of
    /// attachments and what it reports.
    pub fn of_header(
        message: &Message,
        sender: &Sender,
        by: &Authorship,
        at: i64,
        addresses: &Addresses,
    ) -> Summary {
        let automatic = automatic::is_automatic(message, sender, &local_signs(addresses, &[]));
        let summary = Summary {
            identity: Identity::default(),
            origin: 0,
            at,
            author: None,
            from: String::new(),
            name: String::new(),
            subject: String::new(),
            people: String::new(),
            automatic,
            undelivered: false,
            silent: automatic,
            attachments: 0,
        };
        summary.about(message).written_by(message, by)
    }

    /// The same with the Subject of another message.
    pub fn about(self, message: &Message) -> Summary {
        Summary {
            subject: message.subject().chars().take(500).collect(),
            ..self
        }
    }

    /// The summary of the same message, if somebody else wrote it.
    pub fn written_by(self, message: &Message, by: &Authorship) -> Summary {
        let writer = by.writer.as_ref();
        Summary {
            author: by.author.clone(),
            from: writer
                .map(|m| m.address.to_ascii_lowercase())
                .unwrap_or_default(),
            name: writer.map_or_else(|| message.author_text(), |m| m.name.clone()),
            people: match self.automatic {
                true => String::new(),
                false => people(message, by),
            },
            ..self
        }
    }

    /// The summary of the same message, filed under an address that asks for `verb`. Mail that is
    /// filed quietly, or that asked for what its author may not do, makes nobody a participant (C5). If it is `by` one of the
    /// desk, what asked in vain was told to nobody.
    pub fn filed_under(mut self, verb: Option<Verb>, by: &Authorship) -> Summary {
        self.silent |= match verb {
            Some(Verb::Quiet | Verb::Apart) => true,
            Some(Verb::Refused) => by.is_staff,
            _ => false,
        };
        if matches!(verb, Some(Verb::Quiet | Verb::Refused)) {
            self.people.clear();
        }
        self
    }

    /// Those of `asked` who are among its people (C5).
    pub fn people_among(&self, asked: &HashSet<String>) -> impl Iterator<Item = String> {
        people_among(&self.people, asked)
    }

    /// True if a customer wrote it: not a machine, an admin or the desk.
    pub fn is_customers(&self, staff: &Staff) -> bool {
        !self.automatic && !staff.has(&self.from)
    }
}

/// Those of `people`, addresses separated by blanks, who are among `asked`.
pub(crate) fn people_among(people: &str, asked: &HashSet<String>) -> impl Iterator<Item = String> {
    let people = people.split(' ');
    people.filter_map(|address| asked.get(address).cloned())
}

/// The first 200 addresses that a message names, in lower case, separated by blanks.
fn people(message: &Message, by: &Authorship) -> String {
    let mut people: Vec<String> = Vec::new();
    let named = message.mailboxes("Reply-To").into_iter();
    let named = named
        .chain(message.to_cc())
        .map(|m| m.address.to_ascii_lowercase());
    let writer = by.writer.iter().map(|m| m.address.to_ascii_lowercase());
    for address in writer.chain(by.speakers.iter().cloned()).chain(named) {
        if !address.contains(' ') && people.len() < 200 && !people.contains(&address) {
            people.push(address);
        }
    }
    people.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participants_are_collected_once() {
        let raw = b"From: Ann <Ann@x.org>\nReply-To: ann@x.org, office@x.org\nTo: ticket-1@y.org, ann@x.org\nCc: Bob <bob@x.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\n";
        let message = Message::new(raw);
        let domain = ["y.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &[], "ticket-{n}").unwrap();
        let s = Summary::of(
            &message,
            &Sender::Unknown,
            &Authorship::of(&message),
            7,
            &addresses,
        );
        assert_eq!(s.people, "ann@x.org office@x.org ticket-1@y.org bob@x.org");
        assert_eq!(
            (s.subject.as_str(), s.from.as_str()),
            ("Grüße", "ann@x.org")
        );
        let refused = s
            .clone()
            .filed_under(Some(Verb::Refused), &Authorship::of(&message));
        assert_eq!(refused.people, "", "C5: it makes nobody a participant");
        let robot = [b"Auto-Submitted: auto-replied\n", &raw[..]].concat();
        let robot = Message::new(&robot);
        let s = Summary::of(
            &robot,
            &Sender::Unknown,
            &Authorship::of(&robot),
            7,
            &addresses,
        );
        assert_eq!((s.people.as_str(), s.automatic), ("", true));
    }
}
