//! The arguments of all commands, and how each of them ends.
//!
//! Under an MTA every unforeseen status bounces somebody's mail, a panic's and clap's among
//! them. So `deliver` leaves this file with 0, 65, 67 or 75 and no other status (A3).

use crate::commands;
use crate::config::Overrides;
use crate::error::{self, Status};
use anyhow::Result;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// A support desk in mbox files: mail in, one file per ticket, answers out
///
/// Exim or Postfix starts `tickets deliver` for each message. Read and answer the tickets in
/// mutt; the other commands are for the shell.
#[derive(Parser)]
#[command(
    name = "tickets",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Which desk it is.
#[derive(clap::Args)]
struct Place {
    /// Configuration file [default: ~/.config/tickets/config.toml, else /etc/tickets/config.toml]
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    config: Option<PathBuf>,
    /// Directory of the tickets [default: `dir` of the configuration, else ~/tickets]
    #[arg(long, global = true, value_name = "DIR", display_order = 900)]
    dir: Option<PathBuf>,
}

impl Place {
    fn overrides(self) -> Overrides {
        let from = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        Overrides {
            config: self.config.or_else(|| from("TICKETS_CONFIG")),
            dir: self.dir.or_else(|| from("TICKETS_DIR")),
        }
    }
}

/// What an MTA calls, and nothing else: to set up the options of all other commands first takes
/// as long as to lock, append and sync. Whatever does not fit here is left to [`Cli`], which
/// also explains it.
#[derive(Parser)]
#[command(disable_help_flag = true)]
struct FromMta {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: OnlyDeliver,
}

#[derive(Subcommand)]
#[command(disable_help_subcommand = true, disable_help_flag = true)]
enum OnlyDeliver {
    Deliver(commands::deliver::Deliver),
}

#[derive(Subcommand)]
enum Command {
    Deliver(commands::deliver::Deliver),
    List(commands::list::List),
    Search(commands::search::Search),
    Show(commands::show::Show),
    Timeline(commands::timeline::Timeline),
    Stats(commands::stats::Stats),
    Reply(commands::reply::Reply),
    Mutt(commands::mutt::Mutt),
    Close(commands::close::Close),
    Reopen(commands::close::Reopen),
    Flush(commands::flush::Flush),
    Import(commands::import::Import),
    Export(commands::export::Export),
    Reindex(commands::reindex::Reindex),
    Restore(commands::restore::Restore),
    Address(commands::address::Address),
    Verify(commands::verify::Verify),
    Policy(commands::policy::Policy),
    Check(commands::check::Check),
    Init(commands::init::Init),
    Completions(commands::completions::Completions),
    Man(commands::completions::Man),
}

impl Cli {
    fn run(self) -> Result<Status> {
        let overrides = self.place.overrides();
        match self.command {
            Command::Deliver(c) => c.run(&overrides),
            Command::List(c) => c.run(&overrides),
            Command::Search(c) => c.run(&overrides),
            Command::Show(c) => c.run(&overrides),
            Command::Timeline(c) => c.run(&overrides),
            Command::Stats(c) => c.run(&overrides),
            Command::Reply(c) => c.run(&overrides),
            Command::Mutt(c) => c.run(&overrides),
            Command::Close(c) => c.run(&overrides),
            Command::Reopen(c) => c.run(&overrides),
            Command::Flush(c) => c.run(&overrides),
            Command::Import(c) => c.run(&overrides),
            Command::Export(c) => c.run(&overrides),
            Command::Reindex(c) => c.run(&overrides),
            Command::Restore(c) => c.run(&overrides),
            Command::Address(c) => c.run(&overrides),
            Command::Verify(c) => c.run(&overrides),
            Command::Policy(c) => c.run(&overrides),
            Command::Check(c) => c.run(&overrides),
            Command::Init(c) => c.run(&overrides),
            Command::Completions(c) => c.run(Cli::command()),
            Command::Man(c) => c.run(Cli::command()),
        }
    }
}

/// Runs the program with `args`, the first of which is its name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    // An MTA may have put the word anywhere; taken too often, it only makes a typo temporary.
    let delivers = args.iter().skip(1).any(|a| a == "deliver");
    if delivers {
        // A panic's own words could be read as a status by Postfix, or land in a bounce.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let ended = std::panic::catch_unwind(|| run(args, delivers));
    let status = match ended {
        Ok(Ok(status)) => status,
        Ok(Err(e)) if error::is_broken_pipe(&e) && !delivers => Status::Ok,
        Ok(Err(e)) if delivers && !std::io::stderr().is_terminal() => {
            eprintln_quietly(&format!("tickets: {}", error::line(&e)));
            Status::TempFail
        }
        Ok(Err(e)) => {
            error::report(&e);
            if delivers {
                Status::TempFail
            } else {
                error::status(&e)
            }
        }
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words
                .or(panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            let words = words.replace(char::is_control, " ");
            eprintln_quietly(&format!("tickets: a mistake in the program: {words}"));
            Status::TempFail
        }
    };
    ExitCode::from(status as u8)
}

fn run(args: Vec<OsString>, delivers: bool) -> Result<Status> {
    if delivers && let Ok(mta) = FromMta::try_parse_from(&args) {
        let OnlyDeliver::Deliver(deliver) = mta.command;
        return deliver.run(&mta.place.overrides());
    }
    let args = commands::search::without_minus(args);
    match Cli::try_parse_from(&args) {
        Ok(cli) => cli.run(),
        Err(e) if !e.use_stderr() => {
            // --help and --version.
            e.print()?;
            Ok(Status::Ok)
        }
        Err(e) => {
            let text = e.to_string();
            let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
            let first = lines.next().unwrap_or("wrong options");
            let what = first
                .trim_start_matches("error: ")
                .trim_end_matches(':')
                .to_owned();
            let what = match first.ends_with(':') {
                // What is missing stands on the lines after.
                true => format!("{what}: {}", lines.next().unwrap_or_default()),
                // All else that there is then is what the program is for.
                false if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    "no command is given".to_owned()
                }
                false => what,
            };
            let tip = text.lines().find_map(|l| l.trim().strip_prefix("tip: "));
            let values = text.lines().find_map(|l| {
                let values = l.trim().strip_prefix("[possible values: ")?;
                values.strip_suffix(']')
            });
            let cli = Cli::command();
            let mut names = args.iter().skip(1).filter_map(|a| a.to_str());
            let known = names.find(|name| cli.find_subcommand(name).is_some());
            // Who searches may mean a word by it, hardly anybody else does.
            let tip = tip.filter(|tip| known == Some("search") || !tip.starts_with("to pass "));
            let hint = match (values, tip, known) {
                (Some(values), ..) => format!("one of {values}"),
                (_, Some(tip), _) => tip.to_owned(),
                (_, _, Some(name)) => format!("`tickets {name} --help` shows its options"),
                _ => "`tickets --help` shows the commands".to_owned(),
            };
            Err(error::Fault::new(Status::Usage, what).hint(hint).into())
        }
    }
}

/// Prints a line on stderr, if it is open.
fn eprintln_quietly(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
