//! `--since` and `--until`, which several commands have.

use crate::error::{Fault, Status};
use crate::ticket::when::When;
use jiff::tz::TimeZone;

/// `--since`, in seconds since 1970.
///
/// # Errors
/// Status 64 for a moment that no calendar has.
pub fn since(when: Option<&When>, now: i64) -> Result<Option<i64>, Fault> {
    // The zone is looked for among six hundred files: only if it is wanted.
    let start = when.map(|when| when.start(now, &TimeZone::system()));
    let start = start.transpose();
    start.map_err(|e| Fault::new(Status::Usage, format!("cannot use --since: {e}")))
}

/// `--since` and `--until`: the first second, and the first one after, in seconds since 1970.
///
/// # Errors
/// Status 64 for moments that no calendar has, and for those in the wrong order.
pub fn stretch(
    since: Option<&When>,
    until: Option<&When>,
    now: i64,
) -> Result<(Option<i64>, Option<i64>), Fault> {
    let since = self::since(since, now)?;
    let end = until.map(|when| when.end(now, &TimeZone::system()));
    let until = end
        .transpose()
        .map_err(|e| Fault::new(Status::Usage, format!("cannot use --until: {e}")))?;
    match (since, until) {
        (Some(since), Some(until)) if since >= until => {
            let text = "--until does not lie after --since";
            Err(Fault::new(Status::Usage, text))
        }
        both => Ok(both),
    }
}
