//! Checks how answers leave: sendmail, and what waits for it.

use super::diagnosis::{Diagnosis, count, may};
use super::mend::{as_root, own_command};
use crate::desk::{Desk, WaitingForOff, wrong_with_holidays};
use crate::error::quoted_path;
use crate::outbox::Mail;
use crate::ticket::person::Person;
use std::path::Path;

/// What is held back goes out with the next `flush`, which is run every five minutes: so much later, in seconds, that was
/// not.
const LATE: i64 = 15 * 60;

/// What lies in the outbox.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outbox {
    pub(super) waiting: usize,
    pub(super) failed: usize,
}

/// Checks all of it.
pub(super) fn look(desk: &Desk) -> (Outbox, Vec<Diagnosis>) {
    let (counts, waiting) = outbox(desk);
    let mut found = vec![sendmail(desk)];
    found.extend(waiting);
    found.extend(desk.config.people.iter().filter_map(holidays));
    (counts, found)
}

/// What keeps the desk from knowing on which days one of the people is not written to.
fn holidays(person: &Person) -> Option<Diagnosis> {
    let file = person.quiet.as_ref()?.holidays.as_deref()?;
    let name = person.name.as_deref()?;
    let wrong = wrong_with_holidays(Path::new(file))?;
    Some(Diagnosis::warn(format!("person.{name}: {wrong}")))
}

fn sendmail(desk: &Desk) -> Diagnosis {
    let program = desk.sendmail().program;
    let path = program.display();
    let what = match std::fs::metadata(&program) {
        Err(e) if crate::files::absent(&e) => format!("sendmail: there is no {path}"),
        Err(e) => format!("sendmail: cannot look at {path}: {e}"),
        Ok(meta) if !meta.is_file() => format!("sendmail: {path} is not a program"),
        Ok(_) if !may(&program, nix::unistd::AccessFlags::X_OK) => {
            format!("sendmail: you cannot run {path}")
        }
        Ok(_) => return Diagnosis::ok(format!("sendmail: {path}")),
    };
    let finding = Diagnosis::warn(format!("{what}; answers wait in the outbox"));
    let install = as_root("apt install exim4-daemon-light");
    finding.mend(format!(
        "`{install}`, or `sendmail = ...` in {}",
        desk.config.file_to_edit()
    ))
}

fn outbox(desk: &Desk) -> (Outbox, Vec<Diagnosis>) {
    let (waiting, failed) = match (desk.outbox.waiting(), desk.outbox.failed()) {
        (Ok(waiting), Ok(failed)) => (waiting, failed),
        (Err(e), _) | (_, Err(e)) => {
            let text = format!("outbox: {}", crate::error::line(&e));
            return (Outbox::default(), vec![Diagnosis::fail(text)]);
        }
    };
    let held = desk.outbox.held().unwrap_or_default();
    let (for_off, waiting): (Vec<Mail>, Vec<Mail>) =
        waiting.into_iter().partition(|mail| desk.is_off(mail));
    let mut found = Vec::new();
    if let Some(off) = WaitingForOff::among(for_off.iter()) {
        found.push(Diagnosis::note(format!("outbox: {}", off.text())).mend(off.mend()));
    }
    match waiting.first() {
        None if held.is_empty() && for_off.is_empty() => {
            found.push(Diagnosis::ok("outbox: nothing is waiting"));
        }
        None => {}
        Some(oldest) => {
            let since = crate::screen::when(oldest.since);
            let count = waiting_ones(&waiting);
            let finding = Diagnosis::warn(format!("outbox: {count}, the oldest since {since}"));
            found.push(finding.mend(own_command(desk.store.root(), "tickets flush")));
        }
    }
    if let Some(next) = held.first() {
        let count = count(held.len(), "mail is held back", "mails are held back");
        let due = crate::screen::when(next.since);
        found.push(match next.since > desk.now().saturating_sub(LATE) {
            true => Diagnosis::ok(format!("outbox: {count}, the next until {due}")),
            false => {
                let text = format!(
                    "outbox: {count}, one of them though it was to be sent at {due}: no job `flush` runs"
                );
                Diagnosis::warn(text).mend(own_command(desk.store.root(), "tickets flush"))
            }
        });
    }
    if !failed.is_empty() {
        let dir = desk.config.dir.join(".tickets/outbox/failed");
        let count = given_up(&failed);
        let finding = Diagnosis::warn(format!("outbox: {count} after five days"));
        found.push(finding.mend(format!(
            "look at them and delete them: mutt -f {}",
            quoted_path(&dir)
        )));
    }
    let counts = Outbox {
        waiting: waiting.len(),
        failed: failed.len(),
    };
    (counts, found)
}

/// `1 mail is waiting`, `2 mails and 1 event are waiting`
fn waiting_ones(waiting: &[Mail]) -> String {
    match apart(waiting) {
        (mails, 0) => count(mails, "mail is waiting", "mails are waiting"),
        (0, events) => count(events, "event is waiting", "events are waiting"),
        (mails, events) => format!("{} are waiting", both(mails, events)),
    }
}

fn given_up(failed: &[Mail]) -> String {
    match apart(failed) {
        (mails, 0) => count(mails, "mail was given up", "mails were given up"),
        (0, events) => count(events, "event was given up", "events were given up"),
        (mails, events) => format!("{} were given up", both(mails, events)),
    }
}

/// How many of them are mails, and how many are events for observers.
fn apart(all: &[Mail]) -> (usize, usize) {
    let events = all.iter().filter(|mail| mail.event.is_some()).count();
    (all.len() - events, events)
}

fn both(mails: usize, events: usize) -> String {
    let mails = count(mails, "mail", "mails");
    format!("{mails} and {}", count(events, "event", "events"))
}
