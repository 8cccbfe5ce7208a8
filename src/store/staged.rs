//! Files that are written before they get their final name.

use super::unnamed;
use crate::files::Dir;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A file without its final name: the mbox of a new ticket, or a copy of an entry.
#[derive(Debug)]
pub(crate) struct StagedFile {
    pub(super) file: File,
    /// A temporary name, where the file system has no O_TMPFILE. It is removed when this is dropped.
    named: Option<tempfile::TempPath>,
}

impl StagedFile {
    pub(super) fn create(dir: &Path) -> std::io::Result<StagedFile> {
        if let Some(file) = unnamed::create(dir, 0o660)? {
            return Ok(StagedFile { file, named: None });
        }
        let named = tempfile::Builder::new()
            .prefix("new.")
            .permissions(Permissions::from_mode(0o660))
            .tempfile_in(dir)?;
        let (file, path) = named.into_parts();
        Ok(StagedFile {
            file,
            named: Some(path),
        })
    }

    /// Gives it its name in `dir`; fails if that exists.
    pub(super) fn link(&self, dir: &Dir, name: &str) -> std::io::Result<()> {
        match &self.named {
            Some(path) => dir.link_path(path, name),
            None => dir.link(&self.file, name),
        }
    }
}
