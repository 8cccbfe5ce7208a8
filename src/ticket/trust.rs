//! Whether a message was written by whom its From names (C3, C5).
//!
//! Anybody can write any name there. Where the configuration asks for more, by naming the server
//! whose Authentication-Results it believes, a mail without a proof is a stranger's.

use super::TicketId;
use super::address::{Addresses, Target, Verb};
use mail::authres::{self, AuthResult};
use mail::message::Message;

/// What speaks for the From of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// No proof is asked for: From is believed.
    NotAsked,
    /// The author, or one who may act for the desk, handed it in.
    InPerson,
    /// The author's domain vouches for it: for what it says, and not for where it is sent.
    ByDomain,
    /// Nothing.
    Missing,
}

/// What is needed to weigh what a server has found out.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The server's name in Authentication-Results.
    pub server: &'a str,
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// Addresses of the admins.
    pub admins: &'a [String],
}

impl Witness<'_> {
    /// What the server has found out about the author of `message`.
    pub fn proof(&self, message: &Message) -> Proof {
        // Of several authors, and of several From fields, one could be anybody.
        let [author] = &message.from()[..] else {
            return Proof::Missing;
        };
        let results = authres::results(message, self.server);
        if results.iter().any(|f| self.logged_in(f, &author.address)) {
            return Proof::InPerson;
        }
        let domain = author.address.rsplit_once('@').map(|(_, d)| ascii(d));
        let by_domain = |f: &AuthResult| domain.as_deref().is_some_and(|d| vouches(f, d));
        match results.iter().any(by_domain) {
            true => Proof::ByDomain,
            false => Proof::Missing,
        }
    }

    /// True if the author had to give a password to send it: as who From names, or as an admin
    /// who writes from a ticket's address.
    fn logged_in(&self, result: &AuthResult, author: &str) -> bool {
        let Some(login) = result.property("smtp.auth") else {
            return false;
        };
        let is = |address: &str| match login.contains('@') {
            true => login.eq_ignore_ascii_case(address),
            false => {
                let own = address.rsplit_once('@');
                own.is_some_and(|(local, domain)| {
                    let mut ours = self.addresses.domains().iter();
                    login.eq_ignore_ascii_case(local)
                        && ours.any(|d| d.eq_ignore_ascii_case(domain))
                })
            }
        };
        result.passes("auth")
            && match self.addresses.target(author) {
                Some(Target::Ticket(..)) => self.admins.iter().any(|a| is(a)),
                _ => is(author),
            }
    }
}

/// True if the domain of an author, in lower case, answers for the mail.
fn vouches(result: &AuthResult, author: &str) -> bool {
    let property = |name| result.property(name).map(ascii);
    if result.passes("dmarc") {
        // The very domain that was looked at: From can be read in more than one way.
        return property("header.from").is_some_and(|from| from == author);
    }
    // RFC 6376. Who holds a domain can answer for all below it; what lies below may be somebody
    // else's, and only a list of all public suffixes would tell. And no top level domain signs.
    result.passes("dkim")
        && property("header.d").is_some_and(|d| {
            let above = || {
                author
                    .strip_suffix(d.as_str())
                    .is_some_and(|sub| sub.ends_with('.'))
            };
            d.contains('.') && (d == author || above())
        })
}

/// A domain as DNS has it (RFC 5890), in lower case.
fn ascii(domain: &str) -> String {
    let domain = domain.trim_end_matches('.');
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_ascii_lowercase())
}

impl Proof {
    /// True if From of `message` is to be believed in what was asked of ticket `id`; `None` stands
    /// for a new one.
    ///
    /// What a domain signed, anybody who got it can send once more, to wherever they like: an
    /// admin's mail to a list would close tickets. So it has to name the address itself, in To or
    /// Cc, which are signed as well.
    pub fn holds(
        self,
        message: &Message,
        addresses: &Addresses,
        asked: Option<(TicketId, Verb)>,
    ) -> bool {
        match self {
            Proof::NotAsked | Proof::InPerson => true,
            Proof::Missing => false,
            Proof::ByDomain => {
                let to_cc = message.to_cc();
                let mut named = to_cc.iter().filter_map(|m| addresses.target(&m.address));
                named.any(|target| match (target, asked) {
                    (Target::Ticket(id, verb), Some((ticket, Verb::Done))) => {
                        id == ticket && verb == Verb::Done
                    }
                    (Target::Ticket(id, _), Some((ticket, _))) => id == ticket,
                    // By its Subject, or by what it answers.
                    (Target::Submit, Some((_, verb))) => verb == Verb::Update,
                    (Target::Submit, None) => true,
                    _ => false,
                })
            }
        }
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
