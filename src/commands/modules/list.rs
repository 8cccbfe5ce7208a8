//! The list of parts and modules.

use super::table::{Row, lines};
use crate::desk::Desk;
use crate::error::Status;
use crate::module::{Health, Module, Point, names};
use crate::part::outside::commands_of;
use crate::part::{Context, Part};
use crate::screen;
use crate::ticket::when::rfc3339;
use anyhow::Result;
use nix::unistd::{Uid, User};
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;

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
    /// The same for people, as far as it is not over.
    #[serde(skip)]
    fault: Vec<String>,
}

/// Prints all parts and modules.
pub(super) fn list(cx: &Context, json: bool) -> Result<Status> {
    let desk = cx.planned_desk()?;
    desk.expect_open()?;
    let rows = rows(cx, &desk);
    if json {
        for row in &rows {
            screen::say(serde_json::to_string(row)?)?;
        }
        return Ok(Status::Ok);
    }
    let me = User::from_uid(Uid::effective()).ok().flatten();
    let home = me.map(|me| me.dir);
    let rows = rows.into_iter().map(|it| it.row(home.as_deref())).collect();
    for line in lines(rows, screen::width()) {
        screen::say(line)?;
    }
    Ok(Status::Ok)
}

impl PartObject {
    /// The same for people. A path below `home`, that of the desk's user, is written as in the configuration.
    fn row(self, home: Option<&Path>) -> Row {
        let below = home.and_then(|home| Path::new(&self.from).strip_prefix(home).ok());
        Row {
            name: self.name,
            version: self.version,
            state: self.state.into(),
            from: below.map_or_else(
                || self.from.clone(),
                |below| format!("~/{}", below.display()),
            ),
            adds: self.adds,
            summary: self.summary,
            remarks: self.why.into_iter().chain(self.fault).collect(),
        }
    }
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
    let rests = on && module.rests(now);
    let taken = taken(cx, &module);
    let (state, why) = match module.expect_data() {
        _ if !on => ("off", None),
        _ if is_part(cx, name) => (
            "broken",
            Some(format!("{name} is the name of a built-in part")),
        ),
        Err(why) => (module.data_state(), Some(why)),
        Ok(()) if rests => ("resting", taken),
        Ok(()) if health.fails() => ("failing", taken),
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
        fault: match on {
            true => fault(&health, rests, name),
            false => Vec::new(),
        },
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

/// What goes wrong with it now, and until when it therefore rests.
fn fault(health: &Health, rests: bool, name: &str) -> Vec<String> {
    // Else it works again.
    let fault = health.last_fault.as_ref().filter(|_| health.fails());
    let Some(fault) = fault else {
        return Vec::new();
    };
    let at = health.last_fault_at.map(screen::when).unwrap_or_default();
    match health.rests_until.map(screen::when) {
        Some(until) if rests => vec![
            format!("rests until {until}; last fault {at}: {fault}"),
            format!("mended? `tickets modules enable {name}` asks it again at once"),
        ],
        _ => vec![format!("last fault {at}: {fault}")],
    }
}

/// What a module adds to the desk.
pub(super) fn adds(module: &Module) -> Vec<String> {
    let manifest = &module.manifest;
    let mut adds = Vec::new();
    let kinds: HashSet<&String> = manifest
        .timeline
        .filters
        .iter()
        .map(|it| &it.name)
        .collect();
    for point in manifest.points() {
        let mut named = |names: &mut dyn Iterator<Item = &String>| {
            for name in names {
                let it = format!("{point} {name}");
                if !adds.contains(&it) {
                    adds.push(it);
                }
            }
        };
        match point {
            Point::Command => named(&mut manifest.commands.iter().map(|it| &it.name)),
            Point::Timeline => adds.extend(events_of(kinds.len())),
            Point::Job => named(&mut manifest.jobs.iter().map(|it| &it.name)),
            Point::Page => named(&mut manifest.pages.iter().map(|it| &it.path)),
            Point::Verb => named(&mut manifest.verbs.iter().map(|it| &it.name)),
            // It makes what the others need.
            Point::Setup => {}
            Point::Filter | Point::Observer | Point::Check => adds.push(point.word().into()),
        }
    }
    let unknown = manifest.unknown_points();
    adds.extend(unknown.map(|word| format!("{} (unknown here)", crate::module::clean(word, 32))));
    adds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_home_is_short() {
        let home = Some(Path::new("/home/ann"));
        for (from, home, want) in [
            (
                "/home/ann/.config/tickets/modules",
                home,
                "~/.config/tickets/modules",
            ),
            ("/home/anna/modules", home, "/home/anna/modules"),
            ("/home/ann/x", None, "/home/ann/x"),
            ("built in", home, "built in"),
        ] {
            let object = PartObject {
                from: from.into(),
                ..PartObject::default()
            };
            assert_eq!(object.row(home).from, want);
        }
    }
}
