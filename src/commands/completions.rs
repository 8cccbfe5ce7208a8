//! `tickets completions` and `tickets man`: what the shell and man(1) want to know.

use crate::error::{Fault, Status};
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
    /// The command it is about [default: tickets itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Completions {
    /// Runs the command; `program` is what it describes.
    pub fn run(self, mut program: clap::Command) -> Result<Status> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, "tickets", &mut text);
        super::say(String::from_utf8_lossy(&text).trim_end())?;
        Ok(Status::Ok)
    }
}

impl Man {
    /// Runs the command; `program` is what it describes.
    pub fn run(self, mut program: clap::Command) -> Result<Status> {
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
        super::say(String::from_utf8_lossy(&text).trim_end())?;
        Ok(Status::Ok)
    }
}
