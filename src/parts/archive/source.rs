//! Archives of mail on the disk: mboxes, Maildirs, single mails, logs of Debbugs, copies of a store.
//!
//! They are walked once from end to end and then read again message by message, so no more than one
//! message is in memory. Nothing is written there, and access times stay as they are.

mod read;

use crate::files::{absent, open_quietly};
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use crate::parts::archive::message::{self, Whole};
use anyhow::{Context, Result};
use crate::parts::archive::debbugs;
use mail::mbox;
use mail::message::Message;
pub use read::{Reader, Spot};
use std::fs::{DirEntry, File};
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

/// So much of a file is looked at to tell what it is.
const HEAD: u64 = 64 << 10;

/// A mail that is a file of its own has one of these; `name: value` alone stands in many files.
const FIELDS: [&str; 8] = [
    "From",
    "Date",
    "Subject",
    "To",
    "Message-ID",
    "Received",
    "Return-Path",
    "Delivered-To",
];

/// How compressed files begin, and what unpacks them.
const PACKED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "zcat"),
    (b"BZh", "bzcat"),
    (b"\xfd7zXZ", "xzcat"),
    (b"\x28\xb5\x2f\xfd", "zstdcat"),
];

/// So many characters of a line are shown.
const SHOWN: usize = 60;

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

/// The archives at `path`: one, or in a directory several; or why there is none. With `folders`, those
/// in the directories of a Maildir, too. What can be read only once (`-` is standard input) is kept in
/// `scratch` meanwhile. Status 66 if there is no such file, 65 if it is nothing of the kind.
pub fn find(path: &Path, folders: bool, scratch: &Path) -> Vec<Result<Source>> {
    if path == Path::new("-") {
        let input = std::io::stdin().lock();
        return vec![keep(input, "standard input", scratch)];
    }
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let found = directory(path, folders);
            if !found.is_empty() {
                return found;
            }
            let text = format!("{} holds no Maildir and no store", path.display());
            vec![Err(Fault::new(Status::DataErr, text).into())]
        }
        Ok(meta) => vec![file(path, meta.is_file(), scratch)],
        Err(e) if absent(&e) => {
            let text = format!("cannot read {}: there is no such file", path.display());
            vec![Err(Fault::new(Status::NoInput, text).into())]
        }
        Err(e) => vec![Err(unreadable(path, e))],
    }
}

fn file(path: &Path, lasts: bool, scratch: &Path) -> Result<Source> {
    let mut file = File::open(path).map_err(|e| unreadable(path, e))?;
    let name = path.display().to_string();
    if !lasts {
        // A pipe: tickets import <(zcat old.mbox.gz)
        return keep(file, &name, scratch);
    }
    let source = Source {
        kind: kind(&mut file, &name)?,
        path: path.to_owned(),
        held: None,
        whole: None,
    };
    Ok(match source.kind {
        Kind::Log => of_debbugs(source),
        _ => source,
    })
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
    let message = Message::new(&head);
    match FIELDS.iter().any(|name| message.first(name).is_some()) {
        true => Ok(Kind::Message),
        false => Err(neither(name, &head, first_line)),
    }
}

/// Why a file is no archive; what looks like text shows its first line.
fn neither(name: &str, head: &[u8], first_line: &[u8]) -> anyhow::Error {
    let text = format!("{name} is neither an mbox nor a mail");
    if let Some((_, program)) = PACKED.iter().find(|(magic, _)| head.starts_with(magic)) {
        let hint = format!("it is compressed: {program} FILE | tickets import -");
        return Fault::new(Status::DataErr, text).hint(hint).into();
    }
    let line = std::str::from_utf8(first_line.trim_ascii_end()).ok();
    match line.filter(|line| !line.chars().any(char::is_control)) {
        None => Fault::new(Status::DataErr, text).into(),
        Some(line) => {
            let line: String = line.chars().take(SHOWN).collect();
            let hint = "an mbox begins like this: From ann@example.net Mon Jan  1 10:00:00 2024";
            let text = format!("{text}: its first line is {line:?}");
            Fault::new(Status::DataErr, text).hint(hint).into()
        }
    }
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
        desk: message::BY_TAG,
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

fn directory(dir: &Path, folders: bool) -> Vec<Result<Source>> {
    let found = match is_maildir(dir) {
        true => maildir(dir).map(|source| vec![Ok(source)]),
        false => numbered(dir),
    };
    let mut sources = match found {
        Ok(sources) => sources,
        Err(e) => return vec![Err(e)],
    };
    if folders {
        for entry in entries(dir).unwrap_or_default() {
            let (path, name) = (entry.path(), entry.file_name());
            // No symbolic link leads in a circle.
            let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_dir && !["cur", "new", "tmp"].iter().any(|n| name == *n) {
                sources.append(&mut directory(&path, true));
            }
        }
    } else if sources.is_empty() {
        let text = format!("{} is neither a Maildir nor a store", dir.display());
        let fault = Fault::new(Status::DataErr, text);
        let hint = "name the mailboxes in it, or use --folders for Maildirs";
        sources.push(Err(fault.hint(hint).into()));
    }
    sources
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

/// A store that somebody copied with cp: an mbox for each ticket, named by its number. Or the logs of
/// Debbugs, named by theirs.
fn numbered(root: &Path) -> Result<Vec<Result<Source>>> {
    let mut sources = Vec::new();
    for (dir, closed) in [(root.to_owned(), false), (root.join("archived"), true)] {
        if closed && !dir.is_dir() {
            continue;
        }
        for entry in entries(&dir)? {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str().unwrap_or_default();
            let log = name.strip_suffix(".log");
            let number: Option<TicketId> = log.unwrap_or(name).parse().ok();
            let Some(number) = number.filter(|_| path.is_file()) else {
                continue;
            };
            let whole = Whole {
                number,
                desk: message::BY_OPENER,
                seat: 0,
                closed: Some(closed),
            };
            let found = one_of_many(path, whole);
            // Any program may write a log.
            if log.is_none() || matches!(&found, Ok(source) if matches!(source.kind, Kind::Log)) {
                sources.push((number, found));
            }
        }
    }
    sources.sort_by_key(|(number, _)| *number);
    Ok(sources.into_iter().map(|(_, found)| found).collect())
}

fn one_of_many(path: PathBuf, whole: Whole) -> Result<Source> {
    let mut file = open_quietly(&path).map_err(|e| unreadable(&path, e))?;
    let kind = kind(&mut file, &path.display().to_string())?;
    let source = Source {
        whole: matches!(kind, Kind::Mbox).then_some(whole),
        path,
        kind,
        held: None,
    };
    Ok(match source.kind {
        Kind::Log => of_debbugs(source),
        _ => source,
    })
}
