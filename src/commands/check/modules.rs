//! The modules that are switched on: whether they may be asked, and what they say of themselves.

use super::diagnosis::{Diagnosis, Level};
use crate::desk::Desk;
use crate::module::{self, Module, Point};
use crate::screen;

/// Looks at each module.
pub(super) fn look(desk: &Desk) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for module in desk.config.modules_on() {
        match module {
            // Mail is filed without it.
            Err(why) => {
                found.push(Diagnosis::warn(why).mend("`tickets modules` shows them all"));
            }
            Ok(module) => found.extend(of_module(desk, &module)),
        }
    }
    found
}

fn of_module(desk: &Desk, module: &Module) -> Vec<Diagnosis> {
    let name = module.name();
    let mut found = Vec::new();
    let health = module.home.state();
    if health.rests(desk.now()) {
        let until = health.rests_until.map(screen::when).unwrap_or_default();
        let fault = health.last_fault.unwrap_or_default();
        found.push(Diagnosis::warn(format!(
            "module {name}: it failed again and again and rests until {until}: {fault}"
        )));
    }
    // Nothing is made where there is no store yet.
    if !module.manifest.has(Point::Check) || !desk.config.dir.is_dir() {
        if found.is_empty() {
            found.push(Diagnosis::ok(format!("module {name}: it is on")));
        }
        return found;
    }
    match module.findings() {
        Err(why) => found.push(
            Diagnosis::warn(format!("module {name}: check: {why}"))
                .mend(format!("`tickets modules run {name} check`")),
        ),
        Ok(findings) if findings.is_empty() => {
            found.push(Diagnosis::ok(format!("module {name}: it finds no fault")));
        }
        Ok(findings) => found.extend(findings.into_iter().map(|finding| {
            let level = match finding.level {
                module::FindingLevel::Ok => Level::Ok,
                module::FindingLevel::Warn => Level::Warn,
                module::FindingLevel::Bad => Level::Fail,
            };
            let finding_is = Diagnosis::new(level, format!("module {name}: {}", finding.what));
            match finding.mend {
                Some(mend) => finding_is.mend(mend),
                None => finding_is,
            }
        })),
    }
    found
}
