//! File helpers for every module: noticing changes, opening quietly, syncing directories.

mod dir;

use anyhow::{Context, Result};
pub use dir::{Dir, expect_directory};
use nix::libc;
use serde::{Deserialize, Serialize};
use std::fs::{File, FileType, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Tells whether a file has changed since it was last read (D9). It holds ctime, since mutt sets mtime back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub inode: u64,
    /// In bytes.
    pub size: u64,
    /// In nanoseconds since 1970.
    pub ctime: i64,
}

impl Stamp {
    pub fn of(meta: &std::fs::Metadata) -> Stamp {
        Stamp {
            inode: meta.ino(),
            size: meta.len(),
            ctime: meta.ctime() * 1_000_000_000 + meta.ctime_nsec(),
        }
    }
}

/// What stands at a name where a file should be.
#[derive(Debug)]
struct NoFile {
    found: &'static str,
    wanted: &'static str,
}

impl std::fmt::Display for NoFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} stands there, no {}", self.found, self.wanted)
    }
}

impl std::error::Error for NoFile {}

fn no_file(kind: FileType, wanted: &'static str) -> std::io::Error {
    let found = match kind {
        _ if kind.is_symlink() => "a symbolic link",
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_file() => "a file",
        _ => "a device",
    };
    std::io::Error::other(NoFile { found, wanted })
}

/// True if the error says that something stands there which is no file, or no directory.
pub fn is_no_file(e: &std::io::Error) -> bool {
    e.get_ref().is_some_and(|e| e.is::<NoFile>())
}

/// Opens a regular file. A symbolic link is not followed, and nothing else is waited for, as opening a named pipe
/// would (D5).
///
/// # Errors
/// [`is_no_file`] if something else has that name.
pub fn open_plain(options: &OpenOptions, path: &Path) -> std::io::Result<File> {
    open_with(options, libc::O_NOFOLLOW, path)
}

/// Like [`open_plain`], but follows symbolic links: for files of the user's own, outside the store.
pub fn open_following(path: &Path) -> std::io::Result<File> {
    open_with(OpenOptions::new().read(true), 0, path)
}

/// Opens a regular file for reading, like [`open_plain`].
pub fn open_to_read(path: &Path) -> std::io::Result<File> {
    open_plain(OpenOptions::new().read(true), path)
}

/// Reads the whole of a regular file, opened like [`open_plain`].
pub fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_to_read(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a text of the user's own, outside the store: symbolic links are followed, but only a regular file is read.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    open_following(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file for reading without changing its access time, where the kernel permits it: only the file's
/// owner may use O_NOATIME. Otherwise like [`open_plain`].
pub fn open_quietly(path: &Path) -> std::io::Result<File> {
    let open = |flags| {
        open_with(
            OpenOptions::new().read(true),
            libc::O_NOFOLLOW | flags,
            path,
        )
    };
    match open(libc::O_NOATIME) {
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => open(0),
        other => other,
    }
}

fn open_with(options: &OpenOptions, flags: libc::c_int, path: &Path) -> std::io::Result<File> {
    let mut options = options.clone();
    let opened = options.custom_flags(flags | libc::O_NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        // A link, a named pipe that nobody reads, or a directory that is opened for writing.
        Err(e)
            if matches!(
                e.raw_os_error(),
                Some(libc::ELOOP | libc::ENXIO | libc::EISDIR)
            ) =>
        {
            return Err(match path.symlink_metadata() {
                Ok(meta) if !meta.is_file() => no_file(meta.file_type(), "file"),
                _ => e,
            });
        }
        Err(e) => return Err(e),
    };
    let kind = file.metadata()?.file_type();
    match kind.is_file() {
        true => Ok(file),
        false => Err(no_file(kind, "file")),
    }
}

/// The error for something at `path` that is no regular file; `None` if it is one, or if nothing is there.
pub fn obstacle(path: &Path) -> Option<std::io::Error> {
    let kind = path.symlink_metadata().ok()?.file_type();
    (!kind.is_file()).then(|| no_file(kind, "file"))
}

/// `path` without links in the directory's own path: SQLite refuses those where it is to follow none.
pub fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let dir = path.parent().unwrap_or(Path::new(".")).canonicalize()?;
    Ok(dir.join(path.file_name().unwrap_or_default()))
}

/// True if the error means that there is no such file.
pub fn absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Syncs a directory, so that files created, removed or renamed in it stay so after a power cut.
pub fn sync_directory(dir: &Path) -> Result<()> {
    // Whatever else stands there is not waited for.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_DIRECTORY);
    let sync = || options.open(dir)?.sync_all();
    sync().with_context(|| format!("cannot sync {}", dir.display()))
}
