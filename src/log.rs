//! The log: one line for each delivery, and for each command that changes something (L7).
//!
//! A line is written when all is done. Nothing fails because it cannot be written, and nothing waits for whoever
//! reads it: a datagram that syslog has no room for is left out.
//!
//! What strangers wrote stands in a line only in brackets or quotes, shortened, in ASCII, and without what could end
//! either: so it is always one line, and each of its fields is the program's own.

use crate::clock;
use crate::files::Dir;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Gid;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// The machine's own log, with the facility `mail`.
    Syslog,
    /// The end of a file, which is opened for each line.
    File(PathBuf),
    Nowhere,
}

/// Where the machine's log is handed in.
pub const SYSLOG: &str = "/dev/log";

/// How long a log may be busy, in milliseconds, before it counts as one that nobody reads.
const MOMENT: u16 = 500;

/// The facility `mail` of syslog(3), shifted as in a priority.
const MAIL: u8 = 2 << 3;

/// How much somebody should care, as in syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Warning = 4,
    Info = 6,
}

/// Where to, and the group that writes there as well.
static TO: OnceLock<(LogTo, Option<Gid>)> = OnceLock::new();
static BEGUN: OnceLock<Instant> = OnceLock::new();
static SUBJECT: OnceLock<LogLine> = OnceLock::new();

/// The time that a line names counts from here.
pub fn begin() {
    let _ = BEGUN.set(Instant::now());
}

/// Says where the lines of this process go, and which group shares a file that is made for them. Until it is known,
/// they go to syslog.
pub fn goes_to(to: &LogTo, group: Option<Gid>) {
    let _ = TO.set((to.clone(), group));
}

/// Says what is known of the message that this process files, for every line from now on.
pub fn is_about(message: LogLine) {
    let _ = SUBJECT.set(message);
}

/// A line that is being made.
#[derive(Clone, Debug, Default)]
pub struct LogLine(String);

/// The most bytes of a name or an address.
const LONGEST_NAME: usize = 200;

/// The most bytes of a sentence.
const LONGEST_TEXT: usize = 400;

/// No line has more bytes.
const LONGEST_LINE: u64 = 4096;

impl LogLine {
    /// A word of the program's own.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.push(word);
        self
    }

    fn push(&mut self, word: &str) {
        match self.0.is_empty() {
            // Most lines are shorter.
            true => self.0.reserve(250),
            false => self.0.push(' '),
        }
        self.0.push_str(word);
    }

    /// `key=12`
    #[must_use]
    pub fn number(mut self, key: &str, number: impl Display) -> Self {
        self.push(key);
        let _ = write!(self.0, "={number}");
        self
    }

    /// The same, unless it is none.
    #[must_use]
    pub fn count(self, key: &str, number: usize) -> Self {
        match number {
            0 => self,
            _ => self.number(key, number),
        }
    }

    /// `key=<name>`: whatever it is, it holds no blank, no bracket and no quote.
    #[must_use]
    pub fn name(mut self, key: &str, name: &str) -> Self {
        self.push(key);
        self.0.push_str("=<");
        self.plain(name, LONGEST_NAME, |b| {
            b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"')
        });
        self.0.push('>');
        self
    }

    /// `key="a sentence"`: it holds no other quote.
    #[must_use]
    pub fn text(mut self, key: &str, text: &str) -> Self {
        self.push(key);
        self.0.push_str("=\"");
        let text = text.replace('"', "'");
        self.plain(&text, LONGEST_TEXT, |b| b.is_ascii_graphic() || b == b' ');
        self.0.push('"');
        self
    }

    /// The first bytes of `text`, where each that does not `fit` is a question mark.
    fn plain(&mut self, text: &str, longest: usize, fits: impl Fn(u8) -> bool) {
        let shown = text.bytes().take(longest);
        let plain = |b| if fits(b) { char::from(b) } else { '?' };
        self.0.extend(shown.map(plain));
        if text.len() > longest {
            self.0.push_str("...");
        }
    }

    /// Writes it.
    pub fn write(self, severity: Severity) {
        let line = match SUBJECT.get() {
            Some(LogLine(about)) if !about.is_empty() => self.word(about),
            _ => self,
        };
        let since = BEGUN.get().map(Instant::elapsed).unwrap_or_default();
        let LogLine(line) = line.number("ms", since.as_millis());
        let text = format!("tickets[{}]: {line}", std::process::id());
        let _ = match TO.get() {
            None | Some((LogTo::Syslog, _)) => to_syslog(severity, &text),
            Some((LogTo::File(path), group)) => to_file(path, *group, &text),
            Some((LogTo::Nowhere, _)) => Ok(()),
        };
    }
}

/// The form of RFC 3164, whose date may be left out (4.3.2): syslog has its own clock, and knows the zone.
fn to_syslog(severity: Severity, text: &str) -> Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    let text = format!("<{}>{text}", MAIL | severity as u8);
    socket.send_to(text.as_bytes(), SYSLOG).map(drop)
}

fn to_file(path: &Path, group: Option<Gid>, text: &str) -> Result<()> {
    let now = clock::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let line = format!("{now} {text}\n");
    let mut file = open_or_make(path, group)?;
    // One call, so that the lines of several processes stay whole.
    let written = file.write(line.as_bytes())?;
    match written == 0 || written == line.len() {
        true => Ok(()),
        false => end_half_a_line(&mut file),
    }
}

/// Makes a line of the half that a full disk had room for: its last byte, which is there, becomes the line's end. So the
/// next one is a line of its own, and what others wrote meanwhile stays.
fn end_half_a_line(file: &mut File) -> Result<()> {
    let end = file.stream_position()?;
    fcntl(&*file, FcntlArg::F_SETFL(OFlag::empty()))?;
    file.write_at(b"\n", end.saturating_sub(1)).map(drop)
}

fn open_or_make(path: &Path, group: Option<Gid>) -> Result<File> {
    match open(path, OFlag::empty()) {
        Err(e) if crate::files::absent(&e) => {}
        opened => return opened,
    }
    match open(path, OFlag::O_CREAT | OFlag::O_EXCL) {
        // Somebody else was first.
        Err(e) if e.kind() == ErrorKind::AlreadyExists => open(path, OFlag::empty()),
        made => {
            let made = made?;
            if group.is_some() {
                // `check` says what the group may not write.
                let _ = nix::unistd::fchown(&made, None, group);
            }
            Ok(made)
        }
    }
}

/// Opens a log file for a line at its end. A link, a pipe or a device is none.
fn open(path: &Path, more: OFlag) -> Result<File> {
    let dir = Dir::open_named(path.parent().unwrap_or(Path::new("/")))?;
    let name = path.file_name().unwrap_or_default();
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_NOCTTY;
    dir.at(name).open(flags | more)
}

impl LogTo {
    /// Why nothing could be written now; `None` if it could. Nothing is created.
    pub fn obstacle(&self) -> Option<std::io::Error> {
        match self {
            LogTo::Nowhere => None,
            LogTo::Syslog => {
                let hand_in = || {
                    let socket = UnixDatagram::unbound()?;
                    socket.connect(SYSLOG)?;
                    has_room(&socket)
                };
                hand_in().err()
            }
            LogTo::File(path) => {
                let Err(e) = open(path, OFlag::empty()) else {
                    return is_full(path);
                };
                let dir = path.parent().filter(|_| crate::files::absent(&e));
                let writes = nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK;
                match dir.map(|dir| nix::unistd::access(dir, writes)) {
                    Some(Ok(())) => is_full(path),
                    Some(Err(e)) => Some(e.into()),
                    None => Some(e),
                }
            }
        }
    }
}

/// The error of a write to the file at `path` where the disk has no room for a line.
fn is_full(path: &Path) -> Option<std::io::Error> {
    let free = fs2::available_space(path.parent()?).ok()?;
    let full = free < LONGEST_LINE;
    full.then(|| std::io::Error::from_raw_os_error(nix::libc::ENOSPC))
}

/// Waits a moment for whoever reads at the other end.
fn has_room(socket: &UnixDatagram) -> Result<()> {
    let mut one = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut one, PollTimeout::from(MOMENT)) {
        Ok(0) => Err(Error::new(
            ErrorKind::WouldBlock,
            "nobody reads what is handed in, and lines are lost",
        )),
        Ok(_) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L7: nobody writes a second line, or a second field.
    #[test]
    fn what_strangers_wrote_stays_in_its_place() {
        for (name, want) in [
            ("ann@example.net", "f=<ann@example.net>"),
            ("", "f=<>"),
            (
                "a> ticket=13 closed from=<b",
                "f=<a??ticket=13?closed?from=?b>",
            ),
            (
                "a\r\nNov 29 host tickets[1]: x",
                "f=<a??Nov?29?host?tickets[1]:?x>",
            ),
            ("\u{1b}[2J\u{202e}\0é", "f=<?[2J??????>"),
            ("\"q\"", "f=<?q?>"),
        ] {
            assert_eq!(LogLine::default().name("f", name).0, want);
        }
        for (text, want) in [
            ("cannot open x: y", "f=\"cannot open x: y\""),
            ("say \"no\" status=0", "f=\"say 'no' status=0\""),
            ("a\nb\tc\u{85}", "f=\"a?b?c??\""),
        ] {
            assert_eq!(LogLine::default().text("f", text).0, want);
        }
        let long = LogLine::default()
            .name("n", &"é".repeat(1000))
            .text("t", &"x".repeat(1000));
        assert_eq!(
            long.0,
            format!("n=<{}...> t=\"{}...\"", "?".repeat(200), "x".repeat(400))
        );
        let line = LogLine::default().number("ticket", 12).word("closed");
        assert_eq!(line.count("refused", 0).0, "ticket=12 closed");
    }
}
