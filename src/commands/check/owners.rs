//! Checks whose the files of the store are, and whether its disk takes more.

use super::diagnosis::{Diagnosis, may};
use super::mend::{as_owner, as_root, user};
use super::obstacles;
use crate::desk::Desk;
use crate::error::quoted_path;
use crate::screen::size;
use crate::ticket::State;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, Uid, geteuid};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Tickets, and the desk's own files, that belong to somebody else. With a group it is enough that they may be used.
pub(super) fn look(desk: &Desk) -> Option<Diagnosis> {
    let root = desk.store.root();
    let owner = std::fs::metadata(root).ok()?.uid();
    let shared = desk.config.group.is_some();
    let access = AccessFlags::R_OK | AccessFlags::W_OK;
    let is_foreign = |path: &PathBuf| {
        let meta = std::fs::symlink_metadata(path);
        meta.is_ok_and(|meta| match shared {
            true => meta.is_file() && !may(path, access),
            false => meta.uid() != owner,
        })
    };
    let tickets = [State::Open, State::Closed].map(|state| {
        let ids = desk.store.ids(state).unwrap_or_default().into_iter();
        ids.map(move |id| desk.store.path(id, state))
    });
    let own = obstacles::own(&desk.store);
    let mut foreign = tickets.into_iter().flatten().chain(own).filter(is_foreign);
    let first = foreign.next()?;
    let others = match foreign.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let whose = std::fs::symlink_metadata(&first).map_or(0, |meta| meta.uid());
    let (whose, owner) = (Uid::from_raw(whose), Uid::from_raw(owner));
    let text = format!(
        "store: {}{others} belongs to {}, not to {}",
        first.display(),
        user(whose),
        user(owner)
    );
    let rightful = match owner.is_root() {
        true => whose,
        false => owner,
    };
    Some(Diagnosis::fail(text).mend(give(rightful, root)))
}

/// The user to whom all of a store should belong: as its directory does. No mail server works as root, so that it cannot
/// be meant to be root's.
pub(super) fn rightful(root: &Path) -> Uid {
    let owner = std::fs::metadata(root).map(|meta| Uid::from_raw(meta.uid()));
    owner
        .ok()
        .filter(|it| !it.is_root())
        .unwrap_or_else(geteuid)
}

/// The command that gives `path`, and what lies in it, to `owner`.
pub(super) fn give(owner: Uid, path: &Path) -> String {
    as_root(&format!("chown -R {} {}", user(owner), quoted_path(path)))
}

/// What makes a store that a group could write its owner's alone again. Others of the group may have made a part of it,
/// which is theirs to close, or root's.
pub(super) fn take_back(root: &Path) -> String {
    let path = quoted_path(root);
    let owner = rightful(root);
    match has_foreign(root, owner) {
        false => as_owner(root, &format!("chmod -R g-w {path}")),
        true => {
            let chown = as_root(&format!("chown -R {}: {path}", user(owner)));
            let chmod = as_root(&format!("chmod -R g-ws {path}"));
            format!("{chown} && {chmod}")
        }
    }
}

/// True if anything in `dir` belongs to somebody else than `owner`, or cannot be looked at.
fn has_foreign(dir: &Path, owner: Uid) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return true;
    };
    entries.flatten().any(|entry| match entry.metadata() {
        Ok(meta) if meta.uid() != owner.as_raw() => true,
        Ok(meta) => meta.is_dir() && has_foreign(&entry.path(), owner),
        Err(_) => false,
    })
}

/// Whether a mail still fits on the disk, else what fills it.
pub(super) fn space(desk: &Desk) -> Option<Diagnosis> {
    let root = desk.store.root();
    let free = fs2::available_space(root).ok()?;
    let wanted = desk.config.max_size.saturating_add(16 << 20);
    let most = size(usize::try_from(desk.config.max_size).unwrap_or(usize::MAX));
    let disk = mount_of(root);
    let disk = disk.display();
    let fills = || what_fills(root) + &can_be_spared(desk);
    match free {
        0..1_000_000 => {
            let text = format!("store: the disk is full: {disk}");
            Some(Diagnosis::fail(text).mend(fills()))
        }
        _ if no_names_left(root) => {
            let text = format!("store: the disk has no room for more files: {disk}");
            Some(Diagnosis::fail(text).mend(what_has_most_files(root)))
        }
        free if free < wanted => {
            let text =
                format!("store: a mail of {most} (max_size) does not fit on the disk: {disk}");
            Some(Diagnosis::warn(text).mend(fills()))
        }
        _ => None,
    }
}

/// What of the store the operator may do without, if that is worth a word: for a shell it is a comment.
fn can_be_spared(desk: &Desk) -> String {
    let copies = desk.store.recent_copies().unwrap_or_default();
    let lengths = copies.iter().map(|copy| {
        let found = std::fs::symlink_metadata(copy.place.path());
        found.map_or(0, |meta| meta.len())
    });
    let bytes: u64 = lengths.sum();
    match bytes {
        0..1_000_000 => String::new(),
        _ => {
            let recent = desk.store.private().join("recent");
            // A job could not even note on a full disk that it runs.
            let rm = as_owner(
                desk.store.root(),
                &format!("rm -r {}", quoted_path(&recent)),
            );
            let bytes = size(usize::try_from(bytes).unwrap_or(usize::MAX));
            format!(
                "  # {bytes} are copies of filed mail (`keep_recent`), which only `tickets restore` needs: {rm}"
            )
        }
    }
}

/// True if the disk is mounted so that nobody can write to it.
pub(super) fn read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|disk| disk.flags().contains(FsFlags::ST_RDONLY))
}

/// The command that mends that.
pub(super) fn remount(path: &Path) -> String {
    let mount = mount_of(path);
    as_root(&format!("mount -o remount,rw {}", quoted_path(&mount)))
}

/// Where the disk of `path` is mounted.
fn mount_of(path: &Path) -> PathBuf {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    // Names with blanks are written otherwise there, and are left out.
    let mounts = mounts.lines().filter_map(|it| it.split(' ').nth(1));
    let mount = mounts
        .filter(|it| path.starts_with(it))
        .max_by_key(|it| it.len());
    mount.map_or(path.as_path(), Path::new).to_owned()
}

/// The command that shows what the disk of `path` is full of, the largest last.
pub(super) fn what_fills(path: &Path) -> String {
    let du = as_root(&format!("du -xh {}", quoted_path(&mount_of(path))));
    format!("{du} | sort -h | tail -n 20")
}

/// The same where it has space and takes no more files.
fn what_has_most_files(path: &Path) -> String {
    let du = as_root(&format!("du -x --inodes {}", quoted_path(&mount_of(path))));
    format!("{du} | sort -n | tail -n 20")
}

/// True if the disk takes no more files, though it may have space.
fn no_names_left(path: &Path) -> bool {
    // Some have no limit, and say that there are none at all.
    statvfs(path).is_ok_and(|disk| disk.files() > 0 && disk.files_available() == 0)
}
