//! `tickets modules upgrade`: the data of modules, brought to the version that they need (G8).

use super::named::named;
use crate::commands::logged;
use crate::error::{self, Fault, Status};
use crate::log::Severity;
use crate::module::{Module, Upgraded};
use crate::part::Context;
use crate::screen::say;
use anyhow::Result;

/// Bring the data of modules to the version that they need
///
/// Where that fails, the data is put back, and only that module is left out until it is tried again.
#[derive(clap::Args)]
pub(super) struct Upgrade {
    /// The module [default: all that are switched on]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl Upgrade {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk_to_write()?;
        let names = match self.name {
            Some(name) => vec![name],
            None => desk
                .config
                .modules
                .iter()
                .map(|on| on.name.clone())
                .collect(),
        };
        let (mut done, mut status) = (0, Status::Ok);
        for name in &names {
            match named(&desk, name).and_then(|module| set_up(&module, desk.now())) {
                Ok(Some(upgraded)) => {
                    done += 1;
                    say(format_args!("{name}: {}", in_words(upgraded)))?;
                }
                Ok(None) => {}
                Err(e) => {
                    status = error::status(&e);
                    error::report(&e, error::hint(&e));
                }
            }
        }
        if done == 0 && status == Status::Ok {
            say("nothing to upgrade")?;
        }
        Ok(status)
    }
}

/// Brings its data to the version that it needs, and notes that.
pub(super) fn set_up(module: &Module, now: i64) -> Result<Option<Upgraded>> {
    match module.set_up() {
        Ok(None) => Ok(None),
        Ok(Some(upgraded)) => {
            let line = logged::by().word("upgrade").name("module", module.name());
            line.text("data", &in_words(upgraded)).write(Severity::Info);
            // A note more or less changes nothing of what was done.
            let _ = module.home.note(None, now);
            Ok(Some(upgraded))
        }
        Err(why) => {
            let line = logged::by().word("upgrade").name("module", module.name());
            line.text("failed", &why).write(Severity::Warning);
            let _ = module.home.note(Some(&format!("setup: {why}")), now);
            let text = format!("module {}: its data is not set up: {why}", module.name());
            Err(Fault::new(Status::TempFail, text).into())
        }
    }
}

/// What was done.
fn in_words(upgraded: Upgraded) -> String {
    match (upgraded.from, upgraded.to) {
        (_, None) => "set up".into(),
        (None, Some(to)) => format!("data set up, version {to}"),
        (Some(from), Some(to)) => format!("data upgraded from version {from} to {to}"),
    }
}
