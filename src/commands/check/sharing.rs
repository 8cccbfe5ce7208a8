//! Checks what several users who work on one desk need: a configuration that all of them read, and the way to the store.

use super::diagnosis::Diagnosis;
use super::mend::{as_owner, as_root, take_over, user};
use crate::commands::text::toml_string;
use crate::config::{Lost, MACHINE_FILE, SHARE, Served, served, served_elsewhere};
use crate::desk::Desk;
use crate::error::{quoted, quoted_path};
use crate::privilege;
use nix::unistd::{Gid, Group, Uid, User, geteuid};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where there is no desk yet, that alone: all the rest is made by `init`.
pub(super) fn nothing_yet(desk: &Desk, init: &str, etc: &Path) -> Option<Diagnosis> {
    if desk.config.file.is_some() || desk.is_begun().unwrap_or(true) {
        return None;
    }
    let anew = |lost: &Lost| format!("{}  # with your domain", lost.init());
    if let Some(lost) = desk.config.lost() {
        return Some(Diagnosis::fail(format!("config: {}", lost.what())).mend(anew(&lost)));
    }
    if let Some(other) = served_elsewhere(etc) {
        if let Some(lost) = other.lost() {
            let text = format!("config: no desk here yet; {}", lost.what());
            return Some(Diagnosis::fail(text).mend(anew(&lost)));
        }
        let text = format!(
            "config: no desk here yet; the mail server brings mail to another desk, that of user {}: {SHARE}",
            other.user
        );
        return Some(Diagnosis::fail(text).mend(format!("{} list", other.command())));
    }
    let domain = match desk.config.addresses.domain() {
        guess if guess.contains('.') => quoted(guess),
        _ => "example.org".to_owned(),
    };
    let init = format!("{init} init --domain {domain} --admin you@{domain}");
    Some(Diagnosis::fail("config: no desk here yet").mend(init))
}

/// A store that belongs to another user than it should, as after a `chown` that went too far. All else that is found then
/// comes of it, and what mends that would give the desk away.
pub(super) fn given_away(desk: &Desk, init: &str, etc: &Path) -> Option<Diagnosis> {
    let root = desk.store.root();
    let owner_of = |path: &Path| Some(Uid::from_raw(std::fs::metadata(path).ok()?.uid()));
    let owner = owner_of(root)?;
    let whose = user(owner);
    let chown = |user: &str| as_root(&format!("chown -R {user} {}", quoted_path(root)));
    if desk.config.file.as_deref() != Some(Path::new(MACHINE_FILE)) {
        let me = geteuid();
        let is_mine = desk.config.owner_elsewhere().is_some() && owner_of(root.parent()?)? == me;
        let text = format!(
            "store: {} belongs to {whose}, but lies in a directory of yours",
            root.display()
        );
        return is_mine.then(|| Diagnosis::fail(text).mend(chown(&user(me))));
    }
    let desks = served(etc);
    // One that is gone may have been another desk, of which nothing but the pieces is left.
    let is_it = |it: &&Served| it.is_machines() && it.user().is_ok() && !it.is_gone();
    let served = desks.iter().find(is_it)?;
    if served.user() == Ok(owner) {
        return None;
    }
    let text = format!(
        "store: {} belongs to {whose}, but the mail server files in it as {}",
        root.display(),
        served.user
    );
    let chown = chown(&served.user);
    let pieces = match served.file.starts_with(etc.join("postfix")) {
        true => "--postfix",
        false => "--exim",
    };
    let put_in = format!("{init} init {pieces} | {}", as_root("sh"));
    Some(Diagnosis::fail(text).mend(match owner.is_root() {
        true => chown,
        false => format!(
            "{chown}  # or, if the desk is to be that of {whose}, {}",
            take_over(desk, &put_in, &served.user)
        ),
    }))
}

/// A configuration of this user's own for the store of somebody else, which has another one: what differs in the two
/// is no fault of that desk, and nothing of it is to be mended.
pub(super) fn of_another(desk: &Desk) -> Option<Diagnosis> {
    let owner = user(desk.config.owner_elsewhere()?);
    let root = desk.store.root().display();
    let (text, mend) = match &desk.config.file {
        Some(file) => (
            format!(
                "config: {root} is the desk of {owner}, and {} is not its configuration: {SHARE}",
                file.display()
            ),
            format!(
                "`group = ...` in {}, if it is read by all of them; else use that of {owner}, and rm {}",
                file.display(),
                quoted_path(file)
            ),
        ),
        None => (
            format!(
                "config: {root} is the desk of {owner}, of which this user has no configuration"
            ),
            SHARE.to_owned(),
        ),
    };
    Some(Diagnosis::fail(text).mend(mend))
}

/// A configuration by which each of the group has another desk: what is found of that one is nobody's fault. It is the
/// store of the user whom the mail server starts that is meant, else the one that is there.
pub(super) fn without_dir(desk: &Desk, etc: &Path) -> Option<Diagnosis> {
    let config = &desk.config;
    let (file, group) = (config.file.as_ref()?, config.group.as_deref()?);
    if config.dir_named {
        return None;
    }
    // The store of a user who does nothing else is their home.
    let home = |desk: &Served| {
        let home = privilege::user(&desk.user)?.dir;
        let is_store = home.join(".tickets").is_dir();
        Some(if is_store { home } else { home.join("tickets") })
    };
    let dir = match &served(etc)[..] {
        [served] => home(served),
        _ => None,
    };
    let own = || config.dir.is_dir().then(|| config.dir.clone());
    let dir = dir.or_else(own);
    let dir = dir.unwrap_or_else(|| "/home/USER/tickets".into());
    let text = format!(
        "config: without `dir`, each of the group {group} looks for the tickets in the own home"
    );
    let dir = toml_string(&dir.to_string_lossy());
    let file = file.display();
    let mend = format!("write `dir = {dir}` above all tables of {file}");
    Some(Diagnosis::fail(text).mend(mend))
}

/// What keeps a member of the group from the configuration, or from the store. Only the owner can mend it.
pub(super) fn look(desk: &Desk) -> Vec<Diagnosis> {
    let root = desk.store.root();
    let group = desk.config.group.as_deref();
    let owner = std::fs::metadata(root).map(|meta| Uid::from_raw(meta.uid()));
    let Some((group, gid)) = group.and_then(|it| Some((it, privilege::group(it).ok()?))) else {
        return Vec::new();
    };
    if !owner.is_ok_and(|owner| owner == geteuid()) {
        return Vec::new();
    }
    let others: Vec<User> = members(gid);
    let kept = |path: &Path, wanted: u32| {
        let mut kept = others
            .iter()
            .filter_map(|it| Some((it, obstacle(it, path, wanted)?)));
        kept.next()
    };
    let mut found = Vec::new();
    if let Some(file) = &desk.config.file
        && let Some((member, at)) = kept(file, 0o4)
    {
        let text = format!(
            "config: {} of the group {group} cannot read {}",
            member.name,
            file.display()
        );
        found.push(
            Diagnosis::warn(text).mend(match file == Path::new(MACHINE_FILE) {
                true => as_root(&format!(
                    "chmod a+rX {}  # secrets have files of their own",
                    paths(&at, file)
                )),
                false => move_to_machine(desk, file),
            }),
        );
    }
    found.extend(kept_files(desk, &others, group));
    if let Some(above) = root.parent()
        && let Some((member, at)) = kept(above, 0o1)
    {
        let text = format!(
            "store: {} of the group {group} cannot pass through {}",
            member.name,
            at.display()
        );
        let chmod = format!("chmod o+x {}", quoted_path(&at));
        found.push(Diagnosis::warn(text).mend(as_owner(&at, &chmod)));
    }
    found
}

/// Files that the configuration names, and that somebody of the group may not read: what they do would be written
/// otherwise, or not at all.
fn kept_files(desk: &Desk, others: &[User], group: &str) -> Vec<Diagnosis> {
    let config = &desk.config;
    let secret =
        (config.address_secret.as_deref()).map(|file| ("address_secret", file, 0o4, "-m 640"));
    let templates = config.templates.as_deref();
    let templates = templates.map(|dir| ("templates", dir, 0o5, "-d -m 750"));
    let named = secret.into_iter().chain(templates);
    let tell = |(key, path, wanted, mode): (&str, &Path, u32, &str)| {
        let (member, _) = (others.iter()).find_map(|it| Some((it, obstacle(it, path, wanted)?)))?;
        let text = format!(
            "{key}: {} of the group {group} cannot read {}",
            member.name,
            path.display()
        );
        let name = path.file_name()?.to_string_lossy();
        let to = format!("/etc/tickets/{name}");
        let install = as_root(&match mode {
            "-d -m 750" => format!(
                "install {mode} -g {group} {0} && sudo install -m 640 -g {group} {1}/*.txt {0}",
                quoted(&to),
                quoted_path(path)
            ),
            mode => format!(
                "install {mode} -g {group} {} {}",
                quoted_path(path),
                quoted(&to)
            ),
        });
        let file = config.file_to_edit();
        Some(Diagnosis::fail(text).mend(format!(
            "{install}  # and {key} = {} in {file}",
            toml_string(&to)
        )))
    };
    named.filter_map(tell).collect()
}

/// The command that makes a user's configuration the machine's, which everybody finds.
fn move_to_machine(desk: &Desk, file: &Path) -> String {
    let path = quoted_path(file);
    let dir = toml_string(&desk.config.dir.to_string_lossy());
    let install = as_root(&format!("install -D -m 644 {path} {MACHINE_FILE}"));
    format!("{install} && rm {path}  # with `dir = {dir}` in it")
}

fn paths(at: &Path, file: &Path) -> String {
    match at == file {
        true => quoted_path(file),
        false => format!("{} {}", quoted_path(at), quoted_path(file)),
    }
}

/// Who is in the group besides this user and root, as the group database has it.
fn members(gid: Gid) -> Vec<User> {
    let group = Group::from_gid(gid).ok().flatten();
    let names = group.map(|group| group.mem).unwrap_or_default();
    let known = names
        .iter()
        .filter_map(|name| User::from_name(name).ok().flatten());
    known
        .filter(|it| it.uid != geteuid() && !it.uid.is_root())
        .collect()
}

/// The first thing on the way to `path` that keeps `user` from it: a directory through which they cannot pass, or
/// `path` itself, of which they have not what is `wanted`. What cannot be looked at keeps nobody.
fn obstacle(user: &User, path: &Path, wanted: u32) -> Option<PathBuf> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    let keeps = |at: &&&Path| {
        let wanted = if **at == path { wanted } else { 0o1 };
        std::fs::metadata(at).is_ok_and(|meta| {
            let bits = match () {
                () if meta.uid() == user.uid.as_raw() => meta.mode() >> 6,
                () if privilege::is_in_group(user, Gid::from_raw(meta.gid())) => meta.mode() >> 3,
                () => meta.mode(),
            };
            bits & wanted != wanted
        })
    };
    way.iter().find(keeps).map(|at| at.to_path_buf())
}

/// What is to be said to somebody who is in the group `name` by now, but was not when they logged in.
pub(super) fn joined_since(name: &str) -> Option<Diagnosis> {
    let gid = privilege::group(name).ok()?;
    let me = privilege::joined_since_login(gid)?;
    let text = format!(
        "store: {me} is a member of the group {name} by now, but was not when this login began, so that commands in it fail"
    );
    let mend = format!("newgrp {}  # or log in again", quoted(name));
    Some(Diagnosis::warn(text).mend(mend))
}

/// The configuration, as whoever may edit it says that the store is shared.
pub(super) fn set_group(desk: &Desk, gid: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    let name = group.map_or_else(|| gid.to_string(), |group| group.name);
    format!(
        "`group = {}` in {}",
        toml_string(&name),
        desk.config.file_to_edit()
    )
}
