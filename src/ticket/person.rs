//! The people of the desk: each is one admin, whichever of their addresses they write from.

use mail::domain::same_address;

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
}

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

    /// Their name in answers where their mail has none.
    pub fn signature(&self) -> Option<&str> {
        self.sign.as_deref().or(self.name.as_deref())
    }

    /// True if a mail with this display name is signed by them, alone or with the desk's name: `Steve`,
    /// `Steve (Support)`.
    pub fn signed(&self, display_name: &str) -> bool {
        let Some(own) = self.signature() else {
            return false;
        };
        let desk = display_name.strip_prefix(own);
        desk.is_some_and(|desk| desk.is_empty() || desk.starts_with(" (") && desk.ends_with(')'))
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
    }
}
