//! File helpers for every module: noticing changes, opening quietly, syncing directories.

mod dir;
mod place;
mod shared;

use anyhow::{Context, Result};
pub use dir::{Dir, expect_directory};
use nix::libc;
pub use place::{Found, Place, place_at};
use serde::{Deserialize, Serialize};
pub use shared::shared_kind;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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

/// The error for something of this mode, as in stat(2).
fn no_file(mode: u32, wanted: &'static str) -> std::io::Error {
    let found = match mode & libc::S_IFMT {
        libc::S_IFLNK => "a symbolic link",
        libc::S_IFDIR => "a directory",
        libc::S_IFIFO => "a named pipe",
        libc::S_IFSOCK => "a socket",
        libc::S_IFREG => "a file",
        _ => "a device",
    };
    std::io::Error::other(NoFile { found, wanted })
}

fn is_regular(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFREG
}

/// True if the error says that something stands there which is no file, or no directory.
pub fn is_no_file(e: &std::io::Error) -> bool {
    e.get_ref().is_some_and(|e| e.is::<NoFile>())
}

/// Opens a regular file of the user's own, outside the store, for reading. Symbolic links are followed, but nothing else
/// is waited for, as opening a named pipe would (D5).
///
/// # Errors
/// [`is_no_file`] if something else has that name.
pub fn open_following(path: &Path) -> std::io::Result<File> {
    open_with(0, path)
}

/// Reads a text, opened like [`open_following`].
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    open_following(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads the whole of a file, opened like [`open_following`]; but the name may be no symbolic link.
pub fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_with(libc::O_NOFOLLOW, path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file without changing its access time, where the kernel permits it: only the file's owner may use O_NOATIME.
/// The name may be no symbolic link.
pub fn open_quietly(path: &Path) -> std::io::Result<File> {
    match open_with(libc::O_NOFOLLOW | libc::O_NOATIME, path) {
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => open_with(libc::O_NOFOLLOW, path),
        other => other,
    }
}

fn open_with(flags: libc::c_int, path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let opened = options.read(true).custom_flags(flags | libc::O_NONBLOCK);
    let file = match opened.open(path) {
        Ok(file) => file,
        // A link, or a named pipe that nobody reads.
        Err(e) if matches!(e.raw_os_error(), Some(libc::ELOOP | libc::ENXIO)) => {
            return Err(obstacle(path).unwrap_or(e));
        }
        Err(e) => return Err(e),
    };
    let mode = file.metadata()?.mode();
    match is_regular(mode) {
        true => Ok(file),
        false => Err(no_file(mode, "file")),
    }
}

/// The error for something at `path` that is no regular file; `None` if it is one, or if nothing is there.
pub fn obstacle(path: &Path) -> Option<std::io::Error> {
    let mode = path.symlink_metadata().ok()?.mode();
    (!is_regular(mode)).then(|| no_file(mode, "file"))
}

/// An absolute path without links in the way to its directory: SQLite refuses those where it is to follow none. The
/// directory itself may be none either (D8).
pub fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let dir = path.parent().unwrap_or(path);
    let above = dir.parent().unwrap_or(dir).canonicalize()?;
    let names = [dir, path].map(|path| path.file_name().unwrap_or_default());
    Ok(above.join(names[0]).join(names[1]))
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
