//! Files that are on the disk before they have a name that means anything.

use super::unnamed;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The mbox of a ticket to be, on the disk but without a name that means anything.
#[derive(Debug)]
pub struct Unnumbered {
    pub(super) file: File,
    /// Set where the file system has no O_TMPFILE; removed when dropped.
    named: Option<tempfile::TempPath>,
}

impl Unnumbered {
    pub(super) fn create(dir: &Path) -> std::io::Result<Unnumbered> {
        if let Some(file) = unnamed::create(dir, 0o660)? {
            return Ok(Unnumbered { file, named: None });
        }
        let named = tempfile::Builder::new()
            .prefix("new.")
            .permissions(Permissions::from_mode(0o660))
            .tempfile_in(dir)?;
        let (file, path) = named.into_parts();
        Ok(Unnumbered {
            file,
            named: Some(path),
        })
    }

    pub(super) fn link(&self, to: &Path) -> std::io::Result<()> {
        match &self.named {
            Some(path) => std::fs::hard_link(path, to),
            None => unnamed::name(&self.file, to),
        }
    }
}
