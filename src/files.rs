//! File helpers for every module: noticing changes, opening quietly, syncing directories.

use anyhow::{Context, Result};
use nix::libc;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

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

/// Opens a file for reading without changing its access time, where the kernel permits it: only the file's
/// owner may use O_NOATIME. A symbolic link is not followed.
pub fn open_quietly(path: &Path) -> std::io::Result<File> {
    let open = |flags| {
        OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | flags)
            .open(path)
    };
    match open(libc::O_NOATIME) {
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => open(0),
        other => other,
    }
}

/// True if the error means that there is no such file.
pub fn absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Syncs a directory, so that files created, removed or renamed in it stay so after a power cut.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let sync = || File::open(dir)?.sync_all();
    sync().with_context(|| format!("cannot sync {}", dir.display()))
}
