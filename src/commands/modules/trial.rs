//! One question of a trial, and what came of it.

use super::sample::{has_mail, head, judge, unknown_fields};
use crate::module::{Answer, Asking, Failure, Module, Point, RawMail, Request};
use crate::outbox::PATIENCE;
use crate::part::outside::judged;
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

/// How a question ended: without fault, perhaps with a remark, or with a fault.
pub(super) type End = Result<Option<String>, String>;

/// Begins to ask a module.
pub(super) fn begin(
    module: &Module,
    point: Point,
    mail: &[u8],
    change: impl FnOnce(&mut Command),
) -> Result<Asking, Failure> {
    let request = Request {
        point,
        // A later program may say more.
        head: head(module, point, mail).with("later", json!({"more": [1, null, "x"]})),
        mail: has_mail(module, point).then_some(RawMail::Bytes(mail)),
        limit: None,
    };
    module.ask_with(request, &[], change)
}

/// What it answered.
pub(super) fn finish(point: Point, asking: Result<Asking, Failure>) -> Result<Answer, String> {
    let mut asking = asking.map_err(|e| e.to_string())?;
    let answer = asking.wait().map_err(|e| e.to_string())?;
    judge(point, &answer).map(|()| answer)
}

/// Asks a module, with a `change` to its environment.
pub(super) fn ask(
    module: &Module,
    point: Point,
    mail: &[u8],
    change: impl FnOnce(&mut Command),
) -> Result<Answer, String> {
    finish(point, begin(module, point, mail, change))
}

/// Reads all its events.
pub(super) fn timeline(module: &Module) -> End {
    let request = Request {
        point: Point::Timeline,
        head: head(module, Point::Timeline, b""),
        mail: None,
        limit: None,
    };
    let mut lines = module
        .ask_for_lines(request, |_| ())
        .map_err(|e| e.to_string())?;
    let mut last = i64::MAX;
    while let Some(fields) = lines.next_object().map_err(|e| e.to_string())? {
        last = judged(module, &fields, last)?.at;
    }
    Ok(None)
}

/// How long a question took, and how it ended.
pub(super) fn timed(work: impl FnOnce() -> End) -> (Duration, End) {
    let begun = Instant::now();
    let end = work();
    (begun.elapsed(), end)
}

/// What there is to say of questions that took so long, none of which waited for another.
pub(super) fn too_slow(point: Point, times: &[Duration]) -> Option<String> {
    let is_slow = point == Point::Observer && times.iter().any(|time| *time > PATIENCE);
    is_slow.then(|| {
        let s = PATIENCE.as_secs();
        format!("a delivery waits {s} s for it, ends it then, and `tickets flush` tells it again")
    })
}

/// How asking about one mail ended.
pub(super) fn end(point: Point, answered: Result<Answer, String>) -> End {
    answered.map(|answer| unknown_fields(point, &answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_delivery_does_not_wait_for_is_said() {
        // G6, G7
        let s = Duration::from_secs;
        let said = "a delivery waits 5 s for it, ends it then, and `tickets flush` tells it again";
        for (point, times, want) in [
            (Point::Observer, &[s(1), s(6), s(2)][..], Some(said)),
            (Point::Observer, &[s(1), s(5)], None),
            (Point::Observer, &[], None),
            (Point::Filter, &[s(6)], None),
        ] {
            assert_eq!(too_slow(point, times).as_deref(), want, "{point} {times:?}");
        }
    }
}
