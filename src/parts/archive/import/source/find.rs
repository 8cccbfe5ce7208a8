//! Finds the archives that a path names, and what format they have.

use super::debbugs;
use super::{Format, MailSource, delivered_at, unreadable};
use crate::error::{Fault, Status};
use crate::files::{absent, open_following, open_quietly, read_plain};
use crate::parts::archive::import::raw::{ArchiveNumber, NumberSpace, WholeTicket};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use mail::mbox;
use mail::message::Message;
use std::fs::{DirEntry, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// The format of a file is recognized by this many bytes.
const HEAD: u64 = 64 << 10;

/// A single mail has one of these fields; lines like `name: value` stand in many other files, too.
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

/// How compressed files begin, and the programs that unpack them.
const COMPRESSED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "zcat"),
    (b"BZh", "bzcat"),
    (b"\xfd7zXZ", "xzcat"),
    (b"\x28\xb5\x2f\xfd", "zstdcat"),
];

/// An error shows this many characters of a file's first line.
const SHOWN: usize = 60;

/// The archives at `path`, of which a directory may have several; or why there is none. With `folders`,
/// those in subdirectories, too. What can be read only once (`-` is standard input) is copied to a file
/// in `scratch`.
///
/// # Errors
/// Status 66 if there is no such file, 65 if it is no archive.
pub(crate) fn find(path: &Path, folders: bool, scratch: &Path) -> Vec<Result<MailSource>> {
    if path == Path::new("-") {
        let input = std::io::stdin().lock();
        return vec![copy(input, "standard input", scratch)];
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

fn file(path: &Path, is_regular: bool, scratch: &Path) -> Result<MailSource> {
    let file = match is_regular {
        true => open_following(path),
        // A pipe that the user names: tickets import <(zcat old.mbox.gz)
        false => File::open(path),
    };
    let file = file.map_err(|e| unreadable(path, e))?;
    match is_regular {
        true => recognize(path, file),
        false => copy(file, &path.display().to_string(), scratch),
    }
}

/// The source that `file`, a regular one, is.
fn recognize(path: &Path, mut file: File) -> Result<MailSource> {
    let source = MailSource {
        format: format(&mut file, &path.display().to_string())?,
        path: path.to_owned(),
        copy: None,
        whole: None,
    };
    Ok(match source.format {
        Format::DebbugsLog => with_state(source),
        _ => source,
    })
}

/// Copies what can be read only once.
fn copy(mut input: impl Read, name: &str, scratch: &Path) -> Result<MailSource> {
    let doing = || format!("cannot keep {name} in {}", scratch.display());
    let mut file = tempfile::tempfile_in(scratch).with_context(doing)?;
    std::io::copy(&mut input, &mut file).with_context(doing)?;
    file.rewind().with_context(doing)?;
    Ok(MailSource {
        format: format(&mut file, name)?,
        path: PathBuf::from(name),
        copy: Some(file),
        whole: None,
    })
}

fn format(file: &mut File, name: &str) -> Result<Format> {
    let mut head = Vec::new();
    let doing = || format!("cannot read {name}");
    let read = file.by_ref().take(HEAD).read_to_end(&mut head);
    read.with_context(doing)?;
    if debbugs::is_log(&head) {
        return Ok(Format::DebbugsLog);
    }
    let blank = |b: &&u8| matches!(b, b'\r' | b'\n');
    let begin = &head[head.iter().take_while(blank).count()..];
    let first_line = mbox::lines(begin).next().unwrap_or_default();
    let begins = mbox::is_from_line(first_line) || mbox::is_bare_from_line(first_line);
    if begin.is_empty() || begins {
        return Ok(Format::Mbox);
    }
    // More mails may follow, each behind such a line without a date: no reader parts them.
    let undated = first_line.starts_with(b"From ");
    let message = Message::new(&head);
    match !undated && FIELDS.iter().any(|name| message.first(name).is_some()) {
        true => Ok(Format::Mail),
        false => Err(no_archive(name, &head, first_line)),
    }
}

/// The error for a file that is no archive. It shows the first line if that is text.
fn no_archive(name: &str, head: &[u8], first_line: &[u8]) -> anyhow::Error {
    let text = format!("{name} is neither an mbox nor a mail");
    if let Some((_, program)) = COMPRESSED.iter().find(|(magic, _)| head.starts_with(magic)) {
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

/// Adds number and state to the log of a bug. Its name is the number. The summary beside it knows the
/// state better than the mails do, since commands to control@ are not among them.
fn with_state(mut source: MailSource) -> MailSource {
    let stem = source.path.file_stem().and_then(|stem| stem.to_str());
    let id = stem.and_then(|stem| stem.parse().ok());
    let summary = read_plain(&source.path.with_extension("summary")).ok();
    let state = summary.map(|summary| {
        let done = mbox::lines(&summary).find_map(|line| line.strip_prefix(b"Done:"));
        match done.is_some_and(|done| !done.trim_ascii().is_empty()) {
            true => State::Closed,
            false => State::Open,
        }
    });
    source.whole = id.map(|id| WholeTicket {
        number: ArchiveNumber {
            space: NumberSpace::TAGS,
            id,
        },
        position: 0,
        state,
    });
    source
}

/// The entries of a directory, in the order of their names.
fn entries(dir: &Path) -> Result<Vec<DirEntry>> {
    let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<std::io::Result<_>>);
    let mut entries: Vec<DirEntry> = entries.map_err(|e| unreadable(dir, e))?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn is_maildir(dir: &Path) -> bool {
    dir.join("cur").is_dir() || dir.join("new").is_dir()
}

fn directory(dir: &Path, folders: bool) -> Vec<Result<MailSource>> {
    let found = match is_maildir(dir) {
        true => maildir(dir).map(|source| vec![Ok(source)]),
        false => numbered_files(dir),
    };
    let mut sources = match found {
        Ok(sources) => sources,
        Err(e) => return vec![Err(e)],
    };
    if folders {
        for entry in entries(dir).unwrap_or_default() {
            let (path, name) = (entry.path(), entry.file_name());
            // Symbolic links are not followed: they could lead in a circle.
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

fn maildir(dir: &Path) -> Result<MailSource> {
    let mut names: Vec<Box<str>> = Vec::new();
    for part in ["new", "cur"] {
        let part_dir = dir.join(part);
        if !part_dir.is_dir() {
            continue;
        }
        for entry in entries(&part_dir)? {
            let name = entry.file_name();
            // No mail program writes a name that is not text.
            if let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) {
                names.push(format!("{part}/{name}").into());
            }
        }
    }
    names.sort_by_cached_key(|name| (delivered_at(name), name.clone()));
    Ok(MailSource {
        path: dir.to_owned(),
        format: Format::Maildir(names),
        copy: None,
        whole: None,
    })
}

/// The sources in a copy of a store, an mbox for each ticket with the number as its name; or the logs of
/// Debbugs in a directory.
fn numbered_files(root: &Path) -> Result<Vec<Result<MailSource>>> {
    let mut sources = Vec::new();
    for (dir, state) in [
        (root.to_owned(), State::Open),
        (root.join("archived"), State::Closed),
    ] {
        if state == State::Closed && !dir.is_dir() {
            continue;
        }
        for entry in entries(&dir)? {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str().unwrap_or_default();
            let log = name.strip_suffix(".log");
            let id: Option<TicketId> = log.unwrap_or(name).parse().ok();
            let Some(id) = id.filter(|_| path.is_file()) else {
                continue;
            };
            let found = numbered_file(&path, id, state);
            // Other programs write logs, too.
            let is_debbugs = |source: &MailSource| matches!(source.format, Format::DebbugsLog);
            if log.is_none() || found.as_ref().is_ok_and(is_debbugs) {
                sources.push((id, found));
            }
        }
    }
    sources.sort_by_key(|(id, _)| *id);
    Ok(sources.into_iter().map(|(_, found)| found).collect())
}

fn numbered_file(path: &Path, id: TicketId, state: State) -> Result<MailSource> {
    let file = open_quietly(path).map_err(|e| unreadable(path, e))?;
    let mut source = recognize(path, file)?;
    if let Format::Mbox = source.format {
        source.whole = Some(WholeTicket {
            number: ArchiveNumber {
                space: NumberSpace::COPY,
                id,
            },
            position: 0,
            state: Some(state),
        });
    }
    Ok(source)
}
