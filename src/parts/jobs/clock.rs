//! Whether time passes on a desk (I3).

use super::table::LATE;
use crate::config::Overrides;
use crate::desk::{Desk, is_ever};
use crate::error::{MANUAL, quoted_path};
use crate::privilege;
use crate::screen::span;
use nix::unistd::Uid;
use std::os::unix::fs::MetadataExt;

/// What makes time pass, if nothing does: the line for a crontab has to name this very program.
pub(super) fn timer(desk: &Desk) -> String {
    let program = privilege::own_path().unwrap_or_else(|_| "tickets".into());
    let mut line = format!("* * * * * {}", quoted_path(&program));
    let Overrides { config, dir } = &desk.config.overrides;
    for (option, path) in [("--config", config), ("--dir", dir)] {
        if let Some(path) = path {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            line.push_str(&format!(" {option} {}", quoted_path(&path)));
        }
    }
    let owner = std::fs::metadata(desk.store.root()).map(|it| Uid::from_raw(it.uid()));
    let owner = privilege::name_of(owner.unwrap_or_else(|_| Uid::effective()));
    format!("`{line} tick` in the crontab of {owner}, or a timer: {MANUAL}, \"Jobs\"")
}

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
    match u64::try_from(silent).unwrap_or(0) {
        0 => "`tickets tick` was last run when the clock was ahead".to_owned(),
        silent => format!("`tickets tick` was last run {} ago", span(silent)),
    }
}
