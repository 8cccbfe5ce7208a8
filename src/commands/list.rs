//! `tickets list`: which tickets there are, and in which of them somebody is waiting.

use super::text::here;
use crate::desk::Desk;
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::listing::Listed;
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen::progress::PassBar;
use crate::screen::{self, Layout, Output, Widths, stretch};
use crate::ticket::person::Person;
use crate::ticket::when::When;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use clap::ValueEnum;
use std::cmp::Reverse;

/// Rows that are read from the index at a time when they are printed.
const CHUNK: usize = 1000;

/// List tickets, newest activity first
///
/// Prints a line for each open ticket: number, mark, age of the last message,
/// number of messages, submitter, subject. The marks are:
///
///   !  a mail to somebody did not arrive: the last message is a mail server's, which says so
///   *  somebody is waiting: since a customer wrote, no customer has got a word of the desk's
///   -  the ticket is closed
///
/// Ages are in m(inutes), h(ours), d(ays), w(eeks) or y(ears).
///
/// -q is for pipes:
///
///   tickets list -q --from spam.example | xargs tickets close --quiet
///
/// --json prints an object for each ticket: number, state (open or closed),
/// opened and active (first and last message, RFC 3339 in UTC), messages,
/// submitter (name and address, or null), subject, waiting and undelivered (true
/// or false), person (whose it is to follow: the NAME of [person.NAME], or null),
/// path (of the mbox).
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct List {
    /// List the closed tickets instead
    #[arg(long, conflicts_with_all = ["all", "waiting"])]
    closed: bool,
    /// List open and closed tickets
    #[arg(short, long)]
    all: bool,
    /// Only tickets whose submitter's name or address contains TEXT, in any letter case
    #[arg(long, value_name = "TEXT")]
    from: Option<String>,
    /// Only tickets with a message since then: 2026-11-01, '2026-11-01 12:00', 2026-11, yesterday, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Only tickets in which somebody is waiting, or a mail to somebody did not arrive
    #[arg(short, long)]
    waiting: bool,
    /// Only tickets that are NAME's to follow: the desk's last reply, closing or re-opening is by
    /// this person of the desk ([person.NAME] in the configuration)
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only tickets that are yours to follow: as --by, for the person whose login you have, or for the only
    /// admin of a desk that has no [person.NAME]
    #[arg(short, long, conflicts_with = "by")]
    mine: bool,
    /// Print a JSON object for each ticket, one a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print numbers only, one a line
    #[arg(short, long)]
    quiet: bool,
    /// Order of the lines
    #[arg(long, value_name = "KEY", default_value = "active")]
    sort: SortKey,
    /// Reverse the order
    #[arg(short, long)]
    reverse: bool,
}

/// What the lines are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SortKey {
    /// Last message, newest first
    Active,
    /// First message, newest first
    Opened,
    /// Highest first
    Number,
    /// Most messages first
    Messages,
    /// Submitter, in alphabetical order
    From,
    /// Subject, in alphabetical order
    Subject,
}

/// Where a ticket stands in the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Number(Reverse<i64>),
    Text(Box<str>),
}

impl SortKey {
    fn of(self, ticket: &Listed) -> SortValue {
        let number = |number| SortValue::Number(Reverse(number));
        let text = |text: &str| SortValue::Text(text.to_lowercase().into());
        match self {
            SortKey::Active => number(ticket.active()),
            SortKey::Opened => number(ticket.opened()),
            SortKey::Number => number(ticket.id().get().into()),
            SortKey::Messages => number(i64::try_from(ticket.messages()).unwrap_or(i64::MAX)),
            SortKey::From => text(ticket.who()),
            SortKey::Subject => text(ticket.subject()),
        }
    }
}

/// The tickets that are asked for. Their rows are read again when they are printed, so that a
/// million of them take little memory.
struct Found {
    /// In the order in which they are printed.
    ids: Vec<TicketId>,
    widths: Widths,
}

impl Found {
    /// Hands out the tickets in order, less those that were removed meanwhile, until `visit` says
    /// false.
    fn each(&self, desk: &Desk, mut visit: impl FnMut(&Listed) -> Result<bool>) -> Result<()> {
        for ids in self.ids.chunks(CHUNK) {
            for row in desk.index()?.tickets(ids)? {
                if row.state.is_some() && !visit(&Listed::of(desk, row))? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Run for List {
    const NAME: &'static str = "list";
    const READS: bool = true;

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk()?;
        // A mistake is one in an empty store, too.
        self.person(&desk)?;
        if !desk.prepare_reading()? {
            self.explain(&desk)?;
            self.remark_on_quarantine(cx, &desk);
            return Ok(Status::Ok);
        }
        let mut line = PassBar::about("reading tickets");
        let made = desk.make_complete_if_possible(&mut |at| line.show(at.done, at.all));
        drop(line);
        made?;
        let found = self.find(&desk)?;
        if found.ids.is_empty() {
            self.explain(&desk)?;
        }
        let mut out = Output::new()?;
        self.print(&desk, &found, &mut out)?;
        out.finish()?;
        self.remark_on_quarantine(cx, &desk);
        if !self.quiet && !self.json {
            cx.parts.remarks(&desk).for_each(screen::remark);
        }
        Ok(Status::Ok)
    }
}

impl List {
    /// Says on stderr that messages are in quarantine, unless the list is for a program: nobody looks into a place of
    /// which nothing is ever heard.
    fn remark_on_quarantine(&self, cx: &Context, desk: &Desk) {
        // What keeps it from being read is said by `check`.
        let held = desk.store.quarantined().map_or(0, |held| held.len());
        if self.quiet || self.json || held == 0 {
            return;
        }
        let messages = screen::plural(held, "message");
        let again = here(&desk.config.overrides);
        let shows = match cx.parts.off_with_command("quarantine") {
            None => format!("`{again} quarantine`"),
            Some(part) => format!("the part {} is switched off", part.name()),
        };
        screen::remark(format_args!("{messages} in quarantine: {shows}"));
    }

    fn find(&self, desk: &Desk) -> Result<Found> {
        let person = self.person(desk)?;
        let since = stretch::since(self.since.as_ref(), desk.now())?;
        let from = self.from.as_ref().map(|text| text.to_lowercase());
        let is_wanted = |ticket: &Listed| {
            (ticket.is_waiting() || ticket.is_undelivered() || !self.waiting)
                && since.is_none_or(|since| ticket.active() >= since)
                && from.as_ref().is_none_or(|text| ticket.is_from(text))
        };
        let mut widths = Widths::default();
        let mut found: Vec<(SortValue, TicketId)> = Vec::new();
        for &state in self.states() {
            desk.rows(state, |row| {
                let ticket = Listed::of(desk, row);
                if is_wanted(&ticket) && (person.is_none() || desk.follows(ticket.id())? == person)
                {
                    widths.see(ticket.id().get().into(), ticket.messages(), ticket.who());
                    found.push((self.sort.of(&ticket), ticket.id()));
                }
                Ok(())
            })?;
        }
        // Of equal tickets the newest comes first.
        found.sort_unstable_by(|(value, id), (other, than)| value.cmp(other).then(than.cmp(id)));
        if self.reverse {
            found.reverse();
        }
        let ids = found.into_iter().map(|(_, id)| id).collect();
        Ok(Found { ids, widths })
    }

    /// The person whose tickets are asked for.
    ///
    /// # Errors
    /// Status 64 if there is no such person.
    fn person<'d>(&self, desk: &'d Desk) -> Result<Option<&'d Person>> {
        let people = || desk.config.people.iter();
        let names = || people().filter_map(|it| it.name.as_deref());
        let has_name = |it: &&Person, wanted: &str| {
            (it.name.as_deref()).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        };
        let found = match &self.by {
            Some(wanted) => people().find(|it| has_name(it, wanted)),
            None if self.mine => desk.config.operator().or(desk.config.only_admin()),
            None => return Ok(None),
        };
        if found.is_some() {
            return Ok(found);
        }
        let file = match &desk.config.file {
            Some(file) => quoted_path(file),
            None => "the configuration".to_owned(),
        };
        let (text, hint) = match &self.by {
            Some(wanted) => (
                format!("no person of the desk has the name {}", quoted(wanted)),
                format!("the people are {}", names().collect::<Vec<_>>().join(", ")),
            ),
            None => {
                let login = privilege::caller().unwrap_or_default();
                (
                    format!("no person of the desk has the login {}", quoted(&login)),
                    format!("`login = {login:?}` in a [person.NAME] of {file} says who that is"),
                )
            }
        };
        let hint = match names().next() {
            Some(_) => hint,
            None => format!("a [person.NAME] in {file} says who works at the desk"),
        };
        Err(Fault::new(Status::Usage, text).hint(hint).into())
    }

    fn states(&self) -> &'static [State] {
        match (self.all, self.closed) {
            (true, _) => &[State::Open, State::Closed],
            (_, true) => &[State::Closed],
            _ => &[State::Open],
        }
    }

    /// Prints what was found, or as much as somebody reads.
    fn print(&self, desk: &Desk, found: &Found, out: &mut Output) -> Result<()> {
        if self.quiet {
            for id in &found.ids {
                if !out.print(&format!("{id}\n"))? {
                    break;
                }
            }
            return Ok(());
        }
        let layout = Layout::of(&found.widths, screen::width()).colours(out.wants_colours());
        let now = desk.now();
        let mut text = String::new();
        found.each(desk, |ticket| {
            text.clear();
            if self.json {
                text.push_str(&serde_json::to_string(&ticket.object(desk)?)?);
                text.push('\n');
            } else {
                layout.line(&ticket.line(now), &mut text);
            }
            Ok(out.print(&text)?)
        })
    }

    /// Says on stderr why the list is empty, unless it is for a program.
    fn explain(&self, desk: &Desk) -> Result<()> {
        if self.quiet || self.json {
            return Ok(());
        }
        let root = desk.store.root().display();
        let open = !desk.store.is_empty(State::Open)?;
        let closed = !desk.store.is_empty(State::Closed)?;
        let by = self.by.is_some() || self.mine;
        let asks_for = self.from.is_some() || self.since.is_some() || self.waiting || by;
        let again = here(&desk.config.overrides);
        match (open, closed) {
            (false, false) => screen::remark(desk.no_tickets_yet()),
            (false, true) if !self.closed && !self.all => screen::remark(format_args!(
                "no open tickets in {root}; `{again} list --all` shows the closed ones, too"
            )),
            _ if asks_for => {
                screen::remark(format_args!(
                    "no ticket matches; `{again} list --all` shows all of them"
                ));
            }
            _ => screen::remark(format_args!("no closed tickets in {root}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use std::fs;

    #[test]
    fn what_was_found_is_printed_as_it_is_now() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        fs::write(&config, "domain = \"example.org\"\n").unwrap();
        let overrides = Overrides {
            config: Some(config),
            dir: Some(dir.path().join("store")),
        };
        let desk = Desk::open(Config::load(&overrides).unwrap()).unwrap();
        let last = u32::try_from(CHUNK).unwrap() + 2;
        for number in 1..=last {
            let date = jiff::Timestamp::from_second(i64::from(number)).unwrap();
            let date = date.strftime("%a %b %e %H:%M:%S %Y");
            let text = format!("From ann@x {date}\nFrom: ann@x\nSubject: S{number}\n\n\n");
            fs::write(desk.store.root().join(number.to_string()), text).unwrap();
        }
        let list = List {
            closed: false,
            all: false,
            from: None,
            since: None,
            waiting: false,
            by: None,
            mine: false,
            json: false,
            quiet: false,
            sort: SortKey::Active,
            reverse: false,
        };
        let found = list.find(&desk).unwrap();
        let printed = || {
            let mut numbers = Vec::new();
            let see = |ticket: &Listed| {
                let number = ticket.id().get();
                assert_eq!(ticket.subject(), format!("S{number}"));
                numbers.push(number);
                Ok(true)
            };
            found.each(&desk, see).unwrap();
            numbers
        };
        let all: Vec<u32> = (1..=last).rev().collect();
        assert_eq!(printed(), all);
        let three = TicketId::new(3).unwrap();
        fs::remove_file(desk.store.path(three, State::Open)).unwrap();
        desk.reconcile(State::Open).unwrap();
        let left: Vec<u32> = all.into_iter().filter(|&number| number != 3).collect();
        assert_eq!(printed(), left);
    }
}
