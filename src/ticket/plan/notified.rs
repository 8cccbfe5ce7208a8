//! Which admins hear of a message (C2), and of what was not done (C3, C5, C7).

use super::{Answer, Plan, PlanRules, Remark, Situation};
use crate::ticket::address::Verb;
use crate::ticket::person::Person;
use crate::ticket::policy::Notify;
use mail::automatic::Degree;
use mail::message::Message;

/// Notifies the admins who did not write the message and did not get it directly (C2).
pub(super) fn notify_admins(rules: &PlanRules, situation: &Situation, plan: &mut Plan) {
    if *situation.degree == Degree::Ours {
        // Our own mail came back. Notifying would start a loop.
        return;
    }
    let over = situation.recent > rules.pass_limit().saturating_add(1);
    let may_be_loop = situation.by.is_staff || situation.comes_back();
    if may_be_loop && over && !is_changed_by_stranger(situation, plan) {
        // If mailboxes of admins answer copies, or are those of another desk, that would go on for ever (C7).
        return;
    }
    let mut others = other_admins(rules, situation, plan);
    others
        .retain(|it| !it.digest && !knows(situation, plan, it) && !gets_another(&plan.answers, it));
    let admins = told(others);
    if admins.is_empty() {
        return;
    }
    match rules.notify {
        Notify::Copy => plan.answers.push(Answer::Copy(admins)),
        Notify::Note => plan.answers.push(Answer::Note(admins)),
        Notify::None => {}
    }
}

/// Where these people are told.
fn told<'a>(people: impl IntoIterator<Item = &'a Person>) -> Vec<String> {
    let people = people.into_iter();
    people.map(|it| it.address().to_owned()).collect()
}

/// True if `admin` is the submitter and gets the message, or the notice of it, as such.
fn gets_another(answers: &[Answer], admin: &Person) -> bool {
    answers.iter().any(|answer| match answer {
        Answer::PassOn(to) | Answer::Closed(to) => admin.has(&to.address),
        _ => false,
    })
}

/// True if `admin` gets a copy of the message, or a note about it.
fn gets_copy(answers: &[Answer], admin: &Person) -> bool {
    answers.iter().any(|answer| match answer {
        Answer::Copy(to) | Answer::Note(to) => to.iter().any(|to| to == admin.address()),
        _ => false,
    })
}

/// True if `admin` got the message itself, and that says all there is to say.
fn knows(situation: &Situation, plan: &Plan, admin: &Person) -> bool {
    let says_less =
        is_changed_by_stranger(situation, plan) || plan.remark.is_some_and(Remark::is_in_copy);
    let mut own = admin.addresses.iter();
    !says_less && own.any(|own| is_addressed_to(situation.message, own))
}

/// True if the message closes the ticket, asks to, or re-opens it, and nothing shows that somebody of the desk wrote
/// it. The admins are notified of that whatever the header says: anybody can name them in Cc, or write in their name
/// (B11, C5).
fn is_changed_by_stranger(situation: &Situation, plan: &Plan) -> bool {
    let asks = situation.ticket.is_some() && situation.verb == Some(Verb::Done);
    let of_the_desk = situation.by.is_staff && situation.believed;
    (asks || plan.closes || plan.reopens) && !of_the_desk
}

/// Reports what was not done, also to admins who got the message itself, which does not say so.
pub(super) fn report_remark(rules: &PlanRules, situation: &Situation, plan: &mut Plan) {
    let Some(remark) = plan.remark else { return };
    let said_in_copy = remark.is_in_copy() && rules.notify != Notify::None;
    if said_in_copy && remark != Remark::InBothPlaces {
        // The copy or note says so (C5), which those do not get who hear of the day alone (L6).
        let others = other_admins(rules, situation, plan).into_iter();
        let admins = told(others.filter(|it| it.digest));
        if !admins.is_empty() {
            plan.answers.push(Answer::Refused(admins));
        }
        return;
    }
    let admins = match remark {
        // The author is notified as well, who would otherwise assume that it was passed on.
        Remark::PassLimit | Remark::TellLimit | Remark::OpenedByMachine | Remark::Unreachable => {
            told(reachable(rules))
        }
        // An admin who asked for it gets no copy, and would assume that it was done.
        Remark::InBothPlaces => told(reachable(rules).filter(|it| !gets_copy(&plan.answers, it))),
        // Only the author can do better.
        Remark::ThirdParty | Remark::Unclear(_) => {
            let authors = rules.staff().authors(situation.by);
            told(reachable(rules).filter(|it| authors.contains(it)))
        }
        _ => told(other_admins(rules, situation, plan)),
    };
    if !admins.is_empty() {
        plan.answers.push(Answer::Refused(admins));
    }
}

/// The admins who can be written to.
fn reachable<'a>(rules: &PlanRules<'a>) -> impl Iterator<Item = &'a Person> {
    let people = rules.people.iter();
    people.filter(|it| rules.may_write_to(it.address()))
}

/// The admins who did not write the message.
fn other_admins<'a>(rules: &PlanRules<'a>, situation: &Situation, plan: &Plan) -> Vec<&'a Person> {
    let by = situation.by;
    let staff = rules.staff();
    // A new ticket has no address that an admin could have written from.
    let signed = |it: &Person| situation.ticket.is_some() && staff.wrote(it, by);
    // Anyone can write an admin's address into From, so that admin is notified. But if it is the
    // admin's own mailbox that answers automatically, that would go on for ever (C7).
    let may_be_robot = is_over_limit(rules, situation) && !is_changed_by_stranger(situation, plan);
    // From may name an admin beside a stranger.
    let is_trusted = by.is_staff && (situation.believed || may_be_robot);
    let own = |it: &Person| {
        is_trusted && (it.addresses.iter().any(|address| by.is(address)) || signed(it))
    };
    reachable(rules).filter(|it| !own(it)).collect()
}

/// True if so much came in during the last hour that machines may have written it (C7).
fn is_over_limit(rules: &PlanRules, situation: &Situation) -> bool {
    match situation.ticket {
        None => {
            let answered = &situation.answered;
            answered.reported.of_mailbox || answered.to_mailbox > rules.ack_limit
        }
        Some(_) => situation.recent >= rules.pass_limit(),
    }
}

/// True if the message reached `address` without us.
pub(super) fn is_addressed_to(message: &Message, address: &str) -> bool {
    let people = message.to_cc();
    people
        .iter()
        .any(|p| p.address.eq_ignore_ascii_case(address))
}
