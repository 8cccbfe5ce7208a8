//! Files that get their name when they are complete. Content and name appear at once, and a process that
//! dies before that leaves nothing behind.

use nix::libc;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Creates a file without a name in `dir`; `None` if the file system has no O_TMPFILE (NFS).
pub(crate) fn create(dir: &Path, mode: u32) -> io::Result<Option<File>> {
    let opened = OpenOptions::new()
        .write(true)
        .mode(mode)
        .custom_flags(libc::O_TMPFILE)
        .open(dir);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Gives `file` the name `to`; fails if that exists.
pub(crate) fn name(file: &File, to: &Path) -> io::Result<()> {
    let fd = format!("/proc/self/fd/{}", file.as_raw_fd());
    let cwd = nix::fcntl::AT_FDCWD;
    let follow = nix::fcntl::AtFlags::AT_SYMLINK_FOLLOW;
    nix::unistd::linkat(cwd, fd.as_str(), cwd, to, follow).map_err(io::Error::from)
}
