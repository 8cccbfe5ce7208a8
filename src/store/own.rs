//! Directories of the store's own, in `.tickets/`.

use super::Store;
use crate::files::{Dir, absent};
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::sys::stat::futimens;
use nix::sys::time::TimeSpec;

impl Store {
    /// The directory `name` in `.tickets/`, which is made if it is missing.
    ///
    /// # Errors
    /// It cannot be made, or something else stands there.
    pub(crate) fn own_dir(&self, name: &str) -> Result<Dir> {
        if let Some(dir) = self.own_dir_if_there(name)? {
            return Ok(dir);
        }
        let private = self.opened_private()?;
        self.create_directory(private, name, 0o700)?;
        let doing = || format!("cannot open {}", self.private().join(name).display());
        private.below(name).with_context(doing)
    }

    /// Dates a file in such a directory, which is made if it is missing, to now.
    ///
    /// # Errors
    /// It cannot be made, or dated.
    pub(crate) fn touch(&self, dir: &str, name: &str) -> Result<()> {
        let place = self.own_dir(dir)?.at(name);
        let touch = || {
            let file = place.open(OFlag::O_WRONLY | OFlag::O_CREAT)?;
            futimens(&file, &TimeSpec::UTIME_NOW, &TimeSpec::UTIME_NOW)?;
            Ok::<(), std::io::Error>(())
        };
        touch().with_context(|| format!("cannot write {}", place.path().display()))
    }

    /// The directory `name` in `.tickets/`; `None` if it is missing.
    ///
    /// # Errors
    /// Something else stands there.
    pub(crate) fn own_dir_if_there(&self, name: &str) -> Result<Option<Dir>> {
        match self.private_dir().and_then(|private| private.below(name)) {
            Err(e) if absent(&e) => Ok(None),
            dir => {
                let doing = || format!("cannot open {}", self.private().join(name).display());
                dir.map(Some).with_context(doing)
            }
        }
    }
}
