//! Where an export may be written, and what an earlier one that was killed left there.

use super::replaced::{Whole, is_our_maildir, is_our_mbox};
use crate::error::{self, Fault, Status, quoted_path};
use crate::privilege;
use crate::store::Store;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The path as it is written to: without slashes at its end, behind which a link would be followed.
///
/// # Errors
/// Status 64 if it names nothing that could be made: `.`, `..` or `/`.
pub(super) fn named(path: &Path) -> Result<PathBuf> {
    let plain: PathBuf = path.components().collect();
    match plain.file_name() {
        Some(_) => Ok(plain),
        None => Err(misplaced(
            path,
            "it has no name of its own",
            "give it a name",
        )),
    }
}

/// The directory in which `path` is to appear.
///
/// # Errors
/// Status 64 if there is no such directory, or it is one of the store's.
pub(super) fn directory_for<'p>(path: &'p Path, store: &Store) -> Result<&'p Path> {
    let dir = directory_of(path);
    if !dir.is_dir() {
        let text = format!("cannot export to {}: there is no directory", path.display());
        let fault = Fault::new(Status::Usage, format!("{text} {}", dir.display()));
        return Err(fault.hint(format!("mkdir -p {}", quoted_path(dir))).into());
    }
    let (Ok(real), Ok(root)) = (fs::canonicalize(dir), fs::canonicalize(store.root())) else {
        return Ok(dir);
    };
    let name = path.file_name().and_then(|name| name.to_str());
    if let Some(id) = name.and_then(|name| name.parse::<TicketId>().ok()) {
        let tickets = [State::Open, State::Closed].map(|state| store.path(id, state));
        let same =
            |ticket: &PathBuf| fs::canonicalize(directory_of(ticket)).ok().as_ref() == Some(&real);
        if tickets.iter().any(same) {
            return Err(misplaced(path, "it would be a ticket", OUTSIDE));
        }
    }
    match real.starts_with(root) {
        true => Err(misplaced(path, "it is in the store", OUTSIDE)),
        false => Ok(dir),
    }
}

pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

/// The error for a place that something else has.
pub(super) fn refused(path: &Path, why: &str) -> anyhow::Error {
    misplaced(path, why, "remove it first, or give another name")
}

/// The error for a place where no export may be, and what is one.
fn misplaced(path: &Path, why: &str, way: &str) -> anyhow::Error {
    let text = format!("cannot export to {}: {why}", path.display());
    Fault::new(Status::Usage, text).hint(way).into()
}

const OUTSIDE: &str = "name a place outside the store";

/// Why nothing can be made at `path`. Root works as the desk's user, who may write in few places; that user is no help
/// to anybody else, either.
pub(super) fn cannot_create(path: &Path, e: io::Error) -> anyhow::Error {
    let doing = format!("cannot create {}", path.display());
    let why = anyhow::Error::new(e).context(doing);
    if !error::is_denied(&why) {
        return why;
    }
    let way = match privilege::became() {
        None => "name a directory where you may write".to_owned(),
        Some(user) => format!(
            "`tickets export --mbox - >FILE` writes where you may; a name needs a directory where the user {user} may write"
        ),
    };
    let fault = Fault::new(Status::NoPerm, error::line(&why));
    fault.hint(way).into()
}

/// The bytes that differ in the names under which exports to one path are written.
const RANDOM: usize = 6;

/// What such a name ends in.
const ENDING: &str = ".part";

/// Makes names under which exports to `path` are written before they get theirs: no others look like them.
pub(super) fn unfinished<R>(path: &Path, make: impl FnOnce(&mut tempfile::Builder) -> R) -> R {
    let begins = beginning(path);
    let mut names = tempfile::Builder::new();
    make(names.prefix(&begins).rand_bytes(RANDOM).suffix(ENDING))
}

/// What those begin with.
fn beginning(path: &Path) -> OsString {
    // The longest name of a file is 255 bytes.
    const MOST: usize = 200;
    let name = path.file_name().unwrap_or_default().as_bytes();
    let name = &name[..name.len().min(MOST)];
    OsString::from_vec([b".export.", name, b"."].concat())
}

/// Removes what exports of this desk to `path` left that were killed: what nobody has locked, and holds nothing but what
/// this desk exported. It is no error if that cannot be done.
pub(super) fn remove_leftovers(path: &Path, desk: &str) {
    let begins = beginning(path);
    for entry in fs::read_dir(directory_of(path))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let name = name.as_bytes().strip_prefix(begins.as_bytes());
        let random = name.and_then(|name| name.strip_suffix(ENDING.as_bytes()));
        let is_one = random.is_some_and(|it| it.len() == RANDOM);
        let left = entry.path();
        if is_one && is_leftover(&left, desk).unwrap_or(false) {
            let _ = match left.is_dir() {
                true => fs::remove_dir_all(&left),
                false => fs::remove_file(&left),
            };
        }
    }
}

fn is_leftover(path: &Path, desk: &str) -> io::Result<bool> {
    let meta = path.symlink_metadata()?;
    let is_own = meta.uid() == nix::unistd::geteuid().as_raw();
    if !is_own || !(meta.is_file() || meta.is_dir()) {
        return Ok(false);
    }
    // Whoever writes it holds this lock.
    if File::open(path)?.try_lock().is_err() {
        return Ok(false);
    }
    match meta.is_dir() {
        true => is_our_maildir(path, desk, Whole::No),
        false => is_our_mbox(path, desk, Whole::No),
    }
}
