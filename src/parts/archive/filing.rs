//! Files an archive: what another system left behind, or an export of this one.
//!
//! The archive is read twice: once for what belongs together, then ticket by ticket. Nobody is told
//! anything. What is filed already is known by its message, as a message that is delivered twice is
//! (A5), so that it may be done again and again: after a crash, and when the archive has grown. New
//! tickets are written and synced in batches, and get their numbers under the sequence's lock like any
//! other; between two batches a delivery finds everything in order.

mod add;
mod write;
mod group;
mod numbers;
mod survey;

use crate::desk::Desk;
use crate::error::{self, Status};
use crate::parts::archive::source::{self, Source};
use crate::ticket::TicketId;
use crate::parts::archive::message::Rules;
use anyhow::Result;
use regex::bytes::Regex;
use std::path::PathBuf;

/// The highest number that is kept. A Subject can name any number, and the next ticket's is above all
/// that were used.
const HIGHEST_KEPT: u32 = 99_999_999;

/// What is to be imported, and how.
pub struct Order {
    /// Files and directories; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Take the folders in a Maildir, too.
    pub folders: bool,
    /// Find a ticket's number in a Subject.
    pub tags: Vec<Regex>,
    /// Find it in a recipient's address.
    pub recipients: Vec<Regex>,
    /// Find addresses that close a ticket.
    pub done: Vec<Regex>,
    /// `>From ` in mboxes is quoted such that it can be undone.
    pub mboxrd: bool,
    /// A ticket gets the number that the archive gives it, if that is free.
    pub keep_numbers: bool,
    /// The state of the tickets.
    pub state: FiledAs,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// In which state tickets are filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiledAs {
    /// As the archive says, else open until a message closes them.
    AsArchived,
    /// Open.
    Open,
    /// Closed.
    Closed,
}

/// What is going on.
#[derive(Debug)]
pub enum Step<'a> {
    /// So many bytes of so many are read, with so many messages in them.
    Reading(u64, u64, usize),
    /// So many messages of so many are looked at and, if they are new, filed.
    Filing(usize, usize),
    /// A ticket is filed, or would be.
    Ticket(&'a Line),
    /// Something of the archive was left out; and what may help.
    Broken(&'a str, Option<String>),
}

/// One ticket that was opened or added to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub ticket: TicketId,
    /// It was opened.
    pub new: bool,
    /// It is closed now.
    pub closed: bool,
    /// Messages that were filed in it.
    pub messages: usize,
    /// Who wrote the first of them.
    pub author: String,
    /// Subject of the ticket.
    pub subject: String,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Tally {
    /// Tickets that were opened.
    pub opened: usize,
    /// Tickets that were added to.
    pub continued: usize,
    /// Messages that were filed.
    pub filed: usize,
    /// Messages that were filed before.
    pub there: usize,
    /// Messages that stand in the archive once more.
    pub twice: usize,
    /// Messages that somebody changed since they came in at the desk they come from.
    pub changed: usize,
    /// Mails that the other system sent, which are nobody's.
    pub sent: usize,
    /// Why the first thing was left out; `None` if nothing was.
    pub failed: Option<Status>,
}

impl Tally {
    fn broken(&mut self, tell: &mut dyn FnMut(Step), status: Status, line: &str) {
        self.failed.get_or_insert(status);
        tell(Step::Broken(line, None));
    }

    fn fault(&mut self, tell: &mut dyn FnMut(Step), error: &anyhow::Error) {
        self.failed.get_or_insert(error::status(error));
        tell(Step::Broken(&error::line(error), error::hint(error)));
    }
}

impl Desk {
    /// Files an archive. What is broken of it is left out and told; all else is filed.
    ///
    /// # Errors
    /// The store failed. It may simply be done again.
    pub fn import(&mut self, order: &Order, tell: &mut dyn FnMut(Step)) -> Result<Tally> {
        let mut tally = Tally::default();
        let there = self.store.private().is_dir();
        let right = match order.dry_run {
            true => None,
            false => Some(self.store.importing()?),
        };
        let sources = self.sources(order, &mut tally, tell);
        if there {
            // Files that an import which died had no time to tell the index of.
            self.complete_index()?;
            self.reconcile_all()?;
        }
        let addresses = self.config.addresses.clone();
        let rules = Rules {
            addresses: &addresses,
            tags: order.tags.clone(),
            recipients: order.recipients.clone(),
            done: order.done.clone(),
            mboxrd: order.mboxrd,
            now: self.now(),
        };
        let survey = self.survey(&sources, &rules, &mut tally, tell)?;
        let groups = self.group(survey, &mut tally)?;
        write::Filing {
            desk: self,
            right,
            order,
            rules: &rules,
            sources: &sources,
            groups: &groups,
            tally: &mut tally,
            tell,
        }
        .run()?;
        Ok(tally)
    }

    /// The archives there are; a name that is none is told.
    fn sources(&self, order: &Order, tally: &mut Tally, tell: &mut dyn FnMut(Step)) -> Vec<Source> {
        let private = self.store.private();
        let scratch = match private.is_dir() {
            true => private,
            false => std::env::temp_dir(),
        };
        let mut sources = Vec::new();
        for path in &order.paths {
            for found in source::find(path, order.folders, &scratch) {
                match found {
                    Ok(source) => sources.push(source),
                    Err(e) => tally.fault(tell, &e),
                }
            }
        }
        sources
    }
}
