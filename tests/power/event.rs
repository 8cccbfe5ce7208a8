//! What a journal is made of: files and directories, and what happened to them.

/// A file or directory, whatever its names: an index into `Journal::nodes`.
pub type Id = usize;

/// The directory that holds the store.
pub const ROOT: Id = 0;

/// Inode number and ctime, by which the program knows a file again.
pub type Stamp = (u64, (i64, i64));

/// A file or directory as it was before the first recorded delivery.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub is_dir: bool,
    /// Its bytes then.
    pub bytes: Vec<u8>,
    pub stamp: Option<Stamp>,
    /// It was mapped into memory to be changed there, which strace cannot see.
    pub mapped: bool,
    pub(super) size: u64,
}

/// One step.
#[derive(Clone, Debug)]
pub enum Event {
    Data {
        file: Id,
        at: u64,
        bytes: Vec<u8>,
    },
    Size {
        file: Id,
        size: u64,
    },
    /// Times, mode or owner.
    Touch {
        file: Id,
    },
    Name {
        dir: Id,
        name: String,
        file: Id,
    },
    Unname {
        dir: Id,
        name: String,
        file: Id,
    },
    Move {
        from: (Id, String),
        to: (Id, String),
        file: Id,
    },
    /// A file's bytes, or a directory's names, are on the disk.
    Synced {
        file: Id,
    },
    /// The program looked at a file, and may remember this.
    Seen {
        file: Id,
        stamp: Stamp,
    },
    /// sendmail has taken the mail that lies in `sent/NAME`.
    Sent {
        name: String,
    },
    /// The delivery ended.
    Ended,
}
