//! What one message of an archive says of its ticket: its number, its state, and the role of the message.
//!
//! What this program wrote, into a store or by `tickets export`, is read back exactly. Messages of other
//! systems keep every byte, except for quoting that is known to be reversible.

use super::raw::{ArchiveNumber, NumberSpace, RawMessage, WholeTicket};
use super::source::debbugs;
use crate::parts::archive::envelope;
use crate::parts::archive::mark::{self, Role};
use crate::ticket::address::{Addresses, Target, Verb};
use crate::ticket::{State, tag};
use mail::entry::{self, Verdict};
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;
use regex::bytes::Regex;
use std::borrow::Cow;

/// Fields that name recipients.
const RECIPIENTS: [&str; 7] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "To",
    "Cc",
    "Resent-To",
    "Resent-Cc",
];

/// How the archive's system writes numbers, addresses and mboxes.
pub(crate) struct Conventions {
    /// Find a ticket's number in a Subject.
    pub(crate) tags: Vec<Regex>,
    /// Find it in the address of a recipient.
    pub(crate) recipients: Vec<Regex>,
    /// Find it in an address that closes the ticket.
    pub(crate) done: Vec<Regex>,
    /// In mboxes, lines like `>From ` are quoted in the reversible way (mboxrd).
    pub(crate) mboxrd: bool,
}

/// How messages are to be understood.
pub(crate) struct ReadingRules<'a> {
    pub(crate) conventions: &'a Conventions,
    /// The desk's own addresses.
    pub(crate) addresses: &'a Addresses,
    /// Messages that are marked as deleted are wanted, too.
    pub(crate) with_deleted: bool,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// A message of an archive, understood.
#[derive(Clone, Debug)]
pub(crate) struct ImportedMessage<'a> {
    /// The bytes as they came in.
    pub(crate) raw: Cow<'a, [u8]>,
    /// What modules said of it, if it is an entry of this program.
    pub(crate) modules: Vec<String>,
    /// It is an entry of this program, and was edited since it was filed.
    pub(crate) changed: bool,
    /// Another program has marked it as deleted, and not removed it yet.
    pub(crate) deleted: bool,
    /// The envelope sender.
    pub(crate) sender: Sender,
    /// When it came in, in seconds since 1970.
    pub(crate) at: i64,
    /// What it did to its ticket; `None` if nothing says so.
    pub(crate) role: Option<Role>,
    /// The address it was filed under, if it is an entry of this program.
    pub(crate) address: Option<String>,
    /// The number of its ticket.
    pub(crate) number: Option<ArchiveNumber>,
    /// Set if the archive holds the whole ticket.
    pub(crate) whole: Option<WholePosition>,
}

/// A message's position in a whole ticket, from 1, and the ticket's state, if the archive knows it.
pub(crate) type WholePosition = (u32, Option<State>);

/// Understands a message.
pub(crate) fn read<'a>(found: &'a RawMessage, rules: &ReadingRules) -> ImportedMessage<'a> {
    let mut mail = match own_entry(found, rules) {
        Some(mail) => mail,
        None => foreign(found, rules),
    };
    if let Some(WholeTicket {
        number,
        position,
        state,
    }) = found.whole
    {
        mail.number = Some(number);
        mail.whole = Some((position, state));
    }
    if mail.whole.is_none() || mail.address.is_none() {
        let (number, role) = clues(&Message::new(&mail.raw), mail.number, rules);
        mail.number = number;
        if mail.address.is_none() {
            mail.role = role;
        }
    }
    mail
}

/// Reads an entry of this program, exported or copied. An entry that does not match its own digest is
/// accepted only from an export or a store: anyone can write such fields into a mail.
fn own_entry<'a>(found: &'a RawMessage, rules: &ReadingRules) -> Option<ImportedMessage<'a>> {
    let (mark, content) = match mark::read(&found.content) {
        Some((mark, rest)) => (Some(mark), rest),
        None => (None, &found.content[..]),
    };
    let decoded = entry::decode(content);
    let address = decoded.delivered_to?;
    let changed = decoded.verdict == Verdict::Changed;
    if changed && mark.is_none() && found.whole.is_none() {
        return None;
    }
    let mut mail = ImportedMessage {
        raw: decoded.raw,
        modules: decoded.modules,
        changed,
        // What a store holds is filed, whatever flags a mail program left there.
        deleted: false,
        sender: Sender::parse(&decoded.return_path.unwrap_or_default()),
        at: mbox::date_of(&found.from_line)
            .or(found.at)
            .unwrap_or(rules.now),
        role: Role::of(&address, rules.addresses),
        number: match rules.addresses.target(&address) {
            Some(Target::Ticket(id, _)) => Some(ArchiveNumber {
                space: NumberSpace::TAGS,
                id,
            }),
            _ => None,
        },
        address: Some(address),
        whole: None,
    };
    if let Some(mark) = mark {
        mail.at = mark.at;
        mail.role = mark.role;
        mail.number = Some(ArchiveNumber {
            space: NumberSpace::of_desk(&mark.desk),
            id: mark.ticket,
        });
        mail.whole = Some((mark.entry, Some(mark.state)));
    }
    Some(mail)
}

/// Reads a message of another system; number and role are left open.
fn foreign<'a>(found: &'a RawMessage, rules: &ReadingRules) -> ImportedMessage<'a> {
    let raw = match found.in_mbox && rules.conventions.mboxrd {
        true => mbox::unquote(&found.content),
        false => Cow::Borrowed(&found.content[..]),
    };
    let message = Message::new(&raw);
    ImportedMessage {
        modules: Vec::new(),
        changed: false,
        deleted: found.deleted || is_deleted(&message),
        sender: envelope::sender(&message, &found.from_line),
        at: envelope::received_at(&message, &found.from_line, found.at, rules.now),
        role: None,
        address: None,
        number: None,
        whole: None,
        raw,
    }
}

/// Thunderbird's flag for a message that was deleted and is still in its file.
const MOZILLA_DELETED: u16 = 0x0008;

/// True if a mail program has marked a message of an mbox as deleted: Thunderbird, or pine, mutt and dovecot.
fn is_deleted(message: &Message) -> bool {
    let mozilla = message.first("X-Mozilla-Status").is_some_and(|field| {
        let flags = u16::from_str_radix(field.text().trim(), 16);
        flags.is_ok_and(|flags| flags & MOZILLA_DELETED != 0)
    });
    mozilla
        || message
            .first("X-Status")
            .is_some_and(|field| field.value.contains(&b'D'))
}

/// The number of the message's ticket, which is `known` or else found by the first rule that fits; and
/// the role of the message, as far as its recipients tell.
fn clues(
    message: &Message,
    known: Option<ArchiveNumber>,
    rules: &ReadingRules,
) -> (Option<ArchiveNumber>, Option<Role>) {
    let conventions = rules.conventions;
    let recipients = recipients(message);
    let first =
        |patterns: &[Regex], text: &str| tag::find_compiled(patterns, text).first().copied();
    let by_address = || {
        recipients
            .iter()
            .find_map(|recipient| match rules.addresses.target(recipient) {
                Some(Target::Ticket(id, _)) => Some(id),
                _ => first(&conventions.recipients, recipient),
            })
    };
    let number = known.or_else(|| {
        let id = first(&conventions.tags, &message.subject()).or_else(by_address)?;
        Some(ArchiveNumber {
            space: NumberSpace::TAGS,
            id,
        })
    });
    let fits = |id| number.is_none_or(|number| number.id == id);
    let verbs = recipients.iter().filter_map(|recipient| {
        let closed = tag::find_compiled(&conventions.done, recipient);
        if closed.into_iter().any(fits) {
            return Some(Verb::Done);
        }
        match rules.addresses.target(recipient) {
            Some(Target::Ticket(id, verb)) if fits(id) => Some(verb),
            _ => None,
        }
    });
    (number, verbs.max().map(Role::Ticket))
}

/// The addresses that a message was sent to, in lower case.
fn recipients(message: &Message) -> Vec<String> {
    let at = message.first("Received").map(|field| field.text());
    let by_debbugs = at.and_then(|received| debbugs::address(&received));
    let people = RECIPIENTS.iter().flat_map(|name| message.mailboxes(name));
    let named = people.map(|person| person.address.to_ascii_lowercase());
    by_debbugs.into_iter().chain(named).collect()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
