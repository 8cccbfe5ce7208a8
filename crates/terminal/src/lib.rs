//! Gives up the terminal from which a process was started.
//!
//! Whoever has a terminal as their controlling one can type into it (`TIOCSTI`), and what they type is read by the
//! shell behind it when they are gone. So a process of root's that becomes another user must not leave its own to the
//! programs that this user chooses.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;

/// Makes this process, and those that it starts from now on, have no controlling terminal. Open files of a terminal
/// stay as they are: they can be read and written, but not typed into. Keys that stop or interrupt work as before.
///
/// A process that leads its session keeps the terminal: there is no shell behind it that would read what is typed, and
/// giving it up would hang up the whole session.
///
/// # Errors
/// The terminal cannot be opened or given up. That there is none is no error.
pub fn give_up() -> Result<()> {
    let terminal = match OpenOptions::new().read(true).open("/dev/tty") {
        Ok(terminal) => terminal,
        Err(e) if e.raw_os_error() == Some(libc::ENXIO) || e.kind() == ErrorKind::NotFound => {
            return Ok(());
        }
        Err(e) => return Err(e),
    };
    // SAFETY: neither call touches memory of ours; `terminal` is an open descriptor.
    let given_up = unsafe {
        if libc::getsid(0) == libc::getpid() {
            return Ok(());
        }
        libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY)
    };
    match given_up {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}
