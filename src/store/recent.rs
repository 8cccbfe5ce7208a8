//! Copies of recently filed entries, as a safeguard against programs that lose their own locks (D10).
//!
//! Debian 12's neomutt opens and closes the mbox while it saves it, and thereby drops its lock. An entry
//! that is appended at that moment may be overwritten. So each entry is kept for some days as
//! `.tickets/recent/DAY/TICKET.DIGEST`, byte for byte as it was appended. The copies are not synced:
//! they protect against a program, not against a power cut.

use super::{StagedFile, Store};
use crate::files::absent;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A copy of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecentCopy {
    /// The ticket that the entry was filed in.
    pub(crate) ticket: TicketId,
    /// Digest of the message's identity, in hexadecimal.
    pub(crate) digest: String,
    /// The day it was filed, in UTC: `2026-11-22`.
    pub(crate) day: String,
    pub(crate) path: PathBuf,
}

impl Store {
    fn recent_dir(&self) -> PathBuf {
        self.private().join("recent")
    }

    /// Gives a staged copy its name. The first copy of a day removes those older than `keep`.
    pub(crate) fn keep_recent(
        &self,
        copy: &StagedFile,
        id: TicketId,
        digest: &str,
        now: i64,
        keep: Duration,
    ) -> Result<()> {
        let dir = self.recent_dir().join(day(now));
        let path = dir.join(format!("{id}.{digest}"));
        let named = match copy.link(&path) {
            Err(e) if absent(&e) => {
                self.create_directory(&self.recent_dir(), 0o700)?;
                self.create_directory(&dir, 0o700)?;
                self.remove_before(&day(now - keep.as_secs() as i64))?;
                copy.link(&path)
            }
            named => named,
        };
        match named {
            // `tickets restore` filed the same message again.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
            named => named.with_context(|| format!("cannot keep {}", path.display())),
        }
    }

    /// Removes the copies of the days before `first`.
    fn remove_before(&self, first: &str) -> Result<()> {
        for day in names(&self.recent_dir())? {
            // Touch only our own directories. ISO dates sort in order of time.
            if is_day(&day) && day.as_str() < first {
                let dir = self.recent_dir().join(day);
                std::fs::remove_dir_all(&dir)
                    .with_context(|| format!("cannot remove {}", dir.display()))?;
            }
        }
        Ok(())
    }

    /// All copies, in order of tickets.
    pub(crate) fn recent_copies(&self) -> Result<Vec<RecentCopy>> {
        let mut found = Vec::new();
        for day in names(&self.recent_dir())?.into_iter().filter(|d| is_day(d)) {
            let dir = self.recent_dir().join(&day);
            for name in names(&dir)? {
                let Some((number, digest)) = name.split_once('.') else {
                    continue;
                };
                if let Ok(ticket) = number.parse() {
                    found.push(RecentCopy {
                        ticket,
                        digest: digest.to_owned(),
                        day: day.clone(),
                        path: dir.join(&name),
                    });
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let doing = || format!("cannot read {}", dir.display());
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if absent(&e) => return Ok(Vec::new()),
        Err(e) => return Err(e).with_context(doing),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.with_context(doing)?.file_name().into_string());
    }
    Ok(names)
}

/// The day of a time in seconds since 1970, UTC.
fn day(at: i64) -> String {
    let at = jiff::Timestamp::from_second(at).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

fn is_day(name: &str) -> bool {
    name.len() == 10 && name.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_kept_for_some_days() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        let id = TicketId::new(12).unwrap();
        let keep = |digest: &str, at| {
            let copy = store.stage_copy(digest.as_bytes()).unwrap();
            store
                .keep_recent(&copy, id, digest, at, Duration::from_secs(2 * 86_400))
                .unwrap();
        };
        let days = || -> Vec<String> {
            let found = store.recent_copies().unwrap().into_iter();
            found
                .map(|r| format!("{} {}.{}", r.day, r.ticket, r.digest))
                .collect()
        };
        keep("a", 0);
        keep("b", 86_400);
        keep("b", 86_400);
        keep("c", 2 * 86_400);
        assert_eq!(
            days(),
            ["1970-01-01 12.a", "1970-01-02 12.b", "1970-01-03 12.c"]
        );
        keep("d", 3 * 86_400);
        assert_eq!(
            days(),
            ["1970-01-02 12.b", "1970-01-03 12.c", "1970-01-04 12.d"]
        );
        let kept = std::fs::read(&store.recent_copies().unwrap()[0].path).unwrap();
        assert_eq!(kept, b"b");
    }
}
