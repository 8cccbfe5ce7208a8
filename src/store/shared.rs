//! A store that a group shares: every file and directory of it (D8).

use super::put_away::PUT_AWAY;
use super::year::year_of;
use super::{QUARANTINE, Store};
use crate::files::{Dir, Found, Place};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::unistd::{Gid, fchown};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// What the group may do with a file, and with a directory: what is made in that is the group's as well.
const FILE: u32 = 0o060;
const DIRECTORY: u32 = 0o2070;

/// A file or a directory of the store.
enum Item<'d> {
    File(Place, Found),
    Directory(&'d Dir, Found),
}

impl Item<'_> {
    fn path(&self) -> PathBuf {
        match self {
            Item::File(place, _) => place.path(),
            Item::Directory(dir, _) => dir.path().to_owned(),
        }
    }

    fn found(&self) -> (&Found, u32) {
        match self {
            Item::File(_, found) => (found, FILE),
            Item::Directory(_, found) => (found, DIRECTORY),
        }
    }

    fn is_shared(&self, group: Gid) -> bool {
        let (found, wanted) = self.found();
        found.group() == group && found.mode() & wanted == wanted
    }

    fn share(&self, group: Gid) -> Result<()> {
        let (found, wanted) = self.found();
        let share = || {
            let opened = match self {
                Item::File(place, _) => &place.open(OFlag::O_RDONLY)?,
                Item::Directory(dir, _) => dir.file(),
            };
            if found.group() != group {
                fchown(opened, None, Some(group)).map_err(std::io::Error::from)?;
            }
            opened.set_permissions(Permissions::from_mode(found.mode() | wanted))
        };
        let doing = || format!("cannot share {}", self.path().display());
        share().with_context(doing)
    }
}

impl Store {
    /// Gives a new directory to the group, and the mode that the umask may have changed. Both may be right already, as
    /// the directory above hands them down: to set the mode again would take the set-group-ID bit away where this process
    /// is not in the group.
    pub(super) fn prepare(&self, dir: &Dir, mode: u32) -> Result<()> {
        let doing = || format!("cannot prepare {}", dir.path().display());
        let made = Found::of(dir.file()).with_context(doing)?;
        if let Some(gid) = self.group.filter(|gid| *gid != made.group()) {
            fchown(dir.file(), None, Some(gid))
                .map_err(std::io::Error::from)
                .with_context(doing)?;
        }
        let mode = self.mode(mode);
        if made.mode() & 0o7777 == mode {
            return Ok(());
        }
        let mode = Permissions::from_mode(mode);
        dir.file().set_permissions(mode).with_context(doing)
    }

    /// What of the store its group may not use; nothing if it has no group.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn unshared(&self) -> Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        self.each_unshared(|item, _| paths.push(item.path()))?;
        Ok(paths)
    }

    /// Gives all of that to the group. Returns how much it was, and what failed, and why: what belongs to somebody else
    /// is theirs to give.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn share(&self) -> Result<(usize, Vec<(PathBuf, anyhow::Error)>)> {
        let mut failed = Vec::new();
        let mut count = 0;
        self.each_unshared(|item, group| match item.share(group) {
            Ok(()) => count += 1,
            Err(e) => failed.push((item.path(), e)),
        })?;
        Ok((count, failed))
    }

    fn each_unshared(&self, mut visit: impl FnMut(&Item, Gid)) -> Result<()> {
        let Some(group) = self.group else {
            return Ok(());
        };
        let mut visit = |item: &Item| {
            if !item.is_shared(group) {
                visit(item, group);
            }
        };
        for state in [State::Open, State::Closed] {
            // Beside the tickets there may be whatever the owner likes.
            let is_put_away = |name: &str| name == PUT_AWAY || year_of(name).is_some();
            let is_ours = |name: &str| {
                name.parse::<TicketId>().is_ok() || state == State::Closed && is_put_away(name)
            };
            each_in(self.opened(state)?, &is_ours, &mut visit)?;
        }
        let quarantine = self.opened(State::Open)?.below(QUARANTINE);
        if let Ok(quarantine) = quarantine {
            each_below(&quarantine, &mut visit)?;
        }
        each_below(self.opened_private()?, &mut visit)
    }
}

/// Visits a directory, and all that is in it.
fn each_below(dir: &Dir, visit: &mut dyn FnMut(&Item)) -> Result<()> {
    each_in(dir, &|_| true, visit)?;
    let names = dir.names();
    for name in names.with_context(|| format!("cannot read {}", dir.path().display()))? {
        if let Ok(below) = dir.below(&name) {
            each_below(&below, visit)?;
        }
    }
    Ok(())
}

/// Visits a directory, and the regular files in it that are named so.
fn each_in(
    dir: &Dir,
    is_wanted: &dyn Fn(&str) -> bool,
    visit: &mut dyn FnMut(&Item),
) -> Result<()> {
    let look = |visit: &mut dyn FnMut(&Item)| {
        visit(&Item::Directory(dir, Found::of(dir.file())?));
        dir.each(|name, is_file| {
            if is_file && is_wanted(name) {
                let place = dir.at(name);
                // It may have been removed or moved meanwhile.
                if let Some(found) = place.found()? {
                    visit(&Item::File(place, found));
                }
            }
            Ok(true)
        })
    };
    look(visit).with_context(|| format!("cannot read {}", dir.path().display()))
}
