//! `tickets close` and `tickets reopen`: mail from the operator, filed as if an MTA had brought
//! it (D4).

use super::logged;
use super::text::of_mail;
use crate::desk::{Deed, Outcome, recipients};
use crate::error::Status;
use crate::part::{Context, Run};
use crate::screen;
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::numbers::TicketNumbers;
use crate::ticket::plan::Answer;
use anyhow::{Context as _, Result};
use std::io::IsTerminal;

/// Close tickets
///
/// Files a mail from you in each ticket and moves its mbox to archived/. The submitter is told,
/// with your text, unless you say --quiet. A later mail opens the ticket again.
#[derive(clap::Args)]
pub struct Close {
    /// Ticket to close, or several: 12,13, or 12-15 for those that exist (can be repeated)
    #[arg(required = true, value_name = "TICKET")]
    tickets: Vec<TicketNumbers>,
    /// Closing text
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true, value_parser = of_mail)]
    message: Option<String>,
    /// Tell nobody: neither the submitter nor the other admins
    #[arg(short, long)]
    quiet: bool,
}

/// Open closed tickets again
///
/// Files a mail from you in each ticket and moves its mbox back. With a text, the submitter gets
/// it.
#[derive(clap::Args)]
pub struct Reopen {
    /// Ticket to open again, or several: 12,13, or 12-15 for those that exist (can be repeated)
    #[arg(required = true, value_name = "TICKET")]
    tickets: Vec<TicketNumbers>,
    /// Text for the submitter
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true, value_parser = of_mail)]
    message: Option<String>,
}

impl Run for Close {
    const NAME: &'static str = "close";

    fn run(self, cx: &Context) -> Result<Status> {
        let text = self.message.unwrap_or_default();
        each(
            cx,
            &self.tickets,
            Verb::Done,
            State::Closed,
            &text,
            self.quiet,
        )
    }
}

impl Run for Reopen {
    const NAME: &'static str = "reopen";

    fn run(self, cx: &Context) -> Result<Status> {
        let text = self.message.unwrap_or_default();
        each(cx, &self.tickets, Verb::Update, State::Open, &text, false)
    }
}

fn each(
    cx: &Context,
    tickets: &[TicketNumbers],
    verb: Verb,
    wanted: State,
    text: &str,
    quiet: bool,
) -> Result<Status> {
    let mut desk = cx.desk_to_write()?;
    let tickets = desk.named(tickets)?;
    // Somebody is told.
    if !quiet {
        desk.config.expect_domain()?;
    }
    // All or nothing, as far as typing mistakes go.
    for &id in &tickets {
        let looked = desk.is_done(id, wanted);
        match tickets.len() {
            1 => looked?,
            _ => looked.with_context(|| format!("nothing was {}", done_word(wanted)))?,
        };
    }
    for &id in &tickets {
        if desk.is_done(id, wanted)? {
            screen::remark(format_args!("ticket {id} is {} already", wanted.name()));
        }
        // Before it is filed, for after that nothing may fail.
        let subject = desk.subject(id)?;
        let Some(outcome) = desk.file_from_operator(id, verb, text, quiet)? else {
            continue;
        };
        logged::filed(logged::by(), &outcome);
        let done = match outcome.filed.first().map(|filed| filed.deed) {
            Some(Deed::Closed) => Some("closed"),
            Some(Deed::Reopened) => Some("re-opened"),
            // The same command again: there was nothing left to do but to send what waited.
            Some(Deed::Duplicate) => None,
            _ => Some("updated"),
        };
        if let Some(done) = done {
            let line = format!("{done} {id}  {subject}");
            screen::say(format!("{}{}", line.trim_end(), told(&outcome)))?;
        }
        let warnings = outcome.filed.iter().flat_map(|filed| &filed.warnings);
        for line in warnings.chain(&outcome.unsent) {
            screen::remark(line);
        }
    }
    Ok(Status::Ok)
}

fn done_word(wanted: State) -> &'static str {
    match wanted {
        State::Closed => "closed",
        State::Open => "re-opened",
    }
}

/// Who is going to hear that the ticket is closed. It is said to whoever sits at a terminal: after spam it is not what
/// they want.
fn told(outcome: &Outcome) -> String {
    let answers = outcome.filed.iter().flat_map(|filed| &filed.answers);
    let notices = answers.filter(|answer| matches!(answer, Answer::Closed(_)));
    let told: Vec<String> = notices.map(recipients).collect();
    match told.is_empty() || !std::io::stdout().is_terminal() {
        true => String::new(),
        false => format!("; {} will be told (not with --quiet)", told.join(", ")),
    }
}
