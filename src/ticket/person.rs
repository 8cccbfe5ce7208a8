//! The people of the desk: each is one admin, whichever of their addresses they write from.

use super::quiet::Quiet;
use mail::domain::same_address;
use std::sync::OnceLock;

/// One of the people of the desk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The NAME of `[person.NAME]`; `None` for an address that only `admins` names.
    pub name: Option<String>,
    /// All their addresses, the first of which gets what they are to be told.
    pub addresses: Vec<String>,
    /// Their name in answers, if it is not that of their mail.
    pub sign: Option<String>,
    /// The user as whom they work on the shell.
    pub login: Option<String>,
    /// That user's full name.
    pub full_name: FullName,
    /// They hear once a day what it brought, and get no copies.
    pub digest: bool,
    /// When they are not written to.
    pub quiet: Option<Quiet>,
}

/// The full name of a login. It is looked up when it is first wanted: few mails need it, and the user database may be far
/// away.
#[derive(Clone, Debug, Default)]
pub struct FullName {
    look_up: Option<fn(&str) -> Option<String>>,
    known: OnceLock<Option<String>>,
}

impl FullName {
    /// What `look_up` finds for a login.
    pub fn by(look_up: fn(&str) -> Option<String>) -> FullName {
        FullName {
            look_up: Some(look_up),
            known: OnceLock::new(),
        }
    }

    fn of(&self, login: &str) -> Option<&str> {
        let found = self
            .known
            .get_or_init(|| self.look_up.and_then(|it| it(login)));
        found.as_deref()
    }
}

/// It says nothing of who somebody is that their login does not.
impl PartialEq for FullName {
    fn eq(&self, _: &FullName) -> bool {
        true
    }
}

impl Eq for FullName {}

impl Person {
    /// The admin with this address, of whom nothing else is known.
    pub fn with_address(address: &str) -> Person {
        Person {
            addresses: vec![address.to_owned()],
            ..Person::default()
        }
    }

    /// Where they are told.
    pub fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    /// True if `address` is theirs as it stands: no spelling is mapped to it (C8).
    pub fn has(&self, address: &str) -> bool {
        self.addresses.iter().any(|own| same_address(own, address))
    }

    /// Their name in answers where their mail has none: `sign`, else the full name of their login, else NAME.
    pub fn signature(&self) -> Option<&str> {
        let full_name = || self.full_name.of(self.login.as_deref()?);
        let sign = self.sign.as_deref();
        sign.or_else(full_name).or(self.name.as_deref())
    }

    /// That name as far as the configuration has it.
    pub fn configured_signature(&self) -> Option<&str> {
        self.sign.as_deref().or(self.name.as_deref())
    }

    /// True if a mail with this display name is signed by them, alone or with the desk's name: `Steve`,
    /// `Steve (Support)`.
    pub fn signed(&self, display_name: &str) -> bool {
        let is_by = |own: &str| {
            let desk = display_name.strip_prefix(own);
            desk.is_some_and(|desk| {
                desk.is_empty() || desk.starts_with(" (") && desk.ends_with(')')
            })
        };
        // The user database may know more, or less, than when the mail was written.
        self.configured_signature().is_some_and(is_by) || self.signature().is_some_and(is_by)
    }
}

/// Where each of them is told.
pub fn first_addresses(people: &[Person]) -> Vec<String> {
    people.iter().map(|it| it.address().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_signs_alone_or_for_the_desk() {
        let person = |name: Option<&str>, sign: Option<&str>| Person {
            name: name.map(str::to_owned),
            sign: sign.map(str::to_owned),
            ..Person::with_address("steve@d.org")
        };
        for (name, sign, display_name, want) in [
            (Some("steve"), None, "steve", true),
            (Some("steve"), None, "steve (Support)", true),
            (Some("steve"), None, "steven", false),
            (Some("steve"), None, "steve Miller (Support)", false),
            (Some("steve"), Some("Steve"), "steve", false),
            (Some("steve"), Some("Steve"), "Steve (Support)", true),
            (Some("steve"), Some("Steve"), "Steve (Support", false),
            (Some("steve"), Some("Steve"), "Support", false),
            (None, None, "", false),
            (None, None, "Support", false),
        ] {
            let signed = person(name, sign).signed(display_name);
            assert_eq!(signed, want, "{name:?} {sign:?} {display_name}");
        }
        // The full name of the login counts where there is no other.
        let look_up = |login: &str| (login == "s").then(|| "Steve Miller".to_owned());
        let full = |sign: Option<&str>, login: &str| Person {
            login: Some(login.to_owned()),
            full_name: FullName::by(look_up),
            ..person(Some("steve"), sign)
        };
        for (sign, login, want) in [
            (None, "s", "Steve Miller"),
            (None, "t", "steve"),
            (Some("St."), "s", "St."),
        ] {
            let person = full(sign, login);
            assert_eq!(person.signature(), Some(want));
            assert!(person.signed(&format!("{want} (Support)")));
            assert!(!person.signed("Steve Öhm (Support)"));
        }
        assert!(full(None, "s").signed("steve (Support)"));
    }
}
