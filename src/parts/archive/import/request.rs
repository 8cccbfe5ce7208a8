//! What is to be imported, and how.

use super::message::Conventions;
use super::state::StateRule;
use std::path::PathBuf;

/// What is to be imported, and how.
pub(crate) struct ImportRequest {
    /// Files and directories; `-` is standard input.
    pub(crate) paths: Vec<PathBuf>,
    /// Import the subdirectories of a directory, too.
    pub(crate) folders: bool,
    pub(crate) conventions: Conventions,
    /// A ticket gets the number that the archive gives it, if that is free.
    pub(crate) keep_numbers: bool,
    pub(crate) state: StateRule,
    /// Only report what would be done.
    pub(crate) dry_run: bool,
}
