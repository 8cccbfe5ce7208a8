//! Commands that mend things, for the user who reads them and may not be the one who can run them.

use crate::config::{Config, SHARE};
use crate::desk::Desk;
use crate::error::quoted;
use crate::privilege;
use nix::unistd::{Uid, User, geteuid};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// True if root reads what is found. The process itself may be another user by now.
fn is_read_by_root() -> bool {
    privilege::was_root() && !privilege::is_by_sudo()
}

/// A command that only root can run.
pub(super) fn as_root(command: &str) -> String {
    match is_read_by_root() {
        true => command.to_owned(),
        false => format!("sudo {command}"),
    }
}

/// A command that the owner of the store can run, such as one of this program.
pub(super) fn as_owner(store: &Path, command: &str) -> String {
    let owner = std::fs::metadata(store).map_or_else(|_| geteuid(), |meta| meta.uid().into());
    let itself = owner == geteuid() && privilege::became().is_none();
    match (itself, owner.is_root()) {
        (true, _) => command.to_owned(),
        (_, true) => as_root(command),
        _ => format!("sudo -u {} {command}", user(owner)),
    }
}

/// A command of this program, which root runs as the owner of the store.
pub(super) fn own_command(store: &Path, command: &str) -> String {
    match (privilege::was_root(), is_read_by_root()) {
        (_, true) => command.to_owned(),
        (true, false) => format!("sudo {command}"),
        (false, _) => as_owner(store, command),
    }
}

/// What puts this desk into the mail server in the place of that of `user`, in one step; `put_in` does so where none is
/// in. A desk that is not there takes nobody's place.
pub(super) fn take_over(desk: &Desk, put_in: &str, user: &str) -> String {
    let instead = format!("--instead={user}");
    let command = format!("{put_in} -s -- {}", quoted(&instead));
    let is_own = Config::own_file().is_ok_and(|own| desk.config.file.as_ref() == Some(&own));
    match is_own {
        // A second operator of that desk may read it.
        true => format!("{command}  # takes it from {user}; else, {SHARE}"),
        false => command,
    }
}

/// A command that makes a mail server take mail for the domain, and bring it, or what helps if that is not the one that is meant.
/// For a shell that is a comment.
pub(super) fn mistyped(command: &str, file: &str) -> String {
    format!("{command}  # or, if it is mistyped, correct `domain` in {file}")
}

/// The same after `key` has changed: mail to the addresses of before is refused then, unless they still stand there.
pub(super) fn changed(command: &str, key: &str, file: &str) -> String {
    format!(
        "{command}  # mail to the old addresses bounces then, unless the old `{key}` stands behind the new in {file}"
    )
}

/// A user's name, else the number.
pub(super) fn user(uid: Uid) -> String {
    let found = User::from_uid(uid).ok().flatten();
    found.map_or_else(|| format!("'#{uid}'"), |user| user.name)
}
