//! The job `digest`: tells the admins what the last day brought.

use super::tickets::{lines, waiting};
use crate::config::Config;
use crate::desk::Desk;
use crate::index::history::{HistoryCursor, Window};
use crate::part::{Context, Job, JobDue, JobTimes};
use crate::screen::plural;
use crate::ticket::event::Event;
use anyhow::Result;

/// How much of the past it is about, in seconds.
const DAY: i64 = 86_400;

/// How many entries are read from the index at a time.
const CHUNK: usize = 1000;

/// See [`Job`].
pub(in super::super) struct DayDigest;

/// What happened, as numbers.
#[derive(Debug, Default)]
struct Happened {
    opened: usize,
    closed: usize,
    messages: usize,
}

impl Job for DayDigest {
    fn name(&self) -> &str {
        "digest"
    }

    fn summary(&self) -> &str {
        "writes to the admins what was opened and closed in the last 24 hours, and what waits"
    }

    /// At seven in the morning, where somebody hears of what happens in no other way.
    fn times(&self, config: &Config) -> JobTimes {
        match config.wants_digest() {
            true => JobTimes {
                at: Some("0 7 * * *".to_owned()),
                gives_way: true,
                ..JobTimes::default()
            },
            false => JobTimes::default(),
        }
    }

    fn run(&self, _args: &[String], cx: &Context, _due: JobDue) -> Result<String> {
        let desk = cx.desk_to_write_for_mta()?;
        let now = desk.now();
        if !desk.prepare_reading()? {
            return Ok("no tickets".to_owned());
        }
        desk.reconcile_all()?;
        let happened = happened(&desk, now)?;
        let waiting = waiting(&desk, 0, now)?;
        let Happened {
            opened,
            closed,
            messages,
        } = happened;
        let waits = waiting.len();
        let what = format!("{opened} opened, {closed} closed, {waits} waiting");
        let mut text = format!(
            "The last 24 hours: {opened} opened, {closed} closed, {} in all.\n",
            plural(messages, "message")
        );
        if waiting.is_empty() {
            text.push_str("\nNobody waits for an answer.\n");
        } else {
            text.push_str("\nSomebody waits for an answer in:\n\n");
            text.push_str(&lines(&waiting, now));
        }
        let subject = format!("The day: {what}");
        // Who has a table for it wants all to hear of the day.
        let all = desk.config.has_table_for(self.name());
        let people = desk.config.people.iter();
        let people = people.filter(|person| all || person.digest);
        let unsent = desk.write_to(people, "job.digest", &subject, &text)?;
        for line in unsent {
            crate::screen::remark(line);
        }
        Ok(what)
    }
}

fn happened(desk: &Desk, now: i64) -> Result<Happened> {
    let window = Window {
        since: Some(now - DAY),
        until: Some(now + 1),
        ticket: None,
    };
    let (mut happened, mut cursor) = (Happened::default(), None);
    loop {
        let entries = desk.index()?.newest(&window, cursor, CHUNK)?;
        for entry in &entries {
            happened.messages += 1;
            match entry.event {
                Event::Opened => happened.opened += 1,
                Event::Closed => happened.closed += 1,
                _ => {}
            }
        }
        match entries.last() {
            Some(last) if entries.len() == CHUNK => cursor = Some(HistoryCursor::of(last)),
            _ => return Ok(happened),
        }
    }
}
