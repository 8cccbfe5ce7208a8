//! The first reading of the archives: what each message is, what it answers, where it is filed already.

use super::filed::nothing_is_filed;
use super::message::{self, ReadingRules, WholePosition};
use super::raw::{ArchiveNumber, NumberSpace};
use super::report::{ImportReport, Notice};
use super::source::{Location, MailSource};
use super::threads::Threads;
use crate::desk::Desk;
use crate::error::Status;
use crate::parts::archive::mark::Role;
use crate::ticket::TicketId;
use crate::ticket::identity::{self, Identity};
use anyhow::Result;
use mail::automatic;
use mail::message::Message;
use std::collections::HashMap;

/// A message of an archive, in about a hundred bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageRecord {
    /// The index of its source.
    pub(crate) source: u32,
    pub(crate) location: Location,
    /// Its node in [`Threads`].
    pub(crate) node: u32,
    /// The digest of its [`Identity`].
    pub(crate) digest: [u8; 16],
    /// When it came in, in seconds since 1970.
    pub(crate) at: i64,
    /// The number that the archive gives its ticket.
    pub(crate) number: Option<ArchiveNumber>,
    /// Set if the archive holds the whole ticket.
    pub(crate) whole: Option<WholePosition>,
    pub(crate) role: Option<Role>,
    pub(crate) automatic: bool,
    /// A ticket that holds it already.
    pub(crate) filed: Option<TicketId>,
}

/// All messages of the archives.
pub(crate) struct Survey {
    pub(crate) records: Vec<MessageRecord>,
    pub(crate) threads: Threads,
}

impl Survey {
    pub(crate) fn identity(&self, record: &MessageRecord) -> Identity {
        Identity {
            key: self.threads.key(record.node),
            digest: record.digest,
        }
    }

    /// Unites tickets that are the same: copies and exports of one store may be imported together, and
    /// there the same message opened the ticket with the same number.
    fn unite_copies(&mut self) {
        let mut by_opener: HashMap<([u8; 16], TicketId), NumberSpace> = HashMap::new();
        let mut same: HashMap<ArchiveNumber, NumberSpace> = HashMap::new();
        let opens = |record: &&MessageRecord| matches!(record.whole, Some((1, _)));
        for record in self.records.iter().filter(opens) {
            if let Some(number) = record.number {
                let opener = (record.digest, number.id);
                let first = *by_opener.entry(opener).or_insert(number.space);
                same.entry(number).or_insert(first);
            }
        }
        let whole = self.records.iter_mut().filter(|r| r.whole.is_some());
        for number in whole.filter_map(|record| record.number.as_mut()) {
            if let Some(first) = same.get(number) {
                number.space = *first;
            }
        }
    }
}

/// Reads all sources. What cannot be read is reported and left out.
pub(crate) fn survey(
    desk: &Desk,
    sources: &[MailSource],
    rules: &ReadingRules,
    report: &mut ImportReport,
) -> Result<Survey> {
    let mut survey = Survey {
        records: Vec::new(),
        threads: Threads::default(),
    };
    let total: u64 = sources.iter().map(MailSource::size).sum();
    let mut before = 0;
    let max_size = desk.config.max_size;
    let local = desk.config.local_signs();
    for (index, source) in sources.iter().enumerate() {
        let size = source.size();
        let mut copy_space = None;
        // A stored message is larger than it was when it came in.
        let walked = source.walk(max_size.saturating_mul(2), &mut |location, raw, done| {
            let mail = message::read(&raw, rules);
            if mail.deleted && !rules.with_deleted {
                report.totals.deleted += 1;
                return Ok(());
            }
            let message = Message::new(&mail.raw);
            let bytes = mail.raw.len();
            if bytes as u64 > max_size {
                let (name, id) = (source.name(), message.message_id().unwrap_or_default());
                let line =
                    format!("{name}: message {id} has {bytes} bytes: more than max_size, left out");
                report.left_out(Status::DataErr, &line);
                return Ok(());
            }
            let identity = Identity::of(&message);
            let parents = message.parents();
            let parents: Vec<i64> = parents.iter().map(|id| identity::key(id)).collect();
            let mut number = mail.number;
            if let Some(number) = &mut number
                && number.space == NumberSpace::COPY
            {
                let opener = NumberSpace::by_key(identity.key);
                number.space = *copy_space.get_or_insert(opener);
            }
            survey.records.push(MessageRecord {
                source: index as u32,
                location,
                node: survey.threads.add(identity.key, &parents),
                digest: identity.digest,
                at: mail.at,
                number,
                whole: mail.whole,
                role: mail.role,
                automatic: automatic::is_automatic(&message, &mail.sender, &local),
                filed: None,
            });
            report.progress(Notice::Reading {
                done: before + done.min(size),
                total,
                messages: survey.records.len(),
            });
            Ok(())
        });
        before += size;
        match walked {
            Ok(walked) => {
                report.totals.sent += walked.sent;
                for line in walked.left_out {
                    let line = format!("{}: {line}", source.name());
                    report.left_out(Status::DataErr, &line);
                }
            }
            Err(e) => report.failure(&e),
        }
    }
    survey.unite_copies();
    if !nothing_is_filed(desk)? {
        for index in 0..survey.records.len() {
            let identity = survey.identity(&survey.records[index]);
            survey.records[index].filed = desk.index()?.holding(&identity)?.first().copied();
        }
    }
    Ok(survey)
}
