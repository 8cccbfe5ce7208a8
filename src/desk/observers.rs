//! Observers: who is told of what happens in tickets, once it has happened (G6).
//!
//! What they are told waits in the outbox as the answers do, and with the same promises. A desk without observers has
//! none of it: nothing is looked for.

use super::Desk;
use super::alerts::Alerts;
use super::module_observer;
use super::observer::{Observer, Told};
use super::parcel::Parcel;
use super::update::opens_again;
use super::view::View;
use crate::module;
use crate::outbox::{Carrier, Carriers, PATIENCE, Released, Staged, ToObserver, Uncarried};
use crate::ticket::address::Verb;
use crate::ticket::compose::Outgoing;
use crate::ticket::event::Event;
use crate::ticket::filter;
use crate::ticket::kind::MessageKind;
use crate::ticket::occurrence::Occurrence;
use crate::ticket::plan::Plan;
use crate::ticket::reach::counted_as;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::decode::Mailbox;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

/// Deeper than this, no observer is told: they would tell each other for ever.
const DEEPEST: u32 = 2;

/// An observer as the outbox knows it.
struct Watching<'a>(&'a dyn Observer);

impl Carrier for Watching<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn rests(&self, now: i64) -> bool {
        self.0.rests(now)
    }

    fn carry(
        &self,
        content: &File,
        limit: Option<Duration>,
        now: i64,
    ) -> std::result::Result<Released, Uncarried> {
        let mut line = Vec::new();
        let length = BufReader::new(content).read_until(b'\n', &mut line);
        let length = length.map_err(|e| Uncarried::Failed(format!("cannot read its file: {e}")))?;
        let Some(what) = Occurrence::read(&line) else {
            let why = "its file does not begin with X-Tickets-Event";
            return Err(Uncarried::Failed(why.into()));
        };
        self.0.observe(&Told {
            what: &what,
            content,
            message: length as u64,
            limit,
            now,
        })
    }
}

/// What is to be staged for observers, because of one message in one ticket.
#[derive(Default)]
pub(super) struct Events<'a> {
    line: String,
    number: u64,
    /// The names of the observers, and the message for those who want it.
    to: Vec<(&'a str, Option<&'a [u8]>)>,
}

impl Events<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    pub(super) fn for_outbox(&self) -> Vec<ToObserver<'_>> {
        let event = |&(observer, message): &(_, _)| ToObserver {
            observer,
            number: self.number,
            line: &self.line,
            message,
        };
        self.to.iter().map(event).collect()
    }
}

impl Desk {
    /// Everybody who is told of something.
    pub(super) fn observers(&self) -> &[Box<dyn Observer>] {
        self.observers.get_or_init(|| {
            let config = &self.config;
            let nobody = config.modules.is_empty() && config.alerts_on().is_empty();
            if nobody || module::depth() > DEEPEST {
                return Vec::new();
            }
            let mut observers = module_observer::all(config, self.modules_on(), &self.calendars);
            let alerts = Alerts::of(self);
            observers.extend(alerts.map(|it| Box::new(it) as Box<dyn Observer>));
            observers
        })
    }

    /// What observers are to be told of a message that is about to be filed in ticket `id`. `view` is the ticket
    /// before it, `None` if the message opens it.
    pub(super) fn events<'a>(
        &'a self,
        parcel: &'a Parcel,
        id: TicketId,
        plan: &Plan,
        view: Option<&View>,
    ) -> Events<'a> {
        let observers = self.observers();
        if !observers.iter().any(|it| it.is_told()) {
            return Events::default();
        }
        let event = match view {
            None => Event::Opened,
            Some(_) if plan.closes => Event::Closed,
            Some(view) if opens_again(parcel, plan, view) => Event::Reopened,
            Some(_) if plan.filed_under == Some(Verb::Quiet) => Event::Quiet,
            Some(_) => Event::Filed,
        };
        let summary = match view {
            None => parcel.opening(),
            Some(_) => parcel.summary.clone(),
        };
        let writer = Mailbox {
            name: summary.name,
            address: summary.from,
        };
        let is_staff = || self.staff().has(&writer.address);
        let kind = MessageKind::of(event, summary.automatic, is_staff);
        let number = view.map_or(0, |view| view.row.entries) + 1;
        let state = match plan.open {
            true => State::Open,
            false => State::Closed,
        };
        let key = parcel.key(id);
        let what = Occurrence {
            id: format!("{id}.{}", key.digest),
            kind,
            at: parcel.now,
            ticket: id,
            message: number,
            author: (!writer.address.is_empty()).then_some(writer),
            subject: summary.subject,
            automatic: parcel.degree.is_automatic(),
            quiet: parcel.quiet || kind == MessageKind::Quiet,
            by_alerted: parcel.is_by_one_of(&self.alerted()),
            path: self.store.path(id, state).display().to_string(),
            depth: module::depth(),
        };
        let message = parcel.incoming.message.raw();
        let who = observers.iter().filter(|it| it.wants(&what));
        let to = who.map(|it| (it.name(), it.wants_messages().then_some(message)));
        Events {
            to: to.collect(),
            line: what.field(),
            number,
        }
    }

    /// The mailboxes to which alerts go, as they are counted.
    fn alerted(&self) -> HashSet<String> {
        let to = self.config.alerts.iter().flat_map(|alert| &alert.to);
        to.map(|to| counted_as(to)).collect()
    }

    /// Stages the answers to a message that is about to be filed, and what observers are to be told of it.
    pub(super) fn stage(
        &self,
        parcel: &Parcel,
        id: TicketId,
        mails: &[Outgoing],
        events: &Events,
    ) -> Result<Staged> {
        let (key, events) = (parcel.key(id), events.for_outbox());
        let apart = self.held_apart(mails, parcel.now);
        let mails = apart.as_deref().unwrap_or(mails);
        let staged = self
            .outbox
            .stage_with_events(&key, mails, &events, parcel.now)?;
        let is_moved = parcel
            .modules
            .iter()
            .any(|said| filter::moved(said).is_some());
        match is_moved && staged.is_empty() {
            true => self.outbox.stage_mark(&key, parcel.now),
            false => Ok(staged),
        }
    }

    /// Calls `work` with all who take what lies in the outbox, and those observers who are told nothing any more only if
    /// asked to. Where nobody knows in whose name mail goes out, that is the observers alone (E7).
    pub(super) fn with_carriers<T>(&self, all: bool, work: impl FnOnce(Carriers) -> T) -> T {
        let sendmail = self.sendmail();
        let observers = self.observers().iter().filter(|it| all || it.is_told());
        let watching: Vec<Watching> = observers.map(|it| Watching(it.as_ref())).collect();
        let observers: Vec<&dyn Carrier> = watching.iter().map(|it| it as &dyn Carrier).collect();
        work(Carriers {
            sendmail: self.config.domain_known.then_some(&sendmail),
            observers: &observers,
            // What an observer does is told by whoever waits for it: to wait here would be to wait for oneself.
            patience: match module::is_for_observer() {
                true => Duration::ZERO,
                false => PATIENCE,
            },
        })
    }
}
