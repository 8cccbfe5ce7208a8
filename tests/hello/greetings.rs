//! Greetings for the timeline.

use crate::ticket::TicketId;
use crate::ticket::timeline::{Filter, Item, Items, Provider, Wanted};
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
    fn filters(&self) -> Vec<Filter> {
        let filter = |name: &'static str, label: &'static str| Filter {
            name: name.into(),
            label: label.into(),
        };
        vec![filter("greeted", "Greeted"), filter("waved-at", "Waved at")]
    }

    fn items<'a>(&'a self, _: &'a Wanted) -> Result<Items<'a>> {
        let item = |(at, kind, ticket, subject): (i64, &'static str, Option<u32>, &str)| Item {
            at,
            kind: kind.into(),
            ticket: ticket.and_then(TicketId::new),
            author: Some(Mailbox {
                name: "The desk".into(),
                address: "desk@example.org".into(),
            }),
            subject: subject.into(),
            entry: None,
        };
        Ok(Box::new(SAID.into_iter().map(move |said| Ok(item(said)))))
    }
}
