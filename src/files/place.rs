//! A name in an open directory, and what stands there. No symbolic link is ever followed to it (D8).

use super::{Dir, Stamp, absent, is_regular, no_file};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, RenameFlags, openat, renameat, renameat2};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::unistd::{Gid, UnlinkatFlags, linkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read, Result};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// A name in an open directory.
#[derive(Clone, Debug)]
pub struct Place {
    dir: Dir,
    name: OsString,
}

impl Dir {
    /// The name `name` in it, where there may be a file or not.
    pub fn at(&self, name: impl Into<OsString>) -> Place {
        Place {
            dir: self.clone(),
            name: name.into(),
        }
    }

    /// Creates a file under a name that was free, which begins with `name`.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn create_free(&self, name: &str, mode: u32) -> Result<(File, Place)> {
        let us = std::process::id();
        let mut nth = 0_u32;
        loop {
            let place = self.at(format!("{name}.{us}.{nth}"));
            match place.create(mode) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => nth += 1,
                created => return Ok((created?, place)),
            }
        }
    }
}

/// The last name of `path` in its directory, which may be no symbolic link.
///
/// # Errors
/// There is no such directory.
pub fn place_at(path: &Path) -> Result<Place> {
    let name = path.file_name().unwrap_or_default();
    Ok(Dir::open(path.parent().unwrap_or(Path::new(".")))?.at(name))
}

impl Place {
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The name; empty if it is no text. Of most places, it is known to be one.
    pub fn name(&self) -> &str {
        self.name.to_str().unwrap_or_default()
    }

    /// The name, whatever bytes it has.
    pub fn os_name(&self) -> &OsStr {
        &self.name
    }

    /// Its path, for people.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }

    /// The name with `ending` behind it, in the same directory.
    #[must_use]
    pub fn with_ending(&self, ending: &str) -> Place {
        let mut name = self.name.clone();
        name.push(ending);
        self.dir.at(name)
    }

    /// Opens the regular file there. Nothing else is waited for, as opening a named pipe would (D5). With O_CREAT, it
    /// is created, where the group may read and write it as far as the umask allows.
    ///
    /// # Errors
    /// [`super::is_no_file`] if something else has that name, and those of open(2).
    pub fn open(&self, flags: OFlag) -> Result<File> {
        self.open_as(flags, 0o660)
    }

    /// Creates the file there, which must not exist.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of open(2).
    pub fn create(&self, mode: u32) -> Result<File> {
        self.open_as(OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL, mode)
    }

    /// Opens the file there for reading without changing its access time, where the kernel permits it: only the file's
    /// owner may use O_NOATIME.
    ///
    /// # Errors
    /// Those of [`Place::open`].
    pub fn open_quietly(&self) -> Result<File> {
        match self.open(OFlag::O_RDONLY | OFlag::O_NOATIME) {
            Err(e) if e.raw_os_error() == Some(Errno::EPERM as i32) => self.open(OFlag::O_RDONLY),
            other => other,
        }
    }

    /// Reads the whole of the file there.
    ///
    /// # Errors
    /// Those of [`Place::open`], and of reading.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(OFlag::O_RDONLY)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open_as(&self, flags: OFlag, mode: u32) -> Result<File> {
        let quiet = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(mode);
        let file = match openat(&self.dir, self.name.as_os_str(), flags | quiet, mode) {
            Ok(fd) => File::from(fd),
            // A link, a named pipe that nobody reads, or a directory that is opened for writing.
            Err(e @ (Errno::ELOOP | Errno::ENXIO | Errno::EISDIR)) => {
                return Err(self.obstacle().unwrap_or_else(|| e.into()));
            }
            Err(e) => return Err(e.into()),
        };
        let mode = Found::of(&file)?.0.st_mode;
        match is_regular(mode) {
            true => Ok(file),
            false => Err(no_file(mode, "file")),
        }
    }

    /// What stands there; `None` if nothing does.
    ///
    /// # Errors
    /// Those of stat(2).
    pub fn found(&self) -> Result<Option<Found>> {
        match fstatat(
            &self.dir,
            self.name.as_os_str(),
            AtFlags::AT_SYMLINK_NOFOLLOW,
        ) {
            Ok(stat) => Ok(Some(Found(stat))),
            Err(e) => {
                let e = e.into();
                if absent(&e) { Ok(None) } else { Err(e) }
            }
        }
    }

    /// True if a regular file is known to stand there.
    pub fn is_file(&self) -> bool {
        matches!(self.found(), Ok(Some(found)) if found.is_file())
    }

    /// True if nothing is known to stand there.
    pub fn is_free(&self) -> bool {
        !matches!(self.found(), Ok(Some(_)))
    }

    /// The error for something that is no regular file; `None` if it is one, or if nothing is there.
    pub fn obstacle(&self) -> Option<std::io::Error> {
        let found = self.found().ok()??;
        (!found.is_file()).then(|| no_file(found.0.st_mode, "file"))
    }

    /// Gives `file` this name, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of linkat(2).
    pub fn link(&self, file: &File) -> Result<()> {
        let from = format!("/proc/self/fd/{}", file.as_raw_fd());
        let follow = AtFlags::AT_SYMLINK_FOLLOW;
        let name = self.name.as_os_str();
        Ok(linkat(AT_FDCWD, from.as_str(), &self.dir, name, follow)?)
    }

    /// Gives the file the name `to` as well, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of linkat(2).
    pub fn link_to(&self, to: &Place) -> Result<()> {
        let (from, name) = (self.name.as_os_str(), to.name.as_os_str());
        Ok(linkat(&self.dir, from, &to.dir, name, AtFlags::empty())?)
    }

    /// Moves the file to `to`, in the place of what is there.
    ///
    /// # Errors
    /// Those of rename(2).
    pub fn rename(&self, to: &Place) -> Result<()> {
        let (from, name) = (self.name.as_os_str(), to.name.as_os_str());
        Ok(renameat(&self.dir, from, &to.dir, name)?)
    }

    /// Moves the file to `to`, which must be free.
    ///
    /// # Errors
    /// `AlreadyExists`, and others of rename(2).
    pub fn move_to(&self, to: &Place) -> Result<()> {
        let (from, name) = (self.name.as_os_str(), to.name.as_os_str());
        let free = RenameFlags::RENAME_NOREPLACE;
        match renameat2(&self.dir, from, &to.dir, name, free) {
            // The file system does not know the flag. Whoever moves holds a lock, so checking first is safe enough.
            Err(Errno::EINVAL) if to.found()?.is_none() => self.rename(to),
            moved => Ok(moved?),
        }
    }

    /// Removes the file.
    ///
    /// # Errors
    /// Those of unlink(2).
    pub fn remove(&self) -> Result<()> {
        Ok(unlinkat(
            &self.dir,
            self.name.as_os_str(),
            UnlinkatFlags::NoRemoveDir,
        )?)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.name == other.name && self.dir.path() == other.dir.path()
    }
}

impl Eq for Place {}

/// What stands at a name, or what an open file is.
#[derive(Clone, Copy, Debug)]
pub struct Found(FileStat);

impl Found {
    /// What `file` is.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub fn of(file: &File) -> Result<Found> {
        Ok(Found(fstat(file)?))
    }

    pub fn is_file(&self) -> bool {
        is_regular(self.0.st_mode)
    }

    /// True if both are names of one file.
    pub fn is_same_file(&self, other: &Found) -> bool {
        (self.0.st_dev, self.0.st_ino) == (other.0.st_dev, other.0.st_ino)
    }

    /// True if both are one file, and nobody has written to it between the two looks. The inode number of a file that
    /// is gone is used again at once, so the time tells one from a later one.
    pub fn is_unchanged(&self, other: &Found) -> bool {
        self.is_same_file(other) && self.modified() == other.modified()
    }

    pub fn stamp(&self) -> Stamp {
        Stamp {
            inode: self.0.st_ino,
            size: u64::try_from(self.0.st_size).unwrap_or(0),
            ctime: self.0.st_ctime * 1_000_000_000 + self.0.st_ctime_nsec,
        }
    }

    /// When it was last written to, in nanoseconds since 1970.
    pub fn modified(&self) -> i64 {
        self.0.st_mtime * 1_000_000_000 + self.0.st_mtime_nsec
    }

    /// Its mode, with its kind.
    pub fn mode(&self) -> u32 {
        self.0.st_mode
    }

    /// The group that it belongs to.
    pub fn group(&self) -> Gid {
        Gid::from_raw(self.0.st_gid)
    }

    /// How many names it has.
    pub fn names(&self) -> u64 {
        self.0.st_nlink
    }
}
