//! Parts: what can be switched off, and the points at which a part joins in.
//!
//! Taking in, filing and answering a message is no part: it cannot be switched off, is never looked
//! up here, and runs without this table. Everything else that the program offers is listed by a
//! [`Part`], and the rest of the program knows parts only through the traits of this file (and
//! [`Provider`], the point of the timeline). A part that is off adds nothing anywhere.

mod again;
mod built_in;
mod finding;
pub mod outside;
mod times;

use crate::config::{Config, Overrides};
use crate::desk::build::NoFollower;
use crate::desk::{Desk, Watch};
use crate::error::Status;
use crate::module::Module;
use crate::ticket::timeline::Provider;
use again::Again;
use anyhow::Result;
pub use built_in::BuiltIn;
use clap::ArgMatches;
pub use finding::Finding;
use finding::no_such_part;
use std::cell::Cell;
use std::ffi::OsString;
pub use times::{JobDue, JobTimes};

/// One part. It names what it adds at each point; what it does not name, it does not have.
///
/// A new part is a folder below `src/parts` and its name in the table there; `tests/hello` is a small
/// one, with a command and lines in the timeline.
pub trait Part: Sync {
    /// One lower-case word, unique among the parts; the configuration switches it off by this name.
    fn name(&self) -> &str;

    /// What it is for, in a few words.
    fn summary(&self) -> &str;

    /// Its version; that of the program unless it comes from outside.
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// The module that it is, if it comes from outside.
    fn module(&self) -> Option<&Module> {
        None
    }

    /// Its subcommands.
    fn commands(&self) -> Vec<&dyn Command> {
        Vec::new()
    }

    /// Where its lines in the timeline of `desk` come from.
    fn events<'a>(&'a self, _desk: &'a Desk) -> Vec<Box<dyn Provider + 'a>> {
        Vec::new()
    }

    /// True if it is told of what happens in tickets, by an observer of the desk.
    fn is_observer(&self) -> bool {
        false
    }

    /// What it does at times of its own.
    fn jobs(&self) -> Vec<&dyn Job> {
        Vec::new()
    }

    /// True if the configuration says something that nobody but this part heeds.
    fn is_configured(&self, _config: &Config) -> bool {
        false
    }

    /// Looks whether the configuration says of it what it can use; a mistake (78) keeps no mail waiting.
    fn check_config(&self, _config: &Config, _parts: &Registry) -> Result<()> {
        Ok(())
    }

    /// What is wrong with it, for everybody who lists tickets on the shell. To find out costs next to nothing.
    fn remark(&self, _desk: &Desk) -> Option<String> {
        None
    }

    /// What `tickets check` is to say of it.
    fn findings(&self, _desk: &Desk, _parts: &Registry) -> Vec<Finding> {
        Vec::new()
    }

    /// What `tickets check` is to say of it while it is off: what would be its own to see to, and is there all the same.
    fn findings_off(&self, _desk: &Desk) -> Vec<Finding> {
        Vec::new()
    }

    /// Makes the index of `desk` anew, together with what the part keeps of every message, in one pass
    /// over the mboxes; `None` if it keeps nothing. One part at most does.
    fn rebuild_index(&self, _desk: &mut Desk, _watch: Watch) -> Option<Result<()>> {
        None
    }
}

/// What a desk does at times of its own, without anybody's asking (I1). It may be killed at any moment, and be run again
/// for the same time.
pub trait Job: Sync {
    /// Its name: the first word of `run` in a table `[job.NAME]`.
    fn name(&self) -> &str;

    /// What it does, in a few words.
    fn summary(&self) -> &str;

    /// When it runs on a desk whose configuration has no table `[job.NAME]` for it, and for how long.
    fn times(&self, _config: &Config) -> JobTimes {
        JobTimes::default()
    }

    /// Looks whether these are arguments for it; the error says in half a sentence why they are none.
    fn check(&self, args: &[String]) -> Result<(), String> {
        let is_empty = args.is_empty().then_some(());
        is_empty.ok_or_else(|| "it takes no arguments".to_owned())
    }

    /// Does it. Returns a line that says what was done; after an error it is tried again at its next time.
    fn run(&self, args: &[String], cx: &Context, due: JobDue) -> Result<String>;
}

/// A subcommand.
pub trait Command: Sync {
    /// Its name, as it is typed.
    fn name(&self) -> &str;

    /// Its options, and its help.
    fn describe(&self) -> clap::Command;

    /// Changes the arguments of the whole program before they are parsed, where its own are written
    /// in a way that the parser does not know.
    fn arrange(&self, args: Vec<OsString>) -> Vec<OsString> {
        args
    }

    /// Runs it with the options that were `given`.
    ///
    /// # Errors
    /// As the command says; [`crate::error::status`] makes an exit status of it.
    fn run(&self, given: &ArgMatches, cx: &Context) -> Result<Status>;
}

/// The options of a built-in subcommand, and what it does with them. Whoever writes one implements this
/// trait, and puts [`BuiltIn::COMMAND`] in a table.
pub trait Run: clap::Args {
    /// Its name, as it is typed.
    const NAME: &'static str;

    /// It only reads the store, and prints nothing before it has read all that it needs of the index. So
    /// it works on a disk that is full or may only be read, too: it is begun anew, with an index of its
    /// own elsewhere.
    const READS: bool = false;

    /// See [`Command::arrange`].
    fn arrange(args: Vec<OsString>) -> Vec<OsString> {
        args
    }

    /// Runs it.
    ///
    /// # Errors
    /// See [`Command::run`].
    fn run(self, cx: &Context) -> Result<Status>;
}

/// The parts of a desk, and which of them are on.
#[derive(Default)]
pub struct Registry {
    parts: Vec<(&'static dyn Part, bool)>,
    /// What was to be off and is no part.
    unknown: Option<String>,
}

impl Registry {
    /// These parts, all of them on but those that are named in `off`.
    pub fn new(parts: &[&'static dyn Part], off: &[String]) -> Registry {
        let is_off = |part: &dyn Part| off.iter().any(|name| name == part.name());
        let is_part = |name: &&String| parts.iter().any(|part| part.name() == *name);
        Registry {
            parts: parts.iter().map(|&part| (part, !is_off(part))).collect(),
            unknown: off.iter().find(|name| !is_part(name)).cloned(),
        }
    }

    /// The same, and the parts from outside, which are on.
    #[must_use]
    pub fn with(mut self, outside: Vec<&'static dyn Part>) -> Registry {
        self.parts
            .extend(outside.into_iter().map(|part| (part, true)));
        self
    }

    /// Looks whether the configuration switches off what there is, and says what the parts that are on can use.
    ///
    /// # Errors
    /// Status 78 if it names a part that does not exist, or as [`Part::check_config`] says.
    pub fn check(&self, config: &Config) -> Result<()> {
        if let Some(odd) = &self.unknown {
            let built_in = self.all().filter(|(part, _)| part.module().is_none());
            return Err(no_such_part(odd, built_in.map(|(part, _)| part.name())).into());
        }
        // Whether that part is on or not.
        config.expect_alerts()?;
        self.on()
            .try_for_each(|part| part.check_config(config, self))
    }

    /// Every part, and whether it is on.
    pub fn all(&self) -> impl Iterator<Item = (&'static dyn Part, bool)> {
        self.parts.iter().copied()
    }

    /// The parts that are on.
    pub fn on(&self) -> impl Iterator<Item = &'static dyn Part> {
        self.all().filter(|&(_, on)| on).map(|(part, _)| part)
    }

    /// The subcommands of all parts that are on.
    pub fn commands(&self) -> Vec<&'static dyn Command> {
        self.on().flat_map(Part::commands).collect()
    }

    /// What lists have to say of the parts that are on.
    pub fn remarks(&self, desk: &Desk) -> impl Iterator<Item = String> {
        self.on().filter_map(|part| part.remark(desk))
    }

    /// What the parts have to say to `tickets check`.
    pub fn findings(&self, desk: &Desk) -> Vec<Finding> {
        self.all()
            .flat_map(|(part, on)| match on {
                true => part.findings(desk, self),
                false => part.findings_off(desk),
            })
            .collect()
    }

    /// The parts that are off though the configuration says what they are to do.
    pub fn off_though_configured(&self, config: &Config) -> Vec<&'static dyn Part> {
        let off = self
            .all()
            .filter(|&(part, on)| !on && part.is_configured(config));
        off.map(|(part, _)| part).collect()
    }

    /// Makes the index of `desk` anew, and what the parts that are on keep beside it.
    ///
    /// # Errors
    /// A database, or a ticket that is there, cannot be read or written.
    pub fn rebuild_index(&self, desk: &mut Desk, watch: Watch) -> Result<()> {
        let followed = self.on().find_map(|part| part.rebuild_index(desk, watch));
        followed.unwrap_or_else(|| desk.rebuild::<NoFollower>(watch))
    }

    /// The part that is off and has what is asked for.
    pub fn off_with(&self, has: impl Fn(&dyn Part) -> bool) -> Option<&'static dyn Part> {
        let mut off = self.all().filter(|&(_, on)| !on).map(|(part, _)| part);
        off.find(|&part| has(part))
    }

    /// The part that is off and has a subcommand of this name.
    pub fn off_with_command(&self, name: &str) -> Option<&'static dyn Part> {
        self.off_with(|part| part.commands().iter().any(|c| c.name() == name))
    }
}

/// What a command may touch. It is made once, when the program starts; time is asked of the desk
/// for each operation, since some commands live long.
#[derive(Default)]
pub struct Context {
    /// What the command line and the environment say about the configuration.
    pub overrides: Overrides,
    /// The parts that are on.
    pub parts: Registry,
    /// The program as it is described to people and to the shell.
    pub program: clap::Command,
    /// The configuration as it was read to find the parts; whoever opens the desk first takes it.
    config: Cell<Option<Result<Config>>>,
    /// Why a command that reads was begun anew.
    again: Again,
}

impl Context {
    /// The context of a delivery: no table is built for it.
    pub fn of_delivery(overrides: Overrides) -> Context {
        Context {
            overrides,
            ..Context::default()
        }
    }

    /// The context of a command; `config` is what was read on the way to it, if anything was.
    pub fn new(
        overrides: Overrides,
        config: Option<Result<Config>>,
        parts: Registry,
        program: clap::Command,
    ) -> Context {
        Context {
            overrides,
            parts,
            program,
            config: Cell::new(config),
            again: Again::default(),
        }
    }

    /// The configuration: once as it was read at the start, later as it is now.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn config(&self) -> Result<Config> {
        match self.config.take() {
            Some(config) => config,
            None => Config::load(&self.overrides),
        }
    }

    /// The desk as it is; nothing is created.
    ///
    /// # Errors
    /// The configuration cannot be read, or is wrong. Status 66 if it is lost, or if a store that was named does not exist.
    pub fn desk(&self) -> Result<Desk> {
        let desk = self.planned_desk()?;
        match desk.config.dir_named || desk.config.lost().is_some() {
            true => desk.expect_store().map(|()| desk),
            false => Ok(desk),
        }
    }

    /// The same, whether there is a store or not: for what needs none, or is going to make it.
    ///
    /// # Errors
    /// The configuration cannot be read, or is wrong.
    pub fn planned_desk(&self) -> Result<Desk> {
        let (desk, wrong) = self.desk_to_check()?;
        wrong.map_or(Ok(desk), Err)
    }

    /// The same, and a mistake in the configuration that keeps no mail waiting.
    ///
    /// # Errors
    /// As for [`Context::desk_for_mta`].
    pub fn desk_to_check(&self) -> Result<(Desk, Option<anyhow::Error>)> {
        let mut desk = self.desk_for_mta()?;
        let wrong = self.parts.check(&desk.config).err();
        if self.again.needs_index_elsewhere() && wrong.is_none() {
            desk.put_index_elsewhere()?;
        }
        Ok((desk, wrong))
    }

    /// True if a command that reads failed so because of the index, and may be begun anew: with this, or one of its own.
    fn begins_anew(&self, error: &anyhow::Error) -> bool {
        self.again.may_help(error, || self.desk())
    }

    /// The same for what an MTA asks before it takes a mail: a mistake about parts keeps no mail waiting.
    ///
    /// # Errors
    /// The configuration cannot be read, or what it says about mail is wrong.
    pub fn desk_for_mta(&self) -> Result<Desk> {
        Desk::look(self.config()?)
    }

    fn checked_config(&self) -> Result<Config> {
        let config = self.config()?;
        self.parts.check(&config).map(|()| config)
    }

    /// The desk, and a store that is ready to be written to. What looks for a ticket in the wrong place
    /// leaves no store there.
    ///
    /// # Errors
    /// As for [`Context::desk`]; status 66 if there is no store.
    pub fn desk_to_write(&self) -> Result<Desk> {
        Desk::open_existing(self.checked_config()?)
    }

    /// The same for what sends mail: see [`Context::desk_for_mta`].
    ///
    /// # Errors
    /// As for [`Context::desk_for_mta`]; status 66 if there is no store.
    pub fn desk_to_write_for_mta(&self) -> Result<Desk> {
        Desk::open_existing(self.config()?)
    }

    /// The desk, and a store that is made if there is none: for what brings tickets.
    ///
    /// # Errors
    /// As for [`Context::desk`], or the store cannot be created.
    pub fn desk_to_fill(&self) -> Result<Desk> {
        Desk::open_to_fill(self.checked_config()?)
    }
}
