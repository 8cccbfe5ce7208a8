//! The command `tickets search`.

use super::ask::search;
use super::find::Hits;
use super::found::{FoundTicket, gather};
use super::minus::without_minus;
use super::page::page;
use super::query::{Mistake, Query};
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::screen;
use crate::screen::progress::PassBar;
use anyhow::Result;
use clap::ValueEnum;
use jiff::tz::TimeZone;
use std::ffi::OsString;

/// Search all messages, of open and closed tickets
///
/// Shows the tickets that fit best, each on a line as in `tickets list`, and below
/// it lines with the words that were found, each after the number of its message
/// (tickets show 12 3). A word counts more in a Subject or a name than in a text, a
/// rare word more than a common one, and a newer ticket more than an older one.
/// Subjects, names, addresses, names of attachments and texts are searched,
/// including quoted, attached and forwarded text. Letter case and accents make no
/// difference.
///
///   printer fire          both words: in one message, else in several of a ticket
///   "printer on fire"     these words, one after the other
///   print*                words that begin like this
///   printer -fire         tickets without the second word; also: printer NOT fire
///   printer (ink OR toner)                      OR and NOT are written in capitals
///   from:ann to:bob@example.net subject:invoice file:*.pdf
///   is:open is:closed is:waiting has:attachment ticket:12
///   after:2026-11-01 before:3d after:"2 weeks"    when a message was filed
///
/// Apart from words, all conditions must be true of one and the same message:
/// from:ann after:3d finds mail that Ann wrote in the last three days. What follows a
/// minus must not be true of any message of the ticket.
///
/// The shell interprets quotes and brackets, so put single quotes around them:
/// tickets search 'from:"Ann Example" (ink OR toner)'. Unknown keys are words
/// (http://x.org, 12:30), unless they look like a misspelt key.
///
/// -q is for pipes:  tickets search -q from:spam.example | xargs tickets close --quiet
///
/// --json prints an object for each ticket: the fields of `tickets list --json`, and
/// matches, each with message (its number), field (text, subject, from, to or file),
/// file (the attachment that the text is from, or null) and line.
///
/// Exit status: 0 if something was found, 1 if nothing was, 64 if the query makes no
/// sense.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Search {
    /// What to search for
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Show at most N tickets, 0 for all [default: 20; all with -q]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    /// Print a JSON object for each ticket, one a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print numbers only, one a line, newest activity first
    #[arg(short, long)]
    quiet: bool,
    /// Show the words that were found in colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Tickets that are shown unless `--limit` is given.
const USUAL: usize = 20;

/// How often a search is done again because a file changed before it was read.
const TRIES: usize = 3;

impl Run for Search {
    const NAME: &'static str = "search";
    const READS: bool = true;

    fn arrange(args: Vec<OsString>) -> Vec<OsString> {
        without_minus(args)
    }

    fn run(self, cx: &Context) -> Result<Status> {
        match self.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        let mut desk = cx.desk()?;
        let typed = self.words.join(" ");
        let query = Query::parse(&typed, desk.now(), &TimeZone::system());
        let query = query.map_err(|mistake| misread(&typed, &mistake))?;
        if !desk.prepare_reading()? {
            self.remark(desk.no_tickets_yet());
            return Ok(Status::Nothing);
        }
        let (hits, found) = self.find(&mut desk, &query)?;
        let mut out = screen::Output::new()?;
        if self.quiet {
            for hit in &hits.best {
                out.print(&format!("{}\n", hit.ticket))?;
            }
        } else if self.json {
            for ticket in &found {
                out.print(&ticket.json(&desk)?)?;
            }
        } else {
            out.print(&page(&found, desk.now(), screen::width()))?;
        }
        out.finish()?;
        if hits.count == 0 {
            self.remark("nothing fits");
            return Ok(Status::Nothing);
        }
        self.remark_on_rest(&hits);
        Ok(Status::Ok)
    }
}

impl Search {
    /// Searches, and reads what was found unless only numbers are asked for.
    fn find(&self, desk: &mut Desk, query: &Query) -> Result<(Hits, Vec<FoundTicket>)> {
        let most = match self.limit {
            Some(0) => None,
            None if self.quiet => None,
            limit => Some(limit.unwrap_or(USUAL)),
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let mut line = PassBar::about("reading messages");
            let hits = search(desk, query, most, &mut |at| line.show(at.done, at.all));
            drop(line);
            let hits = hits?;
            if self.quiet {
                return Ok((hits, Vec::new()));
            }
            if let Some(found) = gather(desk, query, &hits.best, tries == TRIES)? {
                return Ok((hits, found));
            }
        }
    }

    /// Says on stderr how many tickets are not shown.
    fn remark_on_rest(&self, hits: &Hits) {
        let (best, count) = (hits.best.len(), hits.count);
        let than = if hits.and_more { "more than " } else { "" };
        if best < count || hits.and_more {
            self.remark(format_args!(
                "the best {best} of {than}{count} tickets; -n 0 shows all of them"
            ));
        }
    }

    /// Prints a line on stderr, if the output is for a person.
    fn remark(&self, line: impl std::fmt::Display) {
        if !self.quiet && !self.json {
            screen::remark(line);
        }
    }
}

/// The error for a query that cannot be understood.
fn misread(typed: &str, mistake: &Mistake) -> Fault {
    let text = format!("cannot understand the query: {}", mistake.what);
    let fault = Fault::new(Status::Usage, text).details(mistake.place(typed));
    fault.hint(&mistake.hint)
}
