//! `tickets show`: a ticket's conversation for people, and its bytes for programs.

mod forms;
mod save;

use super::text::here;
use crate::desk::FiledMessage;
use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::screen::{self, RawOutput};
use crate::ticket::numbers;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::entry::Verdict;
use mail::render::{self, Limits};
use std::path::PathBuf;
use std::str::FromStr;

/// Show a ticket's messages, oldest first
///
/// On a terminal they are shown in a pager: $TICKETS_PAGER, else $PAGER, else less. HTML is
/// shown as text, control characters are left out, and attachments are named with their size and
/// the command that saves them.
///
/// --json prints an object for each message: number, date (of its header) and filed (RFC 3339 in
/// UTC), author (name and address, or null), person (the NAME of [person.NAME] whose address that
/// is, or null), to, cc, subject, message_id (or null), event (opened, closed, re-opened, or null),
/// text, attachments (part, name, mime, size), intact (true: the bytes are those that came in; false:
/// they have been changed since; null: another program put the message there, so nobody knows).
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("form"))]
pub struct Show {
    /// Ticket to show
    #[arg(value_name = "TICKET", value_parser = numbers::one)]
    ticket: TicketId,
    /// Only this message, counted from 1
    #[arg(value_name = "MESSAGE", value_parser = clap::value_parser!(u32).range(1..))]
    message: Option<u32>,
    /// Print the message exactly as it came in, byte for byte; without MESSAGE, the last one
    #[arg(long, group = "form")]
    raw: bool,
    /// Print the whole mbox as it is on the disk
    #[arg(long, group = "form", conflicts_with = "message")]
    mbox: bool,
    /// Print a part of a message, decoded: tickets show 12 --part 1.2 > invoice.pdf
    #[arg(
        long,
        group = "form",
        value_name = "MESSAGE.PART",
        conflicts_with = "message"
    )]
    part: Option<PartName>,
    /// Write all attachments into DIR, which is made if it does not exist. Nothing is overwritten
    #[arg(long, group = "form", value_name = "DIR")]
    save: Option<PathBuf>,
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
            .ok_or("a part is named like 1.2, which is the second part of the first message")
    }
}

impl Run for Show {
    const NAME: &'static str = "show";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let id = self.ticket;
        let conversation = (desk.conversation(id)?).ok_or_else(|| desk.no_ticket(id))?;
        if self.mbox {
            let command = format!("tickets show {id} --mbox");
            RawOutput::new(command).copy(conversation.bytes()?)?;
            return Ok(Status::Ok);
        }
        let mut messages = conversation.messages()?;
        if let Some(part) = self.part {
            let message = pick(&mut messages, id, part.message)?;
            return self.print_part(&message, part.part);
        }
        if self.raw {
            let number = self.message.map_or(messages.len(), |n| n as usize);
            return self.print_raw(&pick(&mut messages, id, number)?);
        }
        let title = title(id, conversation.state, &messages);
        let tag = desk.config.tag(id);
        let subjects = forms::subjects(&messages, Some(&tag));
        if let Some(number) = self.message {
            messages = vec![pick(&mut messages, id, number as usize)?];
        }
        let program = here(&desk.config.overrides);
        if let Some(dir) = &self.save {
            save::all(dir, &format!("{program} show {id}"), &messages)?;
            return Ok(Status::Ok);
        }
        if self.json {
            screen::print(&forms::objects(&messages, &desk.staff())?)?;
            return Ok(Status::Ok);
        }
        if messages.is_empty() {
            screen::remark(format_args!("ticket {id} has no messages"));
        }
        let shown = (messages.iter())
            .map(|message| forms::shown(message, &subjects[message.number - 1], self.headers))
            .collect::<Result<Vec<screen::ShownMessage>>>()?;
        let usual = |address: &str| desk.config.addresses.target(address).is_some();
        let width = screen::width();
        let text = screen::conversation(&program, id.get().into(), &shown, &usual, width);
        let gap = if shown.is_empty() { "" } else { "\n" };
        screen::page(&format!("{title}{gap}{text}"))?;
        Ok(Status::Ok)
    }
}

impl Show {
    fn print_raw(&self, message: &FiledMessage) -> Result<Status> {
        let (id, number) = (self.ticket, message.number);
        let decoded = message.decode()?;
        match decoded.verdict {
            Verdict::Intact => {}
            Verdict::Changed => screen::remark(format_args!(
                "message {number} of ticket {id} has been changed since it came in: these are not the same bytes"
            )),
            Verdict::Foreign => screen::remark(format_args!(
                "message {number} of ticket {id} was put there by another program: printed \
                 as it is in the file"
            )),
        }
        let command = format!("tickets show {id} {number} --raw");
        RawOutput::new(command).print(&decoded.raw)?;
        Ok(Status::Ok)
    }

    fn print_part(&self, message: &FiledMessage, part: usize) -> Result<Status> {
        let (id, number) = (self.ticket, message.number);
        let raw = message.decode()?.raw;
        if let Some((_, bytes)) = render::part(&raw, part) {
            RawOutput::new(format!("tickets show {id} --part {number}.{part}")).print(&bytes)?;
            return Ok(Status::Ok);
        }
        let text = format!("message {number} of ticket {id} has no part {part}");
        let attachments = render::render(&raw, &Limits::default()).attachments;
        let names: Vec<String> = attachments
            .iter()
            .take(20)
            .map(|a| {
                let name = a.name.as_ref().unwrap_or(&a.mime);
                format!("{number}.{} ({name})", a.number)
            })
            .collect();
        let hint = match names.is_empty() {
            true => "it has no attachments".to_owned(),
            false => format!("its attachments are {}", names.join(", ")),
        };
        Err(Fault::new(Status::NoInput, text).hint(hint).into())
    }
}

/// Takes the message `number` out of all `messages` of a ticket.
fn pick<'a>(
    messages: &mut Vec<FiledMessage<'a>>,
    id: TicketId,
    number: usize,
) -> Result<FiledMessage<'a>> {
    if (1..=messages.len()).contains(&number) {
        return Ok(messages.swap_remove(number - 1));
    }
    let text = match number {
        0 => format!("ticket {id} has no messages"),
        _ => format!("ticket {id} has no message {number}"),
    };
    let fault = Fault::new(Status::NoInput, text);
    Err(match messages.len() {
        0 => fault.hint("`tickets list` shows how many messages each ticket has"),
        1 => fault.hint("it has one message, number 1"),
        count => fault.hint(format!("its messages are 1 to {count}")),
    }
    .into())
}

/// The first line: `Ticket 12, open: Printer on fire`.
fn title(id: TicketId, state: State, messages: &[FiledMessage]) -> String {
    let state = match state {
        State::Open => "open",
        State::Closed => "closed",
    };
    let subject = messages.first().map(|first| first.header().subject());
    let what = match subject.as_deref() {
        None | Some("") => String::new(),
        Some(subject) => format!(": {subject}"),
    };
    screen::title(&format!("Ticket {id}, {state}{what}"), screen::width())
}
