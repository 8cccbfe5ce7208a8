//! Modules as parts: what a module brings stands beside what is built in (G4).

mod events;
mod jobs;

use crate::config::Config;
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::module::{Failure, Module, NamedEntry, Point, Switched, claims, names};
use crate::part::{Command, Context, Job, Part};
use crate::privilege;
use crate::ticket::timeline::Provider;
use anyhow::Result;
use clap::{Arg, ArgMatches};
use events::ModuleEvents;
pub use events::judged;
pub use jobs::{Idle, IdleJob, MODULE_OFF, idle_jobs, job_left_out, resting};
use jobs::{OutsideJob, jobs_of};
use nix::unistd::{AccessFlags, access};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

/// The variables that tell how to show things, and with which programs: a command of a module has the terminal.
const OF_TERMINAL: [&str; 9] = [
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "PAGER",
    "VISUAL",
    "EDITOR",
    "LESS",
];

/// A module as a part.
struct Outside {
    module: &'static Module,
    commands: Vec<OutsideCommand>,
    jobs: Vec<OutsideJob>,
}

/// A subcommand of a module.
struct OutsideCommand {
    module: &'static Module,
    name: &'static str,
    summary: &'static str,
}

/// The modules that are switched on and may be asked, as parts. A name that is taken, as `is_part` and `is_command` and
/// the modules before say, stays with whoever has it. They live as long as the program.
pub fn modules(
    config: &Config,
    is_part: impl Fn(&str) -> bool,
    is_command: impl Fn(&str) -> bool,
) -> Vec<&'static dyn Part> {
    let mut parts: Vec<&'static dyn Part> = Vec::new();
    let mut given: Vec<&'static str> = Vec::new();
    let ready = config.modules_on().into_iter().flatten();
    for module in ready.filter(|module| !is_part(module.name())) {
        let module: &'static Module = Box::leak(Box::new(module));
        let mut commands = Vec::new();
        for entry in commands_of(module) {
            if !is_command(&entry.name) && !given.contains(&entry.name.as_str()) {
                given.push(&entry.name);
                commands.push(OutsideCommand {
                    module,
                    name: &entry.name,
                    summary: &entry.summary,
                });
            }
        }
        parts.push(Box::leak(Box::new(Outside {
            module,
            commands,
            jobs: jobs_of(module),
        })));
    }
    parts
}

/// Why there is no subcommand of this name, if a module would have it that may not be asked, or is switched off.
pub fn left_out(config: &Config, command: &str) -> Option<String> {
    let path = config.modules_path();
    let claims_it = |name: &str| {
        let manifest = claims(&path, name).filter(|it| it.has(Point::Command));
        manifest.is_some_and(|it| it.commands.iter().any(|entry| entry.name == command))
    };
    let of_one_on = config.modules.iter().find_map(|on| {
        let why = match config.module(&on.name) {
            Ok(module) => {
                let has = commands_of(&module).iter().any(|it| it.name == command);
                has.then(|| module.expect_data().err()).flatten()?
            }
            Err(why) if on.name == command || claims_it(&on.name) => why,
            Err(_) => return None,
        };
        Some(format!("the module {} is left out: {why}", on.name))
    });
    let of_one_off = || {
        let is_on = |name: &String| config.modules.iter().any(|on| on.name == *name);
        let mut off = names(&path).into_iter().filter(|name| !is_on(name));
        let name = off.find(|name| claims_it(name))?;
        Some(format!(
            "the module {name} is off: `tickets modules enable {name}`"
        ))
    };
    of_one_on.or_else(of_one_off)
}

/// A module whose events are missing in the timeline.
pub struct EventsLeftOut {
    /// The kinds of its events; `None` if nobody can say whether it has any.
    pub kinds: Option<Vec<String>>,
    /// Why, in one line.
    pub missing: String,
}

/// The modules that are switched on, and whose events are left out since they may not be asked.
pub fn events_left_out(config: &Config) -> Vec<EventsLeftOut> {
    let left_out = |on: &Switched| {
        let (manifest, why) = match config.module(&on.name) {
            Ok(module) => (Some(module.manifest.clone()), module.expect_data().err()?),
            Err(why) => (claims(&config.modules_path(), &on.name), why),
        };
        if manifest.as_ref().is_some_and(|it| !it.has(Point::Timeline)) {
            return None;
        }
        let kinds = manifest.map(|it| {
            let filters = it.timeline.filters.into_iter();
            filters.map(|kind| kind.name).collect()
        });
        Some(EventsLeftOut {
            kinds,
            missing: format!("events of the module {} are missing: {why}", on.name),
        })
    };
    config.modules.iter().filter_map(left_out).collect()
}

/// The subcommands that a module would have if nobody else had their names.
pub fn commands_of(module: &Module) -> &[NamedEntry] {
    match module.manifest.has(Point::Command) {
        true => &module.manifest.commands,
        false => &[],
    }
}

impl Part for Outside {
    fn name(&self) -> &str {
        self.module.name()
    }

    fn summary(&self) -> &str {
        &self.module.manifest.summary
    }

    fn version(&self) -> &str {
        &self.module.manifest.version
    }

    fn module(&self) -> Option<&Module> {
        Some(self.module)
    }

    fn commands(&self) -> Vec<&dyn Command> {
        self.commands
            .iter()
            .map(|command| command as &dyn Command)
            .collect()
    }

    fn jobs(&self) -> Vec<&dyn Job> {
        self.jobs.iter().map(|job| job as &dyn Job).collect()
    }

    fn events<'a>(&'a self, desk: &'a Desk) -> Vec<Box<dyn Provider + 'a>> {
        match self.module.manifest.has(Point::Timeline) {
            true => vec![Box::new(ModuleEvents {
                module: self.module,
                desk,
                now: desk.now(),
            })],
            false => Vec::new(),
        }
    }
}

impl Command for OutsideCommand {
    fn name(&self) -> &str {
        self.name
    }

    fn describe(&self) -> clap::Command {
        let words = Arg::new("arguments")
            .value_name("ARGUMENTS")
            .help("What they may be, the module says")
            .num_args(0..)
            .last(true)
            .value_parser(clap::value_parser!(OsString));
        let from = format!(
            "{}\n\nIt comes from the module {}.",
            self.summary,
            self.module.name()
        );
        clap::Command::new(self.name)
            .about(self.summary)
            .long_about(from)
            .disable_help_flag(true)
            .arg(words)
    }

    /// All words behind it are the module's, except for those that say which desk it is.
    fn arrange(&self, args: Vec<OsString>) -> Vec<OsString> {
        let (mut before, mut own) = (Vec::new(), None);
        let mut words = args.iter();
        before.extend(words.next().cloned());
        let mut ended = false;
        while let Some(word) = words.next() {
            if !ended && names_desk(word) {
                before.push(word.clone());
                if word == "--config" || word == "--dir" {
                    before.extend(words.next().cloned());
                }
                continue;
            }
            match &mut own {
                None if word == self.name => own = Some(Vec::new()),
                None => return args,
                Some(own) => {
                    ended |= word == "--";
                    own.push(word.clone());
                }
            }
        }
        let Some(own) = own else {
            return args;
        };
        before.extend([OsString::from(self.name), "--".into()]);
        before.extend(own);
        before
    }

    fn run(&self, given: &ArgMatches, cx: &Context) -> Result<Status> {
        cx.desk()?.expect_store()?;
        let args = given.get_many::<OsString>("arguments");
        Err(become_command(
            self.module,
            self.name,
            args.into_iter().flatten(),
        ))
    }
}

/// Becomes the program of a module, for its command `name`. It runs where the caller stands, since its arguments may
/// name files there. Returns why it did not.
pub fn become_command<A: AsRef<OsStr>>(
    module: &Module,
    name: &str,
    args: impl Iterator<Item = A>,
) -> anyhow::Error {
    let cannot = |why: Failure| {
        let text = format!("cannot run the module {}: {why}", module.name());
        let hint = format!("`tickets modules check {}`", module.name());
        Fault::new(Status::Config, text).hint(hint).into()
    };
    let settings = module.settings();
    let mut command = match module.command(Point::Command) {
        Ok(command) => command,
        Err(why) => return cannot(why),
    };
    command
        .arg(name)
        .args(args)
        .env("TICKETS_SETTINGS", settings)
        .stdin(Stdio::inherit());
    if let Some(login) = privilege::caller() {
        command.env(privilege::OPERATOR, login);
    }
    for (name, value) in std::env::vars_os().filter(|(name, _)| is_of_terminal(name)) {
        command.env(name, value);
    }
    if access(".", AccessFlags::X_OK).is_ok() {
        command.current_dir(".");
    }
    let e = command.exec();
    cannot(module.unstarted(e))
}

/// True for an option that says which desk it is.
fn names_desk(word: &OsStr) -> bool {
    ["--config", "--dir"].iter().any(|option| {
        let rest = word.to_str().and_then(|word| word.strip_prefix(option));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

fn is_of_terminal(name: &OsStr) -> bool {
    OF_TERMINAL.iter().any(|known| name == *known)
}
