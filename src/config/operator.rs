//! Who of the desk gives a command on the shell (D4).

use super::Config;
use crate::privilege;
use crate::ticket::compose::signed_for;
use crate::ticket::person::Person;

impl Config {
    /// The one of the people of the desk who gives the command, by their login name. The only admin of a desk is
    /// whoever works on a store of their own.
    pub fn operator(&self) -> Option<&Person> {
        if let Some(only) = self.only_admin() {
            return privilege::is_own(&self.dir).then_some(only);
        }
        let mut people = self.people.iter().filter(|it| it.login.is_some());
        let first = people.next()?;
        let login = privilege::caller();
        std::iter::once(first)
            .chain(people)
            .find(|it| it.login == login)
    }

    /// The only admin of a desk that has no `[person.NAME]`: whatever anybody writes from a ticket's address counts as
    /// that admin's.
    pub fn only_admin(&self) -> Option<&Person> {
        match &self.people[..] {
            [only] if only.name.is_none() => Some(only),
            _ => None,
        }
    }

    /// The display name of mail that whoever gives the command writes from a ticket: `Steve (Support)`, or the desk's
    /// alone where nobody knows who that is.
    pub fn signed(&self) -> String {
        let known = self.operator().and_then(Person::signature);
        let own = known.map_or_else(
            || privilege::caller_name(&self.dir),
            |it| Some(it.to_owned()),
        );
        signed_for(&own.unwrap_or_default(), &self.name)
    }
}
