//! What one message of an archive says of its ticket: which one, in what state, filed as what.
//!
//! An archive is what another system left behind, or what `tickets export` wrote. What we wrote
//! ourselves is read back exactly; of others' mail not a byte is taken off but quoting that is known
//! to be reversible.

use crate::ticket::TicketId;
use crate::ticket::address::{Addresses, Target, Verb};
use super::mark::{self, Role};
use crate::ticket::summary;
use crate::ticket::tag;
use crate::parts::archive::debbugs;
use mail::decode;
use mail::entry::{self, Verdict};
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;
use regex::bytes::Regex;
use std::borrow::Cow;

/// A mail says it was written so long after now, and its clock is believed.
const AHEAD: i64 = 24 * 3600;
/// So many `Received` fields are asked for a date.
const HOPS: usize = 5;
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

/// How an archive is to be understood.
pub struct Rules<'a> {
    /// The desk's own addresses.
    pub addresses: &'a Addresses,
    /// Find a ticket's number in a Subject.
    pub tags: Vec<Regex>,
    /// Find it in the address of a recipient.
    pub recipients: Vec<Regex>,
    /// Find addresses that close a ticket; the number group is its number.
    pub done: Vec<Regex>,
    /// `>From ` in the bodies of an mbox is quoted such that it can be undone.
    pub mboxrd: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// A ticket's number, and whose number that is.
pub type Number = (u64, TicketId);

/// A message as it lies in an archive.
#[derive(Clone, Debug, Default)]
pub struct Found<'a> {
    /// Its From_ line without the line end; empty if there is none.
    pub from_line: &'a [u8],
    /// Header and body.
    pub content: &'a [u8],
    /// It lies in an mbox, where lines are quoted.
    pub in_mbox: bool,
    /// When its file says it came in, in seconds since 1970.
    pub at: Option<i64>,
    /// The ticket that its file is all of.
    pub whole: Option<Whole>,
}

/// What the file of a whole ticket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its number.
    pub number: TicketId,
    /// Tells apart those who give the same numbers.
    pub desk: u64,
    /// The message's place in it, from 1.
    pub seat: u32,
    /// Whether it is closed, if that is known.
    pub closed: Option<bool>,
}

/// A message of an archive, understood.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// The bytes as they came in.
    pub raw: Cow<'a, [u8]>,
    /// Entry of ours that somebody changed since it came in.
    pub changed: bool,
    /// The envelope sender.
    pub sender: Sender,
    /// When it came in, in seconds since 1970.
    pub at: i64,
    /// What it was sent for; `None` if it just belongs there.
    pub role: Option<Role>,
    /// The address it was filed under, if that is known.
    pub address: Option<String>,
    /// Number of its ticket, and whose number that is.
    pub number: Option<Number>,
    /// Its place in its ticket and the ticket's state, if the archive holds the whole ticket.
    pub whole: Option<(u32, Option<bool>)>,
}

/// Numbers that are found in Subjects and addresses are all taken for the same system's.
pub const BY_TAG: u64 = 0;

/// The number is that of a desk that is known by nothing but the message that opened the ticket.
pub const BY_OPENER: u64 = 1;

/// Tells numbers of the desk with this name from those of others.
pub fn desk(name: &str) -> u64 {
    some_desk(summary::key(name))
}

/// Tells numbers of a desk that is known by `key` from those of others.
pub fn some_desk(key: i64) -> u64 {
    // Never one of the two above.
    key as u64 | 2
}

/// Understands a message.
pub fn read<'a>(found: &Found<'a>, rules: &Rules) -> Mail<'a> {
    let mut mail = match ours(found, rules) {
        Some(mail) => mail,
        None => foreign(found, rules),
    };
    if let Some(whole) = found.whole {
        mail.number = Some((whole.desk, whole.number));
        mail.whole = Some((whole.seat, whole.closed));
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

/// An entry of ours, exported or copied. One that is not what its digest says is believed only if it
/// comes from where we put it: anybody can write such fields into a mail.
fn ours<'a>(found: &Found<'a>, rules: &Rules) -> Option<Mail<'a>> {
    let (mark, content) = match mark::read(found.content) {
        Some((mark, rest)) => (Some(mark), rest),
        None => (None, found.content),
    };
    let decoded = entry::decode(content);
    let address = decoded.delivered_to?;
    let changed = decoded.verdict == Verdict::Changed;
    if changed && mark.is_none() && found.whole.is_none() {
        return None;
    }
    let mut mail = Mail {
        raw: decoded.raw,
        changed,
        sender: Sender::parse(&decoded.return_path.unwrap_or_default()),
        at: mbox::date_of(found.from_line)
            .or(found.at)
            .unwrap_or(rules.now),
        role: Role::of(&address, rules.addresses),
        number: match rules.addresses.target(&address) {
            Some(Target::Ticket(id, _)) => Some((BY_TAG, id)),
            _ => None,
        },
        address: Some(address),
        whole: None,
    };
    if let Some(mark) = mark {
        mail.at = mark.at;
        mail.role = mark.role;
        mail.number = Some((desk(&mark.desk), mark.ticket));
        mail.whole = Some((mark.entry, Some(mark.closed)));
    }
    Some(mail)
}

/// A message that is none of our entries; what it says of its ticket is left open.
fn foreign<'a>(found: &Found<'a>, rules: &Rules) -> Mail<'a> {
    let raw = match found.in_mbox && rules.mboxrd {
        true => mbox::unquote(found.content),
        false => Cow::Borrowed(found.content),
    };
    let message = Message::new(&raw);
    Mail {
        changed: false,
        sender: sender(&message, found.from_line),
        at: date(&message, found, rules.now),
        role: None,
        address: None,
        number: None,
        whole: None,
        raw,
    }
}

/// The envelope sender. Many programs write a From_ line of their own, so only an address there
/// is believed; `MAILER-DAEMON` stands there for `nobody knows`.
pub(crate) fn sender(message: &Message, from_line: &[u8]) -> Sender {
    if let Some(path) = message.first("Return-Path") {
        return Sender::parse(&path.text());
    }
    let named = mbox::sender_of(from_line).map(String::from_utf8_lossy);
    match named {
        Some(named) if named.contains('@') => Sender::parse(&named),
        _ => Sender::Unknown,
    }
}

/// When a message came in: the last hop knows best, and says which time zone it means; a From_ line
/// does not.
fn date(message: &Message, found: &Found, now: i64) -> i64 {
    let received = message.all("Received").take(HOPS).find_map(|field| {
        let date = field.value.rsplit(|&b| b == b';').next()?;
        decode::date(date)
    });
    let dates = [
        received,
        message.date(),
        mbox::date_of(found.from_line),
        found.at,
    ];
    let mut dates = dates.into_iter().flatten();
    dates.find(|&at| at > 0 && at <= now + AHEAD).unwrap_or(now)
}

/// The ticket's number, if it is not `known`, by the first rule that finds one; and what the message
/// was sent for, as far as its recipients say so.
fn clues(
    message: &Message,
    known: Option<Number>,
    rules: &Rules,
) -> (Option<Number>, Option<Role>) {
    let recipients = recipients(message);
    let by_subject = || {
        let tagged = tag::find_compiled(&rules.tags, &message.subject());
        tagged.first().copied()
    };
    let by_address = || {
        let mut found =
            recipients
                .iter()
                .map(|recipient| match rules.addresses.target(recipient) {
                    Some(Target::Ticket(id, _)) => Some(id),
                    _ => tag::find_compiled(&rules.recipients, recipient)
                        .first()
                        .copied(),
                });
        found.find_map(|id| id)
    };
    let number = known.or_else(|| Some((BY_TAG, by_subject().or_else(by_address)?)));
    let role = recipients.iter().map(|recipient| {
        let closes = tag::find_compiled(&rules.done, recipient);
        if closes.iter().any(|id| number.is_none_or(|(_, n)| n == *id)) {
            return Some(Verb::Done);
        }
        match rules.addresses.target(recipient) {
            Some(Target::Ticket(id, verb)) if number.is_none_or(|(_, n)| n == id) => Some(verb),
            _ => None,
        }
    });
    (number, role.flatten().max().map(Role::Ticket))
}

fn recipients(message: &Message) -> Vec<String> {
    let at = message.first("Received").map(|field| field.text());
    let by_debbugs = at.and_then(|received| debbugs::address(&received));
    let people = RECIPIENTS.iter().flat_map(|name| message.mailboxes(name));
    let named = people.map(|person| person.address.to_lowercase());
    by_debbugs.into_iter().chain(named).collect()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
