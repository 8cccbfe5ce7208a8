//! Where a module lies, and whether it may be run: nobody but root and the desk's user may be able to change what runs
//! as that user (G3).

use super::entries::{NAME_RULE, is_name};
use super::manifest::Manifest;
use crate::error::quoted_path;
use crate::files::{Dir, Place, read_text};
use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::stat::{FileStat, fstat, lstat};
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
        return Some(Err(format!("{name:?} is no name of a module: {NAME_RULE}")));
    }
    path.iter().find_map(|entry| look(entry, name).transpose())
}

/// What a module says of itself that may not be run. Nobody is to believe it for more than which events it would bring, or
/// be told: anybody may have written it.
pub fn claims(path: &[PathBuf], name: &str) -> Option<Manifest> {
    let mut files = path.iter().map(|dir| dir.join(name).join(MANIFEST));
    let text = files.find_map(|file| read_text(&file).ok())?;
    Manifest::parse(name, &text).ok()
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
    expect_way(entry)?;
    expect_own(&shelf, entry)?;
    expect_own(&dir, dir.path())?;
    let text = read(&dir.at(MANIFEST))?;
    let manifest = Manifest::parse(name, &text)
        .map_err(|why| format!("{}: {why}", dir.path().join(MANIFEST).display()))?;
    expect_program(&dir, &manifest.run)?;
    let dir = dir.path().to_owned();
    Ok(Some(Runnable { manifest, dir }))
}

/// Looks at each directory above `entry`: whoever may put another in its place could put modules there. A group that may
/// write to one is not looked at, since it often is its user's own (G3).
fn expect_way(entry: &Path) -> Result<(), String> {
    let mut is_real = !entry.is_symlink();
    let way = entry.ancestors().skip(usize::from(is_real));
    for dir in way {
        is_real &= is_safe(dir)?;
    }
    if is_real {
        return Ok(());
    }
    // Where a link leads is the way, too.
    let shown = entry.display();
    let real = std::fs::canonicalize(entry).map_err(|e| format!("cannot look at {shown}: {e}"))?;
    let mut way = real.ancestors().skip(1);
    way.try_for_each(|dir| is_safe(dir).map(drop))
}

/// True if nobody but root, the desk's user and a group may put another in the place of what lies in `dir`, false if it
/// is a link of theirs.
fn is_safe(dir: &Path) -> Result<bool, String> {
    let shown = dir.display();
    let stat = lstat(dir).map_err(|e| format!("cannot look at {shown}: {e}"))?;
    expect_owner(&stat, dir)?;
    let kind = stat.st_mode & libc::S_IFMT;
    if kind == libc::S_IFLNK {
        return Ok(false);
    }
    // Where the sticky bit is set, only what one owns can be put elsewhere.
    match stat.st_mode & (0o002 | libc::S_ISVTX) == 0o002 {
        true => Err(format!("others may write to {shown}: chmod o-w")),
        false => Ok(true),
    }
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
    let program = dir.at(name).open(OFlag::O_RDONLY).map_err(|e| {
        let hint = match e.kind() {
            ErrorKind::NotFound if run.contains(' ') => "; `run` is a path, without arguments",
            _ => "",
        };
        format!("cannot read {}: {e}{hint}", path.display())
    })?;
    let stat = expect_own(&program, &path)?;
    if stat.st_mode & 0o111 == 0 {
        return Err(format!("{} is not executable: chmod +x", path.display()));
    }
    Ok(())
}

/// What the open file at `path` is, if nobody but root and the desk's user may change it.
fn expect_own(file: impl AsFd, path: &Path) -> Result<FileStat, String> {
    let shown = path.display();
    let stat = fstat(file).map_err(|e| format!("cannot look at {shown}: {e}"))?;
    expect_owner(&stat, path)?;
    // Where there is an ACL, the bits of the group say what it grants to anybody.
    if stat.st_mode & 0o022 != 0 {
        return Err(format!("others may write to {shown}: chmod go-w"));
    }
    Ok(stat)
}

/// Says no to what belongs to anybody but root and the desk's user.
fn expect_owner(stat: &FileStat, path: &Path) -> Result<(), String> {
    let owner = Uid::from_raw(stat.st_uid);
    if !owner.is_root() && owner != Uid::effective() {
        let owner = crate::privilege::name_of(owner);
        let me = crate::privilege::name_of(Uid::effective());
        let (path, quoted) = (path.display(), quoted_path(path));
        return Err(format!(
            "{path} is the property of {owner}, and neither of root nor of the desk's user: sudo chown {me} {quoted}"
        ));
    }
    Ok(())
}
