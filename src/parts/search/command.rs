//! `tickets search`: which tickets speak of something, and the lines that do.


use crate::listing::Listed;
use crate::part::{Context, Run};
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::parts::search::find::{Hit, Hits};
use crate::screen::{self, Layout, Row, Widths, progress};
use crate::ticket::State;
use crate::parts::search::query::{Mistake, Query};
use anyhow::Result;
use clap::ValueEnum;
use jiff::tz::TimeZone;
use super::lines::{Line, Looker, Seen};
use serde::Serialize;
use std::ffi::OsString;

/// Search all messages, of open and closed tickets
///
/// Shows the tickets that fit best, each on a line as `tickets list` has it, and
/// below it lines in which the words stand, with the number of their message
/// (tickets show 12 3). Words count more in a Subject or a name than in a text,
/// rare ones more than common ones, newer tickets more than older ones. Searched
/// are Subjects, names, addresses, names of attachments and texts, among them
/// quoted, attached and forwarded ones. Letter case and accents do not matter.
///
///   printer fire          both words: in one message, else in several of a ticket
///   "printer on fire"     these words one after the other
///   print*                words that begin so
///   printer -fire         tickets without that word; NOT fire says the same
///   printer (ink OR toner)                   OR and NOT in capitals
///   from:ann to:bob@example.net subject:invoice file:*.pdf
///   is:open is:closed is:waiting has:attachment ticket:12
///   after:2026-11-01 before:3d after:"2 weeks"   when a message was filed
///
/// What is asked of a message has to be true of one and the same: from:ann after:3d
/// is mail that Ann wrote in these three days. What stands after a minus must not
/// be true of any message of the ticket.
///
/// The shell takes quotes and brackets for itself, so put single quotes around
/// them: tickets search 'from:"Ann Example" (ink OR toner)'. Unknown keys are words
/// (http://x.org, 12:30), unless they look like a slip.
///
/// -q is for pipes:  tickets search -q from:spam.example | xargs tickets close
///
/// --json prints an object for each ticket: what `tickets list --json` has, and
/// matches, each of them with message (its number), field (text, subject, from, to
/// or file), file (the attachment that the text is from, or null) and line.
///
/// Exit status: 0 something was found, 1 nothing was, 64 the query makes no sense.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Search {
    /// What to search for
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// At most so many tickets, 0 for all [default: 20; all with -q]
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

/// So many tickets are shown if nobody says how many.
const USUAL: usize = 20;

/// So many times a search is done again because files changed in the middle of it.
const TRIES: usize = 3;

/// A ticket that was found.
struct Found {
    item: Listed,
    seen: Seen,
}

/// A line of `--json`; the fields are a promise to those who read it.
#[derive(Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    ticket: crate::listing::Object<'a>,
    matches: Vec<ObjectMatch<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ObjectMatch<'a> {
    pub message: u64,
    pub field: &'a str,
    pub file: Option<&'a str>,
    pub line: &'a str,
}

impl Run for Search {
    const NAME: &'static str = "search";

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
        if desk.store.is_empty(State::Open)? && desk.store.is_empty(State::Closed)? {
            // Looking is no reason to create anything: the directory may be mistyped.
            self.tell(format_args!(
                "no tickets in {} yet",
                desk.store.root().display()
            ));
            return Ok(Status::Nothing);
        }
        desk.store.create_directories()?;
        let most = match self.limit {
            Some(0) => None,
            None if self.quiet => None,
            limit => Some(limit.unwrap_or(USUAL)),
        };
        let mut out = screen::Output::new()?;
        let mut tries = 0;
        let (hits, found) = loop {
            tries += 1;
            let mut line = progress::Line::about("reading messages");
            let hits = desk.search(&query, most, &mut |at| line.show(at.done, at.all));
            drop(line);
            let hits = hits?;
            if self.quiet {
                let numbers: String = hits
                    .best
                    .iter()
                    .map(|h| format!("{}\n", h.ticket))
                    .collect();
                out.print(&numbers)?;
                break (hits, Vec::new());
            }
            // What was changed since is read again.
            if let Some(found) = gather(&desk, &query, &hits.best, tries == TRIES)? {
                break (hits, found);
            }
        };
        if self.json {
            for found in &found {
                out.print(&found.object(&desk)?)?;
            }
        } else {
            out.print(&shown(&found, desk.now()))?;
        }
        out.finish()?;
        if hits.count == 0 {
            self.tell("nothing fits");
            return Ok(Status::Nothing);
        }
        self.count(&hits);
        Ok(Status::Ok)
    }
}

impl Search {
    /// Says on stderr how many tickets are not shown.
    fn count(&self, hits: &Hits) {
        let Hits { best, count, .. } = hits;
        let than = if hits.and_more { "more than " } else { "" };
        if best.len() < *count || hits.and_more {
            let best = best.len();
            self.tell(format_args!(
                "the best {best} of {than}{count} tickets; -n 0 shows all of them"
            ));
        }
    }

    /// A word on stderr, to a person.
    fn tell(&self, line: impl std::fmt::Display) {
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

/// Reads what was found. `None` if a file is not what it was when it was searched, unless this is
/// the `last` try.
fn gather(desk: &Desk, query: &Query, hits: &[Hit], last: bool) -> Result<Option<Vec<Found>>> {
    let looker = Looker::new(query)?;
    let mut all = Vec::with_capacity(hits.len());
    for hit in hits {
        let Some(row) = desk.index()?.ticket(hit.ticket)? else {
            continue;
        };
        let mut look = looker.at(&row)?;
        for &seq in &hit.messages {
            match desk.said(&row, seq)? {
                Some(said) => look.read(seq, &said)?,
                None if last => {}
                None => return Ok(None),
            }
        }
        let seen = look.seen();
        let item = Listed::of(desk, row);
        all.push(Found { item, seen });
    }
    Ok(Some(all))
}

/// The tickets as people read them.
fn shown(all: &[Found], now: i64) -> String {
    let mut widths = Widths::default();
    for found in all {
        let row = found.row(now);
        widths.see(row.number, row.messages, row.who);
    }
    let layout = Layout::of(&widths, screen::width());
    let mut text = String::new();
    for found in all {
        let (row, seen) = (found.row(now), &found.seen);
        layout.line_with_marks(&row, &seen.who.marks, &seen.subject.marks, &mut text);
        for line in &seen.lines {
            layout.found(&line.shown(), &mut text);
        }
    }
    text
}

impl Found {
    fn row(&self, now: i64) -> Row<'_> {
        Row {
            who: &self.seen.who.text,
            subject: &self.seen.subject.text,
            ..self.item.line(now)
        }
    }

    fn object(&self, desk: &Desk) -> Result<String> {
        let object = Object {
            ticket: self.item.object(&desk.store),
            matches: self.seen.lines.iter().map(Line::object).collect(),
        };
        Ok(serde_json::to_string(&object)? + "\n")
    }
}

/// `-word`, which clap would take for options, as `NOT word`; what are options stays.
fn without_minus(args: Vec<OsString>) -> Vec<OsString> {
    let mut is_value = false;
    let mut searches = None;
    let takes_value = |arg: &str| {
        matches!(
            arg,
            "-n" | "--limit" | "--color" | "--config" | "--dir" | "-qn"
        )
    };
    let mut changed = Vec::with_capacity(args.len());
    for (at, arg) in args.into_iter().enumerate() {
        let text = arg.to_str().unwrap_or_default();
        if at == 0 || std::mem::take(&mut is_value) {
        } else if searches.is_none() && !text.starts_with('-') {
            searches = Some(text == "search");
        } else if text == "--" {
            searches = Some(false);
        } else if takes_value(text) {
            is_value = true;
        } else if searches == Some(true)
            && let Some(word) = text.strip_prefix('-')
            && !word.is_empty()
            && !word.starts_with('-')
            && !is_option(word)
        {
            changed.push(format!("NOT {word}").into());
            continue;
        }
        changed.push(arg);
    }
    changed
}

/// True for what stands after the `-` of short options: `q`, `n20`, `qn20`, `h`.
fn is_option(word: &str) -> bool {
    let rest = word.trim_start_matches('q');
    let digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'=');
    matches!(rest, "" | "h" | "V") || rest.strip_prefix('n').is_some_and(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_an_option_or_a_not() {
        for (typed, want) in [
            ("t search a -hp", "t|search|a|NOT hp"),
            (
                "t search -hp -from:ann -q",
                "t|search|NOT hp|NOT from:ann|-q",
            ),
            (
                "t search -n 5 -n5 -qn5 -h --json a",
                "t|search|-n|5|-n5|-qn5|-h|--json|a",
            ),
            ("t search -n -5 - -- -x", "t|search|-n|-5|-|--|-x"),
            ("t --dir search search -no", "t|--dir|search|search|NOT no"),
            ("t list -aw", "t|list|-aw"),
            ("t list search -aw", "t|list|search|-aw"),
            (
                "t deliver --sender search -x",
                "t|deliver|--sender|search|-x",
            ),
        ] {
            let args = typed.split(' ').map(OsString::from).collect();
            let got = without_minus(args).join("|".as_ref());
            assert_eq!(got, want, "{typed}");
        }
    }
}
