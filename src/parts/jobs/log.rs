//! What a run prints: its beginning and its end are kept, in a file that is never much longer than that (I3).
//!
//! It comes through a pipe, which a thread reads at once, so that no program can fill the disk, and what was printed
//! before a run is killed is in the file.

use anyhow::Result;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{dup2_stderr, dup2_stdout};
use std::fs::File;
use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So much of the beginning is kept, and so much of the end, in bytes.
const HALF: usize = 32 << 10;

/// The most pieces that are read in one go: more than a pipe holds. Whoever prints without end holds up nobody.
const PIECES: usize = 64;

/// What this process, and whoever it lets have its stderr, prints from now on.
pub(super) struct JobLog {
    pipe: Arc<PipeReader>,
    kept: Arc<Mutex<Kept>>,
}

/// What was printed, as far as it is kept.
#[derive(Debug)]
struct Kept {
    file: File,
    head: Vec<u8>,
    /// What stands between the two once something is missing there.
    mark: String,
    tail: Vec<u8>,
    left_out: usize,
    ended: bool,
}

impl JobLog {
    /// Lets what is printed go into `file`, which is empty.
    ///
    /// # Errors
    /// There can be no pipe, or no thread.
    pub(super) fn begin(file: File) -> Result<JobLog> {
        let (pipe, printed) = std::io::pipe()?;
        fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let pipe = Arc::new(pipe);
        let kept = Arc::new(Mutex::new(Kept::new(file)));
        let log = JobLog {
            pipe: Arc::clone(&pipe),
            kept: Arc::clone(&kept),
        };
        let read = move || {
            loop {
                let mut ready = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
                // A signal only makes us look early.
                let _ = poll(&mut ready, PollTimeout::NONE);
                if !lock(&kept).read(&pipe) {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("log".into()).spawn(read)?;
        dup2_stdout(&printed)?;
        dup2_stderr(&printed)?;
        Ok(log)
    }

    /// The last line that is not empty, at most 200 characters, without control characters.
    pub(super) fn last_line(&self) -> String {
        let mut kept = lock(&self.kept);
        kept.read(&self.pipe);
        kept.last_line()
    }

    /// Keeps what was printed up to now, and nothing more.
    pub(super) fn end(self) {
        let mut kept = lock(&self.kept);
        kept.read(&self.pipe);
        kept.cut(HALF);
        kept.ended = true;
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kept {
    fn new(file: File) -> Kept {
        Kept {
            file,
            head: Vec::new(),
            mark: String::new(),
            tail: Vec::new(),
            left_out: 0,
            ended: false,
        }
    }

    /// Reads what is in the pipe. False if nothing will ever come.
    fn read(&mut self, mut pipe: &PipeReader) -> bool {
        let mut piece = [0; 16384];
        for _ in 0..PIECES {
            match pipe.read(&mut piece) {
                Ok(0) => return false,
                Ok(got) => self.take(&piece[..got]),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return e.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }

    /// That a disk is full keeps nobody from printing more.
    fn take(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        let room = HALF.saturating_sub(self.head.len());
        let (head, tail) = bytes.split_at(room.min(bytes.len()));
        self.put(head, self.head.len());
        self.head.extend_from_slice(head);
        let end = self.head.len() + self.mark.len() + self.tail.len();
        self.put(tail, end);
        self.tail.extend_from_slice(tail);
        self.cut(2 * HALF);
    }

    /// Leaves out what stands before the end, if that is longer than `most`.
    fn cut(&mut self, most: usize) {
        if self.tail.len() <= most {
            return;
        }
        let more = self.tail.len() - HALF;
        self.tail.drain(..more);
        self.left_out += more;
        self.mark = format!("\n[{} bytes are left out]\n", self.left_out);
        let text = [self.mark.as_bytes(), &self.tail].concat();
        self.put(&text, self.head.len());
        let length = u64::try_from(self.head.len() + text.len()).unwrap_or(0);
        let _ = self.file.set_len(length);
    }

    fn put(&self, bytes: &[u8], at: usize) {
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let _ = self.file.write_all_at(bytes, at);
    }

    fn last_line(&self) -> String {
        let text = [&self.head, &self.tail].into_iter().rev();
        let text = text.map(|part| String::from_utf8_lossy(part).into_owned());
        let line = text
            .map(|text| {
                let line = text.lines().rev().find(|line| !line.trim().is_empty());
                line.unwrap_or_default().trim().to_owned()
            })
            .find(|line| !line.is_empty());
        let line = line.unwrap_or_default();
        let harmless = |c: char| if c.is_control() { '?' } else { c };
        line.chars().map(harmless).take(200).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I3
    #[test]
    fn beginning_and_end_are_kept_and_no_more_is_ever_on_the_disk() {
        for (lines, piece) in [
            (0_usize, 1),
            (1, 100),
            (5000, 7),
            (5000, 16384),
            (100_000, 9999),
        ] {
            let file = tempfile::tempfile().unwrap();
            let mut kept = Kept::new(file.try_clone().unwrap());
            let text: String = (0..lines).map(|n| format!("line {n}\n")).collect();
            let mut longest = 0;
            for piece in text.as_bytes().chunks(piece) {
                kept.take(piece);
                longest = longest.max(file.metadata().unwrap().len());
            }
            assert!(longest <= 97 << 10, "{longest}");
            kept.cut(HALF);
            let last = lines.checked_sub(1).map(|last| format!("line {last}"));
            assert_eq!(kept.last_line(), last.unwrap_or_default());
            let mut found = vec![0; 1 << 20];
            let got = file.read_at(&mut found, 0).unwrap();
            let want = match text.len().checked_sub(2 * HALF) {
                Some(more @ 1..) => format!(
                    "{}\n[{more} bytes are left out]\n{}",
                    &text[..HALF],
                    &text[text.len() - HALF..]
                ),
                _ => text,
            };
            assert_eq!(String::from_utf8_lossy(&found[..got]), want);
        }
    }
}
