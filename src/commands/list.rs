//! `tickets list`: which tickets there are, and who waits.

mod found;

use super::when::{self, When};
use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::Status;
use crate::index::Overview;
use crate::screen::{self, Layout, Row};
use crate::store::{Place, Store};
use anyhow::Result;
use clap::ValueEnum;
use found::Found;
use mail::decode::is_blank;
use serde::Serialize;
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

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
pub(super) struct Object<'a> {
    number: u32,
    state: &'a str,
    opened: String,
    active: String,
    messages: u64,
    submitter: Option<Person<'a>>,
    subject: &'a str,
    waiting: bool,
    path: String,
}

/// Somebody in JSON.
#[derive(Serialize)]
pub(super) struct Person<'a> {
    name: &'a str,
    address: &'a str,
}

impl<'a> From<&'a mail::decode::Mailbox> for Person<'a> {
    fn from(mailbox: &'a mail::decode::Mailbox) -> Self {
        Person {
            name: &mailbox.name,
            address: &mailbox.address,
        }
    }
}

/// A moment in JSON, RFC 3339 in UTC.
pub(super) fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}

/// A ticket of the list.
pub(super) struct Item {
    row: Overview,
    closed: bool,
    waiting: bool,
}

impl List {
    /// Runs the command.
    pub fn run(self, overrides: &Overrides) -> Result<Status> {
        let desk = Desk::look(overrides)?;
        // Where there is no index, nothing is made only because somebody looks.
        if !desk.has_index() && super::has_no_tickets(&desk)? {
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
        let (store, now) = (&desk.store, desk.now);
        let write = |item: &Item, text: &mut String| -> Result<()> {
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

    fn places(&self) -> &'static [Place] {
        match (self.all, self.closed) {
            (true, _) => &[Place::Open, Place::Archived],
            (_, true) => &[Place::Archived],
            _ => &[Place::Open],
        }
    }

    /// The tickets that are asked for.
    fn find(&self, desk: &Desk) -> Result<Found> {
        let since = when::since(self.since.as_ref(), desk.now)?;
        let from = self.from.as_ref().map(|text| text.to_lowercase());
        let is_wanted = |item: &Item| {
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
        for &place in self.places() {
            let few = match place {
                Place::Open => desk.open_rows(found::KEPT, |row| Item::of(desk, row))?,
                Place::Archived => None,
            };
            if let Some(items) = few {
                found.keep(items, is_wanted);
                continue;
            }
            desk.rows(place, |row| {
                let item = Item::of(desk, row);
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
        let open = !desk.store.is_empty(Place::Open)?;
        let closed = !desk.store.is_empty(Place::Archived)?;
        let asks_for = self.from.is_some() || self.since.is_some() || self.waiting;
        match (open, closed) {
            (false, false) => super::remark_no_tickets(desk),
            (false, true) if !self.closed && !self.all => super::remark(format_args!(
                "no open tickets in {root}; `tickets list --all` shows the closed ones, too"
            )),
            _ if asks_for => super::remark("no ticket fits; `tickets list --all` shows every one"),
            _ => super::remark(format_args!("no closed tickets in {root}")),
        }
        Ok(())
    }
}

impl AsRef<Overview> for Item {
    fn as_ref(&self) -> &Overview {
        &self.row
    }
}

impl Item {
    pub(super) fn of(desk: &Desk, row: Overview) -> Item {
        let closed = row.place != Some(Place::Open);
        Item {
            waiting: desk.is_waiting(&row),
            closed,
            row,
        }
    }

    pub(super) fn object(&self, store: &Store) -> Object<'_> {
        let row = &self.row;
        let place = match self.closed {
            true => Place::Archived,
            false => Place::Open,
        };
        Object {
            number: row.id.get(),
            state: if self.closed { "closed" } else { "open" },
            opened: rfc3339(self.opened()),
            active: rfc3339(self.active()),
            messages: row.entries,
            submitter: row.submitter.as_ref().map(Person::from),
            subject: &row.subject,
            waiting: self.waiting,
            path: store.path(row.id, place).display().to_string(),
        }
    }

    pub(super) fn line(&self, now: i64) -> Row<'_> {
        Row {
            number: self.row.id.get().into(),
            closed: self.closed,
            age_secs: now - self.active(),
            messages: self.row.entries,
            who: self.who(),
            subject: &self.row.subject,
            waiting: self.waiting,
        }
    }

    fn who(&self) -> &str {
        match &self.row.submitter {
            Some(who) if is_blank(&who.name) => &who.address,
            Some(who) => &who.name,
            None => "",
        }
    }

    fn active(&self) -> i64 {
        self.or_changed(self.row.active)
    }

    fn opened(&self) -> i64 {
        self.or_changed(self.row.opened)
    }

    /// A file without a message has only its own date.
    fn or_changed(&self, at: i64) -> i64 {
        match self.row.entries {
            0 => self.row.stamp.ctime / 1_000_000_000,
            _ => at,
        }
    }
}
