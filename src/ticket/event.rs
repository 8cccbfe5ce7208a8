//! A ticket's entries as events: what each of them did, who wrote it, and when.

use super::TicketId;
use super::address::{Addresses, Target, Verb};
use mail::decode::Mailbox;
use serde::{Deserialize, Serialize};

/// What an entry did to its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// It was the first one.
    Opened,
    /// It was added.
    Filed,
    /// It was added, and the ticket went to archived/.
    Closed,
    /// It was added, and the ticket came back.
    Reopened,
    /// It was added quietly: nobody was told (B3).
    Quiet,
}

/// One entry of a ticket, as far as a history of the desk wants to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The ticket.
    pub ticket: TicketId,
    /// The entry's position in it, from 0.
    pub seq: u64,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// What it did.
    pub event: Event,
    /// Who wrote it: From, in lower case what the address is; `None` if it says nobody.
    pub author: Option<Mailbox>,
    /// A machine wrote it (C6).
    pub automatic: bool,
    /// Its Subject in one line.
    pub subject: String,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}

/// Tells what each entry of a ticket did, from the first to the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    begun: bool,
    closed: bool,
}

impl Course {
    /// Goes on after entries of which the last that closed or re-opened the ticket did this.
    pub fn after(last: Option<Event>) -> Course {
        Course {
            begun: true,
            closed: last == Some(Event::Closed),
        }
    }

    /// What the next entry did. `asked` is what the address it is filed under asks for, `None` if
    /// it is filed under submit@ or another program wrote it there.
    pub fn next(&mut self, asked: Option<Verb>, automatic: bool) -> Event {
        let event = match asked {
            _ if !self.begun => Event::Opened,
            Some(Verb::Done) if !self.closed => Event::Closed,
            Some(Verb::Quiet) => Event::Quiet,
            _ if self.closed && !automatic && asked != Some(Verb::Done) => Event::Reopened,
            _ => Event::Filed,
        };
        self.begun = true;
        match event {
            Event::Closed => self.closed = true,
            Event::Reopened => self.closed = false,
            Event::Opened | Event::Filed | Event::Quiet => {}
        }
        event
    }
}

/// What the address an entry is filed under asks for. An address that is ours no more, because
/// the configuration has changed since, is known by its ending.
pub fn asked(addresses: &Addresses, filed_under: &str) -> Option<Verb> {
    match addresses.recorded(filed_under) {
        Some(Target::Ticket(_, verb)) => return Some(verb),
        Some(Target::Submit) => return None,
        _ => {}
    }
    let local = filed_under
        .rsplit_once('@')
        .map_or(filed_under, |(local, _)| local);
    let verbs = [Verb::Done, Verb::Quiet, Verb::Submitter];
    let ends = |verb: &Verb| local.to_ascii_lowercase().ends_with(verb.suffix());
    verbs.into_iter().find(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::digest::Secret;
    use Event::*;

    #[test]
    fn entries_are_events() {
        let (done, quiet, update) = (Some(Verb::Done), Some(Verb::Quiet), Some(Verb::Update));
        for (case, entries, want) in [
            (
                "a life",
                &[
                    (None, false),
                    (update, false),
                    (done, false),
                    (update, false),
                ][..],
                &[Opened, Filed, Closed, Reopened][..],
            ),
            (
                "closed twice",
                &[(None, false), (done, false), (done, false)],
                &[Opened, Closed, Filed],
            ),
            (
                "B11: a machine",
                &[(None, false), (done, false), (update, true), (None, false)],
                &[Opened, Closed, Filed, Reopened],
            ),
            (
                "B3, B11: quiet",
                &[(None, true), (done, false), (quiet, false), (None, false)],
                &[Opened, Closed, Quiet, Reopened],
            ),
            (
                "the first one asks for it",
                &[(done, false), (update, false), (done, false)],
                &[Opened, Filed, Closed],
            ),
        ] {
            let mut course = Course::default();
            let events: Vec<Event> = entries
                .iter()
                .map(|&(asked, machine)| course.next(asked, machine))
                .collect();
            assert_eq!(events, want, "{case}");
        }
    }

    #[test]
    fn the_address_says_what_was_asked_for() {
        let addresses =
            Addresses::new(&["x.org".into()], false, &["submit".into()], "ticket-{n}").unwrap();
        for (address, want) in [
            ("submit@x.org", None),
            ("ticket-3@x.org", Some(Verb::Update)),
            ("ticket-3-done@x.org", Some(Verb::Done)),
            ("help+3-done@old.example", Some(Verb::Done)),
            ("help+3-quiet@old.example", Some(Verb::Quiet)),
            ("help@old.example", None),
        ] {
            assert_eq!(asked(&addresses, address), want, "{address}");
        }
    }

    #[test]
    fn digests_of_other_days_are_read() {
        let desk = Addresses::new(&["x.org".into()], false, &["submit".into()], "ticket-{n}");
        let secret = Secret::new(b"0123456789abcdef").unwrap();
        let addresses = desk.unwrap().with_secret(secret, 0);
        for (address, want) in [
            ("ticket-3@x.org", Verb::Update),
            ("ticket-3-22222222@x.org", Verb::Update),
            ("ticket-3-22222222-submitter@x.org", Verb::Submitter),
        ] {
            assert_eq!(asked(&addresses, address), Some(want), "{address}");
        }
    }
}
