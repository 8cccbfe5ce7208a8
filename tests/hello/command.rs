//! `tickets hello`.

use crate::error::Status;
use crate::part::{Context, Run};
use crate::screen;
use anyhow::Result;

/// Greet somebody
#[derive(clap::Args)]
pub struct Hello {
    /// Who is greeted
    #[arg(value_name = "NAME", default_value = "world")]
    name: String,
}

impl Run for Hello {
    const NAME: &'static str = "hello";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let domain = desk.config.addresses.domain();
        screen::say(format_args!("Hello, {}! This is {domain}.", self.name))?;
        Ok(Status::Ok)
    }
}
