//! The alerts, from `[[alert]]` (L6).

use super::alert::{Alert, AlertKeys, BadAlerts};
use super::explain::{known, time_zone, wrong};
use super::keys::Config;
use super::lines::place;
use super::people;
use super::user::{User, expand};
use super::value::OneOrMore;
use crate::error::{self, Fault, Status, wrong_value};
use crate::module::Switched;
use crate::ticket::address::Addresses;
use crate::ticket::alert::{AlertRule, PerHour};
use crate::ticket::identity;
use crate::ticket::kind::MessageKind;
use anyhow::Result;
use serde_json::Value;
use std::path::Path;

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

    /// True if some `[[alert]]` says what this module is to be told of, be it one that cannot be used.
    pub fn alerts_name(&self, module: &str) -> bool {
        let mut good = self.alerts.iter().filter_map(|it| it.module.as_deref());
        let mut bad = self.bad_alerts.modules.iter();
        good.any(|name| name == module) || bad.any(|name| name == module)
    }

    /// Says no where one of them is left out, since it cannot be used.
    ///
    /// # Errors
    /// Status 78, with its number and its key.
    pub fn expect_alerts(&self) -> Result<()> {
        match &self.bad_alerts.first {
            Some(fault) => Err(fault.clone().into()),
            None => Ok(()),
        }
    }
}

/// All that can be used, and those that cannot. These keep no mail waiting.
pub(super) fn all(
    keys: Option<Value>,
    file: Option<&Path>,
    addresses: &Addresses,
    domain_known: bool,
    modules: &[Switched],
    me: &User,
) -> (Vec<Alert>, BadAlerts) {
    let alert = |key: String, keys: AlertKeys| -> Result<Alert> {
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
        let of_mail = [
            ("limit", "limit", keys.limit.is_some()),
            ("from", "sender", keys.from.is_some()),
        ];
        if let Some(module) = module
            && let Some((key, what, _)) = of_mail.into_iter().find(|(_, _, is_there)| *is_there)
        {
            let why = format!("a module has no {what} here: it is for mail");
            let hint =
                format!("leave it out; a module has settings of its own, in [module.{module}]");
            return Err(wrong(&format!("alert.{key}"), &why).hint(hint).into());
        }
        let mailboxes = |key: &str, named: Vec<String>| -> Result<Vec<String>> {
            people::are_addresses(&format!("alert.{key}"), key, &named)?;
            let named = named.into_iter();
            let full: Vec<String> = named.map(|it| people::with_domain(it, addresses)).collect();
            people::is_none_of_ours(&format!("alert.{key}"), &full, addresses, domain_known)?;
            Ok(full)
        };
        let short = to.iter().filter(|it| !it.contains('@')).cloned().collect();
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
        let zone = keys.zone.as_deref();
        let zone = zone.map(|name| time_zone(name, |why| wrong("alert.zone", why)));
        let zone = zone.transpose()?;
        Ok(Alert {
            key,
            to,
            short,
            module: module.map(str::to_owned),
            rule: AlertRule {
                events,
                when: when.map_err(|why: String| wrong("alert.when", &why))?,
            },
            zone,
            limit: module.is_none().then_some(limit),
            from: from.into_iter().next(),
            holidays: keys.holidays.map(|file| expand(&file, me)).transpose()?,
        })
    };
    let tables = match keys {
        None => Vec::new(),
        Some(Value::Array(tables)) => tables,
        Some(other) => vec![other],
    };
    let (mut good, mut bad) = (Vec::new(), BadAlerts::default());
    let mut seen = Vec::new();
    for (number, table) in (1..).zip(tables) {
        let modules = modules_named(&table, modules);
        let key = key(&table, &mut seen);
        match read(table).and_then(|keys| alert(key, keys)) {
            Ok(alert) => good.push(alert),
            Err(e) => {
                let fault = || of_number(number, file, &modules, &e);
                bad.first = bad.first.or_else(|| Some(fault()));
                bad.modules.extend(modules);
            }
        }
    }
    (good, bad)
}

/// The key of a table, made of what it says but for its limit: what was counted stays where it is when that is changed, or
/// another table is written above it. Of several that say the same, each has another.
fn key(table: &Value, seen: &mut Vec<String>) -> String {
    let mut said = table.clone();
    if let Value::Object(keys) = &mut said {
        keys.remove("limit");
    }
    let text = said.to_string();
    let before = seen.iter().filter(|other| **other == text).count();
    let key = format!("{:x}", identity::key(&format!("{before} {text}")));
    seen.push(text);
    key
}

/// Those of `modules` that a table seems to name, whatever is wrong with it, its `kind` and the keys themselves among that.
fn modules_named(table: &Value, modules: &[Switched]) -> Vec<String> {
    let Value::Object(keys) = table else {
        return Vec::new();
    };
    let module = |(key, value): (&String, &Value)| -> Option<String> {
        let text = match value {
            Value::Array(values) => values.first()?.as_str()?,
            value => value.as_str()?,
        };
        let (kind, name) = text.rsplit_once(':').unwrap_or(("", text));
        let is_said = key == "kind" || kind.trim().eq_ignore_ascii_case("module");
        let name = name.trim().to_ascii_lowercase();
        (is_said && modules.iter().any(|module| module.name == name)).then_some(name)
    };
    keys.iter().filter_map(module).collect()
}

/// What is wrong with the alert of this number.
fn of_number(number: usize, file: Option<&Path>, modules: &[String], e: &anyhow::Error) -> Fault {
    let mut line = error::line(e);
    if let Some(module) = modules.first() {
        line +=
            &format!("; until that is corrected, this alert tells the module {module} of nothing");
    }
    let place = match place(file, &["alert", &(number - 1).to_string()]) {
        place if place.is_empty() => "the configuration: ".to_owned(),
        place => place,
    };
    let text = format!("cannot use {place}[[alert]] number {number}: {line}");
    let fault = Fault::new(Status::Config, text);
    match error::hint(e) {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

/// The keys of a table.
fn read(table: Value) -> Result<AlertKeys> {
    let Value::Object(keys) = &table else {
        return Err(wrong("alert", "expected tables, each below a line [[alert]]").into());
    };
    for (key, value) in keys {
        let alone: Value = [(key.clone(), value.clone())].into_iter().collect();
        let Err(e) = serde_json::from_value::<AlertKeys>(alone) else {
            continue;
        };
        let message = e.to_string();
        if message.starts_with("unknown field") {
            let there: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
            let fault = Fault::new(Status::Config, format!("unknown key `{key}`"));
            return Err(fault.hint(known(key, &there)).into());
        }
        let why = wrong_value(&message).unwrap_or(message);
        return Err(wrong(&format!("alert.{key}"), &why).into());
    }
    Ok(serde_json::from_value(table)?)
}

fn words(key: Option<OneOrMore>) -> Vec<String> {
    key.map(|OneOrMore(words)| words).unwrap_or_default()
}

#[cfg(test)]
#[path = "alerts_tests.rs"]
mod tests;
