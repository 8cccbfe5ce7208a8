//! The job `upgrade`: brings the data of modules to the version that they need (G8).

use crate::config::Config;
use crate::error;
use crate::part::{Context, Job, JobDue, JobTimes};
use anyhow::{Result, bail};
use std::time::Duration;

/// An upgrade may take an hour (G8), and several may be due.
const LONG: Duration = Duration::from_secs(3 * 3600);

/// See [`Job`].
pub(in super::super) struct UpgradeModules;

impl Job for UpgradeModules {
    fn name(&self) -> &str {
        "upgrade"
    }

    fn summary(&self) -> &str {
        "brings the data of modules to the version that they need"
    }

    /// On a desk that has modules.
    fn times(&self, config: &Config) -> JobTimes {
        match config.modules.is_empty() {
            true => JobTimes::default(),
            false => JobTimes {
                timeout: LONG,
                ..JobTimes::daily()
            },
        }
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let desk = cx.desk_to_write_for_mta()?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for on in &desk.config.modules {
            // What else may be wrong with one, `tickets modules` says.
            let Ok(module) = desk.config.module(&on.name) else {
                continue;
            };
            if module.expect_data().is_ok() {
                continue;
            }
            match desk.set_up(&module) {
                Ok(Some(upgraded)) => done.push(format!("{}: {upgraded}", on.name)),
                Ok(None) => {}
                Err(e) => failed.push(error::line(&e)),
            }
        }
        let note = done.join("; ");
        match (failed.is_empty(), note.is_empty()) {
            (true, true) => Ok("nothing to upgrade".to_owned()),
            (true, false) => Ok(note),
            (false, true) => bail!("{}", failed.join("; ")),
            (false, false) => bail!("{}; {note}", failed.join("; ")),
        }
    }
}
