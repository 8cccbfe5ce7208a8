//! The job `clean-up`: removes what nobody needs any more.

use crate::config::Config;
use crate::part::{Context, Job, JobDue, JobTimes};
use crate::screen::plural;
use anyhow::Result;

/// See [`Job`].
pub(in super::super) struct CleanUp;

impl Job for CleanUp {
    fn name(&self) -> &str {
        "clean-up"
    }

    fn summary(&self) -> &str {
        "removes what processes that died have left, and old copies of filed mail"
    }

    fn times(&self, _config: &Config) -> JobTimes {
        JobTimes::daily()
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
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
