//! Test mails of `tickets check --send`, in `.tickets/check/`: `DIGEST.due` says that one is expected, `DIGEST` is the
//! mbox that it came into. A digest stands for the token in the mail, so that nobody who reads the names can write it.

use super::Store;
use crate::files::{Dir, Place, absent};
use anyhow::{Context, Result};
use std::io::{ErrorKind, Read};
use std::time::Duration;

const DIR: &str = "check";
const DUE: &str = ".due";

/// As long as mail servers try to deliver a mail.
const LONGEST: Duration = Duration::from_secs(5 * 86_400);

/// After that nobody waits for it any more.
const LATE: Duration = Duration::from_secs(3600);

/// A test mail is much smaller.
const MOST: u64 = 1 << 20;

impl Store {
    /// The directory of the test mails, opened; `None` if there is none.
    fn probes(&self) -> Result<Option<Dir>> {
        match self.private_dir().and_then(|private| private.below(DIR)) {
            Err(e) if absent(&e) => Ok(None),
            dir => {
                let doing = || format!("cannot open {}", self.private().join(DIR).display());
                dir.map(Some).with_context(doing)
            }
        }
    }

    /// Expects a test mail.
    ///
    /// # Errors
    /// Nothing can be written in the store.
    pub(crate) fn expect_probe(&self, digest: &str) -> Result<()> {
        self.create_directory(self.opened_private()?, DIR, 0o700)?;
        let dir = self.probes()?.context("its directory is gone")?;
        let due = dir.at(format!("{digest}{DUE}"));
        let created = due.create(0o660);
        created.with_context(|| format!("cannot create {}", due.path().display()))?;
        Ok(())
    }

    /// True if this test mail is expected, or here already. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// That cannot be told.
    pub(crate) fn is_probe(&self, digest: &str, now: i64) -> Result<bool> {
        let Some(dir) = self.probes()? else {
            return Ok(false);
        };
        let due = dir.at(format!("{digest}{DUE}"));
        Ok(dir.at(digest).is_file() || age(&due, now).is_some_and(|age| age < LONGEST))
    }

    /// Files a test mail, as the mbox of a new ticket is filed; only its name is no number. It is expected no more.
    /// False if there is one already.
    ///
    /// # Errors
    /// It is not filed.
    pub(crate) fn file_probe(&self, digest: &str, entry: &[u8]) -> Result<bool> {
        let staged = self.stage(entry)?;
        let dir = self.probes()?.context("its directory is gone")?;
        let place = dir.at(digest);
        let doing = || format!("cannot file {}", place.path().display());
        match staged.link(&place) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
            linked => linked.with_context(doing)?,
        }
        dir.sync().with_context(doing)?;
        // It counts once. What is left of it, the next test removes.
        let _ = dir.at(format!("{digest}{DUE}")).remove();
        Ok(true)
    }

    /// The mbox of a test mail, if it is here.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn probe(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let Some(dir) = self.probes()? else {
            return Ok(None);
        };
        let place = dir.at(digest);
        let read = || {
            let mut bytes = Vec::new();
            let file = place.open_quietly()?;
            file.take(MOST).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        match read() {
            Err(e) if absent(&e) => Ok(None),
            read => read
                .map(Some)
                .with_context(|| format!("cannot read {}", place.path().display())),
        }
    }

    /// Takes a test mail away.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn forget_probe(&self, digest: &str) -> Result<()> {
        let Some(dir) = self.probes()? else {
            return Ok(());
        };
        for name in [digest.to_owned(), format!("{digest}{DUE}")] {
            let place = dir.at(name);
            match place.remove() {
                Err(e) if !absent(&e) => {
                    return Err(e)
                        .with_context(|| format!("cannot remove {}", place.path().display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes away those for which nobody waits any more. Returns how many came all the same.
    ///
    /// # Errors
    /// They cannot be read or removed.
    pub(crate) fn forget_late_probes(&self, now: i64) -> Result<usize> {
        let Some(dir) = self.probes()? else {
            return Ok(0);
        };
        let doing = || format!("cannot clear {}", dir.path().display());
        let mut came = 0;
        for name in dir.names().with_context(doing)? {
            let place = dir.at(name.as_str());
            let limit = match name.ends_with(DUE) {
                true => LONGEST,
                false => LATE,
            };
            // A date in the future is that of a clock which was wrong.
            if place.is_file() && age(&place, now).is_none_or(|age| age >= limit) {
                place.remove().with_context(doing)?;
                came += usize::from(!name.ends_with(DUE));
            }
        }
        Ok(came)
    }
}

/// How long ago the file there was written; `None` if there is none, or in the future.
fn age(place: &Place, now: i64) -> Option<Duration> {
    let found = place
        .found()
        .ok()
        .flatten()
        .filter(|found| found.is_file())?;
    let age = now.checked_sub(found.modified() / 1_000_000_000)?;
    // The clock that dates files is a moment behind.
    u64::try_from(age + 2).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn a_probe_counts_once_and_for_days() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let now = jiff::Timestamp::now().as_second();
        assert!(!store.is_probe("a", now).unwrap());
        assert_eq!(store.forget_late_probes(now).unwrap(), 0);
        store.expect_probe("a").unwrap();
        assert!(store.is_probe("a", now).unwrap());
        assert!(!store.is_probe("a", now + 6 * 86_400).unwrap());
        assert!(!store.is_probe("b", now).unwrap());
        assert_eq!(store.probe("a").unwrap(), None);
        assert!(store.file_probe("a", b"x").unwrap());
        // The mail server did not hear of it.
        assert!(store.is_probe("a", now).unwrap());
        assert!(!store.file_probe("a", b"y").unwrap());
        assert_eq!(store.probe("a").unwrap(), Some(b"x".to_vec()));
        store.forget_probe("a").unwrap();
        assert!(!store.is_probe("a", now).unwrap());

        store.expect_probe("late").unwrap();
        store.file_probe("late", b"x").unwrap();
        store.expect_probe("never").unwrap();
        assert_eq!(store.forget_late_probes(now + 60).unwrap(), 0);
        assert_eq!(store.forget_late_probes(now + 86_400).unwrap(), 1);
        let left = || store.probes().unwrap().unwrap().names().unwrap();
        assert_eq!(left(), ["never.due"]);
        assert_eq!(store.forget_late_probes(now + 6 * 86_400).unwrap(), 0);
        assert_eq!(left(), Vec::<String>::new());
    }
}
