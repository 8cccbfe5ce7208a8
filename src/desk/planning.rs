//! What is known of a message and its ticket when a plan is made.

use super::Desk;
use super::answers::from_hex;
use super::parcel::Parcel;
use super::view::{Parent, View};
use crate::outbox::{Ledger, Line, the_last_hour};
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::compose::{self, Kind};
use crate::ticket::plan::{
    self, Answer, Answered, Plan, Remark, RepliesTo, Reported, Situation, Ticket,
};
use crate::ticket::reach::counted_as;
use crate::ticket::staff::Staff;
use anyhow::Result;
use mail::decode::Mailbox;
use std::collections::HashSet;
use std::fs::File;

impl Desk {
    /// What becomes of a message that opens a ticket.
    pub(super) fn plan_opening(&self, parcel: &Parcel) -> Result<Plan> {
        let message = parcel.incoming.message;
        let believed = parcel.is_believed(self, None);
        let author = match &parcel.forwarded {
            Some(Ok(forwarded)) => Some(&forwarded.submitter),
            _ => parcel.by.author.as_ref(),
        };
        let answered = match author {
            // The count matters only for an author who would be acknowledged, or whose name nothing proves.
            Some(author)
                if !believed
                    || (!parcel.degree.is_automatic()
                        && self.config.ack.allows(&author.address)) =>
            {
                self.answered(parcel, &author.address)
            }
            _ => Answered::default(),
        };
        let situation = Situation {
            message,
            by: &parcel.by,
            degree: &parcel.degree,
            verb: None,
            ticket: None,
            recent: 0,
            answered,
            replies_to: RepliesTo::Other,
            believed,
            forwarded: parcel.forwarded.as_ref(),
            quiet: parcel.quiet,
        };
        Ok(plan::plan(&self.plan_rules(), &situation))
    }

    /// What becomes of a message to a ticket that is there.
    pub(super) fn plan_update(&self, parcel: &Parcel, view: &View, verb: Verb) -> Result<Plan> {
        let (row, by) = (&view.row, &parcel.by);
        let rules = self.plan_rules();
        let automatic = parcel.degree.is_automatic();
        let own = by.own_addresses();
        // The staff may close any ticket.
        let people = match verb == Verb::Done && !by.is_staff {
            true => self.people(view, &own)?,
            false => HashSet::new(),
        };
        let replies_to = match automatic || verb == Verb::Quiet {
            true => RepliesTo::Other,
            false => self.replies_to(parcel, view)?,
        };
        // Only mail of the staff and closings are told to the submitter.
        let tells_submitter = !automatic && (by.is_staff || verb == Verb::Done);
        let opened_by_machine =
            tells_submitter && self.first_of(view)?.is_some_and(|first| first.automatic);
        let staff = rules.staff();
        let by_staff = |from: &str, automatic: bool| !automatic && staff.has(from);
        let staff_wrote = opened_by_machine && self.has_writer(view, &by_staff)?;
        let by_writer = |from: &str, _| own.contains(from);
        let writer_wrote = replies_to == RepliesTo::Copy && self.has_writer(view, &by_writer)?;
        let ticket = Ticket {
            open: row.state == Some(State::Open),
            submitter: row.submitter.clone(),
            opened_by_machine,
            staff_wrote,
            writer_wrote,
            people,
            last_from: row.last_from.clone(),
            in_both_places: verb == Verb::Done && self.store.is_in_both_places(row.id)?,
        };
        // No more than matters are counted, and only in a ticket that has so many.
        let most = rules.pass_limit().saturating_add(2);
        let by_customer = parcel.summary.is_customers(&rules.staff());
        let may_be_loop = !by_customer || replies_to == RepliesTo::Copy;
        let recent = match may_be_loop && row.entries >= u64::from(rules.pass_limit()) {
            true => self.filed_in(view, &the_last_hour(parcel.now), most)?,
            false => 0,
        };
        let answered = match (by.is_staff, verb, &replies_to, &row.submitter, &by.author) {
            (true, ..) => Answered::default(),
            (_, Verb::Done, _, Some(submitter), _) => self.answered(parcel, &submitter.address),
            (.., RepliesTo::Copy, _, Some(author)) => self.answered(parcel, &author.address),
            _ => Answered::default(),
        };
        let message = parcel.incoming.message;
        let situation = Situation {
            message,
            by,
            degree: &parcel.degree,
            verb: Some(verb),
            ticket: Some(&ticket),
            recent,
            answered,
            replies_to,
            believed: parcel.is_believed(self, Some((row.id, verb))),
            forwarded: None,
            quiet: parcel.quiet,
        };
        Ok(plan::plan(&rules, &situation))
    }

    /// What strangers were answered within the last hour, `address` among them (C7).
    fn answered(&self, parcel: &Parcel, address: &str) -> Answered {
        // Mail need not wait because the count cannot be read.
        let recent = self.ledger().recent(parcel.now).unwrap_or_default();
        let key = counted_as(address);
        let own_domain = domain_of(&key);
        let to = |fits: &dyn Fn(&str) -> bool| {
            let count = recent.answers().filter(|key| fits(key)).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let reported = |remark| recent.has(&report(remark, &key));
        Answered {
            to_mailbox: to(&|to| to == key),
            to_domain: to(&|to| domain_of(to) == own_domain),
            to_all: to(&|_| true),
            reported: Reported {
                of_mailbox: reported(Remark::AckLimit),
                of_domain: reported(Remark::AckDomain),
                of_all: reported(Remark::AckTotal),
            },
        }
    }

    /// Waits until nobody else is about to answer a stranger, if a plan does so: it has to be made anew then, since
    /// each has to know what the one before was given. `None` if it does not.
    ///
    /// # Errors
    /// Status 75 if another delivery holds the lock for longer than there is patience.
    pub(super) fn turn_to_answer(
        &self,
        parcel: &Parcel,
        plan: &Plan,
        submitter: Option<&Mailbox>,
    ) -> Result<Option<File>> {
        if counted(&self.staff(), parcel, plan, submitter).is_empty() {
            return Ok(None);
        }
        let locked = self.store.lock_private("answered.lock", parcel.patience);
        locked.map(Some)
    }

    /// Counts the answers of a plan that a stranger caused, and what was reported of those not given.
    pub(super) fn count_answers(
        &self,
        parcel: &Parcel,
        plan: &Plan,
        submitter: Option<&Mailbox>,
    ) -> Result<()> {
        let lines = counted(&self.staff(), parcel, plan, submitter);
        self.ledger().append(&lines, parcel.now)
    }

    fn ledger(&self) -> Ledger {
        Ledger::at(&self.store.private())
    }

    /// What a message replies to, as far as that decides who is notified of it.
    fn replies_to(&self, parcel: &Parcel, view: &View) -> Result<RepliesTo> {
        let (row, by) = (&view.row, &parcel.by);
        let domain = self.config.addresses.domain();
        let Some(parent) = parcel.incoming.message.parents().into_iter().next() else {
            return Ok(RepliesTo::Other);
        };
        let ours = compose::OwnMsgId::parse(&parent, domain).filter(|own| own.ticket == row.id);
        let digest = ours.as_ref().and_then(|own| from_hex(own.digest));
        let to_admins = |own: &compose::OwnMsgId| {
            [Kind::Copy, Kind::Note, Kind::Refused]
                .map(Kind::word)
                .contains(&own.word)
        };
        let parent = match (&ours, &digest) {
            (Some(own), _) if !by.is_staff && !to_admins(own) => return Ok(RepliesTo::Other),
            (Some(_), Some(digest)) => Parent::AnswerTo(digest),
            (None, _) if by.is_staff => Parent::Filed(&parent),
            _ => return Ok(RepliesTo::Other),
        };
        let Some(parent) = self.writer_of(view, parent)? else {
            return Ok(RepliesTo::Other);
        };
        if !by.is_staff {
            return Ok(RepliesTo::Copy);
        }
        let submitter = row
            .submitter
            .as_ref()
            .map(|m| m.address.to_ascii_lowercase());
        let submitter = submitter.unwrap_or_default();
        Ok(match parent {
            it if it.from == submitter => RepliesTo::Submitter {
                with: it.people.split(' ').map(str::to_owned).collect(),
            },
            it if it.from.is_empty() || it.automatic || self.staff().has(&it.from) => {
                RepliesTo::Other
            }
            it => RepliesTo::ThirdParty {
                in_private: !it.people.split(' ').any(|address| address == submitter),
                writer: Mailbox {
                    name: it.name,
                    address: it.from,
                },
            },
        })
    }
}

/// What the ledger is to say of a plan: the answers that a stranger caused, and what is reported of those not given.
fn counted(staff: &Staff, parcel: &Parcel, plan: &Plan, submitter: Option<&Mailbox>) -> Vec<Line> {
    let mut lines = Vec::new();
    for answer in &plan.answers {
        match answer {
            Answer::Closed(_) if parcel.by.is_staff => {}
            Answer::Ack(to) | Answer::NotPassedOn(to) | Answer::Closed(to) => {
                lines.push(Line::Answer(counted_as(&to.address)));
            }
            // Nothing proved that an admin wrote it, or they would not be notified of it.
            Answer::Copy(to) | Answer::Note(to) => {
                let own = staff.people.iter().filter(|it| {
                    let mut own = it.addresses.iter();
                    own.any(|own| parcel.by.is(own)) && to.iter().any(|to| to == it.address())
                });
                lines.extend(own.map(|it| Line::Answer(counted_as(it.address()))));
            }
            _ => {}
        }
    }
    let limits = [Remark::AckLimit, Remark::AckDomain, Remark::AckTotal];
    if let Some(remark) = plan.remark.filter(|remark| limits.contains(remark)) {
        let to = match (plan.closes, &parcel.forwarded) {
            (true, _) => submitter,
            (_, Some(Ok(forwarded))) => Some(&forwarded.submitter),
            _ => parcel.by.author.as_ref(),
        };
        let key = to.map(|to| counted_as(&to.address)).unwrap_or_default();
        lines.push(report(remark, &key));
    }
    lines
}

/// That a limit is reached which concerns the mailbox with this key.
fn report(limit: Remark, key: &str) -> Line {
    match limit {
        Remark::AckLimit => Line::Reported("mailbox", key.to_owned()),
        Remark::AckDomain => Line::Reported("domain", domain_of(key).to_owned()),
        _ => Line::Reported("all", "all".to_owned()),
    }
}

fn domain_of(key: &str) -> &str {
    key.rsplit_once('@').map_or("", |(_, domain)| domain)
}
