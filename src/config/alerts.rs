//! The alerts, from `[[alert]]` (L6).

use super::alert::{Alert, AlertKeys};
use super::explain::wrong;
use super::keys::Config;
use super::people;
use super::user::{User, expand};
use super::value::OneOrMore;
use crate::ticket::address::Addresses;
use crate::ticket::alert::AlertRule;
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
        let to: Vec<String> = (words(keys.to).into_iter())
            .map(|it| people::with_domain(it, addresses))
            .collect();
        if to.is_empty() == module.is_none() || to.iter().any(|it| it.starts_with('@')) {
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
        people::is_none_of_ours("alert.to", &to, addresses, domain_known)?;
        let events: Result<Vec<_>, String> = (words(keys.events).into_iter())
            .map(MessageKind::try_from)
            .collect();
        let mut events = events.map_err(|why| wrong("alert.events", &why))?;
        if events.is_empty() {
            events.push(MessageKind::Opened);
        }
        let when = keys.when.map(|text| text.parse()).transpose();
        let limit = keys.limit.map(|text| text.parse()).transpose();
        let zone = keys.zone.as_deref().map(TimeZone::get).transpose();
        Ok(Alert {
            to,
            module: module.map(str::to_owned),
            rule: AlertRule {
                events,
                when: when.map_err(|why: String| wrong("alert.when", &why))?,
            },
            zone: zone.map_err(|e| wrong("alert.zone", &e.to_string()))?,
            limit: limit.map_err(|why: String| wrong("alert.limit", &why))?,
            from: keys.from,
            holidays: keys.holidays.map(|file| expand(&file, me)).transpose()?,
        })
    };
    keys.into_iter().map(alert).collect()
}

fn words(key: Option<OneOrMore>) -> Vec<String> {
    key.map(|OneOrMore(words)| words).unwrap_or_default()
}
