//! A filter that is asked about a message that nobody files: it is told what a delivery would tell it, and what it says
//! is judged likewise.

use super::super::delivery::Bearer;
use super::Question;
use super::reach::{Reached, Silence};
use crate::desk::{Desk, Incoming};
use crate::error::{Fault, Status};
use crate::module::{Answer, Head};
use crate::ticket::filter::{Go, Word};
use anyhow::Result;
use mail::automatic;

impl Desk {
    /// What a filter would be told of a message.
    ///
    /// # Errors
    /// The store cannot be read; status 67 if a delivery would refuse the message.
    pub fn told_of(&mut self, incoming: Incoming) -> Result<Head> {
        self.with_question(incoming, |desk, question| desk.head(question))
    }

    /// What would follow for a message from the answer of a filter, in half a sentence; the inner error says why the
    /// answer would be a fault.
    ///
    /// # Errors
    /// As for [`Desk::told_of`].
    pub fn what_follows(
        &mut self,
        incoming: Incoming,
        answer: &Answer,
    ) -> Result<Result<String, String>> {
        self.with_question(incoming, |desk, question| {
            let word = Word::read(answer)?;
            Ok(match word.go {
                Go::On => "it goes on".to_owned(),
                Go::New => "it opens a ticket".to_owned(),
                Go::Quiet => "it goes on, and nobody is told".to_owned(),
                Go::Quarantine(reason) => format!("it goes into quarantine: {reason}"),
                Go::Ticket(id) => match desk.reach(id, question) {
                    Ok(Reached::Ticket) => format!("it goes to ticket {id}"),
                    Ok(Reached::PutAway) => {
                        format!("it opens a ticket, since ticket {id} was put away")
                    }
                    Err(Silence::Failed(why) | Silence::Skipped(why)) => return Err(why),
                },
            })
        })
    }

    fn with_question<T>(
        &mut self,
        incoming: Incoming,
        work: impl FnOnce(&mut Desk, &Question) -> T,
    ) -> Result<T> {
        let proof = self.proof(incoming.message, Bearer::Mta)?;
        let by = self.staff().authorship(incoming.message);
        let sender = &incoming.envelope.sender;
        let degree = automatic::degree(incoming.message, sender, &self.config.local_signs());
        let route = self.route(incoming, &by, false)?;
        if let ([], Some(refusal)) = (&route.destinations[..], route.refusals.first()) {
            let text = refusal.sentence(&self.config.addresses.submit());
            return Err(Fault::new(Status::NoUser, text).into());
        }
        let question = Question {
            incoming,
            by: &by,
            degree: &degree,
            proof,
            route: &route.destinations,
            now: self.now(),
        };
        Ok(work(self, &question))
    }
}
