//! `tickets jobs`, `tickets tick`: what happens at times of its own.

mod schedule;

use crate::part::Part;

/// The part.
pub(crate) const PART: JobsPart = JobsPart;

/// See [`Part`].
pub(crate) struct JobsPart;

impl Part for JobsPart {
    fn name(&self) -> &str {
        "jobs"
    }

    fn summary(&self) -> &str {
        "runs jobs at times of their own"
    }
}
