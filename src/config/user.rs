//! The user this process runs as.

use crate::error::{Fault, Status};
use anyhow::Result;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A user: the one this process runs as, looked up at most once.
#[derive(Default)]
pub(super) struct User(std::cell::OnceCell<Option<nix::unistd::User>>);

impl User {
    /// The owner of the store `dir`, if there is one.
    pub(super) fn owner(dir: &Path) -> Option<User> {
        let uid = std::fs::metadata(dir).ok()?.uid();
        let user = nix::unistd::User::from_uid(uid.into()).ok()?;
        user.map(|user| User(Some(user).into()))
    }

    pub(super) fn get(&self) -> Result<&nix::unistd::User> {
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

/// A path of the configuration, where `~` is the home directory of this user.
pub(super) fn expand(path: &str, me: &User) -> Result<PathBuf> {
    Ok(match path.strip_prefix('~') {
        Some("") => me.get()?.dir.clone(),
        Some(rest) if rest.starts_with('/') => me.get()?.dir.join(&rest[1..]),
        _ => PathBuf::from(path),
    })
}
