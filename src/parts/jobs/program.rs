//! The program that runs, and the one that lies there now.

use crate::config::Overrides;
use crate::part::Context;
use crate::privilege;
use anyhow::Result;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// This program, to be started once more for the same desk.
pub(super) fn program_again(desk: &Overrides) -> Command {
    // The very same, even if it was replaced a moment ago.
    program_at(Path::new("/proc/self/exe"), desk)
}

/// The program at `path`, to be started for the same desk.
pub(super) fn program_at(path: &Path, desk: &Overrides) -> Command {
    let mut command = privilege::program(path);
    command.arg0("tickets");
    for (option, path) in [("--config", &desk.config), ("--dir", &desk.dir)] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    command
}

/// The file of the program that runs, what it was like at the start, and the parts that it found then.
pub(super) struct Program {
    path: Option<PathBuf>,
    was: Option<(u64, u64, i64)>,
    parts: Option<String>,
}

impl Program {
    pub(super) fn running(cx: &Context) -> Program {
        let path = privilege::own_path().ok();
        let was = path.as_ref().and_then(Program::look);
        let parts = Program::parts(cx);
        Program { path, was, parts }
    }

    /// Which modules there are, and what is to be off, as the configuration says now. A program knows those of its start.
    fn parts(cx: &Context) -> Option<String> {
        let config = cx.config().ok()?;
        Some(format!("{:?} {:?}", config.parts_off, config.modules_on()))
    }

    /// True if the program would be another one if it were started now: its file was replaced, or modules were.
    pub(super) fn is_another(&self, cx: &Context) -> bool {
        let now = Program::parts(cx);
        self.is_replaced() || self.parts.is_some() && now.is_some() && now != self.parts
    }

    fn look(path: &PathBuf) -> Option<(u64, u64, i64)> {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.dev(), meta.ino(), meta.ctime()))
    }

    /// True if there is another one in its place.
    fn is_replaced(&self) -> bool {
        let is = self.path.as_ref().and_then(Program::look);
        self.was.is_some() && is.is_some() && is != self.was
    }

    /// The one that lies there now, to be started for the same desk. `None` if nobody knows where this one lay.
    pub(super) fn anew(&self, cx: &Context) -> Result<Option<Command>> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let desk = cx.desk_for_mta()?.config.overrides;
        Ok(Some(program_at(path, &desk)))
    }

    /// Becomes that one.
    pub(super) fn start_anew(&self, cx: &Context) -> Result<()> {
        let Some(mut command) = self.anew(cx)? else {
            return Ok(());
        };
        // It returns only if it fails.
        Err(command.args(["tick", "--loop"]).exec().into())
    }
}
