//! What a ticket's entries did to it.

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
    /// It was added and closed the ticket.
    Closed,
    /// It was added and re-opened the ticket.
    Reopened,
    /// It was added quietly: nobody was notified (B3).
    Quiet,
}

/// One entry in the history of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The ticket.
    pub ticket: TicketId,
    /// The entry's position in it, from 0.
    pub seq: u64,
    /// When it was filed, in seconds since 1970.
    pub at: i64,
    /// What it did.
    pub event: Event,
    /// Who wrote it: its From, the address in lower case; `None` if that names nobody.
    pub author: Option<Mailbox>,
    /// A machine wrote it (C6).
    pub automatic: bool,
    /// It says nothing to whoever waits for a reply; see [`super::summary::Summary::silent`].
    pub silent: bool,
    /// Its Subject in one line.
    pub subject: String,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}

/// Finds out what each entry of a ticket did, one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    begun: bool,
    closed: bool,
}

impl Course {
    /// Continues after some entries; `last` is what the last of them did that closed or re-opened the
    /// ticket.
    pub fn after(last: Option<Event>) -> Course {
        Course {
            begun: true,
            closed: last == Some(Event::Closed),
        }
    }

    /// What the next entry did. `asked` is what the address asks for that it is filed under; `None` if
    /// that is submit@, or another program wrote the entry.
    pub fn next(&mut self, asked: Option<Verb>, automatic: bool) -> Event {
        let event = match asked {
            _ if !self.begun => Event::Opened,
            Some(Verb::Done) if !self.closed => Event::Closed,
            Some(Verb::Quiet) => Event::Quiet,
            Some(Verb::Done | Verb::Refused) => Event::Filed,
            _ if self.closed && !automatic => Event::Reopened,
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

/// What the address asks for that an entry is filed under. An address that is no longer ours, since the
/// configuration has changed, is recognized by its ending.
pub fn asked(addresses: &Addresses, filed_under: &str) -> Option<Verb> {
    match addresses.recorded(filed_under) {
        Some(Target::Ticket(_, verb)) => return Some(verb),
        Some(Target::Submit | Target::SubmitFor) => return None,
        _ => {}
    }
    let local = filed_under
        .rsplit_once('@')
        .map_or(filed_under, |(local, _)| local);
    let verbs = [
        Verb::Done,
        Verb::Quiet,
        Verb::Submitter,
        Verb::Refused,
        Verb::Apart,
    ];
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
