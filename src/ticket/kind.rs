//! What kinds of messages there are.

use super::event::Event;
use serde::{Deserialize, Serialize};

/// What a message is to somebody who looks at the desk from outside: the first of these that fits. What
/// it did to its ticket comes first, then how it was filed, then who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum MessageKind {
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
    pub const ALL: [MessageKind; 7] = [
        MessageKind::Opened,
        MessageKind::Mail,
        MessageKind::Reply,
        MessageKind::Closed,
        MessageKind::Reopened,
        MessageKind::Quiet,
        MessageKind::Automatic,
    ];

    /// The kind of a message that did `event`; `is_staff` says whether somebody of the desk wrote it.
    pub fn of(event: Event, automatic: bool, is_staff: impl FnOnce() -> bool) -> MessageKind {
        match event {
            Event::Opened => MessageKind::Opened,
            Event::Closed => MessageKind::Closed,
            Event::Reopened => MessageKind::Reopened,
            Event::Quiet => MessageKind::Quiet,
            Event::Filed if automatic => MessageKind::Automatic,
            Event::Filed if is_staff() => MessageKind::Reply,
            Event::Filed => MessageKind::Mail,
        }
    }

    /// The kind of this name; the hyphen may be left out.
    pub fn named(name: &str) -> Option<MessageKind> {
        let plain = |name: &str| name.replace('-', "");
        let is_it = |kind: &MessageKind| plain(kind.name()) == plain(name);
        MessageKind::ALL.into_iter().find(is_it)
    }

    /// Its name, which is a promise to programs.
    pub fn name(self) -> &'static str {
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

    /// Its name for people.
    pub fn label(self) -> &'static str {
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

impl From<MessageKind> for &'static str {
    fn from(kind: MessageKind) -> &'static str {
        kind.name()
    }
}

impl TryFrom<String> for MessageKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        MessageKind::named(&name).ok_or_else(|| {
            let known = MessageKind::ALL.map(MessageKind::name).join(", ");
            format!("{name:?} is no kind of event; there are {known}")
        })
    }
}
