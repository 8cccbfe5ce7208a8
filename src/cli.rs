//! The arguments of all commands, and how each of them ends.
//!
//! Under an MTA every unforeseen status bounces somebody's mail, a panic's and clap's among
//! them. So `deliver` leaves this file with 0, 65, 67 or 75 and no other status (A3).

mod denied;
mod hint;
mod which;

use crate::commands::check::Check;
use crate::commands::deliver::Deliver;
use crate::commands::init::Init;
use crate::commands::man::Man;
use crate::commands::{EVERYDAY, UPKEEP};
use crate::config::Config;
use crate::error::{self, Fault, Status};
use crate::limits;
use crate::log::{self, LogLine, Severity};
use crate::part::{Command, Context, Part, Registry, Run, outside};
use crate::parts;
use crate::privilege;
use crate::ticket::TicketId;
use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hint::{deferral, hint};
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::process::ExitCode;
use which::{Which, named};

/// A support desk in mbox files: mail in, one file per ticket, answers out
///
/// Exim or Postfix starts `tickets deliver` for each message. Read and answer the tickets in
/// mutt; the other commands are for the shell.
#[derive(Parser)]
#[command(
    name = "tickets",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Program {
    #[command(flatten)]
    which: Which,
}

/// The command line of an MTA. Setting up the options of all other commands would take as long as
/// locking, appending and syncing. A command line that does not fit here is left to [`Program`],
/// which also explains what is wrong with it.
#[derive(Parser)]
#[command(disable_help_flag = true)]
struct FromMta {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    command: OnlyDeliver,
}

#[derive(Subcommand)]
#[command(disable_help_subcommand = true, disable_help_flag = true)]
enum OnlyDeliver {
    Deliver(Deliver),
}

/// The commands that root gives as root: to set up a desk, and to write the manual for the whole machine.
const ROOTS: [&str; 2] = [Init::NAME, Man::NAME];

/// Runs the program with `args`, the first of which is its name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    log::begin();
    // Before the configuration is read, for which others of its user can make it take long.
    if args.iter().any(|word| word == Init::NAME) {
        privilege::keep_out();
    }
    let delivers = delivers(&args);
    if !delivers && args.iter().any(|word| word == Check::NAME) {
        Check::begin_as_root();
    }
    if delivers {
        // A panic's own words could be read as a status by Postfix, or land in a bounce.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let given = args.clone();
    let ended = std::panic::catch_unwind(|| run(args, delivers));
    let status = match ended {
        Ok(Ok(status)) => status,
        Ok(Err(e)) if error::is_broken_pipe(&e) && !delivers => Status::Ok,
        Ok(Err(e)) if delivers && !std::io::stderr().is_terminal() => {
            let why = deferral(&e, &given);
            error::print(&format!("tickets: {why}"));
            deferred(&why);
            Status::TempFail
        }
        Ok(Err(e)) => {
            error::report(&e, hint(&e, &given));
            if delivers {
                deferred(&error::line(&e));
                Status::TempFail
            } else {
                error::status(&e)
            }
        }
        // Nothing turns that into a failure (A4).
        Err(_) if limits::is_all_filed() => Status::Ok,
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words
                .or(panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            let why = format!("a mistake in the program: {words}");
            error::print(&format!("tickets: {why}"));
            if delivers {
                deferred(&why);
            }
            Status::TempFail
        }
    };
    ExitCode::from(status as u8)
}

/// Says in the log that an MTA has to come again (L7).
fn deferred(why: &str) {
    let line = LogLine::default().word("deferred");
    line.text("reason", why).write(Severity::Warning);
}

/// True if an MTA may have written this command line: `deliver` stands in it, and nothing before it
/// makes it certain that another command is meant. A typing mistake of an admin's then only makes mail
/// wait (A3).
fn delivers(args: &[OsString]) -> bool {
    let mut words = args.iter().skip(1);
    if !words.clone().any(|word| word == Deliver::NAME) {
        return false;
    }
    while let Some(word) = words.next() {
        match word.to_str() {
            // The value may be missing, and `deliver` be taken for it.
            Some("--config" | "--dir") => match words.next() {
                Some(value) if value != Deliver::NAME => {}
                _ => return true,
            },
            Some(word) if word.starts_with("--config=") || word.starts_with("--dir=") => {}
            // A known command comes first: no delivery. Anything else might be a typing mistake before one.
            _ => return word == Deliver::NAME || !is_command(word),
        }
    }
    true
}

/// `tickets help` and `tickets help COMMAND` as the options that they stand for.
fn help_as_option(mut args: Vec<OsString>) -> Vec<OsString> {
    let mut at = 1;
    while let Some(word) = args.get(at).and_then(|word| word.to_str()) {
        match word {
            "--config" | "--dir" => at += 2,
            word if word.starts_with("--config=") || word.starts_with("--dir=") => at += 1,
            "help" => {
                args.remove(at);
                args.truncate(at + 1);
                args.push("--help".into());
                return args;
            }
            _ => break,
        }
    }
    args
}

fn is_command(word: &OsStr) -> bool {
    let is_it = |command: &dyn Command| word == command.name();
    let of_part = |part: &&dyn Part| part.commands().into_iter().any(is_it);
    word == "help"
        || EVERYDAY.into_iter().any(is_it)
        || UPKEEP.into_iter().any(is_it)
        || parts::BUILT_IN.iter().any(of_part)
}

/// True if a built-in part has this name.
fn is_part(name: &str) -> bool {
    parts::BUILT_IN.iter().any(|part| part.name() == name)
}

fn run(args: Vec<OsString>, delivers: bool) -> Result<Status> {
    if delivers && let Ok(mta) = FromMta::try_parse_from(&args) {
        let OnlyDeliver::Deliver(deliver) = mta.command;
        return deliver.run(&Context::of_delivery(mta.which.overrides()));
    }
    let args = help_as_option(args);
    let was_root = privilege::is_root();
    let overrides = named(&args).overrides();
    let config = match &overrides.config {
        // A pipe can be read only once: not before there is a command that wants to know.
        Some(file) if file.exists() && !file.is_file() => None,
        // These take root, who would no longer be root.
        _ if was_root
            && args
                .iter()
                .any(|word| ROOTS.iter().any(|name| word == *name)) =>
        {
            None
        }
        // What is wrong with it is the command's to complain about, if it needs it.
        _ => Some(Config::load(&overrides)),
    };
    let parts = registry(config.as_ref());
    let commands: Vec<&dyn Command> = (EVERYDAY.into_iter())
        .chain(parts.commands())
        .chain(UPKEEP)
        .collect();
    let program = Program::command().subcommands(commands.iter().map(|command| command.describe()));
    let args = commands
        .iter()
        .fold(args, |args, command| command.arrange(args));
    let given = match program.clone().try_get_matches_from(&args) {
        Ok(given) => given,
        Err(e) if !e.use_stderr() => {
            // --help and --version.
            e.print()?;
            return Ok(Status::Ok);
        }
        Err(e) => {
            return Err(misread(&e, &args, &program, &parts, config.as_ref()).into());
        }
    };
    let named = given.subcommand().and_then(|(name, given)| {
        let command = commands.iter().find(|command| command.name() == name)?;
        Some((command, given))
    });
    let Some((command, given_to_it)) = named else {
        return Err(Fault::new(Status::Usage, "no command is given").into());
    };
    let mut overrides = Which::from_arg_matches(&given)?.overrides();
    if was_root && ROOTS.contains(&command.name()) {
        let cx = Context::new(overrides, None, registry(None), program);
        return command.run(given_to_it, &cx);
    }
    let was_read = config.is_some();
    let config = config.unwrap_or_else(|| Config::load(&overrides));
    // Root is somebody else now, who has files of their own.
    if let Ok(config) = &config {
        overrides = config.overrides.clone();
    }
    let parts = match was_read {
        true => parts,
        false => registry(Some(&config)),
    };
    if let Some(part) = parts.off_with_command(command.name()) {
        let text = format!("unrecognized subcommand '{}'", command.name());
        let fault = Fault::new(Status::Usage, text);
        return Err(fault.hint(is_off(part)).into());
    }
    command.run(
        given_to_it,
        &Context::new(overrides, Some(config), parts, program),
    )
}

/// The parts, less those that the configuration switches off and with the modules that it switches on, as far as it is
/// known. What is wrong with a module only leaves that one out.
fn registry(config: Option<&Result<Config>>) -> Registry {
    let Some(Ok(config)) = config else {
        return Registry::new(parts::BUILT_IN, &[]);
    };
    let is_command = |name: &str| is_command(OsStr::new(name));
    Registry::new(parts::BUILT_IN, &config.parts_off)
        .with(outside::modules(config, is_part, is_command))
}

/// The hint for whoever asks for something of a part that is off.
fn is_off(part: &dyn Part) -> String {
    format!(
        "the part {} is switched off: `tickets modules`",
        part.name()
    )
}

/// A mistake in `args` in one line, with a hint that helps to mend it.
fn misread(
    e: &clap::Error,
    args: &[OsString],
    program: &clap::Command,
    parts: &Registry,
    config: Option<&Result<Config>>,
) -> Fault {
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
        // The text is the whole help then.
        false if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command is given".to_owned()
        }
        false => what,
    };
    let is_missing = e.kind() == ErrorKind::MissingSubcommand;
    let wrong = wrong_command(e).filter(|_| !is_missing);
    let words = || args.iter().skip(1).filter_map(|a| a.to_str());
    // What stands behind a word that is no command is none either.
    let mut names = words().take_while(|name| Some(*name) != wrong);
    // The value of an option may be called like a command.
    let leads_to_it = |command: &&clap::Command| wrong.is_none() || command.has_subcommands();
    let known = names.find_map(|name| program.find_subcommand(name));
    let mut known = known.filter(leads_to_it);
    let tip = text.lines().find_map(|l| l.trim().strip_prefix("tip: "));
    if let (Some(wrong), None) = (wrong, known) {
        if let Some(part) = parts.off_with_command(wrong) {
            return Fault::new(Status::Usage, what).hint(is_off(part));
        }
        let config_read = config.and_then(|config| config.as_ref().ok());
        if let Some(why) = config_read.and_then(|config| outside::left_out(config, wrong)) {
            return Fault::new(Status::Usage, what).hint(why);
        }
        if let (None, Some(Err(why))) = (tip, config) {
            let why = error::line(why);
            return Fault::new(Status::Usage, what)
                .hint(format!("nobody knows the commands of modules: {why}"));
        }
        if ["delete", "spam"].contains(&wrong) {
            let number = words().find(|name| name.parse::<TicketId>().is_ok());
            let number = number.unwrap_or("12");
            let hint = format!(
                "it comes later; `tickets close --quiet {number}` closes without telling anybody"
            );
            return Fault::new(Status::Usage, what).hint(hint);
        }
    }
    if is_missing && wrong_command(e) == Some(program.get_name()) {
        return Fault::new(Status::Usage, "no command is given")
            .hint("`tickets --help` shows the commands");
    }
    let mut typed = known.map_or_else(String::new, |command| command.get_name().to_owned());
    for word in names.filter(|word| !word.starts_with('-')) {
        let Some(inner) = known.and_then(|command| command.find_subcommand(word)) else {
            break;
        };
        typed.push_str(&format!(" {}", inner.get_name()));
        known = Some(inner);
    }
    // Where words of any kind are asked for, one may begin with a minus; elsewhere hardly ever.
    let takes_words = known.is_some_and(|command| {
        let mut values = command
            .get_positionals()
            .flat_map(|arg| arg.get_value_names());
        values.any(|names| names.iter().any(|name| name == "WORDS"))
    });
    // It repeats the word in quotes, for a shell that would take them for its own.
    let plain = |tip: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || " -_=.,'".contains(c);
        tip.chars().all(plain) && tip.matches('\'').count() == 4
    };
    let tip = tip.filter(|tip| !tip.starts_with("to pass ") || takes_words && plain(tip));
    let values = text.lines().find_map(|l| {
        let values = l.trim().strip_prefix("[possible values: ")?;
        values.strip_suffix(']')
    });
    let hint = match (values, tip, known) {
        (Some(values), ..) => format!("one of {values}"),
        (_, _, Some(known)) if let Some(wrong) = wrong => inner(known, &typed, wrong),
        (_, Some(tip), _) => tip.to_owned(),
        (_, _, Some(_)) => format!("`tickets {typed} --help` shows its options"),
        _ => "`tickets --help` shows the commands".to_owned(),
    };
    Fault::new(Status::Usage, what).hint(hint)
}

/// The word that stands where a command is expected, and is none.
fn wrong_command(e: &clap::Error) -> Option<&str> {
    match e.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => Some(word),
        _ => None,
    }
}

/// The hint for whoever typed `wrong` for a command of the command `known`, which was typed as `typed`.
fn inner(known: &clap::Command, typed: &str, wrong: &str) -> String {
    let shown = known.get_subcommands().filter(|it| !it.is_hide_set());
    let there: Vec<&str> = shown.map(clap::Command::get_name).collect();
    match error::nearest(wrong, &there) {
        Some(right) => format!("is `tickets {typed} {right}` meant?"),
        None => format!(
            "`tickets {typed}` lists what there is; its commands are {}",
            there.join(", ")
        ),
    }
}
