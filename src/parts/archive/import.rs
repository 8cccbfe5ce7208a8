//! `tickets import`: file what another system left behind, or an export of this one.


use crate::part::{Context, Run};
use crate::parts::archive::filing::{Line, Order, FiledAs, Step, Tally};
use crate::error::{Fault, Status};
use crate::screen;
use crate::ticket::tag;
use anyhow::Result;
use clap::ValueEnum;
use mail::decode::clean;
use super::progress::Progress;
use regex::bytes::Regex;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// File an archive of mail as tickets
///
/// Takes mboxes, Maildirs, single mails, logs of Debbugs (1234.log) and directories of them, copies
/// of a store, and what `tickets export` wrote; - is standard input. Messages belong together by the
/// number in their Subject or in their recipient's address, else by In-Reply-To and References. They
/// are filed with their own dates, byte for byte, and nobody is told.
///
/// Each message is filed once, however often you import it. So if it was interrupted, or has grown
/// since, import it again: only what is new is filed, in its ticket.
///
/// Exit status: 0 all is filed (or was before), 65 something was left out since it is broken or too
/// large, 66 no such file, 75 try again, 77 it may not be read.
#[derive(clap::Args)]
pub struct Import {
    /// Archive to file (can be repeated)
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Understand numbers and addresses as that system wrote them
    #[arg(long, value_name = "NAME", ignore_case = true)]
    system: Option<System>,
    /// The number in a Subject, as in: --tag 'Bug#(\d+)' (can be repeated) [default: `subject_tags`
    /// of the configuration]
    #[arg(long = "tag", value_name = "REGEX")]
    tags: Vec<String>,
    /// The number in a recipient's address, as in: --address '^bug-(\d+)@' (can be repeated)
    #[arg(long = "address", value_name = "REGEX")]
    addresses: Vec<String>,
    /// An address that closes its ticket (can be repeated) [default: 12-done@ and 12-close@,
    /// whatever stands before the number]
    #[arg(long, value_name = "REGEX")]
    done: Vec<String>,
    /// Keep the numbers, where they are free: the next new ticket is numbered above them
    #[arg(short, long)]
    keep_numbers: bool,
    /// File all as closed tickets
    #[arg(long, conflicts_with = "open")]
    closed: bool,
    /// File all as open tickets [default: as the archive says, else open until a message closes it]
    #[arg(long)]
    open: bool,
    /// Take one `>` off lines like `>From ` in mboxes: for those of maildrop and qmail, not for those
    /// of Exim, Postfix and procmail
    #[arg(long)]
    mboxrd: bool,
    /// Take what lies in the directories of a directory, too, as the folders of a Maildir
    #[arg(short, long)]
    folders: bool,
    /// Only say what would be filed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Say what was filed, a line for each ticket
    #[arg(short, long)]
    verbose: bool,
}

/// How another system numbers its tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum System {
    /// Bug#12, 12@, 12-done@
    Debbugs,
    /// [anything #12]
    Rt,
    /// [issue12]
    Roundup,
}

impl System {
    fn tag(self) -> &'static str {
        match self {
            System::Debbugs => r"\bbug ?#([0-9]+)",
            System::Rt => r"\[[^\]#]*#([0-9]+)\]",
            System::Roundup => r"\[issue([0-9]+)\]",
        }
    }

    fn address(self) -> Option<&'static str> {
        match self {
            System::Debbugs => Some(r"^([0-9]+)(?:-[a-z]+)?@"),
            System::Rt | System::Roundup => None,
        }
    }
}

/// Addresses that close a ticket, if nothing else is said: Debbugs' and ours.
const DONE: &str = r"([0-9]+)-(?:done|close)@";

impl Run for Import {
    const NAME: &'static str = "import";

    fn run(self, cx: &Context) -> Result<Status> {
        let (dry_run, verbose) = (self.dry_run, self.verbose);
        let mut desk = match dry_run {
            true => cx.desk()?,
            false => cx.desk_to_write()?,
        };
        let order = self.order(&desk.config.subject_tags)?;
        if order.paths.iter().any(|path| path.as_os_str() == "-") && std::io::stdin().is_terminal()
        {
            screen::remark("reading standard input; Ctrl-D on an empty line ends it");
        }
        let mut progress = Progress::new();
        let result = desk.import(&order, &mut |step| match step {
            Step::Ticket(line) if dry_run || verbose => progress.aside(|| say(line)),
            Step::Broken(line, hint) => progress.aside(|| complain(line, hint)),
            step => progress.show(&step),
        });
        progress.clear();
        let tally = result?;
        report(&tally, dry_run)?;
        desk.leave();
        Ok(tally.failed.unwrap_or(Status::Ok))
    }
}

impl Import {
    fn order(self, subject_tags: &[String]) -> Result<Order> {
        let system = self.system;
        let mut tags = self.tags;
        tags.extend(system.map(|s| s.tag().to_owned()));
        if tags.is_empty() {
            tags.extend_from_slice(subject_tags);
        }
        let mut addresses = self.addresses;
        addresses.extend(system.and_then(System::address).map(str::to_owned));
        let mut done = self.done;
        if done.is_empty() {
            done.push(DONE.to_owned());
        }
        Ok(Order {
            paths: self.paths,
            folders: self.folders,
            tags: patterns("--tag", &tags)?,
            recipients: patterns("--address", &addresses)?,
            done: patterns("--done", &done)?,
            mboxrd: self.mboxrd,
            keep_numbers: self.keep_numbers,
            state: match (self.closed, self.open) {
                (true, _) => FiledAs::Closed,
                (_, true) => FiledAs::Open,
                _ => FiledAs::AsArchived,
            },
            dry_run: self.dry_run,
        })
    }
}

fn patterns(option: &str, texts: &[String]) -> Result<Vec<Regex>> {
    let compile = |text: &String| {
        tag::pattern(option, text).map_err(|e| {
            let fault = Fault::new(Status::Usage, crate::error::line(&e));
            let hint = format!("a pattern has one group, as in {option} '#([0-9]+)'");
            fault.hint(hint).into()
        })
    };
    texts.iter().map(compile).collect()
}

/// A ticket in one line: what was done with it, its number and state, how many messages were filed,
/// who wrote the first of them, and about what.
fn say(line: &Line) {
    let done = if line.new { "new" } else { "add" };
    let state = if line.closed { "closed" } else { "open" };
    let (id, count) = (line.ticket, line.messages);
    let (author, subject) = (clean(&line.author), clean(&line.subject));
    let head = format!("{done} {id}  {state}  {count}  {author}");
    let text = match screen::width() {
        Some(width) => {
            let mark = screen::mark_after(&author);
            screen::cut(&format!("{head}{mark}  {subject}"), width)
        }
        None => format!("{head}  {subject}"),
    };
    // Nobody reads it any more: what was begun is done all the same.
    let _ = screen::say(text.trim_end());
}

fn complain(line: &str, hint: Option<String>) {
    screen::remark(line);
    if let Some(hint) = hint {
        let _ = writeln!(std::io::stderr(), "hint: {hint}");
    }
}

fn report(tally: &Tally, dry_run: bool) -> Result<()> {
    let would = if dry_run { "would file" } else { "filed" };
    let mut text = format!("{would} {}", screen::plural(tally.filed, "message"));
    let tickets = [
        (tally.opened, "new ticket"),
        (tally.continued, "ticket that was there"),
    ];
    let tickets = tickets.into_iter().filter(|(n, _)| *n > 0);
    let tickets: Vec<String> = tickets
        .map(|(n, what)| match (n, what) {
            (1, _) => format!("1 {what}"),
            (n, "new ticket") => format!("{n} new tickets"),
            (n, _) => format!("{n} tickets that were there"),
        })
        .collect();
    if !tickets.is_empty() {
        text += &format!(" in {}", tickets.join(" and "));
    }
    if tally.there > 0 {
        text += &format!("; {} there already", was(tally.there));
    }
    if tally.twice > 0 {
        text += &format!("; {} in the archive twice", was(tally.twice));
    }
    screen::say(text)?;
    if tally.sent > 0 {
        let sent = screen::plural(tally.sent, "mail");
        screen::remark(format_args!("left out {sent} that Debbugs sent"));
    }
    if tally.changed > 0 {
        let changed = screen::plural(tally.changed, "message");
        screen::remark(format_args!(
            "{changed} had been changed since it came in: filed as it is now"
        ));
    }
    Ok(())
}

fn was(count: usize) -> String {
    match count {
        1 => "1 was".to_owned(),
        n => format!("{n} were"),
    }
}
