//! `tickets modules upgrade`: the data of modules, brought to the version that they need (G8).

use super::named::named;
use crate::error::{self, Status};
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
        desk.expect_open()?;
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
            match named(cx, &desk, name).and_then(|module| desk.set_up(&module)) {
                Ok(Some(upgraded)) => {
                    done += 1;
                    say(format_args!("{name}: {upgraded}"))?;
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
