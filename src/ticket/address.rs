//! The desk's own addresses: which of them a recipient is, and how they are written.

use super::TicketId;
use serde::{Deserialize, Serialize};

/// What mail to a ticket's address asks for (B1 to B3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verb {
    /// `-quiet`: file it, tell nobody, change no state.
    Quiet,
    /// The bare address: file it.
    Update,
    /// `-submitter`: file it and pass it on to the submitter.
    Submitter,
    /// `-done`, `-close`: file it and close the ticket.
    Done,
}

impl Verb {
    /// The ending of the local-part that asks for it, as we write it.
    pub fn suffix(self) -> &'static str {
        match self {
            Verb::Update => "",
            Verb::Done => "-done",
            Verb::Quiet => "-quiet",
            Verb::Submitter => "-submitter",
        }
    }

    fn parse(suffix: &str) -> Option<Self> {
        match suffix {
            "" => Some(Verb::Update),
            "-done" | "-close" => Some(Verb::Done),
            "-quiet" => Some(Verb::Quiet),
            "-submitter" => Some(Verb::Submitter),
            _ => None,
        }
    }
}

/// Which of the desk's addresses a recipient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address that opens tickets.
    Submit,
    /// A ticket's address; whether the ticket exists is another question.
    Ticket(TicketId, Verb),
    /// Shaped like a ticket's address, with a number no ticket can have (`ticket-01@`).
    Impossible,
}

/// The desk's addresses, as configured (B10).
#[derive(Clone, Debug)]
pub struct Addresses {
    /// All domains that are ours, in lower case; the first is used in answers.
    domains: Vec<String>,
    /// Nobody said which domain is ours: the MTA that chose us knows, so all of them are.
    any_domain: bool,
    /// Local-parts or full addresses, in lower case.
    submit: Vec<String>,
    before: String,
    after: String,
}

impl Addresses {
    /// Puts the addresses together. `ticket` is a template that holds `{n}` once, such as
    /// `ticket-{n}` or `help+{n}`; `None` if it does not, or if an address made from it could
    /// not be told from the others.
    pub fn new(
        domains: &[String],
        any_domain: bool,
        submit: &[String],
        ticket: &str,
    ) -> Option<Self> {
        let (before, after) = ticket.split_once("{n}")?;
        let sound = |s: &str| {
            s.chars()
                .all(|c| c.is_ascii_graphic() && !"{}@<>()[],:;\"\\/".contains(c))
        };
        // Without something in front of it, a number could be any of the domain's users.
        if before.is_empty() || before.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if !sound(before) || !sound(after) || after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        Some(Addresses {
            domains: domains.iter().map(|d| d.to_lowercase()).collect(),
            any_domain,
            submit: submit.iter().map(|s| s.to_lowercase()).collect(),
            before: before.to_lowercase(),
            after: after.to_lowercase(),
        })
    }

    /// The domain used in answers.
    pub fn domain(&self) -> &str {
        self.domains.first().map_or("localhost", String::as_str)
    }

    /// All domains that are ours, in lower case, the one used in answers first.
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Which of our addresses `address` is, in any letter case; `None` if it is none of them.
    pub fn target(&self, address: &str) -> Option<Target> {
        let address = address.trim().to_lowercase();
        if self.submit.contains(&address) {
            return Some(Target::Submit);
        }
        let (local, domain) = match address.rsplit_once('@') {
            Some((local, domain)) => (local, domain.trim_end_matches('.')),
            // `--recipient submit` on a shell, or an MTA that hands on the local-part alone.
            None => (address.as_str(), self.domain()),
        };
        if !self.any_domain && !self.domains.iter().any(|d| d == domain) {
            return None;
        }
        if self.submit.iter().any(|s| s == local) {
            return Some(Target::Submit);
        }
        let rest = local.strip_prefix(self.before.as_str())?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let verb = Verb::parse(rest[digits..].strip_prefix(self.after.as_str())?)?;
        Some(match rest[..digits].parse() {
            Ok(id) => Target::Ticket(id, verb),
            Err(_) => Target::Impossible,
        })
    }

    /// A ticket's address in canonical form, as it stands in `Delivered-To` and in answers.
    pub fn ticket(&self, id: TicketId, verb: Verb) -> String {
        let (before, after, suffix) = (&self.before, &self.after, verb.suffix());
        format!("{before}{id}{after}{suffix}@{}", self.domain())
    }

    /// The address that opens tickets, in canonical form.
    pub fn submit(&self) -> String {
        match self.submit.first() {
            Some(full) if full.contains('@') => full.clone(),
            Some(local) => format!("{local}@{}", self.domain()),
            None => format!("submit@{}", self.domain()),
        }
    }

    /// The local-parts and full addresses that open tickets, as configured.
    pub fn submits(&self) -> &[String] {
        &self.submit
    }

    /// The part of a ticket's local-part before its number, and the part after it.
    pub fn affixes(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(submit: &[&str], ticket: &str) -> Addresses {
        let domains = ["example.org".into(), "alias.example".into()];
        let submit: Vec<String> = submit.iter().map(|s| s.to_string()).collect();
        Addresses::new(&domains, false, &submit, ticket).expect("a sound template")
    }

    #[test]
    fn recipients_are_recognised() {
        let plain = desk(&["submit", "help@other.example"], "ticket-{n}");
        let plus = desk(&["help"], "help+{n}");
        let ticket = |n, verb| Some(Target::Ticket(TicketId::new(n).unwrap(), verb));
        for (case, desk, address, want) in [
            ("B6", &plain, "submit@example.org", Some(Target::Submit)),
            (
                "letter case",
                &plain,
                "Submit@EXAMPLE.org",
                Some(Target::Submit),
            ),
            (
                "alias domain",
                &plain,
                "submit@alias.example",
                Some(Target::Submit),
            ),
            (
                "full address",
                &plain,
                "help@other.example",
                Some(Target::Submit),
            ),
            ("foreign domain", &plain, "submit@other.example", None),
            ("no domain", &plain, "submit", Some(Target::Submit)),
            (
                "root dot",
                &plain,
                "submit@example.org.",
                Some(Target::Submit),
            ),
            (
                "B1",
                &plain,
                "Ticket-12@example.org",
                ticket(12, Verb::Update),
            ),
            (
                "B2",
                &plain,
                "ticket-12-done@example.org",
                ticket(12, Verb::Done),
            ),
            (
                "B2",
                &plain,
                "ticket-12-CLOSE@example.org",
                ticket(12, Verb::Done),
            ),
            (
                "B3",
                &plain,
                "ticket-12-quiet@example.org",
                ticket(12, Verb::Quiet),
            ),
            (
                "B3",
                &plain,
                "ticket-12-submitter@example.org",
                ticket(12, Verb::Submitter),
            ),
            (
                "leading zero",
                &plain,
                "ticket-01@example.org",
                Some(Target::Impossible),
            ),
            (
                "too long",
                &plain,
                "ticket-99999999999@example.org",
                Some(Target::Impossible),
            ),
            ("another word", &plain, "ticket-12-x@example.org", None),
            ("no number", &plain, "ticket-archived@example.org", None),
            ("a lock", &plain, "ticket-1.lock@example.org", None),
            ("somebody", &plain, "steve@example.org", None),
            ("nothing", &plain, "", None),
            ("B10", &plus, "help@example.org", Some(Target::Submit)),
            (
                "B10",
                &plus,
                "help+12@example.org",
                ticket(12, Verb::Update),
            ),
            (
                "B10",
                &plus,
                "help+12-done@example.org",
                ticket(12, Verb::Done),
            ),
        ] {
            assert_eq!(desk.target(address), want, "{case}: {address}");
        }
    }

    #[test]
    fn what_is_written_is_recognised() {
        let id = TicketId::new(7).unwrap();
        for template in ["ticket-{n}", "help+{n}", "t{n}x", "Bug{n}"] {
            let desk = desk(&["submit"], template);
            assert_eq!(desk.target(&desk.submit()), Some(Target::Submit));
            for verb in [Verb::Update, Verb::Done, Verb::Quiet, Verb::Submitter] {
                let address = desk.ticket(id, verb);
                assert_eq!(
                    desk.target(&address),
                    Some(Target::Ticket(id, verb)),
                    "{address}"
                );
            }
        }
    }

    #[test]
    fn a_template_must_be_unmistakable() {
        for bad in [
            "ticket", "{n}", "a{n}b{n}", "x 1{n}", "t1{n}", "t{n}1", "a@{n}", "a/{n}",
        ] {
            let made = Addresses::new(&["x".into()], false, &["s".into()], bad);
            assert!(made.is_none(), "{bad}");
        }
    }

    #[test]
    fn without_a_configured_domain_any_is_ours() {
        let any = Addresses::new(&["vm".into()], true, &["submit".into()], "ticket-{n}").unwrap();
        assert_eq!(any.target("submit@example.org"), Some(Target::Submit));
        assert_eq!(any.submit(), "submit@vm");
    }
}
