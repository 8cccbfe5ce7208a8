//! The options `--since` and `--until` of several commands.

use crate::error::{Fault, Status};
use crate::ticket::when::When;
use jiff::tz::TimeZone;

/// `--since`, in seconds since 1970.
///
/// # Errors
/// Status 64 for a moment that no calendar has.
pub(crate) fn since(when: Option<&When>, now: i64) -> Result<Option<i64>, Fault> {
    // Finding the zone takes a look at hundreds of files, so it is done only if it is needed.
    let start = when.map(|when| when.start(now, &TimeZone::system()));
    let start = start.transpose();
    start.map_err(|e| Fault::new(Status::Usage, format!("cannot use --since: {e}")))
}

/// `--since` and `--until`: the first second of the stretch and the first one after it, in seconds since
/// 1970.
///
/// # Errors
/// Status 64 for moments that no calendar has, or in the wrong order.
pub(crate) fn stretch(
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
