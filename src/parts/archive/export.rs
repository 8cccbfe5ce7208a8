//! `tickets export`: tickets as a mailbox, for other programs, another machine, or a backup.

use crate::screen;
use crate::part::{Context, Run};
use crate::desk::Desk;
use crate::error::Status;
use crate::ticket::State;
use crate::parts::archive::target::Target;
use crate::ticket::TicketId;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Write tickets to an mbox or a Maildir
///
/// Any mail program can read it, and `tickets import` makes the same tickets of it again, byte for
/// byte, in the same state; with --keep-numbers they have the same numbers, too. Each message carries
/// a field for that, X-Tickets-Export, above those that it has in its ticket.
///
/// The mailbox appears when it is complete; what is there already is never overwritten. As a pipe:
/// tickets export --mbox - | ssh other.example tickets import --keep-numbers -
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("target").required(true))]
#[command(group = clap::ArgGroup::new("which"))]
pub struct Export {
    /// Ticket to export (can be repeated) [default: all]
    #[arg(value_name = "TICKET", group = "which")]
    tickets: Vec<TicketId>,
    /// All tickets, which is what is done if nothing else is said
    #[arg(short, long, group = "which")]
    all: bool,
    /// The open tickets
    #[arg(long, group = "which")]
    open: bool,
    /// The closed tickets
    #[arg(long, group = "which")]
    closed: bool,
    /// Write an mbox; - is standard output
    #[arg(long, value_name = "FILE", group = "target")]
    mbox: Option<PathBuf>,
    /// Write a Maildir
    #[arg(long, value_name = "DIR", group = "target")]
    maildir: Option<PathBuf>,
}

impl Run for Export {
    const NAME: &'static str = "export";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk()?;
        let ids = self.ids(&desk)?;
        if !ids.is_empty() {
            desk.store.create_directories()?;
        }
        let mut target = match (&self.maildir, &self.mbox) {
            (Some(dir), _) => Target::maildir(dir, &desk.store)?,
            (None, Some(file)) => Target::mbox(file, &desk.store)?,
            (None, None) => Target::mbox(Path::new("-"), &desk.store)?,
        };
        let domain = desk.config.addresses.domain();
        let desk_name: String = domain.chars().filter(|c| *c != '/' && *c != ':').collect();
        let (mut tickets, mut messages) = (0, 0);
        for id in ids {
            let mut add =
                |entry, message: &_| target.add(message, &format!("{id}_{entry}.{desk_name}"));
            match desk.export(id, &mut add)? {
                // It was removed just now.
                None => {}
                Some(0) => screen::remark(format_args!("ticket {id} has no messages")),
                Some(count) => {
                    tickets += 1;
                    messages += count as usize;
                }
            }
        }
        let quiet = matches!(target, Target::Stdout(_));
        target.finish()?;
        if !quiet {
            let (tickets, messages) = (
                screen::plural(tickets, "ticket"),
                screen::plural(messages, "message"),
            );
            screen::say(format_args!("exported {tickets}, {messages}"))?;
        }
        desk.leave();
        Ok(Status::Ok)
    }
}

impl Export {
    /// The tickets that are asked for, in ascending order.
    fn ids(&self, desk: &Desk) -> Result<Vec<TicketId>> {
        let mut ids = self.tickets.clone();
        for &id in &ids {
            if desk.store.locate(id)?.is_none() {
                return Err(desk.no_ticket(id).into());
            }
        }
        if ids.is_empty() {
            for (state, left_out) in [(State::Open, self.closed), (State::Closed, self.open)] {
                if !left_out {
                    ids.append(&mut desk.store.ids(state)?);
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}
