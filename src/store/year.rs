//! The mbox of a year, into which old closed tickets are put away (D11): `archived/2024.mbox`.

use super::Store;
use super::lock::{self, Dotlock, Patience};
use crate::files::{Found, Place, Stamp, absent};
use crate::ticket::State;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// How the name ends.
const ENDING: &str = ".mbox";

/// The mbox of a year with both locks held. Dropping it releases them.
#[derive(Debug)]
pub(crate) struct YearMbox {
    place: Place,
    file: File,
    // Last, so that it is dropped after the file and its fcntl lock: the reverse of the order of locking.
    _dotlock: Dotlock,
}

impl Store {
    /// The path of the mbox of a year.
    pub(crate) fn year_path(&self, year: u16) -> PathBuf {
        self.dir(State::Closed).join(name(year))
    }

    /// The years of which there is an mbox, in ascending order.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn years(&self) -> Result<Vec<u16>> {
        let mut years = Vec::new();
        let read = self.opened(State::Closed)?.each(|name, is_file| {
            years.extend(year_of(name).filter(|_| is_file));
            Ok(true)
        });
        read.with_context(|| format!("cannot read {}", self.dir(State::Closed).display()))?;
        years.sort_unstable();
        Ok(years)
    }

    /// Opens the mbox of a year for reading, without a lock; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open_year(&self, year: u16) -> Result<Option<(File, Stamp)>> {
        let doing = || format!("cannot read {}", self.year_path(year).display());
        match self.opened(State::Closed)?.at(name(year)).open_quietly() {
            Err(e) if absent(&e) => Ok(None),
            opened => {
                let file = opened.with_context(doing)?;
                let stamp = Found::of(&file).with_context(doing)?.stamp();
                Ok(Some((file, stamp)))
            }
        }
    }

    /// Opens and locks the mbox of a year, which is created if it is missing.
    ///
    /// # Errors
    /// Status 75 if others hold a lock for longer than `patience`.
    pub(crate) fn lock_year(&self, year: u16, patience: Patience) -> Result<YearMbox> {
        let place = self.opened(State::Closed)?.at(name(year));
        let path = place.path();
        let doing = || format!("cannot open {}", path.display());
        loop {
            let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
            let file = place.open(flags).with_context(doing)?;
            lock::fcntl_lock(&file, &path, patience)?;
            let dotlock = Dotlock::acquire(&place, patience)?;
            // A mail program may have put another file in its place.
            let ours = Found::of(&file).with_context(doing)?;
            match place.found() {
                Ok(Some(now)) if now.is_same_file(&ours) => {
                    return Ok(YearMbox {
                        place,
                        file,
                        _dotlock: dotlock,
                    });
                }
                _ if patience.wait() => {}
                _ => anyhow::bail!("cannot lock {}: it is moved all the time", path.display()),
            }
        }
    }
}

impl YearMbox {
    /// What it is like now.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let found = Found::of(&self.file).with_context(|| self.cannot("look at"))?;
        Ok(found.stamp())
    }

    /// The file, for reading.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Appends what `write` writes, behind an empty line. Returns when all of the file is on the disk, and its name.
    ///
    /// # Errors
    /// It cannot be; the file has its old length then.
    pub(crate) fn append(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        let old = self.stamp()?.size;
        let appended = self.write(old, write);
        if appended.is_err() {
            let _ = self.file.set_len(old);
            let _ = self.file.sync_all();
        }
        appended
    }

    fn write(&self, size: u64, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let doing = || self.cannot("append to");
        let mut end = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(size.saturating_sub(2)))
            .and_then(|_| file.take(2).read_to_end(&mut end))
            .with_context(doing)?;
        let mut out = BufWriter::new(file);
        // A mail program may have left them out, or put them in when it saved here.
        let missing: &[u8] = match end[..] {
            [] | [b'\n', b'\n'] => b"",
            [.., b'\n'] => b"\n",
            _ => b"\n\n",
        };
        out.write_all(missing).with_context(doing)?;
        write(&mut out).with_context(doing)?;
        out.flush().with_context(doing)?;
        drop(out);
        self.file.sync_all().with_context(doing)?;
        self.place.dir().sync().with_context(doing)
    }

    /// Cuts the file to `length` bytes, to remove what a run that died has left.
    ///
    /// # Errors
    /// It cannot be cut.
    pub(crate) fn truncate(&mut self, length: u64) -> Result<()> {
        let cut = self
            .file
            .set_len(length)
            .and_then(|()| self.file.sync_all());
        cut.with_context(|| self.cannot("mend"))
    }

    fn cannot(&self, what: &str) -> String {
        format!("cannot {what} {}", self.place.path().display())
    }
}

fn name(year: u16) -> String {
    format!("{year:04}{ENDING}")
}

/// The year whose mbox has this name.
pub(super) fn year_of(name: &str) -> Option<u16> {
    let digits = name.strip_suffix(ENDING)?;
    let plain = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    // D8, D11
    #[test]
    fn what_is_put_away_is_shared_with_the_group() {
        let dir = tempfile::tempdir().unwrap();
        let group = nix::unistd::getegid();
        let store = Store::new(dir.path(), Some(group));
        store.create_directories().unwrap();
        let names = ["archived/2024.mbox", "archived/put-away"];
        for name in names.iter().chain(&["archived/notes", "archived/24.mbox"]) {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
        let mut found = store.unshared().unwrap();
        found.retain(|path| path.is_file());
        found.sort();
        assert_eq!(found, names.map(|name| dir.path().join(name)));
        assert!(store.share().unwrap().1.is_empty());
        let mode = |name: &str| {
            let meta = fs::metadata(dir.path().join(name));
            meta.unwrap().permissions().mode() & 0o777
        };
        assert_eq!(names.map(mode), [0o660; 2]);
        assert_eq!(mode("archived/notes"), 0o600);
        assert_eq!(store.years().unwrap(), [2024]);
    }

    // D5, D11
    #[test]
    fn what_cannot_be_appended_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let path = store.year_path(2024);
        for (before, after) in [("", ""), ("a\n\n", ""), ("a\n", "\n"), ("a", "\n\n")] {
            fs::write(&path, before).unwrap();
            let mut mbox = store
                .lock_year(2024, Patience::new(Default::default()))
                .unwrap();
            assert!(dir.path().join("archived/2024.mbox.lock").exists());
            let failed = mbox.append(|out| {
                out.write_all(&[b'x'; 100_000])?;
                anyhow::bail!("no")
            });
            assert!(failed.is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
            mbox.append(|out| Ok(out.write_all(b"b\n\n")?)).unwrap();
            let want = format!("{before}{after}b\n\n");
            assert_eq!(fs::read_to_string(&path).unwrap(), want);
        }
        assert!(!dir.path().join("archived/2024.mbox.lock").exists());
    }
}
