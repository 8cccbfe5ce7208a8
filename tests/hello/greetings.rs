//! Greetings for the timeline.

use crate::ticket::TicketId;
use crate::ticket::timeline::{EventKind, Items, Provider, TimelineItem, Wanted};
use anyhow::Result;
use mail::decode::Mailbox;

/// What was said, newest first: when, in seconds since 1970, of what kind, to which ticket, and what.
const SAID: [(i64, &str, Option<u32>, &str); 2] = [
    (1_792_832_400, "greeted", None, "Good morning"),
    (1_791_882_120, "waved-at", Some(4), "Seen from afar"),
];

/// The lines of this part.
pub struct Greetings;

impl Provider for Greetings {
    fn kinds(&self) -> Vec<EventKind> {
        let kind = |name: &'static str, label: &'static str| EventKind {
            name: name.into(),
            label: label.into(),
        };
        vec![kind("greeted", "Greeted"), kind("waved-at", "Waved at")]
    }

    fn items<'a>(&'a self, _: &'a Wanted) -> Result<Items<'a>> {
        let item =
            |(at, kind, ticket, subject): (i64, &'static str, Option<u32>, &str)| TimelineItem {
                at,
                kind: kind.into(),
                ticket: ticket.and_then(TicketId::new),
                author: Some(Mailbox {
                    name: "The desk".into(),
                    address: "desk@example.org".into(),
                }),
                subject: subject.into(),
                message: None,
                url: None,
            };
        Ok(Box::new(SAID.into_iter().map(move |said| Ok(item(said)))))
    }
}
