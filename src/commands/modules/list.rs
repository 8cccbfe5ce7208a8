//! The list of parts and modules.

use crate::desk::Desk;
use crate::error::{Status, harmless};
use crate::module::{Health, Module, Point, names};
use crate::part::outside::commands_of;
use crate::part::{Context, Part};
use crate::screen::{self, cut, fit};
use crate::ticket::when::rfc3339;
use anyhow::Result;
use serde::Serialize;

/// The most columns of the place where a module is from.
const FROM: usize = 40;

/// A part or module. As a line of `--json`, its fields are a promise to those who read it.
#[derive(Default, Serialize)]
struct PartObject {
    name: String,
    version: String,
    state: &'static str,
    from: String,
    adds: Vec<String>,
    summary: String,
    /// Why it is broken, or what of it is left out.
    why: Option<String>,
    last_fault: Option<String>,
    last_fault_at: Option<String>,
    rests_until: Option<String>,
    /// The same for people.
    #[serde(skip)]
    fault: Option<String>,
}

/// Prints all parts and modules.
pub(super) fn list(cx: &Context, json: bool) -> Result<Status> {
    let desk = cx.planned_desk()?;
    let rows = rows(cx, &desk);
    if json {
        for row in &rows {
            screen::say(serde_json::to_string(row)?)?;
        }
        return Ok(Status::Ok);
    }
    let screen = screen::width();
    let width = |of: fn(&PartObject) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (name, version) = (width(|o| o.name.len()), width(|o| o.version.len().min(12)));
    let (state, adds) = (
        width(|o| o.state.len()).max(3),
        width(|o| o.adds.join(", ").len()),
    );
    let most = screen.map_or(FROM, |screen| (screen / 4).min(FROM));
    let from = width(|o| o.from.chars().count()).min(most);
    for row in &rows {
        let line = format!(
            "{:name$}  {}  {:state$}  {}  {:adds$}  {}",
            row.name,
            fit(&row.version, version),
            row.state,
            fit(&row.from, from),
            row.adds.join(", "),
            row.summary,
        );
        let below = [&row.why, &row.fault];
        let below = below
            .into_iter()
            .flatten()
            .map(|text| format!("    {text}"));
        for line in [line].into_iter().chain(below) {
            let line = harmless(&line);
            screen::say(match screen {
                Some(screen) => cut(line.trim_end(), screen),
                None => line.trim_end().to_owned(),
            })?;
        }
    }
    Ok(Status::Ok)
}

/// The built-in parts, the modules that are on in the order in which they are asked, and those that are off.
fn rows(cx: &Context, desk: &Desk) -> Vec<PartObject> {
    let built_in = cx.parts.all().filter(|(part, _)| part.module().is_none());
    let mut rows: Vec<PartObject> = built_in.map(|(part, on)| of_part(part, on, desk)).collect();
    let config = &desk.config;
    let is_on = |name: &String| config.modules.iter().any(|on| on.name == *name);
    rows.extend(
        config
            .modules
            .iter()
            .map(|on| of_module(cx, desk, &on.name, true)),
    );
    let found = names(&config.modules_path()).into_iter();
    rows.extend(
        found
            .filter(|name| !is_on(name))
            .map(|name| of_module(cx, desk, &name, false)),
    );
    rows
}

fn of_part(part: &dyn Part, on: bool, desk: &Desk) -> PartObject {
    let commands = part.commands().into_iter();
    let mut adds: Vec<String> = commands.map(|c| format!("command {}", c.name())).collect();
    let events = part.events(desk);
    adds.extend(events_of(
        events.iter().map(|provider| provider.kinds().len()).sum(),
    ));
    adds.extend(part.is_observer().then(|| "observer".to_owned()));
    let jobs = part.jobs().len();
    adds.extend((jobs > 0).then(|| screen::plural(jobs, "job")));
    PartObject {
        name: part.name().into(),
        version: part.version().into(),
        state: if on { "on" } else { "off" },
        from: "built in".into(),
        adds,
        summary: part.summary().into(),
        ..PartObject::default()
    }
}

fn events_of(kinds: usize) -> Option<String> {
    (kinds > 0).then(|| screen::plural(kinds, "timeline event"))
}

fn of_module(cx: &Context, desk: &Desk, name: &str, on: bool) -> PartObject {
    let module = match desk.config.module(name) {
        Ok(module) => module,
        Err(why) => {
            return PartObject {
                name: name.into(),
                version: "-".into(),
                state: if on { "broken" } else { "off" },
                from: "-".into(),
                why: Some(why),
                ..PartObject::default()
            };
        }
    };
    let health = module.home.state();
    let now = desk.now();
    let rests = health.rests(now);
    let taken = taken(cx, &module);
    let (state, why) = match module.expect_data() {
        _ if !on => ("off", None),
        _ if is_part(cx, name) => (
            "broken",
            Some(format!("{name} is the name of a built-in part")),
        ),
        Err(why) => ("needs upgrade", Some(why)),
        Ok(()) if rests => ("resting", taken),
        Ok(()) => ("on", taken),
    };
    let shelf = module.dir.parent().unwrap_or(&module.dir);
    PartObject {
        name: name.into(),
        version: module.manifest.version.clone(),
        state,
        from: shelf.display().to_string(),
        adds: adds(&module),
        summary: module.manifest.summary.clone(),
        why,
        last_fault_at: health.last_fault_at.map(rfc3339),
        rests_until: health.rests_until.filter(|_| rests).map(rfc3339),
        fault: fault(&health, rests),
        last_fault: health.last_fault,
    }
}

/// What it does not get because somebody else has it.
fn taken(cx: &Context, module: &Module) -> Option<String> {
    let has = |part: &dyn Part, name: &str| part.commands().iter().any(|it| it.name() == name);
    let is_own = |part: &dyn Part| part.module().is_some_and(|it| it.name() == module.name());
    let without = |name: &str| !cx.parts.on().any(|part| is_own(part) && has(part, name));
    let commands = commands_of(module).iter().map(|entry| entry.name.as_str());
    let taken: Vec<&str> = commands.filter(|name| without(name)).collect();
    (!taken.is_empty()).then(|| {
        let taken = taken.join(", ");
        format!("without the command {taken}: there is one of that name already")
    })
}

/// True if a built-in part has this name.
pub(super) fn is_part(cx: &Context, name: &str) -> bool {
    let mut built_in = cx.parts.all().filter(|(part, _)| part.module().is_none());
    built_in.any(|(part, _)| part.name() == name)
}

/// What went wrong last, and until when it therefore rests.
fn fault(health: &Health, rests: bool) -> Option<String> {
    let at = health.last_fault_at.map(screen::when).unwrap_or_default();
    let fault = format!("{at}: {}", health.last_fault.as_ref()?);
    Some(match health.rests_until {
        Some(until) if rests => format!("rests until {}; {fault}", screen::when(until)),
        _ => format!("last fault {fault}"),
    })
}

/// What a module adds to the desk.
pub(super) fn adds(module: &Module) -> Vec<String> {
    let manifest = &module.manifest;
    let mut adds = Vec::new();
    for point in manifest.points() {
        match point {
            Point::Command => {
                adds.extend(
                    manifest
                        .commands
                        .iter()
                        .map(|it| format!("command {}", it.name)),
                );
            }
            Point::Timeline => adds.extend(events_of(manifest.timeline.filters.len())),
            Point::Job => adds.extend(manifest.jobs.iter().map(|it| format!("job {}", it.name))),
            Point::Page => adds.extend(manifest.pages.iter().map(|it| format!("page {}", it.path))),
            Point::Verb => adds.extend(manifest.verbs.iter().map(|it| format!("verb {}", it.name))),
            // It makes what the others need.
            Point::Setup => {}
            Point::Filter | Point::Observer | Point::Check => adds.push(point.word().into()),
        }
    }
    let unknown = manifest.unknown_points();
    adds.extend(unknown.map(|word| format!("{} (unknown here)", crate::module::clean(word, 32))));
    adds
}
