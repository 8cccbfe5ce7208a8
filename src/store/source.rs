//! Archives of mail on the disk: mboxes, Maildirs, single mails, logs of Debbugs, copies of a store.
//!
//! They are walked once from end to end and then read again message by message, so no more than one
//! message is in memory. Nothing is written there, and access times stay as they are.

mod read;

use super::{absent, open_quietly};
use crate::error::{Fault, Status};
use crate::mail::debbugs;
use crate::mail::mbox;
use crate::mail::message::Message;
use crate::ticket::TicketId;
use crate::ticket::archive::{self, Whole};
use anyhow::{Context, Result};
pub use read::{Piece, Reader, Spot, Walked};
use std::fs::{DirEntry, File};
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

/// So much of a file is looked at to tell what it is.
const HEAD: u64 = 64 << 10;

#[derive(Debug)]
enum Kind {
    Mbox,
    Message,
    Log,
    /// `new/NAME` and `cur/NAME` of each message, in order of their delivery.
    Maildir(Vec<Box<str>>),
}

/// One file or Maildir.
#[derive(Debug)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    kind: Kind,
    /// What could be read only once.
    held: Option<File>,
    /// The ticket that it is all of; `seat` counts.
    whole: Option<Whole>,
}

/// The archives at `path`: one, or in a directory several. With `folders`, those in the directories of
/// a Maildir, too. What comes from standard input (`-`) is kept in `scratch` meanwhile.
///
/// # Errors
/// 66 if there is no such file, 65 if it is nothing of the kind.
pub fn find(path: &Path, folders: bool, scratch: &Path) -> Result<Vec<Source>> {
    if path == Path::new("-") {
        let input = std::io::stdin().lock();
        return Ok(vec![keep(input, "standard input", scratch)?]);
    }
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) if absent(&e) => {
            let text = format!("cannot read {}: there is no such file", path.display());
            return Err(Fault::new(Status::NoInput, text).into());
        }
        Err(e) => return Err(unreadable(path, e)),
    };
    if meta.is_dir() {
        return directory(path, folders);
    }
    let mut file = File::open(path).map_err(|e| unreadable(path, e))?;
    let name = path.display().to_string();
    if !meta.is_file() {
        // A pipe: tickets import <(zcat old.mbox.gz)
        return Ok(vec![keep(file, &name, scratch)?]);
    }
    let source = Source {
        kind: kind(&mut file, &name)?,
        path: path.to_owned(),
        held: None,
        whole: None,
    };
    Ok(vec![match source.kind {
        Kind::Log => of_debbugs(source),
        _ => source,
    }])
}

impl Source {
    /// Bytes to read, as far as that is known.
    pub fn size(&self) -> u64 {
        match (&self.kind, &self.held) {
            (Kind::Maildir(_), _) => 0,
            (_, Some(file)) => file.metadata().map_or(0, |m| m.len()),
            _ => std::fs::metadata(&self.path).map_or(0, |m| m.len()),
        }
    }

    /// Its name for a message to the user.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The store's owner is of no help with somebody else's archive.
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

/// Keeps what can be read only once.
fn keep(mut input: impl Read, name: &str, scratch: &Path) -> Result<Source> {
    let doing = || format!("cannot keep {name} in {}", scratch.display());
    let mut file = tempfile::tempfile_in(scratch).with_context(doing)?;
    std::io::copy(&mut input, &mut file).with_context(doing)?;
    file.rewind().with_context(doing)?;
    Ok(Source {
        kind: kind(&mut file, name)?,
        path: PathBuf::from(name),
        held: Some(file),
        whole: None,
    })
}

fn kind(file: &mut File, name: &str) -> Result<Kind> {
    let mut head = Vec::new();
    let doing = || format!("cannot read {name}");
    let read = file.by_ref().take(HEAD).read_to_end(&mut head);
    read.with_context(doing)?;
    if debbugs::is_log(&head) {
        return Ok(Kind::Log);
    }
    let blank = |b: &&u8| matches!(b, b'\r' | b'\n');
    let begin = &head[head.iter().take_while(blank).count()..];
    let first_line = mbox::lines(begin).next().unwrap_or_default();
    if begin.is_empty() || mbox::is_from_line(first_line) {
        return Ok(Kind::Mbox);
    }
    if !Message::new(&head).fields().is_empty() {
        return Ok(Kind::Message);
    }
    let text = format!("{name} is neither an mbox nor a mail");
    Err(Fault::new(Status::DataErr, text).into())
}

/// The log of a bug: its name is the number, and beside it stands a summary that says more of its
/// state than the mails do.
fn of_debbugs(mut source: Source) -> Source {
    let stem = source.path.file_stem().and_then(|stem| stem.to_str());
    let number = stem.and_then(|stem| stem.parse().ok());
    let summary = std::fs::read(source.path.with_extension("summary")).ok();
    let closed = summary.map(|summary| {
        let done = mbox::lines(&summary).find_map(|line| line.strip_prefix(b"Done:"));
        done.is_some_and(|done| !done.trim_ascii().is_empty())
    });
    source.whole = number.map(|number| Whole {
        number,
        desk: archive::BY_TAG,
        seat: 0,
        closed,
    });
    source
}

/// The entries of a directory, by name.
fn entries(dir: &Path) -> Result<Vec<DirEntry>> {
    let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<std::io::Result<_>>);
    let mut entries: Vec<DirEntry> = entries.map_err(|e| unreadable(dir, e))?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn is_maildir(dir: &Path) -> bool {
    dir.join("cur").is_dir() || dir.join("new").is_dir()
}

fn directory(dir: &Path, folders: bool) -> Result<Vec<Source>> {
    let mut sources = match is_maildir(dir) {
        true => vec![maildir(dir)?],
        false => copy_of_a_store(dir)?,
    };
    if folders {
        for entry in entries(dir)? {
            let (path, name) = (entry.path(), entry.file_name());
            // No symbolic link leads in a circle.
            let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_dir && !["cur", "new", "tmp"].iter().any(|n| name == *n) {
                sources.append(&mut directory(&path, true)?);
            }
        }
    } else if sources.is_empty() {
        let text = format!("{} is neither a Maildir nor a store", dir.display());
        let fault = Fault::new(Status::DataErr, text);
        return Err(fault
            .hint("name the mailboxes in it, or use --folders")
            .into());
    }
    Ok(sources)
}

fn maildir(dir: &Path) -> Result<Source> {
    let mut names: Vec<Box<str>> = Vec::new();
    for part in ["new", "cur"] {
        let part_dir = dir.join(part);
        if !part_dir.is_dir() {
            continue;
        }
        for entry in entries(&part_dir)? {
            let name = entry.file_name();
            // A name that is no text was not written by a mail program.
            if let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) {
                names.push(format!("{part}/{name}").into());
            }
        }
    }
    names.sort_by_cached_key(|name| (read::delivered(name), name.clone()));
    Ok(Source {
        path: dir.to_owned(),
        kind: Kind::Maildir(names),
        held: None,
        whole: None,
    })
}

/// A store that somebody copied with cp: an mbox for each ticket, named by its number.
fn copy_of_a_store(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for (dir, closed) in [(root.to_owned(), false), (root.join("archived"), true)] {
        if !dir.is_dir() {
            continue;
        }
        for entry in entries(&dir)? {
            let name = entry.file_name();
            let number: Option<TicketId> = name.to_str().and_then(|n| n.parse().ok());
            let Some(number) = number.filter(|_| entry.path().is_file()) else {
                continue;
            };
            let whole = Whole {
                number,
                desk: archive::BY_OPENER,
                seat: 0,
                closed: Some(closed),
            };
            let path = entry.path();
            let mut file =
                open_quietly(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let kind = kind(&mut file, &path.display().to_string())?;
            sources.push(Source {
                whole: matches!(kind, Kind::Mbox).then_some(whole),
                path,
                kind,
                held: None,
            });
        }
    }
    sources.sort_by_key(|source| source.whole.map(|whole| whole.number));
    Ok(sources)
}
