//! What jobs need of a desk: mail to the admins, and the sign that time passes there.

use super::Desk;
use crate::error;
use anyhow::Result;

/// So many seconds after the last tick somebody should look after it.
const SILENCE: i64 = 600;

impl Desk {
    /// Writes to the admins, and sends it. `about` names what it is about, in letters, digits, dots and hyphens. Without a
    /// domain nothing is written, since nobody knows in whose name (E7). Returns what is to be said of mail that waits.
    ///
    /// # Errors
    /// The mail cannot be put into the outbox.
    pub fn write_to_admins(&self, about: &str, subject: &str, text: &str) -> Result<Vec<String>> {
        if !self.config.domain_known {
            return Ok(Vec::new());
        }
        let now = self.now();
        self.tell_admins(about, subject, text, now)?;
        let told = self.told.take();
        Ok(match self.outbox.send(&self.sendmail(), &told, now) {
            Ok(report) => self.after_sending(&report, now),
            Err(e) => vec![error::line(&e)],
        })
    }

    /// Notes that time passes here.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn beat(&self) -> Result<()> {
        self.store.touch("jobs", "beat")
    }

    /// For how many seconds nobody has run `tickets tick`, if the configuration has jobs and that is long. If it was
    /// never run, counted from 1970. It costs a look at one file.
    pub fn silence(&self) -> Option<i64> {
        if !self.config.has_jobs() {
            return None;
        }
        let path = self.config.dir.join(".tickets/jobs/beat");
        let last = path
            .symlink_metadata()
            .ok()
            .and_then(|meta| meta.modified().ok());
        let last = last.and_then(|at| jiff::Timestamp::try_from(at).ok());
        let silent = self
            .now()
            .saturating_sub(last.map_or(0, |at| at.as_second()));
        // A clock that was wrong beats in the future.
        (silent.abs() > SILENCE).then_some(silent.max(0))
    }
}
