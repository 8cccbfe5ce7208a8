//! A module that answers in many lines, which are taken one by one while it runs (the point `timeline`).

use super::ask::{Request, object_below};
use super::failure::Failure;
use super::one::Module;
use crate::patience::Locked;
use crate::process::{End, Running, stream::Said};
use serde_json::{Map, Value};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

/// The most bytes of one line.
const LINE: usize = 16 << 10;

/// A module that was asked. It is killed, if it still runs, when this is dropped.
#[derive(Debug)]
pub struct AnswerLines {
    running: Running,
    limit: Duration,
    /// How many lines it has printed so far.
    lines: usize,
    /// How long it may still be waited for.
    patience: Duration,
    /// Nothing more is taken from it.
    ended: bool,
    /// It has exited.
    exited: bool,
    /// Held until it has answered, if there must not be two of it.
    _turn: Option<Locked>,
}

impl Module {
    /// Asks it for lines. It may take as long as its limit says, all waiting for lines together, and however long
    /// whoever reads them takes. `change` is made to its program's environment.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn ask_for_lines(
        &self,
        request: Request,
        change: impl FnOnce(&mut Command),
    ) -> Result<AnswerLines, Failure> {
        let limit = self.manifest.limit(request.point);
        let (mut command, turn) = self.ready(&request)?;
        change(&mut command);
        let held: Vec<&File> = turn.as_deref().into_iter().collect();
        let running = Running::start_to_hear(&mut command, limit, LINE, &held);
        Ok(AnswerLines {
            running: running.map_err(|e| self.unstarted(e))?,
            limit,
            lines: 0,
            patience: limit,
            ended: false,
            exited: false,
            _turn: turn,
        })
    }
}

impl AnswerLines {
    /// The fields of the object in the next line; `None` if there are no more.
    ///
    /// # Errors
    /// It does not answer in time, or not as it should. There is nothing more to come then.
    pub fn next_object(&mut self) -> Result<Option<Map<String, Value>>, Failure> {
        while !self.ended {
            match self.running.next_line(&mut self.patience) {
                Ok(Said::Line(line)) => {
                    let before = self.lines;
                    self.lines += 1;
                    if line.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    return match object_below(before, &line) {
                        Ok(fields) => Ok(Some(fields)),
                        Err(failure) => self.fails(failure),
                    };
                }
                Ok(Said::End) => {
                    (self.ended, self.exited) = (true, true);
                    return self.how_it_ended().map(|()| None);
                }
                Ok(Said::TooLate) => return self.fails(Failure::TimedOut(self.limit)),
                Ok(Said::TooLong) => return self.fails(Failure::LineTooLong(LINE)),
                Err(e) => return self.fails(Failure::CannotRun(e)),
            }
        }
        Ok(None)
    }

    /// What it wrote to its stderr.
    pub fn stderr_text(&self) -> String {
        self.running.stderr_text()
    }

    fn how_it_ended(&mut self) -> Result<(), Failure> {
        match self.running.wait().map_err(Failure::CannotRun)? {
            End::Exited(status) if !status.success() => {
                let last = self.running.last_line();
                Err(match status.code() {
                    Some(code) => Failure::Status(code, last),
                    None => Failure::Signal(status.signal().unwrap_or_default(), last),
                })
            }
            _ => Ok(()),
        }
    }

    fn fails<T>(&mut self, failure: Failure) -> Result<T, Failure> {
        self.ended = true;
        Err(failure)
    }
}

impl Drop for AnswerLines {
    fn drop(&mut self) {
        if !self.exited {
            self.running.end();
        }
    }
}
