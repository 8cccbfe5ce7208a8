//! Gives up what a process was started with, before it becomes another user: the terminal, and open files.
//!
//! Whoever has a terminal as their controlling one can type into it (`TIOCSTI`), and what they type is read by the
//! shell behind it when they are gone. So a process of root's that becomes another user must not leave its own to the
//! programs that this user chooses. And an open file can be read and written by whoever has it, whatever they may do
//! by its name.

use std::fs::{OpenOptions, read_dir};
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

/// Closes every open file but standard input, output and errors in the programs that this process starts from now on,
/// whoever opened it. This process keeps them all.
///
/// # Errors
/// The kernel cannot do it at once, and the open files cannot be listed or changed one by one.
pub fn keep_files() -> Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: the call touches no memory of ours, and a flag that is set on a file closes it nowhere here. It is made
    // by number because not every libc has a function for it.
    let kept = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    match kept {
        0 => Ok(()),
        // Linux before 5.11, or a sandbox that does not know the call.
        _ => keep_each_file(),
    }
}

/// The same, file by file.
fn keep_each_file() -> Result<()> {
    // All are listed before any is touched. The list was a file itself, which is closed by then.
    let listed = read_dir("/proc/self/fd")?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<Vec<_>>>()?;
    let files = listed.iter().filter_map(|name| name.to_str()?.parse().ok());
    for file in files.filter(|file: &libc::c_int| *file > libc::STDERR_FILENO) {
        // SAFETY: neither call touches memory of ours, and the flag closes nothing here.
        let kept = unsafe {
            match libc::fcntl(file, libc::F_GETFD) {
                -1 => -1,
                flags => libc::fcntl(file, libc::F_SETFD, flags | libc::FD_CLOEXEC),
            }
        };
        if kept == -1 {
            let why = Error::last_os_error();
            if why.raw_os_error() != Some(libc::EBADF) {
                return Err(why);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn no_program_gets_an_open_file() {
        let flags = |file: &File| {
            // SAFETY: `file` is an open descriptor.
            unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFD) }
        };
        for keep in [keep_files, keep_each_file] {
            let files = [3, 4, 5].map(|_| File::open("/dev/null").unwrap());
            for file in &files {
                // SAFETY: the same.
                unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0) };
                assert_eq!(flags(file), 0);
            }
            keep().unwrap();
            assert_eq!(files.each_ref().map(flags), [libc::FD_CLOEXEC; 3]);
        }
    }
}
