//! What becomes of a message that opens a ticket, and how many answers strangers get (C1, C7).

use super::notified::{notify_admins, report_remark};
use super::{Answer, Answered, Plan, PlanRules, Remark, Situation};
use crate::ticket::reach;
use mail::automatic::Degree;
use mail::decode::Mailbox;
use mail::message::Message;

pub(super) fn open(rules: &PlanRules, situation: &Situation) -> Plan {
    let mut answers = Vec::new();
    let mut remark = None;
    let author = match situation.forwarded {
        Some(Ok(forwarded)) => Some(&forwarded.submitter),
        _ => situation.by.author.as_ref(),
    };
    if *situation.degree == Degree::Person && !wants_no_ack(situation.message) {
        match author.filter(|author| reach::mail_address(&author.address).is_some()) {
            None if !rules.ack.is_never() => remark = Some(Remark::Unanswerable),
            Some(author) if may_be_acknowledged(rules, author) => {
                match limit(rules, &situation.answered) {
                    Limit::Within => answers.push(Answer::Ack(author.clone())),
                    Limit::Reached(limit) => remark = Some(limit),
                    Limit::Exceeded => {}
                }
            }
            _ => {}
        }
    }
    match situation.forwarded {
        Some(Ok(_)) => answers.extend(understood(rules, situation)),
        Some(Err(why)) => remark = Some(Remark::Unclear(*why)),
        None => {}
    }
    let mut plan = Plan {
        filed_under: None,
        apart: false,
        open: true,
        closes: false,
        reopens: false,
        answers,
        remark,
    };
    notify_admins(rules, situation, &mut plan);
    report_remark(rules, situation, &mut plan);
    plan
}

fn may_be_acknowledged(rules: &PlanRules, author: &Mailbox) -> bool {
    rules.ack.allows(&author.address) && rules.may_write_to(&author.address)
}

/// Tells whoever forwarded the message how it was understood. Somebody who wrote from the desk's own
/// address may be any admin.
fn understood(rules: &PlanRules, situation: &Situation) -> Option<Answer> {
    let authors = rules.staff().authors(situation.by).into_iter();
    let admins: Vec<String> = authors.map(|it| it.address().to_owned()).collect();
    (!admins.is_empty()).then_some(Answer::Understood(admins))
}

/// Whether a stranger may be answered (C7).
pub(super) enum Limit {
    Within,
    /// This is the first answer that is not given. It is reported once.
    Reached(Remark),
    Exceeded,
}

pub(super) fn limit(rules: &PlanRules, answered: &Answered) -> Limit {
    let Answered {
        to_mailbox,
        to_domain,
        to_all,
        reported,
    } = *answered;
    let limits = [
        (
            to_mailbox >= rules.ack_limit,
            reported.of_mailbox,
            Remark::AckLimit,
        ),
        (
            to_domain >= rules.domain_limit(),
            reported.of_domain,
            Remark::AckDomain,
        ),
        (to_all >= rules.ack_total, reported.of_all, Remark::AckTotal),
    ];
    let reached = limits.iter().filter(|(reached, ..)| *reached);
    match reached.clone().find(|(_, reported, _)| !reported) {
        Some((.., remark)) => Limit::Reached(*remark),
        None if reached.count() > 0 => Limit::Exceeded,
        None => Limit::Within,
    }
}

/// True if a field of the message asks for no acknowledgement (C11).
fn wants_no_ack(message: &Message) -> bool {
    ["X-Tickets-No-Ack", "X-Debbugs-No-Ack"].iter().any(|name| {
        let says_no = |text: String| text.trim().eq_ignore_ascii_case("no");
        message.first(name).is_some_and(|f| !says_no(f.text()))
    })
}
