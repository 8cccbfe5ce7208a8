//! Sends what waits in the outbox, and says what became of it.

use super::Desk;
use super::answers::from_hex;
use super::delivery::Filed;
use crate::error;
use crate::outbox::{Key, Mail, Report};
use crate::ticket::TicketId;
use crate::ticket::person::first_addresses;
use crate::ticket::staff::Authorship;
use anyhow::Result;
use std::collections::BTreeSet;

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

/// Marks the outbox name of a mail about mail that could not be sent.
const NOTICE: &str = "notice";

impl Desk {
    /// Sends the answers to what was filed, and older ones that are due. What sendmail does not take
    /// waits in the outbox; returns what is to be said of it.
    pub(super) fn send(&self, filed: &mut [Filed], now: i64) -> Vec<String> {
        let mut fresh = self.told.take();
        for filed in filed {
            fresh.append(std::mem::take(&mut filed.released));
        }
        let mut lines = match self.config.domain_known {
            true => Vec::new(),
            false => self.not_sent(fresh.mails()),
        };
        // What was held is sent whatever became of the hours, so the configuration is not asked.
        match self.outbox.release_held(now) {
            Ok(due) => fresh.append(due),
            Err(e) => lines.push(error::line(&e)),
        }
        let sent = self.with_carriers(false, |carriers| self.outbox.send(carriers, &fresh, now));
        lines.extend(match sent {
            Ok(report) => self.after_sending(&report, now),
            Err(e) => vec![error::line(&e)],
        });
        lines
    }

    /// What is to be said of mail that waits because nobody knows in whose name it shall go out (E7).
    fn not_sent(&self, waiting: usize) -> Vec<String> {
        let mails = match waiting {
            0 => return Vec::new(),
            1 => "1 mail waits".to_owned(),
            n => format!("{n} mails wait"),
        };
        let (why, mend) = self.config.guessed();
        vec![format!("{mails} in the outbox: {why}; {mend}")]
    }

    /// What is to be said of mail that sendmail did not take. The admins are notified of what was given
    /// up (C9).
    pub(super) fn after_sending(&self, report: &Report, now: i64) -> Vec<String> {
        let mut lines = Vec::new();
        let waiting = report.waiting.iter();
        for (mail, why) in waiting.filter(|(mail, _)| !self.is_off(mail)) {
            lines.push(format!("{} waits in the outbox: {why}", describe(mail)));
        }
        self.tell_news_of_modules(now);
        for (at, (mail, why)) in report.failed.iter().enumerate() {
            let since = match now.saturating_sub(mail.since) < DAY {
                true => "",
                false => " after five days",
            };
            let line = format!("{} was given up{since}: {why}", describe(mail));
            // A mail for each event would be too many.
            let observer = |mail: &Mail| mail.event.as_ref().map(|it| it.observer.clone());
            let own = observer(mail);
            let mut before = report.failed[..at].iter();
            let is_known = own.is_some() && before.any(|(mail, _)| observer(mail) == own);
            if !is_known && let Err(e) = self.notify_of_failure(mail, &line, now) {
                lines.push(error::line(&e));
            }
            lines.push(line);
        }
        lines
    }

    /// True for an event whose observer was switched off. It may be switched on again, and nothing has failed.
    pub fn is_off(&self, mail: &Mail) -> bool {
        let is_off = |name: &str| {
            let is_named = self.config.modules.iter().any(|on| on.name == name);
            !is_named && self.observers().iter().all(|it| it.name() != name)
        };
        mail.event.as_ref().is_some_and(|it| is_off(&it.observer))
    }

    fn notify_of_failure(&self, mail: &Mail, line: &str, now: i64) -> Result<()> {
        let name = mail.place.name();
        // There is no notice of a notice that failed, or it would go on for ever.
        let is_notice = name.contains(NOTICE);
        let Some(ticket) = mail.ticket.filter(|_| !is_notice) else {
            return Ok(());
        };
        let time: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let digest: String = format!("{NOTICE}{time}").chars().take(100).collect();
        let key = Key { ticket, digest };
        let path = mail.path();
        let (subject, who) = match &mail.event {
            None => (
                "Mail could not be sent",
                "`tickets check` says how sendmail is doing",
            ),
            Some(_) => ("An event could not be told", "others may be beside it"),
        };
        let text = format!("{line}.\n\nIt lies in {}; {who}.\n", path.display());
        self.notify_admins(&key, subject, &text, now)
    }

    /// Queues a mail to the admins that is about no message.
    fn notify_admins(&self, key: &Key, subject: &str, text: &str, now: i64) -> Result<()> {
        let admins = first_addresses(&self.config.people);
        let notice = self.with_composer(key, now, &Authorship::default(), |composer| {
            composer.notice(&admins, subject, text)
        });
        self.add_told(self.queue(key, &[notice], now)?);
        Ok(())
    }

    /// Tells the admins which observers rest, and which are well again.
    fn tell_news_of_modules(&self, now: i64) {
        for observer in self.observers() {
            if let Some(news) = observer.news() {
                self.tell_of_module(observer.name(), news, now);
            }
        }
    }

    /// Sends all that waits, due or not.
    pub fn flush(&mut self) -> Result<Flushed> {
        let is_filed = |id: TicketId, digest: &str| match from_hex(digest) {
            // The index may not know of it: the line in the journal, or the index itself, was lost.
            Some(digest) => Ok(self.known(id)?.is_some() && self.holds(id, &digest, u64::MAX)?),
            None => Ok(true),
        };
        let now = self.now();
        self.outbox.recover(&is_filed, now)?;
        self.outbox.release_held(now)?;
        let report = self.with_carriers(true, |carriers| self.outbox.flush(carriers, now))?;
        let mut unsent = Vec::new();
        if !self.config.domain_known {
            let waiting = self.outbox.waiting()?;
            let mails = waiting.iter().filter(|mail| mail.event.is_none());
            unsent = self.not_sent(mails.count());
        }
        unsent.append(&mut self.after_sending(&report, now));
        let (mut sent, mut given_up) = (report.sent.len(), report.failed.len());
        // What the admins are told of that goes out with it: nobody would know what it is that waits.
        let told = self.told.take();
        if told.mails() > 0 && self.config.domain_known {
            let report =
                self.with_carriers(false, |carriers| self.outbox.send(carriers, &told, now))?;
            unsent.append(&mut self.after_sending(&report, now));
            sent += report.sent.len();
            given_up += report.failed.len();
        }
        let held = self.outbox.held()?;
        let waiting = self.outbox.waiting()?;
        Ok(Flushed {
            sent,
            waiting: waiting.len(),
            off: WaitingForOff::among(waiting.iter().filter(|mail| self.is_off(mail))),
            held: held.len(),
            held_until: held.first().map(|mail| mail.since),
            given_up,
            unsent,
        })
    }
}

/// Events that wait for modules that are off, in case these are switched on again.
#[derive(Debug)]
pub struct WaitingForOff {
    events: usize,
    modules: BTreeSet<String>,
}

impl WaitingForOff {
    /// All those `events`, each of which is for a module that is off; `None` if there are none.
    pub fn among<'a>(events: impl Iterator<Item = &'a Mail>) -> Option<WaitingForOff> {
        let events: Vec<_> = events.filter_map(|mail| mail.event.as_ref()).collect();
        let modules = events.iter().map(|event| event.observer.clone()).collect();
        (!events.is_empty()).then_some(WaitingForOff {
            events: events.len(),
            modules,
        })
    }

    /// `2 events wait for a module that is off: ntfy`
    pub fn text(&self) -> String {
        let events = match self.events {
            1 => "1 event waits".to_owned(),
            n => format!("{n} events wait"),
        };
        let modules = match self.modules.len() {
            1 => "a module that is off",
            _ => "modules that are off",
        };
        let names: Vec<&str> = self.modules.iter().map(String::as_str).collect();
        format!("{events} for {modules}: {}", names.join(", "))
    }

    /// What can be done about it.
    pub fn mend(&self) -> String {
        let names: Vec<&str> = self.modules.iter().map(String::as_str).collect();
        let has = match (self.modules.len(), self.events) {
            (1, 1) => "has it told; after five days it is given up",
            (1, _) => "has it told; after five days they are given up",
            _ => "has them told; after five days they are given up",
        };
        format!("`tickets modules enable {}` {has}", names.join(" "))
    }
}

/// What [`Desk::flush`] did.
#[derive(Debug)]
pub struct Flushed {
    /// How many mails were sent.
    pub sent: usize,
    /// How many wait for the next time.
    pub waiting: usize,
    /// Those of them that wait for modules that are off.
    pub off: Option<WaitingForOff>,
    /// How many may not be sent yet.
    pub held: usize,
    /// When the first of those may be, in seconds since 1970.
    pub held_until: Option<i64>,
    /// How many were given up.
    pub given_up: usize,
    /// What is to be said of the mail that was not sent.
    pub unsent: Vec<String>,
}

fn describe(mail: &Mail) -> String {
    let ticket = mail
        .ticket
        .map(|id| format!(" of ticket {id}"))
        .unwrap_or_default();
    if let Some(event) = &mail.event {
        let (kind, number) = (&mail.kind, event.number);
        return format!(
            "the {kind}{ticket}, message {number}, for {}",
            event.observer
        );
    }
    format!(
        "the {}{ticket} for {}",
        mail.kind,
        mail.recipients.join(", ")
    )
}
