//! What a program says, line by line, while it runs.

use super::{End, Running, is_readable};
use std::io::{ErrorKind, Read, Result};
use std::time::{Duration, Instant};

/// What came of waiting for a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// A line, without its end.
    Line(Vec<u8>),
    /// It has exited, and said no more.
    End,
    /// No line came in time.
    TooLate,
    /// A line is longer than what the program may say.
    TooLong,
}

impl Running {
    /// The next line, for which the program may take `patience` at most; what was waited is taken off it. No more of
    /// what the program says is read than that.
    ///
    /// # Errors
    /// Waiting, or reading, failed.
    pub fn next_line(&mut self, patience: &mut Duration) -> Result<Said> {
        let begun = Instant::now();
        let said = self.line_within(*patience);
        *patience = patience.saturating_sub(begun.elapsed());
        said
    }

    /// Kills it and its children. It must not have been seen to exit.
    pub fn end(&mut self) {
        self.kill(End::TimedOut);
    }

    fn line_within(&mut self, patience: Duration) -> Result<Said> {
        let until = Instant::now() + patience;
        loop {
            if let Some(line) = self.whole_line() {
                return Ok(line);
            }
            // Whoever has exited has said all: look first whether it has, then read.
            let ended = self.ended()?.is_some();
            if self.hear_some()? {
                continue;
            }
            let left = until.saturating_duration_since(Instant::now());
            if ended {
                return Ok(self.rest());
            }
            if left.is_zero() {
                return Ok(Said::TooLate);
            }
            self.sleep(left);
        }
    }

    /// The first line that is there, if one is.
    fn whole_line(&mut self) -> Option<Said> {
        let stdout = self.stdout.as_mut()?;
        match memchr::memchr(b'\n', &stdout.said) {
            Some(end) if end <= stdout.most => {
                let mut line: Vec<u8> = stdout.said.drain(..=end).collect();
                line.pop();
                Some(Said::Line(line))
            }
            None if stdout.said.len() <= stdout.most => None,
            _ => Some(Said::TooLong),
        }
    }

    /// What stands behind the last line end.
    fn rest(&mut self) -> Said {
        match &mut self.stdout {
            Some(stdout) if !stdout.said.is_empty() => Said::Line(std::mem::take(&mut stdout.said)),
            _ => Said::End,
        }
    }

    /// Takes a little of what it has said. False if there is nothing.
    fn hear_some(&mut self) -> Result<bool> {
        let Some(stdout) = &mut self.stdout else {
            return Ok(false);
        };
        let mut piece = [0; 16384];
        while stdout.open && is_readable(&stdout.pipe) {
            match stdout.pipe.read(&mut piece) {
                Ok(0) => stdout.open = false,
                Ok(got) => {
                    stdout.said.extend_from_slice(&piece[..got]);
                    return Ok(true);
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(false)
    }
}
