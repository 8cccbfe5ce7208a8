//! The directories of the outbox, and what lies in them.

use super::Outbox;
use crate::files::{Dir, Place, absent};
use anyhow::{Context, Result};
use std::io;
use std::path::{Path, PathBuf};

/// The directories of mail that may be sent. mutt moves a mail from `new` to `cur` when somebody reads it.
const RELEASED: [&str; 2] = ["new", "cur"];

impl Outbox {
    /// Creates and syncs the directories of both Maildirs that are missing.
    pub(super) fn create_directories(&self) -> Result<()> {
        const FIRST: [&str; 5] = ["tmp", "new", "cur", "failed/tmp", "failed/new"];
        // Created after the others are synced: where it exists, nothing is synced again.
        const LAST: &str = "failed/cur";
        let mut complete = true;
        for sub in FIRST.into_iter().chain([LAST]) {
            complete &= self.find(sub)?.is_some();
        }
        if complete {
            return Ok(());
        }
        // The new names are in the outbox, in `.tickets` and in the store.
        let create = |above: &Dir, sub: &str| -> Result<Dir> {
            let doing = || format!("cannot create {}", above.path().join(sub).display());
            match above.create_dir(sub, if self.group { 0o770 } else { 0o700 }) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                created => created.with_context(doing)?,
            }
            above.below(sub).with_context(doing)
        };
        let doing = || format!("cannot open {}", self.store.display());
        let store = Dir::open_named(&self.store).with_context(doing)?;
        let private = create(&store, ".tickets")?;
        let outbox = create(&private, "outbox")?;
        for sub in ["tmp", "new", "cur"] {
            create(&outbox, sub)?;
        }
        let failed = create(&outbox, "failed")?;
        create(&failed, "tmp")?;
        create(&failed, "new")?;
        for dir in [&failed, &outbox, &private, &store] {
            let doing = || format!("cannot sync {}", dir.path().display());
            dir.sync().with_context(doing)?;
        }
        create(&failed, "cur")?;
        let doing = || format!("cannot sync {}", failed.path().display());
        failed.sync().with_context(doing)
    }

    /// The directory `sub` of the outbox, open.
    ///
    /// # Errors
    /// It is missing, or something else stands there, such as a symbolic link: the mail would lie elsewhere (D8).
    pub(super) fn opened(&self, sub: &str) -> Result<Dir> {
        let missing = || format!("cannot open {}: it is missing", self.path(sub).display());
        self.find(sub)?.with_context(missing)
    }

    /// The same; `None` if it is missing.
    pub(super) fn find(&self, sub: &str) -> Result<Option<Dir>> {
        let Some(dir) = self.dir.get() else {
            let doing = || format!("cannot open {}", self.store.display());
            let store = if_there(Dir::open_named(&self.store)).with_context(doing)?;
            let Some(store) = store else { return Ok(None) };
            let Some(dir) = below(&store, ".tickets/outbox")? else {
                return Ok(None);
            };
            return below(self.dir.get_or_init(|| dir), sub);
        };
        below(dir, sub)
    }

    pub(super) fn path(&self, sub: &str) -> PathBuf {
        self.store.join(".tickets/outbox").join(sub)
    }

    pub(super) fn released(&self) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        for sub in RELEASED {
            places.extend(self.places(sub)?);
        }
        Ok(places)
    }

    /// The plain files in a directory of the outbox; none if the directory is missing.
    pub(super) fn places(&self, sub: &str) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        let Some(dir) = self.find(sub)? else {
            return Ok(places);
        };
        let read = dir.each(|name, is_file| {
            if is_file && !name.starts_with('.') {
                places.push(dir.at(name));
            }
            Ok(true)
        });
        read.with_context(|| format!("cannot read {}", dir.path().display()))?;
        Ok(places)
    }
}

/// The directory at `path` in `dir`; `None` if it is missing.
fn below(dir: &Dir, path: &str) -> Result<Option<Dir>> {
    let mut dir = dir.clone();
    for name in Path::new(path) {
        let path = dir.path().join(name);
        let doing = || format!("cannot open {}", path.display());
        match if_there(dir.below(name)).with_context(doing)? {
            Some(below) => dir = below,
            None => return Ok(None),
        }
    }
    Ok(Some(dir))
}

fn if_there(dir: io::Result<Dir>) -> io::Result<Option<Dir>> {
    match dir {
        Err(cause) if absent(&cause) => Ok(None),
        dir => dir.map(Some),
    }
}
