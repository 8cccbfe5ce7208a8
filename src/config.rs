//! The configuration: one TOML file (section F of the contract), and the values that it puts in force.
//!
//! A delivery reads it each time, so nothing is looked up that the file answers: not the password
//! database, not the host name.

mod alert;
mod alerts;
mod explain;
mod jobs;
mod keys;
mod lines;
mod lost;
mod mailbox;
mod modules;
mod operator;
mod people;
mod resolve;
mod secret;
mod served;
mod sharing;
mod user;
mod value;

use crate::error::{Fault, Status, quoted_path};
use crate::files::{absent, read_text};
use crate::privilege::{self, Ground};
use crate::ticket::summary::local_signs;
use crate::ticket::{TicketId, tag};
pub use alert::Alert;
pub use alerts::ALERTS;
use anyhow::{Context, Result};
use explain::explain;
pub use explain::time_zone;
pub use jobs::{JOBS, JobTable, Missed};
use keys::Keys;
pub use keys::{Config, Overrides};
pub use lost::{DESKS_STORE, DESKS_USER, Lost};
use mail::automatic::LocalSigns;
pub use mailbox::{is_host_name, is_local_part};
pub(crate) use modules::with_data;
use resolve::{resolve, store};
pub use served::{MACHINE_FILE, Served, served};
pub use sharing::{NO_STORE, SHARE, make_store, other_owner, served_elsewhere};
use std::os::unix::fs::MetadataExt;
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

    /// Says no where mail would go out in the name of a domain that is only a guess (E7).
    ///
    /// # Errors
    /// Status 78 if no domain is configured.
    pub fn expect_domain(&self) -> Result<()> {
        if self.domain_known {
            return Ok(());
        }
        let (why, mend) = self.guessed();
        Err(Fault::new(Status::Config, why).hint(mend).into())
    }

    /// What is to be said where no domain is configured, and how to mend it.
    pub fn guessed(&self) -> (String, String) {
        let guess = self.addresses.domain();
        let mend = match &self.file {
            Some(file) => format!("write `domain = \"{guess}\"` into {}", file.display()),
            None => match self.owner_elsewhere() {
                // A second configuration would not be that of this desk.
                Some(owner) => {
                    format!("it is the desk of {}; {SHARE}", privilege::name_of(owner))
                }
                None => "`tickets init --domain DOMAIN`".into(),
            },
        };
        (
            format!("no domain is configured, and {guess} is only a guess"),
            mend,
        )
    }

    /// How the desk recognises its own mail, and spam (C6).
    pub fn local_signs(&self) -> LocalSigns<'_> {
        local_signs(&self.addresses, &self.spam_header)
    }

    /// The configuration file, for a sentence that says what to write there.
    pub fn file_to_edit(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => format!("~/{OWN_FILE}"),
        }
    }

    /// Reads the configuration: the file named, else the user's, else the system's, else none.
    ///
    /// Root becomes the user whose desk it is: before the file is opened if anybody else has a hand in it,
    /// else before anything is opened that it names (E7). Where nothing says which desk root means, it is the one
    /// to which the mail server brings mail.
    ///
    /// # Errors
    /// A named file that cannot be read, an unknown key, a wrong value: status 78, naming file,
    /// line and the nearest right key. Status 77 if root cannot tell whose desk it is, 66 if there is none.
    pub fn load(overrides: &Overrides) -> Result<Config> {
        let root = privilege::is_root();
        let mut me = User::default();
        let (file, text) = match &overrides.config {
            Some(file) => (Some(file.clone()), named(file, root)?),
            None => first_that_exists(root, &me)?,
        };
        if !root {
            return Self::parse(&text, file, overrides, &me);
        }
        if file.is_none() && overrides.dir.is_none() {
            // From here on as the user whom the mail server starts.
            return Self::load(&served::settle()?);
        }
        settle(&text, file.as_deref(), overrides)?;
        // Perhaps somebody else by now, who has files of their own.
        me = User::default();
        let overrides = Overrides {
            config: file.clone(),
            dir: overrides.dir.clone(),
        };
        Self::parse(&text, file, &overrides, &me)
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
        Ok(Self::file_in(&User::default().get()?.dir))
    }

    /// The own file of the user with this home.
    pub fn file_in(home: &Path) -> PathBuf {
        home.join(OWN_FILE)
    }
}

/// The user's own configuration file, below the home directory.
const OWN_FILE: &str = ".config/tickets/config.toml";

/// The text of the file that somebody named.
fn named(file: &Path, root: bool) -> Result<String> {
    if root {
        // A file that is missing, too: `init` is going to write it.
        Ground::of(file)?.settle()?;
    }
    std::fs::read_to_string(file).map_err(|e| {
        let fault = unreadable(file, &e);
        let fault = match absent(&e) {
            true => fault.hint(format!(
                "`tickets --config {} init` writes one",
                quoted_path(file)
            )),
            false => fault,
        };
        fault.into()
    })
}

/// A configuration that is there, or is not.
fn unreadable(file: &Path, e: &std::io::Error) -> Fault {
    let text = format!("cannot read {}: {e}", file.display());
    let fault = Fault::new(Status::Config, text);
    match e.kind() {
        std::io::ErrorKind::PermissionDenied => fault.hint(sharing::readable(file)),
        _ => fault,
    }
}

/// The user's file, else the system's, and its text; without either, no file and no text.
fn first_that_exists(root: bool, me: &User) -> Result<(Option<PathBuf>, String)> {
    let own = me.get().ok().map(|user| user.dir.join(OWN_FILE));
    for file in own.into_iter().chain([PathBuf::from(MACHINE_FILE)]) {
        if root {
            let ground = Ground::of(&file)?;
            if ground.is_missing() {
                continue;
            }
            ground.settle()?;
        }
        match read_text(&file) {
            Ok(text) => return Ok((Some(file), text)),
            Err(e) if absent(&e) => {}
            Err(e) => return Err(unreadable(&file, &e).into()),
        }
    }
    Ok((None, String::new()))
}

/// Makes root the user to whom the store belongs, or would belong if it were made. Of the configuration only
/// `dir` counts so far.
fn settle(text: &str, file: Option<&Path>, overrides: &Overrides) -> Result<()> {
    if !privilege::is_root() {
        return Ok(());
    }
    let keys: Keys = toml::from_str(text).map_err(|e| explain(file, text, &e))?;
    let dir = store(&keys, overrides, &User::default())?;
    let ground = Ground::of(&dir)?;
    ground.settle()?;
    if privilege::is_root() && ground.is_missing() && file == Some(Path::new(MACHINE_FILE)) {
        let closed = |above: &&Path| above.metadata().is_ok_and(|it| it.mode() & 0o1 == 0);
        if let Some(closed) = dir.ancestors().find(closed) {
            let text = format!(
                "cannot make the store {}: no other user can pass through {}",
                dir.display(),
                closed.display()
            );
            let hint = format!(
                "write `dir = \"/var/lib/tickets\"`, or another place, into {MACHINE_FILE}"
            );
            return Err(Fault::new(Status::NoPerm, text).hint(hint).into());
        }
        // As root's, no mail server could use it.
        let text = format!("{NO_STORE}there is no directory {}", dir.display());
        let make = make_store(&dir, keys.group.as_deref());
        let hint = format!("if the name is right, `{make}` makes it");
        return Err(Fault::new(Status::NoInput, text).hint(hint).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
