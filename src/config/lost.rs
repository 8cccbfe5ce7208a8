//! A desk whose configuration is lost while its store is there, and what writes it anew.

use super::keys::Config;
use super::served::{MACHINE_FILE, Served};
use super::user::User;
use crate::error::{quoted, quoted_path};
use crate::privilege;
use nix::unistd::Uid;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The user of a machine's desk, if root names none.
pub const DESKS_USER: &str = "tickets";

/// The store of such a desk, if root names none.
pub const DESKS_STORE: &str = "/var/lib/tickets";

/// A desk of which the store is left, and no configuration.
pub struct Lost {
    store: PathBuf,
}

impl Lost {
    /// The desk of the user with this home, who has no configuration: the home is its store, as of a user who does nothing
    /// else, and no other store is there.
    pub(super) fn at(home: &Path) -> Option<Lost> {
        let is_store = |dir: &Path| dir.join(".tickets").is_dir();
        (is_store(home) && !is_store(&home.join("tickets"))).then(|| Lost {
            store: home.to_owned(),
        })
    }

    /// That of the user of this process.
    #[must_use]
    pub fn own() -> Option<Lost> {
        let home = User::default().get().ok()?.dir.clone();
        let files = [Config::file_in(&home), MACHINE_FILE.into()];
        let has_file = files.iter().any(|file| file.exists());
        Lost::at(&home).filter(|_| !has_file)
    }

    /// What has happened, in half a sentence.
    #[must_use]
    pub fn what(&self) -> String {
        format!(
            "the configuration of the desk in {} is lost",
            self.store.display()
        )
    }

    /// The command with which root writes it anew, for whoever reads this. The domain is one that has to be put in.
    #[must_use]
    pub fn init(&self) -> String {
        let owner = std::fs::metadata(&self.store).map(|meta| Uid::from_raw(meta.uid()));
        let user = owner.map_or_else(|_| "USER".to_owned(), privilege::name_of);
        let mut command = format!("{}tickets init", roots());
        if user != DESKS_USER {
            command.push_str(&format!(" --user {}", quoted(&user)));
        }
        if self.store != Path::new(DESKS_STORE) {
            command.push_str(&format!(" --dir {}", quoted_path(&self.store)));
        }
        command + " --domain example.org --admin you@example.org"
    }

    /// The same as a hint.
    #[must_use]
    pub fn hint(&self) -> String {
        format!("`{}` writes it anew, with your domain", self.init())
    }
}

impl Config {
    /// The desk that is meant where nothing says which, if its configuration is lost: what is guessed instead would be a
    /// second store within the first.
    #[must_use]
    pub fn lost(&self) -> Option<Lost> {
        match (&self.file, self.dir_named) {
            (None, false) => Lost::at(self.dir.parent()?),
            _ => None,
        }
    }
}

impl Served {
    /// This desk, if its store is left and its configuration is lost.
    #[must_use]
    pub fn lost(&self) -> Option<Lost> {
        let home = privilege::user(&self.user)?.dir;
        let is_lost = self.is_without_configuration_of(&self.user);
        let is_lost = is_lost && !Path::new(MACHINE_FILE).exists();
        is_lost.then(|| Lost::at(&home)).flatten()
    }
}

/// What whoever reads a command of root's has to type before it.
pub(super) fn roots() -> &'static str {
    match privilege::was_root() && !privilege::is_by_sudo() {
        true => "",
        false => "sudo ",
    }
}
