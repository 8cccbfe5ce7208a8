//! The hint below an error: what whoever reads it can type.

use super::denied;
use super::which::named;
use crate::commands::text::{here, joined_since, of_owner, owner};
use crate::config::Config;
use crate::error::{self, Status, quoted};
use crate::index::IndexError;
use crate::privilege;
use nix::unistd::Uid;
use std::ffi::OsString;
use std::io::ErrorKind;

/// The hint for `error`, with which the command `args` ended.
pub(super) fn hint(error: &anyhow::Error, args: &[OsString]) -> Option<String> {
    let hint = IndexError::hint_in(error)
        .filter(|_| !error::is_denied(error))
        .or_else(|| match error::is_denied(error) {
            true => if_denied(args),
            false => error::hint(error),
        })?;
    // Who called it by sudo has to do so again, and to whom the store is closed, has to begin.
    let is_sought = error::status(error) == Status::NoInput && !hint.contains("`tickets init");
    let stranger = is_sought.then(|| stranger(args)).flatten();
    let again = stranger.unwrap_or_else(|| here(&named(args).overrides()));
    Some(typed_again(&hint, &again))
}

/// `hint` with `again` in the place of the program, in each command that does not say by itself which desk it means, or
/// means none.
fn typed_again(hint: &str, again: &str) -> String {
    let sudo = again.split_once("tickets").map_or("", |(sudo, _)| sudo);
    let mut pieces = hint.split("`tickets ");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let command = piece.split('`').next().unwrap_or_default();
        let says_it = ["--config ", "--dir "]
            .iter()
            .any(|it| command.starts_with(it));
        match says_it || command.ends_with("--help") {
            true => out.push_str(&format!("`{sudo}tickets {piece}")),
            false => out.push_str(&format!("`{again} {piece}")),
        }
    }
    out
}

/// Why the delivery `args` ended with `error`, in one line for a mail server's log. Where it was denied something for a
/// reason that is known, that is said, and what mends it.
pub(super) fn deferral(error: &anyhow::Error, args: &[OsString]) -> String {
    let why = error::line(error);
    if error::status(error) != Status::NoPerm {
        return why;
    }
    let is_routed = args.iter().any(|word| word == "--routed");
    let config = Config::load(&named(args).overrides()).ok();
    match config.and_then(|it| denied::delivery(&it, is_routed.then_some("--postfix"))) {
        Some(more) => format!("{why}: {more}"),
        None => why,
    }
}

/// How the user to whom the desk belongs calls the program, if whoever calls it now may not read the store.
fn stranger(args: &[OsString]) -> Option<String> {
    if privilege::was_root() {
        return None;
    }
    let named = named(args).overrides();
    // What is no file, a pipe say, may be read once only.
    if named.config.as_ref().is_some_and(|file| !file.is_file()) {
        return None;
    }
    let config = Config::load(&named).ok()?;
    let owner = owner(&config).filter(|owner| *owner != Uid::effective())?;
    let closed =
        std::fs::read_dir(&config.dir).is_err_and(|e| e.kind() == ErrorKind::PermissionDenied);
    closed.then(|| of_owner(&config, owner))
}

/// What helps where the system said no: the same command as the user to whom the desk belongs. That user is told nothing
/// of the kind.
fn if_denied(args: &[OsString]) -> Option<String> {
    if let Some(user) = privilege::became() {
        return Some(format!("root works on this desk as {user}, who may not"));
    }
    let config = Config::load(&named(args).overrides()).ok()?;
    if let Some(joined) = joined_since(&config) {
        return Some(joined);
    }
    if let Some((_, open)) = denied::on_the_way(&config.dir) {
        return Some(format!("`{open}` lets you pass through it"));
    }
    if let Some(hint) = denied::not_yet(&config) {
        return Some(hint);
    }
    let owner = owner(&config).filter(|owner| *owner != Uid::effective())?;
    let mut command = of_owner(&config, owner);
    let mut words = args.iter().skip(1);
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        match &*word {
            // They are there already.
            "--config" | "--dir" => drop(words.next()),
            option if option.starts_with("--config=") || option.starts_with("--dir=") => {}
            word => command.push_str(&format!(" {}", quoted(word))),
        }
    }
    Some(format!("`{command}`"))
}
