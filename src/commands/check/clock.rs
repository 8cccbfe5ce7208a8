//! Checks the clock: dates of mail, and what is due, depend on it.

use super::diagnosis::Diagnosis;
use super::mend::as_root;
use crate::desk::Desk;
use crate::screen::when;
use crate::ticket::State;
use std::os::unix::fs::MetadataExt;

/// 2026-01-01, in seconds since 1970: this program is younger.
const BIRTH: i64 = 1_767_225_600;

/// Two clocks differ by as much without harm.
const SLACK: i64 = 3600;

/// Compares it with the age of the program, and with what was filed last.
pub(super) fn look(desk: &Desk) -> Option<Diagnosis> {
    let written = |state| {
        let ids = desk.store.ids(state).unwrap_or_default().into_iter();
        ids.filter_map(move |id| Some(std::fs::metadata(desk.store.path(id, state)).ok()?.mtime()))
    };
    let newest = written(State::Open).chain(written(State::Closed)).max();
    judge(desk.now(), newest)
}

fn judge(now: i64, newest: Option<i64>) -> Option<Diagnosis> {
    let mend = as_root("timedatectl set-ntp true");
    if now < BIRTH {
        let text = format!(
            "clock: it says {}, when there was no such program yet",
            when(now)
        );
        return Some(Diagnosis::fail(text).mend(mend));
    }
    let newest = newest.filter(|&newest| newest > now.saturating_add(SLACK))?;
    let text = format!(
        "clock: it says {}, but a ticket was written at {}",
        when(now),
        when(newest)
    );
    Some(Diagnosis::warn(text).mend(mend))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::check::diagnosis::Level;

    // E3
    #[test]
    fn a_clock_that_is_wrong() {
        let level = |now, newest| judge(now, newest).map(|it| it.level);
        assert_eq!(level(0, None), Some(Level::Fail));
        assert_eq!(level(BIRTH, None), None);
        assert_eq!(level(BIRTH, Some(BIRTH + SLACK)), None);
        assert_eq!(level(BIRTH, Some(BIRTH + SLACK + 1)), Some(Level::Warn));
        assert_eq!(level(i64::MAX, Some(BIRTH)), None);
    }
}
