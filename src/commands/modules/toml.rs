//! The list of modules in the configuration, changed with all comments kept.

use crate::error::{Fault, Status};
use anyhow::{Context as _, Result};
use fs2::FileExt;
use nix::unistd::{AccessFlags, Gid, Uid, access, fchown};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Value};

/// The line of the commented configuration that a first module replaces.
const COMMENTED: &str = "#modules = []";

/// What became of a change.
pub(super) enum Edit {
    /// The file says so now.
    Done,
    /// The file may not be written by this user, for this reason, and this is the line that belongs into it.
    Yours(String, String),
}

/// Switches a module on or off in the configuration file. It is changed wholly or not at all, and keeps its mode; two
/// changes at once come one after the other.
///
/// # Errors
/// It cannot be read or written, or is no TOML.
pub(super) fn switch(file: &Path, name: &str, on: bool) -> Result<Edit> {
    let doing = || format!("cannot write {}", file.display());
    // Behind a link, the file itself is what somebody keeps.
    let file = &file.canonicalize().with_context(doing)?;
    let (locked, text) = lock(file).with_context(doing)?;
    let text = edited(&text, name, on).map_err(|why| {
        let text = format!("cannot change {}: {why}", file.display());
        Fault::new(Status::Config, text)
    })?;
    if let Some(why) = foreign(file, &locked) {
        return Ok(Edit::Yours(why, line(&text)));
    }
    match replace(file, &locked, &text) {
        Err(e) if is_refusal(&e) => Ok(Edit::Yours(e.to_string(), line(&text))),
        replaced => replaced.map(|()| Edit::Done).with_context(doing),
    }
}

/// The file, locked against others who switch modules, and its text.
fn lock(file: &Path) -> std::io::Result<(File, String)> {
    loop {
        let mut opened = File::open(file)?;
        if !opened.metadata()?.is_file() {
            return Ok((opened, String::new()));
        }
        FileExt::lock_exclusive(&opened)?;
        // Somebody may have replaced it while we waited.
        if fs::metadata(file)?.ino() == opened.metadata()?.ino() {
            let mut text = String::new();
            opened.read_to_string(&mut text)?;
            return Ok((opened, text));
        }
    }
}

/// Why this user is not the one to change the file; `None` if they are.
fn foreign(file: &Path, opened: &File) -> Option<String> {
    let meta = opened.metadata().ok()?;
    if !meta.is_file() {
        return Some("it is no file".into());
    }
    if meta.uid() != Uid::effective().as_raw() {
        let owner = crate::privilege::name_of(Uid::from_raw(meta.uid()));
        return Some(format!("it belongs to {owner}"));
    }
    access(file, AccessFlags::W_OK)
        .err()
        .map(|e| e.desc().to_lowercase())
}

fn is_refusal(e: &std::io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// Puts `text` in the place of the file.
fn replace(file: &Path, old: &File, text: &str) -> std::io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside: PathBuf = file.with_file_name(name);
    // One that died left it; nobody else makes it while the file is locked.
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let meta = old.metadata()?;
    let mut options = OpenOptions::new();
    let mut new = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    let written = (|| {
        new.write_all(text.as_bytes())?;
        if new.metadata()?.gid() != meta.gid() {
            fchown(&new, None, Some(Gid::from_raw(meta.gid())))?;
        }
        new.set_permissions(fs::Permissions::from_mode(meta.mode() & 0o7777))?;
        new.sync_all()?;
        fs::rename(&beside, file)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    File::open(file.parent().unwrap_or(file))?.sync_all()
}

/// The line with the modules in `text`.
fn line(text: &str) -> String {
    let names = names(text);
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("modules = [{}]", names.join(", "))
}

/// The modules that `text` switches on.
fn names(text: &str) -> Vec<String> {
    let document: Option<DocumentMut> = text.parse().ok();
    let item = document
        .as_ref()
        .and_then(|document| document.get("modules"));
    let array = item.and_then(Item::as_array);
    let names = array.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// The text with the module `name` switched on, at the end of the list, or off.
fn edited(text: &str, name: &str, on: bool) -> Result<String, String> {
    let parsed: Result<DocumentMut, _> = text.parse();
    let mut document = parsed.map_err(|e| e.message().to_owned())?;
    if document.get("modules").is_none() {
        if !on {
            return Ok(text.to_owned());
        }
        let wanted = format!("modules = [{name:?}]");
        let in_place = text.replacen(&format!("\n{COMMENTED}\n"), &format!("\n{wanted}\n"), 1);
        // Where the comment stood below a table, it is another key.
        if names(&in_place) == [name] {
            return Ok(in_place);
        }
        document.insert("modules", Item::Value(Value::Array(Array::new())));
    }
    let item = &mut document["modules"];
    if let Some(value) = item.as_value_mut()
        && let Some(one) = value.as_str().map(str::to_owned)
    {
        // One name may stand without brackets.
        let decor = value.decor().clone();
        *value = Value::Array(Array::from_iter([one]));
        *value.decor_mut() = decor;
    }
    let array = item.as_array_mut().ok_or("modules is no list")?;
    let is_it = |value: &Value| value.as_str() == Some(name);
    if !on {
        for at in (0..array.len()).rev() {
            if array.get(at).is_some_and(is_it) {
                remove(array, at);
            }
        }
    } else if !array.iter().any(is_it) {
        push(array, name);
    }
    Ok(document.to_string())
}

/// Adds a name at the end, in the manner of the one before it.
fn push(array: &mut Array, name: &str) {
    let last = array.len().checked_sub(1);
    let last = last.and_then(|at| array.get_mut(at));
    let before = last.as_ref().map(|last| text_of(last.decor().prefix()));
    let (Some(last), Some((_, indent))) =
        (last, before.as_deref().and_then(|it| it.rsplit_once('\n')))
    else {
        array.push(name);
        return;
    };
    // What stands behind the last name, a comment perhaps, stays there.
    let behind = text_of(last.decor().suffix());
    last.decor_mut().set_suffix("");
    let behind = behind + &text_of(Some(array.trailing()));
    let (comment, end) = behind.rsplit_once('\n').unwrap_or((&behind, ""));
    let mut value = Value::from(name);
    value.decor_mut().set_prefix(format!("{comment}\n{indent}"));
    array.push_formatted(value);
    array.set_trailing(format!("\n{end}"));
    array.set_trailing_comma(true);
}

/// Removes a name, and keeps the comments that stood before it.
fn remove(array: &mut Array, at: usize) {
    let removed = array.remove(at);
    let before = text_of(removed.decor().prefix());
    let own = format!("{before}{}", text_of(removed.decor().suffix()));
    let keeps = own.contains('#');
    match array.get_mut(at) {
        Some(next) if keeps => {
            let after = text_of(next.decor().prefix());
            next.decor_mut().set_prefix(format!(
                "{}{after}",
                own.trim_end_matches([' ', '\t', '\n'])
            ));
        }
        // The first one has no blank before it.
        Some(next) if at == 0 => next.decor_mut().set_prefix(before),
        Some(_) => {}
        None if keeps => {
            let after = text_of(Some(array.trailing()));
            array.set_trailing(format!(
                "{}{after}",
                own.trim_end_matches([' ', '\t', '\n'])
            ));
        }
        None => {}
    }
}

fn text_of(raw: Option<&toml_edit::RawString>) -> String {
    raw.and_then(toml_edit::RawString::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
#[path = "toml_tests.rs"]
mod tests;
