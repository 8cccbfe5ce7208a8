//! `tickets export`: tickets as a mailbox, for other programs, another machine, or a backup.

pub(super) mod entry;
pub(super) mod mailbox;
mod place;
mod replaced;
pub(super) mod snapshot;

use self::mailbox::OutputMailbox;
use self::snapshot::Snapshot;
use crate::desk::Desk;
use crate::error::Status;
use crate::part::{Context, Run};
use crate::screen;
use crate::ticket::numbers::TicketNumbers;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Write tickets to an mbox or a Maildir
///
/// Any mail program can read the mailbox, and `tickets import` restores the tickets from it: the same
/// bytes, the same states and, with --keep-numbers, the same numbers. For that purpose, each message
/// has one more field on top, X-Tickets-Export.
///
/// The mailbox appears when it is complete. All tickets may be exported to the same place every night:
/// the export of before, of this desk and with nothing else in it, is replaced then. Nothing else is overwritten,
/// and no empty export takes the place of a full one. Through a pipe:
///
/// tickets export --mbox - | ssh other.example tickets import --keep-numbers -
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("target").required(true))]
#[command(group = clap::ArgGroup::new("which"))]
pub(crate) struct Export {
    /// Ticket to export, or several: 12,13, or 12-15 for those that exist (can be repeated) [default: all]
    #[arg(value_name = "TICKET", group = "which")]
    tickets: Vec<TicketNumbers>,
    /// Export all tickets, which is the default
    #[arg(short, long, group = "which")]
    all: bool,
    /// Export the open tickets
    #[arg(long, group = "which")]
    open: bool,
    /// Export the closed tickets
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
        desk.expect_store()?;
        let ids = self.ids(&desk)?;
        // A part of the tickets is not what takes the place of all.
        let is_all = self.tickets.is_empty() && !self.open && !self.closed;
        let again = is_all.then(|| desk.config.addresses.domain().to_owned());
        let again = again.as_deref();
        let mut mailbox = match (&self.maildir, &self.mbox) {
            (Some(dir), _) => OutputMailbox::maildir(dir, &desk.store, again)?,
            (None, Some(file)) => OutputMailbox::mbox(file, &desk.store, again)?,
            (None, None) => OutputMailbox::mbox(Path::new("-"), &desk.store, again)?,
        };
        let (mut tickets, mut messages) = (0, 0);
        for id in ids {
            let Some(ticket) = Snapshot::open(&desk, id)? else {
                continue; // removed in the meantime
            };
            let found = ticket.each(&mut |message| mailbox.add(message))?;
            messages += found as usize;
            if found > 0 {
                tickets += 1;
            } else {
                screen::remark(format_args!("ticket {id} has no messages"));
            }
        }
        let reports = !mailbox.is_stdout();
        mailbox.expect_messages(messages)?;
        mailbox.finish()?;
        if reports {
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
    /// The tickets to export, in ascending order.
    fn ids(&self, desk: &Desk) -> Result<Vec<TicketId>> {
        let mut ids = desk.named(&self.tickets)?;
        for &id in &ids {
            desk.state_of(id)?;
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
