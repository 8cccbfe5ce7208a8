//! Waiting for the locks of others, and no longer than there is patience for (D5).

use crate::error::{Fault, Status};
use anyhow::{Context, Result};
use nix::unistd::{Pid, getpgid};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a delivery waits for locks of others before it asks the MTA to try again later. Commands wait as long
/// for each lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);

/// How long to wait for what can be left out, once a message is filed.
pub(crate) const BRIEF: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(20);

/// A deadline that several locks can share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Instant);

impl Default for Patience {
    fn default() -> Self {
        Patience::new(PATIENCE)
    }
}

impl Patience {
    pub(crate) fn new(span: Duration) -> Self {
        Patience(Instant::now() + span)
    }

    pub(crate) fn brief() -> Self {
        Patience::new(BRIEF)
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Sleeps before the next attempt. False, at once, if no time is left.
    pub(crate) fn wait(&self) -> bool {
        let left = self.left();
        std::thread::sleep(PAUSE.min(left));
        !left.is_zero()
    }
}

/// A file of which we have the flock. The lock ends when this is dropped: closing the file would not end it as long as
/// a program that was given it, or that another thread is starting, has a copy of the descriptor.
#[derive(Debug)]
pub(crate) struct Locked(File);

impl Locked {
    /// The exclusive flock on `file`, without waiting for it; `None` if others hold it.
    ///
    /// # Errors
    /// The file system has no such locks.
    pub(crate) fn now(file: File) -> io::Result<Option<Locked>> {
        Ok(Locked::try_on(file)?.ok())
    }

    /// The same, which gives the file back if others hold it.
    ///
    /// # Errors
    /// As for [`Locked::now`].
    pub(crate) fn try_on(file: File) -> io::Result<Result<Locked, File>> {
        match fs2::FileExt::try_lock_exclusive(&file) {
            Ok(()) => Ok(Ok(Locked(file))),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(Err(file)),
            Err(e) => Err(e),
        }
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The file is closed next, which ends the lock as well.
        let _ = fs2::FileExt::unlock(&self.0);
    }
}

/// How a lock among our own processes is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// With others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// Takes the flock on `file`, which was opened at `path`.
///
/// # Errors
/// Status 75 if others hold it for longer than `patience`.
pub(crate) fn flock(file: &File, path: &Path, share: Share, patience: Patience) -> Result<()> {
    loop {
        let tried = match share {
            Share::Shared => fs2::FileExt::try_lock_shared(file),
            Share::Exclusive => fs2::FileExt::try_lock_exclusive(file),
        };
        match tried {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                if !patience.wait() {
                    return Err(held(file, path).into());
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}

/// The error for a flock that others held for too long.
pub(crate) fn held(file: &File, path: &Path) -> Fault {
    let path = path.display();
    match holder(file) {
        Some(pid) => {
            let text = format!("cannot lock {path}: process {pid} holds it");
            let hint = format!("`ps -fp {pid}` shows it; try again when it has ended");
            Fault::new(Status::TempFail, text).hint(hint)
        }
        None => {
            let text = format!("cannot lock {path}: another process holds it");
            Fault::new(Status::TempFail, text).hint("try again in a moment")
        }
    }
}

/// How often the list of locks is read until the one that is looked for stands in it.
const LOOKS: usize = 3;

/// The process that holds the flock on `file`, where the kernel tells: the one that took it, else one that was given
/// the file by it.
pub(crate) fn holder(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino();
    // The kernel hands the list out in pieces, and leaves some out where others lock and unlock meanwhile.
    let taker = (0..LOOKS).find_map(|_| {
        let locks = fs::read_to_string("/proc/locks").ok()?;
        locks.lines().find_map(|line| taker(line, inode))
    })?;
    match is_there(taker) {
        true => Some(taker),
        false => heir(inode),
    }
}

/// Who took the flock that a line describes, if it is one on this inode.
fn taker(line: &str, inode: u64) -> Option<u32> {
    // 1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words[..] {
        [_, "FLOCK", _, _, pid, id, ..] if id.ends_with(&format!(":{inode}")) => {
            pid.parse().ok().filter(|&pid| pid > 1)
        }
        _ => None,
    }
}

/// A process that has an open file with a flock on this inode: the leader of its group, which began what the others do.
fn heir(inode: u64) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.find(|pid| {
        let files = fs::read_dir(format!("/proc/{pid}/fdinfo"));
        let mut texts = (files.into_iter().flatten().flatten())
            .filter_map(|file| fs::read_to_string(file.path()).ok());
        texts.any(|text| {
            let mut locks = text.lines().filter_map(|line| line.strip_prefix("lock:"));
            locks.any(|line| taker(line, inode).is_some())
        })
    })?;
    let group = getpgid(Some(Pid::from_raw(pid.cast_signed()))).ok();
    let leader = group.map(|group| group.as_raw().cast_unsigned());
    leader.filter(|leader| is_there(*leader)).or(Some(pid))
}

fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_names_its_holder() {
        // D5
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let open = || {
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            options.open(&path).unwrap()
        };
        let first = open();
        flock(&first, &path, Share::Shared, Patience::default()).unwrap();
        let second = open();
        flock(&second, &path, Share::Shared, Patience::default()).unwrap();
        let third = open();
        let now = Patience::new(Duration::ZERO);
        let error = flock(&third, &path, Share::Exclusive, now).unwrap_err();
        assert_eq!(crate::error::status(&error), Status::TempFail);
        let (name, us) = (path.display(), std::process::id());
        let named = format!("cannot lock {name}: process {us} holds it");
        let unnamed = format!("cannot lock {name}: another process holds it");
        // Some containers and file systems do not tell.
        assert!([named, unnamed].contains(&crate::error::line(&error)));
        // Tests beside this one start programs, which have copies of what is open.
        fs2::FileExt::unlock(&second).unwrap();
        fs2::FileExt::unlock(&first).unwrap();
        flock(&third, &path, Share::Exclusive, now).unwrap();
    }

    #[test]
    fn a_copy_of_the_descriptor_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let open = || File::create(dir.path().join("lock")).unwrap();
        let first = Locked::now(open()).unwrap().unwrap();
        let copy = first.try_clone().unwrap();
        assert!(Locked::now(open()).unwrap().is_none());
        drop(first);
        assert!(Locked::now(open()).unwrap().is_some());
        drop(copy);
    }
}
