//! Gives events to observers, beside the mail that goes to sendmail.
//!
//! Each observer has a thread of its own, so that one that hangs holds up no other, and no two events are given to it at
//! once. The events of a ticket are given in their order: as long as one waits, or is staged and may have been filed,
//! none after it is given. Who dies in between, or runs out of time, leaves an event that is given again.

use super::carrier::{Carrier, Carriers, Uncarried};
use super::claim::{Claim, is_due, lock};
use super::entry::{self, Mail};
use super::report::Report;
use super::{ABANDONED, Outbox, Released};
use crate::files::Place;
use crate::ticket::TicketId;
use anyhow::Result;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// How many old events one delivery gives to an observer.
const OLD_EVENTS: usize = 10;

/// How often to look, when all are told, whether they have done something that is to be told as well. Observers call each
/// other no deeper than that.
const ROUNDS: usize = 3;

/// How often to look whether another process is done with an event.
const AGAIN: Duration = Duration::from_millis(20);

/// How much is to be done now.
#[derive(Clone, Copy)]
pub(super) enum Pace<'a> {
    /// What is new, and some of what is due.
    Delivery { fresh: &'a Released, until: Instant },
    /// All, due or not.
    Flush,
}

impl<'a> Pace<'a> {
    pub(super) fn of_delivery(carriers: &Carriers, fresh: &'a Released) -> Pace<'a> {
        let until = Instant::now() + carriers.patience;
        Pace::Delivery { fresh, until }
    }

    /// How much time is left; `None` if it is not limited.
    fn left(&self) -> Option<Duration> {
        match self {
            Pace::Delivery { until, .. } => Some(until.saturating_duration_since(Instant::now())),
            Pace::Flush => None,
        }
    }

    fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    fn is_fresh(&self, event: &Mail) -> bool {
        match self {
            Pace::Delivery { fresh, .. } => fresh.0.contains(&event.place),
            Pace::Flush => true,
        }
    }
}

/// The events of one ticket that wait for one observer.
#[derive(Default)]
struct Queue {
    /// In their order.
    events: Vec<Mail>,
    /// The lowest place in the ticket of those that are staged: they may have been filed.
    staged: Option<u64>,
}

/// Those of one observer.
type Queues = BTreeMap<TicketId, Queue>;

impl Outbox {
    /// Does `send_mail` while the observers are given what waits for them, then sends what they put into the outbox.
    ///
    /// # Errors
    /// Those of `send_mail`, or a directory cannot be read.
    pub(super) fn beside_observers(
        &self,
        carriers: &Carriers,
        pace: Pace,
        now: i64,
        send_mail: impl FnOnce() -> Result<Report>,
    ) -> Result<Report> {
        // In a delivery, what is for an observer that is switched off stays.
        let is_flush = matches!(pace, Pace::Flush);
        if carriers.observers.is_empty() && !is_flush {
            return send_mail();
        }
        let waiting = self.queues(pace, now)?;
        if waiting.is_empty() {
            return send_mail();
        }
        let mut seen = names(&waiting);
        let mut report = self.round(carriers, waiting, pace, now, send_mail)?;
        // An observer may have called the program, and what that did is told now that nobody waits for it.
        for _ in 0..ROUNDS {
            let mut later = self.queues(pace, now)?;
            for queue in later.values_mut().flat_map(BTreeMap::values_mut) {
                let is_new = |event: &Mail| !seen.contains(event.place.name());
                // What comes before it could not be told.
                if !queue.events.iter().all(is_new) {
                    queue.events.clear();
                }
            }
            let found = names(&later);
            if found.is_empty() || pace.is_over() {
                break;
            }
            seen.extend(found);
            report.append(self.round(carriers, later, pace, now, || Ok(Report::default()))?);
        }
        let more = std::mem::take(&mut report.more);
        if let Some(sendmail) = carriers.sendmail {
            self.send_fresh(sendmail, &more, now, &mut report);
        }
        Ok(report)
    }

    /// Does `send_mail` while the observers are given what waits for them.
    fn round(
        &self,
        carriers: &Carriers,
        mut waiting: BTreeMap<String, Queues>,
        pace: Pace,
        now: i64,
        send_mail: impl FnOnce() -> Result<Report>,
    ) -> Result<Report> {
        let is_flush = matches!(pace, Pace::Flush);
        let mut report = std::thread::scope(|scope| {
            let mut started = Vec::new();
            for &observer in carriers.observers {
                let queues = waiting.remove(observer.name());
                // `flush` looks whether it is well again.
                let Some(queues) = queues.filter(|_| is_flush || !observer.rests(now)) else {
                    continue;
                };
                let give = move || self.give(observer, queues, pace, now);
                // Without another thread it waits.
                started.extend(std::thread::Builder::new().spawn_scoped(scope, give));
            }
            let report = send_mail();
            let given: Vec<Report> = (started.into_iter())
                .filter_map(|thread| thread.join().ok())
                .collect();
            let mut report = report?;
            given.into_iter().for_each(|given| report.append(given));
            Ok::<_, anyhow::Error>(report)
        })?;
        if is_flush {
            for (observer, queues) in waiting {
                self.nobody_takes(&observer, queues, now, &mut report);
            }
        }
        Ok(report)
    }

    /// The number behind those of all events of a ticket that wait or are staged; 0 if there are none.
    pub(super) fn next_of_events(&self, id: TicketId) -> Result<u64> {
        let released = self.released()?;
        let released = released.iter().filter_map(entry::event_at);
        let staged = self.places("tmp")?;
        let staged = staged
            .iter()
            .filter_map(|place| entry::event_in(place.name()));
        let numbers = released.chain(staged).filter(|(ticket, _)| *ticket == id);
        Ok(numbers
            .map(|(_, event)| event.number + 1)
            .max()
            .unwrap_or(0))
    }

    /// All events that wait, by observer.
    fn queues(&self, pace: Pace, now: i64) -> Result<BTreeMap<String, Queues>> {
        // What is staged comes first: it is released in between, and not the other way round.
        let staged = self.places("tmp")?;
        let mut queues: BTreeMap<String, Queues> = BTreeMap::new();
        for place in self.released()? {
            let found = || place.found().ok()?;
            let Some((ticket, event)) = entry::event_at(&place) else {
                continue;
            };
            if let Some(found) = found() {
                let waiting = queues.entry(event.observer).or_default();
                let event = Mail::without_recipients(&place, &found);
                waiting.entry(ticket).or_default().events.push(event);
            }
        }
        for place in staged {
            let Some((ticket, event)) = entry::event_in(place.name()) else {
                continue;
            };
            let queues = queues.get_mut(&event.observer);
            let Some(queue) = queues.and_then(|queues| queues.get_mut(&ticket)) else {
                continue;
            };
            // `flush` has just released what was filed.
            let age =
                |place: &Place| Some(now.saturating_sub(entry::seconds(&place.found().ok()??)));
            if matches!(pace, Pace::Flush) && age(&place).is_none_or(|age| age >= ABANDONED) {
                continue;
            }
            let lowest = queue.staged.get_or_insert(event.number);
            *lowest = event.number.min(*lowest);
        }
        for queue in queues.values_mut().flat_map(BTreeMap::values_mut) {
            queue.events.sort_by_key(|mail| (number(mail), mail.since));
        }
        Ok(queues)
    }

    /// Gives one observer what waits for it.
    fn give(&self, observer: &dyn Carrier, queues: Queues, pace: Pace, now: i64) -> Report {
        let mut report = Report::default();
        let mut queues: Vec<Queue> = queues.into_values().collect();
        // What is new comes first, then the oldest.
        queues.sort_by_key(|queue| {
            let has_fresh = queue.events.iter().any(|event| pace.is_fresh(event));
            (!has_fresh, queue.events.first().map(|event| event.since))
        });
        let mut old = 0;
        for queue in queues {
            for event in queue.events {
                if queue.staged.is_some_and(|staged| staged < number(&event)) {
                    break;
                }
                if !pace.is_fresh(&event) {
                    let failed = !report.waiting.is_empty() || !report.failed.is_empty();
                    let is_due = event.last_try.is_none() || is_due(&event, now);
                    if failed || old == OLD_EVENTS || !is_due {
                        break;
                    }
                    old += 1;
                }
                let (claim, content) = match claim(&event, pace) {
                    Ok(Claimed::Event(claim, content)) => (claim, content),
                    Ok(Claimed::IsGone) => continue,
                    Ok(Claimed::IsBusy) => break,
                    Err(cause) => {
                        report.waiting.push((event, cause.to_string()));
                        break;
                    }
                };
                if pace.is_over() {
                    return report;
                }
                match observer.carry(&content, pace.left(), now) {
                    Ok(more) => {
                        report.more.append(more);
                        self.is_sent(claim, now, &mut report);
                    }
                    Err(Uncarried::Busy(why)) => {
                        report.waiting.push((claim.mail, why));
                        return report;
                    }
                    Err(Uncarried::Failed(why)) => {
                        self.put_back(claim, why, false, now, &mut report);
                        if observer.rests(now) {
                            return report;
                        }
                        break;
                    }
                }
            }
        }
        report
    }

    /// What is for an observer that there is not waits as mail does.
    fn nobody_takes(&self, observer: &str, queues: Queues, now: i64, report: &mut Report) {
        for event in queues.into_values().flat_map(|queue| queue.events) {
            let why = format!("{observer} is not switched on, or may not be run");
            match claim(&event, Pace::Flush) {
                Ok(Claimed::Event(claim, _)) => self.put_back(claim, why, false, now, report),
                Ok(Claimed::IsGone | Claimed::IsBusy) => {}
                Err(cause) => report.waiting.push((event, cause.to_string())),
            }
        }
    }
}

/// The names of all these events.
fn names(waiting: &BTreeMap<String, Queues>) -> HashSet<String> {
    let queues = waiting.values().flat_map(BTreeMap::values);
    let events = queues.flat_map(|queue| &queue.events);
    events.map(|event| event.place.name().to_owned()).collect()
}

fn number(event: &Mail) -> u64 {
    event.event.as_ref().map_or(0, |event| event.number)
}

/// What becomes of locking an event.
enum Claimed {
    Event(Claim, File),
    /// Another process has given it.
    IsGone,
    /// Another process is giving it.
    IsBusy,
}

/// Locks an event, and opens it. In a delivery it waits for another process that has it, so that the next one need not
/// wait for the next delivery.
fn claim(event: &Mail, pace: Pace) -> io::Result<Claimed> {
    loop {
        if let Some((claim, content)) = lock(&event.place)? {
            return Ok(Claimed::Event(claim, content));
        }
        if event.place.found()?.is_none() {
            return Ok(Claimed::IsGone);
        }
        match pace.left() {
            Some(left) if !left.is_zero() => std::thread::sleep(AGAIN.min(left)),
            _ => return Ok(Claimed::IsBusy),
        }
    }
}
