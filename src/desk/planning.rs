//! What is known of a message and its ticket when a plan is made.

use super::Desk;
use super::delivery::Parcel;
use super::view::View;
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::plan::{self, Plan, Situation, Ticket};
use anyhow::Result;

impl Desk {
    /// What becomes of a message that opens a ticket.
    pub(super) fn plan_opening(&self, parcel: &Parcel) -> Result<Plan> {
        let author = parcel.summary.author.as_ref();
        let message = parcel.incoming.message;
        let believed = parcel.proof.covers(message, &self.config.addresses, None);
        let recent = match author {
            // The count matters only for an author who would be acknowledged, or whose name nothing proves.
            Some(author)
                if !believed
                    || (!parcel.degree.is_automatic()
                        && self.config.ack.allows(&author.address)) =>
            {
                self.index_to_read()?
                    .opened_since(&author.address, parcel.now - 3600)?
            }
            _ => 0,
        };
        let situation = Situation {
            message,
            degree: &parcel.degree,
            verb: None,
            ticket: None,
            recent,
            believed,
        };
        Ok(plan::plan(&self.plan_rules(), &situation))
    }

    /// What becomes of a message to a ticket that is there.
    pub(super) fn plan_update(&self, parcel: &Parcel, view: &View, verb: Verb) -> Result<Plan> {
        let row = &view.row;
        let people = match verb {
            Verb::Done => self.people(view)?,
            _ => Vec::new(),
        };
        let ticket = Ticket {
            open: row.state == Some(State::Open),
            submitter: row.submitter.clone(),
            people,
            last_from: row.last_from.clone(),
        };
        let policy = self.plan_rules();
        // No more than matters are counted, and only in a ticket that has so many.
        let most = policy.pass_limit().saturating_add(2);
        let by_customer = parcel.summary.is_customers(policy.admins, policy.addresses);
        let recent = match !by_customer && row.entries >= u64::from(policy.pass_limit()) {
            true => self.filed_since(view, parcel.now - 3600, most)?,
            false => 0,
        };
        let (message, addresses) = (parcel.incoming.message, policy.addresses);
        let situation = Situation {
            message,
            degree: &parcel.degree,
            verb: Some(verb),
            ticket: Some(&ticket),
            recent,
            believed: parcel
                .proof
                .covers(message, addresses, Some((row.id, verb))),
        };
        Ok(plan::plan(&policy, &situation))
    }
}
