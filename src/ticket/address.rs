//! The desk's own addresses: recognising and writing them.

mod form;
mod published;

use super::TicketId;
use super::digest::{self, Secret};
use mail::domain;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub use form::{AddressForm, BadForm};

/// What mail to a ticket's address asks for (B1 to B3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verb {
    /// `-quiet`: file it, notify nobody, change no state.
    Quiet,
    /// The bare address: file it.
    Update,
    /// `-submitter`: file it and pass it on to the submitter.
    Submitter,
    /// `-done`, `-close`: file it and close the ticket.
    Done,
    /// `-refused`: filed, but it had asked to close the ticket, which its author may not do. No mail
    /// can be sent to that address; the entry is filed under it, so that it can be told later.
    Refused,
    /// `-apart`: filed, but though one of the desk wrote it, it reached no customer, and so answers none (E1). No mail can
    /// be sent to that address, either.
    Apart,
}

impl Verb {
    /// The suffix of the local-part that asks for it, as we write it.
    pub fn suffix(self) -> &'static str {
        match self {
            Verb::Update => "",
            Verb::Done => "-done",
            Verb::Quiet => "-quiet",
            Verb::Submitter => "-submitter",
            Verb::Refused => "-refused",
            Verb::Apart => "-apart",
        }
    }

    fn parse(suffix: &str) -> Option<Self> {
        match suffix {
            "" => Some(Verb::Update),
            "-done" | "-close" => Some(Verb::Done),
            "-quiet" => Some(Verb::Quiet),
            "-submitter" => Some(Verb::Submitter),
            "-refused" => Some(Verb::Refused),
            "-apart" => Some(Verb::Apart),
            _ => None,
        }
    }
}

/// Which of the desk's addresses a recipient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address that opens tickets.
    Submit,
    /// `submit-for@`: opens a ticket in the name of somebody else, whose mail an admin forwards.
    SubmitFor,
    /// A ticket's address. The ticket need not exist.
    Ticket(TicketId, Verb),
    /// Has the form of a ticket's address, but a number that no ticket can have (`ticket-01@`).
    Impossible,
    /// A ticket's address that lacks the right digest, though a secret is configured.
    WrongDigest,
}

/// The desk's addresses, as configured (B10).
#[derive(Clone, Debug)]
pub struct Addresses {
    /// In lower case; the first is used in answers.
    domains: Vec<String>,
    /// No domain is configured, so every domain counts as ours: the MTA has chosen us.
    any_domain: bool,
    /// Local-parts or full addresses, in lower case.
    submit: Vec<String>,
    /// Of a ticket's local-part; used in answers.
    template: AddressForm,
    /// Those by which a ticket is found as well.
    others: Vec<AddressForm>,
    /// Makes the digests in ticket addresses; without a secret they have none.
    secret: Option<Secret>,
    /// Up to this ticket, addresses without a digest are accepted.
    plain_until: u32,
}

/// A local-part without the quotes that it need not have: with them it is the same (RFC 5321, section 4.1.2).
fn unquoted(local: &str) -> &str {
    let inner = local.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    inner
        .filter(|inner| !inner.is_empty() && inner.chars().all(plain))
        .unwrap_or(local)
}

impl Addresses {
    /// `ticket` is a template that contains `{n}` once, such as `ticket-{n}` or `help+{n}`.
    ///
    /// # Errors
    /// It is none, or addresses made from it would be ambiguous.
    pub fn new(
        domains: &[String],
        any_domain: bool,
        submit: &[String],
        ticket: &str,
    ) -> Result<Self, BadForm> {
        let addresses = Addresses {
            domains: domains.iter().map(|d| d.to_lowercase()).collect(),
            any_domain,
            submit: submit.iter().map(|s| s.to_ascii_lowercase()).collect(),
            template: AddressForm::parse(ticket)?,
            others: Vec::new(),
            secret: None,
            plain_until: 0,
        };
        match addresses.submit_like(&addresses.template) {
            Some(submit) => Err(BadForm::LooksLike(submit.to_owned())),
            None => Ok(addresses),
        }
    }

    /// Also takes mail to the addresses made from another template, such as one that was used before (B10).
    ///
    /// # Errors
    /// It is none, or addresses made from it could be mistaken for others of the desk.
    pub fn and_template(mut self, ticket: &str) -> Result<Self, BadForm> {
        let template = AddressForm::parse(ticket)?;
        if let Some(other) = self.templates().find(|it| template.is_like(it)) {
            return Err(BadForm::LooksLike(other.to_string()));
        }
        if let Some(submit) = self.submit_like(&template) {
            return Err(BadForm::LooksLike(submit.to_owned()));
        }
        self.others.push(template);
        Ok(self)
    }

    /// A local-part that opens tickets, and has the form of a ticket's, or would with what follows it.
    fn submit_like(&self, template: &AddressForm) -> Option<&str> {
        let is_like = |local: &str| {
            let tail = template.split(local).map(|(_, tail)| tail);
            tail.is_some_and(|tail| verb(tail).is_some())
        };
        let opens = |submit: &&str| {
            let local = submit.split('@').next().unwrap_or_default();
            let begins = local.starts_with(template.before.as_str());
            begins && (is_like(local) || is_like(&format!("{local}{FOR}")))
        };
        self.submit.iter().map(String::as_str).find(opens)
    }

    /// Adds digests to ticket addresses. Up to ticket `plain_until` an address may lack its digest,
    /// since such addresses are already in use.
    pub fn with_secret(self, secret: Secret, plain_until: u32) -> Self {
        Addresses {
            secret: Some(secret),
            plain_until,
            ..self
        }
    }

    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The domain used in answers.
    pub fn domain(&self) -> &str {
        self.domains.first().map_or("localhost", String::as_str)
    }

    /// All our domains, in lower case, the one used in answers first.
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Which of our addresses `address` is, in any letter case; `None` if it is not ours.
    pub fn target(&self, address: &str) -> Option<Target> {
        let (target, digest) = self.parse(address)?;
        if matches!(target, Target::Ticket(_, Verb::Refused | Verb::Apart)) {
            return None;
        }
        let (Some(secret), Target::Ticket(id, _)) = (&self.secret, target) else {
            // Without a secret, digests of an earlier one are ignored.
            return Some(target);
        };
        let is_right = match digest {
            Some(digest) => secret.matches(id, &digest),
            None => id.get() <= self.plain_until,
        };
        Some(match is_right {
            true => target,
            false => Target::WrongDigest,
        })
    }

    /// Like [`Addresses::target`], but ignores the digest: for `Delivered-To` fields, which we wrote
    /// ourselves, possibly with another secret.
    pub fn recorded(&self, address: &str) -> Option<Target> {
        self.parse(address).map(|(target, _)| target)
    }

    /// True if an address has our domain, and begins as a ticket's does. If it is none of ours all the same, whoever
    /// wrote it has made a mistake in the rest.
    pub fn begins_like_a_tickets(&self, address: &str) -> bool {
        let address = address.trim().to_ascii_lowercase();
        let Some((local, domain)) = address.rsplit_once('@') else {
            return false;
        };
        domain::in_ascii(domain).is_some_and(|domain| self.is_our_domain(&domain))
            && self.templates().any(|it| it.begins(unquoted(local)))
    }

    fn is_our_domain(&self, domain: &str) -> bool {
        self.any_domain || self.domains.iter().any(|d| ascii_domain(d) == domain)
    }

    /// Which address it is, and the digest in it.
    fn parse(&self, address: &str) -> Option<(Target, Option<String>)> {
        let plain = |target| Some((target, None));
        let address = address.trim().to_ascii_lowercase();
        let (local, domain) = match address.rsplit_once('@') {
            // No other spelling is mapped to ours (C8): the MTA may have another mailbox for it.
            Some((local, domain)) => (local, domain::in_ascii(domain)?),
            // `--recipient submit` in a shell, or an MTA that passes only the local-part.
            None => (address.as_str(), ascii_domain(self.domain())),
        };
        let local = unquoted(local);
        let is_our_domain = self.is_our_domain(&domain);
        let opens = |local: &str| {
            self.submit
                .iter()
                .any(|submit| match submit.rsplit_once('@') {
                    Some((l, d)) => l == local && ascii_domain(d) == domain,
                    None => is_our_domain && submit == local,
                })
        };
        if opens(local) {
            return plain(Target::Submit);
        }
        if local.strip_suffix(FOR).is_some_and(opens) {
            return plain(Target::SubmitFor);
        }
        if !is_our_domain {
            return None;
        }
        // An address has the form of one of them at most.
        self.templates().find_map(|template| {
            let (number, tail) = template.split(local)?;
            let (digest, verb) = verb(tail)?;
            let target = match number.parse() {
                Ok(id) => Target::Ticket(id, verb),
                Err(_) => Target::Impossible,
            };
            Some((target, digest.map(str::to_owned)))
        })
    }

    /// A ticket's address in canonical form, as used in `Delivered-To` and in answers.
    pub fn ticket(&self, id: TicketId, verb: Verb) -> String {
        self.made(&self.template, id, verb)
    }

    /// The addresses by which mail comes to a ticket, one for each template, that of answers first.
    pub fn all_of(&self, id: TicketId) -> impl Iterator<Item = String> {
        self.templates()
            .map(move |it| self.made(it, id, Verb::Update))
    }

    fn made(&self, template: &AddressForm, id: TicketId, verb: Verb) -> String {
        let (AddressForm { before, after }, suffix) = (template, verb.suffix());
        let digest = self.secret.as_ref().map(|s| format!("-{}", s.digest(id)));
        let digest = digest.unwrap_or_default();
        format!("{before}{id}{after}{digest}{suffix}@{}", self.domain())
    }

    /// The address that opens tickets, in canonical form.
    pub fn submit(&self) -> String {
        match self.submit.first() {
            Some(full) if full.contains('@') => full.clone(),
            Some(local) => format!("{local}@{}", self.domain()),
            None => format!("submit@{}", self.domain()),
        }
    }

    /// The address that opens tickets in the name of somebody else, in canonical form.
    pub fn submit_for(&self) -> String {
        let submit = self.submit();
        match submit.rsplit_once('@') {
            Some((local, domain)) => format!("{local}{FOR}@{domain}"),
            None => submit,
        }
    }

    /// The local-parts and full addresses that open tickets, as configured.
    pub fn submits(&self) -> &[String] {
        &self.submit
    }

    /// The template of tickets' local-parts in answers.
    pub fn template(&self) -> &AddressForm {
        &self.template
    }

    /// All of them, that one first.
    pub fn templates(&self) -> impl Iterator<Item = &AddressForm> {
        std::iter::once(&self.template).chain(&self.others)
    }
}

/// Ends the local-part of the address that opens tickets in the name of somebody else.
const FOR: &str = "-for";

/// The digest and the verb in what follows the number and the template; `None` if that is neither.
fn verb(tail: &str) -> Option<(Option<&str>, Verb)> {
    let (digest, suffix) = split_digest(tail);
    Some((digest, Verb::parse(suffix)?))
}

/// Splits `-k3j9x2ab-done` in two. No verb is as long as a digest.
fn split_digest(tail: &str) -> (Option<&str>, &str) {
    let word = |c: u8| c.is_ascii_digit() || c.is_ascii_lowercase();
    match tail.as_bytes().split_at_checked(1 + digest::LENGTH) {
        Some(([b'-', digits @ ..], [] | [b'-', ..])) if digits.iter().all(|&c| word(c)) => (
            Some(&tail[1..1 + digest::LENGTH]),
            &tail[1 + digest::LENGTH..],
        ),
        _ => (None, tail),
    }
}

/// A lower-case domain of the configuration in its ASCII form (RFC 5890), however it is spelt there:
/// people use other scripts, but MTAs pass on A-labels.
fn ascii_domain(domain: &str) -> Cow<'_, str> {
    match domain.is_ascii() {
        true => Cow::Borrowed(domain),
        false => idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::EMPTY)
            .unwrap_or(Cow::Borrowed(domain)),
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
