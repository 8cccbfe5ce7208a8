//! `tickets check --store`: is every message there, as it was when it was filed (D6, D10)?

use super::diagnosis::count;
use super::{obstacles, store};
use crate::desk::{Conversation, Desk};
use crate::error::Status;
use crate::screen::{plural, say};
use crate::ticket::State;
use anyhow::Result;
use mail::entry::{Tail, Verdict};

/// What was found in all tickets.
#[derive(Default)]
struct Verified {
    messages: usize,
    /// Messages of which nothing is known, since another program put them there.
    foreign: usize,
    /// The recorded digest of each message that is not what it was.
    changed: Vec<Option<String>>,
    /// Tickets that end in the middle of a message.
    torn: usize,
}

/// Reads all tickets and prints what is not as it was filed.
pub fn verify(desk: &mut Desk) -> Result<Status> {
    let open = desk.store.ids(State::Open)?;
    let closed = desk.store.ids(State::Closed)?;
    let both = store::both(desk);
    let mut all = [open, closed].concat();
    all.sort_unstable();
    all.dedup();
    let mut found = Verified::default();
    for &id in &all {
        // It may be gone by now.
        if let Some(ticket) = desk.conversation(id)? {
            found.read(&ticket)?;
        }
    }
    let obstacles = obstacles::look(&desk.store);
    for (path, e) in &obstacles {
        say(format_args!("{}: {e}", path.display()))?;
    }
    for pair in &both {
        let text = pair.text.trim_start_matches("store: ");
        say(match &pair.mend {
            Some(mend) => format!("{text} (`{mend}`)"),
            None => text.to_owned(),
        })?;
    }
    // Without this directory there are no copies, and checking must not create it.
    let mut missing = match desk.store.private().is_dir() {
        true => desk.missing()?,
        false => Vec::new(),
    };
    // A changed message is missing as it came in, too, but has been named already.
    missing.retain(|gone| !found.changed.contains(&gone.sha256));
    for gone in &missing {
        let (id, day, author) = (gone.copy.ticket, &gone.copy.day, &gone.author);
        let subject = &gone.subject;
        say(format_args!(
            "ticket {id} lacks a message of {day}: {author}: {subject} (`tickets restore {id}`)"
        ))?;
    }
    say(found.summary(all.len()))?;
    let sound = found.changed.is_empty() && found.torn == 0;
    Ok(
        match sound && both.is_empty() && missing.is_empty() && obstacles.is_empty() {
            true => Status::Ok,
            false => Status::DataErr,
        },
    )
}

impl Verified {
    fn read(&mut self, ticket: &Conversation) -> Result<()> {
        let id = ticket.ticket;
        ticket.each(|message| {
            let decoded = message.decode()?;
            self.messages += 1;
            match decoded.verdict {
                Verdict::Intact => {}
                Verdict::Foreign => self.foreign += 1,
                Verdict::Changed => {
                    self.changed.push(decoded.sha256);
                    let number = message.number;
                    say(format_args!(
                        "ticket {id}, message {number} was changed after it was filed"
                    ))?;
                }
            }
            Ok(())
        })?;
        match ticket.tail()? {
            // A missing empty line loses nothing, and mutt leaves it out.
            Tail::Whole | Tail::Missing(_) => {}
            Tail::Torn { .. } | Tail::SetAside { .. } => {
                self.torn += 1;
                say(format_args!(
                    "ticket {id} ends in the middle of a message; the next mail to it mends that"
                ))?;
            }
        }
        Ok(())
    }

    /// `4 messages in 2 tickets, none changed`.
    fn summary(&self, tickets: usize) -> String {
        let (messages, tickets) = (plural(self.messages, "message"), plural(tickets, "ticket"));
        let changed = match self.changed.len() {
            0 => "none changed".to_owned(),
            changed => format!("{changed} changed"),
        };
        let mut summary = format!("{messages} in {tickets}, {changed}");
        if self.foreign > 0 {
            let foreign = count(
                self.foreign,
                "put there by another program",
                "put there by other programs",
            );
            summary.push_str(&format!(", {foreign} and not verifiable"));
        }
        summary
    }
}
