//! A store that is not there: one that was lost, or whose disk is not mounted, since `init` makes it.

use super::diagnosis::{Diagnosis, may};
use super::mend::{as_root, user};
use super::owners;
use crate::config::{MACHINE_FILE, NO_STORE, make_store};
use crate::desk::Desk;
use crate::error::{self, quoted_path};
use nix::unistd::{AccessFlags, geteuid};
use std::path::Path;

const RESTORE: &str = "if there were tickets, mount or restore it first";

/// The store of a desk that several users work on, or of the machine's: all else that is found then comes of it, and what
/// mends that would make it the desk of whoever looks.
pub(super) fn of_several(desk: &Desk) -> Option<Diagnosis> {
    let config = &desk.config;
    let is_machines = config.file.as_deref() == Some(Path::new(MACHINE_FILE));
    if !is_machines && config.group.is_none() || !matches!(desk.has_store(), Ok(false)) {
        return None;
    }
    let root = desk.store.root();
    let mend = match above(root).filter(|above| owners::read_only(above)) {
        Some(above) => owners::remount(above),
        None => make_store(root, config.group.as_deref()),
    };
    Some(gone(root).mend(mend))
}

/// The same as root hears of it, who has become nobody, since there is no store to say whom.
pub(super) fn of_roots(e: &anyhow::Error) -> Option<Diagnosis> {
    let line = error::line(e);
    let hint = error::hint(e)?;
    let finding = Diagnosis::fail(format!(
        "store: {}; {RESTORE}",
        line.strip_prefix(NO_STORE)?
    ));
    Some(finding.mend(hint.split('`').nth(1)?))
}

/// The store of somebody who is alone. The next mail makes it, so that nobody would hear of what is lost.
pub(super) fn of_one(root: &Path) -> Diagnosis {
    match above(root) {
        Some(above) if !may(above, AccessFlags::W_OK | AccessFlags::X_OK) => {
            let install = format!(
                "install -d -o {} -m 0711 {}",
                user(geteuid()),
                quoted_path(root)
            );
            gone(root).mend(match owners::read_only(above) {
                true => owners::remount(above),
                false => as_root(&install),
            })
        }
        _ => Diagnosis::warn(format!(
            "store: there is no directory {}; the next mail makes it and opens ticket 1; {RESTORE}",
            root.display()
        )),
    }
}

/// A directory that is none yet, as one on which a disk is to be mounted. The next mail makes it a store.
pub(super) fn of_empty(root: &Path) -> Diagnosis {
    Diagnosis::warn(format!(
        "store: there are no tickets in {} yet; the next mail opens ticket 1; {RESTORE}",
        root.display()
    ))
}

fn gone(root: &Path) -> Diagnosis {
    let text = format!("store: there is no directory {}; {RESTORE}", root.display());
    Diagnosis::fail(text)
}

fn above(root: &Path) -> Option<&Path> {
    root.ancestors().skip(1).find(|dir| dir.exists())
}
