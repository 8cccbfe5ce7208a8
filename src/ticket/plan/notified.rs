//! Which admins hear of a message (C2), and of what was not done (C3, C5, C7).

use super::{Answer, Plan, PlanRules, Remark, Situation};
use crate::ticket::address::Verb;
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
    let mut admins = other_admins(rules, situation, plan);
    admins.retain(|a| !knows(situation, plan, a) && !gets_another(&plan.answers, a));
    if admins.is_empty() {
        return;
    }
    match rules.notify {
        Notify::Copy => plan.answers.push(Answer::Copy(admins)),
        Notify::Note => plan.answers.push(Answer::Note(admins)),
        Notify::None => {}
    }
}

/// True if `admin` is the submitter and gets the message, or the notice of it, as such.
fn gets_another(answers: &[Answer], admin: &str) -> bool {
    answers.iter().any(|answer| match answer {
        Answer::PassOn(to) | Answer::Closed(to) => to.address.eq_ignore_ascii_case(admin),
        _ => false,
    })
}

/// True if `admin` gets a copy of the message, or a note about it.
fn gets_copy(answers: &[Answer], admin: &String) -> bool {
    answers.iter().any(|answer| match answer {
        Answer::Copy(to) | Answer::Note(to) => to.contains(admin),
        _ => false,
    })
}

/// True if `admin` got the message itself, and that says all there is to say.
fn knows(situation: &Situation, plan: &Plan, admin: &str) -> bool {
    let says_less =
        is_changed_by_stranger(situation, plan) || plan.remark.is_some_and(Remark::is_in_copy);
    !says_less && is_addressed_to(situation.message, admin)
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
        // The copy or note says so (C5).
        return;
    }
    let admins = match remark {
        // The author is notified as well, who would otherwise assume that it was passed on.
        Remark::PassLimit | Remark::TellLimit | Remark::OpenedByMachine | Remark::Unreachable => {
            let admins = rules.admins.iter();
            admins.filter(|a| rules.may_write_to(a)).cloned().collect()
        }
        // An admin who asked for it gets no copy, and would assume that it was done.
        Remark::InBothPlaces => {
            let admins = rules.admins.iter();
            let others = admins.filter(|a| rules.may_write_to(a) && !gets_copy(&plan.answers, a));
            others.cloned().collect()
        }
        // Only the author can do better.
        Remark::ThirdParty | Remark::Unclear(_) => {
            let own = |a: &&String| situation.by.is_desk || situation.by.is(a);
            let admins = rules.admins.iter().filter(own);
            admins.filter(|a| rules.may_write_to(a)).cloned().collect()
        }
        _ => other_admins(rules, situation, plan),
    };
    if !admins.is_empty() {
        plan.answers.push(Answer::Refused(admins));
    }
}

/// The admins who did not write the message.
fn other_admins(rules: &PlanRules, situation: &Situation, plan: &Plan) -> Vec<String> {
    let by = situation.by;
    // If there is only one admin, mail from the ticket's address is that admin's. A new ticket has no
    // address that the admin could have written from.
    let from_only_admin = situation.ticket.is_some() && by.is_desk && rules.admins.len() == 1;
    // Anyone can write an admin's address into From, so that admin is notified. But if it is the
    // admin's own mailbox that answers automatically, that would go on for ever (C7).
    let may_be_robot = is_over_limit(rules, situation) && !is_changed_by_stranger(situation, plan);
    // From may name an admin beside a stranger.
    let is_trusted = by.is_staff && (situation.believed || may_be_robot);
    let own = |admin: &str| is_trusted && (by.is(admin) || from_only_admin);
    let others = rules.admins.iter();
    let others = others.filter(|a| !own(a) && rules.may_write_to(a));
    others.cloned().collect()
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
