//! One alert of the configuration.

use super::value::OneOrMore;
use crate::error::Fault;
use crate::ticket::alert::{AlertRule, PerHour};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::PathBuf;

/// The keys of a table `[[alert]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AlertKeys {
    pub(super) to: Option<OneOrMore>,
    pub(super) when: Option<String>,
    pub(super) events: Option<OneOrMore>,
    pub(super) zone: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) from: Option<String>,
    pub(super) holidays: Option<String>,
    pub(super) kind: Option<String>,
}

/// Who is alerted, of what and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// What tells it from the others, wherever it stands among them: letters and digits.
    pub key: String,
    /// Where the mail goes; none if a module is told.
    pub to: Vec<String>,
    /// What of it was written without a domain, and so is a name in that of the desk.
    pub short: Vec<String>,
    /// The module that is told instead.
    pub module: Option<String>,
    /// Of what, and when.
    pub rule: AlertRule,
    /// Whose clock counts; `None` is that of the machine.
    pub zone: Option<TimeZone>,
    /// The most in an hour; none if a module is told.
    pub limit: Option<PerHour>,
    /// From whom the mail comes; `None` is the ticket.
    pub from: Option<String>,
    /// A file with dates that count as Sundays.
    pub holidays: Option<PathBuf>,
}

/// Those that cannot be used.
#[derive(Clone, Debug, Default)]
pub(super) struct BadAlerts {
    /// What is wrong with the first.
    pub(super) first: Option<Fault>,
    /// The modules that they name. They are not to be told of everything instead.
    pub(super) modules: Vec<String>,
}
