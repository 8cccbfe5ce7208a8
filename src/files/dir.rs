//! A directory that is open: what is created, moved or removed in it cannot end up elsewhere, whatever somebody puts in
//! the place of its name meanwhile (D8).

use super::{absent, no_file};
use nix::dir;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, RenameFlags, openat, renameat2};
use nix::libc;
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};
use std::fs::File;
use std::io::{Error, Result};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

/// An open directory.
#[derive(Debug)]
pub struct Dir {
    file: File,
    path: PathBuf,
}

impl Dir {
    /// Opens the directory at `path`; only the last component may not be a symbolic link.
    ///
    /// # Errors
    /// It is a link, or no directory.
    pub fn open(path: &Path) -> Result<Dir> {
        open(AT_FDCWD, path, path, OFlag::O_NOFOLLOW)
    }

    /// The same for a directory that the user names: it may be a link.
    ///
    /// # Errors
    /// It is no directory.
    pub fn open_named(path: &Path) -> Result<Dir> {
        open(AT_FDCWD, path, path, OFlag::empty())
    }

    /// Opens the directory `name` in this one.
    ///
    /// # Errors
    /// It is a link, or no directory.
    pub fn below(&self, name: &str) -> Result<Dir> {
        let path = self.path.join(name);
        open(&self.file, Path::new(name), &path, OFlag::O_NOFOLLOW)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory itself, to change its mode and owner, or to sync it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The names in it that are text.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let here = dir::Dir::openat(
            &self.file,
            ".",
            OFlag::O_RDONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        let mut names = Vec::new();
        for entry in here {
            let entry = entry?;
            if let Ok(name) = entry.file_name().to_str()
                && ![".", ".."].contains(&name)
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// True if `name` is a regular file.
    pub fn has_file(&self, name: &str) -> bool {
        let stat = fstatat(&self.file, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFREG)
    }

    /// Gives `file` the name `name` here, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of linkat(2).
    pub fn link(&self, file: &File, name: &str) -> Result<()> {
        let from = format!("/proc/self/fd/{}", file.as_raw_fd());
        let follow = AtFlags::AT_SYMLINK_FOLLOW;
        Ok(linkat(AT_FDCWD, from.as_str(), &self.file, name, follow)?)
    }

    /// Gives the file at `path` the name `name` here as well, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of linkat(2).
    pub fn link_path(&self, path: &Path, name: &str) -> Result<()> {
        Ok(linkat(AT_FDCWD, path, &self.file, name, AtFlags::empty())?)
    }

    /// Moves `name` to the same name in `to`, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of renameat2(2).
    pub fn move_to(&self, name: &str, to: &Dir) -> Result<()> {
        let free = RenameFlags::RENAME_NOREPLACE;
        let moved = renameat2(&self.file, name, &to.file, name, free);
        moved.or_else(|e| {
            let taken = || fstatat(&to.file, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok();
            match e {
                // The file system does not know the flag. Whoever moves holds a lock, so checking first is safe enough.
                nix::errno::Errno::EINVAL if !taken() => {
                    nix::fcntl::renameat(&self.file, name, &to.file, name)
                }
                e => Err(e),
            }
        })?;
        Ok(())
    }

    /// Removes the file `name`.
    ///
    /// # Errors
    /// Those of unlinkat(2).
    pub fn remove(&self, name: &str) -> Result<()> {
        Ok(unlinkat(&self.file, name, UnlinkatFlags::NoRemoveDir)?)
    }

    /// Removes the empty directory `name`.
    ///
    /// # Errors
    /// `DirectoryNotEmpty`, and others of unlinkat(2).
    pub fn remove_dir(&self, name: &str) -> Result<()> {
        Ok(unlinkat(&self.file, name, UnlinkatFlags::RemoveDir)?)
    }
}

/// Opens `name` in `dir`; it is at `path`.
fn open(dir: impl AsFd, name: &Path, path: &Path, follow: OFlag) -> Result<Dir> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | follow;
    match openat(dir, name, flags, Mode::empty()) {
        Ok(fd) => Ok(Dir {
            file: File::from(fd),
            path: path.to_owned(),
        }),
        Err(e) => Err(refusal(path).unwrap_or_else(|| e.into())),
    }
}

/// The error for what stands in the place of a directory at `path`; `None` if it is one, or if nothing is there.
fn refusal(path: &Path) -> Option<Error> {
    let kind = path.symlink_metadata().ok()?.file_type();
    (!kind.is_dir()).then(|| no_file(kind, "directory"))
}

/// Makes sure that at `path` there is a directory or nothing.
///
/// # Errors
/// Something else stands there, such as a symbolic link, or it cannot be looked at.
pub fn expect_directory(path: &Path) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(meta) => Err(no_file(meta.file_type(), "directory")),
        Err(e) if absent(&e) => Ok(false),
        Err(e) => Err(e),
    }
}
