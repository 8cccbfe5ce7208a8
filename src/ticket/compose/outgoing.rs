//! What is composed: a mail, and its envelope.

/// What an outgoing mail is for; `X-Tickets-Kind` (C12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The acknowledgement of a new ticket, to its author (C1).
    Ack,
    /// A mail of the ticket under a new header, to the admins or the submitter (C2, C3).
    Copy,
    /// A short note to the admins (C2).
    Note,
    /// The notice that a ticket was closed, to its submitter (C4).
    Closed,
    /// A line that wakes somebody (L6).
    Alert,
    /// A note to the admins that a mail asked for something that was not done (C5, C7).
    Refused,
}

impl Kind {
    /// The word used in `X-Tickets-Kind`, in file names and in msg-ids.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Copy => "copy",
            Self::Note => "note",
            Self::Closed => "closed",
            Self::Alert => "alert",
            Self::Refused => "refused",
        }
    }
}

/// A mail that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub kind: Kind,
    /// The envelope's sender; `None` is the null sender.
    pub sender: Option<String>,
    /// The envelope's recipients. Addresses that cannot be used are left out, so there may be none.
    pub recipients: Vec<String>,
    /// The mail, with LF line ends.
    pub bytes: Vec<u8>,
    /// When it may be sent, in seconds since 1970, if not at once.
    pub held_until: Option<i64>,
}

/// An answer made from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    pub mail: Outgoing,
    /// What is wrong with the admin's template, if the built-in text was used instead.
    pub warning: Option<String>,
}
