//! The entries of tickets as lines of the timeline.

use crate::ticket::timeline::{Facts, Filter, Item};
use crate::ticket::event::{Event, Happening};
use crate::ticket::staff::Staff;

/// What an entry is to somebody who looks at the desk from outside. One entry is one of these,
/// the first that fits: what it did to its ticket, then how, then who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It opened its ticket, whoever wrote it.
    Opened,
    /// It closed it.
    Closed,
    /// It opened it again.
    Reopened,
    /// It was filed quietly (B3).
    Quiet,
    /// A machine wrote it (C6).
    Automatic,
    /// The desk's word.
    Reply,
    /// Anybody else's.
    Mail,
}

impl Kind {
    /// All of them, as they are listed.
    pub const ALL: [Kind; 7] = [
        Kind::Opened,
        Kind::Mail,
        Kind::Reply,
        Kind::Closed,
        Kind::Reopened,
        Kind::Quiet,
        Kind::Automatic,
    ];

    /// What an entry is.
    pub fn of(it: &Happening, staff: &Staff) -> Kind {
        match it.event {
            Event::Opened => Kind::Opened,
            Event::Closed => Kind::Closed,
            Event::Reopened => Kind::Reopened,
            Event::Quiet => Kind::Quiet,
            Event::Filed if it.automatic => Kind::Automatic,
            Event::Filed => match &it.author {
                Some(author) if staff.has(&author.address) => Kind::Reply,
                _ => Kind::Mail,
            },
        }
    }

    /// Its name, which is a promise to programs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Opened => "opened",
            Kind::Mail => "mail",
            Kind::Reply => "reply",
            Kind::Closed => "closed",
            Kind::Reopened => "re-opened",
            Kind::Quiet => "quiet",
            Kind::Automatic => "automatic",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Kind::Opened => "Tickets opened",
            Kind::Mail => "Mail from customers",
            Kind::Reply => "Replies",
            Kind::Closed => "Tickets closed",
            Kind::Reopened => "Tickets re-opened",
            Kind::Quiet => "Mail filed quietly",
            Kind::Automatic => "Mail that a machine wrote",
        }
    }
}

/// The kinds as filters.
pub fn filters() -> Vec<Filter> {
    let filter = |kind: &Kind| Filter {
        name: kind.name().into(),
        label: kind.label().into(),
    };
    Kind::ALL.iter().map(filter).collect()
}

/// An entry as a line.
pub fn item(it: Happening, staff: &Staff) -> Item {
    Item {
        at: it.at,
        kind: Kind::of(&it, staff).name().into(),
        ticket: Some(it.ticket),
        entry: Some(Facts {
            message: it.seq + 1,
            automatic: it.automatic,
            size: it.size,
            attachments: it.attachments,
        }),
        author: it.author,
        subject: it.subject,
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
        let admins = ["steve@example.org".to_owned()];
        let staff = Staff {
            admins: &admins,
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
            let it = Happening {
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
            let facts = Facts {
                message: 4,
                automatic,
                size: 10,
                attachments: 1,
            };
            assert_eq!(item.entry, Some(facts));
            assert!(filters().iter().any(|f| f.name == item.kind));
        }
    }
}
