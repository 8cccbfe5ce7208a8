//! Asks a module, and waits for its answer.

use super::failure::{Failure, MOST};
use super::head::{Head, beginning, shown};
use super::home::LockError;
use super::manifest::{PROTOCOL, Point};
use super::one::Module;
use super::raw::RawMail;
use crate::patience::Locked;
use crate::process::{End, Running};
use nix::libc;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The PATH of modules.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Programs of ours that a module starts, which start modules, and so on: so many deep. See [`depth`].
const DEPTH: &str = "TICKETS_DEPTH";

/// At which point a module is asked.
const POINT: &str = "TICKETS_POINT";

/// What a module is asked.
#[derive(Debug)]
pub struct Request<'a> {
    /// At which point.
    pub point: Point,
    /// What it is told, besides what it is told every time.
    pub head: Head,
    /// The message, for the points that have one.
    pub mail: Option<RawMail<'a>>,
    /// How long it may take at most, if that is less than its own limit.
    pub limit: Option<Duration>,
}

/// What a module answered: the fields of its object, none if it had nothing to say.
pub type Answer = Map<String, Value>;

/// How many programs of ours started each other by way of modules, up to this one: 0 for one that a person or an MTA
/// started.
pub fn depth() -> u32 {
    let depth = std::env::var(DEPTH).ok();
    depth.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Has a program begin at a greater depth than it would.
pub fn set_depth(command: &mut Command, depth: u32) {
    command.env(DEPTH, depth.to_string());
}

/// True if an observer has started this program: what that is told of, and whatever else is told meanwhile, is the
/// business of whoever told it.
pub fn is_for_observer() -> bool {
    std::env::var(POINT).is_ok_and(|point| point == Point::Observer.word())
}

/// Why a program is not started, where that is nobody's fault.
const SHORT: [i32; 4] = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE];

/// How its program is started.
type Start = fn(&mut Command, Duration, usize, &[&File]) -> io::Result<Running>;

/// A module that was asked.
#[derive(Debug)]
#[must_use = "only answer() says what it answered"]
pub struct Asking {
    running: Running,
    limit: Duration,
    /// Held until it has answered, if there must not be two of it.
    _turn: Option<Locked>,
}

impl Module {
    /// Asks it. Several may be asked at once, and their answers be waited for in turn.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn ask(&self, request: Request) -> Result<Asking, Failure> {
        self.ask_with(request, &[], |_| ())
    }

    /// Asks it, and does nothing but wait for the answer.
    ///
    /// # Errors
    /// It gave none, or none that can be read.
    pub fn ask_alone(&self, request: Request) -> Result<Answer, Failure> {
        let asking = self.ask_by(Running::start_to_hear_alone, request, &[], |_| ());
        asking.and_then(Asking::answer)
    }

    /// The same as [`Module::ask`] with `change` made to its program's environment. The locks on the files `held` last as long as it runs,
    /// though this process be killed.
    ///
    /// # Errors
    /// See [`Module::ask`].
    pub fn ask_with(
        &self,
        request: Request,
        held: &[&File],
        change: impl FnOnce(&mut Command),
    ) -> Result<Asking, Failure> {
        self.ask_by(Running::start_to_hear, request, held, change)
    }

    /// The same for one that writes to the stderr of this process.
    ///
    /// # Errors
    /// See [`Module::ask`].
    pub fn ask_aloud(&self, request: Request, held: &[&File]) -> Result<Asking, Failure> {
        self.ask_by(Running::start_to_hear_aloud, request, held, |_| ())
    }

    fn ask_by(
        &self,
        start: Start,
        request: Request,
        held: &[&File],
        change: impl FnOnce(&mut Command),
    ) -> Result<Asking, Failure> {
        let own = match request.point {
            // Each has its own, and whoever runs it ends it.
            Point::Job => Point::Job.limits().1,
            point => self.manifest.limit(point),
        };
        let begun = Instant::now();
        let (mut command, turn) = self.ready(&request)?;
        // Waiting for its turn counts, if somebody waits for all of it.
        let limit = request
            .limit
            .map_or(own, |limit| limit.saturating_sub(begun.elapsed()).min(own));
        change(&mut command);
        let held: Vec<&File> = held.iter().copied().chain(turn.as_deref()).collect();
        let running = start(&mut command, limit, MOST, &held);
        let running = running.map_err(|e| self.unstarted(e))?;
        Ok(Asking {
            running,
            limit,
            _turn: turn,
        })
    }

    /// Its program, ready to be started for a request, and what has to be held until it has answered.
    pub(super) fn ready(&self, request: &Request) -> Result<(Command, Option<Locked>), Failure> {
        let patience = request.limit.unwrap_or(Duration::MAX);
        let turn = (self.manifest.serial).then(|| self.home.lock_within("serial", patience));
        let turn = turn.transpose().map_err(|e| match e {
            LockError::HeldBy(pid) => Failure::Busy(pid),
            LockError::File(e) => {
                Failure::NotReady(format!("cannot lock {}: {e}", self.home.path().display()))
            }
        })?;
        let input = self.input(request)?;
        let mut command = self.command(request.point)?;
        command.stdin(input);
        Ok((command, turn))
    }

    /// The line that it reads first.
    ///
    /// # Errors
    /// It would be too long.
    pub fn head_line(&self, request: &Request) -> Result<String, Failure> {
        let mut head = Head::default()
            .with("protocol", PROTOCOL)
            .with("point", request.point.word())
            .with("module", self.name())
            .with("project", self.host_project());
        if let Some(mail) = request.mail {
            let size = mail.size();
            let size = size.map_err(|e| Failure::NotReady(format!("cannot read the mail: {e}")))?;
            head = head.with("size", size);
        }
        let line = request
            .head
            .clone()
            .over(head)
            .line(&self.switched.settings);
        line.map_err(Failure::NotReady)
    }

    /// What it reads: the head, then the message.
    fn input(&self, request: &Request) -> Result<File, Failure> {
        let line = self.head_line(request)?;
        let write = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            file.write_all(line.as_bytes())?;
            if let Some(mail) = request.mail {
                mail.copy(&mut file)?;
            }
            file.rewind()?;
            Ok(file)
        };
        write().map_err(|e| Failure::NotReady(format!("cannot write what it reads: {e}")))
    }

    /// Its program for `point`, with the arguments and the environment that every module gets.
    ///
    /// # Errors
    /// Its own directory cannot be made.
    pub fn command(&self, point: Point) -> Result<Command, Failure> {
        let data = self.home.make_data().map_err(|e| {
            Failure::NotReady(format!("cannot make {}: {e}", self.home.path().display()))
        })?;
        let mut command = crate::privilege::program(self.program());
        let home = command.get_envs().find(|(name, _)| *name == "HOME");
        let home = home.and_then(|(_, value)| value.map(OsString::from));
        let home = home.or_else(|| std::env::var_os("HOME").filter(|home| !home.is_empty()));
        command
            .arg(point.word())
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOME", home.unwrap_or_else(|| data.path().into()))
            .env("TICKETS_PROTOCOL", PROTOCOL.to_string())
            .env(POINT, point.word())
            .env("TICKETS_MODULE", self.name())
            .env("TICKETS_MODULE_DIR", &self.dir)
            .env("TICKETS_DATA", data.path())
            .env("TICKETS_DIR", &self.host.store)
            .env("TICKETS_PROJECT", self.host_project())
            .env(DEPTH, (depth() + 1).to_string())
            .stdin(Stdio::null())
            .current_dir(data.path());
        if self.trial {
            command.env("TICKETS_TRIAL", "1");
        }
        if let Some(zone) = std::env::var_os("TZ") {
            command.env("TZ", zone);
        }
        if let Ok(us) = crate::privilege::own_path() {
            command.env("TICKETS_BIN", us);
        }
        if let Some(config) = &self.host.config {
            command.env("TICKETS_CONFIG", config);
        }
        Ok(command)
    }

    /// Its program.
    pub fn program(&self) -> PathBuf {
        self.dir.join(&self.manifest.run)
    }

    fn host_project(&self) -> &str {
        &self.host.project
    }

    /// Why its program was not started.
    pub fn unstarted(&self, e: io::Error) -> Failure {
        let program = self.program();
        match e.kind() {
            ErrorKind::NotFound if self.begins_with_crlf() => Failure::CrLf(program),
            ErrorKind::NotFound => {
                let is_there = Path::new(&program).exists();
                Failure::NoProgram(program, is_there)
            }
            // The machine has no room for one process more, or this one has too many files open.
            _ if e.raw_os_error().is_some_and(|it| SHORT.contains(&it)) => {
                Failure::NotReady(format!("it cannot be started: {e}"))
            }
            _ => Failure::CannotRun(e),
        }
    }
}

impl Asking {
    /// Waits for the answer.
    ///
    /// # Errors
    /// It gave none, or none that can be read.
    pub fn answer(mut self) -> Result<Answer, Failure> {
        self.wait()
    }

    /// The same, for whoever also wants to know what it wrote to its stderr.
    ///
    /// # Errors
    /// See [`Asking::answer`].
    pub fn wait(&mut self) -> Result<Answer, Failure> {
        let end = self.running.wait().map_err(Failure::CannotRun)?;
        let last = || self.running.last_line();
        match end {
            End::TimedOut => return Err(Failure::TimedOut(self.limit)),
            End::SaidTooMuch => return Err(Failure::SaidTooMuch),
            End::Exited(status) if !status.success() => {
                return Err(match status.code() {
                    Some(code) => Failure::Status(code, last()),
                    None => Failure::Signal(status.signal().unwrap_or_default(), last()),
                });
            }
            // Without a status, what it said counts.
            End::Exited(_) | End::Unknown => {}
        }
        object(self.running.said())
    }

    /// The beginning of what it printed.
    pub fn said_text(&self) -> String {
        shown(self.running.said())
    }

    /// The beginning of what it wrote to its stderr.
    pub fn stderr_text(&self) -> String {
        self.running.stderr_text()
    }
}

/// The fields of the one object in `said`; none if there is nothing in it.
fn object(said: &[u8]) -> Result<Answer, Failure> {
    if said.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    object_below(0, said)
}

/// The fields of the object in `said`, above which so many other lines were printed.
pub(super) fn object_below(lines: usize, said: &[u8]) -> Result<Answer, Failure> {
    let why = match serde_json::from_slice(said) {
        Ok(Value::Object(fields)) => return Ok(fields),
        Ok(_) => "it is another kind of value".to_owned(),
        Err(e) => {
            let text = e.to_string();
            let own = format!(" at line {} column {}", e.line(), e.column());
            let what = text.strip_suffix(&own).unwrap_or(&text);
            format!("{what} at line {} column {}", lines + e.line(), e.column())
        }
    };
    Err(Failure::NoObject(format!("{why}: {}", beginning(said))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::tests::animal;

    // G2: what the machine lacks for a moment is no fault of the module's, and does not count.
    #[test]
    fn a_machine_that_has_no_room_for_a_process_is_no_fault() {
        let module = animal(&tempfile::tempdir().unwrap(), "silent", "");
        let fails = |code| module.unstarted(std::io::Error::from_raw_os_error(code));
        let says = fails(nix::libc::EAGAIN);
        assert!(
            matches!(says, Failure::NotReady(why) if why.starts_with("it cannot be started: "))
        );
        assert!(matches!(fails(nix::libc::EACCES), Failure::CannotRun(_)));
    }
}
