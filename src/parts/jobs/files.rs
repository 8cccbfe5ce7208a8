//! The files of a job in `.tickets/jobs/`: its state, its lock, and what it printed.

use super::state::JobState;
use crate::error::quoted_path;
use crate::files::{Dir, Place, absent};
use crate::patience::{self, Locked};
use crate::store::Store;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The directory of all of them.
const DIR: &str = "jobs";

/// No file of these is longer, in bytes, unless it is not ours.
const LONGEST_FILE: u64 = 1 << 20;

/// Somebody who looks whether a job runs has its lock for a moment. So long a run waits for it.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

/// The files of one job.
pub(super) struct JobFiles {
    dir: Dir,
    name: String,
}

/// The lock of a job: one run at a time. It is the kernel's, and goes with the process that has it, and the module's that
/// was given it.
pub(super) struct JobLock {
    files: JobFiles,
    lock: Locked,
}

/// The jobs that have run, or were paused or seen, in the store `dir`; none if that cannot be read.
pub(super) fn names_kept(dir: &Path) -> Vec<String> {
    let files = std::fs::read_dir(dir.join(".tickets").join(DIR))
        .into_iter()
        .flatten();
    let name = |file: std::fs::DirEntry| {
        let file = file.file_name();
        Some(file.to_str()?.strip_suffix(".json")?.to_owned())
    };
    files.flatten().filter_map(name).collect()
}

impl JobFiles {
    /// Those of the job NAME, in a directory that is made if it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn of(store: &Store, name: &str) -> Result<JobFiles> {
        Ok(JobFiles {
            dir: store.own_dir(DIR)?,
            name: name.to_owned(),
        })
    }

    /// The same; `None` if there is no such directory, since nothing has ever run.
    ///
    /// # Errors
    /// Something else stands there.
    pub(super) fn if_there(store: &Store, name: &str) -> Result<Option<JobFiles>> {
        let dir = store.own_dir_if_there(DIR)?;
        Ok(dir.map(|dir| JobFiles {
            dir,
            name: name.to_owned(),
        }))
    }

    fn place(&self, ending: &str) -> Place {
        self.dir.at(format!("{}.{ending}", self.name))
    }

    /// What is known of it. A file that cannot be understood counts as missing.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub(super) fn state(&self) -> Result<JobState> {
        let bytes = read(&self.place("json"))?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The lock, unless somebody else has it. Nobody keeps it for long who only looks, so it is tried for a second.
    ///
    /// # Errors
    /// There can be no such file.
    pub(super) fn lock(self) -> Result<Option<JobLock>> {
        let until = Instant::now() + PATIENCE;
        loop {
            let locked = Locked::now(self.open_lock()?).with_context(|| self.doing("lock"))?;
            if let Some(lock) = locked {
                return Ok(Some(JobLock { files: self, lock }));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The lock, if nobody has it at this moment.
    ///
    /// # Errors
    /// There can be no such file.
    pub(super) fn lock_if_free(self) -> Result<Option<JobLock>> {
        match self.is_running()? {
            true => Ok(None),
            false => self.lock(),
        }
    }

    /// True if it is running at this moment.
    ///
    /// # Errors
    /// There can be no such file.
    pub(super) fn is_running(&self) -> Result<bool> {
        // It is not made by who only looks.
        let lock = match self.place("lock").open(OFlag::O_RDONLY) {
            Err(e) if absent(&e) => return Ok(false),
            lock => lock.with_context(|| self.doing("open"))?,
        };
        match fs2::FileExt::try_lock_shared(&lock) {
            Ok(()) => Ok(false),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(true),
            Err(e) => Err(e).with_context(|| self.doing("lock")),
        }
    }

    /// The process that has the lock, where the kernel says so.
    pub(super) fn runner(&self) -> Option<u32> {
        let lock = self.place("lock").open(OFlag::O_RDONLY);
        patience::holder(&lock.ok()?)
    }

    fn open_lock(&self) -> Result<File> {
        let lock = self.place("lock").open(OFlag::O_RDWR | OFlag::O_CREAT);
        lock.with_context(|| self.doing("open"))
    }

    fn doing(&self, what: &str) -> String {
        format!("cannot {what} {}", self.place("lock").path().display())
    }

    /// What its last run printed.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn log(&self) -> Result<Vec<u8>> {
        read(&self.place("log"))
    }

    /// Until when it is paused, in seconds since 1970: [`i64::MAX`] if somebody has to resume it. `None` if it is not.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn paused(&self, now: i64) -> Result<Option<i64>> {
        let place = self.place("paused");
        if place.is_free() {
            return Ok(None);
        }
        let bytes = read(&place)?;
        let until = str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Ok(Some(until.unwrap_or(i64::MAX)).filter(|&until| until > now))
    }

    /// Pauses it until then.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn pause(&self, until: i64) -> Result<()> {
        self.put("paused", format!("{until}\n").as_bytes())
    }

    /// Lets it run again. False if it was not paused.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn resume(&self) -> Result<bool> {
        let place = self.place("paused");
        match place.remove() {
            Ok(()) => Ok(true),
            Err(e) if absent(&e) => Ok(false),
            Err(e) => Err(e).with_context(|| format!("cannot remove {}", place.path().display())),
        }
    }

    /// Puts `bytes` into a file, wholly or not at all.
    fn put(&self, ending: &str, bytes: &[u8]) -> Result<()> {
        let to = self.place(ending);
        let put = || {
            let (mut file, new) = self.dir.create_free(&format!("{}.new", self.name), 0o660)?;
            let written = file
                .write_all(bytes)
                .and_then(|()| file.sync_all())
                .and_then(|()| new.rename(&to));
            written.inspect_err(|_| drop(new.remove()))
        };
        put().with_context(|| format!("cannot write {}", to.path().display()))
    }
}

impl JobLock {
    /// The locked file.
    pub(super) fn file(&self) -> &File {
        &self.lock
    }

    /// See [`JobFiles::state`].
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn state(&self) -> Result<JobState> {
        self.files.state()
    }

    /// Keeps what is known of it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn keep(&self, state: &JobState) -> Result<()> {
        self.files.put("json", &serde_json::to_vec(state)?)
    }

    /// An empty file for what this run prints.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn new_log(&self) -> Result<File> {
        let place = self.files.place("log");
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_TRUNC;
        let log = place.open(flags);
        log.with_context(|| format!("cannot write {}", place.path().display()))
    }
}

/// The command that takes away what keeps a job from running, since it cannot be read. What is known of it is then
/// begun anew.
pub(super) fn mend(store: &Store, name: &str) -> Option<String> {
    let files = match JobFiles::if_there(store, name) {
        Ok(files) => files?,
        Err(_) => return Some(removal(&[store.private().join(DIR)])),
    };
    let is_bad = |place: &Place| {
        let opened = place.open(OFlag::O_RDONLY);
        opened.is_err_and(|e| !absent(&e))
    };
    let places = ["json", "lock", "paused"].map(|ending| files.place(ending));
    let bad = places.iter().filter(|place| is_bad(place));
    let bad: Vec<PathBuf> = bad.map(Place::path).collect();
    (!bad.is_empty()).then(|| removal(&bad))
}

fn removal(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| quoted_path(path)).collect();
    format!("rm -r {}", paths.join(" "))
}

/// The beginning of a file; nothing if it is missing.
fn read(place: &Place) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = match place.open(OFlag::O_RDONLY) {
        Err(e) if absent(&e) => return Ok(bytes),
        file => file,
    };
    let read = file.and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", place.path().display()))?;
    Ok(bytes)
}
