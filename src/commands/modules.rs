//! `tickets modules`: the parts of the desk (G1), and modules from outside (G3).

mod check;
mod data;
mod list;
mod named;
mod new;
pub(super) mod remarks;
mod replace;
mod run;
mod sample;
mod shown;
mod switch;
mod table;
mod text;
mod toml;
mod trial;

use crate::error::Status;
use crate::part::{Context, Run};
use anyhow::Result;

/// List the parts and modules of the desk, and switch modules on and off
///
/// Parts are what a desk can do without: mail is accepted, filed and answered
/// without any of them. To switch some off, name them in the configuration:
///
///   [parts]
///   off = ["stats", "timeline"]
///
/// Their commands and their lines in the timeline are then gone, and nothing of
/// them runs.
///
/// Modules come from outside: a directory with module.toml and a program, in one
/// of the directories of `modules_path`. None runs before it is switched on.
/// docs/modules.md says how to write one.
#[allow(rustdoc::broken_intra_doc_links)] // the brackets are part of the help text
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Modules {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print a JSON object for each part and module, one a line
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    Enable(switch::Enable),
    Disable(switch::Disable),
    Upgrade(data::Upgrade),
    New(new::New),
    Run(run::RunOnce),
    Check(check::CheckModule),
}

impl Run for Modules {
    const NAME: &'static str = "modules";

    fn run(self, cx: &Context) -> Result<Status> {
        match self.action {
            None => list::list(cx, self.json),
            Some(Action::Enable(enable)) => enable.run(cx),
            Some(Action::Disable(disable)) => disable.run(cx),
            Some(Action::Upgrade(upgrade)) => upgrade.run(cx),
            Some(Action::New(new)) => new.run(cx),
            Some(Action::Run(run)) => run.run(cx),
            Some(Action::Check(check)) => check.run(cx),
        }
    }
}
