//! Long results go to a pager if somebody sits there, bit by bit, so that none is too long.

use super::quiet;
use anyhow::Result;
use std::env;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

/// Standard output for results of any length, in large pieces; see [`super::print`].
pub struct Output(anstream::AutoStream<Box<dyn Write>>);

impl Output {
    /// Standard output.
    pub fn new() -> io::Result<Output> {
        // Std's own hands each line to the system by itself.
        let file = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let choice = anstream::AutoStream::choice(&io::stdout());
        // The buffer is behind what takes colours off, since that writes in small pieces.
        let buffer: Box<dyn Write> = Box::new(BufWriter::with_capacity(64 << 10, file));
        Ok(Output(anstream::AutoStream::new(buffer, choice)))
    }

    /// Prints; false if nobody reads any more.
    pub fn print(&mut self, text: &str) -> io::Result<bool> {
        match self.0.write_all(text.as_bytes()) {
            Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints what is left.
    pub fn finish(mut self) -> io::Result<()> {
        quiet(self.0.flush())
    }
}

/// Shows a text as [`page_with`] does.
///
/// # Errors
/// Standard output cannot be written.
pub fn page(text: &str) -> Result<()> {
    page_with(&mut |out| Ok(out.write_all(text.as_bytes())?))
}

/// Shows what `write` writes: in a pager if standard output is a terminal, else straight.
///
/// The pager is `$TICKETS_PAGER`, else `$PAGER` (both are commands for sh), else `less -FRX`;
/// `cat` or nothing at all means none. That the reader closes the pipe or the pager is no error
/// but ends the writing; if there turns out to be no such pager, `write` is called once more.
///
/// # Errors
/// Those of `write`, and standard output cannot be written.
pub fn page_with(write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut child = match pager().map(|mut pager| pager.stdin(Stdio::piped()).spawn()) {
        Some(Ok(child)) => child,
        None | Some(Err(_)) => return straight(write),
    };
    let written = into(&mut child, write);
    // The shell's way to say that there is no such pager: better a long text than none.
    match child.wait()?.code() {
        Some(126 | 127) => straight(write),
        _ => written,
    }
}

fn into(child: &mut Child, write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let Some(stdin) = child.stdin.take() else {
        return Ok(());
    };
    let stdin: Box<dyn Write> = Box::new(stdin);
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => {
            to(BufWriter::new(anstream::StripStream::new(stdin)), write)
        }
        _ => to(BufWriter::new(stdin), write),
    }
}

fn straight(write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    to(Output::new()?.0, write)
}

fn to(mut out: impl Write, write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    match written {
        Err(e) if crate::error::is_broken_pipe(&e) => Ok(()),
        other => other,
    }
}

fn pager() -> Option<Command> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let mut command = match env::var("TICKETS_PAGER").or_else(|_| env::var("PAGER")) {
        Ok(told) if matches!(told.trim(), "" | "cat") => return None,
        Ok(told) => {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(told);
            shell
        }
        Err(_) => {
            let mut less = Command::new("less");
            less.arg("-FRX");
            less
        }
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    Some(command)
}
