//! The modules that are switched on: whether they may be asked, and what they say of themselves.

use super::diagnosis::{Diagnosis, Level};
use crate::commands::modules::remarks::oddities;
use crate::desk::Desk;
use crate::error::nearest;
use crate::module::{self, Asking, Failure, FindingLevel, MANIFEST, Module, Point};
use crate::screen;

/// Keys of the desk that no module is likely to have, and which may have been put below its table by mistake.
const OF_THE_DESK: [&str; 6] = [
    "modules",
    "modules_path",
    "admins",
    "authserv_id",
    "address_secret",
    "ping_token_file",
];

/// Looks at each module. All are asked at the same time.
pub(super) fn look(desk: &Desk) -> Vec<Diagnosis> {
    let names = desk.config.modules.iter().map(|on| &on.name);
    let begun = names.zip(desk.config.modules_on()).map(|(name, module)| {
        let module = module.map_err(|why| (name, why));
        module.map(|module| {
            // Nothing is made where there is no store yet.
            let asks = module.manifest.has(Point::Check) && desk.config.dir.is_dir();
            let asked = asks.then(|| module.ask_for_findings());
            (module, asked)
        })
    });
    let begun: Vec<_> = begun.collect();
    let mut found = misplaced(desk);
    for module in begun {
        match module {
            // Mail is filed without it.
            Err((name, why)) => {
                let mend = mend_of(desk, name, &why);
                let warning = Diagnosis::warn(why);
                found.push(match mend {
                    Some(mend) => warning.mend(mend),
                    None => warning,
                });
            }
            Ok((module, asked)) => found.extend(of_module(desk, &module, asked)),
        }
    }
    found
}

/// What the configuration says of modules and comes to nothing: directories in which none is looked for, and settings
/// that no module gets: in the table of one that is not there, or which are the desk's own.
fn misplaced(desk: &Desk) -> Vec<Diagnosis> {
    let config = &desk.config;
    let names = module::names(&config.modules_path());
    let there: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = config.file_to_edit();
    let mut found = Vec::new();
    for (dir, why) in config.modules_path_left_out() {
        let dir = dir.display();
        let text = format!("modules_path: no module is looked for in {dir}: {why}");
        found.push(Diagnosis::warn(text).mend(format!("another directory in {file}")));
    }
    for name in config.only_settings().map(|it| &it.name) {
        if !names.contains(name) {
            let text = format!("[module.{name}]: there is no module {name}, so this says nothing");
            let warning = Diagnosis::warn(text);
            found.push(match nearest(name, &there) {
                Some(right) => warning.mend(format!("[module.{right}] in {file}")),
                None => warning.mend("`tickets modules` shows them all"),
            });
        }
    }
    let tables = config.modules.iter().chain(config.only_settings());
    for table in tables {
        let name = &table.name;
        for key in table.settings.keys().filter(|key| is_like_own(key)) {
            let text = format!(
                "[module.{name}]: `{key}` is a setting of this module, and none of the desk's"
            );
            let mend = format!("if `on_failure` is meant, write that in {file}");
            found.push(Diagnosis::warn(text).mend(mend));
        }
        for key in OF_THE_DESK {
            if table.settings.contains_key(key) {
                let text = format!(
                    "[module.{name}]: `{key}` is a setting of this module here, and none of the desk's"
                );
                let mend = format!(
                    "write it above all tables in {file}: before the first line that begins with `[`"
                );
                found.push(Diagnosis::warn(text).mend(mend));
            }
        }
    }
    found
}

/// True for a key that whoever meant the desk's own, `on_failure`, may have typed. It is handed on to the module, and a
/// mail about which that fails goes on.
fn is_like_own(key: &str) -> bool {
    nearest(&key.to_lowercase().replace('-', "_"), &["on_failure"]).is_some()
}

/// What mends it that a module may not be asked, where the reason does not say that itself.
fn mend_of(desk: &Desk, name: &str, why: &str) -> Option<String> {
    let path = desk.config.modules_path();
    if module::find(&path, name).is_some() {
        return None;
    }
    let there = module::names(&path);
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    if let Some(right) = nearest(name, &there) {
        let file = desk.config.file_to_edit();
        return Some(format!("{right:?} in the line `modules` of {file}"));
    }
    let path: Vec<String> = path.iter().map(|dir| dir.display().to_string()).collect();
    let is_there = !path.is_empty() && why.ends_with("it is not there");
    is_there.then(|| format!("a directory {name} in {}", path.join(" or ")))
}

fn of_module(
    desk: &Desk,
    module: &Module,
    asked: Option<Result<Asking, Failure>>,
) -> Vec<Diagnosis> {
    let name = module.name();
    let mut found = Vec::new();
    for why in oddities(module) {
        let file = module.dir.join(MANIFEST);
        let warning = Diagnosis::warn(format!("module {name}: {why}"));
        found.push(match module.begins_with_crlf() && why.contains("CR LF") {
            true => warning,
            false => warning.mend(format!("correct {}", file.display())),
        });
    }
    let health = module.home.state();
    if module.rests(desk.now()) {
        let until = health.rests_until.map(screen::when).unwrap_or_default();
        let fault = health.last_fault.unwrap_or_default();
        let text =
            format!("module {name}: it failed again and again and rests until {until}: {fault}");
        let mend = format!("that first, then `tickets modules enable {name}` ends the rest");
        found.push(Diagnosis::warn(text).mend(mend));
    } else if health.fails() {
        let at = health.last_fault_at.map(screen::when).unwrap_or_default();
        let fault = health.last_fault.unwrap_or_default();
        let text = format!("module {name}: it failed when it was asked last, {at}: {fault}");
        let mut points = module.manifest.points();
        let point = points.next().map_or("", Point::word);
        found.push(
            Diagnosis::warn(text)
                .mend(format!("`tickets modules run {name} {point}` asks it once")),
        );
    }
    match asked.map(module::found) {
        None if found.is_empty() => {
            found.push(Diagnosis::ok(format!("module {name}: it is on")));
        }
        None => {}
        Some(Err(why)) => found.push(
            Diagnosis::warn(format!("module {name}: check: {why}"))
                .mend(format!("`tickets modules run {name} check`")),
        ),
        Some(Ok(findings)) if findings.is_empty() => {
            found.push(Diagnosis::ok(format!("module {name}: it finds no fault")));
        }
        Some(Ok(findings)) => found.extend(findings.into_iter().map(|finding| {
            let level = match finding.level {
                FindingLevel::Ok => Level::Ok,
                FindingLevel::Warn => Level::Warn,
                FindingLevel::Bad => Level::Fail,
            };
            let text = format!("module {name}: {}", finding.what);
            let diagnosis = Diagnosis::new(level, text);
            match finding.mend {
                Some(mend) => diagnosis.mend(mend),
                None => diagnosis,
            }
        })),
    }
    found
}
