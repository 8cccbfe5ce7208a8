//! What goes wrong with the index, in words, and whether making it anew will help.

use rusqlite::ErrorCode;
use std::fmt;
use std::path::Path;

/// The index could not be asked or changed.
#[derive(Debug)]
pub struct IndexError(rusqlite::Error);

impl IndexError {
    /// True if the file is damaged: remove it, and the next one is made from the mboxes.
    pub fn is_damage(&self) -> bool {
        is_damage(&self.0)
    }

    /// True if this is what SQLite meets when its files are removed under it: open the index
    /// again. A disk that fails looks the same, and will fail again.
    pub fn is_removal(&self) -> bool {
        let code = self.0.sqlite_error().map(|e| e.extended_code);
        self.0.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
            || code == Some(rusqlite::ffi::SQLITE_READONLY_DBMOVED)
    }

    /// The one among the causes of `error`, if any.
    pub fn among(error: &anyhow::Error) -> Option<&IndexError> {
        error.chain().find_map(|e| e.downcast_ref())
    }

    /// A command that helps, if such an error is among the causes of `error`.
    pub fn hint_in(error: &anyhow::Error) -> Option<String> {
        let hint = match Self::among(error)?.is_damage() {
            true => "`tickets reindex` makes it anew",
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
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                f.write_str("cannot read the index: it is damaged")
            }
            _ => write!(f, "cannot use the index: {}", self.0),
        }
    }
}

// Its words are in ours already: a source of its own would say them twice.
impl std::error::Error for IndexError {}

/// SQLite only says that it is unable to open the file; the system knows why.
pub(super) fn in_the_systems_words(error: IndexError, path: &Path) -> anyhow::Error {
    let may_not = [
        ErrorCode::CannotOpen,
        ErrorCode::ReadOnly,
        ErrorCode::PermissionDenied,
    ];
    let code = error.0.sqlite_error_code();
    if code.is_some_and(|code| may_not.contains(&code)) {
        let opened = std::fs::OpenOptions::new().write(true).open(path);
        if let Err(reason) = opened {
            return reason.into();
        }
    }
    error.into()
}

/// True if the file is no index that can be used, and making it anew will help.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    let damage = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
    error
        .sqlite_error_code()
        .is_some_and(|code| damage.contains(&code))
}
