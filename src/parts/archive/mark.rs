//! The field by which an exported message is recognized as part of its ticket.
//!
//! ```text
//! X-Tickets-Export: ticket=12; state=closed; entry=3; as=done;
//!  date=2024-01-12T09:08:07Z; desk=example.org
//! ```
//!
//! It is the first field, above the trace fields. `ticket` and `state` describe the ticket at the time
//! of the export; `entry` is the message's position in it, from 1. `as` says what the address it was
//! filed under means to the desk (`submit`, or the verb of a ticket's address), so that another desk
//! can write its own address; it is missing if the address is none of the desk's. `date` is that of
//! the From_ line, which a Maildir does not have. Parameters of a later version are ignored.

use crate::ticket::address::{Addresses, Target, Verb};
use crate::ticket::when::rfc3339;
use crate::ticket::{State, TicketId};
use mail::entry::{EXPORT_MARK, field_len};
use std::fmt::{self, Write};

/// What the address means that a message was filed under (B1 to B6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It opens a ticket.
    Submit,
    /// It opens a ticket in the name of somebody else.
    SubmitFor,
    /// It is a ticket's address.
    Ticket(Verb),
}

impl Role {
    const ALL: [(&'static str, Role); 8] = [
        ("submit", Role::Submit),
        ("submit-for", Role::SubmitFor),
        ("update", Role::Ticket(Verb::Update)),
        ("done", Role::Ticket(Verb::Done)),
        ("quiet", Role::Ticket(Verb::Quiet)),
        ("submitter", Role::Ticket(Verb::Submitter)),
        ("refused", Role::Ticket(Verb::Refused)),
        ("apart", Role::Ticket(Verb::Apart)),
    ];

    /// What `address` means to the desk with these addresses; `None` if it is none of them.
    pub(crate) fn of(address: &str, addresses: &Addresses) -> Option<Role> {
        match addresses.recorded(address)? {
            Target::Submit => Some(Role::Submit),
            Target::SubmitFor => Some(Role::SubmitFor),
            Target::Ticket(_, verb) => Some(Role::Ticket(verb)),
            Target::Impossible | Target::WrongDigest => None,
        }
    }

    /// The address that means this for ticket `id`.
    pub(crate) fn address(self, id: TicketId, addresses: &Addresses) -> String {
        match self {
            Role::Submit => addresses.submit(),
            Role::SubmitFor => addresses.submit_for(),
            Role::Ticket(verb) => addresses.ticket(id, verb),
        }
    }

    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, role)| *role == self).map_or("", |(n, _)| n)
    }

    fn parse(name: &str) -> Option<Role> {
        let mut all = Self::ALL.iter();
        all.find(|(n, _)| *n == name).map(|(_, role)| *role)
    }
}

/// The values of the field; its `Display` is the whole field with its line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExportMark {
    pub(crate) ticket: TicketId,
    pub(crate) state: State,
    /// The message's position in the ticket, from 1.
    pub(crate) entry: u32,
    pub(crate) role: Option<Role>,
    /// When the message was filed, in seconds since 1970.
    pub(crate) at: i64,
    /// The domain of the desk that exported it.
    pub(crate) desk: String,
}

impl fmt::Display for ExportMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ticket, state, entry) = (self.ticket, self.state.name(), self.entry);
        write!(
            f,
            "{EXPORT_MARK} ticket={ticket}; state={state}; entry={entry};"
        )?;
        if let Some(role) = self.role {
            write!(f, " as={};", role.name())?;
        }
        write!(f, "\n date={}; desk=", rfc3339(self.at))?;
        let plain = |c: &char| c.is_ascii_graphic() && *c != ';';
        self.desk
            .chars()
            .filter(plain)
            .try_for_each(|c| f.write_char(c))?;
        f.write_char('\n')
    }
}

/// The mark at the top of a message, and what follows it; `None` if there is no mark.
pub(crate) fn read(content: &[u8]) -> Option<(ExportMark, &[u8])> {
    if !content.starts_with(EXPORT_MARK.as_bytes()) {
        return None;
    }
    let (field, rest) = content.split_at(field_len(content));
    let value = String::from_utf8_lossy(&field[EXPORT_MARK.len()..]);
    let (mut ticket, mut state, mut entry, mut role, mut at, mut desk) =
        (None, None, None, None, None, "");
    for param in value.split(';') {
        let Some((name, value)) = param.trim().split_once('=') else {
            continue;
        };
        match name {
            "ticket" => ticket = value.parse().ok(),
            "state" if value == State::Closed.name() => state = Some(State::Closed),
            "state" => state = Some(State::Open),
            "entry" => entry = value.parse().ok(),
            "as" => role = Role::parse(value),
            "date" => at = value.parse().ok().map(jiff::Timestamp::as_second),
            "desk" => desk = value,
            _ => {} // of a later version
        }
    }
    let mark = ExportMark {
        ticket: ticket?,
        state: state?,
        entry: entry?,
        role,
        at: at?,
        desk: desk.to_owned(),
    };
    Some((mark, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(role: Option<Role>) -> ExportMark {
        ExportMark {
            ticket: TicketId::new(12).unwrap(),
            state: State::Closed,
            entry: 3,
            role,
            at: 1_705_050_487,
            desk: "example.org".into(),
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let written = mark(Some(Role::Ticket(Verb::Done)));
        assert_eq!(
            written.to_string(),
            "X-Tickets-Export: ticket=12; state=closed; entry=3; as=done;\n \
             date=2024-01-12T09:08:07Z; desk=example.org\n"
        );
        let roles = Role::ALL.iter().map(|(_, role)| Some(*role));
        for role in roles.chain([None]) {
            let message = format!("{}A: 1\n\nx", mark(role));
            let want = (mark(role), &b"A: 1\n\nx"[..]);
            assert_eq!(read(message.as_bytes()), Some(want));
            // Another program may have changed the line ends.
            let message = message.replace('\n', "\r\n");
            assert_eq!(
                read(message.as_bytes()).map(|(mark, _)| mark),
                Some(mark(role))
            );
        }
        let mut strange = mark(None);
        strange.desk = "a;b\nX: y c".into();
        assert!(strange.to_string().ends_with("desk=abX:yc\n"));
    }

    #[test]
    fn what_is_no_mark_is_none() {
        let good = mark(None).to_string();
        for (case, message) in [
            ("nothing", ""),
            ("another field", "X-Tickets-Entry: size=1\n"),
            ("not on top", &format!("A: 1\n{good}")),
            ("no ticket", &good.replace("ticket=12; ", "")),
            ("no ticket there can be", &good.replace("=12", "=012")),
            ("no state", &good.replace("state=", "x=")),
            ("no place", &good.replace("entry=3", "entry=x")),
            ("no date", &good.replace("date=2", "date=x")),
        ] {
            assert_eq!(read(message.as_bytes()), None, "{case}");
        }
        assert!(read(good.replace("desk", "later").as_bytes()).is_some());
    }

    #[test]
    fn an_address_means_the_same_at_another_desk() {
        let desk = |domain: &str, submit: &str, ticket: &str| {
            Addresses::new(&[domain.into()], false, &[submit.into()], ticket).unwrap()
        };
        let (here, there) = (
            desk("a.org", "submit", "ticket-{n}"),
            desk("b.org", "help", "help+{n}"),
        );
        let id = TicketId::new(7).unwrap();
        for (address, want) in [
            ("submit@a.org", Some("help@b.org")),
            ("ticket-12@a.org", Some("help+7@b.org")),
            ("ticket-12-done@a.org", Some("help+7-done@b.org")),
            ("ticket-12-quiet@a.org", Some("help+7-quiet@b.org")),
            ("ticket-012@a.org", None),
            ("steve@a.org", None),
        ] {
            let role = Role::of(address, &here);
            let got = role.map(|role| role.address(id, &there));
            assert_eq!(got.as_deref(), want, "{address}");
        }
    }
}
