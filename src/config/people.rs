//! The people of the desk, from `[person.NAME]` and `admins`.

use super::explain::{time_zone, wrong};
use super::keys::PersonKeys;
use super::mailbox::{is_local_part, is_mailbox};
use super::user::{User, expand};
use super::value::OneOrMore;
use crate::privilege;
use crate::ticket::address::Addresses;
use crate::ticket::hours::Hours;
use crate::ticket::person::{FullName, Person};
use crate::ticket::quiet::Quiet;
use crate::ticket::reach::{is_ours, mail_address};
use anyhow::Result;
use std::collections::BTreeMap;

/// The longest NAME, in bytes.
const LONGEST_NAME: usize = 32;

/// Those of `[person.NAME]`, in the order of their names, then one for each other address in `admins`.
///
/// # Errors
/// Status 78 for a name of another form, no address, an address or a login that two of them have, or the desk, and hours
/// that cannot be; `desk` is its name.
pub(super) fn all(
    keys: BTreeMap<String, PersonKeys>,
    admins: &[String],
    addresses: &Addresses,
    domain_known: bool,
    desk: &str,
    me: &User,
) -> Result<Vec<Person>> {
    let mut people: Vec<Person> = Vec::new();
    for (name, keys) in keys {
        let key = format!("person.{name}");
        if !is_name(&name) {
            let why = "a name has 32 ASCII letters, digits, dots, - and _ at most, and begins with a letter or digit";
            return Err(wrong(&format!("person.{name:?}"), why).into());
        }
        let quiet = quiet(&name, &keys, me)?;
        let OneOrMore(own) = keys.address.unwrap_or(OneOrMore(Vec::new()));
        if own.is_empty() {
            let why = "expected address = \"...\" or a list of addresses";
            return Err(wrong(&key, why).into());
        }
        are_addresses(&key, "address", &own)?;
        let own: Vec<String> = (own.into_iter())
            .map(|it| with_domain(it, addresses))
            .collect();
        is_none_of_ours(&key, &own, addresses, domain_known)?;
        let person = Person {
            addresses: own,
            sign: keys.sign.filter(|sign| !sign.trim().is_empty()),
            login: Some(keys.login.unwrap_or_else(|| name.clone())),
            full_name: FullName::by(privilege::full_name_of),
            digest: keys.digest,
            quiet,
            name: Some(name),
        };
        if let Some(sign) = person
            .configured_signature()
            .filter(|sign| sign.trim() == desk.trim())
        {
            let why = format!("signs as {sign:?}, which is the `name` of the desk");
            return Err(wrong(&key, &why).into());
        }
        for other in &people {
            differ(&key, &person, other)?;
        }
        people.push(person);
    }
    for address in admins {
        if !people.iter().any(|person| person.has(address)) {
            people.push(Person::with_address(address));
        }
    }
    Ok(people)
}

/// Their quiet hours.
fn quiet(name: &str, keys: &PersonKeys, me: &User) -> Result<Option<Quiet>> {
    let zone = keys.zone.as_deref();
    let no_zone = |why: &str| wrong(&format!("person.{name}.zone"), why);
    let zone = zone.map(|zone| time_zone(zone, no_zone));
    let zone = zone.transpose()?;
    let holidays = keys.holidays.as_deref();
    let holidays = holidays.map(|file| expand(file, me)).transpose()?;
    let holidays = holidays.map(|file| file.display().to_string());
    let Some(text) = &keys.quiet else {
        return Ok(None);
    };
    let no = |why: &str| wrong(&format!("person.{name}.quiet"), why);
    let hours: Hours = text.parse().map_err(|why: String| no(&why))?;
    if hours.are_endless() {
        let why = format!("{text:?} is the whole week, so that {name} would never be told");
        return Err(no(&why).into());
    }
    Ok(Some(Quiet {
        hours,
        zone,
        holidays,
    }))
}

/// True for a name that can be typed as it is, on the shell and in a log.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(plain)
}

/// Two people have nothing in common by which one could be taken for the other.
fn differ(key: &str, person: &Person, other: &Person) -> Result<()> {
    let name = other.name.as_deref().unwrap_or_default();
    let own = person.name.as_deref().unwrap_or_default();
    let why = if own.eq_ignore_ascii_case(name) {
        format!("only letter case tells it from person.{name}")
    } else if let Some(both) = person.addresses.iter().find(|it| other.has(it)) {
        format!("{both} is an address of person.{name}, too")
    } else if let Some(login) = person.login.iter().find(|_| person.login == other.login) {
        format!("{login} is the login of person.{name}, too")
    } else if person.configured_signature() == other.configured_signature() {
        let sign = person.configured_signature().unwrap_or_default();
        format!("person.{name} signs as {sign:?}, too")
    } else {
        return Ok(());
    };
    Err(wrong(key, &why).into())
}

/// Looks that mail can be sent to each of them: an address, or a local-part alone. `example` is the key of one.
///
/// # Errors
/// Status 78 for one that is none.
pub(super) fn are_addresses(key: &str, example: &str, people: &[String]) -> Result<()> {
    // An address may be well-formed and have a domain that cannot be, such as xn--a.
    let is_mailbox = |it: &str| is_mailbox(it) && mail_address(it).is_some();
    let is_odd = |it: &&String| !is_mailbox(it) && !is_local_part(it);
    match people.iter().find(is_odd) {
        None => Ok(()),
        Some(odd) => {
            let hint = format!("for example: {example} = \"you@example.org\"");
            let why = format!("{odd:?} is not an address");
            Err(wrong(key, &why).hint(hint).into())
        }
    }
}

/// An address in full; a local-part alone is one of the desk's domain.
pub(super) fn with_domain(address: String, addresses: &Addresses) -> String {
    match address.contains('@') {
        true => address,
        false => format!("{address}@{}", addresses.domain()),
    }
}

/// Looks that no mail to any of them comes back to the desk.
///
/// # Errors
/// Status 78 for an address that is the desk's own.
pub(super) fn is_none_of_ours(
    key: &str,
    people: &[String],
    addresses: &Addresses,
    domain_known: bool,
) -> Result<()> {
    let ours = |address: &&String| is_ours(addresses, address);
    // With a guessed domain, any domain counts as the desk's own.
    match people.iter().find(ours).filter(|_| domain_known) {
        None => Ok(()),
        Some(own) => {
            let why =
                format!("{own} is an address of the desk itself, so its mail would come back");
            Err(wrong(key, &why).into())
        }
    }
}
