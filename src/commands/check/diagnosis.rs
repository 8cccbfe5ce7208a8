//! What a check found, and what mends it.

use crate::part::Finding;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ok,
    /// Something that could not be looked at.
    Note,
    Warn,
    Fail,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) level: Level,
    pub(super) text: String,
    /// A command, or a short sentence, that mends it.
    pub(super) mend: Option<String>,
}

impl Diagnosis {
    pub(super) fn new(level: Level, text: impl Into<String>) -> Self {
        Diagnosis {
            level,
            text: text.into(),
            mend: None,
        }
    }

    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self::new(Level::Ok, text)
    }

    pub(super) fn note(text: impl Into<String>) -> Self {
        Self::new(Level::Note, text)
    }

    pub(super) fn warn(text: impl Into<String>) -> Self {
        Self::new(Level::Warn, text)
    }

    pub(super) fn fail(text: impl Into<String>) -> Self {
        Self::new(Level::Fail, text)
    }

    pub(super) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

impl From<Finding> for Diagnosis {
    fn from(finding: Finding) -> Diagnosis {
        let level = match finding.is_well {
            true => Level::Ok,
            false => Level::Warn,
        };
        Diagnosis {
            level,
            text: finding.text,
            mend: finding.mend,
        }
    }
}

/// `1 mail is waiting`, `2 mails are waiting`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// True if this process has `access` to `path`.
pub(super) fn may(path: &std::path::Path, access: nix::unistd::AccessFlags) -> bool {
    let at = nix::fcntl::AT_FDCWD;
    nix::unistd::faccessat(at, path, access, nix::fcntl::AtFlags::AT_EACCESS).is_ok()
}
