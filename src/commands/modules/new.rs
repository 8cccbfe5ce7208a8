//! `tickets modules new`: a module to begin with.

use crate::commands::modules::list::is_part;
use crate::commands::text::{here, of_owner};
use crate::config::other_owner;
use crate::error::{Fault, Status, quoted_path};
use crate::module::{NAME_RULE, find, is_name};
use crate::part::Context;
use crate::privilege;
use crate::screen::say;
use anyhow::{Context as _, Result};
use nix::unistd::{AccessFlags, access};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const SH: &str = include_str!("new/filter.sh");
const PYTHON: &str = include_str!("new/filter.py");
const MANIFEST: &str = include_str!("new/module.toml");

/// Write a module to begin with
///
/// It is a filter of a few lines, in the first directory of `modules_path` in which you may write. docs/modules.md
/// says what else a module can be.
#[derive(clap::Args)]
pub(super) struct New {
    /// What it is called: a-z, 0-9 and -
    #[arg(value_name = "NAME")]
    name: String,
    /// The language of its program
    #[arg(long, value_enum, default_value_t = Lang::Sh)]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Lang {
    Sh,
    Python,
}

impl New {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.planned_desk()?;
        let name = &self.name;
        let usage = |why: &str| Fault::new(Status::Usage, format!("cannot write {name:?}: {why}"));
        if !is_name(name) {
            return Err(usage(NAME_RULE).into());
        }
        if is_part(cx, name) {
            return Err(usage("it is the name of a built-in part").into());
        }
        // What lies in somebody else's home, or is theirs, the desk of another user never runs.
        if let Some(owner) = other_owner(&desk.config.dir) {
            let (user, program) = (privilege::name_of(owner), of_owner(&desk.config, owner));
            let text = format!("cannot write {name:?}: the desk is that of {user}");
            let fault = Fault::new(Status::NoPerm, text);
            return Err(fault.hint(format!("`{program} modules new {name}`")).into());
        }
        let path = desk.config.modules_path();
        if find(&path, name).is_some() {
            let there = path.iter().map(|shelf| shelf.join(name));
            let there = there.into_iter().find(|dir| dir.exists());
            let there = there.map_or_else(String::new, |dir| format!(", {}", dir.display()));
            return Err(usage(&format!("there is one of that name already{there}")).into());
        }
        let Some(shelf) = path.iter().find(|shelf| is_writable(shelf)) else {
            let text = "cannot write to any directory of modules_path";
            let fault = Fault::new(Status::NoPerm, text);
            let user = privilege::name_of(nix::unistd::Uid::effective());
            return Err(match path.first() {
                Some(first) => {
                    let does = match first.is_dir() {
                        true => format!("gives it to {user}"),
                        false => "makes one".to_owned(),
                    };
                    let first = quoted_path(first);
                    fault.hint(format!("`sudo install -d -o {user} {first}` {does}"))
                }
                None => fault.hint("name one that is not in the store"),
            }
            .into());
        };
        let dir = shelf.join(name);
        write(shelf, name, self.lang).with_context(|| format!("cannot write {}", dir.display()))?;
        say(format_args!("wrote {}/module.toml and run", dir.display()))?;
        let program = here(&cx.overrides);
        say(format_args!("try it:       {program} modules check {name}"))?;
        say(format_args!(
            "switch it on: {program} modules enable {name}"
        ))?;
        if privilege::was_root() {
            // As whom it runs, it could change itself and its neighbours.
            let shelf = quoted_path(shelf);
            say(format_args!("once written: sudo chown -R root: {shelf}"))?;
        }
        Ok(Status::Ok)
    }
}

/// True if modules can be put there; it is made if it is missing.
fn is_writable(shelf: &Path) -> bool {
    let is_there = shelf.is_dir() || fs::create_dir_all(shelf).is_ok();
    is_there && access(shelf, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

/// Writes the module, wholly or not at all.
fn write(shelf: &Path, name: &str, lang: Lang) -> std::io::Result<()> {
    let (program, text) = match lang {
        Lang::Sh => ("run", SH),
        Lang::Python => ("run", PYTHON),
    };
    // It has no name of a module yet.
    let made = tempfile::Builder::new().prefix(".new-").tempdir_in(shelf)?;
    let put = |file: &str, text: &str, mode| -> std::io::Result<()> {
        let file: PathBuf = made.path().join(file);
        fs::write(&file, text)?;
        fs::set_permissions(&file, Permissions::from_mode(mode))
    };
    put("module.toml", &MANIFEST.replace("NAME", name), 0o644)?;
    put(program, text, 0o755)?;
    fs::set_permissions(made.path(), Permissions::from_mode(0o755))?;
    fs::rename(made.path(), shelf.join(name))?;
    // It is no longer there to be removed.
    drop(made.keep());
    Ok(())
}
