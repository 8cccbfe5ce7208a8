//! `tickets completions`: the command line as the shell wants it.

use crate::error::Status;
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
