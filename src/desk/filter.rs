//! Filters: modules that are asked about a message before it is filed (G5).
//!
//! They are asked once, after it is known where the message would go, and before any lock is taken. What they say counts
//! only for a message that is not yet in the store: the same message at another attempt stays where it is.

mod reach;
mod settle;
mod trial;

use super::Desk;
use super::parcel::{Judged, Question};
use crate::error::{Fault, Status};
use crate::log::{LogLine, Severity};
use crate::module::{
    Failure, Head, Home, Module, OnFailure, Point, RawMail, Request, Switched, depth, is_name,
};
use crate::patience::Patience;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::filter::{self, Go, Word};
use crate::ticket::identity::Identity;
use crate::ticket::route::Destination;
use crate::ticket::trust::Proof;
use crate::ticket::when::rfc3339;
use anyhow::Result;
use mail::decode::Mailbox;
use mail::envelope::Sender;
use mail::render::{self, Limits};
use reach::{Reached, Silence};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long all filters of a message may take together: the MTA waits, and some give up after minutes.
pub(super) const ALL: Duration = Duration::from_secs(30);

/// Whoever had so much of it had enough, whatever the own limit is.
const ENOUGH: Duration = Duration::from_secs(10);

/// So many programs of ours may have started each other by way of modules.
const DEEPEST: u32 = 2;

impl Desk {
    /// Asks the filters, in the order of the configuration, until one decides, or `all` of the time is over. `None` if
    /// there are none.
    ///
    /// # Errors
    /// Status 75 if one fails without which nothing is to be filed.
    pub(super) fn ask_filters(
        &mut self,
        question: &Question,
        all: Duration,
    ) -> Result<Option<Judged>> {
        let until = Instant::now() + all;
        let mut judged = Judged::default();
        let mut are_any = false;
        let mut head = None;
        let switched = self.config.modules.clone();
        let found: Vec<_> = self.modules_on().collect();
        for (switched, found) in switched.iter().zip(found) {
            let name = &switched.name;
            let asked = match found {
                Ok(module) if !module.manifest.has(Point::Filter) => continue,
                Ok(module) => {
                    // Others may want to write to it meanwhile.
                    self.index.take();
                    let head = head.get_or_insert_with(|| self.head(question));
                    self.ask_filter(&module, head, question, until)
                }
                // Whether it is a filter, nobody knows now.
                Err(why) => {
                    let named = format!("module {name}: ");
                    let why = why.strip_prefix(&named).unwrap_or(&why);
                    match self.rests(name, question.now) {
                        true => Err(Silence::Skipped(why.to_owned())),
                        false => Err(Silence::Failed(why.to_owned())),
                    }
                }
            };
            are_any = true;
            let (word, put_away) = match asked {
                Ok(said) => said,
                Err(silence) => {
                    self.without(switched, silence, question.now, &mut judged)?;
                    if judged.go != Go::On {
                        break;
                    }
                    continue;
                }
            };
            self.note_module(name, None, question.now);
            judged.said.extend(word.trace(name, question.route));
            if word.go != Go::On {
                judged.go = word.go;
                judged.put_away = put_away;
                break;
            }
        }
        if !are_any {
            return Ok(None);
        }
        // That time was the modules', not that of others who hold locks.
        self.patience.set(Some(Patience::default()));
        Ok(Some(judged))
    }

    /// True if a module that may not be asked is not to be blamed again now.
    fn rests(&self, name: &str, now: i64) -> bool {
        // Whatever stands in the configuration becomes a path here.
        is_name(name) && Home::new(self.store.root(), name).state().rests(now)
    }

    /// What a filter says, and the ticket that it named, if that was put away.
    fn ask_filter(
        &mut self,
        module: &Module,
        head: &Head,
        question: &Question,
        until: Instant,
    ) -> Result<(Word, Option<TicketId>), Silence> {
        let skipped = |why: &str| Err(Silence::Skipped(why.to_owned()));
        let left = until.saturating_duration_since(Instant::now());
        if depth() >= DEEPEST {
            return skipped("modules started it, and this program, in a circle");
        }
        if module.rests(question.now) {
            return skipped("it rests, since it failed again and again");
        }
        if left.is_zero() {
            return skipped("the others took all the time that there is");
        }
        let request = Request {
            point: Point::Filter,
            head: head.clone(),
            mail: Some(RawMail::Bytes(question.incoming.message.raw())),
            limit: Some(left),
        };
        let answer = module.ask_alone(request);
        let enough = module.manifest.limit(Point::Filter).min(ENOUGH);
        let answer = answer.map_err(|failure| match failure {
            Failure::TimedOut(limit) if limit < enough => {
                Silence::Skipped("the others left it too little time".into())
            }
            // A full disk, for instance, is no fault of its own.
            Failure::NotReady(why) => Silence::Skipped(why),
            failure => Silence::Failed(failure.to_string()),
        })?;
        let mut word = Word::read(&answer).map_err(Silence::Failed)?;
        let mut put_away = None;
        if let Go::Ticket(id) = word.go
            && self.reach(id, question)? == Reached::PutAway
        {
            put_away = Some(id);
            word.go = Go::New;
        }
        Ok((word, put_away))
    }

    /// What is done without the word of a filter.
    fn without(
        &self,
        switched: &Switched,
        silence: Silence,
        now: i64,
        judged: &mut Judged,
    ) -> Result<()> {
        let name = &switched.name;
        let why = match &silence {
            Silence::Failed(why) => {
                self.note_module(name, Some(why), now);
                why
            }
            Silence::Skipped(why) => why,
        };
        let line = LogLine::default().name("module", name);
        line.text("failed", why).write(Severity::Warning);
        match switched.on_failure {
            OnFailure::GoOn => judged.silent.push(format!("module {name}: {why}")),
            OnFailure::Quarantine => {
                judged.go = Go::Quarantine(why.clone());
            }
            OnFailure::Defer => {
                let text = format!("cannot file the message: module {name}: {why}");
                return Err(Fault::new(Status::TempFail, text).into());
            }
        }
        judged.said.push(filter::failed(name, why, &judged.go));
        Ok(())
    }

    /// What a filter is told of a message.
    fn head(&self, question: &Question) -> Head {
        let Question {
            incoming,
            by,
            degree,
            proof,
            route,
            ..
        } = question;
        let (message, envelope) = (incoming.message, incoming.envelope);
        let sender = match &envelope.sender {
            Sender::Address(address) => json!(address),
            Sender::Null => json!(""),
            Sender::Unknown => Value::Null,
        };
        let from = by.writer.as_ref().or(by.author.as_ref());
        let from = from.map(|Mailbox { name, address }| json!({"name": name, "address": address}));
        let rendered = render::render(message.raw(), &Limits::default());
        let attachments: Vec<Value> = rendered
            .attachments
            .iter()
            .map(|it| json!({"name": it.name, "type": it.mime, "size": it.size}))
            .collect();
        let proof = match proof {
            Proof::NotRequired => Value::Null,
            Proof::LoggedIn => json!("login"),
            Proof::ByDomain => json!("domain"),
            Proof::Missing => json!("none"),
        };
        Head::default()
            .with("id", Identity::of(message).hex())
            .with("way", "pipe")
            .with(
                "envelope",
                json!({"sender": sender, "recipients": envelope.recipients}),
            )
            .with("route", told(route))
            .with(
                "message",
                json!({
                    "from": from,
                    "subject": message.subject(),
                    "date": message.date().map(rfc3339),
                    "message_id": message.message_id(),
                    "automatic": degree.is_automatic(),
                    "proof": proof,
                    "attachments": attachments,
                }),
            )
    }
}

/// What the address of a ticket asks, as modules are told.
fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Update => "update",
        Verb::Done => "done",
        Verb::Quiet => "quiet",
        Verb::Submitter => "submitter",
        Verb::Refused => "refused",
        Verb::Apart => "apart",
    }
}

/// Where a message would go, as filters are told.
fn told(route: &[Destination]) -> Vec<Value> {
    let told = |to: &Destination| match to {
        Destination::Open => json!({"new": true}),
        Destination::Ticket(id, verb) => json!({"ticket": id.get(), "verb": word(*verb)}),
    };
    route.iter().map(told).collect()
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
