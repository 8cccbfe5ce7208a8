//! What a program writes to its stderr: in a file without a name, where it cannot block, and which does not fill the
//! disk.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};

/// How much of it is ever read.
const READ: usize = 2048;

/// A program that has written more than this loses what is never read.
const MOST: u64 = 1 << 20;

/// What a program has written to its stderr so far.
#[derive(Debug)]
pub(super) struct Stderr(File);

impl Stderr {
    /// Lets a program write it. If there can be no file, its words are lost, but it runs.
    pub(super) fn of(command: &mut Command) -> Option<Stderr> {
        // Only to the end of the file, wherever that is: it may be cut.
        let to_end = |file: &File| fcntl(file, FcntlArg::F_SETFL(OFlag::O_APPEND));
        let file = tempfile::tempfile().ok().filter(|it| to_end(it).is_ok());
        let copy = file.as_ref().and_then(|file| file.try_clone().ok());
        command.stderr(copy.map_or_else(Stdio::null, Stdio::from));
        file.map(Stderr)
    }

    /// Cuts off what nobody will read, if that is much.
    pub(super) fn cut(&self) {
        if self.0.metadata().is_ok_and(|it| it.len() > MOST) {
            // If it cannot be cut, it is long, and does no other harm.
            let _ = self.0.set_len(READ as u64);
        }
    }

    /// The beginning, at most 2 KiB.
    pub(super) fn text(&self) -> String {
        let mut head = [0; READ];
        let got = self.0.read_at(&mut head, 0).unwrap_or(0);
        String::from_utf8_lossy(&head[..got]).into_owned()
    }
}
