//! Whether From names the true author of a message (C3, C5).
//!
//! Anyone can write any address there. If the configuration names a server whose
//! Authentication-Results count, a message without a proof is treated like a stranger's.

use super::TicketId;
use super::address::{Addresses, Target, Verb};
use super::person::Person;
use mail::authres::{self, AuthResult};
use mail::domain;
use mail::message::Message;
use mail::signature;

/// What proves that the From of a message is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The configuration requires no proof, so From is believed.
    NotRequired,
    /// The author, or somebody who may act for the desk, submitted it after logging in.
    LoggedIn,
    /// The author's domain vouches for the content, but not for where it is sent.
    ByDomain,
    Missing,
}

/// Reads proofs from the Authentication-Results (RFC 8601) of a trusted server.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'a> {
    /// The server's name in Authentication-Results.
    pub server: &'a str,
    pub addresses: &'a Addresses,
    pub people: &'a [Person],
}

impl Verifier<'_> {
    /// What the server found out about the author of `message`.
    pub fn proof(&self, message: &Message) -> Proof {
        // With several authors or several From fields, the proof may be that of another one.
        let [author] = &message.from()[..] else {
            return Proof::Missing;
        };
        let results = authres::results(message, self.server);
        if results.iter().any(|f| self.logged_in(f, &author.address)) {
            return Proof::LoggedIn;
        }
        let domain = author.address.rsplit_once('@').map(|(_, d)| d);
        let domain = domain.and_then(domain::in_ascii);
        let by_domain = |f: &AuthResult| domain.as_deref().is_some_and(|d| vouches(f, d));
        // Whatever else passed, the domain's own policy says no.
        let denied = results
            .iter()
            .any(|f| f.method == "dmarc" && f.result == "fail");
        match results.iter().any(by_domain) && !denied {
            true => Proof::ByDomain,
            false => Proof::Missing,
        }
    }

    /// True if the message was submitted with a password (SMTP AUTH) by the person in From, or by an
    /// admin who writes from a ticket's address.
    fn logged_in(&self, result: &AuthResult, author: &str) -> bool {
        let Some(login) = result.login("smtp.auth") else {
            return false;
        };
        let is = |address: &str| match login.contains('@') {
            true => domain::same_address(login, address),
            false => {
                let own = address.rsplit_once('@');
                own.is_some_and(|(local, domain)| {
                    let mut ours = self.addresses.domains().iter();
                    login.eq_ignore_ascii_case(local) && ours.any(|d| domain::same(d, domain))
                })
            }
        };
        result.passes("auth")
            && match self.addresses.target(author) {
                Some(Target::Ticket(..)) => {
                    self.people.iter().flat_map(|p| &p.addresses).any(|a| is(a))
                }
                _ => is(author),
            }
    }
}

/// True if `result` shows that the author's domain (in A-labels and lower case) vouches for the mail.
fn vouches(result: &AuthResult, author: &str) -> bool {
    if result.passes("dmarc") {
        // DMARC must have checked the same domain: From can be parsed in more than one way.
        return result
            .domain("header.from")
            .is_some_and(|from| from == author);
    }
    // RFC 6376. A domain may sign for its subdomains. A subdomain may not sign for its parent, since it
    // can belong to somebody else; only a list of all public suffixes would tell. Top-level domains do
    // not sign.
    result.passes("dkim")
        && result.domain("header.d").is_some_and(|d| {
            let above = || {
                author
                    .strip_suffix(&*d)
                    .is_some_and(|sub| sub.ends_with('.'))
            };
            d.contains('.') && (d == author || above())
        })
}

/// What a message asks of a ticket that is there.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub ticket: TicketId,
    pub verb: Verb,
    /// A recipient names the ticket; else its Subject led to it, or what it answers.
    pub by_address: bool,
}

/// The fields that lead from submit@ to a ticket.
const LEADS: [&str; 3] = ["Subject", "In-Reply-To", "References"];

/// Which of our addresses To and Cc name, as far as the signatures cover them.
fn signed_targets(message: &Message, addresses: &Addresses) -> impl Iterator<Item = Target> {
    let signed = ["To", "Cc"].into_iter();
    let signed = signed.filter(|name| signature::all_cover(message, name));
    let people = signed.flat_map(|name| message.mailboxes(name));
    people.filter_map(|m| addresses.target(&m.address))
}

impl Proof {
    /// True if From of `message` is to be believed for opening a ticket for somebody else at `target`, so that
    /// nobody can send on to submit-for@ what went to submit@.
    pub fn covers_forwarding(
        self,
        message: &Message,
        addresses: &Addresses,
        target: Target,
    ) -> bool {
        match self {
            Proof::NotRequired | Proof::LoggedIn => true,
            Proof::Missing => false,
            Proof::ByDomain => signed_targets(message, addresses).any(|signed| signed == target),
        }
    }

    /// True if From of `message` is to be believed for what was asked of a ticket. `asked` is `None`
    /// for a new ticket.
    ///
    /// Anyone who gets a signed mail can send it again to any address: an admin's mail to a mailing
    /// list could close tickets. So To or Cc must name the address itself, and be signed as well: they
    /// could be added to a mail that has none. Likewise with what leads from submit@ to a ticket.
    pub fn covers(self, message: &Message, addresses: &Addresses, asked: Option<Asked>) -> bool {
        match self {
            Proof::NotRequired | Proof::LoggedIn => true,
            Proof::Missing => false,
            Proof::ByDomain => {
                let mut named = signed_targets(message, addresses);
                let leads_there = || {
                    let mut leads = LEADS
                        .iter()
                        .filter(|name| message.all(name).next().is_some());
                    leads.all(|name| signature::all_cover(message, name))
                };
                named.any(|target| match (target, asked) {
                    (Target::Ticket(id, verb), Some(asked)) => {
                        let goes_far = matches!(asked.verb, Verb::Done | Verb::Submitter);
                        id == asked.ticket && (verb == asked.verb || !goes_far)
                    }
                    (Target::Submit, Some(asked)) => {
                        asked.verb == Verb::Update && !asked.by_address && leads_there()
                    }
                    (Target::Submit | Target::SubmitFor, None) => true,
                    _ => false,
                })
            }
        }
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
