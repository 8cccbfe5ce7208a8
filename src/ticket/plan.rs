//! Decides what to do with a message whose ticket is known: the address it is filed under, the
//! ticket's new state, and who is notified (sections B and C).

use super::address::{Addresses, Target, Verb};
use crate::ticket::policy::{Acknowledge, CloseBy, Notify};
use mail::automatic::Degree;
use mail::decode::Mailbox;
use mail::message::Message;

/// The part of the configuration that planning needs.
#[derive(Clone, Copy, Debug)]
pub struct PlanRules<'a> {
    pub addresses: &'a Addresses,
    pub admins: &'a [String],
    /// How admins are notified (C2).
    pub notify: Notify,
    /// Who gets an acknowledgement (C1).
    pub ack: &'a Acknowledge,
    /// Who may close a ticket (C5).
    pub close_by: CloseBy,
    /// Answers an hour to one address (C7).
    pub ack_limit: u32,
}

impl PlanRules<'_> {
    /// At this many messages in a ticket within an hour, nothing more is passed on (C7). People do not
    /// write so many.
    pub fn pass_limit(&self) -> u32 {
        self.ack_limit.saturating_mul(10)
    }
}

/// The ticket before this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub open: bool,
    /// The author of its first message.
    pub submitter: Option<Mailbox>,
    /// Addresses in From, To and Cc of its messages, in lower case.
    pub people: Vec<String>,
    /// From of its last message, in lower case.
    pub last_from: String,
}

/// A message and what is known about it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub message: &'a Message<'a>,
    /// Whether a machine wrote it.
    pub degree: &'a Degree,
    /// What the address asks for; `None` for a new ticket.
    pub verb: Option<Verb>,
    /// `None` for a new ticket.
    pub ticket: Option<&'a Ticket>,
    /// What came in during the last hour, not counting this message (C7): for a new ticket the number
    /// of tickets that its author opened, otherwise that of messages in the ticket.
    pub recent: u32,
    /// From is trusted to name the author.
    pub believed: bool,
}

/// Mail that the program sends by itself because of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The acknowledgement of a new ticket.
    Ack(Mailbox),
    /// The mail itself, to admins.
    Copy(Vec<String>),
    /// A short note to admins.
    Note(Vec<String>),
    /// An admin's mail, passed on to the submitter.
    PassOn(Mailbox),
    /// The notice that the ticket is closed.
    Closed(Mailbox),
    /// A note to admins that the message asked for something that was not done.
    Refused(Vec<String>),
}

/// Why something was not done. The admins are notified of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The author may not close the ticket (C5).
    ClosingRefused,
    /// It asks to close the ticket, but nothing proves who wrote it.
    ClosingUnproven,
    /// It is not passed on, since nothing proves that an admin wrote it (C3).
    Unproven,
    /// It is not acknowledged: its author got enough answers within the hour (C7).
    AckLimit,
    /// It is not passed on: the ticket got too many messages within the hour (C7).
    PassLimit,
}

/// What is done with a message in a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The verb of the address it is filed under; `None` for submit@.
    pub filed_under: Option<Verb>,
    /// The ticket is open afterwards.
    pub open: bool,
    /// The message closes an open ticket.
    pub closes: bool,
    /// The message re-opens a closed ticket.
    pub reopens: bool,
    /// Mail to send once the message is filed.
    pub answers: Vec<Answer>,
    pub remark: Option<Remark>,
}

pub fn plan(rules: &PlanRules, situation: &Situation) -> Plan {
    match (situation.ticket, situation.verb) {
        (Some(ticket), Some(verb)) => update(rules, situation, ticket, verb),
        _ => open(rules, situation),
    }
}

fn open(rules: &PlanRules, situation: &Situation) -> Plan {
    let mut answers = Vec::new();
    let mut remark = None;
    let message = situation.message;
    if *situation.degree == Degree::Person
        && !wants_no_ack(message)
        && let Some(author) = message.reply_to()
        && rules.ack.allows(&author.address)
        && may_write_to(rules, &author.address)
    {
        match situation.recent {
            n if n < rules.ack_limit => answers.push(Answer::Ack(author)),
            // Reported once: for the first ticket above the limit.
            n if n == rules.ack_limit => remark = Some(Remark::AckLimit),
            _ => {}
        }
    }
    notify_admins(rules, situation, &mut answers);
    report_remark(rules, situation, remark, &mut answers);
    Plan {
        filed_under: None,
        open: true,
        closes: false,
        reopens: false,
        answers,
        remark,
    }
}

fn update(rules: &PlanRules, situation: &Situation, ticket: &Ticket, verb: Verb) -> Plan {
    let automatic = situation.degree.is_automatic();
    let writer = writer(rules, situation);
    let mut plan = Plan {
        filed_under: Some(verb),
        open: ticket.open,
        closes: false,
        reopens: false,
        answers: Vec::new(),
        remark: None,
    };
    if verb == Verb::Quiet || (verb == Verb::Done && !ticket.open) {
        // B3. Closing a closed ticket files the mail and notifies nobody (C4).
        return plan;
    }
    if automatic {
        // Automatic mail is filed and the admins are notified; the address's verb is ignored (C6).
        plan.filed_under = Some(Verb::Update);
        notify_admins(rules, situation, &mut plan.answers);
        return plan;
    }
    if verb == Verb::Done {
        let may = may_close(rules, &writer, ticket);
        if may && situation.believed {
            plan.open = false;
            plan.closes = true;
            if let Some(submitter) = &ticket.submitter
                && !writer.is(&submitter.address)
                && !is_addressed_to(situation.message, &submitter.address)
                && may_write_to(rules, &submitter.address)
            {
                plan.answers.push(Answer::Closed(submitter.clone()));
            }
            notify_admins(rules, situation, &mut plan.answers);
            return plan;
        }
        plan.filed_under = Some(Verb::Update);
        plan.remark = Some(match may {
            true => Remark::ClosingUnproven,
            false => Remark::ClosingRefused,
        });
    }
    plan.reopens = !ticket.open;
    plan.open = true;
    if writer.is_staff
        && let Some(submitter) = &ticket.submitter
        && !writer.is(&submitter.address)
        && !is_addressed_to(situation.message, &submitter.address)
        && may_write_to(rules, &submitter.address)
        && !situation.message.body().trim_ascii().is_empty()
    {
        // If the admin's mailbox and the submitter's both answer automatically, each mail that is
        // passed on causes the next one.
        let over = situation.recent.checked_sub(rules.pass_limit());
        let follows_staff = is_staff(rules, &ticket.last_from);
        match over {
            _ if !situation.believed => plan.remark = plan.remark.or(Some(Remark::Unproven)),
            None => plan.answers.push(Answer::PassOn(submitter.clone())),
            // Reported once. The automatic answer to that report counts as a message as well.
            Some(0) => plan.remark = Some(Remark::PassLimit),
            Some(1) if !follows_staff => plan.remark = Some(Remark::PassLimit),
            Some(_) => {}
        }
    }
    notify_admins(rules, situation, &mut plan.answers);
    report_remark(rules, situation, plan.remark, &mut plan.answers);
    plan
}

/// The author of a message according to From.
struct Writer {
    addresses: Vec<String>,
    /// From is an admin's address or, as in the operator's mutt, a ticket's own.
    is_staff: bool,
    /// From is an address of the desk.
    is_desk: bool,
}

impl Writer {
    fn is(&self, address: &str) -> bool {
        self.addresses
            .iter()
            .any(|a| a.eq_ignore_ascii_case(address))
    }
}

fn writer(rules: &PlanRules, situation: &Situation) -> Writer {
    let authors = situation.message.from();
    let addresses: Vec<String> = authors.into_iter().map(|m| m.address).collect();
    // If there are several authors, all must be staff, or a stranger could add an admin's name.
    let is_staff = !addresses.is_empty() && addresses.iter().all(|a| is_staff(rules, a));
    let is_desk = is_staff && addresses.iter().any(|a| is_desk(rules, a));
    Writer {
        addresses,
        is_staff,
        is_desk,
    }
}

fn is_desk(rules: &PlanRules, address: &str) -> bool {
    matches!(rules.addresses.target(address), Some(Target::Ticket(..)))
}

fn is_staff(rules: &PlanRules, address: &str) -> bool {
    let is_admin = |admin: &String| admin.eq_ignore_ascii_case(address);
    is_desk(rules, address) || rules.admins.iter().any(is_admin)
}

fn may_close(rules: &PlanRules, writer: &Writer, ticket: &Ticket) -> bool {
    match rules.close_by {
        _ if writer.is_staff => true,
        CloseBy::Admins => false,
        CloseBy::Anyone => true,
        CloseBy::Participants => {
            let takes_part = |a: &String| ticket.people.contains(&a.to_lowercase());
            !writer.addresses.is_empty() && writer.addresses.iter().all(takes_part)
        }
    }
}

/// Notifies the admins who did not write the message and did not get it directly (C2).
fn notify_admins(rules: &PlanRules, situation: &Situation, answers: &mut Vec<Answer>) {
    if *situation.degree == Degree::Ours {
        // Our own mail came back. Notifying would start a loop.
        return;
    }
    let mut admins = other_admins(rules, situation);
    admins.retain(|a| !is_addressed_to(situation.message, a));
    if admins.is_empty() {
        return;
    }
    match rules.notify {
        Notify::Copy => answers.push(Answer::Copy(admins)),
        Notify::Note => answers.push(Answer::Note(admins)),
        Notify::None => {}
    }
}

/// Reports what was not done, also to admins who got the message itself, which does not say so.
fn report_remark(
    rules: &PlanRules,
    situation: &Situation,
    remark: Option<Remark>,
    answers: &mut Vec<Answer>,
) {
    let admins = match remark {
        None => return,
        // The author is notified as well, who would otherwise assume that it was passed on.
        Some(Remark::PassLimit) => {
            let admins = rules.admins.iter();
            admins.filter(|a| may_write_to(rules, a)).cloned().collect()
        }
        Some(_) => other_admins(rules, situation),
    };
    if !admins.is_empty() {
        answers.push(Answer::Refused(admins));
    }
}

/// The admins who did not write the message.
fn other_admins(rules: &PlanRules, situation: &Situation) -> Vec<String> {
    let writer = writer(rules, situation);
    // If there is only one admin, mail from the ticket's address is that admin's. A new ticket has no
    // address that the admin could have written from.
    let from_only_admin = situation.ticket.is_some() && writer.is_desk && rules.admins.len() == 1;
    // Anyone can write an admin's address into From, so that admin is notified. But if it is the
    // admin's own mailbox that answers automatically, that would go on for ever (C7).
    let is_trusted = situation.believed || is_over_limit(rules, situation);
    let own = |admin: &str| is_trusted && (writer.is(admin) || from_only_admin);
    let others = rules.admins.iter();
    let others = others.filter(|a| !own(a) && may_write_to(rules, a));
    others.cloned().collect()
}

/// True if so much came in during the last hour that machines may have written it (C7).
fn is_over_limit(rules: &PlanRules, situation: &Situation) -> bool {
    match situation.ticket {
        None => situation.recent > rules.ack_limit,
        Some(_) => situation.recent >= rules.pass_limit(),
    }
}

/// True if the message reached `address` without us.
fn is_addressed_to(message: &Message, address: &str) -> bool {
    let people = message.to_cc();
    people
        .iter()
        .any(|p| p.address.eq_ignore_ascii_case(address))
}

/// False for our own addresses: mail to those comes back.
fn may_write_to(rules: &PlanRules, address: &str) -> bool {
    rules.addresses.target(address).is_none()
}

/// True if a field of the message asks for no acknowledgement (C11).
fn wants_no_ack(message: &Message) -> bool {
    ["X-Tickets-No-Ack", "X-Debbugs-No-Ack"].iter().any(|name| {
        let says_no = |text: String| text.trim().eq_ignore_ascii_case("no");
        message.first(name).is_some_and(|f| !says_no(f.text()))
    })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
