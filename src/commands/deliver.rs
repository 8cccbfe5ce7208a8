//! `tickets deliver`: what the MTA starts for each message.

use super::logged;
use super::routed::{disagreement, expect_configuration};
use crate::config::{ByteSize, Config};
use crate::desk::{Bearer, Deed, Desk, Incoming, Outcome};
use crate::error::{self, Status, harmless};
use crate::log::LogLine;
use crate::part::{Context, Run};
use crate::ticket::plan::Answer;
use anyhow::{Context as _, Result, bail};
use mail::envelope::{Envelope, Given, RecipientSource};
use mail::mbox;
use mail::message::Message;
use std::io::{IsTerminal, Read, Write};

/// File one message from standard input; an MTA calls this
///
/// The recipient decides where it belongs: submit@ opens a ticket (or continues the one named in
/// the Subject, or in References), ticket-12@ adds to ticket 12, ticket-12-done@ closes it.
/// Without options the envelope comes from the environment that Exim or Postfix sets, else from
/// trace fields, else from To and Cc.
///
/// Exit status: 0 filed, 65 too large, 67 no such address or ticket, 75 try again later.
#[derive(clap::Args)]
pub struct Deliver {
    /// Envelope sender; empty or `<>` is the null sender
    #[arg(short = 'f', long, value_name = "ADDRESS", allow_hyphen_values = true)]
    sender: Option<String>,
    /// Envelope recipient (can be repeated)
    #[arg(
        short,
        long = "recipient",
        value_name = "ADDRESS",
        allow_hyphen_values = true
    )]
    recipients: Vec<String>,
    /// A mail server has looked at the recipient and holds it for the desk's: if it is not, the mail waits
    #[arg(long)]
    routed: bool,
    /// Say what was done, on stderr, as is done on a terminal
    #[arg(short, long)]
    verbose: bool,
    /// More recipients, as MTAs like to give them
    #[arg(value_name = "RECIPIENT")]
    more: Vec<String>,
}

impl Run for Deliver {
    const NAME: &'static str = "deliver";

    fn run(mut self, cx: &Context) -> Result<Status> {
        let talks = self.verbose || std::io::stderr().is_terminal();
        let config = cx.config()?;
        if self.routed || config.lost().is_some() {
            expect_configuration(&config)?;
        }
        let mut desk = Desk::open(config)?;
        let input = read(&desk.config)?;
        let (from_line_sender, raw) = mbox::strip_from_line(input.as_deref().unwrap_or_default());
        let message = Message::new(raw);
        self.recipients.append(&mut self.more);
        // Exim says it in the environment.
        let by_option = !self.recipients.is_empty();
        let given = Given {
            sender: self.sender,
            recipients: self.recipients,
        };
        let env = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        let addresses = desk.config.addresses.clone();
        let is_ours = |address: &str| addresses.target(address).is_some();
        let envelope = Envelope::find(&given, from_line_sender, &env, &message, &is_ours);
        logged::is_about(&message, &envelope, input.as_ref().map(|_| raw.len()));
        if input.is_none() {
            let text = too_large(&desk.config);
            refuse(&text)?;
            logged::refused(Status::DataErr, &envelope, &text);
            return Ok(Status::DataErr);
        }
        if self.routed && envelope.recipients_from == RecipientSource::Envelope {
            let option = if by_option { "--postfix" } else { "--exim" };
            let mut named = envelope.recipients.iter();
            if let Some(fault) = named.find_map(|to| disagreement(&desk.config, to, option)) {
                return Err(fault.into());
            }
        }
        let incoming = Incoming {
            message: &message,
            envelope: &envelope,
        };
        let outcome = desk.take_in(incoming, Bearer::Mta)?;
        // Whatever is filed is on the disk, and nothing may turn that into a failure (A4).
        if talks {
            describe(&desk, &outcome);
        }
        match outcome.refusals.first() {
            Some(refusal) if outcome.filed.is_empty() && outcome.quarantined.is_none() => {
                let text = refusal.status_line(&desk.config.addresses.submit());
                refuse(&text)?;
                logged::refused(Status::NoUser, &envelope, &text);
                Ok(Status::NoUser)
            }
            _ => {
                let silence = desk.silence();
                let mut line = match silence {
                    Some(seconds) => LogLine::default().number("no_tick_for", seconds),
                    None => LogLine::default(),
                };
                if let Err(left_out) = desk.config.expect_alerts() {
                    line = line.text("alert", &error::line(&left_out));
                }
                logged::filed(line, &outcome);
                silence.into_iter().for_each(|it| desk.tell_of_silence(it));
                Ok(Status::Ok)
            }
        }
    }
}

/// The whole of standard input; `None` if it is over the size limit.
fn read(config: &Config) -> Result<Option<Vec<u8>>> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let text = "tickets: type or paste a message; Ctrl-D on an empty line ends it";
        error::print(text);
    }
    let mut stdin = stdin.lock();
    let mut input = Vec::with_capacity(16 << 10);
    let limit = config.max_size.saturating_add(1);
    // The From_ line of the MTA is not a part of the message, and short.
    let slack = 1 << 10;
    let mut bounded = (&mut stdin).take(limit.saturating_add(slack));
    bounded
        .read_to_end(&mut input)
        .context("cannot read the message")?;
    if input.is_empty() {
        bail!("cannot read the message: standard input is empty");
    }
    let (_, message) = mbox::strip_from_line(&input);
    if message.len() as u64 > config.max_size {
        // An MTA that cannot write all of it might not look at our status.
        let _ = std::io::copy(&mut stdin, &mut std::io::sink());
        return Ok(None);
    }
    Ok(Some(input))
}

/// The one line that an MTA puts into the bounce (A3).
fn refuse(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn too_large(config: &Config) -> String {
    let limit = ByteSize(config.max_size);
    format!("5.3.4 Your message is larger than {limit}, which is the most that is taken here.")
}

/// Says on stderr what was done (E5).
fn describe(desk: &Desk, outcome: &Outcome) {
    let mut lines = Vec::new();
    for filed in &outcome.filed {
        let (id, path) = (filed.ticket, filed.path.display());
        let mut line = match filed.deed {
            Deed::Opened => format!("ticket {id} opened: {path}"),
            Deed::Filed => format!("ticket {id} updated: {path}"),
            Deed::Closed => format!("ticket {id} closed: {path}"),
            Deed::Reopened => format!("ticket {id} re-opened: {path}"),
            Deed::Duplicate => format!("ticket {id} has this message already: {path}"),
        };
        for answer in &filed.answers {
            let what = match answer {
                Answer::Ack(_) => "acknowledgement",
                Answer::Copy(_) => "copy",
                Answer::Note(_) => "note",
                Answer::Refused(_) | Answer::Understood(_) => "remark",
                Answer::PassOn(_) => "message",
                Answer::Closed(_) => "closing notice",
                Answer::NotPassedOn(_) => "note",
            };
            let to = crate::desk::recipients(answer);
            line.push_str(&format!("; {what} queued for {to}"));
        }
        lines.push(line);
        lines.extend(filed.warnings.iter().map(|w| format!("tickets: {w}")));
    }
    if !outcome.filed.is_empty() {
        let submit = desk.config.addresses.submit();
        let refused = outcome.refusals.iter().map(|r| r.sentence(&submit));
        lines.extend(refused.map(|sentence| format!("refused: {sentence}")));
    }
    if let Some(held) = &outcome.quarantined {
        let path = held.path.display();
        lines.push(format!(
            "quarantined by {}: {}: {path}",
            held.by, held.reason
        ));
    }
    let silent = outcome.silent.iter().map(|why| harmless(why));
    lines.extend(
        silent.map(|why| format!("tickets: {why}; the mail went on as if it were not there")),
    );
    let others = outcome.remarks.iter().chain(&outcome.unsent);
    lines.extend(others.map(|line| format!("tickets: {line}")));
    if let Err(left_out) = desk.config.expect_alerts() {
        lines.push(format!("tickets: {}", error::line(&left_out)));
    }
    for line in lines {
        error::print(&line);
    }
}
