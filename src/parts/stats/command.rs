//! `tickets stats`: what the desk does, in numbers.


use crate::screen::stretch as when;
use crate::ticket::when::When;
use crate::part::{Context, Run};
use crate::error::Status;
use super::chart::Ink;
use super::{data, svg, text};
use crate::screen;
use crate::parts::stats::count::calendar::Unit;
use crate::parts::stats::count::{self, Scope, Tally};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// Count tickets and messages, and how long customers wait
///
/// Without --since and --until, all there is. Days and hours are local time.
///
/// Tickets are opened, closed and re-opened by mail. A ticket whose mbox was
/// moved by hand is open or closed from its last message on, but nothing closed
/// it. A ticket that a machine opened (a bounce, a cron job) is in no number
/// about tickets unless --automatic is given; its messages count as messages by
/// machines, customers or the desk.
///
/// first reply: how long a customer waited, from their first mail in a ticket to
/// the first one by the desk after it (by From: an admin, or one of its own
/// addresses). Closing without a word is a reply, what is filed quietly is none.
///
/// closing: from opening to the last closing so far. A ticket that was re-opened
/// counts once, with all the time in between; one that is open again does not
/// count.
///
/// Both belong to the day on which they happened. The table shows the median of
/// each, which half of them did not exceed.
///
/// Charts (--svg) hold no names.
///
/// Examples:
///
///   tickets stats --since 2026-11 --until 2026-11
///   tickets stats --since '12 weeks' --by week --svg report.svg
///   tickets stats --csv | grep ^period
///
/// --json prints one object: first and last (days), by, automatic (counted or
/// not), total, first_reply and closing (count, median and p90 in seconds or
/// null), periods (period, its first day, opened, closed, reopened, open (at its
/// end), mail (by customers), replies, automatic, first_reply, closing), hours
/// (24 numbers: mail by customers), weekdays (7, from Monday), week (7 times 24),
/// submitters (name, address, tickets), largest (ticket, subject, messages,
/// bytes), undated and future (messages that are left out for their dates).
///
/// --csv prints the same numbers, one a line: section (total, period, hour,
/// weekday, submitter, ticket), key (which one), measure, value.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("form"))]
pub struct Stats {
    /// From then on: 2026-11-01, '2026-11-01 12:00', 2026-11, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Until then; a day, a month or a year is taken whole
    #[arg(long, value_name = "DATE|SPAN")]
    until: Option<When>,
    /// Add up by this [default: what suits the time asked for]
    #[arg(long, value_name = "UNIT")]
    by: Option<By>,
    /// Count tickets that machines opened like any others
    #[arg(long)]
    automatic: bool,
    /// How many submitters and large tickets to show, at most 1000
    #[arg(long, value_name = "COUNT", default_value_t = 10,
          value_parser = clap::value_parser!(u16).range(..=1000))]
    top: u16,
    /// Print a JSON object
    #[arg(long, group = "form")]
    json: bool,
    /// Print comma-separated values
    #[arg(long, group = "form")]
    csv: bool,
    /// Draw charts and write them to FILE; - is standard output
    #[arg(long, value_name = "FILE", group = "form")]
    svg: Option<PathBuf>,
}

/// What the numbers are added up by.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// From midnight to midnight
    Day,
    /// From Monday to Sunday
    Week,
    /// Of the calendar
    Month,
    /// Of the calendar
    Year,
}

impl From<By> for Unit {
    fn from(by: By) -> Unit {
        match by {
            By::Day => Unit::Day,
            By::Week => Unit::Week,
            By::Month => Unit::Month,
            By::Year => Unit::Year,
        }
    }
}

impl Run for Stats {
    const NAME: &'static str = "stats";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let (since, until) = when::stretch(self.since.as_ref(), self.until.as_ref(), desk.now())?;
        let nothing = desk.has_no_tickets()?;
        if !nothing {
            desk.store.create_directories()?;
            desk.reconcile_all()?;
        }
        let mut tally = Tally::new(Scope {
            since,
            // What was filed in this very second has happened.
            until: until.unwrap_or(desk.now() + 1),
            now: desk.now(),
            unit: self.by.map(Unit::from),
            zone: TimeZone::system(),
            automatic: self.automatic,
            most: usize::from(self.top),
            staff: desk.staff(),
        });
        if !nothing {
            desk.index()?
                .each_entry(&mut |it, state| tally.add(&it, state == crate::ticket::State::Closed))?;
        }
        let stats = tally.finish();
        let name = format!("{} at {}", desk.config.name, desk.config.addresses.domain());
        if let Some(file) = &self.svg {
            self.draw(file, &svg::draw(&name, &stats))?;
        } else if self.json {
            screen::print(&data::json(&stats)?)?;
        } else if self.csv {
            screen::print(&data::csv(&stats))?;
        } else if nothing {
            screen::remark(desk.no_tickets_yet());
        } else {
            let text = text::text(&name, &stats, screen::width(), Ink::of_locale());
            screen::page(&text)?;
        }
        Ok(Status::Ok)
    }
}

impl Stats {
    fn draw(&self, file: &PathBuf, picture: &str) -> Result<()> {
        if file.as_os_str() == "-" {
            return Ok(screen::print(picture)?);
        }
        let doing = || format!("cannot write {}", file.display());
        std::fs::write(file, picture).with_context(doing)
    }
}

/// `2026-10-05 to 2026-10-25`, as far as the numbers reach.
pub(crate) fn stretch(stats: &count::Stats) -> String {
    let date = count::calendar::date;
    match stats.days {
        None => "no messages".to_owned(),
        Some((first, last)) if first == last => date(first).to_string(),
        Some((first, last)) => format!("{} to {}", date(first), date(last)),
    }
}

/// `1 ticket`, `2 tickets`.
pub(crate) fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
