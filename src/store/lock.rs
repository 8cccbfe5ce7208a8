//! Locks that mail programs honour: fcntl(2) over the whole file, then `FILE.lock`, in the order
//! of Debian policy (D5).
//!
//! `File::lock` and fs2 use flock(2), which mutt ignores. The fcntl lock is an open file
//! description lock: a classic one would be lost as soon as anything in this process closed
//! another descriptor of the same file.

use crate::error::{Fault, Status, quoted_path};
use crate::files::{obstacle, open_to_read};
pub(crate) use crate::patience::{PATIENCE, Patience};
use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A dotlock of this age counts as abandoned.
const STALE: Duration = Duration::from_secs(5 * 60);

/// More bytes than any program writes into a dotlock.
const MAX_LOCK: u64 = 4096;

/// Takes the fcntl lock for writing on the whole of `file`.
///
/// # Errors
/// Status 75 if another program holds it for longer than `patience`.
pub(crate) fn fcntl_lock(file: &File, path: &Path, patience: Patience) -> Result<()> {
    set_fcntl_lock(file, path, libc::F_WRLCK, patience)
}

/// Waits until no other program has the fcntl lock for writing on `file`. Keeps no lock.
///
/// # Errors
/// Status 75 if another program holds it for longer than `patience`.
pub(crate) fn wait_for_writers(file: &File, path: &Path, patience: Patience) -> Result<()> {
    set_fcntl_lock(file, path, libc::F_RDLCK, patience)?;
    set_fcntl_lock(file, path, libc::F_UNLCK, patience)
}

fn set_fcntl_lock(file: &File, path: &Path, kind: libc::c_int, patience: Patience) -> Result<()> {
    match lock_range(file, kind, (0, 0), patience) {
        Ok(true) => Ok(()),
        Ok(false) => Err(busy(path, "another program").into()),
        Err(e) => Err(e).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Takes the fcntl lock for writing on `length` bytes from `start` (0: to the end of the file). False if
/// others hold it for longer than `patience`.
pub(crate) fn fcntl_lock_range(
    file: &File,
    start: i64,
    length: i64,
    patience: Patience,
) -> std::io::Result<bool> {
    lock_range(file, libc::F_WRLCK, (start, length), patience)
}

fn lock_range(
    file: &File,
    kind: libc::c_int,
    (start, length): (i64, i64),
    patience: Patience,
) -> std::io::Result<bool> {
    let range = libc::flock {
        l_type: kind as _,
        l_whence: libc::SEEK_SET as _,
        l_start: start,
        l_len: length,
        l_pid: 0,
    };
    loop {
        match fcntl(file, FcntlArg::F_OFD_SETLK(&range)) {
            Ok(_) => return Ok(true),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => {
                if !patience.wait() {
                    return Ok(false);
                }
            }
            Err(nix::errno::Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

fn busy(path: &Path, owner: &str) -> Fault {
    let text = format!("cannot lock {}: {owner} holds it", path.display());
    Fault::new(Status::TempFail, text).hint("close it there, or try again in a moment")
}

/// The error for a dotlock at `lock` that was there for too long.
fn taken(mbox: &Path, lock: &Path) -> Fault {
    let Some(obstacle) = obstacle(lock) else {
        return busy(mbox, &owner(lock));
    };
    let text = format!(
        "cannot lock {}: {}: {obstacle}",
        mbox.display(),
        lock.display()
    );
    let hint = format!("`ls -ld {}` shows it; move it away", quoted_path(lock));
    Fault::new(Status::TempFail, text).hint(hint)
}

/// A `FILE.lock` of ours. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Dotlock {
    path: PathBuf,
    inode: (u64, u64),
}

impl Dotlock {
    /// Creates `mbox.lock`.
    ///
    /// # Errors
    /// Status 75 if another one exists for longer than `patience`.
    pub(crate) fn acquire(mbox: &Path, patience: Patience) -> Result<Self> {
        let path = name(mbox);
        loop {
            match create(&path) {
                Ok(inode) => return Ok(Dotlock { path, inode }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    if remove_if_stale(&path) {
                        continue;
                    }
                    if !patience.wait() {
                        return Err(taken(mbox, &path).into());
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(e).with_context(|| format!("cannot create {}", path.display()));
                }
            }
        }
    }
}

impl Drop for Dotlock {
    fn drop(&mut self) {
        // Another program may have removed it as stale and created its own.
        let still_ours =
            std::fs::symlink_metadata(&self.path).is_ok_and(|m| (m.dev(), m.ino()) == self.inode);
        if still_ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes a stale lock on `mbox`, about which mutt would ask the operator. True if there was one.
pub(crate) fn clear_stale(mbox: &Path) -> bool {
    let path = name(mbox);
    path.symlink_metadata().is_ok() && remove_if_stale(&path)
}

fn name(mbox: &Path) -> PathBuf {
    let mut name = mbox.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Creates the lock file with our process number and host in it, so that others can tell whether we are
/// still running. File and content appear at once.
fn create(path: &Path) -> std::io::Result<(u64, u64)> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let (mut file, named) = match super::unnamed::create(dir, 0o644)? {
        Some(file) => (file, false),
        None => {
            // This is atomic as well, but if we are killed before the content is written, the lock names
            // no process and only becomes stale after five minutes.
            let mut exclusive = OpenOptions::new();
            exclusive.write(true).create_new(true).mode(0o644);
            (exclusive.open(path)?, true)
        }
    };
    // An empty lock file is a lock as well, and it must work on a full disk.
    let _ = file.write_all(format!("{} {}\n", std::process::id(), host()).as_bytes());
    if !named {
        super::unnamed::name(&file, path)?;
    }
    let meta = file.metadata()?;
    Ok((meta.dev(), meta.ino()))
}

fn host() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    host.to_string_lossy().replace(char::is_whitespace, "_")
}

/// The process named in a lock file, if one of our processes wrote it on this machine. Other programs
/// write a number without a host, which proves nothing on a shared file system.
fn holder(path: &Path) -> Option<i32> {
    let mut text = String::new();
    let file = open_to_read(path).ok()?;
    file.take(MAX_LOCK).read_to_string(&mut text).ok()?;
    let (pid, written_on) = text.trim_end().split_once(' ')?;
    (written_on == host()).then(|| pid.parse().ok().filter(|&pid| pid > 1))?
}

fn owner(path: &Path) -> String {
    match holder(path) {
        Some(pid) => format!("process {pid} ({})", path.display()),
        None => format!("the owner of {}", path.display()),
    }
}

/// Removes `path` if its owner is dead or its date is more than five minutes off. True if it is gone.
fn remove_if_stale(path: &Path) -> bool {
    let Ok(meta) = std::fs::symlink_metadata(path) else {
        return true;
    };
    // Nobody's lock is anything but a file. It is left alone, however old it is.
    if !meta.is_file() {
        return false;
    }
    // One that lies as far in the future was made by a clock that was wrong, and would keep us out for years.
    let old = meta.modified().is_ok_and(|made| {
        let age = SystemTime::now().duration_since(made);
        age.unwrap_or_else(|ahead| ahead.duration()) > STALE
    });
    let dead = holder(path).is_some_and(|pid| {
        let pid = nix::unistd::Pid::from_raw(pid);
        nix::sys::signal::kill(pid, None) == Err(nix::errno::Errno::ESRCH)
    });
    if !old && !dead {
        return false;
    }
    remove_if_same(path, identity(&meta))
}

/// Tells a lock file from a later one of the same name. The inode number is not enough: it is reused as
/// soon as a file is gone. So the time of writing counts as well.
fn identity(meta: &std::fs::Metadata) -> (u64, u64, i64, i64) {
    (meta.dev(), meta.ino(), meta.mtime(), meta.mtime_nsec())
}

/// Removes a stale lock, but not one that another program has created in its place meanwhile. To be sure,
/// it is moved aside and checked there.
fn remove_if_same(path: &Path, seen: (u64, u64, i64, i64)) -> bool {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".stale.{}", std::process::id()));
    let aside = PathBuf::from(aside);
    if std::fs::rename(path, &aside).is_err() {
        return path.symlink_metadata().is_err();
    }
    let moved = std::fs::symlink_metadata(&aside);
    if moved.is_ok_and(|meta| identity(&meta) != seen) {
        // It was not the stale one. Put it back, unless there is yet another one.
        if std::fs::hard_link(&aside, path).is_err() && path.symlink_metadata().is_err() {
            // A directory, of which there are no links.
            let _ = std::fs::rename(&aside, path);
        }
        let _ = std::fs::remove_file(&aside);
        return false;
    }
    let _ = std::fs::remove_file(&aside);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Patience {
        Patience::new(Duration::ZERO)
    }

    #[test]
    fn a_dotlock_keeps_others_out_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = dir.path().join("12");
        let lock = Dotlock::acquire(&mbox, soon()).unwrap();
        assert!(Dotlock::acquire(&mbox, soon()).is_err());
        drop(lock);
        assert!(!dir.path().join("12.lock").exists());
        Dotlock::acquire(&mbox, soon()).unwrap();
    }

    #[test]
    fn a_dotlock_of_a_dead_process_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = dir.path().join("12");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        std::fs::write(dir.path().join("12.lock"), format!("{dead} {}\n", host())).unwrap();
        let lock = Dotlock::acquire(&mbox, soon()).unwrap();
        drop(lock);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_dotlock_is_stale_after_five_minutes() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = dir.path().join("12");
        let path = dir.path().join("12.lock");
        // mutt writes no process number.
        let file = File::create(&path).unwrap();
        assert!(
            Dotlock::acquire(&mbox, soon()).is_err(),
            "a young one holds"
        );
        file.set_modified(SystemTime::now() - STALE - Duration::from_secs(1))
            .unwrap();
        Dotlock::acquire(&mbox, soon()).unwrap();
        // A clock that was wrong made this one.
        let file = File::create(&path).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(86_400 * 365))
            .unwrap();
        Dotlock::acquire(&mbox, soon()).unwrap();
    }

    #[test]
    fn a_stolen_lock_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = dir.path().join("12");
        let path = dir.path().join("12.lock");
        let ours = Dotlock::acquire(&mbox, soon()).unwrap();
        std::fs::rename(&path, dir.path().join("x")).unwrap();
        std::fs::write(&path, "").unwrap();
        drop(ours);
        assert!(path.exists());
    }

    #[test]
    fn a_lock_that_came_after_a_stale_one_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("12.lock");
        std::fs::write(&path, "stale").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(at(1)).unwrap();
        let seen = identity(&path.symlink_metadata().unwrap());
        // A later one that happens to have the same inode.
        file.set_modified(at(2)).unwrap();
        assert!(!remove_if_same(&path, seen));
        assert_eq!(std::fs::read(&path).unwrap(), b"stale");
        assert!(remove_if_same(
            &path,
            identity(&path.symlink_metadata().unwrap())
        ));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_fcntl_lock_excludes_another_handle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("12");
        let a = File::create(&path).unwrap();
        let b = OpenOptions::new().write(true).open(&path).unwrap();
        fcntl_lock(&a, &path, soon()).unwrap();
        assert!(fcntl_lock(&b, &path, soon()).is_err());
        // Closing another descriptor does not release it, as it would a classic lock.
        drop(File::open(&path).unwrap());
        assert!(fcntl_lock(&b, &path, soon()).is_err());
        drop(a);
        fcntl_lock(&b, &path, soon()).unwrap();
    }
}
