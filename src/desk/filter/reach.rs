//! To which tickets a filter may send a message, and why what it says may not count.

use crate::desk::Desk;
use crate::desk::parcel::Question;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::route::{Destination, Known};
use crate::ticket::trust::Asked;

/// Why a filter has no say.
pub(super) enum Silence {
    /// It failed, which counts.
    Failed(String),
    /// It was not asked, or had not all of its time.
    Skipped(String),
}

/// What became of a ticket that a filter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// It is there.
    Ticket,
    /// It was put away, so that mail to it opens a new one (D11).
    PutAway,
}

impl Desk {
    /// Where a filter sends a message that it sends to a ticket: there has to be one, and where addresses are secret,
    /// whoever wrote the message has to know that of the ticket.
    pub(super) fn reach(&mut self, id: TicketId, question: &Question) -> Result<Reached, Silence> {
        let failed = |e: anyhow::Error| Silence::Skipped(crate::error::line(&e));
        if !self.exists(id).map_err(failed)? {
            // As with mail to its address.
            if self.is_put_away(id).map_err(failed)? {
                return Ok(Reached::PutAway);
            }
            return Err(Silence::Failed(format!(
                "it names ticket {id}, which does not exist"
            )));
        }
        let leads_there = |to: &Destination| matches!(to, Destination::Ticket(it, _) if *it == id);
        let addresses = &self.config.addresses;
        if addresses.secret().is_none() || question.route.iter().any(leads_there) {
            return Ok(Reached::Ticket);
        }
        // What the author cannot know is no fault of the module's: anybody can write what leads it there.
        if question.by.is_staff {
            let asked = Asked {
                ticket: id,
                verb: Verb::Update,
                by_address: false,
            };
            let message = question.incoming.message;
            return match question.proof.covers(message, addresses, Some(asked)) {
                true => Ok(Reached::Ticket),
                false => Err(Silence::Skipped(format!(
                    "it names ticket {id}, and nothing proves that the author of the message works here"
                ))),
            };
        }
        let view = self.view(id).map_err(failed)?;
        let own = question.by.own_addresses();
        let people = view.map(|view| self.people(&view, &own)).transpose();
        match people.map_err(failed)? {
            Some(people) if !people.is_empty() => Ok(Reached::Ticket),
            _ => Err(Silence::Skipped(format!(
                "it names ticket {id}, whose address the author of the message cannot know"
            ))),
        }
    }
}
