//! The first reading: what each message is, what it answers, and where it is filed already.

use super::{Desk, Step, Tally};
use crate::error::Status;
use crate::parts::archive::source::{Source, Spot};
use crate::ticket::TicketId;
use crate::parts::archive::message::{self, Number, Rules};
use crate::parts::archive::mark::Role;
use crate::ticket::compose::OWN_MARKS;
use crate::ticket::summary::{self, Identity};
use crate::parts::archive::thread::Threads;
use anyhow::Result;
use mail::automatic;
use mail::message::Message;
use std::collections::HashMap;

/// A message of the archive, in about a hundred bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    /// The source that holds it, and where.
    pub source: u32,
    pub spot: Spot,
    /// Its node among the threads.
    pub node: u32,
    /// Digest of its identity.
    pub digest: [u8; 16],
    /// When it came in.
    pub at: i64,
    /// The number that the archive gives its ticket.
    pub number: Option<Number>,
    /// Its place in the ticket, if the archive knows; from 1.
    pub seat: u32,
    /// The archive holds its whole ticket.
    pub whole: bool,
    /// Whether that is closed, if the archive knows.
    pub closed: Option<bool>,
    /// What it was sent for.
    pub role: Option<Role>,
    /// A machine wrote it.
    pub automatic: bool,
    /// A ticket that holds it already.
    pub filed: Option<TicketId>,
}

/// All messages of the archive.
pub(super) struct Survey {
    pub notes: Vec<Note>,
    pub threads: Threads,
}

impl Survey {
    /// What makes a message the same as another.
    pub fn identity(&self, note: &Note) -> Identity {
        Identity {
            key: self.threads.key(note.node),
            digest: note.digest,
        }
    }

    /// A copy of a store and an export of it are the same tickets: what the same message opened, under
    /// the same number, is.
    fn unite(&mut self) {
        let mut by_opener: HashMap<([u8; 16], TicketId), u64> = HashMap::new();
        let mut same: HashMap<Number, u64> = HashMap::new();
        for note in self.notes.iter().filter(|note| note.seat == 1) {
            if let Some((desk, id)) = note.number {
                let first = *by_opener.entry((note.digest, id)).or_insert(desk);
                same.entry((desk, id)).or_insert(first);
            }
        }
        for note in self.notes.iter_mut().filter(|note| note.whole) {
            if let Some((desk, id)) = &mut note.number
                && let Some(first) = same.get(&(*desk, *id))
            {
                *desk = *first;
            }
        }
    }
}

impl Desk {
    /// Reads all sources.
    pub(super) fn survey(
        &self,
        sources: &[Source],
        rules: &Rules,
        tally: &mut Tally,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Survey> {
        let mut survey = Survey {
            notes: Vec::new(),
            threads: Threads::default(),
        };
        let total: u64 = sources.iter().map(Source::size).sum();
        let mut before = 0;
        let most = self.config.max_size;
        for (nth, source) in sources.iter().enumerate() {
            let size = source.size();
            let mut opener = None;
            // As it is stored, a message is larger than it was.
            let walked = source.walk(most.saturating_mul(2), &mut |spot, piece, done| {
                let mail = message::read(&piece.found(), rules);
                let message = Message::new(&mail.raw);
                let bytes = mail.raw.len();
                if bytes as u64 > most {
                    let (name, id) = (source.name(), message.message_id().unwrap_or_default());
                    let line = format!(
                        "{name}: message {id} has {bytes} bytes: more than max_size, left out"
                    );
                    tally.broken(tell, Status::DataErr, &line);
                    return Ok(());
                }
                let identity = Identity::of(&message);
                let parents = message.parents();
                let parents: Vec<i64> = parents.iter().map(|id| summary::key(id)).collect();
                let (seat, closed) = mail.whole.unwrap_or_default();
                let mut number = mail.number;
                if let Some((desk @ message::BY_OPENER, _)) = &mut number {
                    // Two copies of one store are one; two stores have the same numbers.
                    *desk = *opener.get_or_insert(message::some_desk(identity.key));
                }
                survey.notes.push(Note {
                    source: nth as u32,
                    spot,
                    node: survey.threads.add(identity.key, &parents),
                    digest: identity.digest,
                    at: mail.at,
                    number,
                    seat,
                    whole: mail.whole.is_some(),
                    closed,
                    role: mail.role,
                    automatic: automatic::degree(&message, &mail.sender, OWN_MARKS).is_automatic(),
                    filed: None,
                });
                let done = before + done.min(size);
                tell(Step::Reading(done, total, survey.notes.len()));
                Ok(())
            });
            before += size;
            match walked {
                Ok(walked) => {
                    tally.sent += walked.sent;
                    for line in walked.broken {
                        let line = format!("{}: {line}", source.name());
                        tally.broken(tell, Status::DataErr, &line);
                    }
                }
                Err(e) => tally.fault(tell, &e),
            }
        }
        survey.unite();
        if !self.is_empty()? {
            for nth in 0..survey.notes.len() {
                let identity = survey.identity(&survey.notes[nth]);
                survey.notes[nth].filed = self.filed_in(&identity)?.first().copied();
            }
        }
        Ok(survey)
    }

    /// True if no message is filed anywhere, as far as the index knows: most archives are imported
    /// into an empty store.
    pub(super) fn is_empty(&self) -> Result<bool> {
        Ok(!self.store.private().is_dir() || self.index()?.highest()? == 0)
    }

    /// The tickets that hold this very message, the newest first.
    pub(super) fn filed_in(&self, message: &Identity) -> Result<Vec<TicketId>> {
        let index = self.index()?;
        let mut filed = Vec::new();
        for id in index.holders(message.key)? {
            if index.position(id, message)?.is_some() {
                filed.push(id);
            }
        }
        Ok(filed)
    }
}
