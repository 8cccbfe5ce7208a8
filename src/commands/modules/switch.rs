//! `tickets modules enable` and `disable` (G3).

use super::list::{adds, is_part};
use super::named::{asked_again, expect_no_part, expect_there, is_on, named};
use super::remarks::{remarks, warnings};
use super::toml::{Edit, switch};
use crate::commands::logged;
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::log::Severity;
use crate::module::{FindingLevel, Module, Point, found};
use crate::outbox::Mail;
use crate::part::outside::commands_of;
use crate::part::{Context, Part};
use crate::screen::{remark, say};
use anyhow::Result;

/// Switch a module on
///
/// The module is looked at first: who may write to it, its manifest, whether what it needs is in order (its point
/// `check`), and its data is set up (`setup`). If anything fails, nothing is changed. Then it is added to
/// `modules` in the configuration. One that rests, since it failed again and again, is asked again at once.
#[derive(clap::Args)]
pub(super) struct Enable {
    /// The modules
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// Switch a module off
///
/// It is taken out of `modules` in the configuration. Its data and its settings stay, and what it was not told yet
/// waits for five days, in case it is switched on again.
#[derive(clap::Args)]
pub(super) struct Disable {
    /// The modules
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// Does `one` for each of the names. What stands behind a mistake is not tried, and whoever typed it is told so.
fn each(names: &[String], one: impl Fn(&str) -> Result<Status>) -> Result<Status> {
    for (at, name) in (1..).zip(names) {
        one(name).inspect_err(|_| match &names[at..] {
            [] => {}
            rest => remark(format_args!("not tried: {}", rest.join(", "))),
        })?;
    }
    Ok(Status::Ok)
}

impl Enable {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        each(&self.names, |name| Enable::one(cx, name))
    }

    fn one(cx: &Context, name: &str) -> Result<Status> {
        let desk = cx.desk_to_write()?;
        desk.expect_open()?;
        let module = named(cx, &desk, name)?;
        let name = module.name();
        if is_part(cx, name) {
            let text = format!("module {name}: {name} is the name of a built-in part");
            return Err(Fault::new(Status::Config, text).into());
        }
        let warned = expect_well(&module)?;
        desk.set_up(&module)?;
        for it in conflicts(cx, &desk, &module) {
            remark(it);
        }
        for it in warned.into_iter().chain(remarks(&module)) {
            remark(format_args!("module {name}: {it}"));
        }
        asked_again(&desk, &module)?;
        if is_on(&desk, name) {
            say(format_args!("{name} is on already"))?;
            return Ok(Status::Ok);
        }
        let mut adds = adds(&module);
        let foreign = foreign_commands(cx, &module);
        adds.retain(|it| {
            let command = it.strip_prefix("command ");
            !foreign.iter().any(|(name, _)| command == Some(*name))
        });
        let adds = adds.join(", ");
        written(
            &desk,
            name,
            true,
            &match adds.as_str() {
                "" => format!("{name} is on"),
                adds => format!("{name} is on: {adds}"),
            },
        )
    }
}

impl Disable {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        each(&self.names, |name| Disable::one(cx, name))
    }

    fn one(cx: &Context, name: &str) -> Result<Status> {
        let desk = cx.planned_desk()?;
        if !is_on(&desk, name) {
            expect_no_part(cx, name)?;
            expect_there(&desk, name)?;
            say(format_args!("{name} is off already"))?;
            return Ok(Status::Ok);
        }
        let waits = |mail: &Mail| mail.event.as_ref().is_some_and(|it| it.observer == name);
        // Whoever may not look into the outbox is not told.
        let waiting = desk.outbox.waiting().unwrap_or_default();
        let waiting = match waiting.iter().filter(|mail| waits(mail)).count() {
            0 => String::new(),
            1 => "; 1 event waits for it, for five days".to_owned(),
            n => format!("; {n} events wait for it, for five days"),
        };
        written(&desk, name, false, &format!("{name} is off{waiting}"))
    }
}

/// Changes the configuration, and says `done`; or what is left to do for whoever may change it.
fn written(desk: &Desk, name: &str, on: bool, done: &str) -> Result<Status> {
    let Some(file) = &desk.config.file else {
        let fault = Fault::new(Status::Config, "there is no configuration file");
        return Err(fault.hint("`tickets init` writes one").into());
    };
    match switch(file, name, on)? {
        Edit::Done => {
            let word = if on { "enable" } else { "disable" };
            let line = logged::by().word(word).name("module", name);
            line.write(Severity::Info);
            say(done)?;
            Ok(Status::Ok)
        }
        Edit::Yours(why, line) => {
            say(&line)?;
            let text = format!("cannot write {}: {why}", file.display());
            let hint = "all else is done: write the line above into it, in the place of its line `modules` or above its tables";
            Err(Fault::new(Status::NoPerm, text).hint(hint).into())
        }
    }
}

/// Asks the module whether what it needs is in order. What it finds odd is returned.
fn expect_well(module: &Module) -> Result<Vec<String>> {
    if !module.manifest.has(Point::Check) {
        return Ok(Vec::new());
    }
    let name = module.name();
    let fault = |text: String| Fault::new(Status::TempFail, format!("module {name}: {text}"));
    let findings = found(module.ask_for_findings());
    let findings = findings.map_err(|why| fault(format!("check: {why}")))?;
    let warned = warnings(&findings);
    match findings
        .into_iter()
        .find(|finding| finding.level == FindingLevel::Bad)
    {
        None => Ok(warned),
        Some(bad) => Err(match bad.mend {
            Some(mend) => fault(bad.what).hint(mend),
            None => fault(bad.what),
        }
        .into()),
    }
}

/// Which of its names stay with somebody else, a line for each.
pub(super) fn conflicts(cx: &Context, desk: &Desk, module: &Module) -> Vec<String> {
    let name = module.name();
    let commands = foreign_commands(cx, module).into_iter();
    let mut said: Vec<String> = commands.map(|(_, said)| said).collect();
    let is_other = |part: &&dyn Part| part.module().is_none_or(|it| it.name() != name);
    for kind in &module.manifest.timeline.filters {
        let events = cx
            .parts
            .on()
            .filter(is_other)
            .flat_map(|part| part.events(desk));
        let mut kinds = events.flat_map(|provider| provider.kinds());
        if kinds.any(|other| other.name == kind.name) {
            let kind = &kind.name;
            said.push(format!(
                "the timeline has events {kind} already; `--events {kind}` shows both"
            ));
        }
    }
    // Of what a manifest has twice it is said once.
    said.dedup();
    said
}

/// Those of its commands that stay with somebody else, each with what is said of it.
fn foreign_commands<'m>(cx: &Context, module: &'m Module) -> Vec<(&'m str, String)> {
    let mut foreign = Vec::new();
    for entry in commands_of(module) {
        let command = &entry.name;
        let has = |part: &&dyn Part| part.commands().iter().any(|it| it.name() == command);
        let is_built_in = cx.program.find_subcommand(command).is_some()
            || cx.parts.off_with_command(command).is_some()
            || command == "help";
        let whose = match cx.parts.on().find(has).and_then(|part| part.module()) {
            Some(other) if other.name() == module.name() => continue,
            Some(other) => format!("that of the module {}", other.name()),
            None if is_built_in => "the one that is built in".to_owned(),
            None => continue,
        };
        foreign.push((
            command.as_str(),
            format!("the command {command} stays {whose}"),
        ));
    }
    foreign
}
