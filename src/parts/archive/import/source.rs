//! Archives of mail on the disk: mboxes, Maildirs, single mails, logs of Debbugs, copies of a store.
//!
//! Each is walked from end to end once; later, its messages are read again one by one. So no more than
//! one message is in memory. Nothing is written to an archive, and access times stay as they are.

pub(crate) mod debbugs;
pub(crate) mod find;
pub(crate) mod reader;
pub(crate) mod walk;

use super::raw::{RawMessage, WholeTicket};
use crate::error::{Fault, Status};
use crate::files::{absent, is_no_file, open_following, open_quietly};
use anyhow::{Context, Result};
use mail::mbox;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// No more than this is read of a From_ line, in bytes.
const MAX_FROM_LINE: u32 = 64 << 10;

/// One file or Maildir.
#[derive(Debug)]
pub(crate) struct MailSource {
    path: PathBuf,
    format: Format,
    /// A copy of what can be read only once.
    copy: Option<File>,
    /// The ticket, if the source is a whole ticket; the position in it is not set yet.
    whole: Option<WholeTicket>,
}

#[derive(Debug)]
enum Format {
    Mbox,
    /// A single mail.
    Mail,
    DebbugsLog,
    /// `new/NAME` and `cur/NAME` of each message, in the order of their delivery.
    Maildir(Vec<Box<str>>),
}

/// Where a message lies in its source, in sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The offset of the first byte, or the index of the file in its Maildir.
    start: u64,
    /// The length of the From_ line.
    from_line: u32,
    /// The length of header and body.
    length: u32,
}

impl MailSource {
    /// The bytes to read, as far as that is known.
    pub(crate) fn size(&self) -> u64 {
        match (&self.format, &self.copy) {
            (Format::Maildir(_), _) => 0,
            (_, Some(file)) => file.metadata().map_or(0, |m| m.len()),
            _ => std::fs::metadata(&self.path).map_or(0, |m| m.len()),
        }
    }

    /// Its name for messages to the user.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Result<File> {
        let opened = match &self.copy {
            Some(file) => file.try_clone().and_then(|mut file| {
                file.rewind()?;
                Ok(file)
            }),
            // An archive may be a symbolic link, which `open_quietly` does not follow.
            None => open_quietly(&self.path).or_else(|_| open_following(&self.path)),
        };
        opened.map_err(|e| unreadable(&self.path, e))
    }

    fn message(&self, file: &File, from_line: Vec<u8>, content: Vec<u8>) -> RawMessage {
        RawMessage {
            from_line,
            content,
            deleted: false,
            in_mbox: matches!(self.format, Format::Mbox),
            at: file.metadata().ok().map(|meta| meta.mtime()),
            whole: self.whole,
        }
    }

    /// Reads a message of an mbox or a single mail.
    fn message_at(&self, file: &File, location: Location) -> std::io::Result<RawMessage> {
        let mut line = vec![0; location.from_line.min(MAX_FROM_LINE) as usize];
        let mut content = vec![0; location.length as usize];
        file.read_exact_at(&mut line, location.start)?;
        file.read_exact_at(&mut content, location.start + u64::from(location.from_line))?;
        Ok(self.message(file, first_line(&line), content))
    }

    /// Reads a message of a log of Debbugs.
    fn logged_at(&self, file: &File, location: Location) -> std::io::Result<RawMessage> {
        let mut record = vec![0; location.length as usize];
        file.read_exact_at(&mut record, location.start)?;
        let (from_line, mail) = debbugs::mail(&record);
        Ok(self.message(file, from_line.unwrap_or_default(), mail))
    }

    /// Reads a file of a Maildir; `None` if it is gone.
    ///
    /// # Errors
    /// It cannot be read, or has more than `max_size` bytes.
    fn maildir_file(&self, index: u64, max_size: u64) -> Result<Option<RawMessage>> {
        let Format::Maildir(names) = &self.format else {
            return Ok(None);
        };
        let name = &*names[index as usize];
        let mut path = self.path.join(name);
        let doing = |path: &Path| format!("cannot read {}", path.display());
        let file = match open_quietly(&path) {
            Err(e) if absent(&e) => {
                // A mail program has changed its flags, or moved it from new/ to cur/.
                let Some(renamed) = self.renamed(name) else {
                    return Ok(None);
                };
                path = renamed;
                open_following(&path)
            }
            // Some programs link a mail into several folders.
            Err(e) if is_no_file(&e) => open_following(&path),
            opened => opened,
        };
        let mut file = match file {
            Err(e) if absent(&e) => return Ok(None),
            file => file.map_err(|e| unreadable(&path, e))?,
        };
        let size = file.metadata().with_context(|| doing(&path))?.len();
        if size > max_size {
            let text = format!("{name} has {size} bytes: too large, left out");
            return Err(Fault::new(Status::DataErr, text).into());
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        // What is added meanwhile is not of this mail.
        let read = file.by_ref().take(size).read_to_end(&mut bytes);
        read.with_context(|| doing(&path))?;
        let (sender, rest) = mbox::strip_from_line(&bytes);
        let mut message = match sender {
            None => self.message(&file, Vec::new(), bytes),
            Some(_) => self.message(&file, first_line(&bytes), rest.to_vec()),
        };
        message.at = delivered_at(name).or(message.at);
        message.deleted = is_trashed(&path);
        Ok(Some(message))
    }

    /// The new path of a file of a Maildir: its name is the same up to the flags.
    fn renamed(&self, name: &str) -> Option<PathBuf> {
        let unique = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let wanted = unique(name.rsplit('/').next()?);
        ["cur", "new"].iter().find_map(|part| {
            let entries = std::fs::read_dir(self.path.join(part)).ok()?;
            let mut entries = entries.flatten();
            let same =
                |e: &std::fs::DirEntry| e.file_name().to_str().is_some_and(|n| unique(n) == wanted);
            entries.find(same).map(|entry| entry.path())
        })
    }
}

/// The error for a file that cannot be read. It hints at standard input where permission is missing:
/// to become the store's owner, as the usual hint advises, is of no help with someone else's archive.
fn unreadable(path: &Path, e: std::io::Error) -> anyhow::Error {
    let text = format!("cannot read {}", path.display());
    match e.kind() {
        ErrorKind::PermissionDenied => {
            let fault = Fault::new(Status::NoPerm, format!("{text}: {e}"));
            fault
                .hint("a file may come on standard input: tickets import - <FILE")
                .into()
        }
        _ => anyhow::Error::from(e).context(text),
    }
}

fn first_line(bytes: &[u8]) -> Vec<u8> {
    let line = mbox::lines(bytes).next().unwrap_or_default();
    line.trim_ascii_end().to_vec()
}

/// True if the flags in a file's name mark it as deleted.
fn is_trashed(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let flags = name.rsplit_once(":2,").map(|(_, flags)| flags);
    flags.is_some_and(|flags| flags.contains('T'))
}

/// When a file of a Maildir was delivered: its name begins with that, in seconds since 1970.
fn delivered_at(name: &str) -> Option<i64> {
    let file = name.rsplit('/').next()?;
    let (seconds, _) = file.split_once('.')?;
    seconds.parse().ok().filter(|&at| at > 0)
}
