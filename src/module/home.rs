//! What the desk keeps of a module in the store: `.tickets/modules/NAME`, with the module's own data in `data`.

use crate::files::{Dir, absent};
use crate::patience::{self, Locked};
use nix::fcntl::OFlag;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to wait for somebody else who has the module's lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to try.
const AGAIN: Duration = Duration::from_millis(20);

/// The directory of one module in one store. It is made when something is first kept there.
#[derive(Clone, Debug)]
pub struct Home {
    store: PathBuf,
    name: String,
}

impl Home {
    /// That of the module `name` in the store at `store`.
    pub fn new(store: &Path, name: &str) -> Home {
        Home {
            store: store.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.store.join(".tickets/modules").join(&self.name)
    }

    /// The directory, if it is there.
    ///
    /// # Errors
    /// `NotFound`, and others of open(2).
    pub fn open(&self) -> io::Result<Dir> {
        let private = Dir::open_named(&self.store)?.below(".tickets")?;
        private.below("modules")?.below(&self.name)
    }

    /// The directory, which is made if it is missing.
    ///
    /// # Errors
    /// Those of mkdir(2) and open(2); `NotFound` if there is no store.
    pub fn make(&self) -> io::Result<Dir> {
        let store = Dir::open_named(&self.store)?;
        let modules = made(&made(&store, ".tickets", 0o770)?, "modules", 0o770)?;
        made(&modules, &self.name, 0o770)
    }

    /// The directory of its own data, which is made if it is missing: what it works in, and nobody else's business.
    ///
    /// # Errors
    /// As for [`Home::make`].
    pub fn make_data(&self) -> io::Result<Dir> {
        made(&self.make()?, "data", 0o770)
    }

    /// The content of a file there.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.open()?.at(name).read()
    }

    /// Puts `bytes` into a file there, wholly or not at all.
    ///
    /// # Errors
    /// Those of writing it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let dir = self.make()?;
        let (mut file, new) = dir.create_free("new", 0o660)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| new.rename(&dir.at(name)));
        written.inspect_err(|_| drop(new.remove()))
    }

    /// A lock there. It is given back when it is dropped, or when its process and each that was given the file are gone.
    ///
    /// # Errors
    /// Somebody else keeps it, and those of open(2).
    pub(crate) fn lock(&self, name: &str) -> Result<Locked, LockError> {
        self.lock_within(name, PATIENCE)
    }

    /// The same, but waits no longer than `patience`, and never longer than 5 s.
    ///
    /// # Errors
    /// As for [`Home::lock`].
    pub(crate) fn lock_within(&self, name: &str, patience: Duration) -> Result<Locked, LockError> {
        let place = self.make()?.at(name);
        let until = Instant::now() + patience.min(PATIENCE);
        let mut file = place.open(OFlag::O_RDWR | OFlag::O_CREAT)?;
        loop {
            match Locked::try_on(file)? {
                Ok(locked) => return Ok(locked),
                Err(held) if Instant::now() >= until => {
                    return Err(LockError::HeldBy(patience::holder(&held)));
                }
                Err(held) => file = held,
            }
            std::thread::sleep(AGAIN);
        }
    }
}

/// Why there is no lock.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else keeps it: this process, where the kernel says so.
    HeldBy(Option<u32>),
    /// The file cannot be opened or locked.
    File(io::Error),
}

impl From<io::Error> for LockError {
    fn from(e: io::Error) -> LockError {
        LockError::File(e)
    }
}

impl From<LockError> for io::Error {
    fn from(e: LockError) -> io::Error {
        match e {
            LockError::HeldBy(_) => ErrorKind::TimedOut.into(),
            LockError::File(e) => e,
        }
    }
}

/// The directory `name` in `dir`.
fn made(dir: &Dir, name: &str, mode: u32) -> io::Result<Dir> {
    match dir.below(name) {
        Err(e) if absent(&e) => match dir.create_dir(name, mode) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => dir.below(name),
            created => created.and_then(|()| dir.below(name)),
        },
        opened => opened,
    }
}
