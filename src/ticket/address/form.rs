//! The templates of tickets' addresses, and which of them could be mistaken for one another.

/// A template of the local-part of a ticket's address, such as `ticket-{n}`; both parts in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressForm {
    /// The part before the number; it is not empty, and ends in no digit.
    pub before: String,
    /// The part after the number, which begins with no digit.
    pub after: String,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadForm {
    /// It does not contain `{n}` once, or addresses made from it would be ambiguous.
    NoTemplate,
    /// An address made from it could also be this one, or be made from this other template.
    LooksLike(String),
}

impl AddressForm {
    pub(super) fn parse(text: &str) -> Result<Self, BadForm> {
        let (before, after) = text.split_once("{n}").ok_or(BadForm::NoTemplate)?;
        let valid = |s: &str| {
            s.chars()
                .all(|c| c.is_ascii_graphic() && !"{}@<>()[],:;\"\\/".contains(c))
        };
        // A bare number could be a user of the domain.
        let ends = before.is_empty() || before.ends_with(|c: char| c.is_ascii_digit());
        if ends
            || !valid(before)
            || !valid(after)
            || after.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(BadForm::NoTemplate);
        }
        Ok(AddressForm {
            before: before.to_ascii_lowercase(),
            after: after.to_ascii_lowercase(),
        })
    }

    /// What stands before a ticket's number in a local-part, the number, and what follows both; `None` if the local-part
    /// has another form.
    pub(super) fn split<'l>(&self, local: &'l str) -> Option<(&'l str, &'l str)> {
        let rest = local.strip_prefix(self.before.as_str())?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let tail = rest[digits..].strip_prefix(self.after.as_str())?;
        Some((&rest[..digits], tail))
    }

    /// True if an address may have the form of both: one of them goes on, where the other has its number, with a digit,
    /// or behind that number with what may be a digest or a verb.
    pub(super) fn is_like(&self, other: &AddressForm) -> bool {
        let goes_on = |long: &str, short: &str, with: fn(char) -> bool| {
            let rest = long.strip_prefix(short);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(with))
        };
        let either = |a: &str, b: &str, with| goes_on(a, b, with) || goes_on(b, a, with);
        match self.before == other.before {
            true => either(&self.after, &other.after, |c| c == '-'),
            false => either(&self.before, &other.before, |c| c.is_ascii_digit()),
        }
    }

    /// True if a local-part begins as a ticket's does.
    pub(super) fn begins(&self, local: &str) -> bool {
        let rest = local.strip_prefix(self.before.as_str());
        // `ticket-` ends by itself. What begins like this and has a number further on may be of another template.
        let ends = !self.before.ends_with(|c: char| c.is_alphanumeric());
        let digit = |c: char| c.is_ascii_digit();
        rest.is_some_and(|rest| rest.starts_with(digit) || ends && !rest.contains(digit))
    }
}

impl std::fmt::Display for AddressForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{{n}}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::TicketId;
    use crate::ticket::address::{Addresses, Target, Verb};
    use crate::ticket::digest::Secret;

    fn desk(submit: &[&str], ticket: &str) -> Addresses {
        let domains = ["example.org".into(), "alias.example".into()];
        let submit: Vec<String> = submit.iter().map(ToString::to_string).collect();
        Addresses::new(&domains, false, &submit, ticket).unwrap()
    }

    #[test]
    fn each_of_several_templates_leads_to_the_ticket_and_the_first_is_written() {
        // B1, B2, B10
        let several = desk(&["submit"], "case-{n}");
        let several = several.and_template("ticket-{n}").unwrap();
        let several = several.and_template("T{n}x").unwrap();
        let id = TicketId::new(12).unwrap();
        assert_eq!(several.ticket(id, Verb::Done), "case-12-done@example.org");
        let key = Secret::new(b"0123456789abcdef").unwrap();
        let secret = several.clone().with_secret(key, 0);
        let plain = several.clone();
        let ticket = |verb| Some(Target::Ticket(id, verb));
        let table = [
            (&plain, "Case-12@example.org", ticket(Verb::Update)),
            (&plain, "ticket-12-done@alias.example", ticket(Verb::Done)),
            (&plain, "ticket-012@example.org", Some(Target::Impossible)),
            (&plain, "t12x-quiet@example.org", ticket(Verb::Quiet)),
            (&plain, "t12@example.org", None),
            (&plain, "cases-12@example.org", None),
            (&plain, "ticket-12@elsewhere.example", None),
            (&secret, "ticket-12@example.org", Some(Target::WrongDigest)),
            (
                &secret,
                "ticket-12-22t6j7hw@example.org",
                ticket(Verb::Update),
            ),
            (
                &secret,
                "t12x-22t6j7hw-done@example.org",
                ticket(Verb::Done),
            ),
            (
                &secret,
                "ticket-12-22t6j7hx@example.org",
                Some(Target::WrongDigest),
            ),
        ];
        for (desk, address, want) in table {
            assert_eq!(desk.target(address), want, "{address}");
        }
        assert!(plain.begins_like_a_tickets("ticket-x@example.org"));
        assert!(plain.begins_like_a_tickets("case-x@example.org"));
        assert!(!plain.begins_like_a_tickets("bug-x@example.org"));
    }

    #[test]
    fn templates_must_not_be_mistaken_for_one_another_or_for_submit() {
        // B10
        let table = [
            ("ticket-{n}", "TICKET-{n}", "ticket-{n}"),
            ("t{n}", "t{n}-done", "t{n}"),
            ("t{n}-done", "t{n}", "t{n}-done"),
            ("t{n}", "t1x{n}", "t{n}"),
            ("t1x{n}", "t{n}", "t1x{n}"),
            ("case-{n}", "help-{n}", "help-1"),
            ("case-{n}", "help-{n}-for", "help-1"),
            ("case-{n}", "desk{n}", "desk7-done@example.org"),
        ];
        for (first, second, like) in table {
            let submit = ["submit", "help-1", "desk7-done@example.org"];
            let made = desk(&submit, first).and_template(second);
            assert_eq!(
                made.err(),
                Some(BadForm::LooksLike(like.into())),
                "{second}"
            );
        }
        let submit = ["help-1".to_owned()];
        let made = Addresses::new(&["x".into()], false, &submit, "help-{n}");
        assert_eq!(made.err(), Some(BadForm::LooksLike("help-1".into())));
        for (first, second) in [
            ("ticket-{n}", "case-{n}"),
            ("t{n}", "tt{n}"),
            ("t{n}", "t{n}x"),
            ("t{n}-x", "t{n}-y"),
            ("help+{n}", "help{n}"),
        ] {
            assert!(
                desk(&["help"], first).and_template(second).is_ok(),
                "{second}"
            );
        }
    }
}
