//! Text that other programs read: a string of TOML, a command for the shell.

use crate::config::{Config, MACHINE_FILE, Overrides};
use crate::error::quoted_path;
use crate::privilege;
use std::path::Path;

/// A TOML string; a literal one where a basic one would double the backslashes.
pub(super) fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    // JSON's escapes are valid in TOML.
    serde_json::Value::from(text).to_string()
}

/// The command with which whoever typed this one calls the program again, for this desk.
pub(super) fn typed(overrides: &Overrides) -> String {
    let program = again("tickets", overrides);
    // Root finds the machine's desk by itself.
    let of_machine =
        overrides.dir.is_none() && overrides.config.as_deref() == Some(Path::new(MACHINE_FILE));
    match of_machine && privilege::was_root() {
        true => format!("sudo {program}"),
        false => privilege::sudo() + &program,
    }
}

/// `program` with the options that lead it to this desk, as a command for a shell.
pub(super) fn again(program: &str, overrides: &Overrides) -> String {
    let mut command = program.to_owned();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let usual = |file: &Path| {
        file == Path::new(MACHINE_FILE) || Config::own_file().is_ok_and(|own| own == file)
    };
    if let Some(file) = overrides.config.as_deref().map(absolute)
        && !usual(&file)
    {
        command.push_str(&format!(" --config {}", quoted_path(&file)));
    }
    if let Some(dir) = overrides.dir.as_deref().map(absolute) {
        command.push_str(&format!(" --dir {}", quoted_path(&dir)));
    }
    command
}
