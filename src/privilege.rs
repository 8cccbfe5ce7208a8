//! The user the program runs as, and who else may use the files it creates.

use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Group, Uid, User};
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Makes new files private, whatever umask the MTA left (D8).
pub fn keep_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Lets the group read and write files created from now on (D8).
pub fn share_with_group() {
    umask(Mode::from_bits_truncate(0o007));
}

/// Turns root into the owner of the store at `dir`. The desk could not read files that root leaves there, and
/// every delivery would be deferred until somebody noticed.
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

/// Looks up a group by name.
///
/// # Errors
/// Status 78 if there is no such group.
pub fn group(name: &str) -> Result<Gid> {
    let group = Group::from_name(name).ok().flatten();
    let fault = || Fault::new(Status::Config, format!("group: there is no group {name:?}"));
    Ok(group.ok_or_else(fault)?.gid)
}
