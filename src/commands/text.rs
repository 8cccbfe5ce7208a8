//! Text that other programs read: a string of TOML, a command for the shell.

use crate::config::{Config, Overrides};
use crate::error::quoted_path;
use std::path::Path;

/// A TOML string; a literal one where a basic one would double the backslashes.
pub(super) fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    // JSON's escapes are valid in TOML.
    serde_json::Value::from(text).to_string()
}

/// `program` with the options that lead it to this desk, as a command for a shell.
pub(super) fn again(program: &str, overrides: &Overrides) -> String {
    let mut command = program.to_owned();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let usual = |file: &Path| {
        file == Path::new("/etc/tickets/config.toml")
            || Config::own_file().is_ok_and(|own| own == file)
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
