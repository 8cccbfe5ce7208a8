//! The messages of tickets as events of the timeline.

use crate::ticket::event::{Event, HistoryEntry};
use crate::ticket::staff::Staff;
use crate::ticket::timeline::{EventKind, MessageFacts, TimelineItem};

/// What a message is to somebody who looks at the desk from outside: the first of these that fits. What
/// it did to its ticket comes first, then how it was filed, then who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// It opened its ticket, whoever wrote it.
    Opened,
    /// It closed its ticket.
    Closed,
    /// It re-opened its ticket.
    Reopened,
    /// It was filed quietly (B3).
    Quiet,
    /// A machine wrote it (C6).
    Automatic,
    /// Somebody of the desk wrote it.
    Reply,
    /// Anybody else wrote it.
    Mail,
}

impl MessageKind {
    /// All of them, in the order in which people are shown them.
    const ALL: [MessageKind; 7] = [
        MessageKind::Opened,
        MessageKind::Mail,
        MessageKind::Reply,
        MessageKind::Closed,
        MessageKind::Reopened,
        MessageKind::Quiet,
        MessageKind::Automatic,
    ];

    fn of(it: &HistoryEntry, staff: &Staff) -> MessageKind {
        match it.event {
            Event::Opened => MessageKind::Opened,
            Event::Closed => MessageKind::Closed,
            Event::Reopened => MessageKind::Reopened,
            Event::Quiet => MessageKind::Quiet,
            Event::Filed if it.automatic => MessageKind::Automatic,
            Event::Filed => match &it.author {
                Some(author) if staff.has(&author.address) => MessageKind::Reply,
                _ => MessageKind::Mail,
            },
        }
    }

    /// Its name, which is a promise to programs.
    fn name(self) -> &'static str {
        match self {
            MessageKind::Opened => "opened",
            MessageKind::Mail => "mail",
            MessageKind::Reply => "reply",
            MessageKind::Closed => "closed",
            MessageKind::Reopened => "re-opened",
            MessageKind::Quiet => "quiet",
            MessageKind::Automatic => "automatic",
        }
    }

    fn label(self) -> &'static str {
        match self {
            MessageKind::Opened => "Tickets opened",
            MessageKind::Mail => "Mail from customers",
            MessageKind::Reply => "Replies",
            MessageKind::Closed => "Tickets closed",
            MessageKind::Reopened => "Tickets re-opened",
            MessageKind::Quiet => "Mail filed quietly",
            MessageKind::Automatic => "Mail that a machine wrote",
        }
    }
}

/// The kinds of messages.
pub(super) fn kinds() -> Vec<EventKind> {
    let kind = |kind: &MessageKind| EventKind {
        name: kind.name().into(),
        label: kind.label().into(),
    };
    MessageKind::ALL.iter().map(kind).collect()
}

/// A message as an event.
pub(super) fn item(it: HistoryEntry, staff: &Staff) -> TimelineItem {
    TimelineItem {
        at: it.at,
        kind: MessageKind::of(&it, staff).name().into(),
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
