//! The configuration: one TOML file (section F of the contract), and the values that it puts in force.
//!
//! A delivery reads it each time, so nothing is looked up that the file answers: not the password
//! database, not the host name.

mod explain;
mod keys;
mod resolve;
mod secret;
mod user;
mod value;

use crate::error::{Fault, Status};
use crate::files::absent;
use crate::ticket::summary::local_signs;
use crate::ticket::{TicketId, tag};
use anyhow::{Context, Result};
use explain::explain;
use keys::Keys;
pub use keys::{Config, Overrides};
use mail::automatic::LocalSigns;
use resolve::resolve;
use std::path::{Path, PathBuf};
use user::User;
pub use value::ByteSize;

impl Config {
    /// The tag of a ticket, as it is written in Subjects (B4).
    pub fn tag(&self, id: TicketId) -> String {
        let pattern = self.subject_tags.first();
        let tag = pattern.and_then(|pattern| tag::write(pattern, id));
        tag.unwrap_or_default()
    }

    /// How the desk recognises its own mail, and spam (C6).
    pub fn local_signs(&self) -> LocalSigns<'_> {
        local_signs(&self.addresses, &self.spam_header)
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
