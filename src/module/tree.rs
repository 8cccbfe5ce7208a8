//! A directory with all that is in it: copied for the case that an upgrade fails, and removed.

use crate::files::Dir;
use nix::dir::{self, Type};
use nix::fcntl::{AtFlags, OFlag, readlinkat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmod, fchmodat, fstatat, futimens};
use nix::sys::time::TimeSpec;
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// So deep may directories lie in each other.
const DEEPEST: usize = 64;

/// Puts a copy of all that is in `from` into `to`, which is empty, and returns when it is on the disk.
///
/// # Errors
/// Something cannot be read or written, or is a socket, a pipe or a device; it is named.
pub(super) fn copy(from: &Dir, to: &Dir) -> Result<()> {
    copy_below(from, to, DEEPEST)
}

fn copy_below(from: &Dir, to: &Dir, deep: usize) -> Result<()> {
    for (name, kind) in entries(from).map_err(of(from.path()))? {
        let path = from.path().join(&name);
        if kind == Type::Directory {
            let left = deep.checked_sub(1).ok_or_else(|| too_deep(from))?;
            to.create_dir(&name, 0o700).map_err(of(&path))?;
            let below = from.below(&name).map_err(of(&path))?;
            copy_below(&below, &to.below(&name).map_err(of(&path))?, left)?;
        } else {
            copy_one(from, to, &name, kind).map_err(of(&path))?;
        }
    }
    look_alike(from.file(), to.file()).map_err(of(from.path()))?;
    to.sync()
}

/// Copies what is no directory.
fn copy_one(from: &Dir, to: &Dir, name: &OsStr, kind: Type) -> Result<()> {
    match kind {
        Type::Symlink => {
            let target = readlinkat(from, name)?;
            symlinkat(target.as_os_str(), to, name)?;
        }
        Type::File => {
            let mut old = from.at(name).open(OFlag::O_RDONLY)?;
            let mut new = to.at(name).create(0o600)?;
            std::io::copy(&mut old, &mut new)?;
            look_alike(&old, &new)?;
            new.sync_all()?;
        }
        _ => {
            let why = "a socket, a pipe or a device cannot be copied; it has to be removed";
            return Err(Error::other(why));
        }
    }
    Ok(())
}

/// Names what an error is about.
fn of(path: &Path) -> impl FnOnce(Error) -> Error {
    let path = path.to_owned();
    move |e| Error::new(e.kind(), format!("{}: {e}", path.display()))
}

/// Gives `new` the mode and the time of `old`.
fn look_alike(old: &File, new: &File) -> Result<()> {
    let meta = old.metadata()?;
    fchmod(new, Mode::from_bits_truncate(meta.mode() & 0o7777))?;
    let then = TimeSpec::new(meta.mtime(), meta.mtime_nsec());
    Ok(futimens(new, &then, &then)?)
}

/// Removes the directory `name` of `parent` with all that is in it, if it is there: also what a module has forbidden
/// itself to change, and names that are no text.
///
/// # Errors
/// Something cannot be removed.
pub(super) fn remove(parent: &Dir, name: &str) -> Result<()> {
    remove_below(parent, OsStr::new(name), DEEPEST)
}

fn remove_below(parent: &Dir, name: &OsStr, deep: usize) -> Result<()> {
    let dir = match opened_up(parent, name) {
        Err(e) if crate::files::absent(&e) => return Ok(()),
        opened => opened?,
    };
    for (name, kind) in entries(&dir)? {
        match kind {
            Type::Directory => {
                let left = deep.checked_sub(1).ok_or_else(|| too_deep(&dir))?;
                remove_below(&dir, &name, left)?;
            }
            _ => unlinkat(&dir, name.as_os_str(), UnlinkatFlags::NoRemoveDir)?,
        }
    }
    Ok(unlinkat(parent, name, UnlinkatFlags::RemoveDir)?)
}

/// The directory `name` of `parent`, whose owner may list and change it.
fn opened_up(parent: &Dir, name: &OsStr) -> Result<Dir> {
    let dir = parent.below(name)?;
    if dir.file().metadata()?.mode() & 0o700 == 0o700 {
        return Ok(dir);
    }
    fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink)?;
    parent.below(name)
}

/// What is in a directory.
fn entries(dir: &Dir) -> Result<Vec<(OsString, Type)>> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let mut entries = Vec::new();
    for entry in dir::Dir::openat(dir, ".", flags, Mode::empty())? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            Some(kind) => kind,
            None => kind_of(dir, name)?,
        };
        entries.push((name.to_owned(), kind));
    }
    Ok(entries)
}

/// What stands at a name, where the file system does not say so at once.
fn kind_of(dir: &Dir, name: &OsStr) -> Result<Type> {
    let mode = fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW)?.st_mode;
    Ok(match mode & nix::libc::S_IFMT {
        nix::libc::S_IFDIR => Type::Directory,
        nix::libc::S_IFLNK => Type::Symlink,
        nix::libc::S_IFREG => Type::File,
        _ => Type::Fifo,
    })
}

fn too_deep(dir: &Dir) -> Error {
    let path: &Path = dir.path();
    Error::other(format!("{} lies too deep", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_copy_is_the_same_and_can_be_removed() {
        // G8
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("old/deep/er")).unwrap();
        fs::create_dir(at("new")).unwrap();
        fs::write(at("old/deep/er/x"), "words\0").unwrap();
        symlink("/nowhere", at("old/link")).unwrap();
        fs::write(at("old/run"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(at("old/run"), fs::Permissions::from_mode(0o750)).unwrap();
        let open = |name: &str| Dir::open_named(&at(name)).unwrap();
        copy(&open("old"), &open("new")).unwrap();
        assert_eq!(fs::read(at("new/deep/er/x")).unwrap(), b"words\0");
        assert_eq!(
            fs::read_link(at("new/link")).unwrap(),
            Path::new("/nowhere")
        );
        let [old, new] = ["old/run", "new/run"].map(|name| fs::metadata(at(name)).unwrap());
        assert_eq!((old.mode(), old.mtime()), (new.mode(), new.mtime()));
        let odd = OsStr::from_bytes(b"a\xffb");
        fs::write(at("old").join(odd), "odd").unwrap();
        fs::create_dir(at("second")).unwrap();
        copy(&open("old"), &open("second")).unwrap();
        assert_eq!(fs::read(at("second").join(odd)).unwrap(), b"odd");
        let parent = Dir::open_named(root.path()).unwrap();
        remove(&parent, "new").unwrap();
        remove(&parent, "new").unwrap();
        remove(&parent, "second").unwrap();
        assert_eq!(parent.names().unwrap(), ["old"]);
        let mut path = at("old");
        (0..70).for_each(|_| path.push("d"));
        fs::create_dir_all(&path).unwrap();
        fs::create_dir(at("new")).unwrap();
        assert!(copy(&open("old"), &open("new")).is_err(), "it is too deep");
    }
}
