//! Reads messages again, after the walk.

use super::{Format, Location, MailSource};
use crate::parts::archive::import::raw::RawMessage;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::ErrorKind;

/// Reads messages again, each by its location. The source that was used last stays open.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    sources: &'a [MailSource],
    open: Option<(usize, File)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a [MailSource]) -> Self {
        Reader {
            sources,
            open: None,
        }
    }

    /// The message at `location` of the source with this index.
    ///
    /// # Errors
    /// It cannot be read, or is gone.
    pub(crate) fn read(&mut self, index: usize, location: Location) -> Result<RawMessage> {
        let source = &self.sources[index];
        let doing = || format!("cannot read {} again", source.name());
        if let Format::Maildir(_) = source.format {
            let message = source.maildir_file(location.start, u64::MAX)?;
            return message.with_context(|| format!("{}: a message is gone", doing()));
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            self.open = Some((index, source.open()?));
        }
        let (_, file) = self.open.as_ref().with_context(doing)?;
        let message = match source.format {
            Format::DebbugsLog => source.logged_at(file, location),
            _ => source.message_at(file, location),
        };
        let message = message.map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => std::io::Error::other("it got shorter meanwhile"),
            _ => e,
        });
        message.with_context(doing)
    }
}
