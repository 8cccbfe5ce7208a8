//! A desk: its configuration, its store, and what serves them.
//!
//! Every message comes in through [`Desk::take_in`], whoever brings it. Before its entry is appended
//! nothing may be lost; after that nothing may fail: what goes wrong then is a warning, never a status,
//! or the MTA would bring the message again.

mod alerts;
mod answers;
pub(crate) mod build;
pub(crate) mod bulk;
mod cache;
mod calendars;
mod closing;
mod delivery;
mod existing;
mod filter;
mod jobs;
mod known;
mod mend;
mod module_observer;
mod observer;
mod observers;
mod open;
mod operator;
mod parcel;
mod planning;
mod probe;
mod quarantine;
mod quiet;
mod reading;
mod reconcile;
mod remarks;
mod restore;
mod sending;
mod setup;
mod tell;
mod trust;
mod update;
mod view;

use crate::clock;
use crate::config::{Config, with_data};
use crate::index::Index;
use crate::log;
use crate::module::Module;
use crate::outbox::{Outbox, Released};
use crate::patience::Patience;
use crate::privilege;
use crate::sendmail::Sendmail;
use crate::store::Store;
use crate::ticket::plan::PlanRules;
use crate::ticket::route::Rules;
pub use answers::recipients;
use anyhow::Result;
pub(crate) use build::{Follower, Watch};
use calendars::Calendars;
pub(crate) use delivery::trace_sender;
pub use delivery::{Bearer, Deed, Filed, Outcome};
pub use jobs::is_ever;
use observer::Observer;
pub use parcel::Incoming;
pub use probe::Came;
pub use quarantine::HeldMail;
pub use quiet::wrong_with_holidays;
pub(crate) use reading::first_entry;
pub use reading::{Conversation, FiledMessage};
pub use sending::{Flushed, WaitingForOff};
use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use tempfile::TempDir;

/// A desk that is open for work.
pub struct Desk {
    /// The values in force.
    pub config: Config,
    /// The mboxes.
    pub store: Store,
    /// Mail that waits to be sent.
    pub outbox: Outbox,
    pub(crate) index: OnceCell<Index>,
    /// Where the index lies that is made for this command alone, since that of the store cannot be
    /// written; it is removed at the end.
    index_elsewhere: Option<TempDir>,
    /// The journal has grown long; apply it on leaving.
    journal_is_long: Cell<bool>,
    /// Mail to the admins that is about no message, and is to go out with the answers.
    told: Cell<Released>,
    calendars: Calendars,
    /// The modules that are switched on; looked for once, and only if somebody asks.
    modules: OnceCell<Vec<Result<Module, String>>>,
    /// Who is told of what happens; found when something does.
    observers: OnceCell<Vec<Box<dyn Observer>>>,
    /// How long a delivery may still wait for others, all waits together; a command waits as long for each (D5).
    patience: Cell<Option<Patience>>,
}

impl Desk {
    /// The desk that `config` describes, with a store that is ready to be written to; it is made if it is missing.
    pub fn open(config: Config) -> Result<Desk> {
        let desk = Self::look(config)?;
        desk.store.create_directories()?;
        Ok(desk)
    }

    /// The desk that `config` describes; nothing is created.
    pub fn look(config: Config) -> Result<Desk> {
        let group = config.group.as_deref().map(privilege::group);
        let known = group.as_ref().and_then(|group| group.as_ref().ok());
        log::goes_to(&config.log, known.copied());
        let group = group.transpose()?;
        if group.is_some() {
            privilege::share_with_group();
        }
        let store = Store::new(&config.dir, group).shared_by_hosts(config.shared_store);
        store.has_own_directories()?;
        Ok(Desk {
            store,
            outbox: Outbox::at(&config.dir)
                .shared(group.is_some())
                .of_domain(config.addresses.domain(), !config.domain_known),
            index: OnceCell::new(),
            index_elsewhere: None,
            journal_is_long: Cell::new(false),
            told: Cell::default(),
            calendars: Calendars::default(),
            modules: OnceCell::new(),
            observers: OnceCell::new(),
            patience: Cell::new(None),
            config,
        })
    }

    /// The modules that are switched on, of whatever version their data is, as they were when this desk first looked; the
    /// error says why one may not be run.
    fn modules_found(&self) -> &[Result<Module, String>] {
        self.modules.get_or_init(|| self.config.modules_found())
    }

    /// Those that may be asked now (G8).
    fn modules_on(&self) -> impl Iterator<Item = Result<Module, String>> {
        self.modules_found().iter().cloned().map(with_data)
    }

    /// The time, in seconds since 1970. Asked for each operation, since a process may live for months.
    pub fn now(&self) -> i64 {
        clock::now().as_second()
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

    /// What routing needs of the configuration.
    pub fn rules(&self) -> Rules<'_> {
        let addresses = &self.config.addresses;
        Rules {
            addresses,
            subject_tags: match addresses.secret() {
                None => &self.config.subject_tags,
                // Anybody can write a number there.
                Some(_) => &[],
            },
            unknown_ticket: self.config.unknown_ticket,
            catch_all: self.config.catch_all,
            opens: false,
            by_staff: false,
        }
    }

    /// What planning needs of the configuration.
    fn plan_rules(&self) -> PlanRules<'_> {
        PlanRules {
            addresses: &self.config.addresses,
            people: &self.config.people,
            notify: self.config.notify,
            ack: &self.config.ack,
            close_by: self.config.close_by,
            ack_limit: self.config.ack_limit,
            ack_total: self.config.ack_total,
            asks_proof: self.config.authserv_id.is_some(),
        }
    }

    /// Closes the index, and applies a journal that has grown long: nobody waits for it now. Should
    /// that fail, the next command does it.
    pub fn leave(&mut self) {
        self.index.take();
        if self.journal_is_long.take() {
            self.patience.set(Some(Patience::brief()));
            let _ = self.index();
            self.index.take();
        }
        self.patience.set(None);
    }
}
