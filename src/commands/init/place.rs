//! The file of a new configuration: whole, and for a desk that there is, or not there at all. One that is empty or cut
//! off would be in force, and in the way of the next attempt.

use super::own;
use crate::error::{Fault, Status, quoted_path};
use crate::files::Dir;
use crate::privilege;
use anyhow::{Context, Result};
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Says no if there is such a file.
///
/// # Errors
/// Status 77.
pub(super) fn expect_none(file: &Path) -> Result<()> {
    match file.symlink_metadata() {
        Ok(_) => Err(taken(file).into()),
        // What keeps it from being looked at keeps it from being written, and is told then.
        Err(_) => Ok(()),
    }
}

fn taken(file: &Path) -> Fault {
    let text = format!("cannot write {}: it already exists", file.display());
    let sudo = match privilege::is_root() {
        true => privilege::sudo(),
        false => String::new(),
    };
    let path = quoted_path(file);
    Fault::new(Status::NoPerm, text).hint(format!(
        "edit it, or remove it and begin anew: `{sudo}rm {path}`"
    ))
}

/// Writes `text` into a new `file`, and makes the directories above it. Before it has its name it is on the disk, and
/// `make` has done its work; `make` gets the path that it has until then. If either fails, nothing of it is left.
///
/// # Errors
/// Status 77 if there is such a file; it cannot be written; and those of `make`.
pub(super) fn write(
    file: &Path,
    text: &str,
    make: impl FnOnce(&Path) -> Result<Status>,
) -> Result<Status> {
    let doing = || format!("cannot write {}", file.display());
    let above = file.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    // If root writes it, it is most likely for another user, as whom the MTA starts the program, and who
    // has to be able to read it.
    let root = privilege::is_root();
    if !above.exists() {
        match root {
            true => own::make_public(above),
            false => std::fs::create_dir_all(above),
        }
        .with_context(doing)?;
    }
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.context("its name is no text").with_context(doing)?;
    let dir = Dir::open_named(above).with_context(doing)?;
    let mode = if root { 0o644 } else { 0o600 };
    let (opened, place) = dir
        .create_free(&format!(".{name}"), mode)
        .with_context(doing)?;
    let done = fill(opened, text, mode)
        .with_context(doing)
        .and_then(|()| make(&place.path()));
    let done = match done {
        Ok(Status::Ok) => match place.move_to(&dir.at(name)) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Err(taken(file).into()),
            moved => moved.with_context(doing).map(|()| Status::Ok),
        },
        done => done,
    };
    match done {
        Ok(Status::Ok) => dir.sync().with_context(doing).map(|()| Status::Ok),
        done => {
            // What keeps it from being removed leaves a name that nobody reads.
            let _ = place.remove();
            done
        }
    }
}

fn fill(mut opened: File, text: &str, mode: u32) -> std::io::Result<()> {
    // Whatever umask there is.
    opened.set_permissions(Permissions::from_mode(mode))?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}
