//! What becomes of a message whose ticket is known: under which address it is filed, whether
//! the ticket ends up open, who is told what (sections B and C).

use super::address::{Addresses, Target, Verb};
use crate::ticket::policy::{Acknowledge, CloseBy, Notify};
use mail::automatic::Degree;
use mail::decode::Mailbox;
use mail::message::Message;

/// What planning needs of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// Who is told, and may close.
    pub admins: &'a [String],
    /// C2.
    pub notify: Notify,
    /// C1.
    pub ack: &'a Acknowledge,
    /// C5.
    pub close_by: CloseBy,
    /// C7, answers an hour.
    pub ack_limit: u32,
}

impl Policy<'_> {
    /// C7: people do not write so many messages in one ticket within an hour.
    pub fn crowd(&self) -> u32 {
        self.ack_limit.saturating_mul(10)
    }
}

/// The ticket as it is before this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// It is not archived.
    pub open: bool,
    /// Who wrote first.
    pub submitter: Option<Mailbox>,
    /// Addresses in From, To and Cc of its messages, in lower case.
    pub people: Vec<String>,
    /// From of its last message, in lower case.
    pub last_from: String,
}

/// One message and what is known about it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The message.
    pub message: &'a Message<'a>,
    /// Whether a machine wrote it.
    pub degree: &'a Degree,
    /// What is asked of the ticket; `None` for a new one.
    pub verb: Option<Verb>,
    /// The ticket; `None` for a new one.
    pub ticket: Option<&'a Ticket>,
    /// What came in within the last hour, not counting this message (C7): for a new ticket the
    /// tickets that its author opened, else the messages in the ticket.
    pub recent: u32,
    /// Its From says who wrote it.
    pub believed: bool,
}

/// Mail that the program sends by itself because of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The acknowledgement of a new ticket.
    Ack(Mailbox),
    /// The mail itself to admins.
    Copy(Vec<String>),
    /// A short note to admins.
    Note(Vec<String>),
    /// An admin's mail passed on to the submitter.
    PassOn(Mailbox),
    /// The news that the ticket is closed.
    Closed(Mailbox),
    /// A remark to admins: something was asked for and not done.
    Refused(Vec<String>),
}

/// Something the admins should know beside the message itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Somebody tried to close it who may not (C5).
    ClosingRefused,
    /// Somebody tried to close it whose name nothing proves.
    ClosingUnproven,
    /// It is not passed on: nothing proves that it is an admin's (C3).
    Unproven,
    /// Its author has had enough answers for an hour (C7).
    AckLimit,
    /// The ticket has, and this message is not passed on (C7).
    PassLimit,
}

/// What is done with one message in one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What the address it is filed under asks for; `None` for submit@.
    pub filed_under: Option<Verb>,
    /// The ticket ends up open.
    pub open: bool,
    /// It was open before and is closed by this message.
    pub closes: bool,
    /// It was closed before and is open again.
    pub reopens: bool,
    /// Mail to send, once the message is filed.
    pub answers: Vec<Answer>,
    /// What admins are told beside it.
    pub remark: Option<Remark>,
}

/// Decides what becomes of a message.
pub fn plan(policy: &Policy, situation: &Situation) -> Plan {
    match (situation.ticket, situation.verb) {
        (Some(ticket), Some(verb)) => update(policy, situation, ticket, verb),
        _ => open(policy, situation),
    }
}

fn open(policy: &Policy, situation: &Situation) -> Plan {
    let mut answers = Vec::new();
    let mut remark = None;
    let message = situation.message;
    if *situation.degree == Degree::Person
        && !wants_no_ack(message)
        && let Some(author) = message.reply_to()
        && policy.ack.allows(&author.address)
        && may_be_written_to(policy, &author.address)
    {
        match situation.recent {
            n if n < policy.ack_limit => answers.push(Answer::Ack(author)),
            // Said once: at the first ticket above the limit.
            n if n == policy.ack_limit => remark = Some(Remark::AckLimit),
            _ => {}
        }
    }
    tell_admins(policy, situation, &mut answers);
    remark_to_admins(policy, situation, remark, &mut answers);
    Plan {
        filed_under: None,
        open: true,
        closes: false,
        reopens: false,
        answers,
        remark,
    }
}

fn update(policy: &Policy, situation: &Situation, ticket: &Ticket, verb: Verb) -> Plan {
    let automatic = situation.degree.is_automatic();
    let writer = writer(policy, situation);
    let mut plan = Plan {
        filed_under: Some(verb),
        open: ticket.open,
        closes: false,
        reopens: false,
        answers: Vec::new(),
        remark: None,
    };
    if verb == Verb::Quiet || (verb == Verb::Done && !ticket.open) {
        // B3; and closing what is closed files the mail and says nothing (C4).
        return plan;
    }
    if automatic {
        // It does nothing but lie there and be told (C6), whatever its address asks for.
        plan.filed_under = Some(Verb::Update);
        tell_admins(policy, situation, &mut plan.answers);
        return plan;
    }
    if verb == Verb::Done {
        let may = may_close(policy, &writer, ticket);
        if may && situation.believed {
            plan.open = false;
            plan.closes = true;
            if let Some(submitter) = &ticket.submitter
                && !writer.is(&submitter.address)
                && !names(situation.message, &submitter.address)
                && may_be_written_to(policy, &submitter.address)
            {
                plan.answers.push(Answer::Closed(submitter.clone()));
            }
            tell_admins(policy, situation, &mut plan.answers);
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
        && !names(situation.message, &submitter.address)
        && may_be_written_to(policy, &submitter.address)
        && !situation.message.body().trim_ascii().is_empty()
    {
        // The admin's mailbox may answer by itself, and so may the submitter's: each mail that
        // is passed on would bring the next one.
        let over = situation.recent.checked_sub(policy.crowd());
        let follows_staff = is_staff(policy, &ticket.last_from);
        match over {
            _ if !situation.believed => plan.remark = plan.remark.or(Some(Remark::Unproven)),
            None => plan.answers.push(Answer::PassOn(submitter.clone())),
            // Said once: the answer to what is said here counts as well.
            Some(0) => plan.remark = Some(Remark::PassLimit),
            Some(1) if !follows_staff => plan.remark = Some(Remark::PassLimit),
            Some(_) => {}
        }
    }
    tell_admins(policy, situation, &mut plan.answers);
    remark_to_admins(policy, situation, plan.remark, &mut plan.answers);
    plan
}

/// Who wrote a message, as far as its From tells.
struct Writer {
    addresses: Vec<String>,
    /// An admin, or whoever writes from the ticket's own address: the operator's mutt.
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

fn writer(policy: &Policy, situation: &Situation) -> Writer {
    let authors = situation.message.from();
    let addresses: Vec<String> = authors.into_iter().map(|m| m.address).collect();
    // Of several authors each must be staff, or a stranger could add an admin's name.
    let is_staff = !addresses.is_empty() && addresses.iter().all(|a| is_staff(policy, a));
    let is_desk = is_staff && addresses.iter().any(|a| is_desk(policy, a));
    Writer {
        addresses,
        is_staff,
        is_desk,
    }
}

fn is_desk(policy: &Policy, address: &str) -> bool {
    matches!(policy.addresses.target(address), Some(Target::Ticket(..)))
}

fn is_staff(policy: &Policy, address: &str) -> bool {
    let is_admin = |admin: &String| admin.eq_ignore_ascii_case(address);
    is_desk(policy, address) || policy.admins.iter().any(is_admin)
}

fn may_close(policy: &Policy, writer: &Writer, ticket: &Ticket) -> bool {
    match policy.close_by {
        _ if writer.is_staff => true,
        CloseBy::Admins => false,
        CloseBy::Anyone => true,
        CloseBy::Participants => {
            let takes_part = |a: &String| ticket.people.contains(&a.to_lowercase());
            !writer.addresses.is_empty() && writer.addresses.iter().all(takes_part)
        }
    }
}

/// C2: the admins who did not write it and whom it did not reach directly.
fn tell_admins(policy: &Policy, situation: &Situation, answers: &mut Vec<Answer>) {
    if *situation.degree == Degree::Ours {
        // Our own mail came back; telling would send it round once more.
        return;
    }
    let mut told = other_admins(policy, situation);
    told.retain(|a| !names(situation.message, a));
    if told.is_empty() {
        return;
    }
    match policy.notify {
        Notify::Copy => answers.push(Answer::Copy(told)),
        Notify::Note => answers.push(Answer::Note(told)),
        Notify::None => {}
    }
}

/// What no mail says by itself needs words of our own, also to those whom the mail reached.
fn remark_to_admins(
    policy: &Policy,
    situation: &Situation,
    remark: Option<Remark>,
    answers: &mut Vec<Answer>,
) {
    let told = match remark {
        None => return,
        // The writer would think that it was passed on.
        Some(Remark::PassLimit) => {
            let admins = policy.admins.iter();
            let told = admins.filter(|a| may_be_written_to(policy, a));
            told.cloned().collect()
        }
        Some(_) => other_admins(policy, situation),
    };
    if !told.is_empty() {
        answers.push(Answer::Refused(told));
    }
}

/// The admins who did not write it.
fn other_admins(policy: &Policy, situation: &Situation) -> Vec<String> {
    let writer = writer(policy, situation);
    // With one admin, mail from the ticket's address is that admin's own. A new ticket has none
    // that the admin could have written from.
    let by_the_one = situation.ticket.is_some() && writer.is_desk && policy.admins.len() == 1;
    // Somebody else may have written that name there; but a mailbox of that name which answers
    // by itself would go on for ever (C7).
    let is_theirs = situation.believed || is_crowded(policy, situation);
    let own = |admin: &str| is_theirs && (writer.is(admin) || by_the_one);
    let others = policy.admins.iter();
    let others = others.filter(|a| !own(a) && may_be_written_to(policy, a));
    others.cloned().collect()
}

/// C7: so much came in within the last hour that machines may have written it.
fn is_crowded(policy: &Policy, situation: &Situation) -> bool {
    match situation.ticket {
        None => situation.recent > policy.ack_limit,
        Some(_) => situation.recent >= policy.crowd(),
    }
}

/// True if the mail reached `address` without us.
fn names(message: &Message, address: &str) -> bool {
    let people = message.to_cc();
    people
        .iter()
        .any(|p| p.address.eq_ignore_ascii_case(address))
}

/// False for our own addresses: what is sent there comes back.
fn may_be_written_to(policy: &Policy, address: &str) -> bool {
    policy.addresses.target(address).is_none()
}

/// C11.
fn wants_no_ack(message: &Message) -> bool {
    ["X-Tickets-No-Ack", "X-Debbugs-No-Ack"].iter().any(|name| {
        let says_no = |text: String| text.trim().eq_ignore_ascii_case("no");
        message.first(name).is_some_and(|f| !says_no(f.text()))
    })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
