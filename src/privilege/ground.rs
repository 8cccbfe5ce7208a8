//! Who can change what a path names.

use super::{become_user, is_root, name_of};
use crate::error::{Fault, Status, quoted, quoted_path};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, readlinkat};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, fstat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};
use nix::unistd::Uid;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// So many symbolic links are followed on one path, as the kernel does.
const LINKS: u32 = 40;

/// What stands on the way from `/` to a path, symbolic links among it: whose it is, and who may put something
/// else there. It is found by looking; nothing is opened.
#[derive(Debug)]
pub struct Ground {
    path: PathBuf,
    missing: bool,
    /// Everybody besides root to whom something on the way belongs, each with the first such thing.
    owners: Vec<(Uid, PathBuf)>,
    /// The first thing of root's that a group may change.
    shared: Option<PathBuf>,
    /// The first thing of root's that everybody may change.
    open: Option<PathBuf>,
    /// The last directory there is, if it is one like /tmp: everybody may add to it.
    crowded: Option<PathBuf>,
}

impl Ground {
    /// Looks at `path`, which need not exist.
    ///
    /// # Errors
    /// A part of it cannot be looked at, or there is no end of links.
    pub fn of(path: &Path) -> Result<Ground> {
        let doing = || format!("cannot look at {}", path.display());
        let path = std::path::absolute(path).with_context(doing)?;
        let mut ground = Ground {
            path: path.clone(),
            missing: false,
            owners: Vec::new(),
            shared: None,
            open: None,
            crowded: None,
        };
        ground.walk(&path).with_context(doing)?;
        Ok(ground)
    }

    /// True if nothing has this name.
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    fn walk(&mut self, path: &Path) -> nix::Result<()> {
        let look = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let top = nix::fcntl::open("/", look, Mode::empty())?;
        self.judge(Path::new("/"), &fstat(&top)?);
        let mut here: OwnedFd = top.try_clone().map_err(|_| Errno::EMFILE)?;
        let mut reached = PathBuf::from("/");
        // What is still to be walked, the next name last.
        let mut ahead = names(path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let found = openat(
                here.as_fd(),
                name.as_os_str(),
                look | OFlag::O_NOFOLLOW,
                Mode::empty(),
            );
            let mut next = match found {
                Err(Errno::ENOENT | Errno::ENOTDIR) => {
                    self.missing = true;
                    // From a directory that is not there, nobody can tell where `..` leads.
                    return match ahead.iter().any(|name| name == "..") {
                        true => Err(Errno::ENOENT),
                        false => Ok(()),
                    };
                }
                found => found?,
            };
            let at = reached.join(&name);
            let mut meta = fstat(&next)?;
            self.judge(&at, &meta);
            if is(&meta, libc::S_IFLNK) {
                links += 1;
                if links > LINKS {
                    return Err(Errno::ELOOP);
                }
                if fstatfs(here.as_fd())?.filesystem_type() != PROC_SUPER_MAGIC {
                    let target = readlinkat(next.as_fd(), "")?;
                    let target = Path::new(&target);
                    if target.is_absolute() {
                        here = top.try_clone().map_err(|_| Errno::EMFILE)?;
                        reached = PathBuf::from("/");
                    }
                    ahead.extend(names(target));
                    continue;
                }
                // A link of /proc leads to what a process has open, whatever it says (`<(command)` in bash).
                next = openat(here.as_fd(), name.as_os_str(), look, Mode::empty())?;
                meta = fstat(&next)?;
                self.judge(&at, &meta);
            }
            (here, reached) = (next, at);
        }
        Ok(())
    }

    fn judge(&mut self, at: &Path, meta: &FileStat) {
        let uid = Uid::from_raw(meta.st_uid);
        let dir = is(meta, libc::S_IFDIR);
        let sticky = dir && meta.st_mode & libc::S_ISVTX != 0;
        self.crowded = None;
        if !uid.is_root() {
            if !self.owners.iter().any(|(known, _)| *known == uid) {
                self.owners.push((uid, at.to_owned()));
            }
            return;
        }
        // The bits of a link mean nothing, and nobody can change what a device is.
        if is(meta, libc::S_IFLNK) || is(meta, libc::S_IFCHR) {
            return;
        }
        let everybody = meta.st_mode & libc::S_IWOTH != 0;
        // Root's group as well: where there is an ACL, these bits say what it grants to anybody.
        let group = meta.st_mode & libc::S_IWGRP != 0;
        if sticky && (everybody || group) {
            self.crowded = Some(at.to_owned());
        } else if everybody {
            self.open.get_or_insert_with(|| at.to_owned());
        } else if group {
            self.shared.get_or_insert_with(|| at.to_owned());
        }
    }

    /// Makes root the one user besides root who has a hand in this path. Root stays root where nobody has;
    /// then nobody can put anything else there, neither now nor later.
    ///
    /// # Errors
    /// Status 77 if two users have a hand in it, or anybody may put something there.
    pub fn settle(&self) -> Result<()> {
        match is_root() {
            true => self.user()?.map_or(Ok(()), become_user),
            false => Ok(()),
        }
    }

    /// The user whom root has to become to work there; `None` if nobody but root has a hand in it.
    ///
    /// # Errors
    /// As for [`Ground::settle`].
    pub fn user(&self) -> Result<Option<Uid>> {
        // A group of a user's own directory, and one of root's, add nothing to what they can do who are
        // seen on the way. Where root stays root, nobody may be able to.
        let (user, others) = match &self.owners[..] {
            [] => (None, self.open.as_ref().or(self.shared.as_ref())),
            [(uid, _)] => (Some(*uid), self.open.as_ref()),
            [(uid, at), (other, there), ..] => {
                let why = format!(
                    "{} belongs to {}, and {} to {}",
                    at.display(),
                    name_of(*uid),
                    there.display(),
                    name_of(*other)
                );
                return Err(self.refusal(&why, Some(*other), None));
            }
        };
        // There, somebody else may be quicker than root to make it.
        let crowded = self
            .crowded
            .as_ref()
            .filter(|_| self.missing && user.is_none());
        let Some(at) = others.or(crowded) else {
            return Ok(user);
        };
        let why = format!("others than root may write to {}", at.display());
        // What is like /tmp stays so.
        let closed = others.filter(|_| user.is_none());
        Err(self.refusal(&why, user, closed))
    }

    /// Refuses to work as root, as `user` could instead, or root if nobody else could write to `open`.
    fn refusal(&self, why: &str, user: Option<Uid>, open: Option<&PathBuf>) -> anyhow::Error {
        let missing = if self.missing {
            "it does not exist, and "
        } else {
            ""
        };
        let path = self.path.display();
        let text = format!("cannot work as root on {path}: {missing}{why}");
        let user = user.map_or_else(|| "USER".into(), name_of);
        let close = open.map_or_else(String::new, |at| {
            let at = quoted_path(at);
            format!(
                "`{}chmod go-w {at}`, if it is root's alone; else ",
                super::sudo()
            )
        });
        Fault::new(Status::NoPerm, text)
            .hint(format!(
                "{close}`sudo -u {} tickets ...`, as the user whose desk it is",
                match user.strip_prefix("user ") {
                    Some(number) => format!("'#{number}'"),
                    None => quoted(&user),
                }
            ))
            .into()
    }
}

fn is(meta: &FileStat, kind: libc::mode_t) -> bool {
    meta.st_mode & libc::S_IFMT == kind
}

/// The names on a path, the first of them last.
fn names(path: &Path) -> Vec<OsString> {
    let name = |part: Component| match part {
        Component::Normal(_) | Component::ParentDir => Some(OsStr::to_owned(part.as_os_str())),
        _ => None,
    };
    path.components().rev().filter_map(name).collect()
}

#[cfg(test)]
#[path = "ground_tests.rs"]
mod tests;
