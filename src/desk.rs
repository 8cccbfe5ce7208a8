//! The one path of a message, effects in order, and what every command holds in its hand.
//!
//! Before the entry is appended nothing may be lost; after it nothing may fail: what goes wrong
//! then is a warning, never a status, or the MTA would bring the message again.

mod answers;
mod build;
mod cache;
mod file;
mod mend;
mod operator;
mod planning;
mod reading;
mod reconcile;
mod restore;
mod trust;
mod view;

use crate::config::Config;
use crate::index::Index;
use crate::outbox::{Outbox, Released};
use crate::privilege;
use crate::sendmail::Sendmail;
use crate::store::lock::{PATIENCE, Patience};
use crate::store::{Store, Turn};
use crate::ticket::address::Target;
use crate::ticket::plan::{Answer, Policy};
use crate::ticket::route::{self, Destination, Refusal, Rules};
use crate::ticket::summary::{self, Summary};
use crate::ticket::trust::Proof;
use crate::ticket::{TicketId, compose, tag};
use anyhow::Result;
pub(crate) use build::TEXT_LOCK;
pub use build::Watch;
pub use file::recipients;
use mail::automatic::{self, Degree};
use mail::envelope::{Envelope, Sender};
use mail::message::Message;
pub(crate) use reading::first_entry;
pub use reading::{Conversation, FiledMessage};
use std::cell::{Cell, OnceCell};
use std::path::PathBuf;

/// A desk: its configuration, its store, and what serves them.
pub struct Desk {
    /// The values in force.
    pub config: Config,
    /// The mboxes.
    pub store: Store,
    /// Mail that waits to be sent.
    pub outbox: Outbox,
    pub(crate) index: OnceCell<Index>,
    /// Somebody should take over what the index was told.
    much_is_told: Cell<bool>,
    /// Seconds since 1970 at which this process began its work.
    pub now: i64,
    pub(crate) patience: Patience,
    /// Held from before the first answer is written until the last one may go out.
    turn: Option<Turn>,
}

/// A message on its way in.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The message, without a From_ line.
    pub message: &'a Message<'a>,
    /// Its envelope.
    pub envelope: &'a Envelope,
}

/// What was done with a message in one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It opened the ticket.
    Opened,
    /// It was added.
    Filed,
    /// It was added and closed the ticket.
    Closed,
    /// It was added and opened the ticket again.
    Reopened,
    /// It was there already.
    Duplicate,
}

/// The outcome for one ticket.
#[derive(Debug)]
pub struct Filed {
    /// The ticket.
    pub ticket: TicketId,
    /// What was done.
    pub deed: Deed,
    /// Where its mbox lies now.
    pub path: PathBuf,
    /// Mail that was written because of it.
    pub answers: Vec<Answer>,
    /// What went wrong after the message was filed.
    pub warnings: Vec<String>,
    released: Released,
}

/// The outcome for one message.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each ticket it went to.
    pub filed: Vec<Filed>,
    /// Recipients that do not exist.
    pub refusals: Vec<Refusal>,
}

/// What is computed once for a message, whatever number of tickets it goes to.
struct Parcel<'a> {
    incoming: Incoming<'a>,
    summary: Summary,
    degree: Degree,
    proof: Proof,
}

impl Desk {
    /// The desk that `config` describes, with a store that is ready to be written to.
    pub fn open(config: Config) -> Result<Desk> {
        let desk = Self::look(config)?;
        desk.store.create_directories()?;
        Ok(desk)
    }

    /// The desk that `config` describes; nothing is created.
    pub fn look(config: Config) -> Result<Desk> {
        privilege::become_owner(&config.dir)?;
        let group = config.group.as_deref().map(privilege::group).transpose()?;
        if group.is_some() {
            privilege::share_with_group();
        }
        Ok(Desk {
            store: Store::new(&config.dir, group),
            outbox: Outbox::at(&config.dir).shared(group.is_some()),
            index: OnceCell::new(),
            much_is_told: Cell::new(false),
            now: jiff::Timestamp::now().as_second(),
            patience: Patience::new(PATIENCE),
            turn: None,
            config,
        })
    }

    /// The program that takes our mail.
    pub fn sendmail(&self) -> Sendmail {
        let mut words = self.config.sendmail.iter();
        Sendmail {
            program: words.next().map(PathBuf::from).unwrap_or_default(),
            args: words.cloned().collect(),
            timeout: self.config.sendmail_timeout,
        }
    }

    fn policy(&self) -> Policy<'_> {
        Policy {
            addresses: &self.config.addresses,
            admins: &self.config.admins,
            notify: self.config.notify,
            ack: &self.config.ack,
            close_by: self.config.close_by,
            ack_limit: self.config.ack_limit,
        }
    }

    /// Files a message wherever it belongs and writes the answers to it, which are due at once.
    ///
    /// # Errors
    /// Nothing is filed, or (with several tickets) not everywhere; the same message may simply
    /// be handed in again.
    pub fn file(&mut self, incoming: Incoming) -> Result<Outcome> {
        let proof = self.proof(incoming.message)?;
        self.file_proven(incoming, proof)
    }

    fn file_proven(&mut self, incoming: Incoming, proof: Proof) -> Result<Outcome> {
        // What is filed already is met as a duplicate.
        let try_to_file = |desk: &mut Desk| desk.try_to_file(incoming, proof);
        self.despite_index(try_to_file, |_, index| {
            Index::remove(index);
            Ok(())
        })
    }

    fn try_to_file(&mut self, incoming: Incoming, proof: Proof) -> Result<Outcome> {
        let Incoming { message, envelope } = incoming;
        self.patience = Patience::new(PATIENCE);
        let by_address =
            |r: &String| matches!(self.config.addresses.target(r), Some(Target::Ticket(..)));
        if !envelope.recipients.iter().all(by_address) && !message.parents().is_empty() {
            // What it answers is looked up in the index (B5).
            self.complete_newest()?;
        }
        let route = {
            let tags = |subject: &str| match self.config.addresses.secret() {
                None => self.tags(subject),
                // Anybody can write a number there.
                Some(_) => Ok(Vec::new()),
            };
            let rules = Rules {
                addresses: &self.config.addresses,
                tags: &tags,
                unknown_ticket: self.config.unknown_ticket,
                catch_all: self.config.catch_all,
            };
            route::route(envelope, message, &rules, self)?
        };
        if let Some(index) = self.index.get() {
            index.look_away();
        }
        let mut outcome = Outcome {
            filed: Vec::new(),
            refusals: route.refusals,
        };
        if route.destinations.is_empty() {
            return Ok(outcome);
        }
        let parcel = Parcel {
            incoming,
            summary: Summary::of(message, &envelope.sender, self.now),
            degree: automatic::degree(message, &envelope.sender),
            proof,
        };
        // Of an attempt before this one: a second descriptor of ours would wait for the first.
        self.turn = None;
        let digest = &parcel.summary.identity.digest;
        self.turn = Some(self.store.turn(digest, self.patience)?);
        for destination in route.destinations {
            let filed = match destination {
                Destination::Open => Some(self.open_ticket(&parcel)?),
                Destination::Ticket(id, verb) => self.file_in(&parcel, id, verb)?,
            };
            match filed {
                Some(filed) => outcome.filed.push(filed),
                // It was removed by hand since we routed. The MTA may ask again.
                None => anyhow::bail!("cannot file the message: its ticket is gone"),
            }
        }
        Ok(outcome)
    }

    /// Sends the answers of `outcome`, and older ones that are due. What sendmail does not take
    /// waits in the outbox; the lines returned say what for.
    pub fn send(&mut self, outcome: &mut Outcome) -> Vec<String> {
        // sendmail may take its time, or bring this very message back.
        self.turn = None;
        let mut fresh = Released::default();
        for filed in &mut outcome.filed {
            fresh.append(std::mem::take(&mut filed.released));
        }
        match self.outbox.send(&self.sendmail(), &fresh, self.now) {
            Ok(report) => self.after_sending(&report),
            Err(e) => vec![crate::error::line(&e)],
        }
    }

    /// The tickets named in a Subject, in order (B4).
    pub fn tags(&self, subject: &str) -> Result<Vec<TicketId>> {
        tag::find(&self.config.subject_tags, subject)
    }

    /// Leaves the desk: what is left to tidy up is done now, when nobody waits for it.
    pub fn leave(mut self) {
        self.index.take();
        if self.much_is_told.get() {
            // Should it fail, the next one does it.
            let _ = self.index();
        }
    }
}

impl route::Known for Desk {
    fn exists(&self, id: TicketId) -> Result<bool> {
        Ok(self.store.locate(id)?.is_some())
    }

    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>> {
        let addresses = &self.config.addresses;
        if let Some((id, digest)) = compose::ticket_of_msg_id(msg_id, addresses.domain()) {
            // Who has such a mail knows of which message the digest is; who made the msg-id up,
            // only how they look.
            let told = || match answers::from_hex(digest) {
                Some(digest) => Ok::<_, anyhow::Error>(self.glance()?.holds(id, &digest)?),
                None => Ok(false),
            };
            if addresses.secret().is_none() || told()? {
                return Ok(Some(id));
            }
        }
        for id in self.glance()?.holders(summary::key(msg_id))? {
            if self.store.locate(id)?.is_some() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// The sender as the From_ line and `Return-Path` have it; `None` is the null sender.
pub(crate) fn trace_sender<'a>(sender: &'a Sender, author: &'a str) -> Option<&'a str> {
    match sender {
        Sender::Address(address) => Some(address),
        Sender::Null => None,
        // Nobody said; the author is the best guess there is.
        Sender::Unknown => Some(author).filter(|a| !a.is_empty()),
    }
}
