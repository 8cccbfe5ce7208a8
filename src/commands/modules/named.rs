//! The module that somebody names, whether it is switched on or not.

use super::list::is_part;
use crate::desk::Desk;
use crate::error::{self, Fault, Status, nearest};
use crate::module::{Module, find, names};
use crate::part::Context;
use crate::screen::{remark, say};
use anyhow::Result;

/// The module of this name.
///
/// # Errors
/// Status 64 if it is a built-in part, 66 if there is none, 78 if it may not be run.
pub(super) fn named(cx: &Context, desk: &Desk, name: &str) -> Result<Module> {
    if find(&desk.config.modules_path(), name).is_none() {
        expect_no_part(cx, name)?;
    }
    expect_there(desk, name)?;
    let broken = |why| Fault::new(Status::Config, format!("module {name}: {why}")).into();
    desk.config.module(name).map_err(broken)
}

/// The desk for whom a module is tried. A mistake of a part, such as an alert, has nothing to do with that, and is only
/// told.
///
/// # Errors
/// The configuration cannot be read, or what it says about mail is wrong.
pub(super) fn desk_to_try(cx: &Context) -> Result<Desk> {
    let desk = cx.desk_for_mta()?;
    if let Err(e) = cx.parts.check(&desk.config) {
        remark(error::line(&e));
    }
    Ok(desk)
}

/// True if the module of this name is switched on.
pub(super) fn is_on(desk: &Desk, name: &str) -> bool {
    desk.config.modules.iter().any(|on| on.name == name)
}

/// Says no to the name of a built-in part.
///
/// # Errors
/// Status 64.
pub(super) fn expect_no_part(cx: &Context, name: &str) -> Result<()> {
    if !is_part(cx, name) {
        return Ok(());
    }
    let fault = Fault::new(Status::Usage, format!("{name} is a built-in part"));
    let hint = format!("in the configuration, [parts] off = [{name:?}] switches it off");
    Err(fault.hint(hint).into())
}

/// Ends a rest of a module that somebody has looked after, and says so. Nothing fails because that cannot be noted.
///
/// # Errors
/// It cannot be said.
pub(super) fn asked_again(desk: &Desk, module: &Module) -> Result<()> {
    match module.home.end_rest(desk.now()) {
        Ok(true) => say(format_args!("{} rests no more", module.name())),
        Ok(false) | Err(_) => Ok(()),
    }
}

/// Says no where there is no module of this name, not even a broken one.
///
/// # Errors
/// Status 66.
pub(super) fn expect_there(desk: &Desk, name: &str) -> Result<()> {
    let path = desk.config.modules_path();
    if find(&path, name).is_some() {
        return Ok(());
    }
    let there = names(&path);
    let path: Vec<String> = path.iter().map(|dir| dir.display().to_string()).collect();
    let path = match path.is_empty() {
        true => "no directory".to_owned(),
        false => path.join(", "),
    };
    let fault = Fault::new(Status::NoInput, format!("there is no module {name:?}"));
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    let meant = nearest(name, &there).map_or_else(String::new, |it| format!("is {it} meant? "));
    Err(fault
        .hint(format!("{meant}modules are looked for in {path}"))
        .into())
}
