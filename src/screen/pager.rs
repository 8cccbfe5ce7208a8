//! Results go to standard output, or to a pager on a terminal, bit by bit: they may be very long.

use super::quiet;
use crate::privilege;
use anstream::adapter::StripBytes;
use anyhow::Result;
use memchr::memchr;
use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

/// Something of a result was written.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// True once something of a long result was printed, so that it cannot be printed anew.
pub(crate) fn has_begun() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// Writes in large pieces. A result that ends in an error before there is a whole one leaves nothing, so that the command
/// may be begun anew.
struct Pieces<W: Write> {
    out: W,
    held: Vec<u8>,
}

impl<W: Write> Pieces<W> {
    const SIZE: usize = 64 << 10;

    fn to(out: W) -> Pieces<W> {
        Pieces {
            out,
            held: Vec::with_capacity(Self::SIZE),
        }
    }

    fn write_held(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        BEGUN.store(true, Ordering::Relaxed);
        let written = self.out.write_all(&self.held);
        self.held.clear();
        written
    }
}

impl<W: Write> Write for Pieces<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.held.len() + text.len() > Self::SIZE {
            self.write_held()?;
        }
        if text.len() > Self::SIZE {
            BEGUN.store(true, Ordering::Relaxed);
            self.out.write_all(text)?;
        } else {
            self.held.extend_from_slice(text);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_held()?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Pieces<W> {
    fn drop(&mut self) {
        if has_begun() {
            // Whoever reads it gets all that there was before the error.
            let _ = self.flush();
        }
    }
}

/// Standard output for results of any length, written in large pieces; see [`super::print`].
pub(crate) struct Output(Colours<Pieces<std::fs::File>>);

impl Output {
    /// Standard output.
    ///
    /// # Errors
    /// It is closed.
    pub(crate) fn new() -> io::Result<Output> {
        // The one of the standard library writes each line by itself.
        let file = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let choice = anstream::AutoStream::choice(&io::stdout());
        Ok(Output(Colours {
            out: Pieces::to(file),
            off: (choice == anstream::ColorChoice::Never).then(StripBytes::new),
        }))
    }

    /// True if colours are wanted there; if not, they are removed.
    pub(crate) fn wants_colours(&self) -> bool {
        self.0.off.is_none()
    }

    /// Prints; false if nobody reads any more.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<bool> {
        match self.0.write_all(text.as_bytes()) {
            Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints what is left.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        quiet(self.0.flush())
    }
}

/// Removes colours on the way to `out`, if they are not wanted there.
struct Colours<W> {
    out: W,
    off: Option<StripBytes>,
}

impl<W: Write> Write for Colours<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match &mut self.off {
            // Looking for colours takes as long as making the text, and most text has none.
            Some(off) if *off != StripBytes::new() || memchr(b'\x1b', text).is_some() => {
                for piece in off.strip_next(text) {
                    self.out.write_all(piece)?;
                }
            }
            _ => self.out.write_all(text)?,
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Shows a text as [`page_with`] does.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn page(text: &str) -> Result<()> {
    page_with(&mut |out| Ok(out.write_all(text.as_bytes())?))
}

/// Shows what `write` writes: in a pager if standard output is a terminal, else directly.
///
/// The pager is `$TICKETS_PAGER`, else `$PAGER` (both are commands for sh), else `less -FRX`; `cat` and an
/// empty value mean none. If the reader closes the pipe or the pager, the writing ends without an error.
/// If it turns out that there is no such pager, `write` is called again.
///
/// # Errors
/// Those of `write`, and standard output cannot be written.
pub(crate) fn page_with(write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let child = pager().map(|mut pager| pager.stdin(Stdio::piped()).spawn());
    let Some(Ok(mut child)) = child else {
        return directly(write);
    };
    let written = into(&mut child, write);
    // With these statuses the shell says that there is no such pager.
    match child.wait()?.code() {
        Some(126 | 127) => directly(write),
        _ => written,
    }
}

fn into(child: &mut Child, write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let Some(stdin) = child.stdin.take() else {
        return Ok(());
    };
    let stdin: Box<dyn Write> = Box::new(stdin);
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => to(Pieces::to(anstream::StripStream::new(stdin)), write),
        _ => to(Pieces::to(stdin), write),
    }
}

fn directly(write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
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
        Ok(set) if matches!(set.trim(), "" | "cat") => return None,
        Ok(set) => {
            let mut shell = privilege::program("/bin/sh");
            shell.arg("-c").arg(set);
            shell
        }
        Err(_) => {
            let mut less = privilege::program("less");
            less.arg("-FRX");
            less
        }
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    // What it shows is UTF-8, also where the locale does not say so.
    if env::var_os("LESSCHARSET").is_none() {
        command.env("LESSCHARSET", "utf-8");
    }
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_wherever_the_text_is_cut() {
        let text = "plain\n\x1b[1mbold Größe\x1b[0m 請求書\x1b[38;5;1m, red\x1b[0m\tend\n";
        let bare = anstream::adapter::strip_str(text).to_string();
        assert_eq!(bare, "plain\nbold Größe 請求書, red\tend\n");
        for off in [false, true] {
            // What is written ends with a whole character.
            let cuts = || (0..=text.len()).filter(|&at| text.is_char_boundary(at));
            for first in cuts() {
                for second in cuts().filter(|&at| at >= first) {
                    let mut colours = Colours {
                        out: Vec::new(),
                        off: off.then(StripBytes::new),
                    };
                    let bytes = text.as_bytes();
                    for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                        colours.write_all(piece).unwrap();
                    }
                    let wanted = if off { &bare } else { text };
                    let found = String::from_utf8(colours.out).unwrap();
                    assert_eq!(found, wanted, "cut at {first} and {second}");
                }
            }
        }
    }
}
