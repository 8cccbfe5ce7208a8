//! The job `remind`: names to the admins what waits for too long.

use super::tickets::{lines, waiting};
use crate::part::{Context, Job, JobDue};
use crate::screen::plural;
use anyhow::Result;
use jiff::{Span, SpanRelativeTo};

/// How long somebody has to wait if no argument says so, in seconds.
const LONG: i64 = 3 * 86_400;

/// See [`Job`].
pub(in super::super) struct Remind;

impl Job for Remind {
    fn name(&self) -> &str {
        "remind"
    }

    fn summary(&self) -> &str {
        "writes to the admins which tickets have waited for 3d, or as long as its argument says"
    }

    fn check(&self, args: &[String]) -> Result<(), String> {
        length(args).map(|_| ())
    }

    fn run(&self, args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let desk = cx.desk_to_write_for_mta()?;
        let length = length(args).unwrap_or(LONG);
        if !desk.prepare_reading()? {
            return Ok("nothing waits".to_owned());
        }
        let now = desk.now();
        let found = waiting(&desk, length, now)?;
        if found.is_empty() {
            return Ok("nothing waits".to_owned());
        }
        let what = match found.len() {
            1 => "1 ticket waits for an answer".to_owned(),
            n => format!("{} wait for an answer", plural(n, "ticket")),
        };
        let text = format!(
            "In {} somebody has waited for an answer for {} or longer:\n\n{}",
            match found.len() {
                1 => "this ticket",
                _ => "these tickets",
            },
            args.first().map_or("3d", String::as_str),
            lines(&found, now)
        );
        // Two such jobs may run in one second.
        let which = args.concat();
        let which: String = which
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        let unsent = desk.write_to_admins(&format!("job.remind{which}"), &what, &text)?;
        for line in unsent {
            crate::screen::remark(line);
        }
        Ok(what)
    }
}

/// The length of time in seconds.
fn length(args: &[String]) -> Result<i64, String> {
    let text = match args {
        [] => return Ok(LONG),
        [text] => text,
        _ => return Err("it takes one argument: how long, as in \"remind 3d\"".to_owned()),
    };
    let span = text.parse::<Span>().ok();
    let span = span.and_then(|span| {
        span.abs()
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .ok()
    });
    span.map(|span| span.as_secs())
        .ok_or_else(|| format!("{text:?} is not a length of time such as \"3d\""))
}
