//! The job `reindex`: makes the index anew if it is bad.

use crate::index::IndexError;
use crate::part::{Context, Job, JobDue};
use anyhow::Result;

/// See [`Job`].
pub(in super::super) struct MendIndex;

impl Job for MendIndex {
    fn name(&self) -> &str {
        "reindex"
    }

    fn summary(&self) -> &str {
        "brings the index up to date, and makes it anew if it is damaged"
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let mut desk = cx.desk_to_write_for_mta()?;
        if !desk.prepare_reading()? {
            return Ok("no tickets".to_owned());
        }
        let reconciled = desk.reconcile_all().and_then(|()| desk.index()?.is_sound());
        match reconciled {
            Ok(true) => return Ok("the index is sound".to_owned()),
            Ok(false) => {}
            Err(e) if IndexError::among(&e).is_some_and(IndexError::is_damage) => {
                crate::error::report(&e, None);
            }
            Err(e) => return Err(e),
        }
        cx.parts.rebuild_index(&mut desk, &mut |_| {})?;
        Ok("the index was damaged, and is made anew".to_owned())
    }
}
