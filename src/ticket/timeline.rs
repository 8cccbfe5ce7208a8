//! The timeline: events in order of time. Every part that has some offers them through one trait, the
//! messages of the tickets among them.

use super::TicketId;
use anyhow::Result;
use mail::decode::{Mailbox, clean, is_blank};
use std::borrow::Cow;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineItem {
    /// When it happened, in seconds since 1970.
    pub at: i64,
    /// What happened: the name of one of its provider's kinds.
    pub kind: Cow<'static, str>,
    /// The ticket it happened to, if there is one.
    pub ticket: Option<TicketId>,
    /// Who did it.
    pub author: Option<Mailbox>,
    /// What it is about, in one line; of a mail, its Subject.
    pub subject: String,
    /// Where more of it is to be read, if that is in the web.
    pub url: Option<String>,
    /// What else is known if it is a message of a ticket.
    pub message: Option<MessageFacts>,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// Its place in the ticket, from 1.
    pub number: u64,
    /// A machine wrote it.
    pub automatic: bool,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}

impl TimelineItem {
    /// The author's name, or else the address; `None` if there is no author.
    pub fn who(&self) -> Option<&str> {
        self.author
            .as_ref()
            .map(|author| match is_blank(&author.name) {
                true => author.address.as_str(),
                false => &author.name,
            })
    }

    /// The subject without the ticket's tag; `tag` writes that.
    pub fn untagged_subject(&self, tag: &dyn Fn(TicketId) -> String) -> String {
        let tag = self.ticket.map(tag).unwrap_or_default();
        match self.subject.split_once(&tag) {
            Some((before, after)) if !tag.is_empty() => clean(&format!("{before} {after}")),
            _ => self.subject.clone(),
        }
    }
}

/// A kind of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// One lower-case word, for `--events` and for programs.
    pub name: Cow<'static, str>,
    /// Its name for people.
    pub label: Cow<'static, str>,
}

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The first second of interest, since 1970.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: Option<i64>,
    /// Names of kinds; `None` is all.
    pub kinds: Option<Vec<String>>,
    /// Only what happened to this ticket.
    pub ticket: Option<TicketId>,
    /// Only where the author's name or address contains this text, which is in lower case.
    pub from: Option<String>,
    /// So many at most.
    pub limit: Option<usize>,
}

impl Wanted {
    /// True if `item` is asked for.
    pub fn admits(&self, item: &TimelineItem) -> bool {
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

/// Events, newest first.
pub type Items<'a> = Box<dyn Iterator<Item = Result<TimelineItem>> + 'a>;

/// Has events for the timeline.
pub trait Provider {
    /// The kinds of its events.
    fn kinds(&self) -> Vec<EventKind>;

    /// Its events, newest first, each when it is asked for. `wanted` saves work: the timeline leaves
    /// out any events beyond it.
    ///
    /// # Errors
    /// The events cannot be read.
    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>>;
}
