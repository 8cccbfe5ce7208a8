//! `tickets list`: which tickets there are, and who waits.

mod found;

use crate::desk::Desk;
use crate::error::Status;
use crate::listing::Listed;
use crate::part::{Context, Run};
use crate::screen::stretch as when;
use crate::screen::{self, Layout};
use crate::ticket::State;
use crate::ticket::when::When;
use anyhow::Result;
use clap::ValueEnum;
use found::Found;
use std::fmt::Write;

/// List tickets, newest activity first
///
/// Shows the open ones, each on a line: number, mark, age of the last message,
/// messages, submitter, subject. The marks are:
///
///   *  somebody waits: the last word is neither an admin's nor a machine's
///   -  the ticket is closed
///
/// Ages count in m(inutes), h(ours), d(ays), w(eeks) and y(ears).
///
/// -q is for pipes:
///
///   tickets list -q --from spam.example | xargs tickets close
///
/// --json prints an object for each ticket: number, state (open or closed),
/// opened and active (first and last message, RFC 3339 in UTC), messages,
/// submitter (name and address, or null), subject, waiting (true or false), path
/// of the mbox.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct List {
    /// List the closed tickets instead
    #[arg(long, conflicts_with_all = ["all", "waiting"])]
    closed: bool,
    /// List the closed tickets, too
    #[arg(short, long)]
    all: bool,
    /// Only where the submitter's name or address contains TEXT, in any letter case
    #[arg(long, value_name = "TEXT")]
    from: Option<String>,
    /// Only with a message since then: 2026-11-01, '2026-11-01 12:00', 2026-11, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Only where somebody waits
    #[arg(short, long)]
    waiting: bool,
    /// Print a JSON object for each ticket, one a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print numbers only, one a line
    #[arg(short, long)]
    quiet: bool,
    /// Order of the lines
    #[arg(long, value_name = "KEY", default_value = "active")]
    sort: Key,
    /// Turn the order round
    #[arg(short, long)]
    reverse: bool,
}

/// What the lines are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Key {
    /// Last message, newest first
    Active,
    /// First message, newest first
    Opened,
    /// Highest first
    Number,
    /// Most messages first
    Messages,
    /// Submitter, by the alphabet
    From,
    /// Subject, by the alphabet
    Subject,
}

impl Run for List {
    const NAME: &'static str = "list";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        // Where there is no index, nothing is made only because somebody looks.
        if !desk.has_index() && desk.has_no_tickets()? {
            self.explain(&desk)?;
            return Ok(Status::Ok);
        }
        desk.store.create_directories()?;
        let mut found = self.find(&desk)?;
        found.sort(self.reverse);
        if found.is_empty() {
            self.explain(&desk)?;
        }
        let mut out = screen::Output::new()?;
        self.print(&desk, &found, &mut out)?;
        out.finish()?;
        // The end of the process does that at once for all of it.
        std::mem::forget(found);
        Ok(Status::Ok)
    }
}

impl List {
    /// Prints what was found, or as much as somebody reads.
    fn print(&self, desk: &Desk, found: &Found, out: &mut screen::Output) -> Result<()> {
        if self.quiet {
            let mut text = String::new();
            for id in found.ids() {
                text.clear();
                let _ = writeln!(text, "{id}");
                if !out.print(&text)? {
                    break;
                }
            }
            return Ok(());
        }
        let layout = Layout::of(&found.widths, screen::width()).colours(out.wants_colours());
        let (store, now) = (&desk.store, desk.now());
        let write = |item: &Listed, text: &mut String| -> Result<()> {
            if self.json {
                text.push_str(&serde_json::to_string(&item.object(store))?);
                text.push('\n');
            } else {
                layout.line(&item.line(now), text);
            }
            Ok(())
        };
        found.each(desk, |items| {
            for text in found::written(items, &write)? {
                if !out.print(&text)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    fn states(&self) -> &'static [State] {
        match (self.all, self.closed) {
            (true, _) => &[State::Open, State::Closed],
            (_, true) => &[State::Closed],
            _ => &[State::Open],
        }
    }

    /// The tickets that are asked for.
    fn find(&self, desk: &Desk) -> Result<Found> {
        let since = when::since(self.since.as_ref(), desk.now())?;
        let from = self.from.as_ref().map(|text| text.to_lowercase());
        let is_wanted = |item: &Listed| {
            let is_from = |text: &String| match &item.row.submitter {
                Some(who) => [&who.name, &who.address]
                    .iter()
                    .any(|s| s.to_lowercase().contains(text)),
                None => false,
            };
            from.as_ref().is_none_or(is_from)
                && since.is_none_or(|since| item.active() >= since)
                && (item.waiting || !self.waiting)
        };
        let mut found = Found::by(self.sort);
        for &state in self.states() {
            let few = match state {
                State::Open => desk.open_rows(found::KEPT, |row| Listed::of(desk, row))?,
                State::Closed => None,
            };
            if let Some(items) = few {
                found.keep(items, is_wanted);
                continue;
            }
            desk.rows(state, |row| {
                let item = Listed::of(desk, row);
                if is_wanted(&item) {
                    found.add(item);
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Says on stderr why the list is empty, to a person.
    fn explain(&self, desk: &Desk) -> Result<()> {
        if self.quiet || self.json {
            return Ok(());
        }
        let root = desk.store.root().display();
        let open = !desk.store.is_empty(State::Open)?;
        let closed = !desk.store.is_empty(State::Closed)?;
        let asks_for = self.from.is_some() || self.since.is_some() || self.waiting;
        match (open, closed) {
            (false, false) => crate::screen::remark(desk.no_tickets_yet()),
            (false, true) if !self.closed && !self.all => crate::screen::remark(format_args!(
                "no open tickets in {root}; `tickets list --all` shows the closed ones, too"
            )),
            _ if asks_for => {
                crate::screen::remark("no ticket fits; `tickets list --all` shows every one");
            }
            _ => crate::screen::remark(format_args!("no closed tickets in {root}")),
        }
        Ok(())
    }
}
