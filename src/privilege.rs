//! As whom the program runs, and who else may use what it creates.

use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Group, Uid, User};
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Keeps what is created from everybody else, whatever umask the MTA left (D8).
pub fn keep_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Lets the group use what is created from now on (D8).
pub fn share_with_group() {
    umask(Mode::from_bits_truncate(0o007));
}

/// Root becomes the store's owner: what root leaves there, the desk could not read, and every
/// delivery would wait for somebody to notice.
pub fn become_owner(dir: &Path) -> Result<()> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let Ok(meta) = std::fs::metadata(dir) else {
        return Ok(());
    };
    let (uid, gid) = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
    if uid.is_root() {
        return Ok(());
    }
    let user = User::from_uid(uid).ok().flatten();
    let become_them = || -> nix::Result<()> {
        match &user {
            Some(user) => {
                let name = CString::new(user.name.as_str()).unwrap_or_default();
                nix::unistd::initgroups(&name, user.gid)?;
                nix::unistd::setgid(user.gid)?;
            }
            None => {
                nix::unistd::setgroups(&[gid])?;
                nix::unistd::setgid(gid)?;
            }
        }
        nix::unistd::setuid(uid)
    };
    become_them().with_context(|| format!("cannot become the owner of {}", dir.display()))
}

/// The group of this name.
///
/// # Errors
/// Status 78 if there is none.
pub fn group(name: &str) -> Result<Gid> {
    let group = Group::from_name(name).ok().flatten();
    let fault = || Fault::new(Status::Config, format!("group: there is no group {name:?}"));
    Ok(group.ok_or_else(fault)?.gid)
}
