//! The store on disk: one mbox per ticket, locked in the way mail programs lock (D1, D5, D8).
//!
//! An open ticket is `DIR/12`, a closed one `DIR/archived/12`; nothing else holds its state. All other
//! files are in `DIR/.tickets/`.

mod batch;
mod clean;
pub(crate) mod lock;
mod mbox;
mod message_lock;
mod own;
mod probe;
mod put_away;
mod quarantine;
mod read;
mod recent;
mod room;
mod sequence;
mod shared;
mod staged;
mod year;

use crate::error::{Fault, Status, quoted_path};
use crate::files::{
    Dir, Found, Place, absent, expect_directory, is_no_file, shared_kind, sync_directory,
};
use crate::patience::Patience;
use crate::privilege::expect_member;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
pub(crate) use batch::ImportLock;
pub(crate) use mbox::Mbox;
pub(crate) use put_away::{PutAway, PutAwayList};
pub(crate) use quarantine::{QUARANTINE, id_of};
pub(crate) use read::OpenMbox;
pub(crate) use recent::RecentCopy;
pub use sequence::Sequence;
pub(crate) use staged::StagedFile;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
pub(crate) use year::YearMbox;

/// Makes sure that a store at `root` is made on a disk of this machine alone (E9).
///
/// # Errors
/// It would not be: status 78.
pub fn expect_own_disk(root: &Path) -> Result<()> {
    let above = root.ancestors().find(|dir| dir.exists());
    // What cannot be looked at cannot be written to, either.
    let kind = above.and_then(|above| shared_kind(above).ok().flatten());
    let Some(kind) = kind else { return Ok(()) };
    let text = format!(
        "cannot make a store in {}: it is on {kind}, which several hosts may share, and there mail was lost in \
         experiments",
        root.display()
    );
    let hint = "choose a directory on a disk of this machine; `shared_store = \"i know\"` allows it all the same";
    Err(Fault::new(Status::Config, text).hint(hint).into())
}

/// The directory that holds the tickets.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    group: Option<nix::unistd::Gid>,
    may_be_shared: bool,
    dirs: Arc<Dirs>,
}

/// The directories of a store, opened when they are first needed.
#[derive(Debug, Default)]
struct Dirs {
    open: OnceLock<Dir>,
    closed: OnceLock<Dir>,
    private: OnceLock<Dir>,
}

impl Store {
    /// The store at `root`, an absolute path. Nothing is created yet. Members of `group` may read and
    /// write everything that this store creates.
    pub fn new(root: &Path, group: Option<nix::unistd::Gid>) -> Self {
        Store {
            root: root.to_owned(),
            group,
            may_be_shared: false,
            dirs: Arc::default(),
        }
    }

    /// Says whether it may be made where several hosts share it (E9).
    #[must_use]
    pub fn shared_by_hosts(mut self, may_be: bool) -> Self {
        self.may_be_shared = may_be;
        self
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
        // The last one is created last, so if it exists, all do.
        if self.has_own_directories()? {
            return Ok(());
        }
        if !self.may_be_shared {
            expect_own_disk(&self.root)?;
        }
        if let Some(gid) = self.group {
            expect_member(gid, &self.root)?;
        }
        self.create_root()?;
        let root = self.opened(State::Open)?;
        self.create_directory(root, "archived", 0o711)?;
        self.create_directory(root, ".tickets", 0o700)
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

    /// Creates the directory of the store itself, and those above it, which are the user's, with the user's modes.
    fn create_root(&self) -> Result<()> {
        let doing = || format!("cannot create {}", self.root.display());
        let above = self.root.parent().unwrap_or(Path::new("/"));
        let mut builder = DirBuilder::new();
        builder.mode(self.mode(0o711));
        let create = || builder.create(&self.root);
        let created = create().or_else(|e| match e.kind() {
            ErrorKind::NotFound => std::fs::create_dir_all(above).and_then(|()| create()),
            _ => Err(e),
        });
        match created {
            Ok(()) => self.prepare(&Dir::open(&self.root).with_context(doing)?, 0o711)?,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                // Whoever created it may have died before it was on the disk. Where somebody else keeps the
                // directory above from us, they created it.
                let _ = sync_directory(above);
                return Ok(());
            }
            Err(e) => return Err(e).with_context(doing),
        }
        sync_directory(above)
    }

    /// Creates the directory `name` in `above`, where it is missing.
    fn create_directory(&self, above: &Dir, name: &str, mode: u32) -> Result<()> {
        let doing = || format!("cannot create {}", above.path().join(name).display());
        match above.create_dir(name, self.mode(mode)) {
            Ok(()) => self.prepare(&above.below(name).with_context(doing)?, mode)?,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(doing),
        }
        // Also where it exists: whoever created it may have died before it was on the disk.
        above.sync().with_context(doing)
    }

    /// The mode of a directory that has `mode` in a store without a group.
    fn mode(&self, mode: u32) -> u32 {
        match self.group {
            Some(_) => 0o2770 | mode & 0o001,
            None => mode,
        }
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

    /// The directory of `state`, open.
    ///
    /// # Errors
    /// It is missing, or something else stands there.
    fn dir_of(&self, state: State) -> std::io::Result<&Dir> {
        match state {
            // It may be a link that the user made.
            State::Open => opened(&self.dirs.open, || Dir::open_named(&self.root)),
            State::Closed => self.below(&self.dirs.closed, "archived"),
        }
    }

    /// The directory `.tickets`, open.
    fn private_dir(&self) -> std::io::Result<&Dir> {
        self.below(&self.dirs.private, ".tickets")
    }

    fn below<'s>(&'s self, dir: &'s OnceLock<Dir>, name: &str) -> std::io::Result<&'s Dir> {
        opened(dir, || self.dir_of(State::Open)?.below(name))
    }

    fn opened(&self, state: State) -> Result<&Dir> {
        let doing = || format!("cannot open {}", self.dir(state).display());
        self.dir_of(state).with_context(doing)
    }

    fn opened_private(&self) -> Result<&Dir> {
        let doing = || format!("cannot open {}", self.private().display());
        self.private_dir().with_context(doing)
    }

    /// A ticket's mbox, whether there is one or not.
    fn place(&self, id: TicketId, state: State) -> std::io::Result<Place> {
        Ok(self.dir_of(state)?.at(id.to_string()))
    }

    /// What stands where a ticket's mbox would; `None` if nothing does.
    fn found(&self, id: TicketId, state: State) -> Result<Option<Found>> {
        let found = match self.place(id, state) {
            Err(e) if absent(&e) => return Ok(None),
            place => place.and_then(|place| place.found()),
        };
        found.with_context(|| format!("cannot look at {}", self.path(id, state).display()))
    }

    fn sync_directory(&self, state: State) -> Result<()> {
        let synced = self.opened(state)?.sync();
        synced.with_context(|| format!("cannot sync {}", self.dir(state).display()))
    }

    /// Syncs the directories of open and closed tickets.
    pub(crate) fn sync_directories(&self) -> Result<()> {
        self.sync_directory(State::Closed)?;
        self.sync_directory(State::Open)
    }

    /// Saves the bytes of `from` from its position on in `.tickets/torn`, synced. That is for what cannot be told from
    /// mail. `name` is the beginning of the file's name.
    ///
    /// # Errors
    /// It cannot be saved; nothing is left then.
    pub(crate) fn save_torn(&self, name: &str, mut from: &File) -> Result<()> {
        let private = self.opened_private()?;
        self.create_directory(private, "torn", 0o700)?;
        let mut save = || {
            let torn = private.below("torn")?;
            let (mut file, place) = torn.create_free(name, 0o660)?;
            // Not by copy_file_range(2), which is not to be relied on in every file system.
            let to: &mut dyn Write = &mut file;
            let saved = std::io::copy(&mut from, to).and_then(|_| file.sync_all());
            if saved.is_err() {
                let _ = place.remove();
            }
            saved.and_then(|()| torn.sync())
        };
        let doing = || {
            format!(
                "cannot save {name} in {}",
                self.private().join("torn").display()
            )
        };
        save().with_context(doing)
    }

    /// Waits for an exclusive flock on a file in `.tickets/`, for use among our own processes. It is created where it
    /// is missing.
    ///
    /// # Errors
    /// Status 75 if another process holds it for longer than `patience`.
    pub(crate) fn lock_private(&self, name: &str, patience: Patience) -> Result<File> {
        lock::lock_file(&self.opened_private()?.at(name), patience)
    }

    /// Opens a file in `.tickets/` for reading, writing and locking, and creates it if it is missing.
    fn private_file(&self, name: &str) -> Result<(Place, File)> {
        let place = self.opened_private()?.at(name);
        let file = lock::open_to_lock(&place)?;
        Ok((place, file))
    }

    /// Removes a stale dotlock on the place of a ticket's mbox in `state`. True if there was one.
    pub(crate) fn clear_stale_lock(&self, id: TicketId, state: State) -> bool {
        self.place(id, state)
            .is_ok_and(|place| lock::clear_stale(&place))
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
        let staged = StagedFile::create(self.opened_private()?).with_context(doing)?;
        if let Some(gid) = self.group {
            nix::unistd::fchown(&staged.file, None, Some(gid))
                .map_err(std::io::Error::from)
                .with_context(doing)?;
        }
        (&staged.file).write_all(entry).with_context(doing)?;
        Ok(staged)
    }

    /// Opens a ticket by giving a staged mbox its number. File and content appear at once or not at all.
    /// False if the number is taken.
    pub(crate) fn open_ticket(&self, staged: &StagedFile, id: TicketId) -> Result<bool, Unfiled> {
        if !self.name(staged, id, State::Open)? {
            return Ok(false);
        }
        let Err(cause) = self.sync_directory(State::Open) else {
            return Ok(true);
        };
        // Without the sync the message may be lost. Undo it, so that the MTA's next attempt files it.
        let removed = self.place(id, State::Open).and_then(|place| place.remove());
        Err(Unfiled {
            cause,
            stays: removed.is_err(),
        })
    }
}

/// Why a message is not known to be filed.
#[derive(Debug)]
pub(crate) struct Unfiled {
    pub(crate) cause: anyhow::Error,
    /// What was written could not be taken away again: the next attempt may find it, and whatever belongs to it has to
    /// stay as well.
    pub(crate) stays: bool,
}

impl From<anyhow::Error> for Unfiled {
    fn from(cause: anyhow::Error) -> Unfiled {
        Unfiled {
            cause,
            stays: false,
        }
    }
}

impl From<Unfiled> for anyhow::Error {
    fn from(unfiled: Unfiled) -> anyhow::Error {
        unfiled.cause
    }
}

/// The directory in `cell`, which is opened if that was not done yet.
fn opened(
    cell: &OnceLock<Dir>,
    open: impl FnOnce() -> std::io::Result<Dir>,
) -> std::io::Result<&Dir> {
    if let Some(dir) = cell.get() {
        return Ok(dir);
    }
    let dir = open()?;
    Ok(cell.get_or_init(|| dir))
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
