//! A directory that is open: what is done in it cannot happen elsewhere, whatever somebody puts in the place of its
//! name meanwhile (D8).

use super::{absent, is_regular, no_file};
use nix::dir::{self, Type};
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Error, Result};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open directory. Copies share it.
#[derive(Clone, Debug)]
pub struct Dir {
    file: Arc<File>,
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
    pub fn below(&self, name: impl AsRef<Path>) -> Result<Dir> {
        let name = name.as_ref();
        open(self, name, &self.path.join(name), OFlag::O_NOFOLLOW)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory itself, to change its mode and owner.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns when all names in it are on the disk.
    ///
    /// # Errors
    /// Those of fsync(2).
    pub fn sync(&self) -> Result<()> {
        self.file.sync_all()
    }

    /// Calls `visit` with each name in it that is text, and whether it is that of a regular file, until `visit`
    /// returns false.
    ///
    /// # Errors
    /// It cannot be read, or the error of `visit`.
    pub fn each(&self, mut visit: impl FnMut(&str, bool) -> Result<bool>) -> Result<()> {
        self.each_of_all(|name, is_file| {
            name.to_str().map_or(Ok(true), |name| visit(name, is_file))
        })
    }

    /// The same for all names, also those that are no text.
    ///
    /// # Errors
    /// As for [`Dir::each`].
    pub fn each_of_all(&self, mut visit: impl FnMut(&OsStr, bool) -> Result<bool>) -> Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        // Opened anew, for a descriptor has one position only.
        for entry in dir::Dir::openat(self, ".", flags, Mode::empty())? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let is_file = match entry.file_type() {
                Some(kind) => kind == Type::File,
                None => fstatat(self, name, AtFlags::AT_SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| is_regular(stat.st_mode)),
            };
            if !visit(name, is_file)? {
                break;
            }
        }
        Ok(())
    }

    /// The names in it that are text.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.each(|name, _| {
            names.push(name.to_owned());
            Ok(true)
        })?;
        Ok(names)
    }

    /// Creates the directory `name` in it.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of mkdir(2).
    pub fn create_dir(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<()> {
        Ok(mkdirat(
            self,
            name.as_ref(),
            Mode::from_bits_truncate(mode),
        )?)
    }

    /// Removes the empty directory `name`.
    ///
    /// # Errors
    /// `DirectoryNotEmpty`, and others of unlinkat(2).
    pub fn remove_dir(&self, name: &str) -> Result<()> {
        Ok(unlinkat(self, name, UnlinkatFlags::RemoveDir)?)
    }

    /// Creates a file without a name, which [`super::Place::link`] gives it; `None` if the file system has no O_TMPFILE (NFS).
    /// Content and name then appear at once, and a process that dies before that leaves nothing behind.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn unnamed(&self, mode: u32) -> Result<Option<File>> {
        let flags = OFlag::O_WRONLY | OFlag::O_TMPFILE | OFlag::O_CLOEXEC;
        match openat(self, ".", flags, Mode::from_bits_truncate(mode)) {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(nix::errno::Errno::EOPNOTSUPP | nix::errno::Errno::EISDIR) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Opens `name` in `dir`; it is at `path`.
fn open(dir: impl AsFd, name: &Path, path: &Path, follow: OFlag) -> Result<Dir> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | follow;
    let open = |how| openat(&dir, name, flags | how, Mode::empty());
    let opened = match open(OFlag::O_RDONLY) {
        // Those who may not list it may still use the names in it that they know.
        Err(nix::errno::Errno::EACCES) => open(OFlag::O_PATH),
        opened => opened,
    };
    match opened {
        Ok(fd) => Ok(Dir {
            file: Arc::new(File::from(fd)),
            path: path.to_owned(),
        }),
        Err(e) => Err(refusal(path).unwrap_or_else(|| e.into())),
    }
}

/// The error for what stands in the place of a directory at `path`; `None` if it is one, or if nothing is there.
fn refusal(path: &Path) -> Option<Error> {
    let meta = path.symlink_metadata().ok()?;
    (!meta.is_dir()).then(|| no_file(meta.mode(), "directory"))
}

/// Makes sure that at `path` there is a directory or nothing.
///
/// # Errors
/// Something else stands there, such as a symbolic link, or it cannot be looked at.
pub fn expect_directory(path: &Path) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(meta) => Err(no_file(meta.mode(), "directory")),
        Err(e) if absent(&e) => Ok(false),
        Err(e) => Err(e),
    }
}
