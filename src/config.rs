//! The configuration: one TOML file (section F of the contract), and the values that it puts in force.
//!
//! A delivery reads it each time, so nothing is looked up that the file answers: not the password
//! database, not the host name.

mod explain;
mod resolve;
mod secret;
mod value;

use crate::error::{Fault, Status};
use crate::files::absent;
use crate::ticket::address::Addresses;
use crate::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, UnknownTicket};
use crate::ticket::{TicketId, tag};
use anyhow::{Context, Result};
use explain::explain;
use resolve::resolve;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub use value::ByteSize;
use value::{OneOrMore, TimeSpan};

/// The keys of the file; each is optional. contrib/config.toml is their manual.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    dir: Option<String>,
    domain: Option<OneOrMore>,
    submit: Option<OneOrMore>,
    ticket: Option<String>,
    address_secret: Option<String>,
    plain_until: u32,
    name: Option<String>,
    admins: Option<OneOrMore>,
    notify: Notify,
    ack: Acknowledge,
    close_by: CloseBy,
    authserv_id: Option<String>,
    unknown_ticket: UnknownTicket,
    catch_all: CatchAll,
    subject_tags: Option<OneOrMore>,
    ack_limit: Option<u32>,
    max_size: Option<ByteSize>,
    keep_recent: Option<TimeSpan>,
    sendmail: Option<OneOrMore>,
    sendmail_timeout: Option<TimeSpan>,
    templates: Option<String>,
    group: Option<String>,
    parts: PartKeys,
}

/// The keys of the table `[parts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PartKeys {
    off: Option<OneOrMore>,
}

/// The values in force.
#[derive(Debug)]
pub struct Config {
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// The store, an absolute path.
    pub dir: PathBuf,
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
    /// Addresses of the admins.
    pub admins: Vec<String>,
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
    /// Names of the parts that are off.
    pub parts_off: Vec<String>,
}

/// What the command line and the environment say about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config FILE` or `$TICKETS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `--dir DIR` or `$TICKETS_DIR`.
    pub dir: Option<PathBuf>,
}

impl Config {
    /// The tag of a ticket, as it is written in Subjects (B4).
    pub fn tag(&self, id: TicketId) -> String {
        let pattern = self.subject_tags.first();
        let tag = pattern.and_then(|pattern| tag::write(pattern, id));
        tag.unwrap_or_default()
    }

    /// Reads the configuration: the file named, else the user's, else the system's, else none.
    ///
    /// # Errors
    /// A named file that cannot be read, an unknown key, a wrong value: status 78, naming file,
    /// line and the nearest right key.
    pub fn load(overrides: &Overrides) -> Result<Config> {
        let me = User::default();
        let (file, text) = match &overrides.config {
            Some(file) => {
                let doing = || format!("cannot read {}", file.display());
                let text = std::fs::read_to_string(file).map_err(|e| {
                    let fault = Fault::new(Status::Config, format!("{}: {e}", doing()));
                    match absent(&e) {
                        true => fault.hint(format!(
                            "`tickets --config {} init` writes one",
                            file.display()
                        )),
                        false => fault,
                    }
                })?;
                (Some(file.clone()), text)
            }
            None => first_that_exists(&me)?,
        };
        Self::parse(&text, file, overrides, &me)
    }

    /// The values that `text` would put in force if it were in `file`.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn of(text: &str, file: &Path, overrides: &Overrides) -> Result<Config> {
        Self::parse(text, Some(file.to_owned()), overrides, &User::default())
    }

    fn parse(text: &str, file: Option<PathBuf>, over: &Overrides, me: &User) -> Result<Config> {
        let keys: Keys = toml::from_str(text).map_err(|e| explain(file.as_deref(), text, &e))?;
        let at = file.as_deref().unwrap_or(Path::new("the configuration"));
        resolve(keys, over, file.clone(), me)
            .with_context(|| format!("cannot use {}", at.display()))
    }

    /// The user's own configuration file, which is read if nobody names another one.
    ///
    /// # Errors
    /// Status 78 if the user is not in the password database.
    pub fn own_file() -> Result<PathBuf> {
        Ok(User::default().get()?.dir.join(OWN_FILE))
    }
}

/// The user's own configuration file, below the home directory.
const OWN_FILE: &str = ".config/tickets/config.toml";

/// The user this process runs as, looked up at most once.
#[derive(Default)]
struct User(std::cell::OnceCell<Option<nix::unistd::User>>);

impl User {
    fn get(&self) -> Result<&nix::unistd::User> {
        let uid = nix::unistd::geteuid();
        self.0
            .get_or_init(|| nix::unistd::User::from_uid(uid).ok().flatten())
            .as_ref()
            .ok_or_else(|| {
                Fault::new(
                    Status::Config,
                    format!("user {uid} is not in the password database"),
                )
                .hint("name the store with --dir or `dir = \"/...\"`")
                .into()
            })
    }
}

/// The user's file, else the system's, and its text; without either, no file and no text.
fn first_that_exists(me: &User) -> Result<(Option<PathBuf>, String)> {
    let own = me.get().ok().map(|u| u.dir.join(OWN_FILE));
    for file in own
        .into_iter()
        .chain([PathBuf::from("/etc/tickets/config.toml")])
    {
        match std::fs::read_to_string(&file) {
            Ok(text) => return Ok((Some(file), text)),
            Err(e) if absent(&e) => {}
            Err(e) => {
                let text = format!("cannot read {}: {e}", file.display());
                return Err(Fault::new(Status::Config, text).into());
            }
        }
    }
    Ok((None, String::new()))
}

#[cfg(test)]
mod tests;
