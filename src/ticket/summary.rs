//! What the index keeps of each filed message, so that it need not be read again.

use super::address::Addresses;
use super::compose::OWN_MARKS;
use super::identity::Identity;
use super::staff::Staff;
use mail::automatic::{self, LocalSigns, SpamSign};
use mail::decode::Mailbox;
use mail::envelope::Sender;
use mail::message::Message;
use mail::render;
use serde::{Deserialize, Serialize};

/// Summary of a filed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub identity: Identity,
    /// The same for all copies of one message; see [`Identity::and_origin`].
    // Journals whose lines lack it have identities of another form, so they must not be read.
    pub origin: i64,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// Where answers to the author go: Reply-To, else From.
    pub author: Option<Mailbox>,
    /// The address in From, in lower case; empty if there is none.
    pub from: String,
    /// The display name in From.
    pub name: String,
    /// The Subject in one line.
    pub subject: String,
    /// Addresses in From, To and Cc, in lower case, separated by blanks (C5).
    pub people: String,
    /// A machine wrote it.
    pub automatic: bool,
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
    pub fn of(message: &Message, sender: &Sender, at: i64, addresses: &Addresses) -> Summary {
        let attachments = render::attachments(message);
        let from = message.from();
        let (identity, origin) = Identity::and_origin(message, &from);
        Summary {
            identity,
            origin,
            attachments: u32::try_from(attachments).unwrap_or(u32::MAX),
            ..Summary::by(message, from, sender, at, addresses)
        }
    }

    /// The summary of a message whose body is not known: it lacks the identity, the origin
    /// and the number of attachments.
    pub fn of_header(
        message: &Message,
        sender: &Sender,
        at: i64,
        addresses: &Addresses,
    ) -> Summary {
        Summary::by(message, message.from(), sender, at, addresses)
    }

    /// [`Summary::of_header`] of a message by the mailboxes in `from`.
    fn by(
        message: &Message,
        from: Vec<Mailbox>,
        sender: &Sender,
        at: i64,
        addresses: &Addresses,
    ) -> Summary {
        let mut people: Vec<String> = Vec::new();
        for person in from.iter().chain(&message.to_cc()) {
            let address = person.address.to_lowercase();
            if !address.contains(' ') && !people.contains(&address) && people.len() < 200 {
                people.push(address);
            }
        }
        let first = from.into_iter().next();
        Summary {
            identity: Identity::default(),
            origin: 0,
            at,
            author: message.reply_to(),
            from: first
                .as_ref()
                .map(|m| m.address.to_lowercase())
                .unwrap_or_default(),
            name: first.map(|m| m.name).unwrap_or_default(),
            subject: message.subject().chars().take(500).collect(),
            people: people.join(" "),
            automatic: automatic::is_automatic(message, sender, &local_signs(addresses, &[])),
            attachments: 0,
        }
    }

    /// True if a customer wrote it: not a machine, an admin or the desk.
    pub fn is_customers(&self, admins: &[String], addresses: &Addresses) -> bool {
        !self.automatic && !Staff { admins, addresses }.has(&self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participants_are_collected_once() {
        let raw = b"From: Ann <Ann@x.org>\nTo: ticket-1@y.org, ann@x.org\nCc: Bob <bob@x.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\n";
        let domain = ["y.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &[], "ticket-{n}").unwrap();
        let s = Summary::of(&Message::new(raw), &Sender::Unknown, 7, &addresses);
        assert_eq!(s.people, "ann@x.org ticket-1@y.org bob@x.org");
        assert_eq!(
            (s.subject.as_str(), s.from.as_str()),
            ("Grüße", "ann@x.org")
        );
    }
}
