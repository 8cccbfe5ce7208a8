//! A ticket in a list: as a line for people, and as an object for programs.

use crate::desk::Desk;
use crate::index::Overview;
use crate::screen::Row;
use crate::ticket::when::rfc3339;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::decode::is_blank;
use serde::Serialize;

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
pub struct TicketObject<'a> {
    number: u32,
    state: &'a str,
    opened: String,
    active: String,
    messages: u64,
    submitter: Option<MailboxObject<'a>>,
    subject: &'a str,
    waiting: bool,
    undelivered: bool,
    person: Option<&'a str>,
    path: String,
}

/// Name and address in `--json`.
#[derive(Serialize)]
pub struct MailboxObject<'a> {
    name: &'a str,
    address: &'a str,
}

impl<'a> From<&'a mail::decode::Mailbox> for MailboxObject<'a> {
    fn from(mailbox: &'a mail::decode::Mailbox) -> Self {
        MailboxObject {
            name: &mailbox.name,
            address: &mailbox.address,
        }
    }
}

/// A ticket that is listed.
pub struct Listed {
    row: Overview,
    state: State,
    waiting: bool,
    undelivered: bool,
}

impl Listed {
    pub fn of(desk: &Desk, row: Overview) -> Listed {
        Listed {
            waiting: desk.is_waiting(&row),
            undelivered: desk.is_undelivered(&row),
            state: row.state.unwrap_or(State::Closed),
            row,
        }
    }

    /// The ticket as an object.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn object<'a>(&'a self, desk: &'a Desk) -> Result<TicketObject<'a>> {
        let row = &self.row;
        Ok(TicketObject {
            number: row.id.get(),
            state: self.state.name(),
            opened: rfc3339(self.opened()),
            active: rfc3339(self.active()),
            messages: row.entries,
            submitter: row.submitter.as_ref().map(MailboxObject::from),
            subject: &row.subject,
            waiting: self.waiting,
            undelivered: self.undelivered,
            person: self.person(desk)?,
            path: desk.store.path(row.id, self.state).display().to_string(),
        })
    }

    /// The NAME of the person who follows it (E1).
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn person<'d>(&self, desk: &'d Desk) -> Result<Option<&'d str>> {
        match desk.config.people.iter().any(|it| it.name.is_some()) {
            true => Ok(desk.follows(self.row.id)?.and_then(|it| it.name.as_deref())),
            false => Ok(None),
        }
    }

    pub fn line(&self, now: i64) -> Row<'_> {
        Row {
            number: self.row.id.get().into(),
            closed: self.state == State::Closed,
            age_secs: now - self.active(),
            messages: self.row.entries,
            who: self.who(),
            subject: &self.row.subject,
            waiting: self.waiting,
            undelivered: self.undelivered,
        }
    }

    pub fn id(&self) -> TicketId {
        self.row.id
    }

    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    pub fn is_undelivered(&self) -> bool {
        self.undelivered
    }

    pub fn messages(&self) -> u64 {
        self.row.entries
    }

    pub fn subject(&self) -> &str {
        &self.row.subject
    }

    /// The submitter's name, else their address, else what the mail says instead; empty if it says
    /// nothing.
    pub fn who(&self) -> &str {
        match &self.row.submitter {
            Some(who) if is_blank(&who.name) => &who.address,
            Some(who) => &who.name,
            None => &self.row.said,
        }
    }

    /// True if the submitter's name or address contains `text`, which is in lower case.
    pub fn is_from(&self, text: &str) -> bool {
        let contains = |part: &String| part.to_lowercase().contains(text);
        match &self.row.submitter {
            Some(who) => contains(&who.name) || contains(&who.address),
            None => contains(&self.row.said),
        }
    }

    /// When the last message was filed, in seconds since 1970.
    pub fn active(&self) -> i64 {
        self.or_changed(self.row.active)
    }

    /// When the first message was filed, in seconds since 1970.
    pub fn opened(&self) -> i64 {
        self.or_changed(self.row.opened)
    }

    /// `at`, or when the file last changed if there is no message in it.
    fn or_changed(&self, at: i64) -> i64 {
        match self.row.entries {
            0 => self.row.stamp.ctime / 1_000_000_000,
            _ => at,
        }
    }
}
