//! The alerts, from `[[alert]]` (L6).

use super::alert::{Alert, AlertKeys};
use super::explain::wrong;
use super::keys::Config;
use super::people;
use super::user::{User, expand};
use super::value::OneOrMore;
use crate::ticket::address::Addresses;
use crate::ticket::alert::{AlertRule, PerHour};
use crate::ticket::kind::MessageKind;
use anyhow::Result;
use jiff::tz::TimeZone;

/// The part that alerts are.
pub const ALERTS: &str = "alerts";

impl Config {
    /// The alerts that are given: all of them, or none if the part is off.
    pub fn alerts_on(&self) -> &[Alert] {
        let is_off = !self.alerts.is_empty() && self.parts_off.iter().any(|part| part == ALERTS);
        match is_off {
            true => &[],
            false => &self.alerts,
        }
    }
}

/// All of them.
///
/// # Errors
/// Status 78 for one that cannot be used.
pub(super) fn all(
    keys: Vec<AlertKeys>,
    addresses: &Addresses,
    domain_known: bool,
    me: &User,
) -> Result<Vec<Alert>> {
    let alert = |keys: AlertKeys| -> Result<Alert> {
        let kind = keys.kind.as_deref().unwrap_or("mail");
        let module = kind.strip_prefix("module:");
        if kind != "mail" && !module.is_some_and(crate::module::is_name) {
            let why = format!("{kind:?} is neither \"mail\" nor \"module:NAME\"");
            return Err(wrong("alert.kind", &why).into());
        }
        let to = words(keys.to);
        if to.is_empty() == module.is_none() {
            let why = match module {
                None => "expected to = \"...\", the address that is alerted",
                Some(_) => "a module is told, and not an address",
            };
            return Err(wrong("alert.to", why).into());
        }
        if module.is_some() && (keys.limit.is_some() || keys.from.is_some()) {
            let why = "limit and from are for mail; a module has settings of its own";
            return Err(wrong("alert.kind", why).into());
        }
        let mailboxes = |key: &str, named: Vec<String>| -> Result<Vec<String>> {
            people::are_addresses(&format!("alert.{key}"), key, &named)?;
            let named = named.into_iter();
            let full: Vec<String> = named.map(|it| people::with_domain(it, addresses)).collect();
            people::is_none_of_ours(&format!("alert.{key}"), &full, addresses, domain_known)?;
            Ok(full)
        };
        let to = mailboxes("to", to)?;
        let from = mailboxes("from", keys.from.into_iter().collect())?;
        let events = keys.events.map_or_else(
            || Ok(vec![MessageKind::Opened]),
            |OneOrMore(names)| names.into_iter().map(MessageKind::try_from).collect(),
        );
        let events: Vec<MessageKind> = events.map_err(|why: String| wrong("alert.events", &why))?;
        if events.is_empty() {
            let why = "expected one at least, or nobody is ever alerted";
            return Err(wrong("alert.events", why).into());
        }
        let when = keys.when.map(|text| text.parse()).transpose();
        let limit = keys
            .limit
            .map_or(Ok(PerHour::default()), |text| text.parse());
        let limit = limit.map_err(|why: String| wrong("alert.limit", &why))?;
        let zone = keys.zone.as_deref().map(TimeZone::get).transpose();
        Ok(Alert {
            to,
            module: module.map(str::to_owned),
            rule: AlertRule {
                events,
                when: when.map_err(|why: String| wrong("alert.when", &why))?,
            },
            zone: zone.map_err(|e| wrong("alert.zone", &e.to_string()))?,
            limit: module.is_none().then_some(limit),
            from: from.into_iter().next(),
            holidays: keys.holidays.map(|file| expand(&file, me)).transpose()?,
        })
    };
    keys.into_iter().map(alert).collect()
}

fn words(key: Option<OneOrMore>) -> Vec<String> {
    key.map(|OneOrMore(words)| words).unwrap_or_default()
}

#[cfg(test)]
#[path = "alerts_tests.rs"]
mod tests;
