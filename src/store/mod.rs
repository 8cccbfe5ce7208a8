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

use crate::error::{Fault, Status, quoted_path};
use crate::files::{Dir, Stamp, expect_directory, is_no_file, open_plain, sync_directory};
use crate::patience::{Patience, Share, flock};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
pub(crate) use batch::ImportLock;
pub(crate) use mbox::Mbox;
pub(crate) use read::OpenMbox;
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
        if self.has_own_directories()? {
            return Ok(());
        }
        self.create_directory(&self.root, 0o711)?;
        self.create_directory(&self.dir(State::Closed), 0o711)?;
        self.create_directory(&private, 0o700)
    }

    /// Makes sure that the directories of the store are its own, since nothing may be written elsewhere (D8): the store
    /// itself may be a link that the user made, but nothing in it. True if it has them.
    ///
    /// # Errors
    /// One of them is a symbolic link, or no directory: status 78.
    pub(crate) fn has_own_directories(&self) -> Result<bool> {
        expect_own(&self.dir(State::Closed))?;
        expect_own(&self.private())
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
        let dir = Dir::open(path).with_context(doing)?;
        if let Some((gid, _)) = group {
            nix::unistd::fchown(dir.file(), None, Some(gid)).with_context(doing)?;
        }
        // The umask has removed bits that are needed here.
        let mode = Permissions::from_mode(mode);
        dir.file().set_permissions(mode).with_context(doing)?;
        sync_directory(path.parent().unwrap_or(path))
    }

    /// The directory of the tickets in `state`.
    pub(crate) fn dir(&self, state: State) -> PathBuf {
        match state {
            State::Open => self.root.clone(),
            State::Closed => self.root.join("archived"),
        }
    }

    /// The path of a ticket's mbox. Its name consists of digits only (D8).
    pub(crate) fn path(&self, id: TicketId, state: State) -> PathBuf {
        self.dir(state).join(id.to_string())
    }

    /// The directory of `state`, opened.
    fn opened(&self, state: State) -> Result<Dir> {
        let path = self.dir(state);
        let dir = match state {
            State::Open => Dir::open_named(&path),
            State::Closed => Dir::open(&path),
        };
        dir.with_context(|| format!("cannot open {}", path.display()))
    }

    fn sync_directory(&self, state: State) -> Result<()> {
        let dir = self.opened(state)?;
        let synced = dir.file().sync_all();
        synced.with_context(|| format!("cannot sync {}", dir.path().display()))
    }

    /// Syncs the directories of open and closed tickets.
    pub(crate) fn sync_directories(&self) -> Result<()> {
        self.sync_directory(State::Closed)?;
        self.sync_directory(State::Open)
    }

    /// Creates the directory `.tickets/torn`, for what cannot be told from mail, where it is missing.
    pub(crate) fn torn(&self) -> Result<PathBuf> {
        let torn = self.private().join("torn");
        self.create_directory(&torn, 0o700)?;
        expect_own(&torn)?;
        Ok(torn)
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
        if let Err(e) = self.sync_directory(State::Open) {
            // Without the sync the message may be lost. Undo it, so that the MTA's next attempt files it.
            let _ = std::fs::remove_file(&path);
            return Err(e);
        }
        let meta = staged.file.metadata();
        let meta = meta.with_context(|| format!("cannot look at {}", path.display()))?;
        Ok(Some(Stamp::of(&meta)))
    }
}

/// Makes sure that the directory at `path`, in a store, is no symbolic link and nothing else. True if it is there.
pub(crate) fn expect_own(path: &Path) -> Result<bool> {
    match expect_directory(path) {
        Err(e) if is_no_file(&e) => {
            let text = format!("{}: {e}; a store holds its own directories", path.display());
            let fault = Fault::new(Status::Config, text);
            Err(fault
                .hint(format!("`ls -ld {}` shows it", quoted_path(path)))
                .into())
        }
        is_there => is_there.with_context(|| format!("cannot look at {}", path.display())),
    }
}
