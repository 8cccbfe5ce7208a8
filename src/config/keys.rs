//! The keys of the file, the values that they put in force, and what overrides them.

use super::alert::{Alert, BadAlerts};
use super::value::{ByteSize, OneOrMore, Risk, TimeSpan};
use crate::log::LogTo;
use crate::module::{OnFailure, Switched};
use crate::ticket::address::Addresses;
use crate::ticket::person::Person;
use crate::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, ReplyTo, UnknownTicket};
use mail::automatic::SpamSign;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The keys of the file; each is optional. contrib/config.toml is their manual.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Keys {
    pub(super) dir: Option<String>,
    pub(super) domain: Option<OneOrMore>,
    pub(super) submit: Option<OneOrMore>,
    pub(super) ticket: Option<OneOrMore>,
    pub(super) address_secret: Option<String>,
    pub(super) plain_until: u32,
    pub(super) name: Option<String>,
    pub(super) admins: Option<OneOrMore>,
    pub(super) notify: Notify,
    pub(super) ack: Acknowledge,
    pub(super) close_by: CloseBy,
    pub(super) authserv_id: Option<String>,
    pub(super) unknown_ticket: UnknownTicket,
    pub(super) catch_all: CatchAll,
    pub(super) subject_tags: Option<OneOrMore>,
    pub(super) ack_limit: Option<u32>,
    pub(super) ack_total: Option<u32>,
    pub(super) reply_to: ReplyTo,
    pub(super) notify_line: bool,
    pub(super) spam_header: Option<OneOrMore>,
    pub(super) max_size: Option<ByteSize>,
    pub(super) keep_recent: Option<TimeSpan>,
    pub(super) sendmail: Option<OneOrMore>,
    pub(super) sendmail_timeout: Option<TimeSpan>,
    pub(super) templates: Option<String>,
    pub(super) group: Option<String>,
    pub(super) log: Option<String>,
    pub(super) person: BTreeMap<String, PersonKeys>,
    pub(super) shared_store: Option<Risk>,
    pub(super) parts: PartKeys,
    pub(super) modules: Option<OneOrMore>,
    pub(super) modules_path: Option<OneOrMore>,
    pub(super) module: BTreeMap<String, ModuleKeys>,
    /// Read when somebody asks for it.
    pub(super) job: Option<Value>,
    pub(super) ping_token_file: Option<String>,
    pub(super) alert: Option<Value>,
}

/// The keys of a table `[module.NAME]`: what the program wants to know, and the module's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ModuleKeys {
    pub(super) on_failure: OnFailure,
    #[serde(flatten)]
    pub(super) settings: Map<String, Value>,
}

/// The keys of a table `[person.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PersonKeys {
    pub(super) address: Option<OneOrMore>,
    pub(super) sign: Option<String>,
    pub(super) login: Option<String>,
    pub(super) quiet: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) holidays: Option<String>,
    pub(super) digest: bool,
}

/// The keys of the table `[parts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PartKeys {
    pub(super) off: Option<OneOrMore>,
}

/// The values in force.
#[derive(Debug)]
pub struct Config {
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// The options that lead to this desk, also for the user that root has become.
    pub overrides: Overrides,
    /// The store, an absolute path.
    pub dir: PathBuf,
    /// Somebody named it, or the configuration that leads to it: it is not just where a store would be.
    pub dir_named: bool,
    /// The desk's addresses.
    pub addresses: Addresses,
    /// The file with the secret for them, if there is one.
    pub address_secret: Option<PathBuf>,
    /// The last ticket that may be written to without a digest.
    pub plain_until: u32,
    /// False if no domain is configured, so that one had to be guessed.
    pub domain_known: bool,
    /// Display name in answers.
    pub name: String,
    /// The addresses that `admins` names.
    pub admins: Vec<String>,
    /// The people of the desk: those of `[person.NAME]`, in the order of their names, and one for each other address
    /// in `admins`.
    pub people: Vec<Person>,
    /// What admins get of each mail (C2).
    pub notify: Notify,
    /// Whose new tickets are acknowledged (C1).
    pub ack: Acknowledge,
    /// Who may close by mail (C5).
    pub close_by: CloseBy,
    /// The server whose Authentication-Results prove who wrote a mail (C3, C5); `None` if From is
    /// believed.
    pub authserv_id: Option<String>,
    /// What becomes of mail to a ticket that does not exist (B8).
    pub unknown_ticket: UnknownTicket,
    /// What becomes of mail to an address that is not the desk's (B9).
    pub catch_all: CatchAll,
    /// Patterns as they are written (B4); they are compiled when a Subject has a number in it.
    pub subject_tags: Vec<String>,
    /// Answers to one address in an hour (C7).
    pub ack_limit: u32,
    /// Answers to all strangers in an hour (C7).
    pub ack_total: u32,
    /// Where admins' answers to a copy go (C2).
    pub reply_to: ReplyTo,
    /// A line above the text of a copy says what the mail did (C2).
    pub notify_line: bool,
    /// How filters mark spam, which is not acknowledged (C6).
    pub spam_header: Vec<SpamSign>,
    /// The largest message that is accepted, in bytes (A3).
    pub max_size: u64,
    /// How long copies of filed mail are kept (D10).
    pub keep_recent: Duration,
    /// The program, an absolute path, and its options.
    pub sendmail: Vec<String>,
    /// How long sendmail may take for one mail.
    pub sendmail_timeout: Duration,
    /// Directory of the admin's own texts.
    pub templates: Option<PathBuf>,
    /// Group of the store (D8).
    pub group: Option<String>,
    /// Where the log goes (L7).
    pub log: LogTo,
    /// The store may lie where several hosts share it (E9).
    pub shared_store: bool,
    /// Names of the parts that are off.
    pub parts_off: Vec<String>,
    /// The modules that are switched on, in the order in which they are asked (G3).
    pub modules: Vec<Switched>,
    /// What it says of others.
    pub(super) modules_off: Vec<Switched>,
    /// The file with what `tickets ping` wants to hear from others than this machine.
    pub ping_token_file: Option<PathBuf>,
    /// The tables `[job.NAME]`, as they are written; see [`Config::jobs`].
    pub(super) jobs: Option<Value>,
    /// Somebody is to hear of the day, whether the part that tells them is on or not.
    pub(super) wants_digest: bool,
    /// Who is alerted of what (L6); see [`Config::alerts_on`].
    pub alerts: Vec<Alert>,
    /// Those that are left out; see [`Config::expect_alerts`].
    pub(super) bad_alerts: BadAlerts,
    /// Where they are looked for, if it says so; see [`Config::modules_path`].
    pub(super) modules_path: Option<Vec<PathBuf>>,
}

/// What the command line and the environment say about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config FILE` or `$TICKETS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `--dir DIR` or `$TICKETS_DIR`.
    pub dir: Option<PathBuf>,
}
