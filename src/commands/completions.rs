//! `tickets completions` and `tickets man`: the command line as the shell and man(1) want it.

use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::screen;
use anyhow::Result;

/// Print completions for a shell
///
/// For bash: tickets completions bash >~/.local/share/bash-completion/completions/tickets
#[derive(clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Print a manual page: `tickets man | man -l -`
#[derive(clap::Args)]
pub struct Man {
    /// Command to describe [default: tickets itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Run for Completions {
    const NAME: &'static str = "completions";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut text = Vec::new();
        let mut program = cx.program.clone();
        clap_complete::generate(self.shell, &mut program, "tickets", &mut text);
        screen::say(String::from_utf8_lossy(&text).trim_end())?;
        Ok(Status::Ok)
    }
}

impl Run for Man {
    const NAME: &'static str = "man";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut program = cx.program.clone();
        program.build();
        let page = match &self.command {
            None => program,
            Some(name) => {
                let found = program.find_subcommand(name);
                let fault = || {
                    let fault = Fault::new(Status::Usage, format!("no command {name:?}"));
                    fault.hint("`tickets --help` shows the commands")
                };
                found.ok_or_else(fault)?.clone()
            }
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        screen::say(String::from_utf8_lossy(&text).trim_end())?;
        Ok(Status::Ok)
    }
}
