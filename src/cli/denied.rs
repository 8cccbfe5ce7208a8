//! Why the system says no to whoever works on a desk: what a store that is shared, is not yet or is no longer lets them do.

use crate::commands::text::{joined, of_owner, owner};
use crate::config::Config;
use crate::error::{MANUAL, quoted_path};
use crate::privilege;
use crate::store::Store;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, Gid, Group, Uid, access};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Why a delivery is denied what it needs, and what mends that, for a mail server's log. `option` makes the pieces anew, if
/// it is one that has such.
pub(super) fn delivery(config: &Config, option: Option<&str>) -> Option<String> {
    let lacks = || lacks(config, option);
    let stopped = || {
        let (dir, open) = on_the_way(&config.dir)?;
        let name = privilege::name_of(Uid::effective());
        Some(format!(
            "{name} cannot pass through {}; `{open}` mends that",
            dir.display()
        ))
    };
    lacks().or_else(stopped).or_else(|| no_longer(config))
}

/// A group of which the user is a member, and the process is not: a mail server may start it with fewer.
fn lacks(config: &Config, option: Option<&str>) -> Option<String> {
    let (group, name) = joined(config)?;
    let mend = match option {
        Some(option) => {
            let program = of_owner(config, Uid::effective());
            format!("`{program} init {option} | sudo sh` mends that")
        }
        None => format!("{MANUAL}, \"Several operators\", says what mends that"),
    };
    Some(format!(
        "{name} is in the group {group}, but the mail server starts the program without it; {mend}"
    ))
}

/// A store that the configuration says nobody shares, and which has been shared: others have made files of it.
fn no_longer(config: &Config) -> Option<String> {
    let meta = config.dir.metadata().ok()?;
    if config.group.is_some() || meta.mode() & 0o020 == 0 {
        return None;
    }
    let gid = Gid::from_raw(meta.gid());
    let group = Group::from_gid(gid).ok().flatten();
    let group = group.map_or_else(|| gid.to_string(), |group| group.name);
    Some(format!(
        "the store is shared with the group {group}, but no `group` is set; `{} check` says what mends that",
        of_owner(config, meta.uid().into())
    ))
}

/// What helps a member of the group, who may use all of the store once it is given to the group.
pub(super) fn not_yet(config: &Config) -> Option<String> {
    let group = config.group.as_deref()?;
    let owner = owner(config)?;
    let gid = privilege::group(group).ok()?;
    if !privilege::is_member(gid) {
        return None;
    }
    let program = of_owner(config, owner);
    // Of what may not be read, some is not shared.
    let unshared = Store::new(&config.dir, Some(gid)).unshared();
    let is_shared = unshared.is_ok_and(|paths| paths.is_empty());
    (!is_shared).then(|| {
        format!("`{program} check --mend` gives the group {group} what it may not use yet")
    })
}

/// The first directory on the way to the store `dir` through which this user cannot pass, and the command that lets them.
pub(super) fn on_the_way(dir: &Path) -> Option<(&Path, String)> {
    let stops = |at: &&Path| access(*at, AccessFlags::X_OK) == Err(Errno::EACCES);
    // Of those below it nothing can be known.
    let at = dir.ancestors().skip(1).filter(stops).last()?;
    let meta = at.metadata().ok()?;
    let owner = Uid::from_raw(meta.uid());
    let (sudo, whom) = match owner == Uid::effective() {
        true => (String::new(), "u"),
        false if privilege::is_member(meta.gid().into()) => (privilege::sudo_as(owner), "g"),
        false => (privilege::sudo_as(owner), "o"),
    };
    Some((at, format!("{sudo}chmod {whom}+x {}", quoted_path(at))))
}
