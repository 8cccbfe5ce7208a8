//! The command `tickets timeline`.

use super::feed::{self, FeedHead};
use super::merge::merge;
use super::rows::{EventColumns, EventRow};
use crate::error::{Fault, Status};
use crate::listing::MailboxObject;
use crate::part::outside::{EventsLeftOut, events_left_out};
use crate::part::{Context, Run};
use crate::screen::{self, remark, stretch::stretch};
use crate::ticket::TicketId;
use crate::ticket::numbers;
use crate::ticket::timeline::{EventKind, Items, Provider, TimelineItem, Wanted};
use crate::ticket::when::{When, rfc3339};
use anyhow::Result;
use mail::decode::clean;
use serde::Serialize;
use std::io::Write;

/// Show what happened on the desk, newest first
///
/// Each message of each ticket is one line: when it was filed, its kind, ticket,
/// author and subject. The kind is the first of these that fits:
///
///   opened     it opened the ticket
///   closed     it closed the ticket
///   re-opened  it opened the closed ticket again
///   quiet      it was filed quietly (ticket-12-quiet@)
///   automatic  a machine wrote it
///   reply      an admin wrote it, or it is from one of the desk's own addresses
///   mail       anybody else wrote it
///
/// Modules may bring kinds of their own: `tickets timeline --events x`, which is
/// none, names all that there are.
///
/// On a terminal the output goes to a pager: $TICKETS_PAGER, else $PAGER, else less.
///
/// Examples:
///
///   tickets timeline --since 1d
///   tickets timeline --events opened,closed --since 2026-11 --until 2026-11
///   tickets timeline --from alice@example.net -n 10
///   tickets timeline --atom >/var/www/html/desk.atom
///
/// --json prints an object for each line: at (RFC 3339 in UTC), event (the kind),
/// ticket, message (its number in the ticket), author (name and address, or null),
/// subject, automatic (true or false), size (bytes in the mbox) and attachments
/// (how many).
///
/// --rss and --atom print a feed of the newest 100 messages, or of as many as -n
/// says. Each links to the ticket's mail address; with address_secret, whose digests
/// are nowhere in a feed, it has no link.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("form"))]
pub(super) struct Timeline {
    /// From this time on: 2026-11-01, '2026-11-01 12:00', 2026-11, yesterday, 3d, '2 weeks'
    #[arg(long, value_name = "DATE|SPAN")]
    since: Option<When>,
    /// Until this time; a day, a month or a year is included to its end
    #[arg(long, value_name = "DATE|SPAN")]
    until: Option<When>,
    /// Only these kinds, separated by commas: opened, mail, reply, closed, re-opened, quiet,
    /// automatic, or those of modules
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Vec<String>,
    /// Only where the author's name or address contains TEXT, in any letter case
    #[arg(long, value_name = "TEXT")]
    from: Option<String>,
    /// Only messages of this ticket
    #[arg(long, value_name = "TICKET", value_parser = numbers::one)]
    ticket: Option<TicketId>,
    /// At most COUNT messages, the newest
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

/// Items of a feed, unless `-n` is given.
const FEED: usize = 100;

/// Lines that decide how wide the columns are.
const FIRST: usize = 200;

/// A line of `--json`. The fields are a promise to its readers.
#[derive(Serialize)]
struct EventJson<'a> {
    at: String,
    event: &'a str,
    ticket: Option<u32>,
    message: Option<u64>,
    author: Option<MailboxObject<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    automatic: bool,
    size: u64,
    attachments: u32,
}

impl<'a> From<&'a TimelineItem> for EventJson<'a> {
    fn from(item: &'a TimelineItem) -> Self {
        let message = item.message.as_ref();
        EventJson {
            at: rfc3339(item.at),
            event: &item.kind,
            ticket: item.ticket.map(TicketId::get),
            message: message.map(|it| it.number),
            author: item.author.as_ref().map(MailboxObject::from),
            subject: &item.subject,
            url: item.url.as_deref(),
            automatic: message.is_some_and(|it| it.automatic),
            size: message.map_or(0, |it| it.size),
            attachments: message.map_or(0, |it| it.attachments),
        }
    }
}

impl Run for Timeline {
    const NAME: &'static str = "timeline";
    const READS: bool = true;

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let parts = cx.parts.on();
        let providers: Vec<Box<dyn Provider>> = parts.flat_map(|part| part.events(&desk)).collect();
        let kinds: Vec<EventKind> = providers.iter().flat_map(|p| p.kinds()).collect();
        let left_out = events_left_out(&desk.config);
        for module in left_out
            .iter()
            .filter(|it| self.asks(it, &kinds, &left_out))
        {
            remark(&module.missing);
        }
        let wanted = self.wanted(&kinds, &left_out, desk.now())?;
        let nothing = !desk.prepare_reading()?;
        match self.ticket {
            Some(id) => {
                desk.state_of(id)?;
                desk.known(id)?;
            }
            None if nothing => {}
            None => desk.reconcile_all()?,
        }
        let items = || -> Result<Items> {
            // Without a ticket there is no index to ask, and none is made.
            let asked = providers.iter().filter(|_| !nothing);
            let merged = merge(asked.map(|provider| &**provider), &wanted)?;
            Ok(Box::new(merged.take(wanted.limit.unwrap_or(usize::MAX))))
        };
        let tag = |id| desk.config.tag(id);
        let head = FeedHead {
            title: format!("{} at {}", desk.config.name, desk.config.addresses.domain()),
            tag: &tag,
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
                return write_json(out, items);
            }
            empty = write_lines(out, &kinds, &tag, items)?;
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
    /// True if what is asked for may be an event of this module, which is one of those that are left out.
    fn asks(
        &self,
        module: &EventsLeftOut,
        known: &[EventKind],
        left_out: &[EventsLeftOut],
    ) -> bool {
        let is_anybodys = |typed: &String| {
            known.iter().any(|kind| is_named(&kind.name, typed))
                || left_out.iter().any(|other| has(other, typed))
        };
        match module.kinds {
            Some(_) => self.events.is_empty() || self.events.iter().any(|typed| has(module, typed)),
            None => !self.events.iter().all(is_anybodys),
        }
    }

    /// What is left out may be asked for as ever: whoever publishes it has the rest all the same.
    fn wanted(&self, known: &[EventKind], left_out: &[EventsLeftOut], now: i64) -> Result<Wanted> {
        let (since, until) = stretch(self.since.as_ref(), self.until.as_ref(), now)?;
        let kind = |typed: &String| {
            if let Some(kind) = known.iter().find(|kind| is_named(&kind.name, typed)) {
                return Ok(kind.name.to_string());
            }
            let is_left_out = |module: &EventsLeftOut| module.kinds.is_none() || has(module, typed);
            let found = left_out.iter().any(is_left_out).then(|| typed.clone());
            found.ok_or_else(|| {
                let names: Vec<&str> = known.iter().map(|kind| &*kind.name).collect();
                let text = format!("invalid value '{typed}' for '--events': no such events");
                Fault::new(Status::Usage, text).hint(format!("there are {}", names.join(", ")))
            })
        };
        let kinds: Vec<String> = self.events.iter().map(kind).collect::<Result<_, _>>()?;
        Ok(Wanted {
            since,
            until,
            kinds: (!kinds.is_empty()).then_some(kinds),
            ticket: self.ticket,
            from: self.from.as_ref().map(|text| text.to_lowercase()),
            limit: match self.count {
                None if self.rss || self.atom => Some(FEED),
                count => count,
            },
        })
    }
}

/// True if events of this module have the kind that was typed.
fn has(module: &EventsLeftOut, typed: &str) -> bool {
    let mut kinds = module.kinds.iter().flatten();
    kinds.any(|name| is_named(name, typed))
}

fn is_named(name: &str, typed: &str) -> bool {
    plain(name) == plain(typed)
}

/// The name of a kind as it is compared: `Reopened` is `re-opened`.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "")
}

fn write_json(out: &mut dyn Write, items: Items) -> Result<()> {
    for item in items {
        // An error of the writer would be hidden in one of serde's.
        let line = serde_json::to_string(&EventJson::from(&item?))?;
        out.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// Writes lines for people; true if there are none.
fn write_lines(
    out: &mut dyn Write,
    kinds: &[EventKind],
    tag: &dyn Fn(TicketId) -> String,
    items: Items,
) -> Result<bool> {
    let mut rows = items.map(|item| item.map(|item| row(&item, tag)));
    let first: Vec<EventRow> = rows.by_ref().take(FIRST).collect::<Result<_>>()?;
    let kind = kinds.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let columns = EventColumns::fitting(&first, kind, screen::width());
    for row in &first {
        out.write_all(columns.line(row).as_bytes())?;
    }
    for row in rows {
        out.write_all(columns.line(&row?).as_bytes())?;
    }
    Ok(first.is_empty())
}

fn row(item: &TimelineItem, tag: &dyn Fn(TicketId) -> String) -> EventRow {
    EventRow {
        when: screen::when(item.at),
        kind: clean(&item.kind),
        ticket: item.ticket.map(|id| id.get().into()),
        who: item.who().unwrap_or_default().to_owned(),
        subject: item.untagged_subject(tag),
    }
}
