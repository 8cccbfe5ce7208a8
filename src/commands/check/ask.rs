//! Asks the programs of the mail server. What they say is a stranger's text, and how long they take is theirs to
//! choose: both are bounded, also for all of them together.

use crate::privilege;
use crate::process::{End, Running};
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a program may take. A name server that does not answer takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long all of them may take: whoever watches a monitor waits for a minute.
const TOGETHER: Duration = Duration::from_secs(35);

/// So much of what it says is read, and of one line of what is read by lines.
const MOST: usize = 64 << 10;
const LONGEST_LINE: usize = 1 << 20;

/// When the first of them was asked.
static BEGUN: OnceLock<Instant> = OnceLock::new();

/// Those that did not answer: they are not asked again.
static SILENT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What a program said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// `None` if a signal ended it.
    pub(super) status: Option<i32>,
}

/// A program that was asked.
pub(super) struct Asked {
    program: PathBuf,
    running: Running,
    limit: Duration,
}

/// Runs a program by its absolute path.
///
/// # Errors
/// It cannot be started, or takes too long, now or before.
pub(super) fn ask(program: &Path, args: &[&str], input: &str) -> io::Result<Answer> {
    Asked::start(program, args, input, patience(program)?, MOST)?.answer()
}

/// Starts a program whose words are read by lines, however many there are.
///
/// # Errors
/// Those of [`ask`].
pub(super) fn ask_for_lines(program: &Path, args: &[&str]) -> io::Result<Asked> {
    Asked::start(program, args, "", patience(program)?, LONGEST_LINE + MOST)
}

/// What is left of the time for all.
pub(super) fn time_left() -> Duration {
    TOGETHER.saturating_sub(BEGUN.get_or_init(Instant::now).elapsed())
}

fn patience(program: &Path) -> io::Result<Duration> {
    let late = |text: &str| Err(io::Error::new(ErrorKind::TimedOut, text));
    let silent = SILENT.lock().unwrap_or_else(PoisonError::into_inner);
    match time_left() {
        _ if silent.iter().any(|it| it == program) => late("it has said nothing before"),
        Duration::ZERO => late("the mail server takes too long"),
        left => Ok(left.min(PATIENCE)),
    }
}

impl Asked {
    fn start(
        program: &Path,
        args: &[&str],
        input: &str,
        limit: Duration,
        most: usize,
    ) -> io::Result<Asked> {
        let stdin = match input {
            "" => Stdio::null(),
            // A file: a program that does not read would keep us at a pipe.
            _ => {
                let mut file = tempfile::tempfile()?;
                file.write_all(input.as_bytes())?;
                file.rewind()?;
                file.into()
            }
        };
        let mut command = privilege::program(program);
        command
            .args(args)
            .stdin(stdin)
            .current_dir("/")
            .env("LC_ALL", "C");
        Ok(Asked {
            program: program.to_owned(),
            running: Running::start_to_hear(&mut command, limit, most, &[])?,
            limit,
        })
    }

    fn answer(mut self) -> io::Result<Answer> {
        let status = self.wait(&mut |_| {})?;
        let said = self.running.said();
        let said = &said[..said.len().min(MOST)];
        Ok(Answer {
            text: String::from_utf8_lossy(said).into_owned(),
            status,
        })
    }

    /// Gives `each` line as it comes, and returns the exit status, `None` if a signal ended it. A line that is too long
    /// is left out.
    ///
    /// # Errors
    /// It takes too long.
    pub(super) fn lines(mut self, each: &mut dyn FnMut(&str)) -> io::Result<Option<i32>> {
        let mut is_rest = false;
        let mut line = |line: &[u8], is_whole: bool| {
            if !std::mem::replace(&mut is_rest, !is_whole) && is_whole {
                each(&String::from_utf8_lossy(line));
            }
        };
        let status = self.wait(&mut |said: &mut Vec<u8>| {
            let end = said.iter().rposition(|it| *it == b'\n');
            if let Some(end) = end {
                said[..end]
                    .split(|it| *it == b'\n')
                    .for_each(|it| line(it, true));
                said.drain(..=end);
            }
            if said.len() > LONGEST_LINE {
                line(said, false);
                said.clear();
            }
        })?;
        line(self.running.said(), true);
        Ok(status)
    }

    fn wait(&mut self, take: &mut dyn FnMut(&mut Vec<u8>)) -> io::Result<Option<i32>> {
        match self.running.wait_and_take(take)? {
            End::Exited(status) => Ok(status.code()),
            End::SaidTooMuch | End::Unknown => Ok(None),
            End::TimedOut => {
                let mut silent = SILENT.lock().unwrap_or_else(PoisonError::into_inner);
                silent.push(self.program.clone());
                let text = format!("it does not end within {} s", self.limit.as_secs());
                Err(io::Error::new(ErrorKind::TimedOut, text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn sh(script: &str, limit: Duration, most: usize) -> io::Result<Asked> {
        Asked::start(Path::new("/bin/sh"), &["-c", script], "in\n", limit, most)
    }

    // E3
    #[test]
    fn programs_are_bounded() {
        let run = |script: &str, limit| {
            let answer = sh(script, limit, MOST).and_then(Asked::answer);
            answer.map_err(|e| e.kind())
        };
        let said = |text: &str, status| {
            Ok(Answer {
                text: text.into(),
                status,
            })
        };
        assert_eq!(run("cat; exit 3", LONG), said("in\n", Some(3)));
        assert_eq!(run("exec >&-; kill -9 $$", LONG), said("", None));
        let endless = run("while echo y; do :; done", LONG).unwrap();
        assert_eq!((endless.text.len(), endless.status), (MOST, None));
        // What it leaves behind may keep the pipe open.
        assert_eq!(run("echo a; sleep 1000 &", LONG), said("a\n", Some(0)));
        let none = Asked::start(Path::new("/nowhere"), &[], "", LONG, MOST);
        assert_eq!(none.map(|_| ()).unwrap_err().kind(), ErrorKind::NotFound);
        // Whoever was silent once is not asked again.
        let silent = Path::new("/bin/sleep");
        assert_eq!(patience(silent).unwrap(), PATIENCE);
        let asked = Asked::start(silent, &["1000"], "", Duration::ZERO, MOST).unwrap();
        assert_eq!(asked.answer().unwrap_err().kind(), ErrorKind::TimedOut);
        let again = ask(silent, &["0"], "").unwrap_err();
        assert_eq!(again.to_string(), "it has said nothing before");
    }

    // E3
    #[test]
    fn any_number_of_lines_is_read() {
        let lines = |script: &str| {
            let (mut count, mut last) = (0, String::new());
            let asked = sh(script, LONG, LONGEST_LINE + MOST).unwrap();
            let status = asked.lines(&mut |line| {
                count += 1;
                line.clone_into(&mut last);
            });
            (count, last, status.unwrap())
        };
        let many = "yes 'a line of thirty-two characters' | head -n 50000; printf end; exit 2";
        assert_eq!(lines(many), (50_001, "end".to_owned(), Some(2)));
        let long = "echo a; head -c 5000000 /dev/zero; echo rest; echo b";
        assert_eq!(lines(long), (3, String::new(), Some(0)));
    }
}
