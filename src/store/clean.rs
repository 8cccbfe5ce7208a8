//! What processes that died have left in the store, and nobody needs.

use super::Store;
use super::recent::purge_recent;
use crate::files::{Dir, absent};
use crate::ticket::State;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::time::Duration;

/// No process works on a temporary file for so many seconds.
const DAY: i64 = 24 * 3600;

impl Store {
    /// Removes temporary files whose process is gone and that are older than a day, and the copies of filed mail that
    /// the next mail would remove (`keep`, D10). Returns how many that were.
    ///
    /// # Errors
    /// A directory cannot be read, or a file not be removed.
    pub(crate) fn clean_up(&self, now: i64, keep: Duration) -> Result<usize> {
        let mut removed = 0;
        // A file that becomes a ticket, where the file system has no files without names.
        let is_new = |name: &str| name.starts_with("new.");
        removed += remove_left(self.opened_private()?, now, &is_new)?;
        if let Some(dir) = self.own_dir_if_there("jobs")? {
            removed += remove_left(&dir, now, &|name| name.contains(".new."))?;
        }
        for state in [State::Open, State::Closed] {
            let is_lock = |name: &str| {
                let ticket = name.split_once(".lock.stale.").map(|(ticket, _)| ticket);
                // A ticket, or the mbox of a year.
                let number = ticket.map(|it| it.strip_suffix(".mbox").unwrap_or(it));
                number.is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()))
            };
            removed += remove_left(self.opened(state)?, now, &is_lock)?;
        }
        if let Some(recent) = self.own_dir_if_there("recent")? {
            removed += purge_recent(&recent, now, keep)?;
        }
        Ok(removed)
    }
}

/// Removes those files of a directory that are named so, whose process is gone, and that are old.
fn remove_left(dir: &Dir, now: i64, is_meant: &dyn Fn(&str) -> bool) -> Result<usize> {
    let doing = || format!("cannot read {}", dir.path().display());
    let mut left = Vec::new();
    dir.each(|name, is_file| {
        if is_file && is_meant(name) && process_of(name).is_some_and(is_gone) {
            left.push(name.to_owned());
        }
        Ok(true)
    })
    .with_context(doing)?;
    let mut removed = 0;
    for name in left {
        let place = dir.at(name);
        let found = place.found().with_context(doing)?;
        let Some(found) = found.filter(crate::files::Found::is_file) else {
            continue;
        };
        if now.saturating_sub(found.modified().div_euclid(1_000_000_000)) < DAY {
            continue;
        }
        match place.remove() {
            Err(e) if !absent(&e) => {
                let doing = || format!("cannot remove {}", place.path().display());
                return Err(e).with_context(doing);
            }
            _ => removed += 1,
        }
    }
    Ok(removed)
}

/// The number of the process that made a file: that after the last word in its name.
fn process_of(name: &str) -> Option<i32> {
    let mut numbers = name
        .split('.')
        .skip_while(|part| !["new", "stale"].contains(part));
    numbers.nth(1)?.parse().ok()
}

/// True if no process has this number.
fn is_gone(process: i32) -> bool {
    process > 0 && kill(Pid::from_raw(process), None) == Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::SystemTime;

    // I1, D10
    #[test]
    fn only_what_nobody_needs_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        store.own_dir("jobs").unwrap();
        store.own_dir("torn").unwrap();
        store.own_dir("recent").unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let (gone, us) = (child.id(), std::process::id());
        child.wait().unwrap();
        let now = jiff::Timestamp::now().as_second();
        let old = SystemTime::now() - Duration::from_secs(2 * 86_400);
        let put = |name: &str, at: SystemTime| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(at)
                .unwrap();
        };
        let useless = [
            format!(".tickets/new.{gone}.0"),
            format!(".tickets/jobs/flush.new.{gone}.3"),
            format!("12.lock.stale.{gone}"),
            format!("archived/7.lock.stale.{gone}"),
            format!("archived/2024.mbox.lock.stale.{gone}"),
            ".tickets/recent/2026-01-01/1.ab".to_owned(),
        ];
        let kept = [
            format!(".tickets/new.{us}.0"),
            format!(".tickets/torn/new.{gone}.0"),
            format!(".tickets/index.new.{gone}"),
            format!("x.lock.stale.{gone}"),
            "12".to_owned(),
            "12.lock".to_owned(),
            "new.1.0".to_owned(),
            ".tickets/jobs/flush.json".to_owned(),
            ".tickets/recent/2026-02-01/2.ab".to_owned(),
        ];
        for name in useless.iter().chain(&kept) {
            put(name, old);
        }
        let young = format!(".tickets/new.{gone}.1");
        put(&young, SystemTime::now());
        let keep = Duration::from_secs(14 * 86_400);
        assert_eq!(store.clean_up(now, keep).unwrap(), useless.len());
        let is_there = |name: &String| dir.path().join(name).exists();
        assert!(!useless.iter().any(is_there));
        assert!(kept.iter().chain([&young]).all(is_there));
        assert_eq!(store.clean_up(now, keep).unwrap(), 0);
    }
}
