//! What becomes of a message to a ticket that is there (C2 to C5).

use super::notified::{is_addressed_to, notify_admins, report_remark};
use super::opening::{Limit, limit};
use super::{Answer, Plan, PlanRules, Remark, RepliesTo, Situation, Ticket};
use crate::ticket::address::Verb;
use crate::ticket::policy::CloseBy;
use crate::ticket::reach;
use mail::automatic::Degree;
use mail::decode::Mailbox;

pub(super) fn update(
    rules: &PlanRules,
    situation: &Situation,
    ticket: &Ticket,
    verb: Verb,
) -> Plan {
    let by = situation.by;
    let mut plan = Plan {
        filed_under: Some(verb),
        apart: false,
        open: ticket.open,
        closes: false,
        reopens: false,
        answers: Vec::new(),
        remark: None,
    };
    let closes_again = verb == Verb::Done && !ticket.open;
    if verb == Verb::Quiet || (closes_again && by.is_staff && situation.believed) {
        // B3. An admin who closes a closed ticket files the mail and notifies nobody (C4).
        return plan;
    }
    if situation.degree.is_automatic() {
        // Automatic mail is filed and the admins are notified; the address's verb is ignored (C6).
        plan.filed_under = Some(Verb::Update);
        notify_admins(rules, situation, &mut plan);
        say_that_it_stays_untold(rules, situation, &mut plan);
        report_remark(rules, situation, &mut plan);
        return plan;
    }
    if verb == Verb::Done {
        match closing(rules, situation, ticket) {
            Ok(()) if closes_again => plan.remark = Some(Remark::ClosedAlready),
            Ok(()) if ticket.in_both_places => {
                // Its words were to tell the submitter of a closing, so they stay here.
                plan.filed_under = Some(Verb::Refused);
                plan.remark = Some(Remark::InBothPlaces);
            }
            Ok(()) => {
                plan.open = false;
                plan.closes = true;
                notify_of_closing(rules, situation, ticket, &mut plan);
            }
            Err(remark) => {
                plan.filed_under = Some(Verb::Refused);
                plan.remark = Some(if closes_again {
                    Remark::ClosedAlready
                } else {
                    remark
                });
            }
        }
    }
    let cannot_close = plan.remark == Some(Remark::InBothPlaces);
    if plan.filed_under != Some(Verb::Done) && !closes_again && !cannot_close {
        plan.reopens = !ticket.open;
        plan.open = true;
        match by.is_staff {
            true => pass_on(rules, situation, ticket, verb, &mut plan),
            false => say_that_it_stays_here(rules, situation, ticket, &mut plan),
        }
    }
    notify_admins(rules, situation, &mut plan);
    say_that_it_stays_untold(rules, situation, &mut plan);
    report_remark(rules, situation, &mut plan);
    plan
}

/// Says once that what may be a loop is told no more (C7). Mail of ours that comes back never was.
fn say_that_it_stays_untold(rules: &PlanRules, situation: &Situation, plan: &mut Plan) {
    let is_told = situation.comes_back() && *situation.degree != Degree::Ours;
    if is_told && situation.recent == rules.pass_limit() && plan.remark.is_none() {
        plan.remark = Some(Remark::TellLimit);
    }
}

/// Whether the message may close the ticket; if not, why (C5).
fn closing(rules: &PlanRules, situation: &Situation, ticket: &Ticket) -> Result<(), Remark> {
    let by = situation.by;
    // All mail names the desk, whose own address anybody can write into From.
    let takes_part = |address: &str| {
        rules.may_write_to(address) && ticket.people.contains(&address.to_ascii_lowercase())
    };
    let may = match rules.close_by {
        _ if by.is_staff => true,
        CloseBy::Admins => false,
        CloseBy::Anyone => true,
        CloseBy::Participants => {
            // Anybody can write anybody into Reply-To; a proof is one of From alone.
            let writer = by.writer.as_ref().filter(|_| !rules.asks_proof);
            let speak = !by.speakers.is_empty() && by.speakers.iter().all(|a| takes_part(a));
            speak || writer.is_some_and(|writer| takes_part(&writer.address))
        }
    };
    match may {
        false => Err(Remark::ClosingRefused),
        true if !situation.believed => Err(Remark::ClosingUnproven),
        true => Ok(()),
    }
}

/// Notifies the submitter that the ticket is closed (C4).
fn notify_of_closing(rules: &PlanRules, situation: &Situation, ticket: &Ticket, plan: &mut Plan) {
    let by = situation.by;
    match to_submitter(rules, situation, ticket) {
        Ok(Some(submitter)) if by.is_staff => plan.answers.push(Answer::Closed(submitter)),
        Ok(Some(submitter)) => match limit(rules, &situation.answered) {
            Limit::Within => plan.answers.push(Answer::Closed(submitter)),
            Limit::Reached(limit) => plan.remark = Some(limit),
            Limit::Exceeded => {}
        },
        Ok(None) => {}
        // An empty message loses nothing by not being passed on.
        Err(Some(Remark::Unreachable)) if is_empty(situation) => {}
        Err(remark) => plan.remark = remark,
    }
}

fn is_empty(situation: &Situation) -> bool {
    situation.message.body().trim_ascii().is_empty()
}

/// Passes an admin's mail on to the submitter (C3).
fn pass_on(rules: &PlanRules, situation: &Situation, ticket: &Ticket, verb: Verb, plan: &mut Plan) {
    if is_empty(situation) {
        return;
    }
    let closing = plan.remark;
    let mut recipients = Vec::new();
    let mut reaches_submitter = true;
    if let RepliesTo::ThirdParty { writer, in_private } = &situation.replies_to
        && verb != Verb::Submitter
    {
        // What answers the vendor is meant for the vendor, and stays between them if the vendor's
        // mail did.
        reaches_submitter = !in_private;
        add_recipient(addressee(rules, situation, writer), &mut recipients, plan);
    }
    if reaches_submitter {
        let submitter = to_submitter(rules, situation, ticket);
        match submitter {
            Ok(Some(submitter))
                if verb != Verb::Submitter && names_a_third_party(rules, situation, &submitter) =>
            {
                // What answers the customer was perhaps meant to reach them.
                if matches!(situation.replies_to, RepliesTo::Submitter { .. }) {
                    plan.remark = Some(Remark::ThirdParty);
                }
            }
            submitter => add_recipient(submitter, &mut recipients, plan),
        }
    }
    if !situation.believed {
        // A stranger may have written it, so one mail must say all there is to say.
        if !recipients.is_empty() || plan.remark.is_some() {
            plan.remark = closing.or(Some(Remark::Unproven));
        }
        return;
    }
    if recipients.is_empty() {
        return;
    }
    // If the admin's mailbox and the submitter's both answer automatically, each mail that is
    // passed on causes the next one.
    let over = situation.recent.checked_sub(rules.pass_limit());
    let follows_staff = rules.staff().may_act(&ticket.last_from);
    match over {
        None => plan
            .answers
            .extend(recipients.into_iter().map(Answer::PassOn)),
        // Reported once. The automatic answer to that report counts as a message as well.
        Some(0) => plan.remark = Some(Remark::PassLimit),
        Some(1) if !follows_staff => plan.remark = Some(Remark::PassLimit),
        Some(_) => {}
    }
}

/// True if a mail of the desk answers nobody who may wait for it (E1): it is not passed on, and has reached none of them by
/// itself. One without a word says nothing, wherever it goes.
pub(super) fn stays_apart(
    rules: &PlanRules,
    situation: &Situation,
    ticket: &Ticket,
    plan: &Plan,
) -> bool {
    let is_added = matches!(plan.filed_under, Some(Verb::Update | Verb::Submitter));
    if !is_added || !situation.by.is_staff || situation.degree.is_automatic() || is_empty(situation)
    {
        return false;
    }
    let has_it =
        |address: &str| !rules.staff().has(address) && is_addressed_to(situation.message, address);
    let vendor = match &situation.replies_to {
        RepliesTo::ThirdParty { writer, .. } => Some(&writer.address),
        _ => None,
    };
    let submitter = ticket.submitter.as_ref().map(|it| &it.address);
    let mut waiting = vendor
        .into_iter()
        .chain(submitter)
        .chain([&ticket.last_from]);
    let is_passed_on = (plan.answers.iter()).any(|it| matches!(it, Answer::PassOn(_)));
    let reaches = is_passed_on || situation.believed && waiting.any(|address| has_it(address));
    !reaches
}

fn add_recipient(found: Addressee, recipients: &mut Vec<Mailbox>, plan: &mut Plan) {
    match found {
        Ok(mailbox) => recipients.extend(mailbox),
        Err(remark) => plan.remark = plan.remark.or(remark),
    }
}

/// Whom we have to send this message to; `None` if they have it already. `Err` if they cannot be sent it, with
/// the remark that the admins get about that.
type Addressee = Result<Option<Mailbox>, Option<Remark>>;

/// The submitter, if we have to send them this message.
fn to_submitter(rules: &PlanRules, situation: &Situation, ticket: &Ticket) -> Addressee {
    if ticket.opened_by_machine {
        let first = situation.by.is_staff && !ticket.staff_wrote;
        return Err(first.then_some(Remark::OpenedByMachine));
    }
    let Some(submitter) = &ticket.submitter else {
        return Err(situation.by.is_staff.then_some(Remark::Unreachable));
    };
    addressee(rules, situation, submitter)
}

fn addressee(rules: &PlanRules, situation: &Situation, mailbox: &Mailbox) -> Addressee {
    let address = &mailbox.address;
    let knows = |own: &str| situation.by.is(own) || is_addressed_to(situation.message, own);
    // One of the desk who opened a ticket may write in it from another address.
    let person = rules.people.iter().find(|person| person.has(address));
    let mut own = person.into_iter().flat_map(|person| &person.addresses);
    if knows(address) || own.any(|own| knows(own)) || !rules.may_write_to(address) {
        return Ok(None);
    }
    match reach::mail_address(address) {
        Some(_) => Ok(Some(mailbox.clone())),
        None => Err(Some(Remark::Unreachable)),
    }
}

/// True if To or Cc name anybody but the desk, its admins, the submitter, and whom the submitter's mail
/// named that this one answers: a reply to all is one to the submitter.
fn names_a_third_party(rules: &PlanRules, situation: &Situation, submitter: &Mailbox) -> bool {
    let staff = rules.staff();
    let with: &[String] = match &situation.replies_to {
        RepliesTo::Submitter { with } => with,
        _ => &[],
    };
    let known = |address: &str| {
        staff.has(address)
            || submitter.address.eq_ignore_ascii_case(address)
            || situation.by.is(address)
            || with.contains(&address.to_ascii_lowercase())
    };
    let people = situation.message.to_cc();
    people.iter().any(|m| !known(&m.address))
}

/// Tells somebody who answers an admin's copy, and is no admin, that it goes no further: they would
/// wait for the customer's answer. Once in a ticket (C3).
fn say_that_it_stays_here(
    rules: &PlanRules,
    situation: &Situation,
    ticket: &Ticket,
    plan: &mut Plan,
) {
    if situation.replies_to != RepliesTo::Copy
        || ticket.writer_wrote
        || *situation.degree != Degree::Person
        || !matches!(limit(rules, &situation.answered), Limit::Within)
    {
        return;
    }
    let Some(author) = &situation.by.author else {
        return;
    };
    let submitter = ticket.submitter.as_ref();
    if submitter.is_none_or(|submitter| !situation.by.is(&submitter.address))
        && rules.ack.allows(&author.address)
        && rules.may_write_to(&author.address)
        && reach::mail_address(&author.address).is_some()
    {
        plan.answers.push(Answer::NotPassedOn(author.clone()));
    }
}
