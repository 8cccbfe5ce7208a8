//! `tickets import`: files archives of mail, from other systems or from `tickets export`, as tickets.

mod append;
mod entry;
mod filed;
mod filing;
mod group;
mod matching;
pub(crate) mod message;
mod numbers;
mod open;
mod progress;
pub(crate) mod raw;
mod report;
mod run;
mod source;
mod state;
mod survey;
mod threads;

use self::message::Conventions;
use self::numbers::HIGHEST_KEPT;
use self::progress::ProgressLine;
use self::report::{ImportTotals, Notice, TicketChange};
use self::run::ImportRequest;
use self::state::StateRule;
use crate::error::{self, Fault, Status};
use crate::log::{LogLine, Severity};
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen;
use crate::ticket::tag;
use anyhow::Result;
use clap::ValueEnum;
use mail::decode::clean;
use regex::bytes::Regex;
use std::io::IsTerminal;
use std::path::PathBuf;

/// File archives of mail as tickets
///
/// Reads mboxes, Maildirs, single mails, logs of Debbugs (1234.log) and directories of them, copies of
/// a store, and what `tickets export` wrote; - is standard input. Messages belong together if they have
/// the same number in their Subject or in a recipient's address, else if they are linked by In-Reply-To
/// and References. They are filed with their own dates, byte for byte, and no one is notified.
///
/// Each message is filed once, however often you import it. So if an import was interrupted, or the
/// archive has grown, import it again: only what is new is filed, in its ticket.
///
/// Exit status: 0 everything is filed, 65 something was left out because it is broken or too large, 66
/// there is no such file, 75 try again, 77 a file may not be read.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// Archive to file (can be repeated)
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Recognize numbers and addresses as this system writes them
    #[arg(long, value_name = "NAME", ignore_case = true)]
    system: Option<System>,
    /// The number in a Subject, as in: --tag 'Bug#(\d+)' (can be repeated) [default: `subject_tags`
    /// of the configuration]
    #[arg(long = "tag", value_name = "REGEX")]
    tags: Vec<String>,
    /// The number in a recipient's address, as in: --address '^bug-(\d+)@' (can be repeated)
    #[arg(long = "address", value_name = "REGEX")]
    addresses: Vec<String>,
    /// The number in an address that closes the ticket (can be repeated) [default: addresses like
    /// 12-done@ and 12-close@, with any text before the number]
    #[allow(rustdoc::broken_intra_doc_links)] // the brackets are part of the help text
    #[arg(long, value_name = "REGEX")]
    done: Vec<String>,
    /// Keep the archive's numbers where they are free, and say where they are not: the next new ticket
    /// is numbered above them
    #[arg(short, long)]
    keep_numbers: bool,
    /// File all tickets as closed
    #[arg(long, conflicts_with = "open")]
    closed: bool,
    /// File all tickets as open [default: as the archive says, else open until a message closes them]
    #[arg(long)]
    open: bool,
    /// Remove one `>` from lines like `>From ` in mboxes: right for those of maildrop and qmail, wrong
    /// for those of Exim, Postfix and procmail
    #[arg(long)]
    mboxrd: bool,
    /// Import the subdirectories of a directory, too, such as the folders of a Maildir
    #[arg(short, long)]
    folders: bool,
    /// Import messages, too, that a mail program has marked as deleted and not removed yet
    #[arg(long)]
    with_deleted: bool,
    /// Only print what would be filed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print a line for each ticket
    #[arg(short, long)]
    verbose: bool,
}

/// How another system numbers its tickets.
#[allow(rustdoc::broken_intra_doc_links)] // the brackets are part of the help text
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

/// The addresses that close a ticket by default: those of Debbugs and of this program.
const DONE: &str = r"([0-9]+)-(?:done|close)@";

impl Run for Import {
    const NAME: &'static str = "import";

    fn run(self, cx: &Context) -> Result<Status> {
        let (dry_run, verbose) = (self.dry_run, self.verbose);
        let mut desk = match dry_run {
            true => cx.planned_desk()?,
            false => cx.desk_to_fill()?,
        };
        let request = self.request(&desk.config.subject_tags)?;
        let reads_stdin = request.paths.iter().any(|path| path.as_os_str() == "-");
        if reads_stdin && std::io::stdin().is_terminal() {
            screen::remark("reading standard input; Ctrl-D on an empty line ends it");
        }
        let progress = ProgressLine::new();
        let totals = run::import(&mut desk, &request, &mut |notice| match notice {
            Notice::Ticket(change) if dry_run || verbose => progress.suspend(|| print(change)),
            Notice::LeftOut(line, hint) => progress.suspend(|| warn(line, hint)),
            notice => progress.show(&notice),
        });
        drop(progress);
        let totals = totals?;
        if !dry_run && totals.filed > 0 {
            let by = privilege::caller().unwrap_or_default();
            let line = LogLine::default().name("by", &by).word("import");
            let line = line.number("messages", totals.filed);
            let line = line.number("opened", totals.opened);
            line.number("appended", totals.appended)
                .write(Severity::Info);
        }
        print_totals(&totals, dry_run)?;
        desk.leave();
        Ok(totals.failed.unwrap_or(Status::Ok))
    }
}

impl Import {
    /// What the options ask for; `subject_tags` are those of the configuration.
    fn request(self, subject_tags: &[String]) -> Result<ImportRequest> {
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
        Ok(ImportRequest {
            paths: self.paths,
            folders: self.folders,
            with_deleted: self.with_deleted,
            conventions: Conventions {
                tags: patterns("--tag", &tags)?,
                recipients: patterns("--address", &addresses)?,
                done: patterns("--done", &done)?,
                mboxrd: self.mboxrd,
            },
            keep_numbers: self.keep_numbers,
            state: match (self.closed, self.open) {
                (true, _) => StateRule::Closed,
                (_, true) => StateRule::Open,
                _ => StateRule::AsArchived,
            },
            dry_run: self.dry_run,
        })
    }
}

fn patterns(option: &str, texts: &[String]) -> Result<Vec<Regex>> {
    let compile = |text: &String| {
        tag::pattern(option, text).map_err(|e| {
            let fault = Fault::new(Status::Usage, error::line(&e));
            let hint = format!("a pattern has one group, as in {option} '#([0-9]+)'");
            fault.hint(hint).into()
        })
    };
    texts.iter().map(compile).collect()
}

/// Prints a ticket as a line: `new` or `add` (to an existing ticket), number, state, how many messages
/// were filed, author of the first of them, subject.
fn print(change: &TicketChange) {
    let action = if change.opened { "new" } else { "add" };
    let (id, state, count) = (change.ticket, change.state.name(), change.messages);
    let (author, subject) = (clean(&change.author), clean(&change.subject));
    let head = format!("{action} {id}  {state}  {count}  {author}");
    let text = match screen::width() {
        Some(width) => {
            let mark = screen::mark_after(&author);
            screen::cut(&format!("{head}{mark}  {subject}"), width)
        }
        None => format!("{head}  {subject}"),
    };
    // If no one reads the lines any more, the import goes on all the same.
    let _ = screen::say(text.trim_end());
}

fn warn(line: &str, hint: Option<String>) {
    screen::remark(line);
    if let Some(hint) = hint {
        crate::error::print(&format!("hint: {hint}"));
    }
}

fn print_totals(totals: &ImportTotals, dry_run: bool) -> Result<()> {
    let filed = if dry_run { "would file" } else { "filed" };
    let mut text = format!("{filed} {}", screen::plural(totals.filed, "message"));
    let mut tickets = Vec::new();
    if totals.opened > 0 {
        tickets.push(screen::plural(totals.opened, "new ticket"));
    }
    if totals.appended > 0 {
        tickets.push(screen::plural(totals.appended, "existing ticket"));
    }
    if !tickets.is_empty() {
        text += &format!(" in {}", tickets.join(" and "));
    }
    if totals.known > 0 {
        text += &format!("; {} there already", was(totals.known));
    }
    if totals.repeated > 0 {
        text += &format!("; {} in the archive twice", was(totals.repeated));
    }
    screen::say(text)?;
    if totals.sent > 0 {
        let sent = screen::plural(totals.sent, "mail");
        screen::remark(format_args!("left out {sent} that Debbugs sent"));
    }
    if totals.deleted > 0 {
        let deleted = screen::plural(totals.deleted, "deleted message");
        screen::remark(format_args!(
            "left out {deleted}: --with-deleted files them, too"
        ));
    }
    if totals.edited > 0 {
        let edited = screen::plural(totals.edited, "message");
        screen::remark(format_args!(
            "{edited} had been changed since it came in: filed as it is now"
        ));
    }
    print_not_kept(totals, dry_run);
    Ok(())
}

/// Names the tickets that did not keep their numbers: what is written to those goes to other tickets.
fn print_not_kept(totals: &ImportTotals, dry_run: bool) {
    const MOST: usize = 10;
    let (becomes, was) = match dry_run {
        true => ("would be", "is"),
        false => ("is", "was"),
    };
    for (archived, here) in totals.not_kept.iter().take(MOST) {
        let why = match archived.get() > HIGHEST_KEPT {
            true => format!("numbers above {HIGHEST_KEPT} are not kept"),
            false => format!("{archived} {was} taken"),
        };
        screen::remark(format_args!(
            "ticket {archived} of the archive {becomes} ticket {here} here: {why}"
        ));
    }
    let more = totals.not_kept.len().saturating_sub(MOST);
    if more > 0 {
        screen::remark(format_args!("and {more} more"));
    }
}

fn was(count: usize) -> String {
    match count {
        1 => "1 was".to_owned(),
        n => format!("{n} were"),
    }
}
