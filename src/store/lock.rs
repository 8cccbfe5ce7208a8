//! Locks that mail programs honour: fcntl(2) over the whole file, then `FILE.lock`, in the order
//! of Debian policy (D5).
//!
//! `File::lock` and fs2 use flock(2), which mutt ignores. The fcntl lock is an open file
//! description lock: a classic one would be lost as soon as anything in this process closed
//! another descriptor of the same file.

use crate::clock;
use crate::error::{Fault, Status, quoted_path};
use crate::files::{Found, Place};
pub(crate) use crate::patience::{PATIENCE, Patience};
use crate::patience::{Share, flock};
use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

/// A dotlock of this age counts as abandoned.
const STALE: Duration = Duration::from_secs(5 * 60);

/// What the name of a dotlock has behind that of the mbox.
const ENDING: &str = ".lock";

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
fn taken(mbox: &Path, lock: &Place) -> Fault {
    let Some(obstacle) = lock.obstacle() else {
        return busy(mbox, &owner(lock));
    };
    let lock = &lock.path();
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
    lock: Place,
    ours: Found,
}

impl Dotlock {
    /// Creates `mbox.lock`.
    ///
    /// # Errors
    /// Status 75 if another one exists for longer than `patience`.
    pub(crate) fn acquire(mbox: &Place, patience: Patience) -> Result<Self> {
        let lock = mbox.with_ending(ENDING);
        loop {
            match create(&lock) {
                Ok(ours) => return Ok(Dotlock { lock, ours }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    if remove_if_stale(&lock) {
                        continue;
                    }
                    if !patience.wait() {
                        return Err(taken(&mbox.path(), &lock).into());
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    let doing = format!("cannot create {}", lock.path().display());
                    return Err(e).context(doing);
                }
            }
        }
    }
}

impl Drop for Dotlock {
    fn drop(&mut self) {
        // Another program may have removed it as stale and created its own.
        let found = self.lock.found();
        if matches!(found, Ok(Some(found)) if found.is_same_file(&self.ours)) {
            let _ = self.lock.remove();
        }
    }
}

/// Opens a file of the store for use among our own processes, creates it if it is missing, and waits for an exclusive
/// flock on it.
///
/// # Errors
/// Status 75 if another process holds it for longer than `patience`.
pub(crate) fn lock_file(place: &Place, patience: Patience) -> Result<File> {
    let file = open_to_lock(place)?;
    flock(&file, &place.path(), Share::Exclusive, patience)?;
    Ok(file)
}

/// Opens a file of the store for reading, writing and locking, and creates it if it is missing.
pub(super) fn open_to_lock(place: &Place) -> Result<File> {
    let file = place.open(OFlag::O_RDWR | OFlag::O_CREAT);
    file.with_context(|| format!("cannot open {}", place.path().display()))
}

/// Removes a stale lock on `mbox`, about which mutt would ask the operator. True if there was one.
pub(super) fn clear_stale(mbox: &Place) -> bool {
    let lock = mbox.with_ending(ENDING);
    !lock.is_free() && remove_if_stale(&lock)
}

/// Creates the lock file with our process number and host in it, so that others can tell whether we are
/// still running. File and content appear at once.
fn create(lock: &Place) -> std::io::Result<Found> {
    let (mut file, named) = match lock.dir().unnamed(0o644)? {
        Some(file) => (file, false),
        // This is atomic as well, but if we are killed before the content is written, the lock names
        // no process and only becomes stale after five minutes.
        None => (lock.create(0o644)?, true),
    };
    // An empty lock file is a lock as well, and it must work on a full disk.
    let _ = file.write_all(format!("{} {}\n", std::process::id(), host()).as_bytes());
    if !named {
        lock.link(&file)?;
    }
    Found::of(&file)
}

fn host() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    host.to_string_lossy().replace(char::is_whitespace, "_")
}

/// The process named in a lock file, if one of our processes wrote it on this machine. Other programs
/// write a number without a host, which proves nothing on a shared file system.
fn holder(lock: &Place) -> Option<i32> {
    let mut text = String::new();
    let file = lock.open(OFlag::O_RDONLY).ok()?;
    file.take(MAX_LOCK).read_to_string(&mut text).ok()?;
    let (pid, written_on) = text.trim_end().split_once(' ')?;
    (written_on == host()).then(|| pid.parse().ok().filter(|&pid| pid > 1))?
}

fn owner(lock: &Place) -> String {
    let path = lock.path();
    match holder(lock) {
        Some(pid) => format!("process {pid} ({})", path.display()),
        None => format!("the owner of {}", path.display()),
    }
}

/// Removes `lock` if its owner is dead or its date is more than five minutes off. True if it is gone.
fn remove_if_stale(lock: &Place) -> bool {
    let Ok(Some(found)) = lock.found() else {
        return true;
    };
    // Nobody's lock is anything but a file. It is left alone, however old it is.
    if !found.is_file() {
        return false;
    }
    // One that lies as far in the future was made by a clock that was wrong, and would keep us out for years.
    let age = clock::now().as_nanosecond() - i128::from(found.modified());
    let old = age.unsigned_abs() > STALE.as_nanos();
    let dead = holder(lock).is_some_and(|pid| {
        let pid = nix::unistd::Pid::from_raw(pid);
        nix::sys::signal::kill(pid, None) == Err(nix::errno::Errno::ESRCH)
    });
    if !old && !dead {
        return false;
    }
    remove_if_unchanged(lock, &found)
}

/// Removes a stale lock, but not one that another program has created in its place meanwhile. To be sure,
/// it is moved aside and checked there.
fn remove_if_unchanged(lock: &Place, seen: &Found) -> bool {
    let aside = lock.with_ending(&format!(".stale.{}", std::process::id()));
    if lock.rename(&aside).is_err() {
        return lock.is_free();
    }
    if matches!(aside.found(), Ok(Some(moved)) if !moved.is_unchanged(seen)) {
        // It was not the stale one. Put it back, unless there is yet another one.
        if aside.link_to(lock).is_err() && lock.is_free() {
            // A directory, of which there are no links.
            let _ = aside.rename(lock);
        }
        let _ = aside.remove();
        return false;
    }
    let _ = aside.remove();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Dir;
    use std::time::SystemTime;

    fn soon() -> Patience {
        Patience::new(Duration::ZERO)
    }

    #[test]
    fn a_dotlock_keeps_others_out_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = Dir::open(dir.path()).unwrap().at("12");
        let lock = Dotlock::acquire(&mbox, soon()).unwrap();
        assert!(Dotlock::acquire(&mbox, soon()).is_err());
        drop(lock);
        assert!(!dir.path().join("12.lock").exists());
        Dotlock::acquire(&mbox, soon()).unwrap();
    }

    #[test]
    fn a_dotlock_of_a_dead_process_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mbox = Dir::open(dir.path()).unwrap().at("12");
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
        let mbox = Dir::open(dir.path()).unwrap().at("12");
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
        let mbox = Dir::open(dir.path()).unwrap().at("12");
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
        let lock = Dir::open(dir.path()).unwrap().at("12.lock");
        std::fs::write(&path, "stale").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(at(1)).unwrap();
        let seen = lock.found().unwrap().unwrap();
        // A later one that happens to have the same inode.
        file.set_modified(at(2)).unwrap();
        assert!(!remove_if_unchanged(&lock, &seen));
        assert_eq!(std::fs::read(&path).unwrap(), b"stale");
        let seen = lock.found().unwrap().unwrap();
        assert!(remove_if_unchanged(&lock, &seen));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_fcntl_lock_excludes_another_handle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("12");
        let a = File::create(&path).unwrap();
        let b = File::options().write(true).open(&path).unwrap();
        fcntl_lock(&a, &path, soon()).unwrap();
        assert!(fcntl_lock(&b, &path, soon()).is_err());
        // Closing another descriptor does not release it, as it would a classic lock.
        drop(File::open(&path).unwrap());
        assert!(fcntl_lock(&b, &path, soon()).is_err());
        drop(a);
        fcntl_lock(&b, &path, soon()).unwrap();
    }
}
