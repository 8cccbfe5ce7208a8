//! The job `flush`: sends what waits in the outbox.

use crate::config::Config;
use crate::desk::Flushed;
use crate::log::{LogLine, Severity};
use crate::part::{Context, Job, JobDue, JobTimes};
use crate::screen;
use anyhow::{Result, bail};
use std::time::Duration;

/// See [`Job`].
pub(in super::super) struct FlushOutbox;

impl Job for FlushOutbox {
    fn name(&self) -> &str {
        "flush"
    }

    fn summary(&self) -> &str {
        "sends what waits in the outbox"
    }

    fn times(&self, _config: &Config) -> JobTimes {
        JobTimes::every(Duration::from_secs(300))
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let mut desk = cx.desk_to_write_for_mta()?;
        let flushed = desk.flush()?;
        let lying = screen::lying(flushed.waiting, flushed.held, flushed.held_until);
        let Flushed {
            sent,
            given_up,
            unsent,
            off,
            ..
        } = flushed;
        if sent > 0 || given_up > 0 {
            let line = LogLine::default().word("flush").number("sent", sent);
            line.count("given_up", given_up).write(Severity::Info);
        }
        let mut note = format!("{sent} sent, {lying}");
        if let Some(off) = off {
            note += &format!("; {}", off.text());
        }
        for line in &unsent {
            screen::remark(line);
        }
        match unsent.first() {
            // Without a domain nothing is tried, and nothing can be mended here.
            Some(why) if desk.config.domain_known => bail!("{note}: {why}"),
            Some(why) => Ok(format!("{note}: {why}")),
            None => Ok(note),
        }
    }
}
