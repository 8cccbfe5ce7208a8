//! Changes that deliveries report to the index, one line each, so that they need not open it.
//!
//! Opening SQLite and committing takes longer than all the rest of a delivery. So a delivery appends a
//! line to `.tickets/journal`, and the next command that opens the index applies the lines: the file is
//! renamed to `journal.old`, applied, and removed once the index is on the disk. Applying a line twice
//! does no harm, since it contains the previous stamp of the ticket's file.
//!
//! The journal need not be synced: if a line is missing, the ticket is read again when it is next used.

use crate::files::{Dir, Found, Place, Stamp, absent};
use crate::patience::{Patience, Share, flock};
use crate::ticket::State;
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::event::Event;
use crate::ticket::summary::Summary;
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes from which on a delivery applies the journal itself: opening a ticket reads all of it.
const LONG: u64 = 32 << 10;

/// We have changed archived/ ourselves, so nobody needs to check what others did there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveChange {
    /// The directory's mtime before, in nanoseconds since 1970.
    pub archived_before: i64,
    /// Its mtime afterwards.
    pub archived_after: i64,
}

/// A change of a ticket's file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    pub ticket: TicketId,
    /// The state after the change.
    // Journals of existing stores contain this key.
    #[serde(rename = "place")]
    pub state: State,
    /// The file before the change; `None` if there was none.
    pub before: Option<Stamp>,
    /// The file after the change.
    pub after: Stamp,
    /// The entry that was added; `None` if the file was only moved.
    pub added: Option<Added>,
}

/// An entry that was added to a ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Added {
    /// Its position, from 0.
    pub seq: u64,
    pub summary: Summary,
    /// A filter sent it elsewhere than it would have gone.
    // Journals of existing stores do not contain this key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
    /// The verb of the address it is filed under; `None` for submit@. Its effect on the ticket is
    /// computed from the entries alone, so that it is the same when they are read again.
    pub asked: Option<Verb>,
    /// Start of its From_ line, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes up to the next entry.
    pub size: u64,
}

/// The position of an entry in its file, and its effect on its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    pub event: Event,
    /// Start of its From_ line, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes up to the next entry.
    pub size: u64,
}

#[derive(Clone, Debug)]
pub struct Journal {
    dir: PathBuf,
}

/// Its name, and that which it has while it is applied.
const NAME: &str = "journal";
const OLD: &str = "journal.old";

impl Journal {
    /// The journal in `dir`, the store's `.tickets`.
    pub fn at(dir: &Path) -> Journal {
        Journal {
            dir: dir.to_owned(),
        }
    }

    /// Appends a line. True if the journal has grown so long that it should be applied.
    pub fn append(&self, change: &Change) -> Result<bool> {
        self.write(change)
    }

    /// Appends a line about archived/.
    pub fn append_archive_change(&self, change: &ArchiveChange) -> Result<bool> {
        self.write(change)
    }

    fn write(&self, value: &impl Serialize) -> Result<bool> {
        let path = self.dir.join(NAME);
        let doing = || format!("cannot write {}", path.display());
        // It also begins with a line feed, so that a line cut short by a full disk only spoils itself.
        let mut line = b"\n".to_vec();
        serde_json::to_writer(&mut line, value).with_context(doing)?;
        line.push(b'\n');
        let place = self.place(NAME).with_context(doing)?;
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
        let patience = Patience::brief();
        loop {
            let mut file = place.open(flags).with_context(doing)?;
            // A process that applies the journal waits for those that are writing a line. What is not noted is found
            // by looking at the file, so there is no long wait for it.
            flock(&file, &path, Share::Shared, patience)?;
            if Found::of(&file).with_context(doing)?.names() == 0 {
                continue;
            }
            file.write_all(&line).with_context(doing)?;
            let size = Found::of(&file).with_context(doing)?.stamp().size;
            return Ok(size > LONG);
        }
    }

    /// The lines that are not applied yet.
    ///
    /// They must be read before the index: lines that are applied in between are then seen twice. In the
    /// other order they would not be seen at all.
    pub fn read(&self) -> Result<Lines> {
        let mut newer = self.parse(NAME)?;
        let mut lines = self.parse(OLD)?;
        lines.all_valid &= newer.all_valid;
        lines.changes.append(&mut newer.changes);
        lines.archive_changes.append(&mut newer.archive_changes);
        Ok(lines)
    }

    /// Sets the lines aside to apply them; `None` if there are none. Only one process may do so at a time.
    ///
    /// # Errors
    /// Status 75 if somebody is writing a line for longer than `patience`.
    pub fn set_aside(&self, patience: Patience) -> Result<Option<SetAside>> {
        let path = self.dir.join(NAME);
        let doing = || format!("cannot apply {}", path.display());
        let new = match self.place(NAME) {
            Err(e) if absent(&e) => return Ok(None),
            new => new.with_context(doing)?,
        };
        let old = new.dir().at(OLD);
        // Lines that a process set aside before it died come first, since they are older.
        if old.is_free() {
            // Something else would stand in the way as journal.old, and whoever put it there would not find it.
            if let Some(e) = new.obstacle() {
                return Err(e).with_context(doing);
            }
            match new.rename(&old) {
                Ok(()) => {}
                Err(e) if absent(&e) => return Ok(None),
                Err(e) => return Err(e).with_context(doing),
            }
        }
        let path = old.path();
        let doing = || format!("cannot apply {}", path.display());
        let file = old.open(OFlag::O_RDONLY).with_context(doing)?;
        flock(&file, &path, Share::Exclusive, patience)?;
        let lines = self.parse(OLD)?;
        Ok(Some(SetAside {
            lines,
            place: old,
            _lock: file,
        }))
    }

    fn place(&self, name: &str) -> std::io::Result<Place> {
        Ok(Dir::open(&self.dir)?.at(name))
    }

    /// The lines in the file `name`; none if it is missing.
    fn parse(&self, name: &str) -> Result<Lines> {
        let doing = || format!("cannot read {}", self.dir.join(name).display());
        match self.place(name).and_then(|place| place.read()) {
            Err(e) if absent(&e) => Ok(Lines::parse(&[])),
            bytes => Ok(Lines::parse(&bytes.with_context(doing)?)),
        }
    }
}

/// The lines of a journal, oldest first.
#[derive(Debug, Default)]
pub struct Lines {
    pub changes: Vec<Change>,
    pub archive_changes: Vec<ArchiveChange>,
    /// False if a crash or a full disk has damaged a line.
    pub all_valid: bool,
}

impl Lines {
    fn parse(bytes: &[u8]) -> Lines {
        let mut lines = Lines {
            changes: Vec::new(),
            archive_changes: Vec::new(),
            all_valid: true,
        };
        for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            // One kind after the other: an untagged enum would first copy the line into a tree of values.
            if let Ok(change) = serde_json::from_slice::<Change>(line) {
                lines.changes.push(change);
            } else if let Ok(change) = serde_json::from_slice::<ArchiveChange>(line) {
                lines.archive_changes.push(change);
            } else {
                lines.all_valid = false;
            }
        }
        lines
    }
}

/// Lines that are being applied. Nothing is added to them any more.
#[derive(Debug)]
pub struct SetAside {
    pub lines: Lines,
    place: Place,
    _lock: File,
}

impl SetAside {
    /// Removes the lines after the index has committed them.
    pub fn remove(self) -> Result<()> {
        let doing = || format!("cannot remove {}", self.place.path().display());
        // SQLite does not sync the removal of its rollback journal. If a power cut undid that, SQLite would
        // roll the index back, and our lines would be gone.
        self.place.dir().sync().with_context(doing)?;
        self.place.remove().with_context(doing)
    }
}
