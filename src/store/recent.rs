//! Copies of recently filed entries, as a safeguard against programs that lose their own locks (D10).
//!
//! Debian 12's neomutt opens and closes the mbox while it saves it, and thereby drops its lock. An entry
//! that is appended at that moment may be overwritten. So each entry is kept for some days as
//! `.tickets/recent/DAY/TICKET.DIGEST`, byte for byte as it was appended. The copies are not synced:
//! they protect against a program, not against a power cut.

use super::{StagedFile, Store};
use crate::files::{Dir, Place, absent};
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

/// A copy of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecentCopy {
    /// The ticket that the entry was filed in.
    pub(crate) ticket: TicketId,
    /// Digest of the message's identity, in hexadecimal.
    pub(crate) digest: String,
    /// The day it was filed, in UTC: `2026-11-22`.
    pub(crate) day: String,
    pub(crate) place: Place,
}

impl Store {
    fn recent_dir(&self) -> PathBuf {
        self.private().join("recent")
    }

    /// The directory of the copies, opened; `None` if there is none.
    pub(super) fn recent(&self) -> Result<Option<Dir>> {
        match self
            .private_dir()
            .and_then(|private| private.below("recent"))
        {
            Err(e) if absent(&e) => Ok(None),
            dir => {
                let doing = || format!("cannot open {}", self.recent_dir().display());
                dir.map(Some).with_context(doing)
            }
        }
    }

    /// Gives a staged copy its name. The first copy of a day removes those that were older than `keep` already
    /// when the day before it ended that has copies: whatever a wrong clock says now, it removes none of the last days.
    pub(crate) fn keep_recent(
        &self,
        copy: &StagedFile,
        id: TicketId,
        digest: &str,
        now: i64,
        keep: Duration,
    ) -> Result<()> {
        let today = day(now);
        let name = format!("{id}.{digest}");
        let doing = || {
            let path = self.recent_dir().join(&today).join(&name);
            format!("cannot keep {}", path.display())
        };
        let dir = match self.recent()?.map(|recent| recent.below(&today)) {
            Some(Err(e)) if !absent(&e) => return Err(e).with_context(doing),
            Some(Ok(dir)) => dir,
            _ => {
                self.create_directory(self.opened_private()?, "recent", 0o700)?;
                let recent = self.recent()?.with_context(doing)?;
                self.create_directory(&recent, &today, 0o700)?;
                let days: Vec<String> = days(&recent)?.into_iter().map(|(day, _)| day).collect();
                if let Some(first) = first_kept(&days, &today, keep) {
                    remove_before(&recent, &first)?;
                }
                recent.below(&today).with_context(doing)?
            }
        };
        match copy.link(&dir.at(name.as_str())) {
            // `tickets restore` filed the same message again.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
            named => named.with_context(doing),
        }
    }

    /// All copies, in order of tickets.
    pub(crate) fn recent_copies(&self) -> Result<Vec<RecentCopy>> {
        let mut found = Vec::new();
        let Some(recent) = self.recent()? else {
            return Ok(found);
        };
        for (day, dir) in days(&recent)? {
            let names = dir.names();
            for name in names.with_context(|| format!("cannot read {}", dir.path().display()))? {
                if let Some((ticket, digest)) = copy_named(&name) {
                    found.push(RecentCopy {
                        ticket,
                        digest: digest.to_owned(),
                        day: day.clone(),
                        place: dir.at(name.as_str()),
                    });
                }
            }
        }
        found.sort_by(|a, b| (a.ticket, &a.digest, &a.day).cmp(&(b.ticket, &b.digest, &b.day)));
        Ok(found)
    }
}

/// Removes the copies of the days before `first`, and nothing that is not named like one.
fn remove_before(recent: &Dir, first: &str) -> Result<usize> {
    let mut removed = 0;
    // ISO dates sort in order of time.
    let old = days(recent)?
        .into_iter()
        .filter(|(day, _)| day.as_str() < first);
    for (day, dir) in old {
        let doing = || format!("cannot remove {}", dir.path().display());
        for name in dir.names().with_context(doing)? {
            let copy = dir.at(name.as_str());
            if copy_named(&name).is_some() && copy.is_file() {
                copy.remove().with_context(doing)?;
                removed += 1;
            }
        }
        match recent.remove_dir(&day) {
            // Somebody else has put something there, or was faster.
            Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty || absent(&e) => {}
            removed => removed.with_context(doing)?,
        }
    }
    Ok(removed)
}

/// Removes what the first copy of today would, whether one comes or not. Returns how many copies that were.
pub(super) fn purge_recent(recent: &Dir, now: i64, keep: Duration) -> Result<usize> {
    let days: Vec<String> = days(recent)?.into_iter().map(|(day, _)| day).collect();
    match first_kept(&days, &day(now), keep) {
        Some(first) => remove_before(recent, &first),
        None => Ok(0),
    }
}

/// The directories of days. A link with such a name is none.
pub(super) fn days(recent: &Dir) -> Result<Vec<(String, Dir)>> {
    let names = recent.names();
    let names = names.with_context(|| format!("cannot read {}", recent.path().display()))?;
    let days = names.into_iter().filter(|name| is_day(name));
    Ok(days
        .filter_map(|day| recent.below(&day).ok().map(|dir| (day, dir)))
        .collect())
}

/// The ticket and the digest in the name of a copy.
fn copy_named(name: &str) -> Option<(TicketId, &str)> {
    let (number, digest) = name.split_once('.')?;
    Some((number.parse().ok()?, digest))
}

/// The day of a time in seconds since 1970, UTC.
pub(super) fn day(at: i64) -> String {
    let at = jiff::Timestamp::from_second(at).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// The first of `days` to be kept when the first copy of `today` comes; `None` if all are. Counted from the newest
/// day before, since a single reading of the clock may be wrong. Days after `today` say nothing: a clock that was
/// wrong dated them.
pub(super) fn first_kept(days: &[String], today: &str, keep: Duration) -> Option<String> {
    let before = |day: &&String| is_day(day) && day.as_str() < today;
    let newest: jiff::civil::Date = days.iter().filter(before).max()?.parse().ok()?;
    let end = newest.tomorrow().ok()?.at(0, 0, 0, 0);
    let first = end.checked_sub(jiff::SignedDuration::try_from(keep).ok()?);
    Some(first.ok()?.date().to_string())
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
        // A clock that is wrong for a moment removes no more than the next day would.
        keep("far", 3000 * 86_400);
        assert_eq!(
            days(),
            ["1970-01-02 12.b", "1970-01-03 12.c", "1978-03-20 12.far"]
        );
        std::fs::remove_dir_all(store.recent_dir().join("1978-03-20")).unwrap();
        keep("d", 3 * 86_400);
        assert_eq!(
            days(),
            ["1970-01-02 12.b", "1970-01-03 12.c", "1970-01-04 12.d"]
        );
        let kept = store.recent_copies().unwrap()[0].place.read().unwrap();
        assert_eq!(kept, b"b");
    }

    #[test]
    fn no_single_reading_of_the_clock_removes_copies() {
        // D10
        let keep = Duration::from_secs(14 * 86_400);
        for (case, days, today, want) in [
            ("the first day", "", "2026-11-28", None),
            (
                "day by day",
                "2026-11-10 2026-11-28",
                "2026-11-29",
                Some("2026-11-15"),
            ),
            (
                "after an idle month",
                "2026-10-20 2026-10-28",
                "2026-11-29",
                Some("2026-10-15"),
            ),
            (
                "and the day after",
                "2026-10-28 2026-11-29",
                "2026-11-30",
                Some("2026-11-16"),
            ),
            (
                "far ahead",
                "2026-11-27 2026-11-28",
                "2100-01-01",
                Some("2026-11-15"),
            ),
            (
                "right again",
                "2026-11-28 2100-01-01",
                "2026-11-29",
                Some("2026-11-15"),
            ),
            ("behind", "2026-11-27 2026-11-28", "1970-01-01", None),
            ("not a day", "x 9999-99-99", "2026-11-29", None),
            ("not ours", "2026-99-99", "2027-01-01", None),
        ] {
            let days: Vec<String> = days.split(' ').map(str::to_owned).collect();
            assert_eq!(first_kept(&days, today, keep).as_deref(), want, "{case}");
        }
        assert_eq!(
            first_kept(&["2026-11-28".into()], "2026-11-29", Duration::MAX),
            None
        );
    }
}
