//! The store, its locks and its index.

use super::{Finding, count, may};
use crate::desk::Desk;
use crate::screen::size;
use crate::store::lock::{Dotlock, Patience, fcntl_lock};
use crate::ticket::State;
use anyhow::{Context, Result, bail};
use nix::sys::statfs;
use nix::unistd::{AccessFlags, Uid, User, geteuid};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What is left over after so long has lost its owner.
const STALE: Duration = Duration::from_secs(5 * 60);

/// Looks at all of it; a store that is not there yet is no mistake.
pub fn look(desk: &mut Desk) -> Vec<Finding> {
    let root = desk.store.root().to_owned();
    let path = root.display();
    match std::fs::symlink_metadata(&root) {
        Err(e) if crate::files::absent(&e) => return vec![missing(&root)],
        Err(e) => return vec![Finding::fail(format!("store: cannot look at {path}: {e}"))],
        Ok(_) if !root.is_dir() => {
            return vec![Finding::fail(format!("store: {path} is no directory"))];
        }
        Ok(_) => {}
    }
    let mut found = directories(desk);
    if found.is_empty() {
        found.push(tickets(desk, &root).unwrap_or_else(|e| cannot("store", &e)));
        found.extend(names(&root));
        found.extend(both(desk));
        found.extend(space(desk, &root));
        found.extend(network(&root));
        found.push(match locks(&desk.store.private()) {
            Ok(()) => Finding::ok("locks: fcntl and dotlock work"),
            Err(e) => cannot("locks", &e),
        });
        found.push(index(desk).unwrap_or_else(|e| cannot("index", &e)));
    }
    found
}

fn cannot(area: &str, error: &anyhow::Error) -> Finding {
    Finding::fail(format!("{area}: {}", crate::error::line(error)))
}

fn missing(root: &Path) -> Finding {
    let text = format!("store: {} is not there yet", root.display());
    let above = root.ancestors().skip(1).find(|dir| dir.exists());
    match above {
        Some(above) if !may(above, AccessFlags::W_OK | AccessFlags::X_OK) => {
            let text = format!("{text}, and you may not create it in {}", above.display());
            let user = user(geteuid());
            Finding::fail(text).mend(format!(
                "sudo install -d -o {user} -m 0711 {}",
                root.display()
            ))
        }
        _ => Finding::ok(format!("{text}; the first mail creates it")),
    }
}

fn user(uid: Uid) -> String {
    let found = User::from_uid(uid).ok().flatten();
    found.map_or_else(|| uid.to_string(), |user| user.name)
}

/// Owners and modes; nothing else is worth a look if these are wrong.
fn directories(desk: &Desk) -> Vec<Finding> {
    let root = desk.store.root();
    let mut found = Vec::new();
    for dir in [root.to_owned(), root.join("archived"), desk.store.private()] {
        let path = dir.display();
        let meta = match std::fs::metadata(&dir) {
            Err(e) if crate::files::absent(&e) => {
                let finding = Finding::fail(format!("store: {path} is missing"));
                found.push(finding.mend(format!("mkdir -m 0711 {path}")));
                continue;
            }
            Err(e) => {
                found.push(Finding::fail(format!("store: cannot look at {path}: {e}")));
                continue;
            }
            Ok(meta) => meta,
        };
        let owner = Uid::from_raw(meta.uid());
        let shared = desk.config.group.is_some();
        if !may(
            &dir,
            AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK,
        ) {
            let whose = if owner == geteuid() {
                "yours".into()
            } else {
                format!("{}'s", user(owner))
            };
            let finding =
                Finding::fail(format!("store: you may not write in {path}, it is {whose}"));
            found.push(match owner == geteuid() {
                true => finding.mend(format!("chmod u+rwx {path}")),
                false => finding.mend(format!("sudo -u {} tickets check", user(owner))),
            });
        } else if meta.permissions().mode() & 0o002 != 0 {
            let text = format!("store: everybody may write in {path}");
            found.push(Finding::fail(text).mend(format!("chmod o-w {path}")));
        } else if meta.permissions().mode() & 0o020 != 0 && !shared {
            let text = format!("store: the group may write in {path}, and `group` is not set");
            found.push(Finding::fail(text).mend(format!("chmod g-w {path}")));
        }
    }
    found
}

fn tickets(desk: &Desk, root: &Path) -> Result<Finding> {
    let open = desk.store.ids(State::Open)?.len();
    let archived = desk.store.ids(State::Closed)?.len();
    let free = fs2::available_space(root).context("cannot ask for free space")?;
    Ok(Finding::ok(format!(
        "store: {}: {open} open, {archived} archived, {} free",
        root.display(),
        size(usize::try_from(free).unwrap_or(usize::MAX))
    )))
}

/// Names that mean nothing to us, and locks that mean nothing to anybody any more.
fn names(root: &Path) -> Vec<Finding> {
    let mut others = Vec::new();
    let mut found = Vec::new();
    for dir in [root.to_owned(), root.join("archived")] {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let ticket = name.parse::<crate::ticket::TicketId>().is_ok();
            let is_file = entry.file_type().is_ok_and(|t| t.is_file());
            let ours = dir == root && ["archived", ".tickets"].contains(&name.as_str());
            if ours || (ticket && is_file) {
                continue;
            }
            let modified = entry.metadata().and_then(|m| m.modified());
            let age = modified
                .ok()
                .and_then(|m| SystemTime::now().duration_since(m).ok());
            let stale = age.is_some_and(|age| age > STALE);
            if name.ends_with(".lock") {
                if stale {
                    let text = format!("store: {} is a lock that nobody holds", path.display());
                    found.push(Finding::warn(text).mend(format!("rm {}", path.display())));
                }
                continue;
            }
            others.push(
                path.strip_prefix(root)
                    .unwrap_or(&path)
                    .display()
                    .to_string(),
            );
        }
    }
    if !others.is_empty() {
        others.sort();
        let shown = others
            .iter()
            .take(5)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let more = if others.len() > 5 { ", ..." } else { "" };
        let count = count(
            others.len(),
            "name that is no ticket, left alone",
            "names that are no tickets, left alone",
        );
        found.push(Finding::ok(format!("store: {count}: {shown}{more}")));
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found
}

/// Tickets in both places.
fn both(desk: &Desk) -> Vec<Finding> {
    let (Ok(open), Ok(archived)) = (desk.store.ids(State::Open), desk.store.ids(State::Closed))
    else {
        return Vec::new();
    };
    let both = open.iter().filter(|id| archived.binary_search(id).is_ok());
    both.map(|id| {
        let dir = desk.store.root().display();
        let text = format!("store: ticket {id} is both open and archived, so it cannot be closed");
        let mend = format!("cd {dir} && cat {id} >>archived/{id} && mv archived/{id} {id}");
        Finding::warn(text).mend(mend)
    })
    .collect()
}

fn space(desk: &Desk, root: &Path) -> Option<Finding> {
    let free = fs2::available_space(root).ok()?;
    let wanted = desk.config.max_size.saturating_add(16 << 20);
    let most = size(usize::try_from(desk.config.max_size).unwrap_or(usize::MAX));
    let mend = format!("df -h {}", root.display());
    match free {
        0..1_000_000 => Some(Finding::fail("store: the disk is full").mend(mend)),
        free if free < wanted => {
            let text = format!("store: a mail of {most} (max_size) does not fit on the disk");
            Some(Finding::warn(text).mend(mend))
        }
        _ => None,
    }
}

fn network(root: &Path) -> Option<Finding> {
    let kind = statfs::statfs(root).ok()?.filesystem_type();
    (kind == statfs::NFS_SUPER_MAGIC).then(|| {
        let text = "store: it is on NFS, where locks are only as good as its lock daemon";
        Finding::warn(text).mend("let one machine only deliver and read")
    })
}

/// Takes both locks on a file of its own, and sees whether another handle is kept out.
fn locks(dir: &Path) -> Result<()> {
    let soon = Patience::new(Duration::from_secs(1));
    let file = tempfile::Builder::new().prefix("check.").tempfile_in(dir);
    let file = file.with_context(|| format!("cannot create a file in {}", dir.display()))?;
    fcntl_lock(file.as_file(), file.path(), soon)?;
    let other = file.reopen().context("cannot open it again")?;
    if fcntl_lock(&other, file.path(), Patience::new(Duration::ZERO)).is_ok() {
        bail!("fcntl locks keep nobody out in {}", dir.display());
    }
    Dotlock::acquire(file.path(), soon)?;
    Ok(())
}

fn index(desk: &mut Desk) -> Result<Finding> {
    if !desk.store.private().join("index.db").exists() {
        return Ok(Finding::ok(
            "index: there is none yet; the first mail makes it",
        ));
    }
    let index = desk.index()?;
    let (tickets, _) = index.count()?;
    let tickets = usize::try_from(tickets).unwrap_or(usize::MAX);
    Ok(match index.is_complete()? {
        true => Finding::ok(format!("index: {}", count(tickets, "ticket", "tickets"))),
        false => Finding::ok("index: not complete; the next mail completes it"),
    })
}
