//! The state that imported messages give their ticket.

use super::survey::MessageRecord;
use crate::parts::archive::mark::Role;
use crate::ticket::State;
use crate::ticket::address::Verb;

/// How the state of an imported ticket is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateRule {
    /// As the archive says, else open until a message closes it.
    AsArchived,
    /// Open.
    Open,
    /// New tickets are closed, and existing ones keep their state.
    Closed,
}

impl StateRule {
    /// The state of a new ticket with these messages.
    pub(crate) fn of_new<'a>(self, messages: impl Iterator<Item = &'a MessageRecord>) -> State {
        match self {
            StateRule::Closed => State::Closed,
            _ => messages.fold(State::Open, |state, message| self.after(state, message)),
        }
    }

    /// The state of a ticket in `state` after one more message. No automatic message changes it (B11).
    pub(crate) fn after(self, state: State, message: &MessageRecord) -> State {
        let archived = message.whole.and_then(|(_, archived)| archived);
        match (self, archived, message.role) {
            (StateRule::Closed, ..) => state,
            (StateRule::AsArchived, Some(archived), _) => archived,
            (_, _, Some(Role::Ticket(Verb::Quiet))) => state,
            _ if message.automatic => state,
            (StateRule::AsArchived, None, Some(Role::Ticket(Verb::Done))) => State::Closed,
            _ => State::Open,
        }
    }

    /// The role under which a message of another system is filed, since the address that is written
    /// for it says what it does to its ticket (D3). `first` is true for the first message of a ticket.
    pub(crate) fn filed_role(self, message: &MessageRecord, first: bool) -> Role {
        let closes = !message.automatic && self != StateRule::Open;
        match message.role {
            Some(Role::Ticket(Verb::Done)) if !closes => Role::Ticket(Verb::Update),
            Some(Role::Ticket(Verb::Update)) | None if first => Role::Submit,
            Some(role) => role,
            None => Role::Ticket(Verb::Update),
        }
    }
}
