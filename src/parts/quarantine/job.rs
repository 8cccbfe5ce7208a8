//! The job `quarantine`: removes what is old, and tells the admins of what waits (G5).

use crate::config::Config;
use crate::desk::{Desk, HeldMail};
use crate::log::{LogLine, Severity};
use crate::part::{Context, Job, JobDue, JobTimes};
use crate::screen::{age, cut, person, plural, remark};
use anyhow::Result;
use mail::decode::clean;

/// What is older is removed, in seconds.
const KEPT: i64 = 30 * 86_400;

/// The most messages that a mail names, and the most columns of a sender, a Subject and a reason there.
const MOST: usize = 50;
const COLUMNS: usize = 50;

/// See [`Job`].
pub(super) struct KeepQuarantine;

impl Job for KeepQuarantine {
    fn name(&self) -> &str {
        "quarantine"
    }

    fn summary(&self) -> &str {
        "removes what has been in quarantine for 30 days, and writes to the admins what waits there"
    }

    /// Where something may be in quarantine.
    fn times(&self, config: &Config) -> JobTimes {
        let is_there = || config.dir.join("quarantine").symlink_metadata().is_ok();
        match !config.modules.is_empty() || is_there() {
            true => JobTimes::daily(),
            false => JobTimes::default(),
        }
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let desk = cx.desk_to_write_for_mta()?;
        let removed = desk.expire_quarantine(desk.now().saturating_sub(KEPT))?;
        if removed > 0 {
            let line = LogLine::default().word("quarantine");
            line.number("expired", removed).write(Severity::Info);
        }
        let held = desk.quarantined()?;
        if !held.is_empty() {
            tell(&desk, &held)?;
        }
        Ok(format!("{removed} removed, {} waiting", held.len()))
    }
}

fn tell(desk: &Desk, held: &[HeldMail]) -> Result<()> {
    let messages = plural(held.len(), "message");
    let mut text = format!(
        "Filters kept {messages} from the tickets. Nobody else is told of what is in quarantine, and after 30 days it is \
         removed:\n\n"
    );
    for mail in held.iter().take(MOST) {
        let (module, reason) = mail.slip.why();
        let [from, subject, why] = [
            &person(&mail.from),
            &mail.subject,
            &format!("{module}: {reason}"),
        ]
        .map(|text| cut(&clean(text), COLUMNS));
        let age = age(desk.now().saturating_sub(mail.slip.at).max(0));
        text.push_str(&format!("{age:>5}  {from}: {subject} ({why})\n"));
    }
    if held.len() > MOST {
        let more = plural(held.len() - MOST, "more message");
        text.push_str(&format!("       and {more}\n"));
    }
    text.push_str("\n`tickets quarantine` shows, releases and drops them.\n");
    let subject = match held.len() {
        1 => "1 message is in quarantine".to_owned(),
        _ => format!("{messages} are in quarantine"),
    };
    for line in desk.write_to_admins("job.quarantine", &subject, &text)? {
        remark(line);
    }
    Ok(())
}
