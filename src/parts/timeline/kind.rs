//! The messages of tickets as events of the timeline.

use crate::ticket::event::HistoryEntry;
use crate::ticket::kind::MessageKind;
use crate::ticket::staff::Staff;
use crate::ticket::timeline::{EventKind, MessageFacts, TimelineItem};

/// The kinds of messages.
pub(super) fn kinds() -> Vec<EventKind> {
    let kind = |kind: &MessageKind| EventKind {
        name: kind.name().into(),
        label: kind.label().into(),
    };
    MessageKind::ALL.iter().map(kind).collect()
}

fn of(it: &HistoryEntry, staff: &Staff) -> MessageKind {
    let is_staff = || {
        let author = it.author.as_ref();
        author.is_some_and(|author| staff.has(&author.address))
    };
    MessageKind::of(it.event, it.automatic, is_staff)
}

/// A message as an event.
pub(super) fn item(it: HistoryEntry, staff: &Staff) -> TimelineItem {
    TimelineItem {
        at: it.at,
        kind: of(&it, staff).name().into(),
        ticket: Some(it.ticket),
        message: Some(MessageFacts {
            number: it.seq + 1,
            automatic: it.automatic,
            size: it.size,
            attachments: it.attachments,
        }),
        author: it.author,
        subject: it.subject,
        url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::TicketId;
    use crate::ticket::address::Addresses;
    use crate::ticket::event::Event;
    use mail::decode::Mailbox;

    #[test]
    fn an_entry_is_one_thing() {
        let domain = ["example.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &["submit".into()], "ticket-{n}").unwrap();
        let people = [crate::ticket::person::Person::with_address(
            "steve@example.org",
        )];
        let staff = Staff {
            people: &people,
            addresses: &addresses,
        };
        let (ann, steve, desk) = (
            "ann@x.example",
            "Steve@Example.org",
            "ticket-12@example.org",
        );
        for (event, author, automatic, want) in [
            (Event::Opened, ann, false, "opened"),
            (Event::Opened, steve, false, "opened"),
            (Event::Opened, ann, true, "opened"),
            (Event::Filed, ann, false, "mail"),
            (Event::Filed, "", false, "mail"),
            (Event::Filed, steve, false, "reply"),
            (Event::Filed, desk, false, "reply"),
            (Event::Filed, ann, true, "automatic"),
            (Event::Filed, steve, true, "automatic"),
            (Event::Closed, ann, false, "closed"),
            (Event::Closed, steve, false, "closed"),
            (Event::Reopened, ann, false, "re-opened"),
            (Event::Quiet, ann, false, "quiet"),
            (Event::Quiet, ann, true, "quiet"),
        ] {
            let it = HistoryEntry {
                ticket: TicketId::new(12).unwrap(),
                seq: 3,
                at: 7,
                event,
                author: (!author.is_empty()).then(|| Mailbox {
                    name: String::new(),
                    address: author.into(),
                }),
                silent: false,
                automatic,
                subject: "Hi".into(),
                size: 10,
                attachments: 1,
            };
            let item = item(it, &staff);
            assert_eq!(item.kind, want, "{event:?} {author} {automatic}");
            let facts = MessageFacts {
                number: 4,
                automatic,
                size: 10,
                attachments: 1,
            };
            assert_eq!(item.message, Some(facts));
            assert!(kinds().iter().any(|f| f.name == item.kind));
        }
    }
}
