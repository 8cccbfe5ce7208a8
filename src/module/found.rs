//! Where a module lies, and whether it may be run: nobody but root and the desk's user may be able to change what runs
//! as that user (G3).

use super::manifest::{Manifest, is_name};
use crate::files::{Dir, Place};
use nix::fcntl::OFlag;
use nix::sys::stat::{FileStat, fstat};
use nix::unistd::Uid;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// The file in which a module says what it is.
pub const MANIFEST: &str = "module.toml";

/// The most bytes of a manifest.
const MOST: u64 = 64 << 10;

/// A module that was found and may be run.
#[derive(Clone, Debug)]
pub struct Runnable {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its directory.
    pub dir: PathBuf,
}

/// What there is under a name in a directory of modules.
pub type Finding = Result<Runnable, String>;

/// The module `name` of the first directory of `path` that has it; `None` if none has.
///
/// The error says why it may not be run, or what is wrong with its manifest, in one line.
pub fn find(path: &[PathBuf], name: &str) -> Option<Finding> {
    if !is_name(name) {
        return Some(Err(format!(
            "{name:?} is no name of a module: a-z, 0-9 and - only"
        )));
    }
    path.iter().find_map(|entry| look(entry, name).transpose())
}

/// The names in the directories of `path`, each once, in the order in which they are found.
pub fn names(path: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in path {
        let mut here = Dir::open_named(entry)
            .and_then(|dir| dir.names())
            .unwrap_or_default();
        here.retain(|name| is_name(name) && !names.contains(name));
        here.sort();
        names.append(&mut here);
    }
    names
}

/// The module `name` in the directory `entry`, if it has one.
fn look(entry: &Path, name: &str) -> Result<Option<Runnable>, String> {
    let shelf = match Dir::open_named(entry) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|e| format!("cannot open {}: {e}", entry.display()))?,
    };
    let dir = match shelf.below(name) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|e| format!("cannot open {}: {e}", entry.join(name).display()))?,
    };
    expect_own(&shelf, entry)?;
    expect_own(&dir, dir.path())?;
    let text = read(&dir.at(MANIFEST))?;
    let manifest = Manifest::parse(name, &text)
        .map_err(|why| format!("{}: {why}", dir.path().join(MANIFEST).display()))?;
    expect_program(&dir, &manifest.run)?;
    let dir = dir.path().to_owned();
    Ok(Some(Runnable { manifest, dir }))
}

/// The text of a manifest.
fn read(place: &Place) -> Result<String, String> {
    let path = place.path();
    let file = place
        .open(OFlag::O_RDONLY)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    expect_own(&file, &path)?;
    let mut text = String::new();
    let got = file.take(MOST + 1).read_to_string(&mut text);
    match got.map_err(|e| format!("cannot read {}: {e}", path.display()))? as u64 {
        0..=MOST => Ok(text),
        _ => Err(format!(
            "{} is longer than {} KiB",
            path.display(),
            MOST >> 10
        )),
    }
}

/// Looks at the program of a module, and at each directory on the way to it.
fn expect_program(dir: &Dir, run: &str) -> Result<(), String> {
    let path = dir.path().join(run);
    let (parents, name) = match run.rsplit_once('/') {
        Some((parents, name)) => (parents, name),
        None => ("", run),
    };
    let mut dir = dir.clone();
    for parent in parents.split('/').filter(|name| !name.is_empty()) {
        let at = dir.path().join(parent);
        dir = dir
            .below(parent)
            .map_err(|e| format!("cannot open {}: {e}", at.display()))?;
        expect_own(&dir, &at)?;
    }
    let program = dir
        .at(name)
        .open(OFlag::O_RDONLY)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let stat = expect_own(&program, &path)?;
    if stat.st_mode & 0o111 == 0 {
        return Err(format!("{} is not executable: chmod +x", path.display()));
    }
    Ok(())
}

/// What the open file at `path` is, if nobody but root and the desk's user may change it.
fn expect_own(file: impl AsFd, path: &Path) -> Result<FileStat, String> {
    let path = path.display();
    let stat = fstat(file).map_err(|e| format!("cannot look at {path}: {e}"))?;
    let owner = Uid::from_raw(stat.st_uid);
    if !owner.is_root() && owner != Uid::effective() {
        let owner = crate::privilege::name_of(owner);
        return Err(format!(
            "{path} belongs to {owner}, not to root or to the desk's user"
        ));
    }
    // Where there is an ACL, the bits of the group say what it grants to anybody.
    if stat.st_mode & 0o022 != 0 {
        return Err(format!("others may write to {path}: chmod go-w"));
    }
    Ok(stat)
}
