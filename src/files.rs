//! Files, as every room handles them: what was changed since, what is not there, what lasts.

use anyhow::{Context, Result};
use nix::libc;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// What tells whether a file was changed since it was last read: mutt sets mtime back, so ctime
/// it is (D9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Inode number.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Change of inode, in nanoseconds since 1970.
    pub ctime: i64,
}

impl Stamp {
    /// The stamp of a file with this metadata.
    pub fn of(meta: &std::fs::Metadata) -> Stamp {
        Stamp {
            inode: meta.ino(),
            size: meta.len(),
            ctime: meta.ctime() * 1_000_000_000 + meta.ctime_nsec(),
        }
    }
}

/// Opens a file for reading without changing its access time, as far as the kernel lets us:
/// only the owner may ask for that.
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

/// True if the error says that there is no such file.
pub fn absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes names that were created, removed or changed in `dir` last.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let sync = || File::open(dir)?.sync_all();
    sync().with_context(|| format!("cannot sync {}", dir.display()))
}
