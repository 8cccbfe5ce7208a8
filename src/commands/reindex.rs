//! `tickets reindex`: rebuild the index.

use crate::error::Status;
use crate::part::{Context, Run};
use crate::screen::progress::PassBar;
use anyhow::Result;

/// Rebuild the index from the mboxes
///
/// Never needed in normal work: a changed file is noticed and read again, and the next command
/// rebuilds a missing index. The current index stays in use until the new one is complete, so mail is
/// filed and listed meanwhile. Ctrl-C does no harm: the next run continues where this one stopped.
#[derive(clap::Args)]
pub struct Reindex {}

impl Run for Reindex {
    const NAME: &'static str = "reindex";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk_to_write()?;
        if !desk.is_begun()? {
            crate::screen::say("0 tickets, 0 messages")?;
            return Ok(Status::Ok);
        }
        let mut line = PassBar::about("reading tickets");
        let done = cx
            .parts
            .rebuild_index(&mut desk, &mut |at| line.show(at.done, at.all));
        drop(line);
        done?;
        // Another one may be making it anew as well.
        let (tickets, messages) = desk.despite_index(|desk| Ok(desk.index()?.count()?))?;
        let (tickets, messages) = (
            crate::screen::plural(tickets, "ticket"),
            crate::screen::plural(messages, "message"),
        );
        crate::screen::say(format_args!("{tickets}, {messages}"))?;
        Ok(Status::Ok)
    }
}
