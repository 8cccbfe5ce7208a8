//! The list of modules in the configuration file: what it says, and what it is to say.

use super::replace::Successor;
use super::text::{edited, quoted};
use crate::error::{Fault, Status};
use crate::files;
use anyhow::{Context as _, Result};
use nix::unistd::{AccessFlags, Uid, access};
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use toml::{Table, Value};

/// What became of a change.
pub(super) enum Edit {
    /// The file says so now.
    Done,
    /// The file is not to be written by this user, or not by a program, for this reason, and this is the line that
    /// belongs into it.
    Yours(String, String),
}

/// Switches a module on or off in the configuration file. It is changed wholly or not at all, and keeps its owner, its
/// mode and its attributes; two changes at once come one after the other.
///
/// # Errors
/// It cannot be read or written, or is no TOML. Status 75 if others change it for longer than there is patience.
pub(super) fn switch(file: &Path, name: &str, on: bool) -> Result<Edit> {
    let doing = || format!("cannot write {}", file.display());
    let changed = |text: &str| {
        changed(text, name, on).map_err(|why| {
            let text = format!("cannot change {}: {why}", file.display());
            Fault::new(Status::Config, text)
        })
    };
    let yours = |why: String, text: &str| Ok(Edit::Yours(why, changed(text)?.line()));
    // Behind a link, the file itself is what somebody keeps.
    let real = &file.canonicalize().with_context(doing)?;
    let (opened, text) = match read(real) {
        Err(e) if files::is_no_file(&e) => return yours("it is no file".into(), ""),
        read => read.with_context(doing)?,
    };
    if let Some(why) = foreign(real, &opened) {
        return yours(why, &text);
    }
    let successor = match Successor::of(real) {
        Ok(successor) => successor,
        Err(e) => match refusal(&e) {
            Some(why) => return yours(why, &text),
            None => return Err(e.context(doing())),
        },
    };
    // Somebody may have replaced it while we waited.
    let (opened, text) = read(real).with_context(doing)?;
    let change = changed(&text)?;
    if change.text == text {
        return Ok(Edit::Done);
    }
    if !change.is_right(&text) {
        return yours("its list is beyond this program".into(), &text);
    }
    match successor.take_place(&opened, &change.text) {
        Ok(()) => Ok(Edit::Done),
        Err(e) => match refusal(&e) {
            Some(why) => yours(why, &text),
            None => Err(e.context(doing())),
        },
    }
}

fn read(file: &Path) -> std::io::Result<(File, String)> {
    let mut text = String::new();
    let mut opened = files::open_following(file)?;
    opened.read_to_string(&mut text)?;
    Ok((opened, text))
}

/// Why this user is not the one to put another file in the place of this one; `None` if they are.
fn foreign(file: &Path, opened: &File) -> Option<String> {
    let meta = opened.metadata().ok()?;
    let owner = Uid::from_raw(meta.uid());
    if owner != Uid::effective() {
        let owner = crate::privilege::name_of(owner);
        return Some(format!("it belongs to {owner}"));
    }
    if meta.nlink() > 1 {
        return Some("it has several names (hard links)".into());
    }
    access(file, AccessFlags::W_OK)
        .err()
        .map(|e| e.desc().to_lowercase())
}

/// Why the file is for a person to change, if that is what this error means.
fn refusal(e: &anyhow::Error) -> Option<String> {
    let cause = e.downcast_ref::<Error>()?;
    let kinds = [
        ErrorKind::PermissionDenied,
        ErrorKind::ReadOnlyFilesystem,
        // It is mounted there by itself, as containers do.
        ErrorKind::ResourceBusy,
    ];
    kinds.contains(&cause.kind()).then(|| format!("{e:#}"))
}

/// What is to be written.
struct Change {
    text: String,
    /// The modules that are to be on.
    names: Vec<String>,
}

impl Change {
    /// The line with these modules.
    fn line(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| quoted(name)).collect();
        format!("modules = [{}]", names.join(", "))
    }

    /// True if the text says all that the one before said, and these modules. It is read again for that, as the
    /// configuration is: all mail waits if it cannot be.
    fn is_right(&self, before: &str) -> bool {
        let (Ok(mut before), Ok(mut after)) = (before.parse::<Table>(), self.text.parse::<Table>())
        else {
            return false;
        };
        let is_list = names(&after) == self.names;
        for table in [&mut before, &mut after] {
            table.remove("modules");
        }
        // Compared as they are shown: no value that is not a number equals itself.
        is_list && format!("{before:?}") == format!("{after:?}")
    }
}

/// The text with the module `name` switched on, at the end of the list, or off.
fn changed(text: &str, name: &str, on: bool) -> Result<Change, String> {
    let before: Table = text
        .parse()
        .map_err(|e: toml::de::Error| e.message().to_owned())?;
    let mut names = names(&before);
    match on {
        true if names.iter().any(|it| it == name) => {}
        true => names.push(name.to_owned()),
        false => names.retain(|it| it != name),
    }
    Ok(Change {
        text: edited(text, name, on)?,
        names,
    })
}

/// The modules that a configuration switches on.
fn names(table: &Table) -> Vec<String> {
    let names = match table.get("modules") {
        Some(Value::Array(names)) => names.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let names = names.iter().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "toml_tests.rs"]
mod tests;
