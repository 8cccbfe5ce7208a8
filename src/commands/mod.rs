//! One file per subcommand: its options, whose doc comments are its --help, and what it does.
//! What can be switched off lies in [`crate::parts`].

pub mod address;
pub mod check;
pub mod close;
pub mod completions;
pub mod deliver;
pub mod flush;
pub mod init;
pub mod list;
mod modules;
pub mod mutt;
pub mod policy;
pub mod reindex;
pub mod reply;
pub mod restore;
pub mod show;
pub mod verify;

use crate::config::{Config, Overrides};
use crate::part::{BuiltIn, Command};
use std::path::Path;

/// What people do every day. In `--help`, the commands of the parts follow.
pub const EVERYDAY: [&dyn Command; 7] = [
    &BuiltIn::<deliver::Deliver>::COMMAND,
    &BuiltIn::<list::List>::COMMAND,
    &BuiltIn::<show::Show>::COMMAND,
    &BuiltIn::<reply::Reply>::COMMAND,
    &BuiltIn::<mutt::Mutt>::COMMAND,
    &BuiltIn::<close::Close>::COMMAND,
    &BuiltIn::<close::Reopen>::COMMAND,
];

/// What keeps a desk running.
pub const UPKEEP: [&dyn Command; 11] = [
    &BuiltIn::<flush::Flush>::COMMAND,
    &BuiltIn::<reindex::Reindex>::COMMAND,
    &BuiltIn::<restore::Restore>::COMMAND,
    &BuiltIn::<address::Address>::COMMAND,
    &BuiltIn::<verify::Verify>::COMMAND,
    &BuiltIn::<policy::Policy>::COMMAND,
    &BuiltIn::<check::Check>::COMMAND,
    &BuiltIn::<init::Init>::COMMAND,
    &BuiltIn::<modules::Modules>::COMMAND,
    &BuiltIn::<completions::Completions>::COMMAND,
    &BuiltIn::<completions::Man>::COMMAND,
];

/// A TOML string; a literal one where a basic one would double the backslashes.
fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    // JSON's escapes are valid in TOML.
    serde_json::Value::from(text).to_string()
}

/// `program` with the options that lead it to this desk.
fn again(program: &str, overrides: &Overrides) -> String {
    let mut command = program.to_owned();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let usual = |file: &Path| {
        file == Path::new("/etc/tickets/config.toml")
            || Config::own_file().is_ok_and(|own| own == file)
    };
    if let Some(file) = overrides.config.as_deref().map(absolute)
        && !usual(&file)
    {
        command.push_str(&format!(" --config {}", file.display()));
    }
    if let Some(dir) = overrides.dir.as_deref().map(absolute) {
        command.push_str(&format!(" --dir {}", dir.display()));
    }
    command
}
