//! What jobs need of a desk: mail to the admins, and the sign that time passes there.

use super::Desk;
use crate::error;
use crate::log::{LogLine, Severity};
use crate::ticket::person::Person;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::io::{Read, Seek, Write};

/// So many seconds after the last tick somebody should look after it.
const SILENCE: i64 = 600;

/// So many seconds after it the admins are told.
const DAY: i64 = 24 * 3600;

impl Desk {
    /// Writes to the admins, and sends it. `about` names what it is about, in letters, digits, dots and hyphens. Without a
    /// domain nothing is written, since nobody knows in whose name (E7). Returns what is to be said of mail that waits.
    ///
    /// # Errors
    /// The mail cannot be put into the outbox.
    pub fn write_to_admins(&self, about: &str, subject: &str, text: &str) -> Result<Vec<String>> {
        self.write_to(&self.config.people, about, subject, text)
    }

    /// The same to some of the admins.
    ///
    /// # Errors
    /// As for [`Desk::write_to_admins`].
    pub fn write_to<'p>(
        &self,
        people: impl IntoIterator<Item = &'p Person>,
        about: &str,
        subject: &str,
        text: &str,
    ) -> Result<Vec<String>> {
        if !self.config.domain_known {
            return Ok(Vec::new());
        }
        let now = self.now();
        let to = people.into_iter().map(|it| it.address().to_owned());
        self.tell(&to.collect::<Vec<_>>(), about, subject, text, now)?;
        let told = self.told.take();
        Ok(match self.outbox.send(&self.sendmail(), &told, now) {
            Ok(report) => self.after_sending(&report, now),
            Err(e) => vec![error::line(&e)],
        })
    }

    /// Writes to the admins that nobody has run `tickets tick` for `silent` seconds, if that is more than a day: once a day,
    /// and where it was never run, a day after that was seen first. Nothing fails because of it.
    pub fn tell_of_silence(&self, silent: i64) {
        if silent < DAY {
            return;
        }
        match self.is_to_be_told(silent) {
            Ok(false) => {}
            Ok(true) => {
                let since = match (!is_ever(silent, self.now()), silent / DAY) {
                    (true, 1) => "for a day".to_owned(),
                    (true, days) => format!("for {days} days"),
                    (false, _) => "ever".to_owned(),
                };
                let text = format!(
                    "No job of this desk has run {since}, though its configuration has jobs: nobody runs `tickets \
                     tick`, which is to be done once a minute, by a timer of systemd or by cron. You will hear of \
                     this once a day.\n"
                );
                if let Err(e) = self.write_to_admins("silence", "No job runs", &text) {
                    unsaid(&e);
                }
            }
            Err(e) => unsaid(&e),
        }
    }

    /// True once a day.
    fn is_to_be_told(&self, silent: i64) -> Result<bool> {
        let (place, now) = (self.store.own_dir("jobs")?.at("silence"), self.now());
        let look = || {
            let mut file = place.open(OFlag::O_RDWR | OFlag::O_CREAT)?;
            if fs2::FileExt::try_lock_exclusive(&file).is_err() {
                // Whoever has it tells them.
                return Ok(false);
            }
            let mut text = String::new();
            (&file).take(32).read_to_string(&mut text)?;
            let told: Option<i64> = text.trim().parse().ok();
            let is_first = told.is_none() && is_ever(silent, now);
            // A clock that was set back is no reason to be silent.
            if told.is_some_and(|told| (0..DAY).contains(&now.saturating_sub(told))) {
                return Ok(false);
            }
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(format!("{now}\n").as_bytes())?;
            Ok::<bool, std::io::Error>(!is_first)
        };
        look().with_context(|| format!("cannot use {}", place.path().display()))
    }

    /// Notes that time passes here.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn beat(&self) -> Result<()> {
        self.store.touch("jobs", "beat")
    }

    /// For how many seconds nobody has run `tickets tick`: negative if the clock was wrong then, and counted from 1970 if
    /// it was never run. It costs a look at one file.
    pub fn since_tick(&self) -> i64 {
        let path = self.config.dir.join(".tickets/jobs/beat");
        let last = path
            .symlink_metadata()
            .ok()
            .and_then(|meta| meta.modified().ok());
        let last = last.and_then(|at| jiff::Timestamp::try_from(at).ok());
        self.now()
            .saturating_sub(last.map_or(0, |at| at.as_second()))
    }

    /// For how many seconds nobody has run `tickets tick`, if the configuration has jobs and that is long. If it was
    /// never run, counted from 1970. It costs a look at one file.
    pub fn silence(&self) -> Option<i64> {
        let mut modules = self.modules_found().iter().flatten();
        let config = &self.config;
        if !config.has_jobs_of_its_own() && !modules.any(|it| config.runs_jobs_of(it)) {
            return None;
        }
        let silent = self.since_tick();
        // A clock that was wrong beats in the future.
        (silent.abs() > SILENCE).then_some(silent.max(0))
    }
}

/// True if a silence of so many seconds, which was measured a moment before `now`, means that `tickets tick` was never run.
pub fn is_ever(silent: i64, now: i64) -> bool {
    now.saturating_sub(silent) < DAY
}

/// Says in the log why the admins were not told.
fn unsaid(e: &anyhow::Error) {
    let line = LogLine::default().name("silence", "jobs");
    line.text("untold", &error::line(e))
        .write(Severity::Warning);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I3: the clock goes on while somebody looks at it.
    #[test]
    fn a_silence_since_ever_is_one_a_second_later_too() {
        let now = 1_800_000_000;
        for (silent, want) in [
            (now, true),
            (now - 1, true),
            (now + 1, true),
            (now - DAY, false),
            (DAY, false),
        ] {
            assert_eq!(is_ever(silent, now), want, "{silent}");
        }
    }
}
