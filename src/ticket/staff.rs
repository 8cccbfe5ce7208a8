//! Who wrote a message: the desk's staff or a customer, and where answers go (C1).

use super::address::{Addresses, Target};
use super::person::Person;
use super::reach;
use mail::decode::Mailbox;
use mail::message::Message;
use std::collections::HashSet;

/// The people of the desk, and its own addresses, from which the operator's mail program sends.
///
/// Evaluated when something is shown, not when it is filed: the replies that a new admin wrote
/// before joining then count as the desk's.
#[derive(Clone, Copy, Debug)]
pub struct Staff<'a> {
    pub people: &'a [Person],
    pub addresses: &'a Addresses,
}

/// Whom the header of a message names as its author.
///
/// Reply-To counts before From: a contact form sends the customer's words in its own name, or in an
/// admin's, and names the customer only there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorship {
    /// Where answers go: the first address in Reply-To that is not the desk's, else the first one in
    /// From, a stranger's before those of the staff, else that in Sender (C1). May be an address of the
    /// desk if From is.
    pub author: Option<Mailbox>,
    /// Who wrote it, as lists and statistics show it: the author, but not a member of the staff whom
    /// a customer named in Reply-To.
    pub writer: Option<Mailbox>,
    /// The addresses in From, in lower case, whose rights the message has (C3, C5). If From names
    /// only staff and the author is none of them, the author's alone.
    pub speakers: Vec<String>,
    /// Every speaker is an admin or writes from a ticket's address, as the operator's mail program does.
    pub is_staff: bool,
    /// One of them writes from a ticket's address.
    pub is_desk: bool,
}

impl Authorship {
    /// The addresses that the message speaks for, in lower case.
    pub fn own_addresses(&self) -> HashSet<String> {
        let writer = self.writer.iter().map(|m| m.address.to_lowercase());
        self.speakers.iter().cloned().chain(writer).collect()
    }

    /// True if `address`, in any letter case, is one that the message speaks for.
    pub fn is(&self, address: &str) -> bool {
        let author = self.writer.iter().map(|m| m.address.as_str());
        let mut own = self.speakers.iter().map(String::as_str).chain(author);
        own.any(|own| own.eq_ignore_ascii_case(address))
    }
}

#[cfg(test)]
impl Authorship {
    /// For a desk that has neither admins nor addresses.
    pub(crate) fn of(message: &Message) -> Authorship {
        let nowhere = Addresses::new(&["d.invalid".into()], false, &[], "ticket-{n}");
        let staff = Staff {
            people: &[],
            addresses: &nowhere.unwrap(),
        };
        staff.authorship(message)
    }
}

impl<'a> Staff<'a> {
    /// True if mail from `address` (any letter case) comes from the desk, not from a customer.
    pub fn has(&self, address: &str) -> bool {
        self.is_admin(address) || self.addresses.target(address).is_some()
    }

    /// True if `address` is an admin's as it stands: no spelling is mapped to it (C8).
    pub fn is_admin(&self, address: &str) -> bool {
        self.people.iter().any(|person| person.has(address))
    }

    /// True for an admin, and for a ticket's own address.
    pub fn may_act(&self, address: &str) -> bool {
        self.is_admin(address) || self.is_ticket(address)
    }

    fn is_ticket(&self, address: &str) -> bool {
        matches!(self.addresses.target(address), Some(Target::Ticket(..)))
    }

    /// Who of the people wrote what `writer` did: whose address that is, or, if it is a ticket's own, who signed
    /// it. Whoever is alone at the desk need not sign, but if the desk knows their login, they sign as it does: another
    /// name is another's.
    pub fn person(&self, writer: &Mailbox) -> Option<&'a Person> {
        let own = self.people.iter().find(|it| it.has(&writer.address));
        match self.people {
            _ if own.is_some() || !self.is_ticket(&writer.address) => own,
            [only] => {
                let name = writer.name.trim();
                let is_signed = name.ends_with(')') && name.contains(" (");
                let is_others = only.login.is_some() && is_signed && !only.signed(name);
                (!is_others).then_some(only)
            }
            people => people.iter().find(|it| it.signed(&writer.name)),
        }
    }

    /// True if `person` wrote a message with this authorship, from any address.
    pub fn wrote(&self, person: &Person, by: &Authorship) -> bool {
        let signed = || {
            let writer = by.writer.as_ref().filter(|_| by.is_desk);
            writer.and_then(|writer| self.person(writer)) == Some(person)
        };
        person.addresses.iter().any(|own| by.is(own)) || signed()
    }

    /// The people who may have written a message with this authorship: if nobody signed what came from a ticket's
    /// own address, all of them.
    pub fn authors(&self, by: &Authorship) -> Vec<&'a Person> {
        let wrote = |person: &&Person| self.wrote(person, by);
        let authors: Vec<&Person> = self.people.iter().filter(wrote).collect();
        match authors.is_empty() && by.is_desk {
            true => self.people.iter().collect(),
            false => authors,
        }
    }

    /// Whom the header of `message` names as its author.
    pub fn authorship(&self, message: &Message) -> Authorship {
        let from = message.from();
        let sender = || message.mailboxes("Sender").into_iter().next();
        let asked = self.asked(message, &from);
        let customer = asked.as_ref().filter(|m| !self.has(&m.address));
        let mut speakers: Vec<String> = from
            .iter()
            .map(|m| m.address.to_ascii_lowercase())
            .collect();
        // If there are several, all must be staff, or a stranger could add an admin's name.
        let mut is_staff = !speakers.is_empty() && speakers.iter().all(|a| self.may_act(a));
        if let Some(customer) = customer.filter(|_| is_staff) {
            speakers = vec![customer.address.to_ascii_lowercase()];
            is_staff = false;
        }
        let is_desk = is_staff && speakers.iter().any(|a| self.is_ticket(a));
        // Where From names somebody of the desk and a stranger, the stranger wrote it.
        let stranger = from.iter().position(|m| !self.has(&m.address)).unwrap_or(0);
        let first = from.into_iter().nth(stranger).or_else(sender);
        Authorship {
            writer: customer.cloned().or_else(|| first.clone()),
            author: asked.or(first),
            speakers,
            is_staff,
            is_desk,
        }
    }

    /// The first mailbox in Reply-To that is not the desk's. Many mail programs leave the name out
    /// there, so it gets the one in From, unless that names somebody of the staff.
    fn asked(&self, message: &Message, from: &[Mailbox]) -> Option<Mailbox> {
        let ours = |m: &Mailbox| reach::is_ours(self.addresses, &m.address);
        let asked = message.mailboxes("Reply-To");
        let mut asked = asked.into_iter().find(|m| !ours(m))?;
        if asked.name.is_empty() {
            let same = |m: &&Mailbox| m.address.eq_ignore_ascii_case(&asked.address);
            let staff_asked = self.has(&asked.address);
            let only = || {
                let is_theirs = |m: &&Mailbox| !staff_asked && !self.has(&m.address);
                from.first().filter(|_| from.len() == 1).filter(is_theirs)
            };
            let named = from.iter().find(same).or_else(only);
            asked.name = named.map(|m| m.name.clone()).unwrap_or_default();
        }
        Some(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorship(header: &str) -> Authorship {
        let addresses =
            Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}").unwrap();
        let staff = Staff {
            people: &[Person::with_address("steve@d.org")],
            addresses: &addresses,
        };
        staff.authorship(&Message::new(format!("{header}\n").as_bytes()))
    }

    #[test]
    fn one_notion_of_author() {
        // C1, C2, C5
        for (case, header, author, writer, speakers, staff) in [
            (
                "plain",
                "From: Ann <ann@x>\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "ann@x",
                "",
            ),
            (
                "Reply-To",
                "From: Ann <ann@x>\nReply-To: office@x\n",
                "Ann <office@x>",
                "Ann <office@x>",
                "ann@x",
                "",
            ),
            (
                "a form in an admin's name that knows no name",
                "From: Website <steve@d.org>\nReply-To: ann@x\n",
                "ann@x",
                "ann@x",
                "ann@x",
                "",
            ),
            (
                "the name stands in From",
                "From: Ann <Ann@x>\nReply-To: ann@x\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "ann@x",
                "",
            ),
            (
                "a contact form in an admin's name",
                "From: Website <steve@d.org>\nReply-To: Ann <ann@x>\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "ann@x",
                "",
            ),
            (
                "a contact form in its own name",
                "From: Shop <noreply@shop>\nReply-To: Ann <ann@x>\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "noreply@shop",
                "",
            ),
            (
                "the desk in Reply-To",
                "From: Ann <ann@x>\nReply-To: submit@d.org, ticket-3-done@d.org\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "ann@x",
                "",
            ),
            (
                "the desk first in Reply-To",
                "From: Ann <ann@x>\nReply-To: submit@d.org, Bob <bob@y>\n",
                "Bob <bob@y>",
                "Bob <bob@y>",
                "ann@x",
                "",
            ),
            (
                "an admin in Reply-To",
                "From: Ann <ann@x>\nReply-To: steve@d.org\n",
                "steve@d.org",
                "Ann <ann@x>",
                "ann@x",
                "",
            ),
            (
                "an admin",
                "From: Steve <Steve@D.org>\n",
                "Steve <Steve@d.org>",
                "Steve <Steve@d.org>",
                "steve@d.org",
                "staff",
            ),
            (
                "the operator's mail program",
                "From: ticket-3@d.org\n",
                "ticket-3@d.org",
                "ticket-3@d.org",
                "ticket-3@d.org",
                "staff desk",
            ),
            (
                "an admin and a stranger",
                "From: steve@d.org, Ann <ann@x>\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "steve@d.org ann@x",
                "",
            ),
            (
                "submit@ is no person",
                "From: submit@d.org\n",
                "submit@d.org",
                "submit@d.org",
                "submit@d.org",
                "",
            ),
            (
                "only Sender",
                "Sender: Ann <ann@x>\n",
                "Ann <ann@x>",
                "Ann <ann@x>",
                "",
                "",
            ),
            ("nobody", "Subject: x\n", "", "", "", ""),
        ] {
            let show = |m: &Option<Mailbox>| match m {
                None => String::new(),
                Some(m) if m.name.is_empty() => m.address.clone(),
                Some(m) => format!("{} <{}>", m.name, m.address),
            };
            let got = authorship(header);
            assert_eq!(show(&got.author), author, "{case}");
            assert_eq!(show(&got.writer), writer, "{case}");
            assert_eq!(got.speakers.join(" "), speakers, "{case}");
            assert_eq!(got.is_staff, staff.contains("staff"), "{case}");
            assert_eq!(got.is_desk, staff.contains("desk"), "{case}");
        }
    }
}
