//! Alerts: an observer that is built in (L6). A line for each event goes to whoever wants to be woken by it.

use super::Desk;
use super::calendars::Calendars;
use super::observer::{Observer, Told};
use crate::config::Alert;
use crate::error;
use crate::outbox::{Key, Ledger, Line, Outbox, Released, Uncarried};
use crate::patience::Patience;
use crate::store::Store;
use crate::ticket::address::Addresses;
use crate::ticket::alert;
use crate::ticket::compose::{Composer, Outgoing};
use crate::ticket::hours::Calendar;
use crate::ticket::occurrence::Occurrence;
use crate::ticket::policy::ReplyTo;
use crate::ticket::staff::Authorship;
use crate::ticket::template::Templates;
use anyhow::{Context, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Its name among the observers. No module can have it.
const NAME: &str = "ALERT";

/// How long more than too many are counted before it is said how many there were, in seconds.
const HOUR: i64 = 3600;

/// All alerts of a desk.
pub(super) struct Alerts {
    alerts: Vec<Alert>,
    name: String,
    addresses: Addresses,
    calendars: Calendars,
    outbox: Outbox,
    store: Store,
    ledger: Ledger,
    /// What was not sent.
    remarks: Mutex<Vec<String>>,
}

impl Alerts {
    /// `None` if there are none, or the part is off.
    pub(super) fn of(desk: &Desk) -> Option<Alerts> {
        let alerts = desk.config.alerts_on();
        (!alerts.is_empty()).then(|| Alerts {
            alerts: alerts.to_vec(),
            name: desk.config.name.clone(),
            addresses: desk.config.addresses.clone(),
            calendars: desk.calendars.clone(),
            outbox: desk.outbox.clone(),
            store: desk.store.clone(),
            ledger: Ledger::named(&desk.store.private(), "alerts"),
            remarks: Mutex::default(),
        })
    }

    /// Alerts whoever is to be alerted, by mail that is put into the outbox.
    fn wake(&self, told: &Told) -> Result<Released> {
        let (what, now) = (told.what, told.now);
        let mut released = Released::default();
        // Nobody else counts meanwhile.
        let _lock = self.store.lock_private("alerts.lock", Patience::brief())?;
        for alert in &self.alerts {
            // What happened while nobody was to be woken is no reason to wake them later, and the other way round.
            let is_due = |at| is_due(alert, &self.calendars, what, at);
            if alert.module.is_some() || !is_due(what.at) || !is_due(now) {
                continue;
            }
            let digest = what.id.split_once('.').map_or("", |(_, digest)| digest);
            let key = Key {
                ticket: what.ticket,
                digest: format!("{digest}a{}", alert.key),
            };
            // Whoever was told this before may have died afterwards.
            let before = self.outbox.adopt(&key, now)?;
            if before.len() > 0 {
                released.append(before);
                continue;
            }
            if self.has_had_all(alert, now)? {
                self.count_one_more(alert, told)?;
                let to = alert.to.join(", ");
                let text = format!("the alert for {to} is over its limit, and is only counted");
                lock(&self.remarks).push(text);
                continue;
            }
            let mail = self.mail(alert, &key, &alert::text(what), now);
            let staged = self.outbox.stage(&key, &[mail], now)?;
            released.append(self.outbox.release(staged.of_filed_message(), now)?);
            self.ledger.append(&[counted(alert)], now)?;
        }
        Ok(released)
    }

    /// True if an alert has reached its limit for now.
    fn has_had_all(&self, alert: &Alert, now: i64) -> Result<bool> {
        let Some(limit) = alert.limit else {
            return Ok(false);
        };
        if self.outbox.held_number(&digest_of_more(alert))?.is_some() {
            return Ok(true);
        }
        let recent = self.ledger.recent(now)?;
        let count = recent.answers().filter(|key| **key == alert.key).count();
        Ok(count >= limit.0 as usize)
    }

    /// Too many: the first one of them begins an hour, at the end of which one mail says how many there were. It does not
    /// wait for that end if the time for alerts is over before.
    fn count_one_more(&self, alert: &Alert, told: &Told) -> Result<()> {
        let digest = digest_of_more(alert);
        let before = self.outbox.held_number(&digest)?;
        let (count, due) = match before {
            Some(before) => before,
            None => {
                let hour = told.now + HOUR;
                let ends = calendar_of(alert, &self.calendars, |it| alert.rule.ends(told.now, it));
                (0, ends.map_or(hour, |ends| ends.min(hour)))
            }
        };
        let key = Key {
            ticket: told.what.ticket,
            digest,
        };
        let text = alert::more(count as u64 + 1, key.ticket);
        let mail = self.mail(alert, &key, &text, told.now);
        self.outbox.hold(&key, count + 1, &mail, due, told.now)
    }

    fn mail(&self, alert: &Alert, key: &Key, text: &str, now: i64) -> Outgoing {
        let composer = Composer {
            name: &self.name,
            addresses: &self.addresses,
            people: &[],
            reply_to: ReplyTo::default(),
            notify_line: false,
            opening: None,
            by: &Authorship::default(),
            templates: &Templates::builtin(),
            ticket: key.ticket,
            tag: "",
            tagged: &|_| None,
            digest: &key.digest,
            now,
        };
        composer.alert(&alert.to, alert.from.as_deref(), text)
    }
}

fn lock(remarks: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    remarks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True if an alert is to be given of something, as of the moment `at`, in seconds since 1970.
pub(super) fn is_due(alert: &Alert, calendars: &Calendars, what: &Occurrence, at: i64) -> bool {
    if !alert.rule.fits(what) {
        return false;
    }
    if alert.rule.when.is_none() {
        return true;
    }
    calendar_of(alert, calendars, |calendar| {
        alert.rule.is_time(at, calendar)
    })
}

/// Calls `ask` with the calendar of an alert.
fn calendar_of<T>(alert: &Alert, calendars: &Calendars, ask: impl FnOnce(&Calendar) -> T) -> T {
    calendars.with(alert.zone.as_ref(), alert.holidays.as_deref(), ask)
}

/// That an alert was given.
fn counted(alert: &Alert) -> Line {
    Line::Answer(alert.key.clone())
}

fn digest_of_more(alert: &Alert) -> String {
    format!("more{}", alert.key)
}

impl Observer for Alerts {
    fn name(&self) -> &str {
        NAME
    }

    fn wants(&self, what: &Occurrence) -> bool {
        let mut own = self.alerts.iter().filter(|alert| alert.module.is_none());
        own.any(|alert| is_due(alert, &self.calendars, what, what.at))
    }

    fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.remarks))
    }

    fn observe(&self, told: &Told) -> std::result::Result<Released, Uncarried> {
        self.wake(told)
            .context("cannot alert anybody")
            .map_err(|e| Uncarried::Failed(error::line(&e)))
    }
}
