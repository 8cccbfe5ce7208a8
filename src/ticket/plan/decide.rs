//! The plan of a message: for a new ticket, or for one that is there.

use super::opening::open;
use super::update::{stays_apart, update};
use super::{Plan, PlanRules, Situation};

/// What is done with the message that `situation` describes.
pub fn plan(rules: &PlanRules, situation: &Situation) -> Plan {
    let mut plan = match (situation.ticket, situation.verb) {
        (Some(ticket), Some(verb)) => update(rules, situation, ticket, verb),
        _ => open(rules, situation),
    };
    if situation.quiet {
        plan.answers.clear();
    }
    let apart = |ticket| stays_apart(rules, situation, ticket, &plan);
    plan.apart = situation.ticket.is_some_and(apart);
    plan
}
