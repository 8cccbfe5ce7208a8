//! One module of one desk.

use super::found::Runnable;
use super::home::Home;
use super::manifest::Manifest;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// What the configuration says of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switched {
    /// Its name.
    pub name: String,
    /// `[module.NAME]`, which is handed on to it.
    pub settings: Map<String, Value>,
    /// What becomes of a message about which it should have been asked and did not answer.
    pub on_failure: OnFailure,
}

/// What becomes of a message when a filter fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// It is filed as if nobody had been asked.
    #[default]
    GoOn,
    /// It goes to quarantine.
    Quarantine,
    /// The MTA comes again later.
    Defer,
}

/// The desk for which modules are asked.
#[derive(Clone, Debug)]
pub struct Host {
    /// The store.
    pub store: PathBuf,
    /// The configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// Name of the project; empty for the desk itself.
    pub project: String,
}

/// A module that is switched on and may be run.
#[derive(Clone, Debug)]
pub struct Module {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its directory.
    pub dir: PathBuf,
    /// What the configuration says of it.
    pub switched: Switched,
    /// What the store keeps of it.
    pub home: Home,
    /// It is only tried, and is told to call nobody.
    pub trial: bool,
    pub(super) host: Host,
}

impl Module {
    /// The module that was `found`.
    pub fn new(found: Runnable, switched: Switched, host: &Host) -> Module {
        Module {
            home: Home::new(&host.store, &found.manifest.name),
            manifest: found.manifest,
            dir: found.dir,
            switched,
            trial: false,
            host: host.clone(),
        }
    }

    /// From now on it takes this for the store of the desk. What it keeps itself stays where it is.
    pub fn work_in(&mut self, store: PathBuf) {
        self.host.store = store;
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// True if its program is a script whose first line ends in CR LF: the CR is then a part of what stands there.
    pub fn begins_with_crlf(&self) -> bool {
        let mut start = Vec::new();
        let read = File::open(self.program()).and_then(|it| it.take(256).read_to_end(&mut start));
        let line = start.split(|&c| c == b'\n').next();
        read.is_ok()
            && start.starts_with(b"#!")
            && start.contains(&b'\n')
            && line.is_some_and(|line| line.ends_with(b"\r"))
    }
}
