//! Errors of the index, and whether rebuilding it would help.

use crate::files::{is_no_file, obstacle, place_at};
use nix::fcntl::OFlag;
use rusqlite::ErrorCode;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The index could not be read or changed.
#[derive(Debug)]
pub struct IndexError(rusqlite::Error);

impl IndexError {
    /// True if the file is damaged: SQLite says so, or what it hands out cannot have been written by this program. If it
    /// is removed, the next command rebuilds it from the mboxes.
    pub fn is_damage(&self) -> bool {
        is_damage(&self.0)
    }

    /// True for the errors of SQLite when its files were removed while it had them open: open the index
    /// again. A failing disk causes the same errors, but will fail again.
    pub fn is_removal(&self) -> bool {
        let code = self.0.sqlite_error().map(|e| e.extended_code);
        self.0.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
            || code == Some(rusqlite::ffi::SQLITE_READONLY_DBMOVED)
    }

    /// A row is not there that has just been written: the index is damaged.
    pub(crate) fn of_lost_row() -> IndexError {
        IndexError(rusqlite::Error::QueryReturnedNoRows)
    }

    /// The index error among the causes of `error`.
    pub fn among(error: &anyhow::Error) -> Option<&IndexError> {
        error.chain().find_map(|e| e.downcast_ref())
    }

    /// Why the index cannot be used, if that is what `error` is about: the disk is full or may only be read, the files
    /// are another user's, or damaged, or something else stands in their place.
    pub fn unusable(error: &anyhow::Error) -> Option<String> {
        let io = error.chain().find_map(|e| e.downcast_ref::<io::Error>());
        let of_system = error.downcast_ref::<OfIndex>().and(io).is_some_and(|e| {
            let kinds = [
                ErrorKind::PermissionDenied,
                ErrorKind::ReadOnlyFilesystem,
                ErrorKind::StorageFull,
                ErrorKind::QuotaExceeded,
            ];
            kinds.contains(&e.kind()) || is_no_file(e)
        });
        let code = Self::among(error).and_then(|e| e.0.sqlite_error_code());
        let of_sqlite = matches!(
            code,
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::PermissionDenied
                    | ErrorCode::SystemIoFailure
            )
        );
        let is_damage = Self::among(error).is_some_and(Self::is_damage);
        (of_system || of_sqlite || is_damage).then(|| crate::error::line(error))
    }

    /// A hint, if an index error is among the causes of `error`.
    pub fn hint_in(error: &anyhow::Error) -> Option<String> {
        let hint = match Self::among(error)?.is_damage() {
            true => "`tickets reindex` rebuilds it",
            false => "`tickets check` says more; the index can be deleted at any time",
        };
        Some(hint.into())
    }

    pub(super) fn cause(&self) -> &rusqlite::Error {
        &self.0
    }
}

impl From<rusqlite::Error> for IndexError {
    fn from(error: rusqlite::Error) -> Self {
        IndexError(error)
    }
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => f.write_str("cannot write the index: the disk is full"),
            Some(ErrorCode::DatabaseBusy) => f.write_str("cannot write the index: it is busy"),
            _ if self.is_damage() => f.write_str("cannot read the index: it is damaged"),
            _ => write!(f, "cannot use the index: {}", self.0),
        }
    }
}

/// What was done with the index, in an error about its file or directory.
#[derive(Debug)]
pub struct OfIndex(pub String);

impl fmt::Display for OfIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// No source(): our text contains that of SQLite, which would be printed twice.
impl std::error::Error for IndexError {}

/// What SQLite keeps beside the file at `path`.
pub(super) fn side_files(path: &Path) -> impl Iterator<Item = PathBuf> {
    ["-journal", "-wal"].into_iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// SQLite only reports that it cannot open the file. Replaces that by the system's error, which says why.
pub(super) fn with_system_error(error: IndexError, path: &Path) -> anyhow::Error {
    let unspecific = [
        ErrorCode::CannotOpen,
        ErrorCode::ReadOnly,
        ErrorCode::PermissionDenied,
    ];
    let code = error.0.sqlite_error_code();
    if code.is_some_and(|code| unspecific.contains(&code)) {
        let opened = place_at(path).and_then(|place| place.open(OFlag::O_WRONLY));
        if let Err(reason) = opened {
            return reason.into();
        }
        for side in side_files(path) {
            if let Some(reason) = obstacle(&side) {
                return anyhow::Error::from(reason)
                    .context(format!("cannot open {}", side.display()));
            }
        }
    }
    error.into()
}

/// True if the file is damaged or not a database, so that rebuilding the index will help.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    let damage = [
        ErrorCode::DatabaseCorrupt,
        ErrorCode::NotADatabase,
        // Rows that cannot stand beside each other.
        ErrorCode::ConstraintViolation,
        // Values that claim to be enormous. Where memory is short indeed, a cache is the first thing to do without.
        ErrorCode::OutOfMemory,
        ErrorCode::TooBig,
    ];
    match error {
        // SQLite notices what its pages cannot be; values that were overwritten it hands out as they are.
        Error::Utf8Error(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::QueryReturnedNoRows => true,
        // A table that is not there, or a file format that SQLite does not know: our own statements are sound.
        Error::SqlInputError { error, .. } | Error::SqliteFailure(error, _)
            if error.extended_code == rusqlite::ffi::SQLITE_ERROR =>
        {
            true
        }
        _ => {
            let code = error.sqlite_error_code();
            code.is_some_and(|code| damage.contains(&code))
        }
    }
}
