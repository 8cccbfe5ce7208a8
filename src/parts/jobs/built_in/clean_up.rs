//! The job `clean-up`: removes what nobody needs any more.

use crate::part::{Context, Job};
use crate::screen::plural;
use anyhow::Result;
use std::time::Duration;

/// See [`Job`].
pub(in super::super) struct CleanUp;

impl Job for CleanUp {
    fn name(&self) -> &str {
        "clean-up"
    }

    fn summary(&self) -> &str {
        "removes what processes that died have left, and old copies of filed mail"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(86_400))
    }

    fn run(&self, _args: &[String], cx: &Context, _due: i64) -> Result<String> {
        let desk = cx.desk_to_write_for_mta()?;
        let now = desk.now();
        let files = desk.store.clean_up(now, desk.config.keep_recent)?;
        let removed = files + desk.outbox.remove_begun(now)?;
        Ok(match removed {
            0 => "nothing to remove".to_owned(),
            n => format!("removed {}", plural(n, "file")),
        })
    }
}
