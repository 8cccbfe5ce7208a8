//! What an import did, and what its caller is notified of in the meantime.

use crate::error::{self, Status};
use crate::ticket::{State, TicketId};

/// What happens during an import.
#[derive(Debug)]
pub(crate) enum Notice<'a> {
    /// The archives are being read.
    Reading {
        /// Bytes that have been read.
        done: u64,
        /// Bytes to read, 0 if that is not known.
        total: u64,
        /// Messages that have been found.
        messages: usize,
    },
    /// Messages are being filed.
    Filing {
        /// Messages that are filed, now or before.
        done: usize,
        /// Messages to file.
        total: usize,
    },
    /// A ticket was filed; in a dry run, it would be.
    Ticket(&'a TicketChange),
    /// Something was left out: why, in one line, and a hint.
    LeftOut(&'a str, Option<String>),
}

/// A ticket that was opened or appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TicketChange {
    pub(crate) ticket: TicketId,
    pub(crate) opened: bool,
    /// The number that it has in the archive, and was to keep, if it got another one.
    pub(crate) not_kept: Option<TicketId>,
    /// Its state now.
    pub(crate) state: State,
    /// The number of messages that were filed in it.
    pub(crate) messages: usize,
    /// How many of these were edited after the desk that they come from had filed them.
    pub(crate) edited: usize,
    /// The author of the first of these messages.
    pub(crate) author: String,
    /// The subject of the ticket.
    pub(crate) subject: String,
}

impl TicketChange {
    /// A new ticket without messages.
    pub(crate) fn opened(ticket: TicketId, state: State) -> TicketChange {
        TicketChange {
            ticket,
            opened: true,
            not_kept: None,
            state,
            messages: 0,
            edited: 0,
            author: String::new(),
            subject: String::new(),
        }
    }

    /// A ticket that exists and to which nothing has been appended yet.
    pub(crate) fn existing(ticket: TicketId, state: State, subject: String) -> TicketChange {
        TicketChange {
            opened: false,
            subject,
            ..Self::opened(ticket, state)
        }
    }

    /// Counts a message that was filed in it.
    pub(crate) fn add(&mut self, author: String, subject: String, edited: bool) {
        if self.messages == 0 {
            self.author = author;
            if self.opened {
                self.subject = subject;
            }
        }
        self.messages += 1;
        self.edited += usize::from(edited);
    }
}

/// The counts of a whole import.
#[derive(Debug, Default)]
pub(crate) struct ImportTotals {
    /// Tickets that were opened.
    pub(crate) opened: usize,
    /// Tickets that were appended to.
    pub(crate) appended: usize,
    /// Messages that were filed.
    pub(crate) filed: usize,
    /// Messages that had been filed before.
    pub(crate) known: usize,
    /// Messages that are in the archive once more.
    pub(crate) repeated: usize,
    /// New tickets that did not keep their number: that in the archive, and that here.
    pub(crate) not_kept: Vec<(TicketId, TicketId)>,
    /// Filed messages that were edited after the desk that they come from had filed them.
    pub(crate) edited: usize,
    /// Mails that Debbugs sent itself, which are not imported.
    pub(crate) sent: usize,
    /// Messages that a mail program had marked as deleted, which are not imported.
    pub(crate) deleted: usize,
    /// Why the first of the things was left out that were; `None` if nothing was.
    pub(crate) failed: Option<Status>,
}

/// Collects the totals and passes on the notices.
pub(crate) struct ImportReport<'n> {
    pub(crate) totals: ImportTotals,
    notify: &'n mut dyn FnMut(Notice),
}

impl<'n> ImportReport<'n> {
    pub(crate) fn new(notify: &'n mut dyn FnMut(Notice)) -> Self {
        ImportReport {
            totals: ImportTotals::default(),
            notify,
        }
    }

    /// Reports how far the import has come.
    pub(crate) fn progress(&mut self, notice: Notice) {
        (self.notify)(notice);
    }

    /// Reports a ticket that was filed, and adds its messages to the totals.
    pub(crate) fn ticket(&mut self, change: &TicketChange) {
        match change.opened {
            true => self.totals.opened += 1,
            false => self.totals.appended += 1,
        }
        let not_kept = change.not_kept.map(|archived| (archived, change.ticket));
        self.totals.not_kept.extend(not_kept);
        self.totals.filed += change.messages;
        self.totals.edited += change.edited;
        (self.notify)(Notice::Ticket(change));
    }

    /// Reports something that was left out, and why.
    pub(crate) fn left_out(&mut self, status: Status, line: &str) {
        self.totals.failed.get_or_insert(status);
        (self.notify)(Notice::LeftOut(line, None));
    }

    /// Reports something that was left out because of `error`.
    pub(crate) fn failure(&mut self, error: &anyhow::Error) {
        self.totals.failed.get_or_insert(error::status(error));
        (self.notify)(Notice::LeftOut(&error::line(error), error::hint(error)));
    }
}
