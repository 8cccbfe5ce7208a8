//! The point at which parts join the timeline: lines in order of time, offered through one trait by
//! the tickets and by every other part that has some.

use super::TicketId;
use anyhow::Result;
use mail::decode::Mailbox;
use std::borrow::Cow;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// When it happened, in seconds since 1970.
    pub at: i64,
    /// What happened: the name of one of its provider's filters.
    pub kind: Cow<'static, str>,
    /// The ticket it happened to, if it was one.
    pub ticket: Option<TicketId>,
    /// Who did it.
    pub author: Option<Mailbox>,
    /// What it is about, in one line; of a mail, its Subject.
    pub subject: String,
    /// What else is known of an entry of a ticket.
    pub entry: Option<Facts>,
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its place in the ticket, from 1.
    pub message: u64,
    /// A machine wrote it.
    pub automatic: bool,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}

/// A kind of line that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// One lower-case word, for `--events` and for programs.
    pub name: Cow<'static, str>,
    /// The same in words for people.
    pub label: Cow<'static, str>,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The first second of interest, since 1970.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: Option<i64>,
    /// Names of filters; `None` is all.
    pub kinds: Option<Vec<String>>,
    /// Only what happened to this ticket.
    pub ticket: Option<TicketId>,
    /// Only where the author's name or address contains this text, which is in lower case.
    pub from: Option<String>,
}

impl Wanted {
    /// True if `item` is asked for.
    pub fn admits(&self, item: &Item) -> bool {
        let is_from = |text: &String| match &item.author {
            Some(who) => [&who.name, &who.address]
                .iter()
                .any(|s| s.to_lowercase().contains(text)),
            None => false,
        };
        self.since.is_none_or(|since| item.at >= since)
            && self.until.is_none_or(|until| item.at < until)
            && self.ticket.is_none_or(|id| item.ticket == Some(id))
            && (self.kinds.as_ref()).is_none_or(|kinds| kinds.iter().any(|k| *k == item.kind))
            && self.from.as_ref().is_none_or(is_from)
    }
}

/// Lines in order of time, newest first.
pub type Items<'a> = Box<dyn Iterator<Item = Result<Item>> + 'a>;

/// Somebody who has lines for the timeline.
pub trait Provider {
    /// The kinds of lines it has.
    fn filters(&self) -> Vec<Filter>;

    /// Its lines, newest first, one after the other as they are asked for. `wanted` spares it
    /// work: what it gives beyond that is left out by the timeline.
    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>>;
}
