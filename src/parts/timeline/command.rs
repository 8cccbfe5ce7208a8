//! `tickets timeline`: what happened on the desk, for people, programs and feed readers.


use crate::ticket::when::rfc3339;
use crate::listing::Person;
use crate::screen::stretch as when;
use crate::ticket::when::When;
use crate::part::{Context, Run};
use super::feed;
use super::lines::{self, Happened};
use super::merge::merge;
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::screen;
use crate::ticket::timeline::{Filter, Item, Items, Provider, Wanted};
use crate::ticket::{TicketId, tag};
use anyhow::Result;
use mail::decode::{Mailbox, clean};
use serde::Serialize;
use std::io::Write;

/// Show what happened on the desk, newest first
///
/// Each message of each ticket is one line: when it was filed, what it was,
/// ticket, author, subject. It was the first of these that fits:
///
///   opened     it opened the ticket
///   closed     it closed the ticket
///   re-opened  it opened the closed ticket again
///   quiet      it was filed quietly (ticket-12-quiet@)
///   automatic  a machine wrote it
///   reply      its From is an admin, or one of the desk's own addresses
///   mail       anybody else did
///
/// On a terminal it is shown in a pager: $TICKETS_PAGER, else $PAGER, else less.
///
/// Examples:
///
///   tickets timeline --since 1d
///   tickets timeline --events opened,closed --since 2026-11 --until 2026-11
///   tickets timeline --from alice@example.net -n 10
///   tickets timeline --atom >/var/www/html/desk.atom
///
/// --json prints an object for each line: at (RFC 3339 in UTC), event (see
/// above), ticket, message (its number in the ticket), author (name and address,
/// or null), subject, automatic (true or false), size (bytes in the mbox),
/// attachments (how many).
///
/// --rss and --atom print a feed of the newest 100, or of as many as -n says.
/// Entries link to the ticket's mail address.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("form"))]
pub struct Timeline {
    /// From then on: 2026-11-01, '2026-11-01 12:00', 2026-11, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Until then; a day, a month or a year is taken whole
    #[arg(long, value_name = "DATE|SPAN")]
    until: Option<When>,
    /// Only these, with commas between them: opened, mail, reply, closed, re-opened, quiet,
    /// automatic
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Vec<String>,
    /// Only where the author's name or address contains TEXT, in any letter case
    #[arg(long, value_name = "TEXT")]
    from: Option<String>,
    /// Only what happened to this ticket
    #[arg(long, value_name = "TICKET")]
    ticket: Option<TicketId>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "COUNT")]
    count: Option<usize>,
    /// Print a JSON object for each, one a line
    #[arg(long, group = "form")]
    json: bool,
    /// Print an RSS 2.0 feed
    #[arg(long, group = "form")]
    rss: bool,
    /// Print an Atom feed (RFC 4287)
    #[arg(long, group = "form")]
    atom: bool,
}

/// So many a feed holds, unless it is told otherwise.
const FEED: usize = 100;

/// So many lines decide how wide the columns are.
const FIRST: usize = 200;

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
struct Object<'a> {
    at: String,
    event: &'a str,
    ticket: Option<u32>,
    message: Option<u64>,
    author: Option<Person<'a>>,
    subject: &'a str,
    automatic: bool,
    size: u64,
    attachments: u32,
}

impl<'a> From<&'a Item> for Object<'a> {
    fn from(item: &'a Item) -> Self {
        let entry = item.entry.as_ref();
        Object {
            at: rfc3339(item.at),
            event: &item.kind,
            ticket: item.ticket.map(TicketId::get),
            message: entry.map(|e| e.message),
            author: item.author.as_ref().map(Person::from),
            subject: &item.subject,
            automatic: entry.is_some_and(|e| e.automatic),
            size: entry.map_or(0, |e| e.size),
            attachments: entry.map_or(0, |e| e.attachments),
        }
    }
}

/// The lines that parts have for the timeline of `desk`.
fn providers<'a>(cx: &'a Context, desk: &'a Desk) -> Vec<Box<dyn Provider + 'a>> {
    cx.parts.on().flat_map(|part| part.events(desk)).collect()
}

impl Run for Timeline {
    const NAME: &'static str = "timeline";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let wanted = self.wanted(cx, &desk)?;
        let nothing = desk.has_no_tickets()?;
        if let Some(id) = self.ticket
            && desk.store.locate(id)?.is_none()
        {
            return Err(desk.no_ticket(id).into());
        }
        match self.ticket {
            _ if nothing => {}
            Some(id) => {
                desk.store.create_directories()?;
                desk.known(id)?;
            }
            None => {
                desk.store.create_directories()?;
                desk.reconcile_all()?;
            }
        }
        let providers = match nothing {
            // There is no index to ask, and none is made.
            true => Vec::new(),
            false => providers(cx, &desk),
        };
        let items = || -> Result<Items> {
            let most = match self.count {
                None if self.rss || self.atom => FEED,
                count => count.unwrap_or(usize::MAX),
            };
            let merged = merge(providers.iter().map(|p| &**p), &wanted)?;
            Ok(Box::new(merged.take(most)))
        };
        let title = format!("{} at {}", desk.config.name, desk.config.addresses.domain());
        let head = feed::Head {
            title,
            tag: desk.config.subject_tags.first(),
            addresses: &desk.config.addresses,
            wanted: &wanted,
            now: desk.now(),
        };
        let mut empty = false;
        screen::page_with(&mut |out| {
            let items = items()?;
            if self.rss {
                return feed::rss(out, &head, items);
            }
            if self.atom {
                return feed::atom(out, &head, items);
            }
            if self.json {
                return objects(out, items);
            }
            empty = lines(out, cx, &desk, items)?;
            Ok(())
        })?;
        match (empty, nothing) {
            (true, true) => screen::remark(desk.no_tickets_yet()),
            (true, false) => screen::remark("nothing of that kind happened"),
            _ => {}
        }
        Ok(Status::Ok)
    }
}

impl Timeline {
    fn wanted(&self, cx: &Context, desk: &Desk) -> Result<Wanted> {
        let (since, until) = when::stretch(self.since.as_ref(), self.until.as_ref(), desk.now())?;
        let filters: Vec<Filter> = providers(cx, desk).iter().flat_map(|p| p.filters()).collect();
        let known = |typed: &String| {
            let same = |filter: &&Filter| plain(&filter.name) == plain(typed);
            let found = filters.iter().find(same);
            found.map(|f| f.name.to_string()).ok_or_else(|| {
                let names: Vec<&str> = filters.iter().map(|f| &*f.name).collect();
                let text = format!("invalid value '{typed}' for '--events': no such events");
                Fault::new(Status::Usage, text).hint(format!("there are {}", names.join(", ")))
            })
        };
        let kinds: Vec<String> = self.events.iter().map(known).collect::<Result<_, _>>()?;
        Ok(Wanted {
            since,
            until,
            kinds: (!kinds.is_empty()).then_some(kinds),
            ticket: self.ticket,
            from: self.from.as_ref().map(|text| text.to_lowercase()),
        })
    }
}

/// A name as it is compared: `Reopened` is `re-opened`.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "")
}

fn objects(out: &mut dyn Write, items: Items) -> Result<()> {
    for item in items {
        // In a string first: its own errors would hide that the reader has gone.
        let line = serde_json::to_string(&Object::from(&item?))?;
        out.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// Writes lines for people; true if there is none.
fn lines(out: &mut dyn Write, cx: &Context, desk: &Desk, items: Items) -> Result<bool> {
    let pattern = desk.config.subject_tags.first();
    let mut rows = items.map(|item| item.map(|item| happened(&item, pattern)));
    let first: Vec<Happened> = rows.by_ref().take(FIRST).collect::<Result<_>>()?;
    let names = providers(cx, desk).into_iter().flat_map(|p| p.filters());
    let kind = names.map(|f| f.name.len()).max().unwrap_or(0);
    let columns = lines::Timeline::fitting(&first, kind, screen::width());
    for row in &first {
        out.write_all(columns.line(row).as_bytes())?;
    }
    for row in rows {
        out.write_all(columns.line(&row?).as_bytes())?;
    }
    Ok(first.is_empty())
}

fn happened(item: &Item, pattern: Option<&String>) -> Happened {
    Happened {
        when: screen::when(item.at),
        kind: clean(&item.kind),
        ticket: item.ticket.map(|id| id.get().into()),
        who: item.author.as_ref().map(who).unwrap_or_default(),
        subject: untagged(item, pattern),
    }
}

/// Who did it, as short as can be.
pub(crate) fn who(author: &Mailbox) -> String {
    match clean(&author.name).is_empty() {
        true => author.address.clone(),
        false => author.name.clone(),
    }
}

/// A Subject without its ticket's tag: the number stands beside it.
pub(crate) fn untagged(item: &Item, pattern: Option<&String>) -> String {
    let tag = item.ticket.and_then(|id| tag::write(pattern?, id));
    match tag.and_then(|tag| item.subject.split_once(&tag)) {
        Some((before, after)) => clean(&format!("{before} {after}")),
        None => item.subject.clone(),
    }
}
