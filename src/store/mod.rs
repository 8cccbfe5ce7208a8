//! The store on disk: one mbox per ticket, locked in the way mail programs lock (D1, D5, D8).
//!
//! An open ticket is `DIR/12`, a closed one `DIR/archived/12`; nothing else holds its state. All other
//! files are in `DIR/.tickets/`.

mod batch;
pub(crate) mod lock;
mod mbox;
mod message_lock;
mod read;
mod recent;
mod sequence;
mod staged;
mod unnamed;

use crate::files::{Stamp, open_plain, sync_directory};
use crate::patience::{Patience, Share, flock};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
pub(crate) use batch::ImportLock;
pub(crate) use mbox::Mbox;
pub(crate) use recent::RecentCopy;
pub use sequence::Sequence;
pub(crate) use staged::StagedFile;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directory that holds the tickets.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    group: Option<nix::unistd::Gid>,
}

impl Store {
    /// The store at `root`, an absolute path. Nothing is created yet. Members of `group` may read and
    /// write everything that this store creates.
    pub fn new(root: &Path, group: Option<nix::unistd::Gid>) -> Self {
        Store {
            root: root.to_owned(),
            group,
        }
    }

    /// The directory of the open tickets.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory `.tickets`.
    pub(crate) fn private(&self) -> PathBuf {
        self.root.join(".tickets")
    }

    /// Creates the directories that are missing.
    ///
    /// Others may pass through the store and `archived/`, but not list them (0711): an MTA that runs as
    /// another user checks whether a ticket exists before it accepts mail for it.
    pub fn create_directories(&self) -> Result<()> {
        // It is created last, so if it exists, all do.
        let private = self.private();
        if private.is_dir() {
            return Ok(());
        }
        self.create_directory(&self.root, 0o711)?;
        self.create_directory(&self.dir(State::Closed), 0o711)?;
        self.create_directory(&private, 0o700)
    }

    fn create_directory(&self, path: &Path, mode: u32) -> Result<()> {
        let doing = || format!("cannot create {}", path.display());
        let group = self.group.map(|gid| (gid, 0o2770 | mode & 0o001));
        let mode = group.map_or(mode, |(_, mode)| mode);
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                // Whoever created it may have died before it was on the disk. Where somebody else keeps the
                // directory above from us, they created it.
                let _ = sync_directory(path.parent().unwrap_or(path));
                return Ok(());
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {
                // `--dir a/b/c`: the directories above are the user's, with the user's modes.
                let above = path.parent().unwrap_or(Path::new("/"));
                std::fs::create_dir_all(above).with_context(doing)?;
                DirBuilder::new()
                    .mode(mode)
                    .create(path)
                    .with_context(doing)?;
            }
            Err(e) => return Err(e).with_context(doing),
        }
        if let Some((gid, _)) = group {
            nix::unistd::chown(path, None, Some(gid)).with_context(doing)?;
        }
        // The umask has removed bits that are needed here.
        std::fs::set_permissions(path, Permissions::from_mode(mode)).with_context(doing)?;
        sync_directory(path.parent().unwrap_or(path))
    }

    fn dir(&self, state: State) -> PathBuf {
        match state {
            State::Open => self.root.clone(),
            State::Closed => self.root.join("archived"),
        }
    }

    /// The path of a ticket's mbox. Its name consists of digits only (D8).
    pub(crate) fn path(&self, id: TicketId, state: State) -> PathBuf {
        self.dir(state).join(id.to_string())
    }

    /// Syncs the directories of open and closed tickets.
    pub(crate) fn sync_directories(&self) -> Result<()> {
        sync_directory(&self.dir(State::Closed))?;
        sync_directory(&self.dir(State::Open))
    }

    /// Waits for an exclusive flock on a file, for use among our own processes.
    ///
    /// # Errors
    /// Status 75 if another process holds it for longer than `patience`.
    pub(crate) fn lock_file(&self, path: &Path, patience: Patience) -> Result<File> {
        let file = self.open_to_lock(path)?;
        flock(&file, path, Share::Exclusive, patience)?;
        Ok(file)
    }

    /// Opens a file in `.tickets/` for reading, writing and locking, and creates it if it is missing.
    fn private_file(&self, name: &str) -> Result<(PathBuf, File)> {
        let path = self.private().join(name);
        let file = self.open_to_lock(&path)?;
        Ok((path, file))
    }

    fn open_to_lock(&self, path: &Path) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o660);
        open_plain(&options, path).with_context(|| format!("cannot open {}", path.display()))
    }

    /// Writes and syncs `entry` as the mbox of a ticket that has no number yet.
    pub(crate) fn stage(&self, entry: &[u8]) -> Result<StagedFile> {
        let doing = || format!("cannot write a new ticket in {}", self.root.display());
        let staged = self.stage_copy(entry)?;
        staged.file.sync_all().with_context(doing)?;
        Ok(staged)
    }

    /// Writes `entry` to a file without a name. It is not synced.
    pub(crate) fn stage_copy(&self, entry: &[u8]) -> Result<StagedFile> {
        let doing = || format!("cannot write in {}", self.private().display());
        let staged = StagedFile::create(&self.private()).with_context(doing)?;
        if let Some(gid) = self.group {
            nix::unistd::fchown(&staged.file, None, Some(gid)).with_context(doing)?;
        }
        (&staged.file).write_all(entry).with_context(doing)?;
        Ok(staged)
    }

    /// Opens a ticket by giving a staged mbox its number. File and content appear at once or not at all.
    /// `None` if the number is taken.
    pub(crate) fn open_ticket(&self, staged: &StagedFile, id: TicketId) -> Result<Option<Stamp>> {
        if !self.name(staged, id, State::Open)? {
            return Ok(None);
        }
        let path = self.path(id, State::Open);
        if let Err(e) = sync_directory(&self.root) {
            // Without the sync the message may be lost. Undo it, so that the MTA's next attempt files it.
            let _ = std::fs::remove_file(&path);
            return Err(e);
        }
        let meta = staged.file.metadata();
        let meta = meta.with_context(|| format!("cannot look at {}", path.display()))?;
        Ok(Some(Stamp::of(&meta)))
    }
}
