//! Values of the configuration that are one of a few words.

use serde::Deserialize;

/// What the admins get of each mail (C2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// The mail itself under a new header.
    #[default]
    Copy,
    /// A short note.
    Note,
    /// Nothing.
    None,
}

/// Who may close a ticket by mail (C5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloseBy {
    /// Admins, the ticket's own address, and everyone in From, To or Cc of a filed message.
    #[default]
    Participants,
    /// Admins and the ticket's own address.
    Admins,
    /// Whoever knows the address.
    Anyone,
}

/// What becomes of mail to a ticket that does not exist (B8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownTicket {
    /// It is refused with status 67.
    #[default]
    Reject,
    /// It opens a new ticket.
    Open,
}

/// What becomes of mail to an address that is none of ours (B9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchAll {
    /// It is refused with status 67.
    #[default]
    Reject,
    /// It is treated as mail to submit@.
    Submit,
}
