//! A desk that another user has: what somebody is told who works on it, or means to.

use super::keys::Config;
use super::lost::{DESKS_USER, roots};
use super::served::{MACHINE_FILE, Served, served};
use crate::error::{quoted, quoted_path};
use crate::privilege;
use nix::unistd::Uid;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How several users work on one desk.
pub const SHARE: &str = "with `group`, in the configuration that all of them read, /etc/tickets/config.toml, several users work on one desk";

impl Config {
    /// The user to whom the store belongs, if that is somebody else, whom nothing here says that they share it: then it
    /// has a configuration somewhere else.
    pub fn owner_elsewhere(&self) -> Option<Uid> {
        let shared = self.group.is_some() || self.file.as_deref() == Some(Path::new(MACHINE_FILE));
        other_owner(&self.dir).filter(|_| !shared)
    }
}

/// The user to whom what `path` names belongs, if that is neither root nor the one who runs this.
pub fn other_owner(path: &Path) -> Option<Uid> {
    let uid = Uid::from_raw(std::fs::metadata(path).ok()?.uid());
    (!uid.is_root() && uid != Uid::effective() && !privilege::is_root()).then_some(uid)
}

/// The desk of another user, to which the mail server below `etc` brings mail.
#[must_use]
pub fn served_elsewhere(etc: &Path) -> Option<Served> {
    let is_anothers =
        |desk: &Served| desk.user().is_ok_and(|uid| uid != Uid::effective()) && !desk.is_gone();
    served(etc).into_iter().find(is_anothers)
}

/// What an error begins with where there is no store.
pub const NO_STORE: &str = "cannot find the store: ";

/// The user to whom the machine's store `dir` belongs that is not there: whom the mail server starts, else to whom its
/// place belongs, else whose home it is.
fn user_of_missing(dir: &Path) -> Option<String> {
    if let [desk] = &served(Path::new("/etc"))[..] {
        return Some(desk.user.clone());
    }
    let above = dir.ancestors().skip(1);
    let owner = above.flat_map(|above| above.metadata()).next()?.uid();
    if owner != 0 {
        return Some(privilege::name_of(Uid::from_raw(owner)));
    }
    let usual = privilege::user(DESKS_USER).filter(|user| user.dir == dir);
    usual.map(|user| user.name)
}

/// The command with which root makes the store `dir` anew for the desk's user, and the group that shares it.
#[must_use]
pub fn make_store(dir: &Path, group: Option<&str>) -> String {
    let user = user_of_missing(dir).map_or_else(|| "USER".to_owned(), |user| quoted(&user));
    let (group, mode) = match group {
        Some(group) => (format!("-g {} ", quoted(group)), 2771),
        None => (String::new(), 711),
    };
    format!(
        "{}install -d -o {user} {group}-m {mode} {}",
        roots(),
        quoted_path(dir)
    )
}

/// What lets this user read a configuration that is there.
pub(super) fn readable(file: &Path) -> String {
    let path = quoted_path(file);
    let seen = file
        .ancestors()
        .find_map(|it| Some((it, it.metadata().ok()?)));
    let Some((seen, meta)) = seen else {
        return format!("`sudo ls -l {path}`");
    };
    let uid = Uid::from_raw(meta.uid());
    if uid == Uid::effective() {
        return format!("`chmod u+rX {}`", quoted_path(seen));
    }
    if !uid.is_root() && file != Path::new(MACHINE_FILE) {
        return format!("it is that of {}; {SHARE}", privilege::name_of(uid));
    }
    // A closed directory hides what lies in it.
    let above = match (seen == file, file.parent()) {
        (false, Some(above)) => quoted_path(above) + " ",
        _ => String::new(),
    };
    format!("`sudo chmod a+rX {above}{path}  # secrets have files of their own`")
}
