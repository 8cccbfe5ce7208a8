//! A file is replaced by another one of the same owner, mode and attributes.

use crate::patience::{Locked, Patience, held};
use crate::privilege::name_of;
use anyhow::{Context as _, Result};
use nix::libc;
use nix::unistd::{Gid, Uid, fchown};
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The largest list of attributes and the largest attribute that Linux has.
const LARGEST: usize = 65536;

/// A new file beside the one whose place it takes. It is the lock, too: only who may make files there can hold it, and
/// not whoever may read the old one. Unless it takes its place, it is removed.
pub(super) struct Successor {
    new: Locked,
    path: PathBuf,
    file: PathBuf,
    has_place: bool,
}

impl Successor {
    /// Makes the new file, and waits for others who replace the old one.
    ///
    /// # Errors
    /// It cannot be made, or is somebody else's (`PermissionDenied`). Status 75 if others hold it for too long.
    pub(super) fn of(file: &Path) -> Result<Successor> {
        // No name that somebody gives a draft.
        let mut name = OsString::from(".");
        name.push(file.file_name().unwrap_or_default());
        name.push(".tickets");
        let path = file.with_file_name(name);
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let patience = Patience::default();
        loop {
            let doing = || format!("cannot open {}", path.display());
            let new = options.open(&path).with_context(doing)?;
            let meta = new.metadata()?;
            if meta.uid() != Uid::effective().as_raw() || !meta.is_file() {
                let (path, owner) = (path.display(), name_of(Uid::from_raw(meta.uid())));
                let text = format!("{path} belongs to {owner}");
                return Err(Error::new(ErrorKind::PermissionDenied, text).into());
            }
            let waited_for = new.try_clone()?;
            let Some(new) = Locked::now(new)? else {
                if !patience.wait() {
                    return Err(held(&waited_for, &path).into());
                }
                continue;
            };
            let now = fs::symlink_metadata(&path).ok();
            if now.is_none_or(|now| (now.dev(), now.ino()) != (meta.dev(), meta.ino())) {
                // It has taken its place, or was removed.
                continue;
            }
            if new.metadata()?.len() > 0 {
                // One that was killed left it, whoever may read it.
                fs::remove_file(&path)?;
                continue;
            }
            let file = file.to_owned();
            return Ok(Successor {
                new,
                path,
                file,
                has_place: false,
            });
        }
    }

    /// Gives it this text and all but the text of `old`, and puts it in its place.
    ///
    /// # Errors
    /// It cannot be written, or may not be given all that (`PermissionDenied`).
    pub(super) fn take_place(mut self, old: &File, text: &str) -> Result<()> {
        let mut new: &File = &self.new;
        let meta = old.metadata()?;
        new.write_all(text.as_bytes())?;
        if new.metadata()?.gid() != meta.gid() {
            fchown(new, None, Some(Gid::from_raw(meta.gid()))).map_err(Error::from)?;
        }
        // First the list of who may use it: without it, the mode has other groups in mind.
        copy_attributes(old, new)?;
        new.set_permissions(Permissions::from_mode(meta.mode() & 0o7777))?;
        new.sync_all()?;
        fs::rename(&self.path, &self.file)?;
        self.has_place = true;
        File::open(self.file.parent().unwrap_or(&self.file))?.sync_all()?;
        Ok(())
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        if !self.has_place {
            // If it stays, the next one removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives `new` the extended attributes of `old`, a list of who may use it (ACL) among them, and no others.
fn copy_attributes(old: &File, new: &File) -> std::io::Result<()> {
    let (wanted, found) = (attributes(old)?, attributes(new)?);
    let refused = |name: &CString, why: rustix::io::Errno| {
        let text = format!("its attribute {}: {why}", name.to_string_lossy());
        Error::new(ErrorKind::PermissionDenied, text)
    };
    for (name, value) in &wanted {
        if found.get(name) != Some(value) {
            fsetxattr(new, name, value, XattrFlags::empty()).map_err(|why| refused(name, why))?;
        }
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
        fremovexattr(new, name).map_err(|why| refused(name, why))?;
    }
    Ok(())
}

fn attributes(file: &File) -> std::io::Result<BTreeMap<CString, Vec<u8>>> {
    let mut buffer = vec![0; LARGEST];
    let list = match flistxattr(file, &mut buffer[..]) {
        Ok(length) => buffer[..length].to_vec(),
        // The file system has none.
        Err(rustix::io::Errno::OPNOTSUPP) => return Ok(BTreeMap::new()),
        Err(e) => return Err(e.into()),
    };
    let names = list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    let mut attributes = BTreeMap::new();
    for name in names {
        let name = CString::new(name)?;
        let length = fgetxattr(file, &name, &mut buffer[..])?;
        attributes.insert(name, buffer[..length].to_vec());
    }
    Ok(attributes)
}
