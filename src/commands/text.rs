//! Text that other programs read: a string of TOML, a command for the shell. And text that is typed for a mail.

use crate::config::{Config, MACHINE_FILE, Overrides};
use crate::error::{quoted, quoted_path};
use crate::privilege;
use crate::ticket::address::Addresses;
use nix::unistd::Uid;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The text of a mail, as an option has it. It may begin with a dash, as lists do; but an option where the text was
/// forgotten must not be sent to anybody.
pub(super) fn of_mail(typed: &str) -> Result<String, &'static str> {
    let is_option = match typed
        .strip_prefix('-')
        .map(|rest| (rest, rest.strip_prefix('-')))
    {
        Some((_, Some(long))) => {
            long.starts_with(|c: char| c.is_ascii_lowercase())
                && !long.contains(char::is_whitespace)
        }
        Some((short, None)) => {
            short.len() == 1 && short.starts_with(|c: char| c.is_ascii_lowercase())
        }
        None => false,
    };
    match is_option {
        true => Err("it looks like an option"),
        false => Ok(typed.to_owned()),
    }
}

/// A TOML string; a literal one where a basic one would double the backslashes.
pub(super) fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    // JSON's escapes are valid in TOML.
    serde_json::Value::from(text).to_string()
}

/// A list of strings of TOML.
pub(super) fn toml_list(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| toml_string(text)).collect();
    format!("[{}]", all.join(", "))
}

/// The value of the key `ticket`.
pub(super) fn toml_templates(addresses: &Addresses) -> String {
    let all: Vec<String> = addresses.templates().map(ToString::to_string).collect();
    match &all[..] {
        [one] => toml_string(one),
        several => toml_list(several),
    }
}

/// The command with which whoever typed this one calls the program again, for this desk.
pub(super) fn typed(overrides: &Overrides) -> String {
    match privilege::was_root() {
        true => for_admin(overrides),
        false => privilege::sudo() + &again("tickets", overrides),
    }
}

/// The command with which whoever reads what this one says calls the program again in the same shell: with the options
/// that lead it to this desk, unless its environment does, and with the sudo that began this process.
pub(crate) fn here(overrides: &Overrides) -> String {
    let by_sudo = privilege::is_by_sudo();
    let sudo = match by_sudo && privilege::was_root() {
        true => "sudo ".into(),
        false => privilege::sudo(),
    };
    // sudo passes no variables on.
    let typed = |path: &Option<PathBuf>, name| {
        let exported = std::env::var_os(name).map(PathBuf::from);
        path.clone().filter(|_| by_sudo || exported != *path)
    };
    let overrides = Overrides {
        config: typed(&overrides.config, "TICKETS_CONFIG"),
        dir: typed(&overrides.dir, "TICKETS_DIR"),
    };
    sudo + &again("tickets", &overrides)
}

/// The command with which whoever may use sudo calls the program for this desk.
pub(super) fn for_admin(overrides: &Overrides) -> String {
    as_user(overrides, Uid::effective())
}

/// The same, for a desk of the user `owner`.
pub(crate) fn of_owner(config: &Config, owner: Uid) -> String {
    let overrides = Overrides {
        config: config.file.clone(),
        dir: config.overrides.dir.clone(),
    };
    as_user(&overrides, owner)
}

/// The desk's group, and the user of this process, if they are in it, but the process is not.
pub(crate) fn joined(config: &Config) -> Option<(&str, String)> {
    let group = config.group.as_deref()?;
    let name = privilege::joined_since_login(privilege::group(group).ok()?)?;
    Some((group, name))
}

/// What helps somebody who is in the desk's group by now, but was not when they logged in.
pub(crate) fn joined_since(config: &Config) -> Option<String> {
    let (group, name) = joined(config)?;
    let group = quoted(group);
    Some(format!(
        "`newgrp {group}`, or log in again: {name} is in that group by now, but not in this login"
    ))
}

/// To whom the store belongs, if there is one.
pub(crate) fn owner(config: &Config) -> Option<Uid> {
    let meta = std::fs::metadata(&config.dir).ok()?;
    Some(Uid::from_raw(meta.uid()))
}

/// The user as whom a mail server starts the program. A desk of the machine or of a group belongs to whoever owns the
/// store, whoever calls; any other is the caller's.
pub(crate) fn user_of(config: &Config) -> Uid {
    let is_shared =
        config.group.is_some() || config.file.as_deref() == Some(Path::new(MACHINE_FILE));
    let owner = owner(config).filter(|owner| is_shared && !owner.is_root());
    owner.unwrap_or_else(Uid::effective)
}

fn as_user(overrides: &Overrides, uid: Uid) -> String {
    let program = again("tickets", overrides);
    // Root finds the machine's desk by itself.
    let is_machines =
        overrides.dir.is_none() && overrides.config.as_deref() == Some(Path::new(MACHINE_FILE));
    match is_machines {
        true => format!("sudo {program}"),
        false => privilege::sudo_as(uid) + &program,
    }
}

/// `program` with the options that lead it to this desk, as a command for a shell.
pub(super) fn again(program: &str, overrides: &Overrides) -> String {
    let mut command = program.to_owned();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The user's own comes before the machine's.
    let own = Config::own_file().ok();
    let usual = |file: &Path| match own.as_deref() == Some(file) {
        true => true,
        false => file == Path::new(MACHINE_FILE) && !own.as_ref().is_some_and(|own| own.exists()),
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
