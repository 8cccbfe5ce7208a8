//! Whether time passes on a desk (I3).

use super::table::LATE;
use crate::desk::{Desk, is_ever};
use crate::screen::span;

/// What makes time pass, if nothing does.
pub(super) const TIMER: &str = "`tickets tick` once a minute: docs/manual.md, \"Jobs\", says how";

/// What is to be said if the configuration has jobs, and no time passes.
pub(super) fn silence(desk: &Desk) -> Option<String> {
    let silent = desk.silence()?;
    Some(format!("no job runs: {}", last_tick(desk, silent)))
}

/// When somebody last let time pass, if that is too long ago for what is to be done each minute.
pub(super) fn unticked(desk: &Desk) -> Option<String> {
    let silent = desk.since_tick();
    (silent > LATE).then(|| last_tick(desk, silent))
}

fn last_tick(desk: &Desk, silent: i64) -> String {
    if is_ever(silent, desk.now()) {
        return "`tickets tick` was never run".to_owned();
    }
    let silent = span(u64::try_from(silent).unwrap_or(0));
    format!("`tickets tick` was last run {silent} ago")
}
