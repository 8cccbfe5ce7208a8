//! The command `tickets stats`.

use super::chart::Ink;
use super::count::{Scope, StatsCounter, Unit};
use super::{data, svg, text};
use crate::error::{self, Fault, Status};
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen::{self, stretch::stretch};
use crate::ticket::State;
use crate::ticket::when::When;
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// Count tickets and messages, and how long customers wait
///
/// Without --since and --until, everything is counted. Days and hours are local
/// time.
///
/// Mail opens, closes and re-opens tickets. A ticket whose mbox was moved by hand is
/// open or closed from its last message on, but counts neither as closed nor as
/// re-opened. A ticket that a machine opened (a bounce, a cron job) is in no number
/// about tickets unless --automatic is given; its messages count as messages of
/// machines, customers or the desk.
///
/// First reply: the time from the first mail of a customer in a ticket to the desk's
/// next message that reached a customer (one from an admin, or from one of the desk's
/// own addresses). Closing without a word is a reply; what is filed quietly, or is
/// empty, is not. Whoever waited before such a closing waits again once the ticket is
/// opened without a word.
///
/// Closing: the time from the opening of a ticket to its last closing so far. A
/// ticket that was re-opened counts once, with all the time in between. One that is
/// open again does not count.
///
/// Both belong to the day on which they ended. The table shows their medians: half
/// of the times are not longer.
///
/// Charts (--svg) hold no names.
///
/// Examples:
///
///   tickets stats --since 2026-11 --until 2026-11
///   tickets stats --since '12 weeks' --by week --svg report.svg
///   tickets stats --csv | grep ^period
///
/// --json prints one object: first and last (days), by, automatic (counted or not),
/// total, first_reply and closing (count, and median and p90 in seconds or null),
/// periods (period, its first day, opened, closed, reopened, open (at its end), mail
/// (by customers), replies, automatic, first_reply, closing), hours (24 numbers:
/// mail by customers), weekdays (7, from Monday), week (7 times 24), submitters
/// (name, address, tickets), largest (ticket, subject, messages, bytes), undated and
/// future (messages that are left out because of their dates).
///
/// --csv prints the same numbers, one a line: section (total, period, hour, weekday,
/// submitter, ticket), key (which one), measure, value.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("form"))]
pub(super) struct Stats {
    /// From this time on: 2026-11-01, '2026-11-01 12:00', 2026-11, yesterday, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Until this time; a day, a month or a year is included to its end
    #[arg(long, value_name = "DATE|SPAN")]
    until: Option<When>,
    /// Add up by this unit [default: what suits the length of time]
    #[arg(long, value_name = "UNIT")]
    by: Option<Unit>,
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

impl Run for Stats {
    const NAME: &'static str = "stats";
    const READS: bool = true;

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let now = desk.now();
        let (since, until) = stretch(self.since.as_ref(), self.until.as_ref(), now)?;
        let nothing = !desk.prepare_reading()?;
        if !nothing {
            desk.reconcile_all()?;
        }
        let mut counter = StatsCounter::new(Scope {
            since,
            // What was filed in this very second counts.
            until: until.unwrap_or(now + 1),
            now,
            unit: self.by,
            zone: TimeZone::system(),
            automatic: self.automatic,
            most: usize::from(self.top),
            staff: desk.staff(),
        });
        if !nothing {
            let count = &mut |entry, state| counter.add(&entry, state == State::Closed);
            desk.index()?.each_entry(count)?;
        }
        let stats = counter.finish();
        let name = format!("{} at {}", desk.config.name, desk.config.addresses.domain());
        if let Some(file) = &self.svg {
            write(file, &svg::draw(&name, &stats))?;
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

/// Writes a picture to a file, or to standard output.
fn write(file: &Path, picture: &str) -> Result<()> {
    if file.as_os_str() == "-" {
        return Ok(screen::print(picture)?);
    }
    let written = std::fs::write(file, picture);
    let why = match written.with_context(|| format!("cannot write {}", file.display())) {
        Err(why) if error::is_denied(&why) => why,
        done => return done,
    };
    // The desk's user may write in few places, and is no help to anybody else.
    let way = match privilege::became() {
        Some(_) => "`tickets stats --svg - >FILE` writes where you may",
        None => "name a directory where you may write",
    };
    Err(Fault::new(Status::NoPerm, error::line(&why))
        .hint(way)
        .into())
}
