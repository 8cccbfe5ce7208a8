//! The one way in: all that happens to a message from when it has been read until the desk is left.
//!
//! [`Desk::take_in`] names the steps, in the order on which every promise about lost and doubled mail
//! rests; `open.rs` and `update.rs` file the message, and mark the instant at which it is ours.
//! `docs/design.md` lists the files that exist after each step, and what a crash there means: its
//! states S1 to S7 are those of `open.rs`, U1 to U9 those of `update.rs`.

use super::Desk;
use super::filter;
use super::parcel::{Incoming, Judged, Parcel, Quarantined, Question, Settled};
use super::remarks::MOST_TICKETS;
use crate::outbox::Released;
use crate::patience::Patience;
use crate::ticket::TicketId;
use crate::ticket::address::{Target, Verb};
use crate::ticket::forward::{self, Forwarded, Unclear};
use crate::ticket::plan::Answer;
use crate::ticket::route::{self, Destination, Refusal, Route, Rules};
use crate::ticket::staff::Authorship;
use crate::ticket::summary::Summary;
use crate::ticket::trust::Proof;
use anyhow::{Result, bail};
use mail::automatic;
use mail::envelope::Sender;
use std::path::PathBuf;

/// Who brings a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// An MTA: anybody may have written it.
    Mta,
    /// The operator, on the shell.
    Operator {
        /// Nobody is to be told of it (C4).
        quiet: bool,
    },
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
    /// Its mbox, where it lies now.
    pub path: PathBuf,
    /// Mail that was written because of it.
    pub answers: Vec<Answer>,
    /// What went wrong after the message was filed.
    pub warnings: Vec<String>,
    pub(super) released: Released,
}

/// The outcome for one message.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each ticket it went to.
    pub filed: Vec<Filed>,
    /// It went to no ticket, but into quarantine.
    pub quarantined: Option<Quarantined>,
    /// The filters without whose word it went on, each with why.
    pub silent: Vec<String>,
    /// Recipients that do not exist.
    pub refusals: Vec<Refusal>,
    /// Tickets in which it was filed and did nothing, since it names so many (A6).
    pub(super) quieted: Vec<TicketId>,
    /// Nobody is to be told of the message, nor of what was not done with it.
    pub(super) is_quiet: bool,
    /// What observers did not do, and need not do any more.
    pub remarks: Vec<String>,
    /// What is to be said of answers that sendmail did not take; they wait in the outbox.
    pub unsent: Vec<String>,
}

impl Desk {
    /// Takes a message in: files it wherever it belongs, answers it, and leaves the desk.
    ///
    /// With `Ok` the message is on the disk in each ticket of [`Outcome::filed`], or all its
    /// recipients are refused.
    ///
    /// # Errors
    /// Nothing is filed, or not everywhere. The same message may simply be handed in again: where it
    /// is filed already, it is recognised (A5).
    pub fn take_in(&mut self, incoming: Incoming, bearer: Bearer) -> Result<Outcome> {
        if bearer == Bearer::Mta
            && let Some(tested) = self.take_in_probe(incoming)?
        {
            return Ok(tested);
        }
        self.take_in_judged(incoming, bearer, None)
    }

    /// The same for a mail that is no test; nobody is asked about it if it is `judged` already.
    pub(super) fn take_in_judged(
        &mut self,
        incoming: Incoming,
        bearer: Bearer,
        mut judged: Option<Judged>,
    ) -> Result<Outcome> {
        let proof = self.proof(incoming.message, bearer)?;
        let by = self.staff().authorship(incoming.message);
        let sender = &incoming.envelope.sender;
        let degree = automatic::degree(incoming.message, sender, &self.config.local_signs());
        let forwarded = match by.is_staff && !degree.is_automatic() {
            true => self.forwarded(incoming, proof),
            false => None,
        };
        let now = self.now();
        self.patience.set(Some(Patience::default()));
        let file = |desk: &mut Desk| {
            let route = desk.route(incoming, &by, forwarded.is_some())?;
            let mut outcome = Outcome {
                refusals: route.refusals,
                ..Outcome::default()
            };
            if route.destinations.is_empty() {
                return Ok((outcome, None));
            }
            if judged.is_none() && bearer == Bearer::Mta && !desk.config.modules.is_empty() {
                judged = desk.ask_filters(
                    &Question {
                        incoming,
                        by: &by,
                        degree: &degree,
                        proof,
                        route: &route.destinations,
                        now,
                    },
                    filter::ALL,
                )?;
            }
            let patience = desk.patience.get().unwrap_or_default();
            let (message, sender) = (incoming.message, &incoming.envelope.sender);
            let mut parcel = Parcel {
                incoming,
                summary: Summary::of(message, sender, &by, now, &desk.config.addresses),
                by: by.clone(),
                degree: degree.clone(),
                proof,
                addressed: desk.addressed(incoming),
                forwarded: forwarded.clone(),
                put_away: route.put_away,
                by_operator: bearer != Bearer::Mta,
                quiet: bearer == Bearer::Operator { quiet: true },
                is_last: false,
                modules: Vec::new(),
                now,
                patience,
            };
            let lock = desk.store.lock_message(parcel.summary.origin, patience)?;
            let mut destinations = route.destinations;
            // A filter that is off by now may have sent it elsewhere at an earlier attempt.
            if judged.is_none() && bearer == Bearer::Mta && desk.may_have_been_moved(&parcel) {
                judged = Some(Judged::default());
            }
            if let Some(judged) = &judged {
                outcome.silent.clone_from(&judged.silent);
                match desk.settle(&mut parcel, judged, destinations)? {
                    Settled::Tickets(to) => destinations = to,
                    Settled::Quarantine(quarantined) => {
                        outcome.quarantined = Some(quarantined);
                        return Ok((outcome, Some(lock)));
                    }
                }
            }
            outcome.is_quiet = parcel.quiet;
            let last = destinations.len() - 1;
            // Other processes may bring it to other recipients.
            let digest = &parcel.summary.identity.digest;
            let mut deeds = usize::from(lock.deeds(digest));
            for (at, destination) in destinations.into_iter().enumerate() {
                parcel.is_last = at == last && bearer == Bearer::Mta;
                let mut is_quieted = false;
                let destination = match destination {
                    Destination::Ticket(id, verb)
                        if deeds >= MOST_TICKETS && !parcel.is_by_the_desk(desk, id, verb) =>
                    {
                        is_quieted = true;
                        Destination::Ticket(id, Verb::Quiet)
                    }
                    as_asked => as_asked,
                };
                let filed = match destination {
                    Destination::Open => desk.open_ticket(&parcel)?,
                    Destination::Ticket(id, verb) => desk.update_ticket(&parcel, id, verb)?,
                };
                if filed.deed != Deed::Duplicate && bearer == Bearer::Mta {
                    // The admins are told once, of all the tickets that this process left alone.
                    if is_quieted && (deeds == MOST_TICKETS || !outcome.quieted.is_empty()) {
                        outcome.quieted.push(filed.ticket);
                    }
                    deeds = (MOST_TICKETS + 1).min(deeds + 1);
                    lock.set_deeds(digest, deeds as u8);
                }
                outcome.filed.push(filed);
            }
            Ok((outcome, Some(lock)))
        };
        let done = self.despite_index(file);
        let (mut outcome, lock) = done.inspect_err(|_| self.patience.set(None))?;
        self.patience.set(Some(Patience::brief()));
        // --- Whatever is filed is ours from here on, and nothing may fail any more (A4). ---
        self.refuse_in_part(&incoming, &mut outcome, now);
        // sendmail may take its time, or bring this very message back.
        drop(lock);
        outcome.unsent = self.send(&mut outcome.filed, now);
        let observers = self.observers.get().into_iter().flatten();
        outcome.remarks = observers.flat_map(|it| it.remarks()).collect();
        self.leave();
        Ok(outcome)
    }

    /// Decides where a message goes. What it answers is looked up in the index, unless addresses
    /// alone decide.
    pub(super) fn route(
        &mut self,
        incoming: Incoming,
        by: &Authorship,
        opens: bool,
    ) -> Result<Route> {
        let Incoming { message, envelope } = incoming;
        let addresses = &self.config.addresses;
        let by_address = |r: &String| matches!(addresses.target(r), Some(Target::Ticket(..)));
        if !envelope.recipients.iter().all(by_address) && !message.parents().is_empty() {
            self.complete_newest()?;
        }
        let _read = self.ends_read();
        let rules = Rules {
            opens,
            by_staff: by.is_staff,
            ..self.rules()
        };
        route::route(envelope, message, &rules, self)
    }

    /// The tickets that the recipients of a message name, whether there are such tickets or not.
    fn addressed(&self, incoming: Incoming) -> Vec<TicketId> {
        let targets = route::targets(incoming.envelope, incoming.message, &self.rules());
        let ticket = |(_, target)| match target {
            Some(Target::Ticket(id, _)) => Some(id),
            _ => None,
        };
        targets.into_iter().filter_map(ticket).collect()
    }

    /// Whose mail one of the staff forwards, to open a ticket in that name; `None` if nothing asks for
    /// that.
    fn forwarded(&self, incoming: Incoming, proof: Proof) -> Option<Result<Forwarded, Unclear>> {
        let Incoming { message, envelope } = incoming;
        let targets = route::targets(envelope, message, &self.rules());
        let addresses = &self.config.addresses;
        let goes_to = |wanted| {
            targets.iter().any(|(_, target)| *target == Some(wanted))
                && proof.covers_forwarding(message, addresses, wanted)
        };
        let asks = goes_to(Target::SubmitFor)
            || (forward::names_submitter(message) && goes_to(Target::Submit));
        asks.then(|| forward::submitter(&self.staff(), message))
    }

    /// Files a message in a ticket that is there. Whenever somebody else files in it between the
    /// look and the locks, and it matters, it looks again.
    pub(super) fn update_ticket(
        &mut self,
        parcel: &Parcel,
        id: TicketId,
        verb: Verb,
    ) -> Result<Filed> {
        loop {
            let Some(view) = self.view(id)? else {
                // It was removed by hand since we routed. The MTA may ask again.
                bail!("cannot file the message: its ticket is gone");
            };
            let presence = self.presence(&view, parcel, verb)?;
            // A list's or gateway's copy of what is here is filed, and answered to nobody (A5).
            // A closing counts, whichever copy of it comes first.
            let verb = match presence.is_copy && verb != Verb::Done {
                true => Verb::Quiet,
                false => verb,
            };
            if let Some(at) = presence.at {
                return match verb {
                    Verb::Done => self.closes_after_all(parcel, &view, at),
                    _ => self.duplicate(parcel, id, Deed::Duplicate),
                };
            }
            if let Some(filed) = self.update(parcel, view, verb)? {
                return Ok(filed);
            }
        }
    }
}

/// The sender as the From_ line and `Return-Path` have it; `None` is the null sender.
pub(crate) fn trace_sender<'a>(sender: &'a Sender, author: &'a str) -> Option<&'a str> {
    match sender {
        Sender::Address(address) => Some(address),
        Sender::Null => None,
        // The MTA did not say, and the author is the best guess. Without one it is still not the null sender,
        // or the mail would count as a machine's when it is read again (C6).
        Sender::Unknown if author.is_empty() => Some("unknown"),
        Sender::Unknown => Some(author),
    }
}
