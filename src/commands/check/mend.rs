//! Commands that mend things, for the user who reads them and may not be the one who can run them.

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

/// What takes the desk of `user` with this command out of the mail server, and then puts this one in, as `put_in` does.
pub(super) fn take_over(put_in: &str, user: &str, command: &str) -> String {
    let user = quoted(&format!("TICKETS_USER={user}"));
    let command = quoted(&format!("TICKETS_COMMAND={command}"));
    format!("{put_in} -s -- --undo {user} {command} && {put_in}")
}

/// A command that makes a mail server take mail for the domain, and bring it, or what helps if that is not the one that is meant.
/// For a shell that is a comment.
pub(super) fn mistyped(command: &str, file: &str) -> String {
    format!("{command}  # or, if it is mistyped, correct `domain` in {file}")
}

/// A user's name, else the number.
pub(super) fn user(uid: Uid) -> String {
    let found = User::from_uid(uid).ok().flatten();
    found.map_or_else(|| format!("'#{uid}'"), |user| user.name)
}
