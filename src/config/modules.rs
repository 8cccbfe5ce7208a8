//! Which modules are switched on, and where they are. Nothing here is looked for on the disk before somebody asks, and
//! nothing that is wrong with a module keeps mail waiting (G3).

use super::explain::wrong;
use super::keys::{Config, ModuleKeys};
use super::user::{User, expand};
use crate::error::nearest;
use crate::module::{Host, Module, Switched, find, names};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where modules are looked for, unless the configuration says so.
const PATH: [&str; 3] = [
    "~/.config/tickets/modules",
    "/usr/local/lib/tickets/modules",
    "/usr/lib/tickets/modules",
];

/// The modules that are switched on, each once, with its settings; then those that only have settings.
pub(super) fn switched(
    on: Option<Vec<String>>,
    mut tables: BTreeMap<String, ModuleKeys>,
) -> (Vec<Switched>, Vec<Switched>) {
    let with = |name, keys: ModuleKeys| Switched {
        name,
        settings: keys.settings,
        on_failure: keys.on_failure,
    };
    let mut modules: Vec<Switched> = Vec::new();
    for name in on.unwrap_or_default() {
        if modules.iter().any(|known| known.name == name) {
            continue;
        }
        let keys = tables.remove(&name).unwrap_or_default();
        modules.push(with(name, keys));
    }
    let off = tables.into_iter().map(|(name, keys)| with(name, keys));
    (modules, off.collect())
}

/// The directories that `modules_path` names.
///
/// # Errors
/// Status 78 if one is no absolute path.
pub(super) fn path(dirs: &[String], me: &User) -> Result<Vec<PathBuf>> {
    let mut path = Vec::new();
    for dir in dirs {
        let dir = expand(dir, me)?;
        if dir.is_relative() {
            let why = format!("{} is not an absolute path", dir.display());
            return Err(wrong("modules_path", &why).into());
        }
        path.push(dir);
    }
    Ok(path)
}

impl Config {
    /// The directories in which modules are looked for, the first that has one counts. None lies in the store: nothing
    /// that mail brings there may ever be run.
    pub fn modules_path(&self) -> Vec<PathBuf> {
        let owner = (self.group.is_some())
            .then(|| User::owner(&self.dir))
            .flatten();
        let me = owner.unwrap_or_default();
        // Who has no home has no modules there.
        let default = || {
            PATH.iter()
                .filter_map(|dir| expand(dir, &me).ok())
                .collect()
        };
        let mut path = self.modules_path.clone().unwrap_or_else(default);
        path.retain(|dir| self.no_place_for_modules(dir).is_none());
        path
    }

    /// Why no module is looked for in `dir`, if none is.
    fn no_place_for_modules(&self, dir: &Path) -> Option<&'static str> {
        if dir.starts_with("/proc") {
            // `/proc/self/cwd` is where the caller happens to stand.
            return Some("it is another one for each process");
        }
        let is_within = dir.starts_with(&self.dir) || real(dir).starts_with(real(&self.dir));
        is_within.then_some("it lies in the store")
    }

    /// Those of the directories that `modules_path` names in which no module is looked for, each with why.
    pub fn modules_path_left_out(&self) -> Vec<(&Path, &'static str)> {
        let named = self.modules_path.iter().flatten();
        let left_out = named.filter_map(|dir| Some((&**dir, self.no_place_for_modules(dir)?)));
        left_out.collect()
    }

    /// The desk, as modules know it.
    pub fn host(&self) -> Host {
        Host {
            store: self.dir.clone(),
            // A module works in a directory of its own.
            config: (self.file.as_ref()).and_then(|file| std::path::absolute(file).ok()),
            project: String::new(),
        }
    }

    /// The modules that are switched on, in their order; the error says why one may not be asked: it is not there, may
    /// not be run, or its data is of another version (G8).
    pub fn modules_on(&self) -> Vec<Result<Module, String>> {
        let found = self.modules_found().into_iter();
        found.map(with_data).collect()
    }

    /// The same, of whatever version their data is.
    pub fn modules_found(&self) -> Vec<Result<Module, String>> {
        if self.modules.is_empty() {
            return Vec::new();
        }
        let (path, host) = (self.modules_path(), self.host());
        let found = |switched: &Switched| {
            let module = module(&path, switched, &host);
            module.map_err(|why| named(&switched.name, &why))
        };
        self.modules.iter().map(found).collect()
    }

    /// The module of this name with its settings, whether it is switched on or not, and of whatever version its data is.
    ///
    /// # Errors
    /// Why it may not be run.
    pub fn module(&self, name: &str) -> Result<Module, String> {
        module(&self.modules_path(), &self.switched(name), &self.host())
    }

    /// The modules that are not switched on, and for which it has settings.
    pub fn only_settings(&self) -> impl Iterator<Item = &Switched> {
        self.modules_off.iter()
    }

    /// What it says of the module of this name.
    fn switched(&self, name: &str) -> Switched {
        let known = self.modules.iter().chain(&self.modules_off);
        let known = known.into_iter().find(|switched| switched.name == name);
        known.cloned().unwrap_or_else(|| Switched {
            name: name.to_owned(),
            ..Switched::default()
        })
    }
}

/// Where a path leads, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let mut above = path.ancestors();
    let real = above.find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok()?.join(rest))
    });
    real.unwrap_or_else(|| path.to_owned())
}

/// The module that was found, if it may be asked: its data is of the version that it needs (G8).
///
/// # Errors
/// Why it was not found, or may not be asked.
pub fn with_data(found: Result<Module, String>) -> Result<Module, String> {
    let module = found?;
    match module.expect_data() {
        Ok(()) => Ok(module),
        Err(why) => Err(named(module.name(), &why)),
    }
}

fn named(module: &str, why: &str) -> String {
    format!("module {module}: {why}")
}

/// What is said of one that `path` has not.
fn not_there(path: &[PathBuf], name: &str) -> String {
    let there = names(path);
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    match nearest(name, &there) {
        Some(right) => format!("it is not there; is {right} meant?"),
        None => "it is not there".into(),
    }
}

/// The module of the first directory of `path` that has it.
fn module(path: &[PathBuf], switched: &Switched, host: &Host) -> Result<Module, String> {
    match find(path, &switched.name) {
        None => Err(not_there(path, &switched.name)),
        Some(Err(why)) => Err(why),
        Some(Ok(found)) => Ok(Module::new(found, switched.clone(), host)),
    }
}
