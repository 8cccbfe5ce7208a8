//! Checks the store, its locks and its index.

use super::diagnosis::Diagnosis;
use super::diagnosis::count;
use super::diagnosis::may;
use super::index;
use super::mend::{as_owner, as_root, own_command, user};
use super::missing;
use super::obstacles;
use super::owners;
use super::sharing;
use crate::desk::Desk;
use crate::error::{quoted, quoted_path};
use crate::files::{Dir, Place, shared_kind};
use crate::privilege;
use crate::screen::size;
use crate::store::QUARANTINE;
use crate::store::lock::{Dotlock, Patience, fcntl_lock};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use nix::unistd::{AccessFlags, Uid, geteuid};
use std::fs::{DirEntry, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Age from which on a lock is left over: nobody holds it any more.
const STALE: Duration = Duration::from_secs(5 * 60);

/// Checks all of it.
pub fn look(desk: &mut Desk) -> Vec<Diagnosis> {
    let root = desk.store.root().to_owned();
    let path = root.display();
    match std::fs::symlink_metadata(&root) {
        Err(e) if crate::files::absent(&e) => {
            let found = [Some(missing::of_one(&root)), network(desk, &root)];
            return found.into_iter().flatten().collect();
        }
        Err(e) => {
            return vec![Diagnosis::fail(format!(
                "store: cannot look at {path}: {e}"
            ))];
        }
        Ok(_) if !root.is_dir() => {
            return vec![Diagnosis::fail(format!("store: {path} is not a directory"))];
        }
        Ok(_) => {}
    }
    let mut found = directories(desk);
    if found.is_empty() {
        found.push(tickets(desk, &root).unwrap_or_else(|e| cannot("store", &e)));
        found.extend(names(&root));
        found.extend(obstacles::look(&desk.store).into_iter().map(|(path, e)| {
            let mend = format!("ls -ld {}", quoted_path(&path));
            Diagnosis::fail(format!("store: {}: {e}", path.display())).mend(mend)
        }));
        found.extend(both(desk));
        found.extend(owners::look(desk));
        found.extend(sharing(desk));
        found.extend(owners::space(desk));
        found.push(match locks(&desk.store.private()) {
            Ok(()) => Diagnosis::ok("locks: fcntl and dotlock work"),
            Err(e) => cannot("locks", &e),
        });
        found.push(index::look(desk).unwrap_or_else(|e| cannot("index", &e)));
    }
    found.extend(network(desk, &root));
    found
}

fn cannot(area: &str, error: &anyhow::Error) -> Diagnosis {
    Diagnosis::fail(format!("{area}: {}", crate::error::line(error)))
}

/// Owners and modes. If these are wrong, nothing else is checked.
fn directories(desk: &Desk) -> Vec<Diagnosis> {
    let root = desk.store.root();
    if owners::read_only(root) {
        let text = format!(
            "store: {} is on a disk that may only be read",
            root.display()
        );
        return vec![Diagnosis::fail(text).mend(owners::remount(root))];
    }
    let dirs = [root.to_owned(), root.join("archived"), desk.store.private()];
    if owned_by_other(root)
        && let Some(joined) = desk.config.group.as_deref().and_then(sharing::joined_since)
    {
        return vec![joined];
    }
    let found = match desk.is_begun() {
        Ok(false) if directory(desk, root).is_none() => return vec![missing::of_empty(root)],
        _ => dirs.iter().filter_map(|dir| directory(desk, dir)),
    };
    let mut found: Vec<Diagnosis> = found.collect();
    // One command may mend all three.
    found.dedup_by(|next, first| next.mend == first.mend);
    found
}

fn owned_by_other(root: &Path) -> bool {
    std::fs::metadata(root).is_ok_and(|meta| Uid::from_raw(meta.uid()) != geteuid())
}

fn directory(desk: &Desk, dir: &Path) -> Option<Diagnosis> {
    let shared = desk.config.group.is_some();
    let path = dir.display();
    let meta = match std::fs::metadata(dir) {
        Ok(meta) => meta,
        Err(e) if crate::files::absent(&e) => {
            let finding = Diagnosis::fail(format!("store: {path} is missing"));
            let mkdir = format!("mkdir -m 0711 {}", quoted_path(dir));
            return Some(finding.mend(as_owner(dir.parent().unwrap_or(dir), &mkdir)));
        }
        Err(e) => {
            return Some(Diagnosis::fail(format!(
                "store: cannot look at {path}: {e}"
            )));
        }
    };
    let (owner, mode) = (Uid::from_raw(meta.uid()), meta.permissions().mode());
    let access = AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK;
    let chmod = |change: &str| as_owner(dir, &format!("chmod {change} {}", quoted_path(dir)));
    let (text, mend) = if may(dir, access) {
        if mode & 0o002 != 0 {
            (format!("everybody can write to {path}"), chmod("o-w"))
        } else if mode & 0o020 != 0 && !shared {
            let root = desk.store.root();
            let set = sharing::set_group(desk, meta.gid());
            (
                format!("the group can write to {path}, but `group` is not set"),
                format!(
                    "{set}; else, if nobody is to share it, {}",
                    owners::take_back(root)
                ),
            )
        } else {
            return None;
        }
    } else if owner == geteuid() {
        (
            format!("you cannot write to {path}, although it is yours"),
            chmod("u+rwx"),
        )
    } else {
        (
            format!(
                "you cannot write to {path}, which belongs to {}",
                user(owner)
            ),
            match owners::rightful(desk.store.root()) {
                rightful if rightful == owner => as_owner(dir, "tickets check"),
                rightful => owners::give(rightful, dir),
            },
        )
    };
    Some(Diagnosis::fail(format!("store: {text}")).mend(mend))
}

fn tickets(desk: &Desk, root: &Path) -> Result<Diagnosis> {
    let open = desk.store.ids(State::Open)?.len();
    let closed = desk.store.ids(State::Closed)?.len();
    let free = fs2::available_space(root).context("cannot ask for free space")?;
    Ok(Diagnosis::ok(format!(
        "store: {}: {open} open, {closed} closed, {} free",
        root.display(),
        size(usize::try_from(free).unwrap_or(usize::MAX))
    )))
}

/// Names that are not tickets, and locks that are left over.
fn names(root: &Path) -> Vec<Diagnosis> {
    let mut others = Vec::new();
    let mut found = Vec::new();
    for dir in [root.to_owned(), root.join("archived")] {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let is_lock = name.ends_with(".lock");
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            let is_ticket = is_file && name.parse::<TicketId>().is_ok();
            let is_ours = dir == root && ["archived", ".tickets", QUARANTINE].contains(&&*name);
            // What is no file there is said elsewhere.
            let is_obstacle = !is_file && obstacles::is_taken_for_ours(&name);
            // A store that is a home has what a shell reads there.
            let is_hidden = name.starts_with('.') && !is_lock;
            if is_ticket || is_ours || is_obstacle || is_hidden {
                continue;
            }
            if !is_lock {
                let shown = path.strip_prefix(root).unwrap_or(&path);
                others.push(shown.display().to_string());
            } else if is_stale(&entry) {
                let text = format!("store: {} is a lock that nobody holds", path.display());
                let rm = format!("rm {}", quoted_path(&path));
                found.push(Diagnosis::warn(text).mend(as_owner(root, &rm)));
            }
        }
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    if !others.is_empty() {
        others.sort();
        let more = if others.len() > 5 { ", ..." } else { "" };
        let count = count(
            others.len(),
            "name that is not a ticket, left alone",
            "names that are not tickets, left alone",
        );
        others.truncate(5);
        let shown = others.join(", ");
        found.push(Diagnosis::ok(format!("store: {count}: {shown}{more}")));
    }
    found
}

fn is_stale(entry: &DirEntry) -> bool {
    let modified = entry.metadata().and_then(|meta| meta.modified()).ok();
    let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age > STALE)
}

/// Open tickets that cannot be closed, since there is another closed one with their number.
pub fn both(desk: &Desk) -> Vec<Diagnosis> {
    let open = desk.store.ids(State::Open).unwrap_or_default();
    let cannot_close = |id: &TicketId| desk.store.is_in_both_places(*id).unwrap_or(false);
    let diagnose = |id: TicketId| {
        let dir = quoted_path(desk.store.root());
        let is_ticket = |state| matches!(desk.store.stamp_in(id, state), Ok(Some(_)));
        match is_ticket(State::Closed) {
            true => Diagnosis::warn(format!(
                "store: ticket {id} exists twice, open and closed; the open one cannot be closed"
            ))
            .mend(format!(
                "cd {dir} && cat {id} >>archived/{id} && mv archived/{id} {id}"
            )),
            false => Diagnosis::warn(format!(
                "store: archived/{id} is no ticket, and in the way of ticket {id}, which cannot be closed"
            ))
            .mend(format!("cd {dir} && mv archived/{id} archived/{id}.aside")),
        }
    };
    open.into_iter()
        .filter(cannot_close)
        .map(diagnose)
        .collect()
}

/// Whether other hosts may write to the store (E9).
fn network(desk: &Desk, root: &Path) -> Option<Diagnosis> {
    let there = root.ancestors().find(|dir| dir.exists())?;
    let kind = shared_kind(there).ok()??;
    let text = format!(
        "store: it is on {kind}, which several hosts may share, and there mail was lost in experiments"
    );
    Some(match desk.config.shared_store {
        true => Diagnosis::warn(text).mend("let one host alone deliver and read"),
        false => Diagnosis::fail(text).mend("move it to a disk of this machine, and set `dir`"),
    })
}

/// The user to whom the store belongs, as whom the mail server files, if they are no member of its group: they can give
/// it nothing, so that no mail is filed. Of others it is not known which groups they have when mail comes in.
pub(super) fn outsider(desk: &Desk) -> Option<Diagnosis> {
    let group = desk.config.group.as_deref()?;
    let gid = privilege::group(group).ok()?;
    let owner = Uid::from_raw(std::fs::metadata(desk.store.root()).ok()?.uid());
    if owner != geteuid() || privilege::is_member(gid) {
        return None;
    }
    if let Some(joined) = sharing::joined_since(group) {
        return Some(joined);
    }
    let owner = user(owner);
    let text = format!(
        "store: it belongs to {owner}, who is no member of the group {group}, so that no mail is filed"
    );
    let mend = as_root(&format!("usermod -aG {} {owner}", quoted(group)));
    Some(Diagnosis::fail(text).mend(mend))
}

/// What its group may not use. That was made before the configuration named the group.
fn sharing(desk: &Desk) -> Option<Diagnosis> {
    let group = desk.config.group.as_deref()?;
    if let Some(outsider) = outsider(desk) {
        return Some(outsider);
    }
    let unshared = match desk.store.unshared() {
        Ok(paths) => paths,
        Err(e) => return Some(cannot("store", &e)),
    };
    let first = unshared.first()?;
    let others = match unshared.len() {
        1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    let text = format!(
        "store: the group {group} may not use {}{others}",
        first.display()
    );
    let mend = whose_to_share(first);
    let mend = mend.unwrap_or_else(|| own_command(first, "tickets check --mend"));
    Some(Diagnosis::warn(text).mend(mend))
}

/// The command with which the owner gives `path` to the group, if that is another user: nobody else may.
pub(super) fn whose_to_share(path: &Path) -> Option<String> {
    let owner = Uid::from_raw(std::fs::symlink_metadata(path).ok()?.uid());
    (owner != geteuid()).then(|| as_owner(path, "tickets check --mend"))
}

/// Takes both locks on a file of its own, and tries whether they keep another handle out.
fn locks(dir: &Path) -> Result<()> {
    let doing = || format!("cannot create a file in {}", dir.display());
    let open = Dir::open(dir).with_context(doing)?;
    let (file, place) = open.create_free("check", 0o600).with_context(doing)?;
    let locked = keep_others_out(&file, &place);
    let _ = place.remove();
    locked
}

fn keep_others_out(file: &File, place: &Place) -> Result<()> {
    let soon = Patience::new(Duration::from_secs(1));
    let path = place.path();
    fcntl_lock(file, &path, soon)?;
    let other = place.open(OFlag::O_RDWR).context("cannot open it again")?;
    if fcntl_lock(&other, &path, Patience::new(Duration::ZERO)).is_ok() {
        bail!(
            "fcntl locks keep nobody out in {}",
            place.dir().path().display()
        );
    }
    Dotlock::acquire(place, soon)?;
    Ok(())
}
