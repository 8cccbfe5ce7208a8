//! Outgoing mail as bytes.

/// What an outgoing mail is for; `X-Tickets-Kind` (C12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The acknowledgement of a new ticket, to its author (C1).
    Ack,
    /// A mail of the ticket under a new header, to the admins or the submitter (C2, C3).
    Copy,
    /// A short note to the admins (C2).
    Note,
    /// The news that a ticket was closed, to its submitter (C4).
    Closed,
    /// The news that something asked for by mail was not done.
    Refused,
}

impl Kind {
    /// The word in `X-Tickets-Kind`, in file names and in msg-ids.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Copy => "copy",
            Self::Note => "note",
            Self::Closed => "closed",
            Self::Refused => "refused",
        }
    }
}

/// A mail that is ready to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What it is for.
    pub kind: Kind,
    /// The envelope's sender; `None` is the null sender.
    pub sender: Option<String>,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// The mail, lines ending in LF.
    pub bytes: Vec<u8>,
}
