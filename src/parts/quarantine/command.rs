//! The command `tickets quarantine`.

use crate::desk::{Deed, Desk, HeldMail, Outcome};
use crate::error::{self, Fault, Status, quoted};
use crate::listing::MailboxObject;
use crate::log::{LogLine, Severity};
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen::{self, RawOutput, Width, column, cut, say, stretch};
use crate::ticket::when::{When, rfc3339};
use anyhow::Result;
use clap::Subcommand;
use mail::decode::{clean, clean_block};
use mail::envelope::Sender;
use mail::message::Message;
use mail::render::{self, Limits};
use serde::Serialize;

/// List, show, release or drop what filters kept from the tickets
///
/// A filter is a module that is asked about each message before it is filed. What one puts into quarantine is in no
/// ticket, and nobody is told of it. It lies in the directory `quarantine` of the store, which mutt opens as a
/// Maildir, until it is released or dropped.
///
/// Without a command, lists what lies there, the oldest first. Messages are named by the first letters of their ID.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Quarantine {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum What {
    /// List what lies there, the oldest first
    List(List),
    /// Show a message, and who kept it and why
    Show(Show),
    /// File messages as if they came in now, without asking filters
    Release(Named),
    /// Remove messages for good
    Drop(Drop),
}

#[derive(clap::Args)]
struct List {
    /// Print a JSON object for each message, one a line
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Show {
    /// The message, by the first letters of its ID
    #[arg(value_name = "ID")]
    id: String,
    /// Print it exactly as it came in, byte for byte
    #[arg(long)]
    raw: bool,
}

#[derive(clap::Args)]
struct Named {
    /// The messages, by the first letters of their IDs
    #[arg(value_name = "ID", conflicts_with = "all")]
    ids: Vec<String>,
    /// All that lie there
    #[arg(long)]
    all: bool,
}

#[derive(clap::Args)]
struct Drop {
    #[command(flatten)]
    named: Named,
    /// All that came in before then: 2026-11-01, 30d, '4 weeks'
    #[arg(long, value_name = "DATE|SPAN", conflicts_with_all = ["ids", "all"])]
    before: Option<When>,
}

/// A line of `--json`. The fields are a promise to its readers.
#[derive(Serialize)]
struct HeldObject<'a> {
    id: &'a str,
    at: String,
    module: &'a str,
    reason: &'a str,
    sender: Option<&'a str>,
    recipients: &'a [String],
    from: MailboxObject<'a>,
    subject: &'a str,
    path: String,
}

impl Run for Quarantine {
    const NAME: &'static str = "quarantine";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = match &self.what {
            Some(What::Release(_) | What::Drop(_)) => cx.desk_to_write()?,
            _ => cx.desk()?,
        };
        let mails = desk.quarantined()?;
        match self.what.unwrap_or(What::List(self.list)) {
            What::List(list) => list.run(&desk, &mails),
            What::Show(show) => show.run(&desk, &mails),
            What::Release(named) => named.release(&mut desk, &mails),
            What::Drop(drop) => drop.run(&desk, &mails),
        }
    }
}

impl List {
    fn run(&self, desk: &Desk, mails: &[HeldMail]) -> Result<Status> {
        if self.json {
            for mail in mails {
                say(serde_json::to_string(&object(mail))?)?;
            }
            return Ok(Status::Ok);
        }
        if mails.is_empty() {
            screen::remark("nothing is in quarantine");
            return Ok(Status::Ok);
        }
        let (width, now) = (screen::width(), desk.now());
        let widths = mails.iter().map(|mail| screen::person(&mail.from).width());
        let widest = widths.max().unwrap_or(0);
        let widest = width.map_or(widest, |width| widest.min((width / 4).clamp(8, 32)));
        for mail in mails {
            let (module, reason) = mail.slip.why();
            let age = screen::age(now.saturating_sub(mail.slip.at));
            let from = column(&screen::person(&mail.from), widest);
            let why = format!("{}: {}", clean(module), clean(reason));
            let line = format!(
                "{}  {age:>3}  {from}  {}  ({why})",
                short(mail, mails),
                clean(&mail.subject),
            );
            say(match width {
                Some(width) => cut(&line, width),
                None => line,
            })?;
        }
        Ok(Status::Ok)
    }
}

impl Show {
    fn run(&self, desk: &Desk, mails: &[HeldMail]) -> Result<Status> {
        let mail = find(&self.id, mails)?;
        let bytes = desk.quarantined_bytes(mail)?;
        if self.raw {
            RawOutput::new(format!("tickets quarantine show {} --raw", self.id)).print(&bytes)?;
            return Ok(Status::Ok);
        }
        let (module, reason) = mail.slip.why();
        let message = Message::new(&bytes);
        let sender = match &mail.slip.envelope.sender {
            Sender::Address(address) => address.clone(),
            Sender::Null => "<>".into(),
            Sender::Unknown => "unknown".into(),
        };
        let to_cc: Vec<String> = message.to_cc().iter().map(screen::person).collect();
        let date = message.date().map(screen::when).unwrap_or_default();
        let rendered = render::render(&bytes, &Limits::default());
        let mut text = String::new();
        for (name, value) in [
            ("Held since", screen::when(mail.slip.at)),
            ("By", format!("{module}: {reason}")),
            ("Sender", sender),
            ("Recipients", mail.slip.envelope.recipients.join(", ")),
            ("From", screen::person(&mail.from)),
            ("To", to_cc.join(", ")),
            ("Date", date),
            ("Subject", mail.subject.clone()),
        ] {
            text.push_str(&format!("{name}: {}\n", clean(&value)));
        }
        text.push_str(&format!("\n{}\n", clean_block(&rendered.text).trim_end()));
        for attachment in &rendered.attachments {
            let name = clean(attachment.name.as_deref().unwrap_or("without a name"));
            let size = screen::size(attachment.size);
            text.push_str(&format!(
                "[attachment {name}, {}, {size}]\n",
                clean(&attachment.mime)
            ));
        }
        screen::page(&text)?;
        Ok(Status::Ok)
    }
}

impl Named {
    fn among<'m>(&self, mails: &'m [HeldMail]) -> Result<Vec<&'m HeldMail>> {
        if !self.all && self.ids.is_empty() {
            let fault = Fault::new(Status::Usage, "no message is named");
            return Err(fault
                .hint("`tickets quarantine list` shows their IDs")
                .into());
        }
        if mails.is_empty() {
            screen::remark("nothing is in quarantine");
        }
        match self.all {
            true => Ok(mails.iter().collect()),
            false => self.ids.iter().map(|id| find(id, mails)).collect(),
        }
    }

    fn release(&self, desk: &mut Desk, mails: &[HeldMail]) -> Result<Status> {
        let mut status = Status::Ok;
        for mail in self.among(mails)? {
            let id = short(mail, mails);
            let Some(outcome) = desk.release_from_quarantine(mail)? else {
                status = gone(id);
                continue;
            };
            for line in &outcome.unsent {
                screen::remark(line);
            }
            if outcome.filed.is_empty() {
                let submit = desk.config.addresses.submit();
                let refused = outcome.refusals.iter().map(|it| it.sentence(&submit));
                let why = refused.collect::<Vec<_>>().join(" ");
                let fault = Fault::new(Status::NoInput, format!("{id} stays in quarantine: {why}"));
                error::report(&fault.into(), None);
                status = Status::NoInput;
                continue;
            }
            let line = log("released", mail);
            let tickets = outcome.filed.iter();
            let line = tickets.fold(line, |line, filed| line.number("ticket", filed.ticket));
            line.write(Severity::Info);
            say(format_args!("released {id}: {}", deeds(&outcome)))?;
        }
        Ok(status)
    }
}

impl Drop {
    fn run(&self, desk: &Desk, mails: &[HeldMail]) -> Result<Status> {
        if let Some(before) = stretch::since(self.before.as_ref(), desk.now())? {
            let mut dropped = 0;
            for mail in mails.iter().filter(|mail| mail.slip.at < before) {
                dropped += usize::from(remove(desk, mail)?);
            }
            say(format_args!(
                "dropped {}",
                screen::plural(dropped, "message")
            ))?;
            return Ok(Status::Ok);
        }
        let mut status = Status::Ok;
        for mail in self.named.among(mails)? {
            let id = short(mail, mails);
            match remove(desk, mail)? {
                true => say(format_args!("dropped {id}"))?,
                false => status = gone(id),
            }
        }
        Ok(status)
    }
}

/// Drops a message, and says so in the log. False if somebody else was faster.
fn remove(desk: &Desk, mail: &HeldMail) -> Result<bool> {
    let is_dropped = desk.drop_from_quarantine(mail)?;
    if is_dropped {
        log("dropped", mail).write(Severity::Info);
    }
    Ok(is_dropped)
}

/// Says that somebody else was faster.
fn gone(id: &str) -> Status {
    let text = format!(
        "{} is no longer in quarantine: somebody else released or dropped it",
        quoted(id)
    );
    error::report(&Fault::new(Status::NoInput, text).into(), None);
    Status::NoInput
}

/// `ticket 12 opened, ticket 3 updated`.
fn deeds(outcome: &Outcome) -> String {
    let deed = |filed: &crate::desk::Filed| {
        let did = match filed.deed {
            Deed::Opened => "opened",
            Deed::Filed => "updated",
            Deed::Closed => "closed",
            Deed::Reopened => "re-opened",
            Deed::Duplicate => "has it already",
        };
        format!("ticket {} {did}", filed.ticket)
    };
    let deeds: Vec<String> = outcome.filed.iter().map(deed).collect();
    deeds.join(", ")
}

fn log(what: &str, mail: &HeldMail) -> LogLine {
    let by = privilege::caller().unwrap_or_default();
    let line = LogLine::default().name("by", &by).word("quarantine");
    line.word(what).name("id", &mail.id)
}

fn object(mail: &HeldMail) -> HeldObject<'_> {
    let (module, reason) = mail.slip.why();
    let envelope = &mail.slip.envelope;
    HeldObject {
        id: &mail.id,
        at: rfc3339(mail.slip.at),
        module,
        reason,
        sender: match &envelope.sender {
            Sender::Address(address) => Some(address),
            Sender::Null => Some(""),
            Sender::Unknown => None,
        },
        recipients: &envelope.recipients,
        from: MailboxObject::from(&mail.from),
        subject: &mail.subject,
        path: mail.place.path().display().to_string(),
    }
}

/// The first letters of an ID, as many as tell it from the others.
fn short<'m>(mail: &'m HeldMail, mails: &[HeldMail]) -> &'m str {
    let is_unique = |length: &usize| {
        let begins = |other: &&HeldMail| other.id.get(..*length) == mail.id.get(..*length);
        mails.iter().filter(begins).count() <= 1
    };
    let length = [8, 12, 16].into_iter().find(is_unique);
    length
        .and_then(|length| mail.id.get(..length))
        .unwrap_or(&mail.id)
}

/// The one message whose ID begins so.
fn find<'m>(id: &str, mails: &'m [HeldMail]) -> Result<&'m HeldMail> {
    let begins = |mail: &&HeldMail| !id.is_empty() && mail.id.starts_with(id);
    let mut exact = mails.iter().filter(|mail| mail.id == id).peekable();
    let exact = exact.next().filter(|_| exact.peek().is_none());
    let mut found = mails.iter().filter(begins);
    match (
        exact.or_else(|| found.next()),
        exact.is_none() && found.next().is_some(),
    ) {
        (Some(mail), false) => Ok(mail),
        (Some(_), true) => {
            let text = format!("more than one ID in quarantine begins with {}", quoted(id));
            let fault = Fault::new(Status::Usage, text);
            Err(fault.hint("`tickets quarantine list`").into())
        }
        (None, _) => {
            let text = format!("no ID in quarantine begins with {}", quoted(id));
            let fault = Fault::new(Status::NoInput, text);
            Err(fault.hint("`tickets quarantine list`").into())
        }
    }
}
