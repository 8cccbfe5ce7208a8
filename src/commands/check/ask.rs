//! Asks the programs of the mail server. What they say is a stranger's text, and how long they take is theirs to
//! choose: both are bounded.

use crate::privilege;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take. A name server that does not answer takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// So much of what it says is read.
const MOST: u64 = 64 << 10;

/// What a program said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// `None` if a signal ended it.
    pub(super) status: Option<i32>,
}

/// Runs a program by its absolute path. `input` is shorter than what a pipe holds.
///
/// # Errors
/// It cannot be started, or takes too long.
pub(super) fn ask(program: &Path, args: &[&str], input: &str) -> io::Result<Answer> {
    ask_within(program, args, input, PATIENCE)
}

fn ask_within(program: &Path, args: &[&str], input: &str, limit: Duration) -> io::Result<Answer> {
    let until = Instant::now() + limit;
    let mut child = privilege::program(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .current_dir("/")
        .env("LC_ALL", "C")
        .process_group(0)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have ended without reading.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (sender, said) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // Not joined: what the program has started may hold the pipe open for as long as it likes.
        let read = move || {
            let mut bytes = Vec::new();
            let all = stdout.take(MOST).read_to_end(&mut bytes);
            let _ = sender.send(all.map(|_| bytes));
        };
        if let Err(e) = thread::Builder::new().name("ask".into()).spawn(read) {
            end(&mut child);
            return Err(e);
        }
    }
    let Ok(bytes) = said.recv_timeout(limit) else {
        end(&mut child);
        let text = format!("it said nothing within {} s", limit.as_secs());
        return Err(io::Error::new(ErrorKind::TimedOut, text));
    };
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status.code(),
            None if Instant::now() >= until => {
                end(&mut child);
                break None;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    Ok(Answer {
        text: String::from_utf8_lossy(&bytes?).into_owned(),
        status,
    })
}

/// Ends it with all that it has started, as far as this user may.
fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let _ = child.try_wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn programs_are_bounded() {
        let sh = Path::new("/bin/sh");
        let run = |script: &str, limit| {
            ask_within(sh, &["-c", script], "in\n", limit).map_err(|e| e.kind())
        };
        let long = Duration::from_secs(60);
        let said = |text: &str, status| {
            Ok(Answer {
                text: text.into(),
                status,
            })
        };
        assert_eq!(run("cat; exit 3", long), said("in\n", Some(3)));
        assert_eq!(run("exec >&-; kill -9 $$", long), said("", None));
        let endless = run("while echo y; do :; done", long).unwrap();
        assert_eq!(endless.text.len() as u64, MOST);
        let hangs = run("sleep 1000", Duration::ZERO);
        assert_eq!(hangs, Err(ErrorKind::TimedOut));
        let none = ask_within(Path::new("/nowhere"), &[], "", long);
        assert_eq!(none.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
