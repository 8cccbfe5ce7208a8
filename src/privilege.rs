//! The user the program runs as, and who else may use the files it creates.
//!
//! Root works on a desk as the user whose desk it is, and becomes that user before anything is opened that
//! somebody else has a hand in. Up to that moment it only looks ([`Ground::of`]). What has been looked at
//! may be another thing a moment later, but only by the deed of those who were seen on the way: root then is
//! that user, and can do nothing that the user could not do alone.

mod ground;
mod program;

use crate::error::{Fault, Status, quoted};
use anyhow::{Context, Result, ensure};
pub use ground::Ground;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Group, Uid, User, getresgid, getresuid};
pub use program::{own_path, program};
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;

/// Makes new files private, whatever umask the MTA left (D8).
pub fn keep_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Lets nobody but root look into this process or change what it does, not even others of the same user: what it
/// prints is root's script (T17).
pub fn keep_out() {
    // Only an odd kernel refuses, and the script is as it would be without.
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Lets the group read and write files created from now on (D8).
pub fn share_with_group() {
    umask(Mode::from_bits_truncate(0o007));
}

/// True while this process may do anything.
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Looks up a user by name, else by number.
#[must_use]
pub fn user(name: &str) -> Option<User> {
    let named = User::from_name(name).ok().flatten();
    named.or_else(|| {
        let uid = Uid::from_raw(name.parse().ok()?);
        User::from_uid(uid).ok().flatten()
    })
}

/// Makes root the user `uid` for good, with the groups of the user database. A user whom it does not know
/// has no group: that of their files may be one that they are no member of.
///
/// # Errors
/// The kernel refuses, or something of root is left.
pub fn become_user(uid: Uid) -> Result<()> {
    const NOGROUP: Gid = Gid::from_raw(65534);
    let user = User::from_uid(uid).ok().flatten();
    let gid = user.as_ref().map_or(NOGROUP, |user| user.gid);
    let drop_all = || -> nix::Result<()> {
        match &user {
            Some(user) => {
                let name = CString::new(user.name.as_str()).map_err(|_| nix::Error::EINVAL)?;
                nix::unistd::initgroups(&name, gid)?;
            }
            None => nix::unistd::setgroups(&[])?,
        }
        nix::unistd::setgid(gid)?;
        nix::unistd::setuid(uid)
    };
    let doing = || format!("cannot become {}", name_of(uid));
    // What runs as this user could type into root's shell, and read and write what root has open.
    terminal::give_up().with_context(doing)?;
    terminal::keep_files().with_context(doing)?;
    drop_all().with_context(doing)?;
    // It could also look for both in this process, and for root's variables. A change of user ends that by itself
    // unless the machine is set up to look into such processes (`fs.suid_dumpable`), so it is said after the change.
    keep_out();
    let (users, groups) = (
        getresuid().with_context(doing)?,
        getresgid().with_context(doing)?,
    );
    let all = [users.real, users.effective, users.saved] == [uid; 3]
        && [groups.real, groups.effective, groups.saved] == [gid; 3];
    ensure!(all && !uid.is_root(), doing());
    let _ = BECAME.set(uid);
    Ok(())
}

/// The user that root has become.
static BECAME: OnceLock<Uid> = OnceLock::new();

/// The name of the user that root has become, if it has.
pub fn became() -> Option<String> {
    BECAME.get().map(|uid| name_of(*uid))
}

/// True if this process was root's when it began.
#[must_use]
pub fn was_root() -> bool {
    is_root() || BECAME.get().is_some()
}

/// What has to stand before a command, so that whoever typed this one can give it to this user's desk: `sudo -u USER `
/// where sudo began this process; else nothing.
#[must_use]
pub fn sudo() -> String {
    match is_by_sudo() {
        true => sudo_as(Uid::effective()),
        false => String::new(),
    }
}

/// True if sudo(8) began this very process, so that whoever reads what it says is another user.
#[must_use]
pub fn is_by_sudo() -> bool {
    // A shell that sudo began is this user's own.
    let command = std::env::var("SUDO_COMMAND").unwrap_or_default();
    let begun = command.split(' ').next().map(Path::new);
    let own = std::env::current_exe().unwrap_or_default();
    begun.is_some_and(|begun| begun.file_name() == own.file_name())
}

/// `sudo -u USER `, for the user `uid`; `sudo ` for root.
#[must_use]
pub fn sudo_as(uid: Uid) -> String {
    if uid.is_root() {
        return "sudo ".into();
    }
    match User::from_uid(uid).ok().flatten() {
        Some(user) => format!("sudo -u {} ", user.name),
        None => format!("sudo -u '#{uid}' "),
    }
}

/// The variable with which root who has become a desk's user tells what that user then starts, such as mutt's keys, for
/// whom it works: sudo(8) tells that to root alone.
pub const OPERATOR: &str = "TICKETS_OPERATOR";

/// The user whom [`OPERATOR`] names. Whoever sets it may already do to the desk what its user may.
fn handed_on() -> Option<User> {
    match was_root() {
        true => None,
        false => user(&std::env::var(OPERATOR).ok()?),
    }
}

/// The login name of whoever gives this command: the user of the process, or, for root, the one whom sudo(8) names, and
/// for what root had started the one whom [`OPERATOR`] names. It is a name and no right: the process may do what its
/// user may.
pub fn caller() -> Option<String> {
    if let Some(user) = handed_on() {
        return Some(user.name);
    }
    if was_root() {
        let sudo = std::env::var("SUDO_USER").ok();
        return sudo.filter(|name| !name.is_empty()).or(Some("root".into()));
    }
    let user = User::from_uid(Uid::current()).ok().flatten();
    user.map(|user| user.name)
}

/// The name of whoever gives this command, for people: the full name in the user database, else the login. `None` where
/// that says nothing: root who is nobody's name, a user of no full name on a desk in their home, which may be a desk's
/// user, and the user of any other store.
pub fn caller_name(store: &Path) -> Option<String> {
    let handed_on = handed_on();
    if was_root() || handed_on.is_some() {
        let named = || user(&std::env::var("SUDO_USER").ok()?);
        let user = handed_on.or_else(named).filter(|it| !it.uid.is_root())?;
        return Some(full_name(&user).unwrap_or(user.name));
    }
    let user = User::from_uid(Uid::current()).ok().flatten()?;
    let of_another = |it: std::fs::Metadata| it.uid() != user.uid.as_raw();
    let full = full_name(&user);
    match std::fs::metadata(store).is_ok_and(of_another) {
        true => Some(full.unwrap_or(user.name)),
        false => full.filter(|_| store.starts_with(&user.dir) && store != user.dir),
    }
}

/// The full name of the user with this login, if there is such a user and they have one.
pub fn full_name_of(login: &str) -> Option<String> {
    full_name(&User::from_name(login).ok().flatten()?)
}

fn full_name(user: &User) -> Option<String> {
    // Other things follow a comma.
    let full = user.gecos.to_string_lossy();
    let full = full.split(',').next().unwrap_or_default().trim();
    (!full.is_empty()).then(|| full.to_owned())
}

/// True if the files at `store` are those of the user who gives this command, whom root has not become, here or before.
pub fn is_own(store: &Path) -> bool {
    let own = |it: std::fs::Metadata| it.uid() == Uid::current().as_raw();
    !was_root() && handed_on().is_none() && std::fs::metadata(store).is_ok_and(own)
}

/// A user's name, else the number.
pub fn name_of(uid: Uid) -> String {
    let user = User::from_uid(uid).ok().flatten();
    user.map_or_else(|| format!("user {uid}"), |user| user.name)
}

/// True if this process may give files to the group.
pub fn is_member(gid: Gid) -> bool {
    let groups = nix::unistd::getgroups().unwrap_or_default();
    is_root() || nix::unistd::getegid() == gid || groups.contains(&gid)
}

/// Makes sure that this process may give the group a new store.
///
/// # Errors
/// Status 77: it may not.
pub fn expect_member(gid: Gid, store: &Path) -> Result<()> {
    if is_member(gid) {
        return Ok(());
    }
    let group = Group::from_gid(gid).ok().flatten();
    let group = group.map_or_else(|| gid.to_string(), |group| group.name);
    let text = format!(
        "cannot make the store {}: it is to be shared with the group {group}, in which this process is not",
        store.display()
    );
    let hint = "a store that is not to be shared: tickets --config /dev/null --dir ...";
    Err(Fault::new(Status::NoPerm, text).hint(hint).into())
}

/// True if the user database has `user` in the group.
pub fn is_in_group(user: &User, gid: Gid) -> bool {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    let groups = nix::unistd::getgrouplist(&name, user.gid).unwrap_or_default();
    groups.contains(&gid)
}

/// The user of this process, if they are in the group by now, but were not when they logged in: a process keeps the
/// groups with which it began.
pub fn joined_since_login(gid: Gid) -> Option<String> {
    let user = User::from_uid(Uid::effective()).ok().flatten()?;
    (!is_member(gid) && is_in_group(&user, gid)).then_some(user.name)
}

/// Looks up a group by name.
///
/// # Errors
/// Status 78 if there is no such group.
pub fn group(name: &str) -> Result<Gid> {
    let group = Group::from_name(name).ok().flatten();
    let fault = || {
        let user = match is_root() {
            true => "USER".to_owned(),
            false => name_of(Uid::effective()),
        };
        let (group, user) = (quoted(name), quoted(&user));
        let text = format!("group: there is no group {name:?}");
        let hint = format!("`sudo groupadd {group} && sudo usermod -aG {group} {user}`");
        Fault::new(Status::Config, text).hint(hint)
    };
    Ok(group.ok_or_else(fault)?.gid)
}
