//! Modules from outside as observers.

use super::alerts::is_due;
use super::calendars::Calendars;
use super::observer::{Observer, Told};
use crate::config::{Alert, Config, other_owner};
use crate::log::{LogLine, Severity};
use crate::module::{
    Asking, Failure, Head, Module, News, Point, RawMail, Request, claims, depth, set_depth,
};
use crate::outbox::{PATIENCE, Released, Uncarried};
use crate::ticket::kind::MessageKind;
use crate::ticket::occurrence::Occurrence;
use crate::ticket::when::rfc3339;
use serde_json::json;
use std::sync::Mutex;

/// A module that is told of what happens.
struct ModuleObserver {
    module: Module,
    /// The kinds of what it is told; all if there are none.
    kinds: Vec<MessageKind>,
    /// If alerts name it, it is told only of what those let through that are given (L6).
    alerts: Option<Vec<Alert>>,
    calendars: Calendars,
    /// It runs as one of the group, who may not be able to read what it needs.
    by_guest: bool,
    news: Mutex<Option<News>>,
}

/// All `modules`, which are those that are switched on: one that is no observer may have been told something when it was
/// one, or when nobody could say.
pub(super) fn all(
    config: &Config,
    modules: impl Iterator<Item = Result<Module, String>>,
    calendars: &Calendars,
) -> Vec<Box<dyn Observer>> {
    let path = config.modules_path();
    let names = config.modules.iter().map(|switched| &switched.name);
    let modules = names.zip(modules);
    let says_observer = |name: &str| claims(&path, name).is_some_and(|it| it.has(Point::Observer));
    let observer =
        |(name, module): (&String, Result<Module, String>)| -> Option<Box<dyn Observer>> {
            match module {
                Ok(module) => Some(Box::new(ModuleObserver::new(module, config, calendars))),
                Err(why) if says_observer(name) => Some(Box::new(BrokenModule {
                    name: name.clone(),
                    why,
                })),
                // There is no such module, or it says that it is none.
                Err(_) => None,
            }
        };
    modules.filter_map(observer).collect()
}

/// A module that may not be run as it is. What it may have wanted to be told waits until it may.
struct BrokenModule {
    name: String,
    why: String,
}

impl Observer for BrokenModule {
    fn name(&self) -> &str {
        &self.name
    }

    fn wants(&self, _what: &Occurrence) -> bool {
        true
    }

    fn wants_messages(&self) -> bool {
        true
    }

    fn observe(&self, _told: &Told) -> Result<Released, Uncarried> {
        Err(Uncarried::Failed(self.why.clone()))
    }
}

impl ModuleObserver {
    fn new(module: Module, config: &Config, calendars: &Calendars) -> ModuleObserver {
        let events = &module.manifest.events;
        let is_own = |alert: &&Alert| alert.module.as_deref() == Some(module.name());
        ModuleObserver {
            alerts: (config.alerts_name(module.name()))
                .then(|| config.alerts_on().iter().filter(is_own).cloned().collect()),
            kinds: (events.iter())
                .filter_map(|name| MessageKind::named(name))
                .collect(),
            module,
            calendars: calendars.clone(),
            by_guest: other_owner(&config.dir).is_some(),
            news: Mutex::default(),
        }
    }

    fn is_let_through(&self, what: &Occurrence, at: i64) -> bool {
        let is_due = |alerts: &Vec<Alert>| {
            let mut alerts = alerts.iter();
            alerts.any(|alert| is_due(alert, &self.calendars, what, at))
        };
        self.alerts.as_ref().is_none_or(is_due)
    }

    /// Notes how it did. What cannot be noted is as if it had not been.
    fn note(&self, told: &Told, fault: Option<&str>) {
        // This user may lack a right that the module needs. The event is told again as the desk's user, whose faults count.
        if self.by_guest && fault.is_some() {
            return;
        }
        if let Ok(Some(news)) = self.module.home.note(fault, told.now)
            && let Ok(mut last) = self.news.lock()
        {
            *last = Some(news);
        }
    }
}

impl Observer for ModuleObserver {
    fn name(&self) -> &str {
        self.module.name()
    }

    fn is_told(&self) -> bool {
        self.module.manifest.has(Point::Observer)
    }

    fn wants(&self, what: &Occurrence) -> bool {
        let manifest = &self.module.manifest;
        // Of kinds that another version of the program has it is told nothing.
        let is_wanted = manifest.events.is_empty() || self.kinds.contains(&what.kind);
        self.is_told() && is_wanted && self.is_let_through(what, what.at)
    }

    fn wants_messages(&self) -> bool {
        self.module.manifest.raw
    }

    fn rests(&self, now: i64) -> bool {
        self.module.rests(now)
    }

    fn observe(&self, told: &Told) -> Result<Released, Uncarried> {
        if !self.wants(told.what) || !self.is_let_through(told.what, told.now) {
            return Ok(Released::default());
        }
        let own = self.module.manifest.limit(Point::Observer);
        let request = Request {
            point: Point::Observer,
            head: head(told.what),
            mail: (self.wants_messages()).then_some(RawMail::Rest(told.content, told.message)),
            limit: told.limit,
        };
        // What it does is as deep as if whoever filed the message had told it.
        let deep = depth().max(told.what.depth) + 1;
        let asked = (self.module).ask_with(request, &[], |command| set_depth(command, deep));
        let why = match asked.and_then(Asking::answer) {
            Ok(answer) => {
                self.note(told, None);
                if let Some(note) = answer.get("note").and_then(|note| note.as_str()) {
                    let line = LogLine::default().word("observer").word(self.name());
                    let line = line.number("ticket", told.what.ticket);
                    line.text("note", note).write(Severity::Info);
                }
                return Ok(Released::default());
            }
            // It is told by another process just now.
            Err(it @ Failure::Busy(_)) => return Err(Uncarried::Busy(it.to_string())),
            // That is not its fault.
            Err(it @ Failure::NotReady(_)) => return Err(Uncarried::Failed(it.to_string())),
            Err(Failure::TimedOut(_)) if told.limit.is_some_and(|limit| limit < own) => {
                let s = PATIENCE.as_secs();
                format!("it did not answer within the {s} s that a delivery waits")
            }
            Err(other) => other.to_string(),
        };
        self.note(told, Some(&why));
        Err(Uncarried::Failed(why))
    }

    fn news(&self) -> Option<News> {
        self.news.lock().ok()?.take()
    }
}

/// What a module is told.
fn head(what: &Occurrence) -> Head {
    let author = what
        .author
        .as_ref()
        .map(|author| json!({ "name": author.name, "address": author.address }));
    let event = json!({
        "kind": what.kind,
        "at": rfc3339(what.at),
        "ticket": what.ticket,
        "message": what.message,
        "author": author,
        "subject": what.subject,
        "automatic": what.automatic,
        "quiet": what.quiet,
        "path": what.path,
    });
    Head::default()
        .with("id", what.id.as_str())
        .with("event", event)
}
