//! Text that anybody may read, though it speaks of tickets whose addresses are secret (C8).

use super::{AddressForm, Addresses, Verb};
use crate::ticket::TicketId;
use crate::ticket::digest::{self, Secret};
use std::borrow::Cow;

impl Addresses {
    /// The mail address of a ticket, if it may be published: without a secret, since then anybody can
    /// guess it.
    pub fn published_ticket(&self, id: TicketId) -> Option<String> {
        match self.secret {
            None => Some(self.ticket(id, Verb::Update)),
            Some(_) => None,
        }
    }

    /// `text` without the digests of ticket addresses: `ticket-12-k3j9x2ab@` becomes `ticket-12@`.
    /// Without a secret it stays as it is.
    ///
    /// What has the form of an address is cut even if the digest is one of an earlier secret, so that
    /// the text stays the same when the secret is changed.
    pub fn published<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(secret) = &self.secret else {
            return Cow::Borrowed(text);
        };
        let mut text = Cow::Borrowed(text);
        for template in self.templates() {
            if let Cow::Owned(cut) = without_digests(&text, template, secret) {
                text = Cow::Owned(cut);
            }
        }
        text
    }

    /// Like [`Addresses::published`], for text about a ticket: the digest is not in it by itself, either.
    pub fn published_of(&self, id: TicketId, text: &str) -> String {
        let text = self.published(text);
        let Some(secret) = &self.secret else {
            return text.into_owned();
        };
        let digest = secret.digest(id);
        let (lower, mut kept, mut done) = (text.to_ascii_lowercase(), String::new(), 0);
        for (at, found) in lower.match_indices(&digest) {
            kept.push_str(&text[done..at]);
            kept.push('…');
            done = at + found.len();
        }
        kept + &text[done..]
    }
}

/// `text` without the digests in addresses made from one template.
fn without_digests<'t>(text: &'t str, template: &AddressForm, secret: &Secret) -> Cow<'t, str> {
    // Its bytes stand where those of `text` do.
    let lower = text.to_ascii_lowercase();
    let (mut kept, mut done, mut from) = (String::new(), 0, 0);
    while let Some(found) = lower[from..].find(&template.before) {
        let number = from + found + template.before.len();
        // The template may begin with the same letter twice.
        from += found + 1;
        let digits = lower[number..].bytes().take_while(u8::is_ascii_digit);
        let after = number + digits.count();
        let Ok(id) = lower[number..after].parse::<TicketId>() else {
            continue;
        };
        let begins = after + template.after.len();
        let Some(tail) = lower[after..].strip_prefix(template.after.as_str()) else {
            continue;
        };
        let Some((word, rest)) = digest_of(tail) else {
            continue;
        };
        if secret.matches(id, word) || rest.starts_with(['@', '-']) {
            kept.push_str(&text[done..begins]);
            done = begins + 1 + digest::LENGTH;
            from = done;
        }
    }
    match done {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(kept + &text[done..]),
    }
}

/// The digest that `tail`, what follows a ticket's number, begins with, and what follows it.
fn digest_of(tail: &str) -> Option<(&str, &str)> {
    let (word, rest) = tail.strip_prefix('-')?.split_at_checked(digest::LENGTH)?;
    let plain = |c: u8| c.is_ascii_digit() || c.is_ascii_lowercase();
    word.bytes().all(plain).then_some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(template: &str) -> Addresses {
        let domain = ["example.org".to_owned()];
        Addresses::new(&domain, false, &["submit".into()], template).unwrap()
    }

    fn secret() -> Secret {
        Secret::new(b"0123456789abcdef").unwrap()
    }

    /// (C8) The digests are those of `digest.rs`.
    #[test]
    fn no_digest_is_published() {
        let table = [
            ("ticket-12-22t6j7hw@example.org", "ticket-12@example.org"),
            ("<TICKET-12-22T6J7HW-done@x.org>", "<TICKET-12-done@x.org>"),
            ("Re: ticket-12-22t6j7hw", "Re: ticket-12"),
            (
                "ticket-1-77ak8qyc, ticket-12-22t6j7hw!",
                "ticket-1, ticket-12!",
            ),
            ("ticket-12-22t6j7hwx", "ticket-12x"),
            (
                "mailto:ticket-12-22t6j7hw@example.org?x",
                "mailto:ticket-12@example.org?x",
            ),
            // Of an earlier secret.
            ("ticket-12-k3j9x2ab@example.org", "ticket-12@example.org"),
            (
                "ticket-12-k3j9x2ab-quiet@example.org",
                "ticket-12-quiet@example.org",
            ),
            // No address, and no digest of ours.
            ("see ticket-12-printing", "see ticket-12-printing"),
            ("ticket-12-22t6", "ticket-12-22t6"),
            ("ticket-12-22t6j7h\u{e9}", "ticket-12-22t6j7h\u{e9}"),
            ("ticket-\u{e9}12-22t6j7hw", "ticket-\u{e9}12-22t6j7hw"),
            ("ticket-ticket-12-22t6j7hw", "ticket-ticket-12"),
            ("", ""),
        ];
        let with = addresses("ticket-{n}").with_secret(secret(), 0);
        let without = addresses("ticket-{n}");
        for (text, want) in table {
            assert_eq!(with.published(text), want);
            assert_eq!(without.published(text), text);
            assert_eq!(without.published_of(TicketId::new(12).unwrap(), text), text);
        }
        let of = |n, text: &str| with.published_of(TicketId::new(n).unwrap(), text);
        assert_eq!(of(12, "its word is 22T6j7hw."), "its word is ….");
        assert_eq!(of(1, "its word is 22t6j7hw."), "its word is 22t6j7hw.");
        let odd = addresses("hh+{n}.x").with_secret(secret(), 0);
        assert_eq!(odd.published("hhh+12.x-22t6j7hw@x"), "hhh+12.x@x");
        let several = addresses("case-{n}").and_template("ticket-{n}").unwrap();
        let text = "case-12-22t6j7hw, Ticket-12-22t6j7hw; case-12-k3j9x2ab@x";
        assert_eq!(several.published(text), text);
        let several = several.with_secret(secret(), 0);
        assert_eq!(several.published(text), "case-12, Ticket-12; case-12@x");
    }
}
