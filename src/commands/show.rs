//! `tickets show`: a ticket's conversation for people, and its bytes for programs.

mod forms;

use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::screen;
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::{Addresses, Target, Verb};
use crate::ticket::compose::OWN_MARKS;
use anyhow::Result;
use mail::automatic;
use mail::entry::{self, Decoded, Verdict};
use mail::envelope::Sender;
use mail::mbox;
use mail::message::Message;
use mail::render::{self, Limits};
use std::str::FromStr;

/// Show a ticket's messages, oldest first
///
/// On a terminal they are shown in a pager: $TICKETS_PAGER, else $PAGER, else less. HTML is
/// shown as text, control characters are left out, attachments are named with their size and
/// the command that saves them.
///
/// --json prints an object for each message: number, date (when it says it was written) and
/// filed (RFC 3339 in UTC), author (name and address, or null), to, cc, subject, message_id (or
/// null), event (opened, closed, re-opened, or null), text, attachments (part, name, mime,
/// size), intact (true: the bytes are those that came in; false: they were changed since; null:
/// another program put it there, so nobody knows).
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("form"))]
pub struct Show {
    /// Ticket to show
    #[arg(value_name = "TICKET")]
    ticket: TicketId,
    /// Only this message of it, counted from 1
    #[arg(value_name = "MESSAGE", value_parser = clap::value_parser!(u32).range(1..))]
    message: Option<u32>,
    /// Give the message exactly as it came in, byte for byte; without MESSAGE, the last one
    #[arg(long, group = "form")]
    raw: bool,
    /// Give the whole mbox as it lies on the disk
    #[arg(long, group = "form", conflicts_with = "message")]
    mbox: bool,
    /// Give a part of a message, decoded, as in: tickets show 12 --part 1.2 > invoice.pdf
    #[arg(
        long,
        group = "form",
        value_name = "MESSAGE.PART",
        conflicts_with = "message"
    )]
    part: Option<PartName>,
    /// Show all header fields, too
    #[arg(long, group = "form")]
    headers: bool,
    /// Print a JSON object for each message, one a line
    #[arg(long, group = "form")]
    json: bool,
}

/// `K.P`: the P-th part of the K-th message, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PartName {
    message: usize,
    part: usize,
}

impl FromStr for PartName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse().ok().filter(|&n: &usize| n > 0);
        text.split_once('.')
            .and_then(|(message, part)| {
                Some(PartName {
                    message: number(message)?,
                    part: number(part)?,
                })
            })
            .ok_or("a part is named like 1.2: the second part of the first message")
    }
}

/// An entry of the ticket, read.
struct Item<'a> {
    /// Its place in the ticket, from 1.
    number: usize,
    /// When it was filed, by its From_ line.
    filed: Option<i64>,
    event: Option<&'static str>,
    decoded: Decoded<'a>,
}

impl Item<'_> {
    fn message(&self) -> Message<'_> {
        Message::new(&self.decoded.raw)
    }

    /// When it says it was written, else when it was filed.
    fn date(&self, message: &Message) -> Option<i64> {
        message.date().or(self.filed)
    }

    /// Says on stderr what is known against its bytes, which are asked for exactly.
    fn remark(&self, id: TicketId) {
        let number = self.number;
        match self.decoded.verdict {
            Verdict::Intact => {}
            Verdict::Changed => crate::screen::remark(format_args!(
                "message {number} of ticket {id} was changed since it came in: not the same bytes"
            )),
            Verdict::Foreign => crate::screen::remark(format_args!(
                "message {number} of ticket {id} was put there by another program: given as it \
                 lies in the file"
            )),
        }
    }
}

impl Run for Show {
    const NAME: &'static str = "show";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let id = self.ticket;
        let Some((state, _, bytes)) = desk.store.read(id)? else {
            return Err(desk.no_ticket(id).into());
        };
        if self.mbox {
            forms::give(&bytes, &format!("tickets show {id} --mbox"))?;
            return Ok(Status::Ok);
        }
        let mut items = read(&bytes, &desk.config.addresses);
        if let Some(part) = self.part {
            let item = pick(&mut items, id, part.message)?;
            return self.give_part(&item, part.part);
        }
        if self.raw {
            let number = self.message.map_or(items.len(), |n| n as usize);
            let item = pick(&mut items, id, number)?;
            item.remark(id);
            let command = format!("tickets show {id} {number} --raw");
            forms::give(&item.decoded.raw, &command)?;
            return Ok(Status::Ok);
        }
        let title = title(id, state, &items);
        let tag = desk.config.tag(id);
        let subjects = forms::subjects(&items, Some(&tag));
        if let Some(number) = self.message {
            items = vec![pick(&mut items, id, number as usize)?];
        }
        if self.json {
            screen::print(&forms::objects(&items)?)?;
            return Ok(Status::Ok);
        }
        if items.is_empty() {
            crate::screen::remark(format_args!("ticket {id} has no messages"));
        }
        let messages: Vec<screen::Message> = items
            .iter()
            .map(|item| forms::shown(item, &subjects[item.number - 1], self.headers))
            .collect();
        let usual = |address: &str| desk.config.addresses.target(address).is_some();
        let text = screen::conversation(id.get().into(), &messages, &usual, screen::width());
        let gap = if items.is_empty() { "" } else { "\n" };
        screen::page(&format!("{title}{gap}{text}"))?;
        Ok(Status::Ok)
    }
}

impl Show {
    fn give_part(&self, item: &Item, number: usize) -> Result<Status> {
        let (id, raw) = (self.ticket, &item.decoded.raw);
        let name = format!("{}.{number}", item.number);
        match render::part(raw, number) {
            Some((_, bytes)) => {
                forms::give(&bytes, &format!("tickets show {id} --part {name}"))?;
                Ok(Status::Ok)
            }
            None => {
                let fault = Fault::new(
                    Status::NoInput,
                    format!(
                        "message {} of ticket {id} has no part {number}",
                        item.number
                    ),
                );
                let attachments = render::render(raw, &Limits::default()).attachments;
                let names: Vec<String> = attachments
                    .iter()
                    .take(20)
                    .map(|a| match &a.name {
                        Some(name) => format!("{}.{} ({name})", item.number, a.number),
                        None => format!("{}.{} ({})", item.number, a.number, a.mime),
                    })
                    .collect();
                let hint = match names.is_empty() {
                    true => "it has no attachments".to_owned(),
                    false => format!("its attachments are {}", names.join(", ")),
                };
                Err(fault.hint(hint).into())
            }
        }
    }
}

/// The entries of a file, and what each did to the ticket.
fn read<'a>(bytes: &'a [u8], addresses: &Addresses) -> Vec<Item<'a>> {
    let mut closed = false;
    let mut items = Vec::new();
    for (index, found) in mbox::entries(bytes, 0).enumerate() {
        let decoded = entry::decode(found.content);
        let event = event(&decoded, addresses, index == 0, closed);
        match event {
            Some("closed") => closed = true,
            Some(_) => closed = false,
            None => {}
        }
        items.push(Item {
            number: index + 1,
            filed: mbox::date_of(found.from_line),
            event,
            decoded,
        });
    }
    items
}

/// What an entry did to its ticket, which is said by the address it was filed under (D3), and by
/// the state it met.
fn event(
    decoded: &Decoded,
    addresses: &Addresses,
    first: bool,
    closed: bool,
) -> Option<&'static str> {
    let target = addresses.recorded(decoded.delivered_to.as_deref()?)?;
    match target {
        Target::Submit if first => Some("opened"),
        Target::Ticket(_, Verb::Done) if !closed => Some("closed"),
        // B11: neither automatic mail nor `-quiet` opens a ticket again.
        Target::Ticket(_, Verb::Update | Verb::Submitter) if closed => {
            let sender = decoded.return_path.as_deref();
            let sender = sender.map_or(Sender::Unknown, Sender::parse);
            let degree = automatic::degree(&Message::new(&decoded.raw), &sender, OWN_MARKS);
            (!degree.is_automatic()).then_some("re-opened")
        }
        _ => None,
    }
}

/// Takes the message `number` out of `items`.
fn pick<'a>(items: &mut Vec<Item<'a>>, id: TicketId, number: usize) -> Result<Item<'a>> {
    if (1..=items.len()).contains(&number) {
        return Ok(items.swap_remove(number - 1));
    }
    let text = match number {
        0 => format!("ticket {id} has no messages"),
        _ => format!("ticket {id} has no message {number}"),
    };
    let fault = Fault::new(Status::NoInput, text);
    Err(match items.len() {
        0 => fault.hint("`tickets list` shows how many messages each ticket has"),
        1 => fault.hint("it has one message, number 1"),
        count => fault.hint(format!("its messages are 1 to {count}")),
    }
    .into())
}

/// The line above all: `Ticket 12, open: Printer on fire`.
fn title(id: TicketId, state: State, items: &[Item]) -> String {
    let state = match state {
        State::Open => "open",
        State::Closed => "closed",
    };
    let subject = items
        .first()
        .map(|item| item.message().subject())
        .unwrap_or_default();
    let what = match subject.is_empty() {
        true => String::new(),
        false => format!(": {subject}"),
    };
    screen::title(&format!("Ticket {id}, {state}{what}"), screen::width())
}
