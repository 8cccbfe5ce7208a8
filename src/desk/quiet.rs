//! Quiet hours: mail to one of the people of the desk that waits until they are over (L6).

use super::Desk;
use super::calendars::Calendars;
use crate::files::read_text;
use crate::ticket::compose::Outgoing;
use crate::ticket::hours::no_dates;
use crate::ticket::person::Person;
use std::path::Path;

/// So much of a word is quoted, in characters.
const LONGEST_WORD: usize = 40;

impl Desk {
    /// These mails, if some of them go to people whose hours are quiet at `now`, in seconds since 1970: each of those gets
    /// one apart, the same but for its envelope, which is to be held. `None` if they may all go at once.
    pub(super) fn held_apart(&self, mails: &[Outgoing], now: i64) -> Option<Vec<Outgoing>> {
        let people = self.config.people.iter();
        let quiet: Vec<(&Person, i64)> = people
            .filter_map(|person| Some((person, held_until(person, &self.calendars, now)?)))
            .collect();
        let until = |address: &String| {
            let mut quiet = quiet.iter();
            let found = quiet.find(|(person, _)| person.has(address));
            found.map(|&(_, until)| until)
        };
        let is_held = |mail: &Outgoing| mail.recipients.iter().any(|it| until(it).is_some());
        if quiet.is_empty() || !mails.iter().any(is_held) {
            return None;
        }
        let mut all = Vec::new();
        for mail in mails {
            let (held, at_once): (Vec<_>, Vec<_>) =
                (mail.recipients.iter().cloned()).partition(|it| until(it).is_some());
            let apart = held.into_iter().map(|address| Outgoing {
                held_until: until(&address),
                recipients: vec![address],
                ..mail.clone()
            });
            let at_once = (!at_once.is_empty()).then(|| Outgoing {
                recipients: at_once,
                ..mail.clone()
            });
            all.extend(at_once.into_iter().chain(apart));
        }
        Some(all)
    }
}

/// Until when a mail to this person waits that would be sent at `now`.
fn held_until(person: &Person, calendars: &Calendars, now: i64) -> Option<i64> {
    let quiet = person.quiet.as_ref()?;
    let holidays = quiet.holidays.as_deref().map(Path::new);
    let whose = person.name.as_deref().unwrap_or(person.address());
    calendars.with(quiet.zone.as_ref(), holidays, |calendar| {
        quiet.held_until(whose, now, calendar)
    })
}

/// What is wrong with a file of holidays; `None` if nothing is.
pub fn wrong_with_holidays(file: &Path) -> Option<String> {
    let shown = file.display();
    let text = match read_text(file) {
        Ok(text) => text,
        Err(e) => return Some(format!("cannot read {shown}: {e}; no day is a holiday")),
    };
    let mut odd = no_dates(&text);
    let first: String = odd.next()?.chars().take(LONGEST_WORD).collect();
    let others = match odd.count() {
        0 => String::new(),
        1 => ", nor is 1 other line".to_owned(),
        n => format!(", nor are {n} other lines"),
    };
    Some(format!(
        "{shown}: {first:?} is no date such as 2026-12-25, and no holiday{others}"
    ))
}
