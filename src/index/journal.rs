//! What deliveries have to tell the index, a line each, so that none of them has to open it.
//!
//! Opening SQLite and committing costs more than all the rest of a delivery. So a delivery appends
//! a line to `.tickets/journal`, and who opens the index to read it takes the lines over: the
//! file is renamed to `journal.old`, applied, and removed once the index is on the disk. Taking a
//! line over twice does no harm, since it says what the ticket's file was like before.
//!
//! Nothing is lost with it: it is not synced, and a ticket whose line is missing is read again
//! as soon as somebody looks at it.

use crate::files::{Stamp, absent, sync_directory};
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::event::Event;
use crate::ticket::summary::Summary;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes from which on a delivery has the lines taken over: whoever opens a ticket reads them all.
const LONG: u64 = 32 << 10;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Told {
    Change(Box<Change>),
    Touched(Touched),
}

/// archived/ was changed by ourselves: nobody has to look for what others did there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// When it had last changed before we did, in nanoseconds since 1970.
    pub archived_before: i64,
    /// When it had last changed afterwards.
    pub archived_after: i64,
}

/// What happened to a ticket's file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// The ticket.
    pub ticket: TicketId,
    /// The state that its file's place gives it now.
    // The journals of stores that are in use have this key.
    #[serde(rename = "place")]
    pub state: State,
    /// The file before; `None` if there was none.
    pub before: Option<Stamp>,
    /// The file now.
    pub after: Stamp,
    /// The entry that was added; `None` if the file was only moved.
    pub added: Option<Added>,
}

/// An entry that was added to a ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Added {
    /// Its position, from 0.
    pub seq: u64,
    /// What it says.
    pub summary: Summary,
    /// What the address it is filed under asks for; `None` for submit@. What it did to the ticket
    /// is told by the entries alone, so that it is the same when they are read again.
    pub asked: Option<Verb>,
    /// Start of its From_ line, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes up to the next entry.
    pub size: u64,
}

/// Where an entry lies in its file, and what it did to its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// What it did.
    pub event: Event,
    /// Start of its From_ line, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes up to the next entry.
    pub size: u64,
}

/// The file of lines.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The journal in `dir`, which is `.tickets`.
    pub fn at(dir: &Path) -> Journal {
        Journal {
            path: dir.join("journal"),
        }
    }

    /// Appends a line. True if there are so many by now that they should be taken over.
    pub fn append(&self, change: &Change) -> Result<bool> {
        self.write(change)
    }

    /// Appends a line about archived/.
    pub fn touched(&self, touched: &Touched) -> Result<bool> {
        self.write(touched)
    }

    fn write(&self, told: &impl Serialize) -> Result<bool> {
        let doing = || format!("cannot write {}", self.path.display());
        // Begins with a line feed as well: a line cut short by a full disk harms none but itself.
        let mut line = b"\n".to_vec();
        serde_json::to_writer(&mut line, told).with_context(doing)?;
        line.push(b'\n');
        loop {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o660)
                .custom_flags(nix::libc::O_NOFOLLOW)
                .open(&self.path)
                .with_context(doing)?;
            // Whoever takes the lines over waits for those who are writing one.
            fs2::FileExt::lock_shared(&file).with_context(doing)?;
            if file.metadata().with_context(doing)?.nlink() == 0 {
                continue;
            }
            file.write_all(&line).with_context(doing)?;
            return Ok(file.metadata().with_context(doing)?.len() > LONG);
        }
    }

    /// The lines that nobody has taken over yet, and whether all could be understood.
    ///
    /// To be read before the index is: what is taken over meanwhile is then seen twice, not never.
    pub fn read(&self) -> Result<Lines> {
        let mut newer = Lines::parse(&read(&self.path)?);
        let mut lines = Lines::parse(&read(&self.old())?);
        lines.sound &= newer.sound;
        lines.changes.append(&mut newer.changes);
        lines.touched.append(&mut newer.touched);
        Ok(lines)
    }

    /// The lines there are, for taking over; `None` if there are none. One process at a time.
    pub fn take(&self) -> Result<Option<Taken>> {
        let old = self.old();
        let doing = || format!("cannot take over {}", self.path.display());
        // What a process that died had begun to take over comes first, or the order is lost.
        if !old.exists() {
            match std::fs::rename(&self.path, &old) {
                Ok(()) => {}
                Err(e) if absent(&e) => return Ok(None),
                Err(e) => return Err(e).with_context(doing),
            }
        }
        let file = File::open(&old).with_context(doing)?;
        fs2::FileExt::lock_exclusive(&file).with_context(doing)?;
        let lines = Lines::parse(&read(&old)?);
        Ok(Some(Taken {
            lines,
            path: old,
            _lock: file,
        }))
    }

    fn old(&self) -> PathBuf {
        self.path.with_extension("old")
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The lines of a journal.
#[derive(Debug, Default)]
pub struct Lines {
    /// What they say, oldest first.
    pub changes: Vec<Change>,
    /// When we changed archived/, in order.
    pub touched: Vec<Touched>,
    /// There was none that a crash or a full disk had mangled.
    pub sound: bool,
}

impl Lines {
    fn parse(bytes: &[u8]) -> Lines {
        let mut lines = Lines {
            changes: Vec::new(),
            touched: Vec::new(),
            sound: true,
        };
        for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Told::Change(change)) => lines.changes.push(*change),
                Ok(Told::Touched(touched)) => lines.touched.push(touched),
                Err(_) => lines.sound = false,
            }
        }
        lines
    }
}

/// Lines that are being taken over; nobody adds to them any more.
#[derive(Debug)]
pub struct Taken {
    /// What they say.
    pub lines: Lines,
    path: PathBuf,
    _lock: File,
}

impl Taken {
    /// Removes them: they are in the index, and the index is on the disk.
    ///
    /// That SQLite has removed its rollback journal is not, and a power cut would bring it back, and
    /// with it the index as it was before.
    pub fn done(self) -> Result<()> {
        let doing = || format!("cannot remove {}", self.path.display());
        sync_directory(self.path.parent().unwrap_or(Path::new("")))?;
        std::fs::remove_file(&self.path).with_context(doing)
    }
}
