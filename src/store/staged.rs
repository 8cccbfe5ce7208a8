//! Files that are written before they get their final name.

use crate::files::{Dir, Found, Place, Stamp};
use anyhow::Context;
use std::fs::File;
use std::io::Result;

/// A file without its final name: the mbox of a new ticket, or a copy of an entry.
#[derive(Debug)]
pub(crate) struct StagedFile {
    pub(super) file: File,
    /// A temporary name, where the file system has no O_TMPFILE. It is removed when this is dropped.
    named: Option<Place>,
}

impl StagedFile {
    pub(super) fn create(dir: &Dir) -> Result<StagedFile> {
        if let Some(file) = dir.unnamed(0o660)? {
            return Ok(StagedFile { file, named: None });
        }
        let (file, place) = dir.create_free("new", 0o660)?;
        let named = Some(place);
        Ok(StagedFile { file, named })
    }

    /// What it is like now. Its ctime changes when it gets its name.
    pub(crate) fn stamp(&self) -> anyhow::Result<Stamp> {
        let found = Found::of(&self.file).context("cannot look at a new ticket")?;
        Ok(found.stamp())
    }

    /// Gives it its name; fails if that exists.
    pub(super) fn link(&self, place: &Place) -> Result<()> {
        match &self.named {
            Some(named) => named.link_to(place),
            None => place.link(&self.file),
        }
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if let Some(named) = &self.named {
            let _ = named.remove();
        }
    }
}
